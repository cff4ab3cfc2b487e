//! Holds the routes and sockets of the kiosk: users, workstations, sessions, groups, settings, reports.
//! Never decides: a handler reads the request, visits the room, renders. Called by `api`.
//!
//! | file | duty |
//! | --- | --- |
//! | `fault` | how all of it says no |

#[allow(dead_code, reason = "the routes that say these follow")]
pub(crate) mod fault;
