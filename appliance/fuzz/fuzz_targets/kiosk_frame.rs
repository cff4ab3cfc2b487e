//! Holds the fuzz target of the frames that agents and staff send over the kiosk's sockets.
//! Never lets a frame be read differently the second time. Called by `run`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vigie::api::kiosk::socket::frame::try_read;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    assert_eq!(try_read(text), try_read(text));
});
