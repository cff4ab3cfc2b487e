//! Holds the sweep: what to ask of a segment next, how fast, and what is never asked.
//! Never sends, and never believes: an address that answered is a sighting like any other. Called by the network shell, one
//! [`Sweep`] a segment; sweeps of one segment never overlap.
//!
//! A sweep interleaves three kinds of work under one budget of frames a second: discovery rounds over all addresses,
//! port probes of the hosts found so far, and questions for their names.

mod budget;
mod host;
mod machine;
mod pace;
mod plan;
mod ports;
mod questions;
mod rounds;
mod rtt;
mod scope;

pub use machine::{Action, Actions, Input, Sweep};
pub use pace::{Pace, UnknownPace};
pub use plan::{Known, MAX_SWEEP_PORTS, Means, Plan, PortList, Progress, Report, Work};
pub use scope::{
    Block, BlockError, LARGEST_OWN_PREFIX, LARGEST_PREFIX, MAX_BLOCKS, MAX_EXCLUDED, NotScanned, Targets, TargetsError,
};
