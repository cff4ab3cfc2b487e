//! Holds the kiosk's part of the API, one file a group of routes, and its sockets.
//! Never decides: a handler reads the request, visits the room, renders. Called by `api`.
//!
//! | file | duty |
//! | --- | --- |
//! | `desk`, `fault` | what handlers share, and the rule about single objects; how they say no |
//! | `view/` | how things look in JSON |
//! | `users`, `photo` | the people who use workstations: `/api/utilisateurs` |
//! | `stations`, `groups`, `enrolment`, `messages` | workstations: `/api/postes` |
//! | `sessions`, `acts` | sessions and codes, and what is done with them: `/api/sessions` |
//! | `settings`, `reports` | what a site chooses: `/api/kiosk/settings`; what a day came to: `/api/reports` |
//! | `beat`, `gate` | how a heartbeat is read; how often strangers may knock |
//! | `socket/` | frames for agents and staff: `/ws/sessions` |
//!
//! | role | users | codes, sessions | workstations | groups, settings | journal |
//! | --- | --- | --- | --- | --- | --- |
//! | admin | all | all | all | all | all |
//! | operator | create, consent, photo, export | all, to a day's share | service, messages, enrolment | view | own acts |
//! | viewer | initials | view | view | view | pseudonyms |
//! | agent | - | codes at its seat, its session | its own heartbeat and view | - | - |

pub(crate) mod acts;
mod beat;
mod desk;
mod enrolment;
pub(crate) mod fault;
mod gate;
mod groups;
mod messages;
mod photo;
mod reports;
pub(crate) mod sessions;
mod settings;
pub mod socket;
mod stations;
#[cfg(test)]
mod tests;
mod users;
pub(crate) mod view;

use self::desk::Desk;
use super::Deps;
use crate::http::context::Platform;
use crate::http::route::Route;
use crate::shell::kiosk::Kiosk;

/// Lets workstations in at the door by their own tokens.
pub(crate) fn admit(platform: &Platform, kiosk: &Kiosk) {
    let kiosk = kiosk.clone();
    platform.admit_stations(move |token| kiosk.open_token(token).map(|seat| seat.station.0));
}

/// The routes of the kiosk.
pub(crate) fn routes(deps: &Deps) -> Vec<Route> {
    let desk = Desk::new(deps);
    let groups = [
        users::routes(&desk),
        photo::routes(&desk),
        stations::routes(&desk),
        groups::routes(&desk),
        enrolment::routes(&desk),
        messages::routes(&desk),
        sessions::routes(&desk),
        acts::routes(&desk),
        settings::routes(&desk),
        reports::routes(&desk),
        socket::routes(&desk),
    ];
    groups.into_iter().flatten().collect()
}
