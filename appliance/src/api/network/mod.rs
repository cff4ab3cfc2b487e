//! Holds the network's part of the API, one file a group of routes.
//! Never decides and never touches a socket: it reads requests, visits the network shell, renders. Called by `api`.
//!
//! | file | duty |
//! | --- | --- |
//! | `view/` | how things look in JSON |
//! | `desk`, `fault` | what handlers share; how they say no |
//! | `devices`, `filter`, `edit`, `merge` | the list, one device, what a person says of it, one out of two |
//! | `check`, `wake` | ask or wake a device now |
//! | `events`, `date` | changes: history of all, and of one device |
//! | `scan`, `target`, `monitoring`, `stats` | sweeps, how the network is watched, numbers |
//! | `conflicts`, `segments`, `settings`, `credentials`, `health` | what their names say |
//! | `sheet`, `export`, `import` | devices as a table, out and in |
//! | `live` | the event stream, readiness, metrics |

mod check;
mod conflicts;
pub(crate) mod credentials;
mod date;
pub(crate) mod desk;
mod devices;
mod edit;
mod events;
mod export;
mod fault;
mod filter;
mod health;
mod import;
pub(crate) mod live;
mod merge;
pub(crate) mod monitoring;
mod scan;
mod segments;
mod settings;
mod sheet;
mod stats;
mod target;
pub(crate) mod view;
mod wake;

use std::sync::Arc;

pub(crate) use desk::Desk;

use crate::http::route::Route;

/// Where these routes are.
const BASE: &str = "/api/network/v2";

/// The routes of the network.
pub(crate) fn routes(desk: &Arc<Desk>) -> Vec<Route> {
    let groups = [
        devices::routes(desk),
        edit::routes(desk),
        merge::routes(desk),
        check::routes(desk),
        wake::routes(desk),
        events::routes(desk),
        scan::routes(desk),
        monitoring::routes(desk),
        stats::routes(desk),
        conflicts::routes(desk),
        segments::routes(desk),
        settings::routes(desk),
        credentials::routes(desk),
        export::routes(desk),
        import::routes(desk),
        health::routes(desk),
    ];
    groups.into_iter().flatten().collect()
}
