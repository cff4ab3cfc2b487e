//! Holds the start order of the service, and its end: storage, accounts, network, doors; then the same backwards.
//! Never parses what comes from the network and never renders. The command line calls it.

mod archive;
mod chores;
mod export;
mod journal;
mod key;
mod kiosk;
mod numbers;
mod own;
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
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio::task::LocalSet;
use vigie_core::audit::{Actor, Kind};
use vigie_store::Health;
use vigie_sys::{clock, memory};

use crate::accounts::Accounts;
use crate::accounts::clock::Clock;
use crate::accounts::journal::Act;
use crate::accounts::password::Hasher;
use crate::accounts::secret::Secret;
use crate::accounts::vault::Vault;
use crate::api::network::credentials::SNMP;
use crate::cli::{Ending, Exit};
use crate::config::{Config, NetworkSettings, SyslogHost};
use crate::http;
use crate::http::context::{Check, Platform, SystemFacts};
use crate::http::limits::Limits;
use crate::http::listener::Server;
use crate::http::logs::LogRing;
use crate::http::supervision::Fences;
use crate::http::tls::Tls;
use crate::recorder::{self, Recorder, also_record};
use crate::shell::clocks::{BootClock, Clocks};
use crate::shell::keeper::{Keeper, KeptAccounts, KeptCredentials, NotKept, SETTINGS, Stored};
use crate::shell::network;
use crate::shell::partition::DataPartition;
use crate::shell::{broker, rights, syslog, tasks};
use crate::{api, page};

pub use export::export;
pub use journal::{export_journal, verify_journal};
pub use scan::scan;
pub use setup::set_up;
pub use split::{run, run_behind_broker};

/// Descriptors the service may need: connections, sockets of eight legs, errands, files.
const DESCRIPTORS: u64 = 4_096;
/// How often the wall clock and the own addresses are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(10);
/// What asks to be saved at the end is gathered for this long, twice the time tidings are gathered.
const LAST_SAVES: Duration = Duration::from_millis(300);
/// Of that, changes whose clients have left get so much.
const LAST_CHANGES: Duration = Duration::from_secs(2);
/// How long ending may take in all before it is left to the system.
const ENDING_TIME: Duration = Duration::from_secs(4);

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

