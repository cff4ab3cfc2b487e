//! Holds the fuzz target of the configuration file.
//! Never accepts what its own explanation cannot tell.
//! Called by `run`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vigie::config::{Layer, read, resolve};

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    match read("vigie.toml", text) {
        Err(refused) => assert!(!refused.0.is_empty() && refused.0.iter().all(|line| !line.is_empty())),
        Ok(layer) => {
            let none = Layer::default();
            match resolve(&none, &none, &none, &layer) {
                Err(refused) => assert!(!refused.0.is_empty()),
                Ok(effective) => assert!(effective.explain().contains("data")),
            }
        }
    }
});
