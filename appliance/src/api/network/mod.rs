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
//! | `census` | how many devices there were, and how fast one answered, over time |
//! | `conflicts`, `segments`, `sources`, `settings`, `credentials`, `health` | what their names say |
//! | `sheet`, `export`, `import` | devices as a table, out and in |
//! | `live` | the event stream, readiness, metrics |

pub(crate) mod census;
mod check;
mod conflicts;
pub(crate) mod credentials;
mod date;
pub(crate) mod desk;
pub(crate) mod devices;
pub(crate) mod edit;
mod events;
pub(super) mod export;
pub(crate) mod fault;
pub(super) mod filter;
mod health;
pub mod import;
mod latest;
pub(crate) mod live;
mod merge;
pub(crate) mod monitoring;
mod scan;
mod segments;
pub(crate) mod settings;
mod sheet;
mod sources;
mod stats;
mod target;
pub(crate) mod view;
pub(crate) mod wake;

use std::sync::Arc;

pub(crate) use desk::Desk;
pub(crate) use export::{PIECE_BYTES, csv_of, write_item};

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
        census::routes(desk),
        conflicts::routes(desk),
        segments::routes(desk),
        sources::routes(desk),
        settings::routes(desk),
        credentials::routes(desk),
        export::routes(desk),
        import::routes(desk),
        health::routes(desk),
    ];
    groups.into_iter().flatten().collect()
}
