//! Holds the tests of the whole HTTP side: limits, guard, access, answers, events, over connections that are pipes.
//! It never opens a network socket but one on loopback, and never sleeps: the time is tokio's paused one.
//! `cargo test` runs it.

mod bench;
mod connections;
mod rules;
mod secure;
mod streams;
