//! Holds the tests of UPnP descriptions over captured and rebuilt ones.
//! Never fetches anything. Called by `cargo test`.

use super::*;
use crate::names::torture::torture;
extern crate std;

/// minidlna 1.3.0, captured (icons and services shortened): the name a person gave holds `<Salon>`, and is not escaped.
const MINIDLNA: &[u8] = "<?xml version=\"1.0\"?>\r\n<root xmlns=\"urn:schemas-upnp-org:device-1-0\"><specVersion><major>1</major>\
<minor>0</minor></specVersion><device><deviceType>urn:schemas-upnp-org:device:MediaServer:1</deviceType>\
<friendlyName>Médiathèque <Salon></friendlyName><manufacturer>Justin Maggard</manufacturer>\
<manufacturerURL>http://www.netgear.com/</manufacturerURL><modelDescription>MiniDLNA on Linux</modelDescription>\
<modelName>Windows Media Connect compatible (MiniDLNA)</modelName><modelNumber>1.3.0</modelNumber>\
<modelURL>http://www.netgear.com</modelURL><serialNumber>00000000</serialNumber>\
<UDN>uuid:4d696e69-444c-164e-9d41-764dd4c3548b</UDN>\
<dlna:X_DLNADOC xmlns:dlna=\"urn:schemas-dlna-org:device-1-0\">DMS-1.50</dlna:X_DLNADOC><presentationURL>/</presentationURL>\
<iconList><icon><mimetype>image/png</mimetype><width>48</width><url>/icons/sm.png</url></icon></iconList>\
</device></root>".as_bytes();

/// A router: devices inside devices, each with its own name.
const ROUTER: &[u8] = b"<?xml version=\"1.0\"?>\n<root xmlns=\"urn:schemas-upnp-org:device-1-0\">\n <device>\n\
<deviceType>urn:schemas-upnp-org:device:InternetGatewayDevice:1</deviceType>\n<friendlyName>FRITZ!Box 7590 &amp; Repeater</friendlyName>\
<deviceList><device><deviceType>urn:schemas-upnp-org:device:WANDevice:1</deviceType><friendlyName>WANDevice - FRITZ!Box</friendlyName>\
<manufacturer>inner</manufacturer><UDN>uuid:76802409-bccb-40e7-8e6b-444e6d000001</UDN></device></deviceList>\
<manufacturer><![CDATA[AVM Berlin]]></manufacturer><modelName>FRITZ!Box 7590</modelName>\
<UDN>uuid:75802409-bccb-40e7-8e6c-444e6d000001</UDN><presentationURL>http://192.168.178.1</presentationURL></device></root>";

/// A Synology NAS writes its serial number.
const SYNOLOGY: &[u8] = b"<?xml version=\"1.0\"?><root><device><deviceType>urn:schemas-upnp-org:device:Basic:1</deviceType>\
<friendlyName>nas (DS918+)</friendlyName><manufacturer>Synology</manufacturer><modelDescription>Synology NAS</modelDescription>\
<modelName>DS918+</modelName><modelNumber>DS918+ 7.2-64570</modelNumber><serialNumber>00113298abcd</serialNumber>\
<UDN>uuid:73796E6F-6473-6D00-0000-00113298abcd</UDN></device></root>";

#[test]
fn reads_a_description_that_is_not_well_formed() {
    let found = read(MINIDLNA).unwrap();
    assert_eq!(found.friendly_name, "Médiathèque");
    assert_eq!(found.model_name, "Windows Media Connect compatible (MiniDLNA)");
    assert_eq!(found.udn, "4d696e69-444c-164e-9d41-764dd4c3548b");
    assert_eq!((found.model_number.as_str(), found.presentation_url.as_str()), ("1.3.0", "/"));
}

#[test]
fn takes_the_root_device_and_not_those_inside() {
    let found = read(ROUTER).unwrap();
    assert_eq!(found.device_type, "urn:schemas-upnp-org:device:InternetGatewayDevice:1");
    assert_eq!(found.friendly_name, "FRITZ!Box 7590 & Repeater");
    assert_eq!(found.manufacturer, "AVM Berlin");
    assert_eq!(found.udn, "75802409-bccb-40e7-8e6c-444e6d000001");
}

#[test]
fn reads_a_nas() {
    let found = read(SYNOLOGY).unwrap();
    assert_eq!((found.model_name.as_str(), found.serial_number.as_str()), ("DS918+", "00113298abcd"));
}

#[test]
fn keeps_what_stood_before_a_cut_and_refuses_what_says_nothing() {
    let cut = SYNOLOGY.windows(12).position(|window| window == b"<modelNumber").unwrap();
    let found = read(&SYNOLOGY[..cut + 20]).unwrap();
    assert_eq!((found.model_name.as_str(), found.model_number.as_str()), ("DS918+", ""));
    assert_eq!(read(b"<root><device><deviceType>x</deviceType></device></root>"), Err(Malformed::OtherKind));
    assert_eq!(read(b"<html><friendlyName>x</friendlyName></html>"), Err(Malformed::OtherKind));
    assert_eq!(read(b"404"), Err(Malformed::Invalid));
}

#[test]
fn never_panics() {
    torture(&[MINIDLNA, ROUTER, SYNOLOGY], |bytes| {
        if let Ok(found) = read(bytes) {
            assert!(!found.friendly_name.chars().chain(found.model_name.chars()).any(char::is_control));
        }
    });
}
