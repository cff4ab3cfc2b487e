//! Holds the tests of WS-Discovery over captured, rebuilt and hostile messages.
//! Never sends anything. Called by `cargo test`.

use super::*;
use crate::names::torture::torture;
extern crate std;
use std::string::String;
use std::vec::Vec;

/// wsdd 0.7 at start, captured.
const HELLO: &[u8] = br#"<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="http://www.w3.org/2003/05/soap-envelope" xmlns:wsa="http://schemas.xmlsoap.org/ws/2004/08/addressing" xmlns:wsd="http://schemas.xmlsoap.org/ws/2005/04/discovery" xmlns:wsx="http://schemas.xmlsoap.org/ws/2004/09/mex" xmlns:wsdp="http://schemas.xmlsoap.org/ws/2006/02/devprof" xmlns:pnpx="http://schemas.microsoft.com/windows/pnpx/2005/10" xmlns:pub="http://schemas.microsoft.com/windows/pub/2005/07"><soap:Header><wsa:To>urn:schemas-xmlsoap-org:ws:2005:04:discovery</wsa:To><wsa:Action>http://schemas.xmlsoap.org/ws/2005/04/discovery/Hello</wsa:Action><wsa:MessageID>urn:uuid:d5f70dfc-e559-11f1-ab91-764dd4c3548b</wsa:MessageID><wsd:AppSequence InstanceId="1795230942" SequenceId="urn:uuid:d5f7182e-e559-11f1-ab91-764dd4c3548b" MessageNumber="0" /></soap:Header><soap:Body><wsd:Hello><wsa:EndpointReference><wsa:Address>urn:uuid:e5e61fb5-d685-5b50-9ba7-acb6e6962ef3</wsa:Address></wsa:EndpointReference><wsd:XAddrs>http://192.168.77.10:5357/e5e61fb5-d685-5b50-9ba7-acb6e6962ef3</wsd:XAddrs><wsd:MetadataVersion>1</wsd:MetadataVersion></wsd:Hello></soap:Body></soap:Envelope>"#;

/// A camera of the gSOAP kind: other prefixes, line breaks inside lists, percent signs in scopes.
const CAMERA: &[u8] = b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n\
<SOAP-ENV:Envelope xmlns:SOAP-ENV=\"http://www.w3.org/2003/05/soap-envelope\" xmlns:a=\"http://schemas.xmlsoap.org/ws/2004/08/addressing\" \
xmlns:d=\"http://schemas.xmlsoap.org/ws/2005/04/discovery\" xmlns:dn=\"http://www.onvif.org/ver10/network/wsdl\">\
<SOAP-ENV:Header><a:MessageID>uuid:4f1c</a:MessageID><a:RelatesTo>urn:uuid:0a6dc791-2be6-4991-9af1-454778a1917a</a:RelatesTo></SOAP-ENV:Header>\
<SOAP-ENV:Body><d:ProbeMatches><d:ProbeMatch>\
<a:EndpointReference><a:Address>urn:uuid:2419d68a-2dd2-21b2-a205-c056e3aabbcc</a:Address></a:EndpointReference>\
<d:Types>dn:NetworkVideoTransmitter tds:Device</d:Types>\
<d:Scopes>onvif://www.onvif.org/type/video_encoder\n  onvif://www.onvif.org/hardware/DS-2CD2043G2-I\n onvif://www.onvif.org/name/Entr%C3%A9e%20Nord\n\
onvif://www.onvif.org/MAC/c0:56:e3:aa:bb:cc</d:Scopes>\
<d:XAddrs>http://192.168.1.64/onvif/device_service http://[fe80::c256:e3ff:feaa:bbcc]/onvif/device_service</d:XAddrs>\
<d:MetadataVersion>10</d:MetadataVersion></d:ProbeMatch></d:ProbeMatches></SOAP-ENV:Body></SOAP-ENV:Envelope>";

/// Windows 10 answers for itself.
const WINDOWS: &[u8] = b"<?xml version=\"1.0\" encoding=\"utf-8\"?><soap:Envelope xmlns:soap=\"http://www.w3.org/2003/05/soap-envelope\" \
xmlns:wsa=\"http://schemas.xmlsoap.org/ws/2004/08/addressing\" xmlns:wsd=\"http://schemas.xmlsoap.org/ws/2005/04/discovery\" \
xmlns:wsdp=\"http://schemas.xmlsoap.org/ws/2006/02/devprof\"><soap:Header><wsa:RelatesTo>urn:uuid:1</wsa:RelatesTo></soap:Header><soap:Body>\
<wsd:ProbeMatches><wsd:ProbeMatch><wsa:EndpointReference><wsa:Address>urn:uuid:AB12CD34-0000-1000-8000-00155d012345</wsa:Address>\
</wsa:EndpointReference><wsd:Types>wsdp:Device pub:Computer</wsd:Types><wsd:XAddrs>http://192.168.1.57:5357/AB12/</wsd:XAddrs>\
<wsd:MetadataVersion>2</wsd:MetadataVersion></wsd:ProbeMatch></wsd:ProbeMatches></soap:Body></soap:Envelope>";

fn endpoints(message: &[u8]) -> (Answer, Vec<Endpoint>) {
    let mut found = Vec::new();
    let answer = read(message, |_, endpoint| found.push(endpoint)).unwrap();
    assert_eq!(usize::from(answer.endpoints), found.len());
    (answer, found)
}

