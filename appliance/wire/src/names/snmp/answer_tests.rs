//! Holds the tests of the SNMP answer reader over captured answers.
//! Never sends anything. Called by `cargo test`.

use super::super::{Ask, request};
use super::*;
use crate::names::torture::torture;
extern crate std;
use std::vec::Vec;

/// net-snmp 5.9, captured: the system group and a serial number the agent does not have.
const SYSTEM: &[u8] =
    b"0\x81\xe2\x02\x01\x01\x04\x06public\xa2\x81\xd4\x02\x04Ji\x18k\x02\x01\x00\x02\x01\x000\x81\xc50E\x06\
        \x08+\x06\x01\x02\x01\x01\x01\x00\x049Linux\x20vm\x206.18.44-fc-v657\x20#1\x20SMP\x20PREEMPT_DYNAMIC\x20\
        @0\x20x86_640\x16\x06\x08+\x06\x01\x02\x01\x01\x02\x00\x06\n+\x06\x01\x04\x01\xbf\x08\x03\x02\n0\x0e\x06\
        \x08+\x06\x01\x02\x01\x01\x03\x00C\x02\x02a0\x13\x06\x08+\x06\x01\x02\x01\x01\x05\x00\x04\x07nas.lan0\
        \x1e\x06\x08+\x06\x01\x02\x01\x01\x06\x00\x04\x12\"Rack\x203,\x20basement\"0\r\x06\x08+\x06\x01\x02\x01\
        \x01\x07\x00\x02\x01H0\x10\x06\x0c+\x06\x01\x02\x01/\x01\x01\x01\x01\x0b\x01\x80\x00";

/// net-snmp 5.9, captured: GETBULK of ifPhysAddress, running on into ifAdminStatus.
const BULK: &[u8] =
    b"0c\x02\x01\x01\x04\x06public\xa2V\x02\x04Ji\x18k\x02\x01\x00\x02\x01\x000H0\x0e\x06\n+\x06\x01\x02\x01\
        \x02\x02\x01\x06\x01\x04\x000\x14\x06\n+\x06\x01\x02\x01\x02\x02\x01\x06\x02\x04\x06vM\xd4\xc3T\x8b0\x0f\
        \x06\n+\x06\x01\x02\x01\x02\x02\x01\x07\x01\x02\x01\x010\x0f\x06\n+\x06\x01\x02\x01\x02\x02\x01\x07\x02\
        \x02\x01\x01";

/// A switch: serial number and one forwarding entry.
const SWITCH: &[u8] =
    b"0g\x02\x01\x01\x04\x06public\xa2Z\x02\x01\x07\x02\x01\x00\x02\x01\x000O0\x1b\x06\x0c+\x06\x01\x02\x01\
        /\x01\x01\x01\x01\x0b\x01\x04\x0bCN0A1B2C3D\x200\x16\x06\x0c+\x06\x01\x02\x01/\x01\x01\x01\x01\r\x01\x04\
        \x06J9775A0\x18\x06\x13+\x06\x01\x02\x01\x11\x04\x03\x01\x02RT\x00\x81+\x81M\x81o\x02\x01\x0c";

fn facts(bytes: &[u8]) -> Vec<SnmpFact> {
    Answer::parse(bytes).unwrap().facts().collect()
}

#[test]
fn reads_the_system_group() {
    let answer = Answer::parse(SYSTEM).unwrap();
    assert_eq!((answer.community, answer.id, answer.error), (&b"public"[..], 0x4a69_186b, 0));
    assert_eq!(answer.values().last().unwrap().unwrap().value, Value::Missing);
    assert_eq!(
        facts(SYSTEM),
        [
            SnmpFact::Description("Linux vm 6.18.44-fc-v657 #1 SMP PREEMPT_DYNAMIC @0 x86_64".try_into().unwrap()),
            SnmpFact::ObjectId { text: "1.3.6.1.4.1.8072.3.2.10".try_into().unwrap(), enterprise: Some(8072) },
            SnmpFact::UpTimeCs(609),
            SnmpFact::Name("nas.lan".try_into().unwrap()),
            SnmpFact::Location("\"Rack 3, basement\"".try_into().unwrap()),
            SnmpFact::Services(72),
        ]
    );
}

#[test]
fn reads_interface_addresses_and_leaves_the_empty_one_out() {
    assert_eq!(facts(BULK), [SnmpFact::InterfaceMac { index: 2, mac: Mac([0x76, 0x4d, 0xd4, 0xc3, 0x54, 0x8b]) }]);
}

#[test]
fn reads_a_switch() {
    assert_eq!(
        facts(SWITCH),
        [
            SnmpFact::Serial { index: 1, text: "CN0A1B2C3D".try_into().unwrap() },
            SnmpFact::Model { index: 1, text: "J9775A".try_into().unwrap() },
            SnmpFact::Forwarding { mac: Mac([0x52, 0x54, 0, 0xab, 0xcd, 0xef]), port: 12 },
        ]
    );
}

#[test]
fn refuses_requests_and_other_versions() {
    let asked = request(Ask::Get, 1, b"public", &[at::SYS_NAME]).unwrap();
    assert_eq!(Answer::parse(&asked).unwrap_err(), Malformed::OtherKind);
    let mut v3 = SWITCH.to_vec();
    let version = v3.windows(3).position(|bytes| bytes == [2, 1, 1]).unwrap() + 2;
    v3[version] = 3;
    assert_eq!(Answer::parse(&v3).unwrap_err(), Malformed::OtherKind);
}

#[test]
fn never_panics() {
    torture(&[SYSTEM, BULK, SWITCH], |bytes| {
        if let Ok(answer) = Answer::parse(bytes) {
            assert!(answer.values().count() <= MAX_VALUES);
            assert!(answer.facts().count() <= MAX_VALUES);
        }
    });
}
