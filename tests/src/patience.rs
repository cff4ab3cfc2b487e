//! Holds waiting for something to become true, with a bound and with the last look in the words of the failure.
//! Never waits for a fixed time. Called by tests and by whatever starts something.

use std::fmt::Display;
use std::thread;
use std::time::{Duration, Instant};

/// Between two looks: short against every deadline, long against the cost of a request.
const LOOK_EVERY: Duration = Duration::from_millis(150);

/// Looks until there is something, and gives it.
///
/// # Panics
/// After `within`, with what was waited for and what the last look saw instead.
pub fn eventually<T, E: Display>(what: &str, within: Duration, mut look: impl FnMut() -> Result<T, E>) -> T {
    let began = Instant::now();
    loop {
        match look() {
            Ok(found) => return found,
            Err(instead) if began.elapsed() > within => panic!("{what}: not within {within:?}; last seen: {instead}"),
            Err(_) => thread::sleep(LOOK_EVERY),
        }
    }
}

/// `Ok` when it is so, else what is so instead.
///
/// # Errors
/// When it is not so.
pub fn check(is_so: bool, instead: impl Display) -> Result<(), String> {
    if is_so { Ok(()) } else { Err(instead.to_string()) }
}
