//! Holds the start order of the service, and its end: storage, accounts, network, doors; then the same backwards.
//! Never parses what comes from the network and never renders. The command line calls it.

mod archive;
mod base;
mod chores;
mod doors;
mod ending;
mod export;
mod journal;
mod key;
mod kiosk;
mod lookout;
mod numbers;
mod own;
mod restore;
mod scan;
mod setup;
mod split;
mod store;
mod tls;
mod watched;

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::LocalSet;
use vigie_core::audit::{Actor, Kind};
use vigie_sys::{clock, memory};

use crate::accounts::journal::Act;
use crate::accounts::secret::Secret;
use crate::cli::{Ending, Exit};
use crate::config::{Config, SyslogHost};
use crate::http;
use crate::http::context::Platform;
use crate::http::listener::Server;
use crate::http::supervision::Fences;
use crate::http::tls::Tls;
use crate::jobs::Jobs;
use crate::shell::clocks::Clocks;
use crate::shell::keeper::NotKept;
use crate::shell::{broker, rights, syslog, tasks};
use crate::{api, page};

pub use export::export;
pub use journal::{export_journal, verify_journal};
pub use restore::restore;
pub use scan::scan;
pub use setup::set_up;
pub use split::{run, run_behind_broker};

/// Descriptors the service may need: connections, sockets of eight legs, errands, files.
const DESCRIPTORS: u64 = 4_096;
/// How often the wall clock and the own addresses are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(10);
/// Runs the service until SIGTERM or SIGINT, in a process that has given up what it does not need.
fn serve(config: Config, fences: Fences) -> Result<u8, Ending> {
    prepare()?;
    // Password checks are the only blocking work, and they run one at a time.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().max_blocking_threads(2).build()?;
    let everything = LocalSet::new();
    runtime.block_on(everything.run_until(work(config, fences))).map(|()| Exit::Ok as u8)
}

/// What must be done before a second thread starts.
fn prepare() -> Result<(), Ending> {
    if !memory::keep_one_arena() {
        tracing::debug!("the allocator keeps several arenas");
    }
    if let Err(error) = memory::raise_descriptor_limit(DESCRIPTORS) {
        tracing::debug!("descriptor limit not raised: {error}");
    }
    clock::driver::start().map_err(|error| Ending::new(Exit::System, error.to_string()))
}

/// Milliseconds since boot, for the store.
fn now_ms() -> u64 {
    clock::boot_us() / 1_000
}

/// Everything in the order it starts, and backwards at the end.
async fn work(config: Config, fences: Fences) -> Result<(), Ending> {
    let (mut base, code) = base::lay(&config, fences)?;
    let kiosk = kiosk::start(&base, &config).await;
    let lookout = lookout::start(&config, &mut base, &kiosk)?;
    let (platform, clocks) = (base.platform.clone(), base.clocks.clone());
    let deps = api::Deps {
        network: lookout.network.clone(),
        keeper: base.keeper.clone(),
        clocks: clocks.clone(),
        settings: lookout.settings,
        fixed: config.network_variables(),
        state: lookout.state,
        kiosk: kiosk.clone(),
    };
    kiosk::count(&platform, &kiosk);
    let table = http::build_table(&platform, areas(&platform, &deps, &lookout.jobs)).map_err(io::Error::other)?;
    let server = Server::new(platform.clone(), table);
    tokio::spawn(http::logs::bell::ring(platform.logs.clone(), platform.events.clone()));
    if let Some(host) = config.log.syslog.as_deref().and_then(|text| SyslogHost::parse(text).ok()) {
        syslog::start(host, platform.logs.clone(), &platform.metrics);
    }
    let doors = doors::open(&config, platform.tls.as_ref())?;
    greet(&doors.plain, platform.tls.as_deref(), code.as_ref().map(Secret::expose), &fences)?;
    base.journal.examine().await;
    base.journal.note(Act::new(Kind::SystemStarted, Actor::System).saying(env!("CARGO_PKG_VERSION")));
    let (stop, stopped) = watch::channel(false);
    let told = Arc::new(OnceLock::new());
    tokio::task::spawn_local(ending::until_told_to_stop(stop, told.clone())?);
    tokio::task::spawn_local(broker::report());
    tokio::task::spawn_local(keep_looking(platform, clocks, config.http.host_names.clone()));
    doors.serve(server, stopped).await;
    kiosk.stop();
    ending::end(&base, &lookout.network, &told).await;
    Ok(())
}

/// The routes of every area.
pub(crate) fn areas(platform: &Arc<Platform>, deps: &api::Deps, jobs: &Arc<Jobs>) -> Vec<Vec<http::route::Route>> {
    deps.state.watch(platform);
    let desk = api::desk(deps);
    vec![api::routes(deps, &desk), page::routes(deps, &desk), api::jobs::routes(jobs)]
}

/// What a person sees first.
fn greet(listener: &TcpListener, tls: Option<&Tls>, code: Option<&str>, fences: &Fences) -> Result<(), Ending> {
    let address = listener.local_addr()?;
    println!("vigie {}", env!("CARGO_PKG_VERSION"));
    let reachable = if address.ip().is_unspecified() { "localhost".to_owned() } else { address.ip().to_string() };
    println!("listening on http://{reachable}:{}", address.port());
    match tls {
        Some(tls) => tls::greet(tls, &reachable),
        None => println!("TLS is off: everything goes unencrypted, passwords too"),
    }
    if address.ip().is_unspecified() {
        let (scheme, port) = tls.map_or(("http", address.port()), |tls| ("https", tls.port()));
        for ip in own::to_type().into_iter().filter(|ip| ip.is_ipv4() || address.is_ipv6()) {
            println!("from other machines: {scheme}://{}", SocketAddr::new(ip, port));
        }
    }
    if let Some(code) = code {
        println!("setup code: {code}");
    }
    for line in rights::explain() {
        println!("{line}");
    }
    println!("{fences}");
    Ok(())
}

/// Keeps up with the wall clock and with the addresses this machine answers to.
async fn keep_looking(platform: Arc<Platform>, clocks: Arc<Clocks>, more: Vec<String>) {
    let beat = tasks::watch("clocks", tasks::LIMIT);
    loop {
        clocks.learn();
        platform.guard.know(own::names(&more));
        if let Some(tls) = &platform.tls {
            tls::look_after(tls, own::lasting(&more)).await;
        }
        platform.journal.tell_held();
        beat.idle(tokio::time::sleep(LOOK_EVERY)).await;
    }
}

/// What could not be kept, as an ending of a command.
impl From<NotKept> for Ending {
    fn from(why: NotKept) -> Self {
        Self::new(Exit::Io, why.to_string())
    }
}
