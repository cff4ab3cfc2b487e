//! Holds what programs and the page may ask of the appliance over HTTP, one folder or file an area.
//! Never decides: a handler reads the request, visits the owner of what is asked for, renders. Called by `run`.
//!
//! | part | duty |
//! | --- | --- |
//! | `network/` | devices on the LAN, scans, conflicts, settings: `/api/network/v2` |
//! | `accounts/` | accounts, sessions, the own account: `/api/accounts` |
//! | `logs/` | the journal of what people did: `/api/logs` |
//! | `kiosk/` | users, workstations, sessions: `/api/utilisateurs`, `/api/postes`, `/api/sessions`, `/ws/sessions` |
//! | `screen` | what a screen in a public room may show: `/api/screen` |
//! | `machines` | the list of machines older programs read: `/machines` |
//! | `backup` | what people entered, out as one document and back in: `/api/system/backup` |
//! | `jobs` | what runs by the clock or when asked: `/api/system/jobs` |
//! | `zone` | the zone in which hours and days are meant: `/api/system/zone` |
//! | `table` | devices as text for a terminal: `vigie scan` |

pub(crate) mod accounts;
pub(crate) mod backup;
pub(crate) mod jobs;
pub mod kiosk;
pub(crate) mod logs;
pub(crate) mod machines;
pub mod network;
pub(crate) mod screen;
pub(crate) mod table;
pub(crate) mod zone;

use std::sync::Arc;

use crate::config::NetworkSettings;
use crate::http::route::Route;
use crate::shell::clocks::Clocks;
use crate::shell::keeper::Keeper;
use crate::shell::kiosk::Kiosk;
use crate::shell::network::Network;

/// What the routes are made over.
#[derive(Clone)]
pub(crate) struct Deps {
    /// The way to the engine.
    pub(crate) network: Network,
    /// The store.
    pub(crate) keeper: Keeper,
    /// The dates of moments.
    pub(crate) clocks: Arc<Clocks>,
    /// The settings the network was started with.
    pub(crate) settings: NetworkSettings,
    /// Environment variables that win over these settings at every start.
    pub(crate) fixed: Vec<String>,
    /// What the live stream keeps; the listener of the network writes it.
    pub(crate) state: Arc<network::live::State>,
    /// The way to the workstations, their sessions and people.
    pub(crate) kiosk: Kiosk,
}

/// What the handlers of the API share, and the page with them.
#[must_use]
pub(crate) fn desk(deps: &Deps) -> Arc<network::Desk> {
    Arc::new(network::Desk::new(deps))
}

/// The routes of the whole API. Within a runtime this also starts the task that keeps readiness and metrics fresh.
pub(crate) fn routes(deps: &Deps, desk: &Arc<network::Desk>) -> Vec<Route> {
    if let Ok(runtime) = tokio::runtime::Handle::try_current() {
        runtime.spawn(network::live::keep_looking(deps.network.clone(), deps.state.clone()));
    }
    let mut routes = network::routes(desk);
    routes.extend(machines::routes(desk));
    routes.extend(accounts::routes());
    routes.extend(logs::routes(&desk.clocks));
    routes.extend(screen::routes(desk));
    routes.extend(backup::routes(desk));
    routes.extend(zone::routes(desk));
    routes.extend(kiosk::routes(deps));
    routes
}

#[cfg(test)]
mod tests;
