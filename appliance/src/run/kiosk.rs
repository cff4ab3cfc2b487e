//! Holds how the workstations are started with the rest of the service, and what is told of them in numbers.
//! Never visits the room but to count. Called at start.

use vigie_store::Health;

use super::base::Base;
use super::chores::zone_of;
use crate::config::Config;
use crate::shell::kiosk::{self, Kiosk, Start};

/// Starts them over what the log held. On the local task set of the caller.
pub(super) async fn start(base: &Base, config: &Config) -> Kiosk {
    let Base { platform, keeper, clocks, stored, .. } = base;
    let status = keeper.clone();
    let kiosk = kiosk::start(Start {
        clock: platform.clock.clone(),
        clocks: clocks.clone(),
        zone: zone_of(config),
        key: platform.accounts.key(),
        vault: platform.vault.clone(),
        journal: platform.journal.clone(),
        hub: platform.events.clone(),
        stored,
        folder: Some(config.data.dir.clone()),
        is_storing: Box::new(move || matches!(status.status().health, Health::Good)),
    })
    .await;
    crate::api::kiosk::admit(platform, &kiosk);
    kiosk
}
