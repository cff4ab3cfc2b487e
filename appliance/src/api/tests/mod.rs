//! Holds the tests of the API: requests go through a whole connection to a real engine and store.
//! Never tests a handler by calling it. `cargo test` runs it.

pub(crate) mod bench;
mod description;
mod devices;
mod history;
mod import;
mod scans;
mod watch;
