//! Holds the fuzz target of SSDP messages and of the places they name.
//! Never sends anything. Called by libFuzzer.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vigie_wire::names::{location::Location, ssdp};

fuzz_target!(|bytes: &[u8]| {
    let heard = ssdp::read(bytes).ok().and_then(|heard| heard.location);
    for location in heard.into_iter().chain(Location::parse(bytes)) {
        assert!(location.port > 0 && location.path.starts_with('/'));
        assert!(location.path.bytes().all(|byte| byte.is_ascii_graphic()));
    }
});
