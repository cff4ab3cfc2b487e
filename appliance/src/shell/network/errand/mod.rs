//! Holds the errands: exchanges with one host that take a connection or a wait, each a short task of its own.
//! Never more of them at once than [`MAX_AT_ONCE`], never longer than their time, never twice at one host. Run by `start`.

mod description;
mod greeting;
mod http;
mod resolver;
mod rtsp;
mod secured;
mod snmp;
mod tls;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::net::{IpAddr, SocketAddr, SocketAddrV6};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::task::spawn_local;
use tokio::time::timeout;
use vigie_core::lan::probe::is_printing_port;
use vigie_core::lan::{Fact, Port, Probe, Query, SegmentId, Sighting, Source, Transport};
use zeroize::Zeroizing;

use super::engine::{Errand, Shared};
use super::tally::Trouble;
use super::usm::User;
use crate::shell::tasks;

/// Connections and exchanges at once. Each costs a descriptor and a few KiB.
const MAX_AT_ONCE: usize = 64;
/// SNMP questions at once: all of a /24. Most hosts never answer one, and whoever waits behind silence is asked too late for
/// the person who waits for a scan. Each costs a datagram socket for at most a second and a half.
const MAX_SNMP_AT_ONCE: usize = 256;
/// Connections to one host at once: far below the smallest listen queue seen.
const MAX_AT_ONE_HOST: usize = 4;
/// A neighbour answers a connect in milliseconds, a sleeping one within a second or two.
const CONNECT_TIME: Duration = Duration::from_millis(1_500);
/// How long one errand may take in all.
const ERRAND_TIME: Duration = Duration::from_secs(6);

/// The communities a person gave, in the configuration and on the page. None is ever tried unasked.
#[derive(Default)]
pub(crate) struct Communities {
    /// Of the configuration.
    pub(crate) fixed: Vec<String>,
    /// Of the vault; may change while the service runs.
    pub(crate) given: RefCell<Option<Zeroizing<String>>>,
    /// Whether there is a user of version 3 beside them.
    pub(crate) has_user: bool,
}

impl Communities {
    fn all(&self) -> Vec<Zeroizing<String>> {
        let given = self.given.borrow().clone();
        given.into_iter().chain(self.fixed.iter().cloned().map(Zeroizing::new)).collect()
    }

    /// Whether there is anything to ask with.
    pub(crate) fn is_any(&self) -> bool {
        self.has_user || !self.fixed.is_empty() || self.given.borrow().is_some()
    }
}

/// What errands need beside the engine.
pub(crate) struct Means {
    snmp: snmp::Key,
}

impl Means {
    /// With what a person gave for SNMP agents.
    pub(crate) fn new(communities: Rc<Communities>, user: Option<User>) -> Self {
        Self { snmp: snmp::Key::new(communities, user) }
    }
}

/// A number an answer is known by, which nobody guesses: 31 bits, as it is signed where it goes.
fn id() -> Option<u32> {
    Some(u32::from_le_bytes(vigie_sys::random::bytes::<4>().ok()?) >> 1)
}

/// Runs errands for as long as the service does.
pub(super) async fn run(engine: Shared, means: Rc<Means>) {
    let at_once = Arc::new(Semaphore::new(MAX_AT_ONCE));
    let snmp_at_once = Arc::new(Semaphore::new(MAX_SNMP_AT_ONCE));
    let hosts: Rc<RefCell<BTreeMap<IpAddr, Rc<Semaphore>>>> = Rc::default();
    let news = engine.borrow().errand_news();
    let beat = tasks::watch("errands", tasks::LIMIT);
    loop {
        let Some(errand) = engine.borrow_mut().next_errand() else {
            beat.idle(news.notified()).await;
            continue;
        };
        beat.tap();
        let is_snmp = matches!(errand, Errand::Probe(Probe { query: Query::Snmp { .. }, .. }));
        let place = if is_snmp { None } else { at_once.clone().acquire_owned().await.ok() };
        let snmp_at_once = snmp_at_once.clone();
        let at_work = engine.borrow_mut().at_work();
        let host = host_of(&errand);
        let queue = hosts.borrow_mut().entry(host).or_insert_with(|| Rc::new(Semaphore::new(MAX_AT_ONE_HOST))).clone();
        let (engine, means, hosts) = (engine.clone(), means.clone(), hosts.clone());
        spawn_local(async move {
            let place = if is_snmp { snmp_at_once.acquire_owned().await.ok() } else { place };
            {
                let _turn = queue.acquire().await;
                at_work.set(Some(embassy_time::Instant::now()));
                // One that takes longer is over: its host is slow, or means harm.
                let _over_time = timeout(ERRAND_TIME, go(&engine, &means, errand)).await;
            }
            if Rc::strong_count(&queue) <= 2 {
                hosts.borrow_mut().remove(&host);
            }
            drop((place, at_work));
        });
    }
}

