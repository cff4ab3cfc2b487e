//! Holds tests of `Lan` against a small model of a network: hosts, loss, sleep, sweeps and the answers to probes.
//! Never looks inside the machine: what it tells is compared with what was done to the network. Run by `cargo test`.
//!
//! | file | what |
//! | --- | --- |
//! | `network` | the model |
//! | `comings`, `doubt` | who comes and goes, and when the scanner is to blame |
//! | `addresses`, `names`, `services` | what changes about one device |
//! | `disputes`, `places` | addresses and MACs used twice, and what only looks like it |
//! | `table` | merges, a full table, what is saved |
//! | `days`, `chaos` | whole days, and schedules drawn by lot |

mod addresses;
mod chaos;
mod comings;
mod days;
mod disputes;
mod doubt;
mod names;
mod network;
mod places;
mod services;
mod table;
