//! Holds the fuzz target of access tokens.
//! Never lets one pass that the device's key has not signed as it stands.
//! Called by `run`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vigie::accounts::role::Role;
use vigie::accounts::token::{DeviceKey, open, sign};

fuzz_target!(|data: &[u8]| {
    let key = DeviceKey::from_seed(&[7; 32]);
    if let Ok(text) = std::str::from_utf8(data) {
        assert!(open(&key, text).is_none(), "a stranger made a token");
    }
    // A good token with something changed in it.
    let good = sign(&key, 1, Role::Viewer, "jti", None, std::time::Duration::from_secs(600));
    assert!(open(&key, &good).is_some());
    let mut bytes = good.clone().into_bytes();
    for change in data.chunks_exact(3).take(4) {
        let at = usize::from(u16::from_le_bytes([change[0], change[1]])) % bytes.len();
        bytes[at] = change[2];
    }
    if let Ok(text) = String::from_utf8(bytes) {
        assert!(text == good || open(&key, &text).is_none(), "{text}");
    }
});
