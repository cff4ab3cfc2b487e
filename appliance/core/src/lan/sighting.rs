//! Holds `Sighting`: the one form in which every source tells what it saw of a device, and the words it may use.
//! Never decides what is believed: `fuse` does. Made by the shell from parsed packets, taken by `Lan`.

use core::net::IpAddr;

use embassy_time::Duration;
use vigie_wire::Mac;

use super::SegmentId;

/// Where a piece of knowledge came from. The name is what the API says in `sources`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[serde(rename_all = "lowercase")]
#[repr(u8)]
pub enum Source {
    /// ARP heard or answered (RFC 826).
    Arp,
    /// IPv6 neighbour discovery (RFC 4861).
    Nd,
    /// The kernel's neighbour table, all that an unprivileged service sees of ARP and ND.
    Neighbour,
    /// ICMP or ICMPv6 echo.
    Icmp,
    /// TCP: SYN-ACK, RST or a connection.
    Tcp,
    /// Multicast DNS and DNS-SD (RFC 6762, 6763).
    Mdns,
    /// Link-local multicast name resolution (RFC 4795).
    Llmnr,
    /// NetBIOS name service (RFC 1002).
    Nbns,
    /// SSDP and the UPnP description it points to.
    Ssdp,
    /// WS-Discovery.
    Wsd,
    /// DHCP requests heard on the wire.
    Dhcp,
    /// Leases of the DHCP server this appliance runs.
    Lease,
    /// SNMP system group.
    Snmp,
    /// Reverse DNS asked of the network's resolver.
    Dns,
    /// SSH identification string.
    Ssh,
    /// HTTP head and title.
    Http,
    /// RTSP head.
    Rtsp,
    /// Names in a TLS certificate.
    Tls,
    /// Any other greeting.
    Banner,
    /// Inventory read over SSH.
    Inventory,
    /// Tailscale.
    Tailscale,
    /// Something a person typed.
    Person,
}

impl Source {
    /// Every source, for filters and counters.
    pub const ALL: &'static [Self] = &[
        Self::Arp,
        Self::Nd,
        Self::Neighbour,
        Self::Icmp,
        Self::Tcp,
        Self::Mdns,
        Self::Llmnr,
        Self::Nbns,
        Self::Ssdp,
        Self::Wsd,
        Self::Dhcp,
        Self::Lease,
        Self::Snmp,
        Self::Dns,
        Self::Ssh,
        Self::Http,
        Self::Rtsp,
        Self::Tls,
        Self::Banner,
        Self::Inventory,
        Self::Tailscale,
        Self::Person,
    ];

    /// The lower-case name used in JSON, filters and configuration.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Arp => "arp",
            Self::Nd => "nd",
            Self::Neighbour => "neighbour",
            Self::Icmp => "icmp",
            Self::Tcp => "tcp",
            Self::Mdns => "mdns",
            Self::Llmnr => "llmnr",
            Self::Nbns => "nbns",
            Self::Ssdp => "ssdp",
            Self::Wsd => "wsd",
            Self::Dhcp => "dhcp",
            Self::Lease => "lease",
            Self::Snmp => "snmp",
            Self::Dns => "dns",
            Self::Ssh => "ssh",
            Self::Http => "http",
            Self::Rtsp => "rtsp",
            Self::Tls => "tls",
            Self::Banner => "banner",
            Self::Inventory => "inventory",
            Self::Tailscale => "tailscale",
            Self::Person => "person",
        }
    }
}

/// TCP or UDP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[serde(rename_all = "lowercase")]
pub enum Transport {
    /// Transmission control protocol.
    Tcp,
    /// User datagram protocol.
    Udp,
}

/// A port of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Port {
    /// Which transport.
    pub transport: Transport,
    /// The number.
    pub number: u16,
}

