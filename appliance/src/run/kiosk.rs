//! Holds how the workstations are started with the rest of the service, and what is told of them in numbers.
//! Never visits the room but to count. Called at start.

use std::sync::Arc;

use vigie_store::Health;

use crate::config::Config;
use crate::http::context::Platform;
use crate::jobs::calendar::zone;
use crate::shell::clocks::Clocks;
use crate::shell::keeper::{Keeper, Stored};
use crate::shell::kiosk::{self, Kiosk, Start};

/// Starts them over what the log held. On the local task set of the caller.
pub(super) async fn start(
    platform: &Arc<Platform>,
    config: &Config,
    keeper: &Keeper,
    clocks: &Arc<Clocks>,
    stored: &[Stored],
) -> Kiosk {
    let status = keeper.clone();
    let kiosk = kiosk::start(Start {
        clock: platform.clock.clone(),
        clocks: clocks.clone(),
        // The configuration was checked with the same reader.
        zone: zone(&config.system.zone).unwrap_or(jiff::tz::TimeZone::UTC),
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
