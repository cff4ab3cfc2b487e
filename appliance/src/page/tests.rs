//! Holds the tests of whole views, over a real server and engine without sockets.
//! It never reaches a network.
//! `cargo test` runs it.

pub(super) mod bench;
mod devices;
mod door;
mod lists;
mod system;
