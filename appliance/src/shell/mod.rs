//! Holds the shells: what turns the machines of `core` into sockets, timers and records, one folder a machine.
//! Never decides what the machines decide, and never renders for people. Started by `run`.

pub(crate) mod broker;
pub mod clocks;
pub(crate) mod dns;
pub mod keeper;
pub mod kiosk;
pub mod network;
pub mod partition;
pub mod rights;
pub(crate) mod syslog;
pub mod tasks;
pub(crate) mod written;
pub mod zone;
