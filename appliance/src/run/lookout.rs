//! Holds the start of the watch over the network, and of the jobs around it.
//! Never watches itself: `shell::network` does. Called by `run` once the base is laid.

use std::sync::Arc;

use super::archive::Archive;
use super::base::Base;
use super::{chores, kiosk};
use crate::api;
use crate::api::network::credentials::SNMP;
use crate::api::network::live::State;
use crate::cli::{Ending, Exit};
use crate::config::{Config, NetworkSettings};
use crate::jobs::Jobs;
use crate::recorder::{self, also_record};
use crate::shell::keeper::{SETTINGS, Stored};
use crate::shell::kiosk::Kiosk;
use crate::shell::network::{self, Network};

/// What runs.
pub(super) struct Lookout {
    /// The way to the engine.
    pub(super) network: Network,
    /// The table of jobs.
    pub(super) jobs: Arc<Jobs>,
    /// The settings it was started with.
    pub(super) settings: NetworkSettings,
    /// What the live stream keeps.
    pub(super) state: Arc<State>,
}

/// Starts to watch, on the local task set of the caller.
pub(super) fn start(config: &Config, base: &mut Base, workstations: &Kiosk) -> Result<Lookout, Ending> {
    let (platform, keeper, clocks) = (&base.platform, &base.keeper, &base.clocks);
    let stored = std::mem::take(&mut base.stored);
    let settings = config.network_settings(stored_settings(&stored));
    let (rules, complaints) = network::load_rules(Some(&config.data.dir.join("devices.rules")));
    for complaint in complaints {
        tracing::warn!("{complaint}");
    }
    let watching = api::network::monitoring::chosen(&stored);
    let state = Arc::new(State::default());
    let (jobs, mut worker) = chores::table(platform);
    let tell = api::network::live::listener(platform.clone(), clocks.clone(), state.clone());
    let start = network::Start {
        settings: settings.clone(),
        interfaces: config.network.interfaces.clone(),
        access: network::Access::of(&config.network),
        community: base.vault.take_out(SNMP).and_then(|credential| credential.expose_text().map(str::to_owned)),
        rules,
        keeper: Some(keeper.clone()),
        stored,
        clocks: clocks.clone(),
        watching,
        tell: chores::also_note(&jobs, &platform.metrics, also_record(tell)),
    };
    let network = network::start(start).map_err(|error| Ending::new(Exit::System, error.to_string()))?;
    tokio::task::spawn_local(recorder::watch(platform.clone(), network.clone(), keeper.clone()));
    let archive = Archive::new(&config.data.dir, platform, clocks);
    kiosk::add_jobs(&mut worker, &jobs, platform, workstations, &archive);
    chores::start(worker, platform, &network, keeper);
    Ok(Lookout { network, jobs, settings, state })
}

/// The settings a person made, unless none were kept.
pub(super) fn stored_settings(stored: &[Stored]) -> Option<NetworkSettings> {
    let row = stored.iter().find(|row| row.kind == SETTINGS.id && row.key == b"network")?;
    let settings = NetworkSettings::from_stored(&row.value);
    if settings.is_none() {
        tracing::warn!("the network settings kept on the card cannot be read; those of the configuration count");
    }
    settings
}