#[test]
fn a_probe_is_one_message_with_its_id() {
    let uuid = [0x0a, 0x6d, 0xc7, 0x91, 0x2b, 0xe6, 0x49, 0x91, 0x9a, 0xf1, 0x45, 0x47, 0x78, 0xa1, 0x91, 0x7a];
    for (wanted, types) in
        [(Wanted::Any, ""), (Wanted::Devices, "p:Device"), (Wanted::Cameras, "n:NetworkVideoTransmitter")]
    {
        let probe = probe(wanted, uuid);
        assert!(probe.ends_with("</s:Envelope>"), "it fits its buffer");
        assert!(probe.contains(">urn:uuid:0a6dc791-2be6-4991-9af1-454778a1917a<"));
        assert!(probe.contains(types));
        let mut scanner = Scanner::new(probe.as_bytes());
        while scanner.advance().unwrap().is_some() {}
        assert_eq!(read(probe.as_bytes(), |_, _| ()), Err(Malformed::OtherKind), "our own probe heard is no answer");
    }
}

#[test]
fn reads_a_hello() {
    let (answer, found) = endpoints(HELLO);
    assert_eq!((answer.kind, answer.relates_to.as_str()), (Kind::Hello, ""));
    assert_eq!(found[0].id(), "e5e61fb5-d685-5b50-9ba7-acb6e6962ef3");
    assert_eq!(found[0].metadata_version, Some(1));
    let url = found[0].xaddrs.iter().next().unwrap();
    assert_eq!(crate::names::location::Location::parse(url.as_bytes()).unwrap().port, 5357);
}

#[test]
fn reads_a_bye() {
    let bye = String::from_utf8(HELLO.to_vec()).unwrap().replace("wsd:Hello>", "wsd:Bye>");
    assert_eq!(endpoints(bye.as_bytes()).0.kind, Kind::Bye);
}

#[test]
fn reads_a_camera() {
    let (answer, found) = endpoints(CAMERA);
    assert_eq!(answer.relates_to, "urn:uuid:0a6dc791-2be6-4991-9af1-454778a1917a");
    let camera = &found[0];
    assert!(camera.has_type("NetworkVideoTransmitter") && camera.has_type("Device") && !camera.has_type("Computer"));
    assert_eq!(camera.xaddrs.iter().count(), 2);
    assert_eq!(camera.onvif_scope("hardware").unwrap(), "DS-2CD2043G2-I");
    assert_eq!(camera.onvif_scope("name").unwrap(), "Entrée Nord");
    assert_eq!(camera.onvif_scope("mac").unwrap(), "c0:56:e3:aa:bb:cc");
    assert_eq!(camera.onvif_scope("location"), None);
}

#[test]
fn reads_windows() {
    let (answer, found) = endpoints(WINDOWS);
    assert_eq!(answer.kind, Kind::Match);
    assert!(found[0].has_type("Computer"));
    assert_eq!(found[0].id(), "AB12CD34-0000-1000-8000-00155d012345");
}

#[test]
fn is_not_fooled_by_nesting() {
    // An address outside EndpointReference, a second one, a match inside a scope: none is the endpoint's.
    let hostile = b"<e:Envelope><e:Body><ProbeMatches><ProbeMatch><Address>urn:uuid:no</Address><X><Address>urn:uuid:other</Address></X>\
        <Scopes>a<ProbeMatch><EndpointReference><Address>urn:uuid:inner</Address></EndpointReference></ProbeMatch>b</Scopes>\
        <X><EndpointReference><Address>urn:uuid:deep</Address></EndpointReference></X>\
        <EndpointReference><Address>urn:uuid:yes<b>x</b></Address><Address>urn:uuid:second</Address></EndpointReference>\
        </ProbeMatch></ProbeMatches></e:Body></e:Envelope>";
    let (_, found) = endpoints(hostile);
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].id(), found[0].scopes.iter().collect::<Vec<_>>()), ("yes", ["ab"].to_vec()));
}

#[test]
fn refuses_other_soap_and_document_types() {
    assert_eq!(read(b"<Envelope><Body><Probe/></Body></Envelope>", |_, _| ()), Err(Malformed::OtherKind));
    assert_eq!(read(b"<Envelope><Header/></Envelope>", |_, _| ()), Err(Malformed::OtherKind));
    assert_eq!(read(b"<!DOCTYPE x><Envelope/>", |_, _| ()), Err(Malformed::Invalid));
    assert_eq!(
        endpoints(b"<Envelope><Body><Hello><Types>a</Types></Hello></Body></Envelope>").1,
        [],
        "no address, no endpoint"
    );
}

#[test]
fn lists_lose_whole_words_and_endpoints_have_an_end() {
    let mut long =
        String::from("<Envelope><Body><Hello><EndpointReference><Address>a</Address></EndpointReference><XAddrs>");
    for n in 0..100 {
        long.push_str(&std::format!("http://192.168.1.{n}/onvif "));
    }
    long.push_str("</XAddrs></Hello></Body></Envelope>");
    let (_, found) = endpoints(long.as_bytes());
    assert!(found[0].xaddrs.iter().count() > 15);
    assert!(found[0].xaddrs.iter().all(|url| url.ends_with("/onvif")));

    let one = "<ProbeMatch><EndpointReference><Address>a</Address></EndpointReference></ProbeMatch>";
    let many = std::format!("<Envelope><Body><ProbeMatches>{}</ProbeMatches></Body></Envelope>", one.repeat(40));
    assert_eq!(endpoints(many.as_bytes()).0.endpoints, MAX_ENDPOINTS);
}

#[test]
fn never_panics() {
    torture(&[HELLO, CAMERA, WINDOWS], |bytes| {
        let mut seen = 0;
        let answer = read(bytes, |_, endpoint| {
            seen += 1;
            assert!(!endpoint.address.is_empty());
            let _name = endpoint.onvif_scope("name");
        });
        assert!(answer.is_err() || answer.is_ok_and(|answer| answer.endpoints == seen));
    });
}
