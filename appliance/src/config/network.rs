//! Holds the part of the configuration the page may change while the service runs.
//! It never holds what would widen the reach of a stolen session, such as which interfaces count: that stays in the file.
//! `GET` and `PUT /api/network/v2/config` carry it as JSON, the store keeps it, the sweep obeys it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::http::json::object;

/// Shortest interval between two full sweeps, in minutes.
pub const MIN_INTERVAL_MINUTES: u8 = 1;

/// Longest interval between two full sweeps, in minutes.
pub const MAX_INTERVAL_MINUTES: u8 = 60;

/// Segments and exclusions, each.
pub const MAX_SEGMENTS: usize = 32;

/// Ports in a list: with more, a sweep of a /24 would take minutes.
pub const MAX_PORTS: usize = 256;

/// Ports that are never touched: printers print what is sent there (JetDirect, LPD, IPP).
pub const PRINTER_PORTS: [(u16, u16); 3] = [(9_100, 9_107), (515, 515), (631, 631)];

/// How hard to probe.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Pace {
    /// A few packets at a time, for old switches and radio.
    Gentle,
    /// At most 1,000 packets a second, spread.
    #[default]
    Background,
    /// At most 20,000 packets a second; meant for when a person waits.
    Fast,
}

/// Sources of sightings that are on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Sources {
    /// ARP, heard and asked.
    pub arp: bool,
    /// IPv6 neighbour discovery.
    pub nd: bool,
    /// ICMP echo.
    pub icmp: bool,
    /// TCP ports.
    pub tcp: bool,
    /// Multicast DNS and DNS-SD.
    pub mdns: bool,
    /// NetBIOS names.
    pub nbns: bool,
    /// SSDP and UPnP descriptions.
    pub ssdp: bool,
    /// WS-Discovery.
    pub wsd: bool,
    /// DHCP heard, and servers asked for.
    pub dhcp: bool,
    /// Leases of a DHCP server on this machine.
    pub leases: bool,
    /// Reverse DNS.
    pub dns: bool,
    /// SNMP system group, with credentials given.
    pub snmp: bool,
    /// Banners: SSH, HTTP, RTSP, TLS names.
    pub banners: bool,
    /// The Tailscale daemon on this machine.
    pub tailscale: bool,
}

/// Minutes between two questions of one source. 0: in every sweep, or as often as one. What is not here goes with the
/// sweep itself: who is there is asked each time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Intervals {
    /// Multicast DNS and DNS-SD.
    pub mdns: u8,
    /// NetBIOS names.
    pub nbns: u8,
    /// SSDP.
    pub ssdp: u8,
    /// WS-Discovery.
    pub wsd: u8,
    /// The question for DHCP servers.
    pub dhcp: u8,
    /// Reverse DNS.
    pub dns: u8,
    /// SNMP.
    pub snmp: u8,
    /// Banners.
    pub banners: u8,
    /// Looks at the lease file.
    pub leases: u8,
    /// Questions to the Tailscale daemon.
    pub tailscale: u8,
}

impl Default for Intervals {
    /// Names and banners with every sweep, as they are cheap; a file and a socket of this machine cost nothing.
    fn default() -> Self {
        Self { mdns: 0, nbns: 0, ssdp: 0, wsd: 0, dhcp: 0, dns: 0, snmp: 0, banners: 0, leases: 1, tailscale: 5 }
    }
}

/// Ports to look at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PortLists {
    /// In every sweep.
    pub quick: Vec<u16>,
    /// When a person asks for a full scan.
    pub full: Vec<u16>,
}

/// What the page may change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct NetworkSettings {
    /// Minutes between two full sweeps, 1 to 60.
    #[schemars(range(min = 1, max = 60))]
    pub interval_minutes: u8,
    /// How hard to probe in the background.
    pub pace: Pace,
    /// Sources that are on.
    #[serde(deserialize_with = "object")]
    pub sources: Sources,
    /// How often each of them is asked.
    #[serde(deserialize_with = "object")]
    pub intervals: Intervals,
    /// Segments to sweep beside the appliance's own legs.
    pub segments: Vec<String>,
    /// Addresses and segments never to probe.
    pub exclude: Vec<String>,
    /// Sweep segments with public addresses.
    pub allow_public: bool,
    /// Look at private networks behind a router when they are named, in `segments` or in a scan.
    pub allow_remote: bool,
    /// Ports to look at.
    #[serde(deserialize_with = "object")]
    pub ports: PortLists,
    /// How much silence before a device is called gone.
    #[serde(deserialize_with = "object")]
    pub presence: PresenceConfig,
}

