//! Holds the proof of the kiosk machines: a world of one desk, some seats and a bad network, and the invariants it keeps.
//! Never waits and never draws from the system: a failure names its seed and replays. `cargo test` runs it.

mod scenes;
mod schedules;
mod world;
