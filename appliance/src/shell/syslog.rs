//! Holds the forwarding of log lines to a host of the site (RFC 5424, over UDP or TCP).
//! It never keeps lines of its own: the log's ring is the queue, so nothing grows while the host is away, and what the
//! ring gives up meanwhile is counted. Never forwards its own words: its failures would feed themselves. Started by `run`.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::{sleep, timeout};
use tracing::Level;

use crate::config::SyslogHost;
use crate::http::logs::{Line, LogRing};
use crate::http::metrics::Metrics;
use crate::shell::dns;
use crate::shell::tasks::{self, Beat};

/// What a line is said to come from: a system daemon (RFC 5424, table 1).
const FACILITY_DAEMON: u8 = 3;
/// Lines sent without a pause; a replayed ring holds some thousands, and a receiver drops what comes too fast over UDP.
const AT_ONCE: usize = 32;
/// The pause.
const BREATH: Duration = Duration::from_millis(20);
/// The first wait after a failure; it doubles up to the last.
const FIRST_WAIT: Duration = Duration::from_secs(1);
const LAST_WAIT: Duration = Duration::from_secs(60);
/// For looking a name up, connecting, and writing to a receiver that does not read.
const PATIENCE: Duration = Duration::from_secs(10);

/// What became of the lines.
#[derive(Debug, Default)]
struct Counts {
    sent: AtomicU64,
    /// Pushed out of the ring before they could be sent.
    lost: AtomicU64,
    failures: AtomicU64,
}

/// Starts to forward; the ring is told from its oldest line on, so that what happened before the network was there
/// arrives too. Runs until the task set ends.
pub(crate) fn start(host: SyslogHost, ring: Arc<LogRing>, metrics: &Metrics) {
    let counts = Arc::new(Counts::default());
    let told = counts.clone();
    metrics.collect(move |metrics| {
        let help = "Log lines for the syslog host, by what became of them.";
        for (outcome, count) in [("sent", &told.sent), ("lost", &told.lost)] {
            metrics.count_to("syslog_lines_total", help, "outcome", outcome, count.load(Ordering::Relaxed));
        }
        let failures = told.failures.load(Ordering::Relaxed);
        metrics.count_to("syslog_failures_total", "Times the syslog host took nothing.", "", "", failures);
    });
    let beat = tasks::watch("syslog", tasks::LIMIT);
    let forwarder = Forwarder { host, own: own_name(), ring, counts, done: 0, failing: false, wait: FIRST_WAIT, beat };
    tokio::spawn(forwarder.run());
}

struct Forwarder {
    host: SyslogHost,
    own: String,
    ring: Arc<LogRing>,
    counts: Arc<Counts>,
    /// Number of the last line that is dealt with.
    done: u64,
    /// Whether the last word about it was that it fails.
    failing: bool,
    wait: Duration,
    beat: Beat,
}

impl Forwarder {
    async fn run(mut self) {
        loop {
            let ended = self.converse().await;
            self.counts.failures.fetch_add(1, Ordering::Relaxed);
            if !std::mem::replace(&mut self.failing, true) {
                let SyslogHost { host, port, .. } = &self.host;
                tracing::warn!("log lines do not reach {host}:{port} ({ended}); they wait in the ring");
            }
            self.beat.idle(sleep(self.wait)).await;
            self.wait = (self.wait * 2).min(LAST_WAIT);
        }
    }

    /// Connects and sends until something fails.
    async fn converse(&mut self) -> io::Error {
        self.beat.tap();
        let mut way = match within(Way::open(&self.host)).await {
            Ok(way) => way,
            Err(error) => return error,
        };
        loop {
            self.beat.idle(self.ring.beyond(self.done)).await;
            let (lines, _) = self.ring.since(self.done, AT_ONCE, Level::TRACE);
            for line in lines {
                // The numbers of lines have no holes: a hole is what the ring had to give up.
                self.counts.lost.fetch_add(line.seq.saturating_sub(self.done + 1), Ordering::Relaxed);
                self.done = line.seq - 1;
                self.beat.tap();
                if line.target != module_path!() {
                    if let Err(error) = within(way.send(&render(&line, &self.own))).await {
                        return error;
                    }
                    self.note_sent();
                }
                self.done = line.seq;
            }
            sleep(BREATH).await;
        }
    }

    fn note_sent(&mut self) {
        self.counts.sent.fetch_add(1, Ordering::Relaxed);
        self.wait = FIRST_WAIT;
        if std::mem::take(&mut self.failing) {
            tracing::info!("log lines reach {}:{} again", self.host.host, self.host.port);
        }
    }
}

/// The way to the host.
enum Way {
    Udp(UdpSocket),
    Tcp(TcpStream),
}

impl Way {
    async fn open(host: &SyslogHost) -> io::Result<Self> {
        let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
        for ip in dns::addresses(&host.host).await? {
            let address = SocketAddr::new(ip, host.port);
            let opened = match host.tcp {
                true => TcpStream::connect(address).await.map(Self::Tcp),
                false => Self::open_udp(address).await,
            };
            match opened {
                Ok(way) => return Ok(way),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    /// Connected, so that the kernel tells when nobody listens there.
    async fn open_udp(address: SocketAddr) -> io::Result<Self> {
        let any: SocketAddr = if address.is_ipv4() { ([0; 4], 0).into() } else { ([0u16; 8], 0).into() };
        let socket = UdpSocket::bind(any).await?;
        socket.connect(address).await?;
        Ok(Self::Udp(socket))
    }

    async fn send(&mut self, line: &str) -> io::Result<()> {
        match self {
            Self::Udp(socket) => socket.send(line.as_bytes()).await.map(drop),
            Self::Tcp(stream) => {
                // A host that has closed the connection says so when it is read from, and never when it is written to
                // for the first time: that line would be gone.
                if matches!(stream.try_read(&mut [0; 64]), Ok(0)) {
                    return Err(io::ErrorKind::ConnectionReset.into());
                }
                stream.write_all(format!("{} {line}", line.len()).as_bytes()).await
            }
        }
    }
}

async fn within<T>(work: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    timeout(PATIENCE, work).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}

/// One line as RFC 5424 wants it. Control characters become blanks: a name from the network must not look like a
/// second line. The number and the time since start are in the element `meta` (RFC 5424, 7.3), so that order and
/// distance are known even while the clock is not set.
fn render(line: &Line, own: &str) -> String {
    let severity = match line.level {
        "ERROR" => 3,
        "WARN" => 4,
        "INFO" => 6,
        _ => 7,
    };
    // The number is one of 31 bits and starts again at 1; the uptime counts hundredths of a second.
    let (number, up) = ((line.seq - 1) % 0x7fff_ffff + 1, line.at_ms / 10);
    let clean: String = line.message.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    format!(
        "<{}>1 {} {own} vigie {} - [meta sequenceId=\"{number}\" sysUpTime=\"{up}\"] {}: {clean}",
        FACILITY_DAEMON * 8 + severity,
        line.ts.as_deref().unwrap_or("-"),
        std::process::id(),
        line.target,
    )
}

/// This machine's name as far as the format takes it: printable ASCII without blanks, else `-`.
fn own_name() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let name: String = name.chars().filter(char::is_ascii_graphic).take(255).collect();
    if name.is_empty() { "-".to_owned() } else { name }
}

#[cfg(test)]
#[path = "syslog_tests.rs"]
mod tests;