/// Silence, in seconds, before a device may be called gone, and how patiently it is asked; 1 to 86,400. What is not given
/// is as the product has it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PresenceConfig {
    /// A device that is surely wired; 120 if not given.
    pub wired_seconds: Option<u32>,
    /// Wi-Fi, and what is not known; 600 if not given.
    pub other_seconds: Option<u32>,
    /// Phones, tablets and random addresses, which sleep; 900 if not given.
    pub phone_seconds: Option<u32>,
    /// Pause between two rounds of asking; 45 if not given.
    pub confirm_seconds: Option<u32>,
}

/// Longest patience, in seconds: a day.
pub const MAX_PATIENCE_SECONDS: u32 = 86_400;

impl NetworkSettings {
    /// Reads stored settings. A switch that an earlier version had and that did nothing, `sources.ssh`, is passed over:
    /// what a person chose beside it still counts. `None` when they cannot be read.
    #[must_use]
    pub fn from_stored(json: &[u8]) -> Option<Self> {
        let mut value: serde_json::Value = serde_json::from_slice(json).ok()?;
        if let Some(sources) = value.get_mut("sources").and_then(serde_json::Value::as_object_mut) {
            sources.remove("ssh");
        }
        serde_json::from_value(value).ok()
    }
}

impl Default for Sources {
    fn default() -> Self {
        Self {
            arp: true,
            nd: true,
            icmp: true,
            tcp: true,
            mdns: true,
            nbns: true,
            ssdp: true,
            wsd: true,
            dhcp: true,
            leases: true,
            dns: true,
            snmp: true,
            banners: true,
            tailscale: true,
        }
    }
}

/// What devices of homes, libraries, schools and shops listen on, most telling first.
const STANDARD_PORTS: [u16; 105] = [
    80, 443, 22, 445, 139, // web, SSH, Windows and Samba
    53, 23, 21, 25, 8080, // DNS, Telnet, FTP, mail, web again
    554, 8554, 10554, 37777, 34567, 8000, // cameras: RTSP, Dahua, Xiongmai, Hikvision
    8008, 8009, 8443, 8060, 7000, 7100, 3689, 1400, // Cast, Roku, AirPlay, DAAP, Sonos
    62078, 5555, // iPhone sync, Android debugging
    5000, 5001, 548, 2049, 873, 111, // Synology, AFP, NFS, rsync, portmapper
    3389, 5900, 135, 5357, 5985, 16992, // RDP, VNC, Windows RPC, WSD, WinRM, Intel AMT
    5060, 5061, // SIP
    1883, 8883, 8123, 6053, 6668, 502, 9999, // MQTT, Home Assistant, ESPHome, Tuya, Modbus, Kasa
    161, 8291, 8728, 7547, 179, // managed network devices: MikroTik, TR-069, BGP
    8200, 32400, 8096, 8081, 8088, 8181, 8888, 81, 88, 82, 9000, 9090, 9443, 10000, 3000, 4443, 49152, 49153, 8001,
    8006, // media servers, web interfaces on their usual other ports
    110, 143, 465, 587, 993, 995, // mail
    389, 636, 3268, // directories
    3306, 5432, 6379, 27017, 1433, 9200, 11211, // databases
    1935, 3128, 1080, 1723, 2375, 5222, 6000, 9418, // RTMP, proxies, PPTP, Docker, XMPP, X11, git
    2323, 3478, 4070, 6443, 7070, 8086, 9080, 10001,
    55443, // Telnet and web on other ports, STUN, Spotify, Kubernetes
];

impl Default for PortLists {
    /// What homes, schools and shops have: remote access, web, files, cameras, media, home automation.
    fn default() -> Self {
        Self {
            quick: vec![
                22, 23, 53, 80, 139, 443, 445, 548, 554, 1_883, 3_389, 5_000, 5_900, 7_000, 8_006, 8_008, 8_080, 8_123,
                8_443, 32_400,
            ],
            full: STANDARD_PORTS.to_vec(),
        }
    }
}

impl Default for NetworkSettings {
    fn default() -> Self {
        Self {
            interval_minutes: 5,
            pace: Pace::default(),
            sources: Sources::default(),
            intervals: Intervals::default(),
            segments: Vec::new(),
            exclude: Vec::new(),
            allow_public: false,
            allow_remote: false,
            ports: PortLists::default(),
            presence: PresenceConfig::default(),
        }
    }
}
