//! Holds the HTTP side of the appliance: listener, limits, guard, routes, problems, events.
//! It never decides anything about the product and never touches the operating system beyond sockets.
//! `run` starts a [`listener::Server`]; every area brings its routes as a `Vec<Route>`.
//!
//! The way of a request: `listener` (a seat) → `tls` (a handshake) → `stall` (patience) → `dispatch` (guard, `plain`, route,
//! caller, body) → handler → `reply` or `problem` → security fields → client.

pub mod access;
pub mod assets;
pub mod body;
pub mod budget;
pub mod call;
pub mod changes;
pub mod context;
pub mod dispatch;
pub mod etag;
pub mod events;
pub mod guard;
pub mod idempotency;
pub mod intake;
pub mod json;
pub mod language;
pub mod limits;
pub mod list;
pub mod listener;
pub mod logs;
pub mod metrics;
pub mod multipart;
pub mod openapi;
pub mod plain;
pub mod problem;
mod range;
pub mod reply;
pub mod route;
pub mod stall;
pub mod supervision;
pub mod system;
pub mod tls;

use std::sync::Arc;

use self::context::Platform;
use self::route::{BadTable, Route, RouteTable};

/// Builds the whole table: the platform's own routes and those of the areas.
///
/// # Errors
/// When two routes are on one place: a mistake in the program.
pub fn build_table(platform: &Arc<Platform>, areas: Vec<Vec<Route>>) -> Result<Arc<RouteTable>, BadTable> {
    let (description, own) = openapi::routes();
    let mut routes = own;
    routes.extend(system::routes());
    routes.extend(supervision::routes());
    routes.extend(access::routes());
    routes.extend(tls::routes::routes());
    routes.extend(events::stream::routes());
    routes.extend(events::socket::routes());
    routes.extend(assets::routes());
    routes.extend(areas.into_iter().flatten());
    let table = Arc::new(RouteTable::build(routes)?);
    description.describe(&table);
    system::collect(platform);
    Ok(table)
}

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
