//! Holds the fuzz target of SNMP answers.
//! Never sends anything. Called by libFuzzer.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vigie_wire::names::snmp::{Answer, Oid, Scoped, Secured, SnmpFact};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(answer) = Answer::parse(bytes) {
        assert!(answer.values().count() <= 128);
        for fact in answer.facts() {
            if let SnmpFact::InterfaceMac { mac, .. } | SnmpFact::Forwarding { mac, .. } = fact {
                assert!(mac.is_station());
            }
        }
    }
    if let Ok(secured) = Secured::parse(bytes) {
        let end = secured.signature_at + secured.signature.len();
        assert_eq!(bytes.get(secured.signature_at..end), Some(secured.signature));
        let _either = Scoped::parse(secured.data);
    }
    let _opened = Scoped::parse(bytes);
    if let Ok(oid) = Oid::new(bytes) {
        assert!((2..=129).contains(&oid.arcs().count()));
    }
});
