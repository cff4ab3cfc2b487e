//! Holds the service's hand on its broker: what needs a right is asked of it, or done here where there is no broker.
//! Never decides what is opened. `run` brings the hand, the network shell and the page ask through it.

use std::io::{self, Read};
use std::net::{SocketAddr, TcpListener};
use std::os::fd::OwnedFd;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use vigie_sys::Error;
use vigie_sys::broker::{Client, Greeting, TaskAge};
use vigie_sys::interface::Index;
use vigie_sys::link::{self, PROBE_PORTS};
use vigie_sys::multicast::{self, Endpoint, Family, Service};

use super::tasks;

/// The broker of this process: there is one or none, from the start to the end.
static BROKER: OnceLock<(Client, Greeting)> = OnceLock::new();
/// The list of resolvers as it was read, and when.
static RESOLVERS: Mutex<Option<(Instant, String)>> = Mutex::new(None);

/// The list of resolvers changes with a lease. Every look-up reads it, hundreds in a sweep.
const RESOLVERS_KEPT: Duration = Duration::from_secs(10);
/// A list is three lines; whoever writes more is not followed.
const MAX_RESOLVERS_BYTES: u64 = 16 * 1024;
/// Between two reports: the broker misses four before it acts.
const REPORT_EVERY: Duration = Duration::from_secs(2);

/// Takes the broker's hand, once, before anything is opened.
pub(crate) fn take(client: Client, greeting: Greeting) {
    let _one_already = BROKER.set((client, greeting));
}

/// What the broker said at the start; `None` without one.
pub(crate) fn greeting() -> Option<&'static Greeting> {
    BROKER.get().map(|(_, greeting)| greeting)
}

/// The raw socket of an interface.
pub(crate) fn open_link(interface: Index) -> Result<OwnedFd, Error> {
    match BROKER.get() {
        Some((client, _)) => client.link(interface),
        None => link::open(interface, &PROBE_PORTS),
    }
}

/// A socket that hears announcements. Only NetBIOS has ports that need a right.
pub(crate) fn hear(service: Service, family: Family, interface: Index) -> Result<Endpoint, Error> {
    let netbios = matches!(service, Service::NetbiosNames | Service::NetbiosDatagrams) && family == Family::V4;
    match BROKER.get() {
        Some((client, _)) if netbios => client.netbios(service, interface),
        _ => multicast::listen(service, family, interface),
    }
}

/// A listening TCP socket, non-blocking, at an address of the configuration.
pub(crate) fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    match BROKER.get() {
        Some((client, _)) => client.listen(address),
        None => {
            let listener = TcpListener::bind(address)?;
            listener.set_nonblocking(true)?;
            Ok(listener)
        }
    }
}

/// The text of the system's list of resolvers; empty when it cannot be had.
pub(crate) fn resolvers() -> String {
    let mut kept = RESOLVERS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, text)) = kept.as_ref().filter(|(at, _)| at.elapsed() < RESOLVERS_KEPT) {
        return text.clone();
    }
    let file = match BROKER.get() {
        Some((client, _)) => client.resolvers().map_err(io::Error::from),
        None => std::fs::File::open("/etc/resolv.conf"),
    };
    let mut text = String::new();
    if let Ok(file) = file {
        let _as_far_as_it_is_text = file.take(MAX_RESOLVERS_BYTES).read_to_string(&mut text);
    }
    *kept = Some((Instant::now(), text.clone()));
    text
}

/// Tells the broker how the tasks are, for as long as the service runs. That it is told at all says that the runtime runs.
pub(crate) async fn report() {
    let Some((client, _)) = BROKER.get() else { return };
    let milliseconds = |length: Duration| u32::try_from(length.as_millis()).unwrap_or(u32::MAX);
    loop {
        let states = tasks::of_this_process().states();
        let ages = states.iter().map(|state| TaskAge {
            name: state.name.to_owned(),
            age_ms: milliseconds(state.age),
            limit_ms: milliseconds(state.limit),
        });
        client.report(&ages.collect::<Vec<_>>());
        tokio::time::sleep(REPORT_EVERY).await;
    }
}
