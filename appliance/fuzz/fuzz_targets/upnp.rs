//! Holds the fuzz target of UPnP descriptions.
//! Never fetches anything. Called by libFuzzer.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vigie_wire::names::upnp;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(found) = upnp::read(bytes) {
        assert!(!(found.friendly_name.is_empty() && found.model_name.is_empty() && found.udn.is_empty()));
        assert!(!found.friendly_name.chars().any(char::is_control));
    }
});
