//! Holds the fuzz target of everything that comes back from the card in a form of ours: accounts, devices, settings.
//! Never lets a rotten record be more than refused, or a good one change by being read and written.
//! Called by `run`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vigie::accounts::record::AccountRecord;
use vigie::config::NetworkSettings;
use vigie_core::lan::{Change, DeviceRecord};

fuzz_target!(|data: &[u8]| {
    let Some((which, bytes)) = data.split_first() else { return };
    match which % 4 {
        0 => {
            if let Some(record) = AccountRecord::from_bytes(bytes) {
                let again = AccountRecord::from_bytes(&record.to_bytes()).expect("what was written can be read");
                assert_eq!(again.to_bytes(), record.to_bytes());
                let _ = record.role();
            }
        }
        1 => round_trip::<DeviceRecord>(bytes),
        2 => round_trip::<Change>(bytes),
        _ => {
            // Settings are kept as JSON.
            if let Ok(settings) = serde_json::from_slice::<NetworkSettings>(bytes) {
                let written = serde_json::to_vec(&settings).expect("what was read can be written");
                assert_eq!(serde_json::from_slice::<NetworkSettings>(&written).expect("and read"), settings);
            }
        }
    }
});

fn round_trip<T: serde::Serialize + serde::de::DeserializeOwned>(bytes: &[u8]) {
    let Ok(value) = postcard::from_bytes::<T>(bytes) else { return };
    let written = postcard::to_allocvec(&value).expect("what was read can be written");
    let again: T = postcard::from_bytes(&written).expect("what was written can be read");
    assert_eq!(postcard::to_allocvec(&again).expect("and again"), written);
}
