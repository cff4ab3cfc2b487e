//! Holds the fuzz target of X.509 names.
//! Never verifies anything. Called by libFuzzer.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vigie_wire::names::banner::cert;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(names) = cert::read(bytes) {
        assert!(names.dns_names.iter().all(|name| !name.is_empty()));
        assert!(!names.self_issued || names.subject == names.issuer);
    }
});
