//! Holds tests of `Lan` against a small model of a network: hosts, loss, sleep, sweeps and the answers to probes.
//! Never looks inside the machine: what it tells is compared with what was done to the network. Run by `cargo test`.

mod chaos;
mod days;
mod events;
mod network;
mod places;
mod table;
