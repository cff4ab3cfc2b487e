//! Holds the tests of the version 3 envelope over messages captured between snmpget and snmpd of net-snmp 5.9.
//! Never checks a signature: the keys are the service's. Called by `cargo test`.

use super::*;
use crate::names::torture::torture;
extern crate std;
use std::vec::Vec;

/// The answer to a discovery: unknown engine, and which it is.
const REPORT: &str = "305F0201033011020455B2EB36020300FFE304010002010304183016040880001F88046C616202010102010204000400\
    0400302D040880001F88046C61620400A81F02044E300B5A0201000201003011300F060A2B060106030F01010400410101";
/// The answer to a request signed with another password.
const WRONG: &str = "305F020103301102046D321430020300FFE3040100020103041B3019040880001F88046C616202010102010204036C6162\
    04000400302A040880001F88046C61620400A81C0201000201000201003011300F060A2B060106030F01010500410101";
/// Signed by SHA-1 and sealed by AES.
const SEALED_ANSWER: &str = "307E0201033011020455B2EB35020300FFE3040103020103042F302D040880001F88046C616202010102010204\
    036C6162040CB19C2B3B3DDC9C8D84B92C4B0408F909502BA617E2ED0435FD6B84E09A5F0784C8C2CAE56D8B5B7E6BA08C607FF7A7F3876A62\
    7A795685446FD40196C67158FC7E87BD2449D32619A226F70541";
/// Signed by SHA-512, open.
const SIGNED_ANSWER: &str = "30819B020103301102043A080779020300FFE3040101020103044E304C040880001F88046C6162020101020102\
    04066C616235313204300BCF9ECD12905208E6CF7291FEC778B0C4F8BA9FD30916201096DA4550D8AC6CA356D7623B4BC8C42CF15F4C4258AAD7\
    04003033040880001F88046C61620400A22502042078A4040201000201003017301506082B06010201010500040973772D636F72652D31";
/// What snmpget sent for that, its signature made zeros.
const SIGNED_REQUEST: &str = "308192020103301102043A080779020300FFE3040105020103044E304C040880001F88046C6162020101020102\
    04066C61623531320430000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000\
    000000000000000004003030040880001F88046C61620400A02202042078A404020100020100300E";

const ENGINE: &[u8] = &[0x80, 0x00, 0x1f, 0x88, 0x04, b'l', b'a', b'b'];

fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> =
        hex.bytes().filter_map(|digit| char::from(digit).to_digit(16)).map(|digit| digit as u8).collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

#[test]
fn reads_who_the_agent_is_from_its_report() {
    let raw = bytes(REPORT);
    let secured = Secured::parse(&raw).unwrap();
    assert_eq!((secured.id, secured.flags, secured.boots, secured.time), (0x55b2_eb36, 0, 1, 2));
    assert_eq!((secured.engine, secured.user, secured.signature), (ENGINE, &[][..], &[][..]));
    assert!(matches!(Scoped::parse(secured.data), Ok(Scoped::Report(Refusal::Engine))));
}

#[test]
fn reads_why_an_agent_refuses() {
    let raw = bytes(WRONG);
    let secured = Secured::parse(&raw).unwrap();
    assert_eq!(secured.user, b"lab");
    assert!(matches!(Scoped::parse(secured.data), Ok(Scoped::Report(Refusal::Signature))));
}

#[test]
fn says_where_the_signature_stands_and_what_is_sealed() {
    let raw = bytes(SEALED_ANSWER);
    let secured = Secured::parse(&raw).unwrap();
    assert_eq!(secured.flags, SIGNED | SEALED);
    assert_eq!(secured.signature.len(), 12);
    assert_eq!(raw[secured.signature_at..][..12], *secured.signature);
    assert_eq!(secured.salt, bytes("F909502BA617E2ED"));
    assert_eq!(secured.data.len(), 0x35);
    assert!(Scoped::parse(secured.data).is_err(), "it is sealed");
}

#[test]
fn reads_an_open_answer() {
    let raw = bytes(SIGNED_ANSWER);
    let secured = Secured::parse(&raw).unwrap();
    let Ok(Scoped::Answer(answer)) = Scoped::parse(secured.data) else { panic!("an answer") };
    let facts: Vec<_> = answer.facts().collect();
    assert_eq!(facts, [super::super::SnmpFact::Name("sw-core-1".try_into().unwrap())]);
    assert_eq!(answer.id, 0x2078_a404);
}

#[test]
fn writes_what_snmpget_writes() {
    let data = scoped(0x2078_a404, ENGINE, &[at::SYS_NAME]).unwrap();
    let envelope =
        Envelope { id: 0x3a08_0779, flags: SIGNED, engine: ENGINE, boots: 1, time: 2, user: b"lab512", salt: &[] };
    let (packet, at) = seal_in(&envelope, &data, 48).unwrap();
    // net-snmp offers 65,507 bytes where we offer 1,472, and writes some lengths longer than needed.
    let mut expected = bytes(SIGNED_REQUEST);
    let most = expected.windows(5).position(|part| part == [2, 3, 0, 0xff, 0xe3]).unwrap();
    expected.splice(most..most + 5, [2, 2, 0x05, 0xc0]);
    expected[2] -= 1; // the message is one byte shorter for it
    expected[7] -= 1; // and so is its header
    assert_eq!(packet[..expected.len() - 60], expected[..expected.len() - 60]);
    assert_eq!(packet[at..at + 48], [0; 48]);
    assert_eq!(packet[at - 2..at], [4, 48]);
    let read = Secured::parse(&packet).unwrap();
    assert_eq!((read.id, read.boots, read.time, read.user), (0x3a08_0779, 1, 2, &b"lab512"[..]));
    assert_eq!(read.signature_at, at);
}

#[test]
fn discovery_names_nobody_and_may_be_answered() {
    let packet = discovery(u32::MAX).unwrap();
    let read = Secured::parse(&packet).unwrap();
    assert_eq!((read.id, read.engine, read.user), (0x7fff_ffff, &[][..], &[][..]));
    assert!(packet.windows(3).any(|part| part == [4, 1, REPORTABLE]));
    let full =
        Envelope { id: 1, flags: 3, engine: &[7; 32], boots: u32::MAX, time: 0, user: &[b'u'; 32], salt: &[1; 8] };
    assert!(seal_in(&full, &scoped_identity(1, &[7; 32]).unwrap(), 48).is_some());
    assert!(seal_in(&full, &[0; 500], 48).is_none());
}

#[test]
fn refuses_other_versions_models_and_lengths_that_lie() {
    for (from, to) in [("3030 0201 03", ""), ("020103", "020101"), ("0201030418", "0201020418")] {
        let raw = if to.is_empty() { bytes(from) } else { bytes(&REPORT.replacen(from, to, 1)) };
        assert!(Secured::parse(&raw).is_err(), "{from}");
    }
    let v2 = super::super::identity(1, b"public").unwrap();
    assert_eq!(Secured::parse(&v2).unwrap_err(), Malformed::OtherKind);
}

#[test]
fn never_panics() {
    let all: Vec<Vec<u8>> = [REPORT, WRONG, SEALED_ANSWER, SIGNED_ANSWER].map(bytes).into();
    torture(&all.iter().map(Vec::as_slice).collect::<Vec<_>>(), |bytes| {
        if let Ok(secured) = Secured::parse(bytes) {
            assert_eq!(
                bytes.get(secured.signature_at..).unwrap().get(..secured.signature.len()),
                Some(secured.signature)
            );
            let _either = Scoped::parse(secured.data);
        }
    });
}
