//! Holds what every handler may use: accounts, events, metrics, logs, clock, names, readiness.
//! It never knows an area: network, cameras and kiosk bring their own state with their routes.
//! `run` puts it together, every call carries it.

use std::net::IpAddr;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use schemars::JsonSchema;
use serde::Serialize;

use crate::accounts::clock::Clock;
use crate::accounts::journal::{Journal, RamJournal};
use crate::accounts::secret::Secret;
use crate::accounts::vault::{RamCredentials, Vault};
use crate::accounts::{Accounts, LASTING_MARK, Principal};

use super::budget::Budget;
use super::changes::Changes;
use super::events::Hub;
use super::guard::{Guard, OwnNames};
use super::idempotency::Retries;
use super::limits::Limits;
use super::logs::LogRing;
use super::metrics::Metrics;
use super::supervision::Sources;
use super::tls::Tls;
use crate::shell::zone::SiteZone;

/// One line of the readiness answer.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Check {
    /// What is looked at, such as `store` or `first_sweep`.
    pub name: &'static str,
    /// Whether it is as it should be.
    pub ok: bool,
    /// Whether the appliance can serve without it; only needed ones decide between 200 and 503.
    pub needed: bool,
    /// In words, English.
    pub detail: String,
}

/// Says how ready a part is. Must answer at once.
pub type CheckProvider = Box<dyn Fn() -> Check + Send + Sync>;

/// Numbers only the operating system's edge knows.
#[derive(Clone, Copy, Debug, Default, Serialize, JsonSchema)]
pub struct SystemFacts {
    /// Memory of the process that is in RAM.
    pub resident_bytes: Option<u64>,
    /// Bytes written to the data partition since start.
    pub written_bytes: Option<u64>,
    /// Bytes the card was made to write since start, in whole pages.
    pub card_bytes: Option<u64>,
    /// Of these, those of the site's present day; none while nobody knows the date.
    pub card_bytes_today: Option<u64>,
}

/// Reads [`SystemFacts`]. Must answer at once.
pub type FactProvider = Box<dyn Fn() -> SystemFacts + Send + Sync>;

/// Says whose a workstation's token is, by the number of the workstation. Must answer at once.
pub type StationDoor = Box<dyn Fn(&str) -> Option<u32> + Send + Sync>;

/// What every handler may use.
pub struct Platform {
    /// Who may come in.
    pub accounts: Arc<Accounts>,
    /// What was done, by whom.
    pub journal: Arc<Journal>,
    /// Credentials the appliance was given.
    pub vault: Arc<Vault>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The zone of the site.
    pub zone: SiteZone,
    /// When the service started, on that clock.
    pub started: std::time::Duration,
    /// Names and origins that are ours.
    pub guard: Guard,
    /// The event stream.
    pub events: Arc<Hub>,
    /// Numbers for Prometheus.
    pub metrics: Arc<Metrics>,
    /// The latest log lines.
    pub logs: Arc<LogRing>,
    /// Open connections.
    pub budget: Arc<Budget>,
    /// The server's limits.
    pub limits: Limits,
    /// Certificates and handshakes; `None` when the appliance answers plain HTTP only.
    pub tls: Option<Arc<Tls>>,
    /// Changes that are being made.
    pub changes: Arc<Changes>,
    /// Opens `/metrics` for a collector that cannot log in.
    pub metrics_token: Option<Secret>,
    pub(super) retries: Retries,
    /// How the service is watched over; not known in a test without a process of its own.
    pub supervision: OnceLock<Arc<Sources>>,
    stations: OnceLock<StationDoor>,
    checks: RwLock<Vec<CheckProvider>>,
    facts: RwLock<FactProvider>,
}

/// Parts that report their readiness, at most; one per machine of the product and some room.
const MAX_CHECKS: usize = 32;

