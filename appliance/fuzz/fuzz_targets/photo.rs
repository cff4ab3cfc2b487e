//! Holds the fuzz target of the photos that staff takes in: whatever it is, a small JPEG comes out, or nothing.
//! Never lets more be kept than is promised. Called by `run`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vigie::shell::kiosk::{MAX_KEPT_BYTES, shrink};

fuzz_target!(|data: &[u8]| {
    let Ok(kept) = shrink(data) else { return };
    assert!(kept.len() <= MAX_KEPT_BYTES && kept.starts_with(&[0xff, 0xd8, 0xff]));
});