fn host_of(errand: &Errand) -> IpAddr {
    match errand {
        Errand::Describe(_, location) => location.ip,
        Errand::Probe(probe) => match probe.query {
            Query::Greeting { ip, .. } | Query::Tcp { ip, .. } | Query::Snmp { ip } | Query::ReverseDns { ip } => ip,
            _ => IpAddr::from([0, 0, 0, 0]),
        },
    }
}

async fn go(engine: &Shared, means: &Means, errand: Errand) {
    match errand {
        Errand::Describe(segment, location) => {
            if let Some(at) = Visit::to(engine, segment, location.ip) {
                description::fetch(&at, &location).await;
            }
        }
        Errand::Probe(Probe { segment, query }) => match query {
            Query::Tcp { ip, port, .. } => {
                if let Some(at) = Visit::to(engine, segment, ip) {
                    at.knock(port).await;
                }
            }
            Query::Greeting { ip, port } => {
                if let Some(at) = Visit::to(engine, segment, ip) {
                    greeting::read(&at, port).await;
                }
            }
            Query::Snmp { ip } => {
                if let Some(at) = Visit::to(engine, segment, ip) {
                    snmp::ask(&at, &means.snmp).await;
                }
            }
            Query::ReverseDns { ip } => {
                if let Some(at) = Visit::to(engine, segment, ip) {
                    resolver::ask(&at).await;
                }
            }
            _ => {}
        },
    }
}

/// One host to visit.
struct Visit {
    engine: Shared,
    segment: SegmentId,
    /// The interface's number, which a link-local address needs.
    scope: u32,
    ip: IpAddr,
}

impl Visit {
    /// A visit to `ip`, if it is a neighbour on that segment: nothing is ever visited elsewhere.
    fn to(engine: &Shared, segment: SegmentId, ip: IpAddr) -> Option<Self> {
        let mut borrowed = engine.borrow_mut();
        let footing = &borrowed.leg(segment)?.footing;
        let near = footing.ground.is_neighbour(ip) && !footing.ground.is_own(ip);
        let scope = footing.index.0;
        near.then(|| Self { engine: engine.clone(), segment, scope, ip })
    }

    /// Whether a refusal comes from the host itself, as far as can be known.
    fn is_believed(&self) -> bool {
        let mut engine = self.engine.borrow_mut();
        let beyond = engine.leg(self.segment).is_some_and(|leg| leg.footing.ground.is_beyond());
        !beyond || engine.lan.find_ip(self.ip).is_some()
    }

    fn address(&self, port: u16) -> SocketAddr {
        match self.ip {
            IpAddr::V4(ip) => (ip, port).into(),
            IpAddr::V6(ip) => SocketAddrV6::new(ip, port, 0, self.scope).into(),
        }
    }

    fn tell(&self, source: Source, fact: Fact<'_>) {
        let mut engine = self.engine.borrow_mut();
        engine.see(
            embassy_time::Instant::now(),
            &Sighting { segment: self.segment, source, mac: None, ip: Some(self.ip), fact },
        );
        engine.settle();
    }

    /// Counts an answer that was malformed.
    fn malformed(&self, source: Source) {
        self.engine.borrow_mut().malformed(source);
    }

    /// Notes that something went wrong with a source.
    fn fails(&self, source: Source, trouble: Trouble) {
        self.engine.borrow_mut().tallies.failed(source, embassy_time::Instant::now(), trouble);
    }

    /// Notes that all is well with a source at this host.
    fn well(&self, source: Source) {
        self.engine.borrow_mut().tallies.well_at(source, self.ip);
    }

    fn port(&self, number: u16, open: bool) {
        self.tell(Source::Tcp, Fact::Port { port: Port { transport: Transport::Tcp, number }, open });
    }

    /// A connection, never to a printing port. `None`: nobody answered in time, or the port is closed.
    async fn connect(&self, port: u16) -> Option<TcpStream> {
        if is_printing_port(port) {
            return None;
        }
        timeout(CONNECT_TIME, TcpStream::connect(self.address(port))).await.ok()?.ok()
    }

    /// Finds out whether a port is open, without raw sockets: a connection that is closed at once.
    async fn knock(&self, port: u16) {
        if is_printing_port(port) {
            return;
        }
        match timeout(CONNECT_TIME, TcpStream::connect(self.address(port))).await {
            Ok(Ok(_closed_when_dropped)) => self.port(port, true),
            // Behind a router a firewall may refuse in the name of addresses where nobody is.
            Ok(Err(error)) if error.kind() == ErrorKind::ConnectionRefused && self.is_believed() => {
                self.port(port, false);
            }
            _ => {}
        }
    }
}
