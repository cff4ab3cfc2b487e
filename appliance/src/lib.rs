//! Holds the map of the house: what the appliance is made of.
//! It never does anything itself.
//! `main` and the tests enter here.
#![forbid(unsafe_code)]

pub mod accounts;
pub mod api;
pub mod cli;
pub mod config;
pub mod http;
pub(crate) mod jobs;
pub mod page;
pub mod recorder;
pub mod run;
pub mod shell;
