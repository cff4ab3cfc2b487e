//! Holds the fuzz target of the DNS message reader.
//! Never sends anything. Called by libFuzzer.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vigie_wire::names::dns::{MAX_RECORDS, Message, Name, RData};

/// A name read from the wire obeys RFC 1035 whatever the pointers said.
fn check(name: &Name) {
    assert!(name.octets().len() <= 254);
    assert!(name.labels().all(|label| (1..=63).contains(&label.len())));
    if let Some(ip) = name.to_ip() {
        assert_eq!(Name::reverse(ip).to_ip(), Some(ip));
    }
}

fuzz_target!(|bytes: &[u8]| {
    let Ok(message) = Message::parse(bytes) else { return };
    message.questions().filter_map(Result::ok).for_each(|question| check(&question.name));
    let mut records = 0;
    for record in message.records().filter_map(Result::ok) {
        records += 1;
        check(&record.name);
        match record.data {
            RData::Ptr(name) | RData::Cname(name) | RData::Srv { target: name, .. } => check(&name),
            RData::Txt(strings) => assert!(strings.map(<[u8]>::len).sum::<usize>() <= bytes.len()),
            _ => {}
        }
    }
    assert!(records <= MAX_RECORDS);
});
