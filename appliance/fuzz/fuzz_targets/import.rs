//! Holds the fuzz target of the lists of devices a person takes in.
//! Never lets a list make more lines than the table has room for, or a line that neither says what to do nor why not.
//! Called by `run`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vigie::api::network::import::reader::{MAX_LINES, read};
use vigie::http::language::Language;

fuzz_target!(|data: &[u8]| {
    for language in [Language::En, Language::Fr] {
        let Ok(list) = read(data, language) else { continue };
        assert!(list.lines.len() <= MAX_LINES);
        for line in &list.lines {
            assert!(line.is_good || line.remark.is_some(), "{line:?}");
            assert!(!line.is_good || line.mac.is_some() || line.ip.is_some() || line.id.is_some(), "{line:?}");
        }
    }
});
