//! Holds the tests of the certificate reader over certificates made with OpenSSL.
//! Never checks a signature. Called by `cargo test`.

use super::*;
use crate::names::torture::torture;
extern crate std;

/// `openssl req -x509`, P-256: self-signed, as a NAS makes one.
const SELF_SIGNED: &[u8] =
    b"0\x82\x01\xe70\x82\x01\x8d\xa0\x03\x02\x01\x02\x02\x14\x18\x84J\xe9KL\x9b|\x05u\x9a8\xd9\x94\x80\xd7u\
        \x20RR0\n\x06\x08*\x86H\xce=\x04\x03\x020,1\x160\x14\x06\x03U\x04\n\x0c\rSynology\x20Inc.1\x120\x10\x06\
        \x03U\x04\x03\x0c\x09nas.local0\x1e\x17\r261121032906Z\x17\r361118032906Z0,1\x160\x14\x06\x03U\x04\n\x0c\
        \rSynology\x20Inc.1\x120\x10\x06\x03U\x04\x03\x0c\x09nas.local0Y0\x13\x06\x07*\x86H\xce=\x02\x01\x06\x08\
        *\x86H\xce=\x03\x01\x07\x03B\x00\x04:\x9d\xfb\xb4\xc6\xcf{\xfc\xc0\x87h\x1e\x0e\x8e\xc4?\x88\x97;l\xf8\
        \xfe\xb1(\x9fF\xbdf\x0e\x96\xfb\xc26\xee\x8e\x16t\xe2p\xce\x99\xa4\x8b\x11\xf2\xb3\xed\x1d\xbd:Da\x10\
        i?\xbfG\xf1\xc37\x09\xb9\x9d\x9c\xa3\x81\x8c0\x81\x890\x1d\x06\x03U\x1d\x0e\x04\x16\x04\x14\x07\x08.-\
        *[\xf0\xda\x90\x94\xf1u\x07\x18@\xb1g0\xf6\x980\x1f\x06\x03U\x1d#\x04\x180\x16\x80\x14\x07\x08.-*[\xf0\
        \xda\x90\x94\xf1u\x07\x18@\xb1g0\xf6\x980\x0f\x06\x03U\x1d\x13\x01\x01\xff\x04\x050\x03\x01\x01\xff06\
        \x06\x03U\x1d\x11\x04/0-\x82\x09nas.local\x82\x03nas\x87\x04\xc0\xa8\x01\x14\x87\x10\xfd\x00\x00\x00\x00\
        \x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x20\x81\x03a@b0\n\x06\x08*\x86H\xce=\x04\x03\x02\x03H\x000E\x02\
        \x203\x17\xff:\x19\xf2U\x8a\xd3\xa0\xdd\xd5R\x105\x1f\xd0!}\"\x85\x06\xff\\!X\x1d\xa8F\xac+\xb6\x02!\x00\
        \xb3\x19\x15\xc5h\xc5\xd7j\xa2\xae\xda\xdd\\\xdc\\\nW)\x82\x90\xab@\x1f;\xae\xec*\xb8\x89N\x00\x01";

/// A camera's, version 1, issued by its maker.
const ISSUED: &[u8] =
    b"0\x82\x01\x860\x82\x01,\x02\x14iYC{\x18\xd5i\xe9\xa4\xa9\xc5X\x90<\"H\x8fj\xfa\x940\n\x06\x08*\x86H\xce\
        =\x04\x03\x02051\x0b0\x09\x06\x03U\x04\x06\x13\x02CN1\x120\x10\x06\x03U\x04\n\x0c\x09HIKVISION1\x120\x10\
        \x06\x03U\x04\x03\x0c\x09Device\x20CA0\x1e\x17\r261121032906Z\x17\r361118032906Z0V1\x180\x16\x06\x03U\
        \x04\x03\x0c\x0fCam\xc3\xa9ra\x20entr\xc3\xa9e1,0*\x06\x03U\x04\x05\x13#DS-2CD2043G2-I20210903AAWRG12\
        3456781\x0c0\n\x06\x03U\x04\x0b\x0c\x03IPC0Y0\x13\x06\x07*\x86H\xce=\x02\x01\x06\x08*\x86H\xce=\x03\x01\
        \x07\x03B\x00\x04\xb8\x18{\xc3\x99)W\xb0\xcds\x8cqEg\xe1\xbd>\xd5\"~\x7f\xda\x1e|\xcd2\xcfM\xaf\x1e\xd3\
        \xa3\x85\xe1%o\x11\x89\xd2{\xfa\xc6\x81\xa7\xa2*\xe1\x90\x02\x8cP3\xe3\x0f\xc7\xaa\xfc\x03Z\x0f\xf2\xcc\
        \xf3l0\n\x06\x08*\x86H\xce=\x04\x03\x02\x03H\x000E\x02!\x00\x97\xf6h\x8dQ<\xaad\\\x1c6\xbf[/\x85GjAL'\
        \xe8\xa4\x1f>\xa5t\xcc%\xa4\xa8b\xd6\x02\x20C\xf4=\xb0\x89\x1a$\x8b[l:\xder!\x09OoK\xc4\x87\xd34\x06\x90\
        \xc6\xc6\x83-\x93vP\xff";

