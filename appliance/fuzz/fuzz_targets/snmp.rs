//! Holds the fuzz target of SNMP answers.
//! Never sends anything. Called by libFuzzer.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vigie_wire::names::snmp::{Answer, Oid, SnmpFact};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(answer) = Answer::parse(bytes) {
        assert!(answer.values().count() <= 128);
        for fact in answer.facts() {
            if let SnmpFact::InterfaceMac { mac, .. } | SnmpFact::Forwarding { mac, .. } = fact {
                assert!(mac.is_station());
            }
        }
    }
    if let Ok(oid) = Oid::new(bytes) {
        assert!((2..=129).contains(&oid.arcs().count()));
    }
});
