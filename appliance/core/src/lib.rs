//! Holds what the product decides: sans-IO state machines for the network, and later cameras, kiosk and audit.
//! Never opens a socket, reads a clock, draws a random number or writes JSON: time, randomness and input are arguments.
//! Called by the shells of the service, by the kiosk agent, and by tests that run a year in a second.
//!
//! Every machine has one shape:
//!
//! ```ignore
//! pub fn on(&mut self, now: Instant, input: Input<'_>, out: &mut Actions);  // Actions: a bounded collection
//! pub fn next_wake(&self) -> Option<Instant>;
//! ```
//!
//! The shell waits for input or `next_wake`, calls `on`, and carries out the actions in one `match`.
#![no_std]
#![forbid(unsafe_code)]
#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic))]

extern crate alloc;

pub mod audit;
pub mod kiosk;
pub mod lan;
pub mod limits;
pub mod moment;
pub mod order;
pub mod table;
pub mod text;

pub use embassy_time::{Duration, Instant};
pub use moment::Moment;
pub use text::Text;
pub use vigie_wire::Mac;
