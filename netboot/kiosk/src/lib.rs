//! Holds the map of the kiosk agent: a program in four parts, each a process of its own, all the same file.
//! It never does anything itself.
//! `main` and the tests enter here.
//!
//! ```text
//! vigie-kiosk run    guard    root; holds the screen, the session and the wipe; reads no byte that came from the network
//!   ├─ work          worker   no rights; speaks with the appliance, counts, draws, reads the keyboard
//!   └─ hold          holder   first process of the session's own place: mounts, reaps, starts the program
//!        └─ become   the person's program, as a user of its own
//! ```
//!
//! Whoever dies takes down what must not be without it. Without the worker the guard freezes the session and shows the
//! locked screen; a worker that comes back goes on with the count that was kept. Without the guard the kernel ends the
//! holder, and with it every process of the session.
#![forbid(unsafe_code)]

pub mod cli;
pub mod config;
pub mod guard;
pub mod link;
pub mod screen;
pub mod session;
pub mod state;
pub mod words;
pub mod worker;
