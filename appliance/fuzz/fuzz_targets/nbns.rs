//! Holds the fuzz target of NetBIOS: node status, registrations, announcements.
//! Never sends anything. Called by libFuzzer.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vigie_wire::names::nbns::{read_announcement, read_claim, read_status};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(status) = read_status(bytes) {
        assert!(status.computer().is_none_or(|name| (1..=15).contains(&name.len())));
        assert!(status.mac.is_none_or(|mac| mac.is_station()));
    }
    if let Ok(claim) = read_claim(bytes) {
        assert!(claim.name.text.len() <= 15);
    }
    if let Ok(heard) = read_announcement(bytes) {
        assert!(!heard.name.is_empty());
    }
});
