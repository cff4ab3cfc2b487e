//! Holds a flood of clients that mean no good (dripping heads, stalled bodies, silence) and a good client to ask beside it.
//! Never floods anything but what the caller names, which must be in the namespace of the calling thread.
//! `tests/tests/door` and `bench/flood` call it.

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::process::{Resource, getrlimit, setrlimit};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpSocket;
use tokio::task::LocalSet;
use tokio::time::{sleep, timeout};

/// Between two bytes of a dripping head: a head of 16 KiB would take five hours.
const DRIP_EVERY: Duration = Duration::from_secs(1);

/// A client that was cut comes back after this long. All at once they are 3,000 connections a second.
pub const AGAIN_AFTER: Duration = Duration::from_secs(1);

/// The first wave is spread over this long, so that it is the server that is measured and not the queue of the kernel.
const ARRIVE_WITHIN: Duration = Duration::from_secs(1);

/// A connection that is not there by then has failed.
const CONNECT_TIME: Duration = Duration::from_secs(5);

/// The good client gives an answer up after this long; longer than any bar.
const PATIENCE: Duration = Duration::from_secs(5);

/// How many of each kind, from where, to where.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Who is flooded.
    pub target: SocketAddr,
    /// Clients that send a head byte by byte.
    pub drips: usize,
    /// Clients that announce a body and do not send it.
    pub stalls: usize,
    /// Clients that connect and say nothing.
    pub silent: usize,
    /// Number of addresses they come from, taken from 127.1.0.0/16.
    pub sources: usize,
}

/// What has come of the flood so far.
#[derive(Debug, Default)]
pub struct Tally {
    /// Connections made.
    pub opened: AtomicU64,
    /// Of those, answered 503.
    pub refused: AtomicU64,
    /// Of those, ended by the other side in some other way.
    pub cut: AtomicU64,
    /// Connections that could not be made.
    pub failed: AtomicU64,
    /// Connections open now.
    pub open: AtomicU64,
}

/// A flood that runs until it is dropped or stopped.
#[derive(Debug)]
pub struct Flood {
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
    /// What has come of it so far.
    pub tally: Arc<Tally>,
}

#[derive(Clone, Copy)]
enum Manner {
    Drip,
    Stall,
    Silent,
}

impl Flood {
    /// Starts it on a thread of its own. Call it from a thread inside the target's namespace: the new one inherits that.
    ///
    /// # Panics
    /// When there is no thread to be had.
    #[must_use]
    pub fn start(plan: &Plan) -> Self {
        raise_descriptors();
        let (over, tally) = (Arc::new(AtomicBool::new(false)), Arc::new(Tally::default()));
        let (plan, watched, counted) = (plan.clone(), over.clone(), tally.clone());
        let thread = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            LocalSet::new().block_on(&runtime, pour(plan, watched, counted));
        });
        Self { over, thread: Some(thread), tally }
    }

    /// Ends it and waits until every connection is closed.
    pub fn stop(self) {}
}

impl Drop for Flood {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _failed = thread.join();
        }
    }
}

/// Room for a flood's connections; a soft limit is 1,024 in most places.
fn raise_descriptors() {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    let _refused = setrlimit(Resource::Nofile, limit);
}

async fn pour(plan: Plan, over: Arc<AtomicBool>, tally: Arc<Tally>) {
    let manners = [(Manner::Drip, plan.drips), (Manner::Stall, plan.stalls), (Manner::Silent, plan.silent)];
    let all = plan.drips + plan.stalls + plan.silent;
    let mut number = 0;
    for (manner, count) in manners {
        for _ in 0..count {
            number += 1;
            let source = source(number % plan.sources.max(1));
            let (tally, target) = (tally.clone(), plan.target);
            // A number that shares no factor with the clients' mixes the kinds over the first wave.
            let wait = ARRIVE_WITHIN.mul_f64((number * 7_919 % all) as f64 / all as f64);
            tokio::task::spawn_local(async move {
                sleep(wait).await;
                loop {
                    annoy(manner, source, target, &tally).await;
                    sleep(AGAIN_AFTER).await;
                }
            });
        }
    }
    while !over.load(Ordering::Relaxed) {
        sleep(Duration::from_millis(50)).await;
    }
    // The tasks end with the runtime, their sockets with them.
}

