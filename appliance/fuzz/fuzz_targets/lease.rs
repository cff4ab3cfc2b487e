//! Holds the fuzz target of the lease file of dnsmasq.
//! Never reads a file. Called by libFuzzer.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vigie_wire::names::lease::read_lease;

fuzz_target!(|bytes: &[u8]| {
    for line in bytes.split(|byte| *byte == b'\n') {
        if let Ok(Some(lease)) = read_lease(line) {
            assert!(lease.mac.is_none_or(|mac| mac.is_station()));
            assert!(!lease.ip.is_multicast() && !lease.ip.is_loopback() && !lease.ip.is_unspecified());
            assert!(lease.client.len() % 2 == 0);
        }
    }
});