async fn work(config: Config, fences: Fences) -> Result<(), Ending> {
    let clock: Arc<dyn Clock> = Arc::new(BootClock);
    let logs = LogRing::new(clock.clone());
    crate::cli::logging::install(&logs, config.log.level);
    let (keeper, mut stored) = store::open(&config.data.dir)?;
    report_opening(&keeper);
    let clocks = Arc::new(Clocks::open(&stored, Some(keeper.clone())));
    let key = Arc::new(key::load_or_draw(&config.data.dir)?);
    let journal = journal::open(&keeper, &mut stored, &key, &clocks);
    let store = Arc::new(KeptCredentials::new(keeper.clone(), &stored));
    let vault = Arc::new(Vault::open(store, clock.clone(), &key));
    let store = Arc::new(KeptAccounts::new(keeper.clone(), &stored));
    let (accounts, code) = Accounts::open(store, clock.clone(), key, Hasher::default()).map_err(io::Error::other)?;
    let own_names = own::names(&config.http.host_names);
    let tls = tls::open(config.http.tls, &config.data.dir, &own::lasting(&config.http.host_names), clock.clone())?;
    let platform = Platform::new(Arc::new(accounts), clock, logs, own_names, Limits::default())
        .with_boot(clocks.this_boot())
        .with_tls(tls.clone())
        .with_journal(journal.clone())
        .with_vault(vault.clone())
        .with_metrics_token(config.http.metrics_token.clone());
    let platform = Arc::new(platform);
    let recorder = Recorder::start(&config.data.dir, clocks.this_boot());
    recorder.count(&platform.metrics);
    numbers::collect(&platform.metrics, &keeper);
    watch_storage(&platform, &keeper, &recorder);
    tls::watch(&platform);
    watched::tell(&platform, fences);

    let settings = stored_settings(&stored).unwrap_or_else(|| config.network.settings());
    let (rules, complaints) = network::load_rules(Some(&config.data.dir.join("devices.rules")));
    for complaint in complaints {
        tracing::warn!("{complaint}");
    }
    let watching = api::network::monitoring::chosen(&stored);
    let state = Arc::new(api::network::live::State::default());
    let (jobs, mut worker) = chores::table(&platform, &config);
    let tell = api::network::live::listener(platform.clone(), clocks.clone(), state.clone());
    let workstations = kiosk::start(&platform, &config, &keeper, &clocks, &stored).await;
    let start = network::Start {
        settings: settings.clone(),
        interfaces: config.network.interfaces.clone(),
        access: network::Access::of(&config.network),
        community: vault.take_out(SNMP).and_then(|credential| credential.expose_text().map(str::to_owned)),
        rules,
        keeper: Some(keeper.clone()),
        stored,
        clocks: clocks.clone(),
        watching,
        tell: chores::also_note(&jobs, &platform.metrics, also_record(tell)),
    };
    let network = network::start(start).map_err(|error| Ending::new(Exit::System, error.to_string()))?;
    tokio::task::spawn_local(recorder::watch(platform.clone(), network.clone(), keeper.clone()));
    let archive = archive::Archive::new(&config.data.dir, &platform, &clocks);
    kiosk::add_jobs(&mut worker, &platform, &workstations, &archive);
    chores::start(worker, &platform, &network, &keeper);
    let deps = api::Deps {
        network: network.clone(),
        keeper: keeper.clone(),
        clocks: clocks.clone(),
        settings,
        state,
        kiosk: workstations.clone(),
    };
    kiosk::count(&platform, &deps.kiosk);
    let mut areas = areas(&platform, &deps);
    areas.push(api::jobs::routes(&jobs));
    let table = http::build_table(&platform, areas).map_err(io::Error::other)?;
    let server = Server::new(platform.clone(), table);
    tokio::spawn(http::logs::bell::ring(platform.logs.clone(), platform.events.clone()));
    if let Some(host) = config.log.syslog.as_deref().and_then(|text| SyslogHost::parse(text).ok()) {
        syslog::start(host, platform.logs.clone(), &platform.metrics);
    }
    let listener = listen(config.http.listen, "--listen")?;
    let secure = match &tls {
        Some(tls) => {
            let secure = listen(config.http.tls_address(), "--tls-listen, or do without by --no-tls")?;
            tls.listens_on(secure.local_addr()?.port());
            Some((secure, tls.clone()))
        }
        None => None,
    };
    greet(&listener, tls.as_deref(), code.as_ref().map(Secret::expose), &fences)?;
    journal.examine().await;
    journal.note(Act::new(Kind::SystemStarted, Actor::System).saying(env!("CARGO_PKG_VERSION")));
    let (stop, stopped) = watch::channel(false);
    let told = Arc::new(OnceLock::new());
    tokio::task::spawn_local(until_told_to_stop(stop, told.clone())?);
    tokio::task::spawn_local(broker::report());
    tokio::task::spawn_local(keep_looking(platform.clone(), clocks.clone(), config.http.host_names.clone()));
    match secure {
        Some((secure, tls)) => {
            tokio::join!(server.serve(listener, stopped.clone()), server.serve_tls(secure, tls, stopped));
        }
        None => server.serve(listener, stopped).await,
    }
    platform.events.stop();
    workstations.stop();
    // Whatever waits is written; a card that takes nothing must not keep the machine from going down.
    let ending = async {
        // Changes whose clients have left are finished before the log is closed under them.
        let _most = tokio::time::timeout(LAST_CHANGES, platform.changes.settled()).await;
        let _ending = network
            .call(|hands| {
                hands.stopping();
            })
            .await;
        journal.note(Act::new(Kind::SystemStopped, Actor::System));
        tokio::time::sleep(LAST_SAVES).await;
        keeper.stop().await;
    };
    let told = told.get().copied().unwrap_or_else(tokio::time::Instant::now);
    let _in_time = tokio::time::timeout_at(told + ENDING_TIME, ending).await;
    recorder.close();
    Ok(())
}

