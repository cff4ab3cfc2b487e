//! Holds the tests of SSDP over captured and rebuilt messages.
//! Never sends anything. Called by `cargo test`.

use super::*;
use crate::names::torture::torture;
extern crate std;

/// minidlna 1.3.0, captured.
const ALIVE: &[u8] = b"NOTIFY * HTTP/1.1\r\nHOST:239.255.255.250:1900\r\nCACHE-CONTROL:max-age=20\r\nLOCATION:http://192.168.77.10:8200/rootDesc.xml\r\n\
SERVER: Debian DLNADOC/1.50 UPnP/1.0 MiniDLNA/1.3.0\r\nNT:urn:schemas-upnp-org:device:MediaServer:1\r\n\
USN:uuid:4d696e69-444c-164e-9d41-764dd4c3548b::urn:schemas-upnp-org:device:MediaServer:1\r\nNTS:ssdp:alive\r\n\r\n";

/// The same at its end, captured.
const BYEBYE: &[u8] =
    b"NOTIFY * HTTP/1.1\r\nHOST:239.255.255.250:1900\r\nNT:uuid:4d696e69-444c-164e-9d41-764dd4c3548b\r\n\
USN:uuid:4d696e69-444c-164e-9d41-764dd4c3548b\r\nNTS:ssdp:byebye\r\n\r\n";

/// The same answers a search, captured.
const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nCACHE-CONTROL: max-age=20\r\nDATE: Sat, 21 Nov 2026 03:15:50 GMT\r\nST: upnp:rootdevice\r\n\
USN: uuid:4d696e69-444c-164e-9d41-764dd4c3548b::upnp:rootdevice\r\nEXT:\r\nSERVER: Debian DLNADOC/1.50 UPnP/1.0 MiniDLNA/1.3.0\r\n\
LOCATION: http://192.168.77.10:8200/rootDesc.xml\r\nContent-Length: 0\r\n\r\n";

/// A television that can be woken (DIAL).
const TELEVISION: &[u8] = b"HTTP/1.1 200 OK\r\nLOCATION: http://192.168.1.31:8008/ssdp/device-desc.xml\r\nCACHE-CONTROL: no-cache, max-age = 1800\r\n\
WAKEUP: MAC=10:dd:b1:c9:00:e4;Timeout=10\r\nEXT: \r\nBOOTID.UPNP.ORG: 7339\r\nSERVER: Linux/4.14, UPnP/1.0\r\n\
USN: uuid:91ab::urn:dial-multiscreen-org:service:dial:1\r\nST: urn:dial-multiscreen-org:service:dial:1\r\n";

/// A Hue bridge.
const HUE: &[u8] = b"NOTIFY * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nCACHE-CONTROL: max-age=100\r\nLOCATION: http://192.168.1.9:80/description.xml\r\n\
SERVER: Hue/1.0 UPnP/1.0 IpBridge/1.62.0\r\nNTS: ssdp:alive\r\nhue-bridgeid: 001788FFFE23AB12\r\nNT: upnp:rootdevice\r\n\
USN: uuid:2f402f80-da50-11e1-9b23-00178823ab12::upnp:rootdevice\r\n\r\n";

#[test]
fn a_search_is_what_the_standard_writes() {
    assert_eq!(
        search(false, ROOT_DEVICES, 2).unwrap(),
        "M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: \"ssdp:discover\"\r\nMX: 2\r\nST: upnp:rootdevice\r\n\r\n"
    );
    let v6 = search(true, DIAL, 99).unwrap();
    assert!(v6.contains("HOST: [ff02::c]:1900\r\n") && v6.contains("MX: 5\r\n"));
    assert_eq!(read(v6.as_bytes()).unwrap().kind, Kind::Search);
    assert_eq!(search(false, "x\r\nEvil: y", 1), None);
    assert_eq!(search(false, "", 1), None);
}

#[test]
fn reads_alive_and_byebye() {
    let heard = read(ALIVE).unwrap();
    assert_eq!((heard.kind, heard.max_age_s), (Kind::Alive, Some(20)));
    assert_eq!(heard.uuid, "4d696e69-444c-164e-9d41-764dd4c3548b");
    assert_eq!(heard.target, "urn:schemas-upnp-org:device:MediaServer:1");
    assert_eq!(heard.server, "Debian DLNADOC/1.50 UPnP/1.0 MiniDLNA/1.3.0");
    assert_eq!(heard.location.unwrap().port, 8200);
    let heard = read(BYEBYE).unwrap();
    assert_eq!((heard.kind, heard.location), (Kind::ByeBye, None));
    assert_eq!(heard.uuid, "4d696e69-444c-164e-9d41-764dd4c3548b");
}

#[test]
fn reads_answers() {
    let heard = read(ANSWER).unwrap();
    assert_eq!((heard.kind, heard.target.as_str()), (Kind::Answer, "upnp:rootdevice"));
    let heard = read(TELEVISION).unwrap();
    assert_eq!(heard.wakeup, Some(Mac([0x10, 0xdd, 0xb1, 0xc9, 0, 0xe4])));
    assert_eq!((heard.boot_id, heard.max_age_s), (Some(7339), Some(1800)));
    assert_eq!(read(HUE).unwrap().bridge_id, "001788FFFE23AB12");
}

#[test]
fn refuses_other_messages_and_unsafe_places() {
    assert_eq!(read(b"NOTIFY * HTTP/1.1\r\nNT: x\r\n\r\n"), Err(Malformed::OtherKind));
    assert_eq!(read(b"GET / HTTP/1.1\r\n\r\n"), Err(Malformed::OtherKind));
    assert_eq!(read(b"HTTP/1.1 404 Not Found\r\n\r\n"), Err(Malformed::OtherKind));
    assert_eq!(read(b"HTTP/1.1 200 OK\r\nLOCATION: http://localhost/x\r\n\r\n").unwrap().location, None);
    assert_eq!(read(b"HTTP/1.1 200 OK\r\nWAKEUP: MAC=ff:ff:ff:ff:ff:ff\r\n\r\n").unwrap().wakeup, None);
}

#[test]
fn never_panics() {
    torture(&[ALIVE, BYEBYE, ANSWER, TELEVISION, HUE], |bytes| {
        if let Ok(heard) = read(bytes) {
            assert!(!heard.server.chars().chain(heard.uuid.chars()).any(char::is_control));
        }
    });
}