/// An address of the loopback network that nobody else uses.
fn source(number: usize) -> Ipv4Addr {
    let [_, _, high, low] = u32::try_from(number + 1).unwrap_or(1).to_be_bytes();
    Ipv4Addr::new(127, 1, high, low)
}

/// One connection from its beginning to its end.
async fn annoy(manner: Manner, source: Ipv4Addr, target: SocketAddr, tally: &Tally) {
    let connect = async {
        let socket = TcpSocket::new_v4()?;
        // Without the option the kernel keeps a port for this source alone, and runs out of them.
        socket.set_reuseaddr(true)?;
        socket.bind(SocketAddr::new(IpAddr::V4(source), 0))?;
        socket.connect(target).await
    };
    let Ok(Ok(mut stream)) = timeout(CONNECT_TIME, connect).await else {
        tally.failed.fetch_add(1, Ordering::Relaxed);
        return;
    };
    tally.opened.fetch_add(1, Ordering::Relaxed);
    tally.open.fetch_add(1, Ordering::Relaxed);
    let head: &[u8] = match manner {
        Manner::Drip => b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Drip: ",
        Manner::Stall => {
            b"POST /api/token HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n\
              Content-Length: 60000\r\n\r\n{\"username\":"
        }
        Manner::Silent => b"",
    };
    let mut answer = Vec::new();
    let mut buffer = [0; 1024];
    let mut alive = head.is_empty() || stream.write_all(head).await.is_ok();
    while alive {
        match timeout(DRIP_EVERY, stream.read(&mut buffer)).await {
            Ok(Ok(count)) if count > 0 => {
                answer.extend_from_slice(&buffer[..count]);
                answer.truncate(64);
            }
            Ok(_) => alive = false,
            Err(_) if matches!(manner, Manner::Drip) => alive = stream.write_all(b"x").await.is_ok(),
            Err(_) => {}
        }
    }
    tally.open.fetch_sub(1, Ordering::Relaxed);
    let ended = if answer.starts_with(b"HTTP/1.1 503") { &tally.refused } else { &tally.cut };
    ended.fetch_add(1, Ordering::Relaxed);
}

/// What a good client met.
#[derive(Clone, Debug, Default)]
pub struct Service {
    /// How long each good answer took, from before the connection to the last byte; sorted.
    pub took: Vec<Duration>,
    /// Asks without a good answer, in words.
    pub bad: Vec<String>,
}

impl Service {
    /// The time within which this share of the answers came; zero when there is none.
    #[must_use]
    pub fn within(&self, share: f64) -> Duration {
        let at = ((self.took.len() as f64 * share).ceil() as usize).clamp(1, self.took.len().max(1)) - 1;
        self.took.get(at).copied().unwrap_or_default()
    }
}

/// Asks for a page every `pause` for as long as `lasting`, each time on a new connection, as somebody who just comes does.
/// The asks do not wait for each other's answers to be counted: a slow answer delays the next ask, and both are in the list.
#[must_use]
pub fn ask_for(target: SocketAddr, path: &str, pause: Duration, lasting: Duration) -> Service {
    let began = Instant::now();
    let mut met = Service::default();
    while began.elapsed() < lasting {
        let asked = Instant::now();
        match ask_once(target, path) {
            Ok(200 | 303) => met.took.push(asked.elapsed()),
            Ok(status) => met.bad.push(status.to_string()),
            Err(error) => met.bad.push(error.to_string()),
        }
        thread::sleep(pause.saturating_sub(asked.elapsed()));
    }
    met.took.sort_unstable();
    met
}

/// One request on a connection of its own; the status of the answer, once all of it is there.
///
/// # Errors
/// When there is no connection or no whole answer in time.
pub fn ask_once(target: SocketAddr, path: &str) -> std::io::Result<u16> {
    let mut stream = TcpStream::connect_timeout(&target, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_nodelay(true)?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {target}\r\nConnection: close\r\n\r\n")?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let status = answer.get(9..12).and_then(|digits| std::str::from_utf8(digits).ok()?.parse().ok());
    status.ok_or_else(|| std::io::Error::other(format!("no answer: {} bytes", answer.len())))
}
