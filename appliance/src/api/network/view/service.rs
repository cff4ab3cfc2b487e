//! Holds what usually listens on a port, as one word for people.
//! Never claims to know what does listen: banners and rules tell that. Called by the view of a port.

use vigie_core::lan::{Port, Transport};

/// Words by TCP port, in the order of the ports: names of the IANA registry where it has one that people know.
const TCP: &[(u16, &str)] = &[
    (21, "ftp"),
    (22, "ssh"),
    (23, "telnet"),
    (25, "smtp"),
    (53, "dns"),
    (80, "http"),
    (81, "http"),
    (88, "kerberos"),
    (110, "pop3"),
    (111, "portmapper"),
    (135, "msrpc"),
    (139, "netbios"),
    (143, "imap"),
    (161, "snmp"),
    (179, "bgp"),
    (389, "ldap"),
    (443, "https"),
    (445, "smb"),
    (465, "smtps"),
    (502, "modbus"),
    (515, "printer"),
    (548, "afp"),
    (554, "rtsp"),
    (587, "smtp"),
    (631, "ipp"),
    (636, "ldaps"),
    (873, "rsync"),
    (993, "imaps"),
    (995, "pop3s"),
    (1080, "socks"),
    (1400, "sonos"),
    (1433, "mssql"),
    (1723, "pptp"),
    (1883, "mqtt"),
    (1935, "rtmp"),
    (2049, "nfs"),
    (2375, "docker"),
    (3128, "proxy"),
    (3268, "ldap"),
    (3306, "mysql"),
    (3389, "rdp"),
    (3689, "daap"),
    (4443, "https"),
    (5000, "upnp"),
    (5060, "sip"),
    (5061, "sips"),
    (5222, "xmpp"),
    (5357, "wsd"),
    (5432, "postgresql"),
    (5555, "adb"),
    (5900, "vnc"),
    (5985, "winrm"),
    (6000, "x11"),
    (6053, "esphome"),
    (6379, "redis"),
    (6443, "kubernetes"),
    (6668, "tuya"),
    (7000, "airplay"),
    (7100, "airplay"),
    (7547, "tr-069"),
    (8000, "http"),
    (8006, "proxmox"),
    (8008, "http"),
    (8009, "cast"),
    (8060, "roku"),
    (8080, "http"),
    (8081, "http"),
    (8088, "http"),
    (8096, "jellyfin"),
    (8123, "home-assistant"),
    (8200, "dlna"),
    (8291, "winbox"),
    (8443, "https"),
    (8554, "rtsp"),
    (8728, "routeros"),
    (8883, "mqtts"),
    (8888, "http"),
    (9100, "printer"),
    (9200, "elasticsearch"),
    (9418, "git"),
    (9443, "https"),
    (9999, "kasa"),
    (10554, "rtsp"),
    (11211, "memcached"),
    (16992, "amt"),
    (27017, "mongodb"),
    (32400, "plex"),
    (34567, "dvrip"),
    (37777, "dahua"),
    (62078, "iphone-sync"),
];

/// The same for UDP, where only announcements tell of a port.
const UDP: &[(u16, &str)] = &[
    (53, "dns"),
    (67, "dhcp"),
    (123, "ntp"),
    (137, "netbios"),
    (161, "snmp"),
    (1900, "ssdp"),
    (3702, "wsd"),
    (5060, "sip"),
    (5353, "mdns"),
    (5683, "coap"),
    (51820, "wireguard"),
];

/// What usually listens there.
pub(super) fn usual(port: Port) -> Option<&'static str> {
    let table = match port.transport {
        Transport::Tcp => TCP,
        Transport::Udp => UDP,
    };
    let place = table.binary_search_by_key(&port.number, |(number, _)| *number).ok()?;
    table.get(place).map(|(_, word)| *word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_are_in_order_or_nothing_would_be_found() {
        for table in [TCP, UDP] {
            assert!(table.is_sorted_by(|a, b| a.0 < b.0));
        }
        let port = |transport, number| usual(Port { transport, number });
        assert_eq!(port(Transport::Tcp, 554), Some("rtsp"));
        assert_eq!(port(Transport::Udp, 5353), Some("mdns"));
        assert_eq!(port(Transport::Udp, 554), None);
    }
}
