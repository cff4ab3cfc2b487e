//! Holds the end of the service: who asks for it, and what is still written before it.
//! Never waits longer than the system leaves it. Called by `run` last.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use vigie_core::audit::{Actor, Kind};

use super::base::Base;
use crate::accounts::journal::Act;
use crate::cli::Ending;
use crate::shell::network::Network;

/// What asks to be saved at the end is gathered for this long, twice the time tidings are gathered.
const LAST_SAVES: Duration = Duration::from_millis(300);
/// Of that, changes whose clients have left get so much.
const LAST_CHANGES: Duration = Duration::from_secs(2);
/// How long ending may take in all before it is left to the system.
const ENDING_TIME: Duration = Duration::from_secs(4);

/// When the end was asked for first.
pub(super) type Told = Arc<OnceLock<tokio::time::Instant>>;

/// Waits for SIGTERM or SIGINT.
pub(super) fn until_told_to_stop(stop: watch::Sender<bool>, told: Told) -> Result<impl Future<Output = ()>, Ending> {
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

/// Writes whatever waits; a card that takes nothing must not keep the machine from going down.
pub(super) async fn end(base: &Base, network: &Network, told: &Told) {
    base.platform.events.stop();
    let ending = async {
        // Changes whose clients have left are finished before the log is closed under them.
        let _most = tokio::time::timeout(LAST_CHANGES, base.platform.changes.settled()).await;
        let _ending = network
            .call(|hands| {
                hands.stopping();
            })
            .await;
        base.journal.note(Act::new(Kind::SystemStopped, Actor::System));
        tokio::time::sleep(LAST_SAVES).await;
        base.keeper.stop().await;
    };
    let told = told.get().copied().unwrap_or_else(tokio::time::Instant::now);
    let _in_time = tokio::time::timeout_at(told + ENDING_TIME, ending).await;
    base.recorder.close();
}