impl Platform {
    /// Puts the platform together.
    #[must_use]
    pub fn new(
        accounts: Arc<Accounts>,
        clock: Arc<dyn Clock>,
        logs: Arc<LogRing>,
        own: OwnNames,
        limits: Limits,
    ) -> Self {
        let metrics = Arc::new(Metrics::default());
        let journal = Arc::new(Journal::new(Arc::new(RamJournal::new(accounts.key())), clock.clone(), 0));
        let vault = Arc::new(Vault::open(Arc::new(RamCredentials), clock.clone(), &accounts.key()));
        Self {
            accounts,
            journal,
            vault,
            guard: Guard::new(own),
            events: Arc::new(Hub::new(clock.clone(), 0)),
            retries: Retries::default(),
            supervision: OnceLock::new(),
            started: clock.now(),
            clock,
            zone: SiteZone::default(),
            metrics,
            logs,
            budget: Budget::new(limits),
            limits,
            tls: None,
            changes: Arc::default(),
            metrics_token: None,
            stations: OnceLock::new(),
            checks: RwLock::default(),
            facts: RwLock::new(Box::new(read_proc)),
        }
    }

    /// Keeps the journal somewhere that outlives the process. Before the platform is shared.
    #[must_use]
    pub fn with_journal(mut self, journal: Arc<Journal>) -> Self {
        self.journal = journal;
        self
    }

    /// Keeps credentials somewhere that outlives the process. Before the platform is shared.
    #[must_use]
    pub fn with_vault(mut self, vault: Arc<Vault>) -> Self {
        self.vault = vault;
        self
    }

    /// Means times of day in this zone. Before the platform is shared.
    #[must_use]
    pub fn with_zone(mut self, zone: SiteZone) -> Self {
        self.zone = zone;
        self
    }

    /// Numbers the events of this boot: see [`Hub::new`]. Before the platform is shared.
    #[must_use]
    pub fn with_boot(mut self, boot: u32) -> Self {
        self.events = Arc::new(Hub::new(self.clock.clone(), boot));
        self
    }

    /// Opens `/metrics` with a fixed token. Before the platform is shared.
    #[must_use]
    pub fn with_metrics_token(mut self, token: Option<Secret>) -> Self {
        self.metrics_token = token;
        self
    }

    /// Answers over TLS, and on plain HTTP only what may go without. Before the platform is shared.
    #[must_use]
    pub fn with_tls(mut self, tls: Option<Arc<Tls>>) -> Self {
        self.tls = tls;
        self
    }

    /// Lets workstations in by their own tokens. Only the first call counts.
    pub fn admit_stations(&self, whose: impl Fn(&str) -> Option<u32> + Send + Sync + 'static) {
        let _only_once = self.stations.set(Box::new(whose));
    }

    /// Who a bearer token speaks for: a workstation, a screen, or a program somebody logged in.
    #[must_use]
    pub fn open_bearer(&self, token: &str, from: IpAddr) -> Option<Principal> {
        let station = self.stations.get().and_then(|whose| whose(token));
        if let Some(station) = station {
            return Some(Principal::of_station(station));
        }
        match token.starts_with(LASTING_MARK) {
            true => self.accounts.open_lasting(token, Some(from)),
            false => self.accounts.open_access(token),
        }
    }

    /// Adds a part to `/readyz`. Beyond 32 parts the call does nothing.
    pub fn watch(&self, check: impl Fn() -> Check + Send + Sync + 'static) {
        let mut checks = self.checks.write().unwrap_or_else(PoisonError::into_inner);
        if checks.len() < MAX_CHECKS {
            checks.push(Box::new(check));
        }
    }

    /// Replaces where [`SystemFacts`] come from.
    pub fn know_facts(&self, facts: impl Fn() -> SystemFacts + Send + Sync + 'static) {
        *self.facts.write().unwrap_or_else(PoisonError::into_inner) = Box::new(facts);
    }

    /// What every part says now.
    #[must_use]
    pub fn checks(&self) -> Vec<Check> {
        self.checks.read().unwrap_or_else(PoisonError::into_inner).iter().map(|check| check()).collect()
    }

    /// The system's numbers now.
    #[must_use]
    pub fn facts(&self) -> SystemFacts {
        (self.facts.read().unwrap_or_else(PoisonError::into_inner))()
    }
}

/// Resident memory as the kernel counts it (proc(5), `VmRSS`), `None` where there is no /proc.
fn read_proc() -> SystemFacts {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let kib = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .and_then(|rest| rest.trim().strip_suffix("kB")?.trim().parse::<u64>().ok());
    SystemFacts { resident_bytes: kib.map(|kib| kib * 1024), ..SystemFacts::default() }
}