/// The word a clue is filed under; rules match on it. The value is text as the device sent it, cleaned and bounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[serde(rename_all = "kebab-case")]
pub enum Clue {
    /// A service it announces, `_ipp._tcp` (mDNS) without domain.
    Service,
    /// A friendly name it gives itself (`fn=`, UPnP friendlyName, service instance).
    FriendlyName,
    /// Manufacturer in its own words (UPnP, mDNS `manufacturer`, WSD, SNMP).
    Manufacturer,
    /// Model in its own words (UPnP modelName, mDNS `md=`, `ty=`, `_device-info model=`).
    Model,
    /// UPnP deviceType or SSDP search target.
    UpnpType,
    /// WS-Discovery types.
    WsdType,
    /// WS-Discovery or ONVIF scopes.
    WsdScope,
    /// SSDP or UPnP `SERVER` header.
    UpnpServer,
    /// DHCP vendor class, option 60.
    DhcpVendor,
    /// DHCP parameter request list, option 55, as decimal numbers joined by commas.
    DhcpOptions,
    /// NetBIOS: workgroup.
    Workgroup,
    /// NetBIOS suffix services it registered (`file-server`, `domain-controller`, ...).
    NetbiosRole,
    /// SNMP sysDescr.
    SnmpDescription,
    /// SNMP sysObjectID, dotted.
    SnmpObject,
    /// SNMP sysServices layers, decimal.
    SnmpServices,
    /// SSH identification, without `SSH-2.0-`.
    SshVersion,
    /// HTTP `Server` header.
    HttpServer,
    /// HTML title.
    HttpTitle,
    /// Realm asked for by HTTP authentication.
    HttpRealm,
    /// RTSP `Server` header.
    RtspServer,
    /// Names in its TLS certificate.
    TlsName,
    /// Issuer of its TLS certificate.
    TlsIssuer,
    /// Any other greeting, with the port before a colon: `21:220 ProFTPD`.
    Greeting,
    /// Operating system in its own words.
    Os,
    /// Vendor of its MAC address by the IEEE registry. Filled in by the shell, once per interface.
    MacVendor,
    /// Category of a HomeKit accessory, decimal (HAP specification R2, table 12-3): 17 is a camera.
    HomekitCategory,
    /// Vendor and product number of a Matter device that waits to be set up, `4447+8194` (Matter core, 4.3.1).
    MatterProduct,
}

/// What a device does for the network, seen rather than said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// The appliance's default gateway.
    Gateway,
    /// Sends router advertisements.
    Ipv6Router,
    /// Answers or offers as a DHCP server.
    DhcpServer,
    /// The resolver of the network.
    Resolver,
    /// This appliance itself.
    Myself,
}

/// An identifier that survives a change of MAC and IP; equal ones mean the same device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[serde(rename_all = "kebab-case")]
pub enum StableId {
    /// SSH host key fingerprint.
    SshHostKey,
    /// DHCP client identifier that is not just the MAC, or DUID.
    DhcpClient,
    /// HomeKit, AirPlay or Cast device id from mDNS.
    Mdns,
    /// ONVIF or WSD endpoint address (uuid).
    Endpoint,
    /// UPnP unique device name (uuid).
    Upnp,
    /// Serial number, with the manufacturer before it.
    Serial,
    /// Tailscale node id.
    Tailscale,
}

/// What was seen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fact<'a> {
    /// It sent a frame: it is there.
    Alive,
    /// It answered a probe of ours after this long.
    Answered(Duration),
    /// It answers for, or announces, this address as its own on the link (ARP reply or announcement, neighbour
    /// advertisement). Two machines doing so for one address are a conflict; plain traffic is not.
    Claims,
    /// A packet from this address was carried to the link by the sender of the frame: its hop limit is below what any system
    /// begins with. The address is not the sender's own. Told before whatever else the same packet says.
    Carried,
    /// A host name, without domain.
    Name(&'a str),
    /// A word about itself.
    Clue(Clue, &'a str),
    /// A port is open, or was found closed (RST or refused). A silent port is neither and is not told.
    Port {
        /// Which port.
        port: Port,
        /// Open or closed.
        open: bool,
    },
    /// An identifier that survives a change of address.
    Stable(StableId, &'a str),
    /// What it does for the network.
    Role(Role),
    /// It said goodbye (mDNS TTL 0, SSDP byebye, DHCP release): a reason to check soon, never proof of absence.
    Goodbye,
}

/// One observation of one device by one source. Who it is, is in `mac` and `ip`; at least one of them is present.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sighting<'a> {
    /// Where it was heard.
    pub segment: SegmentId,
    /// Who tells it.
    pub source: Source,
    /// Link-layer sender, when the frame was seen on the segment itself.
    pub mac: Option<Mac>,
    /// The address it used or claims.
    pub ip: Option<IpAddr>,
    /// What was seen.
    pub fact: Fact<'a>,
}