/// The routes of every area.
fn areas(platform: &Arc<Platform>, deps: &api::Deps) -> Vec<Vec<http::route::Route>> {
    deps.state.watch(platform);
    let desk = api::desk(deps);
    vec![api::routes(deps, &desk), page::routes(deps, &desk)]
}

/// Opens a port; `option` is how another one is chosen.
fn listen(address: SocketAddr, option: &str) -> Result<TcpListener, Ending> {
    broker::listen(address).and_then(TcpListener::from_std).map_err(|error| {
        let advice = match error.kind() {
            io::ErrorKind::AddrInUse => {
                format!("; another program has the port: stop it, or choose another with {option}")
            }
            io::ErrorKind::PermissionDenied => "; ports below 1024 need CAP_NET_BIND_SERVICE".to_owned(),
            _ => String::new(),
        };
        Ending::new(Exit::System, format!("cannot listen on {address}: {error}{advice}"))
    })
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
    if let Some(code) = code {
        println!("setup code: {code}");
    }
    for line in rights::explain() {
        println!("{line}");
    }
    println!("{fences}");
    Ok(())
}

fn until_told_to_stop(
    stop: watch::Sender<bool>,
    told: Arc<OnceLock<tokio::time::Instant>>,
) -> Result<impl Future<Output = ()>, Ending> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("stopping");
        let _first = told.set(tokio::time::Instant::now());
        let _already_over = stop.send(true);
    })
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

fn stored_settings(stored: &[Stored]) -> Option<NetworkSettings> {
    let row = stored.iter().find(|row| row.kind == SETTINGS.id && row.key == b"network")?;
    let settings = NetworkSettings::from_stored(&row.value);
    if settings.is_none() {
        tracing::warn!("the network settings kept on the card cannot be read; those of the configuration count");
    }
    settings
}

fn report_opening(keeper: &Keeper) {
    let report = keeper.status().opened;
    if report.torn_bytes > 0 {
        tracing::info!(bytes = report.torn_bytes, "the last, unfinished write before a power cut was dropped");
    }
    if report.lost_total > 0 || report.missing_segments > 0 {
        tracing::warn!(records = report.lost_total, segments = report.missing_segments, "the card lost stored records");
    }
    if let Some(trouble) = report.trouble {
        tracing::warn!("nothing can be stored, the service goes on in memory: {trouble}");
    }
}

fn watch_storage(platform: &Arc<Platform>, keeper: &Keeper, recorder: &Arc<Recorder>) {
    let status = keeper.clone();
    platform.watch(move || {
        let (ok, detail) = match status.status().health {
            Health::Good => (true, "records reach the card".to_owned()),
            Health::MemoryOnly { error, .. } => (false, format!("in memory only: {error}")),
        };
        // Observing goes on without a card, so the appliance still serves; what must be stored is refused by itself.
        Check { name: "store", ok, needed: false, detail }
    });
    if let Some(partition) = DataPartition::read() {
        let DataPartition { sound, words } = partition;
        platform.watch(move || Check { name: "data_partition", ok: sound, needed: false, detail: words.clone() });
    }
    let (counts, recorder) = (keeper.clone(), recorder.clone());
    platform.know_facts(move || SystemFacts {
        resident_bytes: memory::read().ok().map(|memory| memory.resident_bytes),
        written_bytes: Some(counts.status().counters.bytes_written + recorder.written_bytes()),
    });
}

/// What could not be kept, as an ending of a command.
impl From<NotKept> for Ending {
    fn from(why: NotKept) -> Self {
        Self::new(Exit::Io, why.to_string())
    }
}
