//! Holds what everything else stands on: the log on the card, clocks, the key, accounts, credentials, journal, recorder.
//! Never opens a port and never asks the network anything. Laid by `run` first.

use std::sync::Arc;

use vigie_store::Health;
use vigie_sys::memory;

use super::{journal, key, numbers, own, store, tls, watched};
use crate::accounts::Accounts;
use crate::accounts::clock::Clock;
use crate::accounts::journal::Journal;
use crate::accounts::password::Hasher;
use crate::accounts::secret::Secret;
use crate::accounts::vault::Vault;
use crate::cli::{Ending, Exit};
use crate::config::Config;
use crate::http::context::{Check, Platform, SystemFacts};
use crate::http::limits::Limits;
use crate::http::logs::LogRing;
use crate::http::supervision::Fences;
use crate::recorder::Recorder;
use crate::shell::clocks::{BootClock, Clocks};
use crate::shell::keeper::{Keeper, KeptAccounts, KeptCredentials, Stored};
use crate::shell::partition::DataPartition;
use crate::shell::written::Today;
use crate::shell::zone::{self, SiteZone};

/// What stands.
pub(super) struct Base {
    /// What every handler may use.
    pub(super) platform: Arc<Platform>,
    /// The log on the card.
    pub(super) keeper: Keeper,
    /// What it held at the start; whoever needs it takes it.
    pub(super) stored: Vec<Stored>,
    /// The dates of moments.
    pub(super) clocks: Arc<Clocks>,
    /// Credentials the appliance was given.
    pub(super) vault: Arc<Vault>,
    /// What was done, by whom.
    pub(super) journal: Arc<Journal>,
    /// What is known after a power cut.
    pub(super) recorder: Arc<Recorder>,
}

/// Lays it. With the setup code, while nobody has an account.
pub(super) fn lay(config: &Config, fences: Fences) -> Result<(Base, Option<Secret>), Ending> {
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
    let hasher = Hasher::default().making_room(memory::give_back);
    let (accounts, code) = Accounts::open(store, clock.clone(), key, hasher)
        .map_err(|error| Ending::new(Exit::System, format!("no randomness for secrets: {error}")))?;
    let own_names = own::names(&config.http.host_names);
    let tls = tls::open(config.http.tls, &config.data.dir, &own::lasting(&config.http.host_names), clock.clone())?;
    let platform = Platform::new(Arc::new(accounts), clock, logs, own_names, Limits::default())
        .with_boot(clocks.this_boot())
        .with_tls(tls)
        .with_journal(journal.clone())
        .with_vault(vault.clone())
        .with_zone(zone_of(config, &stored))
        .with_metrics_token(config.http.metrics_token.clone());
    let platform = Arc::new(platform);
    let recorder = Recorder::start(&config.data.dir, clocks.this_boot());
    recorder.count(&platform.metrics);
    numbers::collect(&platform.metrics, &keeper);
    watch_storage(&platform, &keeper, &recorder);
    tls::watch(&platform);
    watched::tell(&platform, fences);
    Ok((Base { platform, keeper, stored, clocks, vault, journal, recorder }, code))
}

/// The site's zone: what the environment says, then what a person chose, then the file.
fn zone_of(config: &Config, stored: &[Stored]) -> SiteZone {
    let fixed = config.is_of_environment("system.zone");
    let chosen = zone::chosen(stored).filter(|_| !fixed);
    SiteZone::new(chosen.as_deref().unwrap_or(&config.system.zone), fixed)
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
    let today = Today::new(platform.zone.clone(), platform.clock.clone());
    platform.know_facts(move || {
        let (counters, recorded) = (counts.status().counters, recorder.written_bytes());
        // The recorder writes whole pages.
        let card_bytes = counters.page_bytes_written + recorded;
        SystemFacts {
            resident_bytes: memory::read().ok().map(|memory| memory.resident_bytes),
            written_bytes: Some(counters.bytes_written + recorded),
            card_bytes: Some(card_bytes),
            card_bytes_today: today.of(card_bytes),
        }
    });
}
