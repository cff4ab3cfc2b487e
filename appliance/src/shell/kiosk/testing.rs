//! Holds a kiosk for tests of whatever stands on it: no card, or a folder, and a clock that is driven by hand.
//! Never part of the service.

use std::sync::Arc;

use super::{Kiosk, Start, start};
use crate::accounts::clock::Clock;
use crate::http::context::Platform;
use crate::shell::clocks::Clocks;

/// A kiosk over a platform, with nothing stored. Within a local task set.
pub(crate) async fn kiosk(platform: &Platform, clocks: &Arc<Clocks>) -> Kiosk {
    over(platform, clocks, platform.clock.clone()).await
}

/// The same with a clock of its own.
pub(crate) async fn over(platform: &Platform, clocks: &Arc<Clocks>, clock: Arc<dyn Clock>) -> Kiosk {
    start(Start { clock, ..alone(platform, clocks) }).await
}

/// What a kiosk starts with when nothing is stored, nor ever will be.
pub(crate) fn alone(platform: &Platform, clocks: &Arc<Clocks>) -> Start<'static> {
    Start {
        clock: platform.clock.clone(),
        clocks: clocks.clone(),
        zone: platform.zone.clone(),
        key: platform.accounts.key(),
        vault: platform.vault.clone(),
        journal: platform.journal.clone(),
        hub: platform.events.clone(),
        stored: &[],
        folder: None,
        french: Box::new(|| None),
        is_storing: Box::new(|| true),
    }
}
