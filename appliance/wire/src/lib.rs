//! Holds what the bytes on a network mean: parsers and builders for each protocol Vigie listens to or speaks.
//! Never decides anything, never opens a socket, never reads a clock, never allocates without a bound.
//! Called by `vigie-core` (types only) and by the shell of the service, which owns the sockets.
#![no_std]
#![forbid(unsafe_code)]
#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic))]

pub mod addr;
pub mod link;
pub mod names;

pub use addr::Mac;