#[test]
fn reads_a_self_signed_certificate() {
    let names = read(SELF_SIGNED).unwrap();
    assert!(names.self_issued);
    assert_eq!(
        (names.subject.common_name.as_str(), names.subject.organization.as_str()),
        ("nas.local", "Synology Inc.")
    );
    assert_eq!(names.dns_names, ["nas.local", "nas"]);
    assert_eq!(names.ips, ["192.168.1.20".parse::<IpAddr>().unwrap(), "fd00::20".parse().unwrap()]);
}

#[test]
fn reads_an_issued_certificate_without_extensions() {
    let names = read(ISSUED).unwrap();
    assert!(!names.self_issued);
    assert_eq!(names.subject.common_name, "Caméra entrée");
    assert_eq!(names.subject.serial_number, "DS-2CD2043G2-I20210903AAWRG12345678");
    assert_eq!(names.subject.unit, "IPC");
    assert_eq!((names.issuer.common_name.as_str(), names.issuer.organization.as_str()), ("Device CA", "HIKVISION"));
    assert!(names.dns_names.is_empty() && names.ips.is_empty());
}

#[test]
fn reads_every_kind_of_string() {
    for (tag, body, expected) in [
        (0x0c, &b"\xc3\xa9t\xc3\xa9"[..], "été"),
        (0x13, b"plain", "plain"),
        (0x14, b"\xe9t\xe9", "été"),
        (0x1e, b"\x00\xe9\x20\xac\xd8\x3d\xde\x00\xd8\x00\x00t\x01", "é€😀t"),
        (0x03, b"bits", ""),
    ] {
        let mut field = Text::<16>::new();
        fill(&mut field, Tlv { tag, body });
        assert_eq!(field, expected);
    }
}

#[test]
fn reads_dates() {
    // 2026-11-21 03:29:06 and 2036-11-18 03:29:06.
    assert_eq!(read(SELF_SIGNED).unwrap().valid, Some((1_795_231_746, 2_110_591_746)));
    for (tag, body, expected) in [
        (0x17, &b"700101000000Z"[..], Ok(0)),
        (0x17, b"491231235959Z", Ok(2_524_607_999)),
        (0x17, b"500101000000Z", Ok(-631_152_000)),
        (0x18, b"20500101000000Z", Ok(2_524_608_000)),
        (0x18, b"20240229123456Z", Ok(1_709_210_096)),
        (0x18, b"99991231235959Z", Ok(253_402_300_799)),
        (0x17, b"261121032906", Err(Malformed::Invalid)),
        (0x17, b"2611210329Z", Err(Malformed::Invalid)),
        (0x17, b"26112103+906Z", Err(Malformed::Invalid)),
        (0x17, b"261321032906Z", Err(Malformed::OutOfBounds)),
        (0x18, b"2", Err(Malformed::Truncated)),
        (0x04, b"261121032906Z", Err(Malformed::OtherKind)),
    ] {
        assert_eq!(read_time(Tlv { tag, body }), expected, "{}", std::string::String::from_utf8_lossy(body));
    }
}

#[test]
fn refuses_what_is_no_certificate() {
    assert_eq!(read(b""), Err(Malformed::Truncated));
    assert_eq!(read(b"-----BEGIN CERTIFICATE-----"), Err(Malformed::Truncated));
    assert_eq!(read(b"\x31\x00"), Err(Malformed::OtherKind));
}

#[test]
fn never_panics() {
    torture(&[SELF_SIGNED, ISSUED], |bytes| {
        if let Ok(names) = read(bytes) {
            assert!(names.dns_names.iter().all(|name| !name.is_empty() && !name.chars().any(char::is_control)));
        }
    });
}
