//! Holds the page: what a person sees in a browser, made on the server so that it reads without JavaScript.
//! It never decides anything about the network and never writes out a name that has not been escaped.
//! `run` puts its routes into the table.
//!
//! | file | duty |
//! | --- | --- |
//! | `gate`, `frame`, `icon` | who may see a page, what stands around it, its pictures |
//! | `times`, `name`, `strip` | moments, names and the last day of a device, as people read them |
//! | `door` | set-up, log-in, log-out, language |
//! | `overview`, `attention`, `day` | is anything wrong, what to do, how the day went |
//! | `devices`, `filter`, `row` | the list, live |
//! | `device`, `sheet`, `person`, `acts` | one device, and what a person may do with it |
//! | `journal`, `told` | what happened on the network, in words |
//! | `audit` | what people did with the appliance |
//! | `people`, `my_account` | who may log in; the own account |
//! | `scan`, `system` | looking around now; how the appliance itself is |
//! | `words/` | every text, English and French side by side |

mod acts;
mod attention;
mod audit;
mod day;
mod device;
mod devices;
mod door;
mod filter;
mod frame;
mod gate;
mod icon;
mod journal;
mod my_account;
mod name;
mod overview;
mod people;
mod person;
mod row;
mod scan;
mod sheet;
mod strip;
mod system;
#[cfg(test)]
mod tests;
mod times;
mod told;
mod words;

use std::sync::Arc;

use crate::api::Deps;
use crate::http::route::Route;
use crate::shell::clocks::Clocks;
use crate::shell::keeper::Keeper;
use crate::shell::network::Network;

/// What every view may ask.
struct House {
    network: Network,
    keeper: Keeper,
    clocks: Arc<Clocks>,
    /// When the service began to serve.
    began: std::time::Instant,
}

/// The routes of the page.
#[must_use]
pub(crate) fn routes(deps: &Deps) -> Vec<Route> {
    let house = Arc::new(House {
        network: deps.network.clone(),
        keeper: deps.keeper.clone(),
        clocks: deps.clocks.clone(),
        began: std::time::Instant::now(),
    });
    let views = [
        door::routes(),
        overview::routes(&house),
        devices::routes(&house),
        device::routes(&house),
        acts::routes(&house),
        journal::routes(&house),
        scan::routes(&house),
        system::routes(&house),
        people::routes(&house),
        my_account::routes(&house),
        audit::routes(&house),
    ];
    views.into_iter().flatten().collect()
}
