//! Holds the page: what a person sees in a browser, made on the server so that it reads without JavaScript.
//! It never decides anything about the network and never writes out a name that has not been escaped.
//! `run` puts its routes into the table.
//!
//! | file | duty |
//! | --- | --- |
//! | `gate`, `frame`, `icon` | who may see a page, what stands around it, its pictures |
//! | `times`, `name`, `strip` | moments, names and the last day of a device, as people read them |
//! | `door`, `trust` | set-up, log-in, log-out, language; how to know the appliance from an impostor |
//! | `overview`, `attention`, `day` | is anything wrong, what to do, how the day went |
//! | `devices`, `filter`, `row` | the list, live |
//! | `many`, `add`, `import` | several devices at once, one added by hand, a list taken in |
//! | `upload` | how a file is taken in: chosen, looked at, confirmed |
//! | `device`, `sheet`, `person`, `month` | one device, and what a person knows of it |
//! | `acts`, `forget`, `pair` | what a person may do with one device, and how it is undone |
//! | `chart` | a curve over time, with its table |
//! | `journal`, `told` | what happened on the network, in words |
//! | `screen` | a screen in a public room, and how it comes in |
//! | `audit` | what people did with the appliance |
//! | `people`, `my_account` | who may log in; the own account |
//! | `kiosk/` | workstations: seats, codes, sessions, people, what the days came to |
//! | `scan`, `system`, `settings`, `settings_draft`, `logs`, `restore` | looking around now; how the appliance itself is, how it works, what it writes, its backup |
//! | `words/` | every text, English and French side by side |

mod acts;
mod add;
mod attention;
mod audit;
mod chart;
mod day;
mod device;
mod devices;
mod door;
mod filter;
mod forget;
mod frame;
mod gate;
mod icon;
mod import;
mod journal;
mod kiosk;
mod logs;
mod many;
mod month;
mod my_account;
mod name;
mod overview;
mod pair;
mod people;
mod person;
mod restore;
mod row;
mod scan;
mod screen;
mod settings;
mod settings_draft;
mod sheet;
mod sources;
mod strip;
mod system;
#[cfg(test)]
mod tests;
mod times;
mod told;
mod trust;
mod upload;
mod words;
mod zone;

use std::sync::Arc;

use crate::api::{Deps, network as api};
use crate::http::route::Route;
use crate::shell::clocks::Clocks;
use crate::shell::keeper::Keeper;
use crate::shell::kiosk::Kiosk;
use crate::shell::network::Network;

/// What every view may ask.
struct House {
    /// What the handlers of the API share: one way to do a thing.
    desk: Arc<api::Desk>,
    /// Lists sent in and not confirmed yet.
    lists: upload::Waiting,
    /// Marks of several devices that can be undone.
    marks: many::Marks,
    /// Backups sent in and not confirmed yet.
    backups: upload::Waiting,
    network: Network,
    /// The workstations, their sessions and people.
    kiosk: Kiosk,
    keeper: Keeper,
    clocks: Arc<Clocks>,
    /// When the service began to serve.
    began: std::time::Instant,
}

/// The routes of the page.
#[must_use]
pub(crate) fn routes(deps: &Deps, desk: &Arc<api::Desk>) -> Vec<Route> {
    let house = Arc::new(House {
        desk: desk.clone(),
        lists: upload::Waiting::of(import::MAX_LISTS),
        marks: many::Marks::default(),
        backups: upload::Waiting::of(restore::MAX_BACKUPS),
        network: deps.network.clone(),
        kiosk: deps.kiosk.clone(),
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
        forget::routes(&house),
        pair::routes(&house),
        many::routes(&house),
        add::routes(&house),
        import::routes(&house),
        journal::routes(&house),
        scan::routes(&house),
        screen::routes(&house),
        system::routes(&house),
        trust::routes(),
        settings::routes(&house),
        zone::routes(&house),
        logs::routes(&house),
        restore::routes(&house),
        people::routes(&house),
        my_account::routes(&house),
        audit::routes(&house),
        kiosk::routes(&house),
    ];
    views.into_iter().flatten().collect()
}
