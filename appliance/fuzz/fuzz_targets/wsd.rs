//! Holds the fuzz target of WS-Discovery, and with it of the XML scanner.
//! Never sends anything. Called by libFuzzer.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vigie_wire::names::{wsd, xml};

fuzz_target!(|bytes: &[u8]| {
    let mut scanner = xml::Scanner::new(bytes);
    let mut open = 0usize;
    while let Ok(Some(token)) = scanner.advance() {
        match token {
            xml::Token::Start(_) => open += 1,
            xml::Token::End(_) => open -= 1,
            xml::Token::Text(_) | xml::Token::CData(_) => {}
        }
        assert_eq!(open, scanner.depth());
    }
    let _answer = wsd::read(bytes, |_, endpoint| {
        assert!(!endpoint.address.is_empty());
        let name = endpoint.onvif_scope("name");
        assert!(name.is_none_or(|name| !name.chars().any(char::is_control)));
    });
});
