//! Holds the broker: the one process with rights, which opens what needs them and watches over the service that has none.
//! Never parses what comes from the network, never runs a thread, and grants nothing beyond what it was told at its start.
//! Called by `vigie run` before anything else; the service, its child, calls [`Client`].
//!
//! ```text
//! vigie run    broker    opens raw sockets and listening ports on request, feeds the watchdog, starts the service again
//!    └─ vigie serve      everything else: no capabilities, another user, Landlock, seccomp
//! ```
//!
//! The service is the same program, executed afresh (`/proc/self/exe`), and not merely a fork: each start gets an address
//! space of its own, so that what one crash gave away of it is worth nothing to the next attempt, and nothing of the
//! broker's memory is in it.
//!
//! Between the two is a socket pair that keeps the borders of messages. What goes over it has a fixed layout and a bound
//! (`frame`); descriptors travel beside it. The broker reads plain numbers from it, and compares them with its own lists.

mod channel;
mod child;
mod client;
mod frame;
mod grants;
mod serve;
mod watch;

pub use client::Client;
pub use frame::{Cause, Ending, Greeting, MAX_ENDINGS, MAX_TASKS, TaskAge};
pub use serve::{Plan, run};
pub use watch::{CRASHES_TOLD, LONGEST_LIMIT};

/// The descriptor under which the service finds its end of the socket pair.
pub const CHILD_DESCRIPTOR: i32 = 3;
