//! Holds the DNS-SD service types worth asking for by name, and who announces each (IANA service registry, makers' documents).
//! Never says what a device *is*: one announces many, and software on a computer announces the same. Called by `ask::browse`.

/// The meta-service that lists all types on a link (RFC 6763 section 9). Not every device answers it, hence [`COMMON`].
pub const ENUMERATION: &str = "_services._dns-sd._udp.local";

/// Types asked for one by one, most telling first. The comment names who announces it.
pub const COMMON: [&str; 96] = [
    "_device-info._tcp",      // model of Apple devices, Synology, Samba, netatalk
    "_workstation._tcp",      // avahi on Linux: host name and MAC
    "_http._tcp",             // web pages of NAS, printers, cameras, routers
    "_https._tcp",            // the same over TLS
    "_ssh._tcp",              // macOS remote login, Linux, NAS
    "_sftp-ssh._tcp",         // macOS, Linux file transfer
    "_smb._tcp",              // file sharing: macOS, Samba, NAS
    "_afpovertcp._tcp",       // Apple file sharing: older Macs, netatalk
    "_nfs._tcp",              // NFS servers
    "_ftp._tcp",              // FTP servers
    "_webdav._tcp",           // WebDAV servers
    "_adisk._tcp",            // Time Machine targets: Synology, QNAP, Samba
    "_qdiscover._tcp",        // QNAP NAS, with model and serial
    "_readynas._tcp",         // Netgear ReadyNAS
    "_rfb._tcp",              // VNC screen sharing: macOS, Linux
    "_rdp._tcp",              // xrdp, remote desktop on Linux
    "_net-assistant._udp",    // Apple Remote Desktop clients
    "_companion-link._tcp",   // Apple: iPhone, iPad, Mac, Apple TV, HomePod
    "_rdlink._tcp",           // Apple devices, remote link
    "_apple-mobdev2._tcp",    // iPhone and iPad, Wi-Fi sync
    "_apple-pairable._tcp",   // Apple TV waiting to pair
    "_remotepairing._tcp",    // iOS 17 and later, developer pairing
    "_asquic._udp",           // Apple devices, accessory setup
    "_sleep-proxy._udp",      // Apple TV, HomePod, AirPort: answers for sleeping Macs
    "_airplay._tcp",          // Apple TV, HomePod, AirPlay TVs and receivers
    "_raop._tcp",             // AirPlay audio: MAC in the instance name
    "_mediaremotetv._tcp",    // Apple TV remote control
    "_touch-able._tcp",       // Apple TV, iTunes remote
    "_appletv-v2._tcp",       // Apple TV
    "_airport._tcp",          // Apple AirPort base stations
    "_daap._tcp",             // iTunes and forked-daapd libraries
    "_dacp._tcp",             // iTunes remote control
    "_home-sharing._tcp",     // iTunes home sharing
    "_homekit._tcp",          // HomeKit hubs
    "_hap._tcp",              // HomeKit accessories, with model and id
    "_hap._udp",              // HomeKit accessories over Thread
    "_matter._tcp",           // Matter devices in use
    "_matterc._udp",          // Matter devices waiting to be commissioned
    "_matterd._udp",          // Matter commissioners
    "_meshcop._udp",          // Thread border routers
    "_trel._udp",             // Thread over Wi-Fi or Ethernet
    "_googlecast._tcp",       // Chromecast, Google Nest, Android TV: name and model
    "_googlezone._tcp",       // Google speaker groups
    "_googlerpc._tcp",        // Google Home devices
    "_androidtvremote2._tcp", // Android TV and Google TV remotes
    "_androidtvremote._tcp",  // older Android TV
    "_adb-tls-connect._tcp",  // Android devices with wireless debugging
    "_adb._tcp",              // Android devices with network debugging
    "_amzn-wplay._tcp",       // Amazon Fire TV
    "_amzn-alexa._tcp",       // Amazon Echo
    "_spotify-connect._tcp",  // speakers, TVs, receivers
    "_sonos._tcp",            // Sonos speakers
    "_soundtouch._tcp",       // Bose SoundTouch
    "_bose-passport._tcp",    // newer Bose
    "_musc._tcp",             // Bluesound players
    "_linkplay._tcp",         // LinkPlay speakers (WiiM, Arylic)
    "_heos-audio._tcp",       // Denon and Marantz HEOS
    "_roku-rcp._tcp",         // Roku
    "_roku._tcp",             // Roku, newer
    "_nvstream._tcp",         // NVIDIA GameStream and Sunshine hosts
    "_nvstream_dbd._tcp",     // NVIDIA Shield
    "_xbmc-jsonrpc-h._tcp",   // Kodi
    "_plexmediasvr._tcp",     // Plex servers
    "_plexclient._tcp",       // Plex players
    "_roonserver._tcp",       // Roon
    "_viziocast._tcp",        // Vizio TVs
    "_samsungmsf._tcp",       // Samsung TVs
    "_lg-smart-device._tcp",  // LG appliances
    "_philipstv_rpc._tcp",    // Philips TVs
    "_sonybravia._tcp",       // Sony Bravia
    "_ipp._tcp",              // printers: maker, model, UUID in TXT (only asked about, never connected to)
    "_ipps._tcp",             // the same over TLS
    "_printer._tcp",          // LPD printers
    "_pdl-datastream._tcp",   // raw-port printers
    "_scanner._tcp",          // scanners
    "_uscan._tcp",            // eSCL scanners (AirScan)
    "_uscans._tcp",           // the same over TLS
    "_privet._tcp",           // cloud printers
    "_fax-ipp._tcp",          // fax of multifunction printers
    "_axis-video._tcp",       // Axis cameras, MAC in TXT
    "_rtsp._tcp",             // cameras and recorders
    "_psia._tcp",             // PSIA cameras (Hikvision)
    "_CGI._tcp",              // Hikvision cameras
    "_onvif._tcp",            // a few ONVIF cameras
    "_nvr._tcp",              // recorders
    "_hue._tcp",              // Philips Hue bridge
    "_ikea-smart-home._tcp",  // IKEA hubs
    "_elg._tcp",              // Elgato lights
    "_shelly._tcp",           // Shelly relays, generation in TXT
    "_esphomelib._tcp",       // ESPHome, MAC and board in TXT
    "_wled._tcp",             // WLED light controllers
    "_arduino._tcp",          // Arduino and ESP boards that take updates
    "_home-assistant._tcp",   // Home Assistant
    "_mqtt._tcp",             // MQTT brokers
    "_octoprint._tcp",        // OctoPrint 3D printers
    "_leap._tcp",             // Lutron bridges
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::names::dns::Name;

    #[test]
    fn each_is_a_service_type_and_none_stands_twice() {
        for (place, service) in COMMON.iter().enumerate() {
            let (label, transport) = service.split_once('.').unwrap();
            assert!(matches!(transport, "_tcp" | "_udp"), "{service}");
            // RFC 6335 section 5.1 allows 15 characters after the underscore; Android TV took 16.
            assert!(label.starts_with('_') && (2..=17).contains(&label.len()), "{service}");
            assert!(Name::from_dotted(service).is_some());
            assert!(!COMMON[..place].iter().any(|other| other.eq_ignore_ascii_case(service)), "{service} twice");
        }
    }
}
