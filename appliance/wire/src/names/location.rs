//! Holds the URLs that devices give out, narrowed to what may be fetched from a device: `http` to an IP address.
//! Never resolves a name and never judges the address: whether it is the sender's own, on our segment, is the caller's check.
//! Called by `ssdp` and `wsd`, and by the shell before it fetches a description.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::Malformed;

/// Longest path with query kept. Real ones are below 100 bytes.
const MAX_PATH: usize = 200;

/// Where a description lies.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Location {
    /// The address, taken literally. A zone (`%eth0`) is dropped: the interface it was heard on is the zone.
    #[cfg_attr(feature = "defmt", defmt(Debug2Format))]
    pub ip: IpAddr,
    /// The port; 80 when none is written.
    pub port: u16,
    /// Path with query, starting with `/`, visible ASCII only.
    pub path: heapless::String<MAX_PATH>,
}

impl Location {
    /// Reads `http://<IPv4 or [IPv6]>[:port][/path]`. Errors: another scheme, a host name, user information, port 0, a
    /// blank, control or non-ASCII character, a path over 200 bytes. A fragment is dropped.
    pub fn parse(url: &[u8]) -> Result<Self, Malformed> {
        let url = url.trim_ascii();
        let (scheme, rest) = url.split_at_checked(7).ok_or(Malformed::Truncated)?;
        if !scheme.eq_ignore_ascii_case(b"http://") {
            return Err(Malformed::OtherKind);
        }
        let rest = core::str::from_utf8(rest).map_err(|_| Malformed::Invalid)?;
        if !rest.bytes().all(|byte| byte.is_ascii_graphic()) || rest.contains('\\') {
            return Err(Malformed::Invalid);
        }
        let rest = rest.split('#').next().unwrap_or_default();
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at_checked(end).ok_or(Malformed::Invalid)?;
        let (ip, port) = read_authority(authority)?;
        let mut whole = heapless::String::new();
        if !path.starts_with('/') {
            whole.push('/').map_err(|_| Malformed::OutOfBounds)?;
        }
        whole.push_str(path).map_err(|_| Malformed::OutOfBounds)?;
        Ok(Self { ip, port, path: whole })
    }
}

fn read_authority(authority: &str) -> Result<(IpAddr, u16), Malformed> {
    let (ip, port) = if let Some(inside) = authority.strip_prefix('[') {
        let (host, after) = inside.split_once(']').ok_or(Malformed::Invalid)?;
        let host = host.split('%').next().unwrap_or_default();
        let ip: Ipv6Addr = host.parse().map_err(|_| Malformed::Invalid)?;
        let port = match after {
            "" => None,
            _ => Some(after.strip_prefix(':').ok_or(Malformed::Invalid)?),
        };
        (IpAddr::V6(ip), port)
    } else {
        let (host, port) = authority.split_once(':').map_or((authority, None), |(host, port)| (host, Some(port)));
        // The strict parser of core: four decimal numbers, no octal, no short forms.
        let ip: Ipv4Addr = host.parse().map_err(|_| Malformed::Invalid)?;
        (IpAddr::V4(ip), port)
    };
    let port = match port {
        None | Some("") => 80,
        Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            digits.parse().map_err(|_| Malformed::Invalid)?
        }
        Some(_) => return Err(Malformed::Invalid),
    };
    if port == 0 { Err(Malformed::Invalid) } else { Ok((ip, port)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::names::torture::torture;

    #[test]
    fn reads_what_devices_write() {
        for (url, ip, port, path) in [
            ("http://192.168.1.1:49152/rootDesc.xml", "192.168.1.1", 49152, "/rootDesc.xml"),
            ("HTTP://10.0.0.7", "10.0.0.7", 80, "/"),
            ("http://10.0.0.7:/dd.xml?id=1#x", "10.0.0.7", 80, "/dd.xml?id=1"),
            ("http://10.0.0.7?x", "10.0.0.7", 80, "/?x"),
            ("http://[fe80::1%25eth0]:8080/a", "fe80::1", 8080, "/a"),
            (" http://[fd00::2]/ ", "fd00::2", 80, "/"),
        ] {
            let location = Location::parse(url.as_bytes()).unwrap();
            assert_eq!(
                (location.ip, location.port, location.path.as_str()),
                (ip.parse().unwrap(), port, path),
                "{url}"
            );
        }
    }

    #[test]
    fn refuses_every_other_url() {
        for url in [
            "",
            "http://",
            "https://10.0.0.7/",
            "file:///etc/passwd",
            "http://localhost/",
            "http://nas.local/",
            "http://user@10.0.0.7/",
            "http://10.0.0.7@evil/",
            "http://010.0.0.7/",
            "http://167772167/",
            "http://10.0.0.7:0/",
            "http://10.0.0.7:65536/",
            "http://10.0.0.7:+80/",
            "http://10.0.0.7/a b",
            "http://10.0.0.7/\r\nX: y",
            "http://10.0.0.7\\@x/",
            "http://[::1",
            "http://[::1]80/",
            "http://::1/",
            "http://10.0.0.7/é",
        ] {
            assert!(Location::parse(url.as_bytes()).is_err(), "{url}");
        }
        let mut long = [b'x'; 300];
        long[..16].copy_from_slice(b"http://10.0.0.7/");
        assert_eq!(Location::parse(&long), Err(Malformed::OutOfBounds));
    }

    #[test]
    fn never_panics() {
        torture(&[b"http://192.168.1.1:49152/rootDesc.xml?a#b", b"http://[fe80::1%25eth0]:8080/a"], |bytes| {
            if let Ok(location) = Location::parse(bytes) {
                assert!(location.port > 0 && location.path.starts_with('/'));
                assert!(location.path.bytes().all(|byte| byte.is_ascii_graphic()));
            }
        });
    }
}
