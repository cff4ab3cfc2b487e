//! Holds the reader of the lease file of dnsmasq (its manual page, `--dhcp-leasefile`): one lease a line, both families.
//! Never believes that a leased address is in use: a lease says what was given, not who is there. Called by the lease source.

use core::fmt::Write;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::Malformed;
use super::text::{Text, clean};
use crate::Mac;

/// Bytes of a client identifier or DUID that are kept, in hexadecimal: 32 octets tell any two apart.
const MAX_ID_DIGITS: usize = 64;

/// One lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// When it ends, in seconds since 1970; `None` for one that never does.
    pub ends_s: Option<u64>,
    /// The address given.
    pub ip: IpAddr,
    /// The Ethernet address it was given to; `None` for IPv6, where the DUID stands for the client, and for other links.
    pub mac: Option<Mac>,
    /// The name the client gave, without domain; empty without.
    pub name: Text<63>,
    /// Client identifier (RFC 2132 section 9.14) or DUID (RFC 8415 section 11), in lower-case hexadecimal; empty without.
    pub client: Text<MAX_ID_DIGITS>,
}

/// Reads one line. `Ok(None)`: it is no lease but the server's own DUID, or blank. Errors: too few fields, or a field that
/// is not what it must be; the other lines stand.
pub fn read_lease(line: &[u8]) -> Result<Option<Lease>, Malformed> {
    let line = line.trim_ascii();
    let mut fields = line.split(|byte| *byte == b' ').filter(|field| !field.is_empty());
    let Some(first) = fields.next() else { return Ok(None) };
    if first == b"duid" {
        return Ok(None);
    }
    let ends: u64 = number(first)?;
    let mut field = || fields.next().ok_or(Malformed::Truncated);
    let (hardware, ip, name, client) = (field()?, field()?, field()?, field()?);
    let ip = core::str::from_utf8(ip).ok().and_then(|ip| ip.parse().ok()).ok_or(Malformed::Invalid)?;
    let mac = match ip {
        IpAddr::V4(ip) if is_host(ip) => read_mac(hardware)?,
        // The second field of IPv6 is the association's number, with a T before it for a temporary address.
        IpAddr::V6(ip) if is_host6(ip) => {
            let _number: u64 = number(hardware.strip_prefix(b"T").unwrap_or(hardware))?;
            None
        }
        _ => return Err(Malformed::Invalid),
    };
    Ok(Some(Lease {
        ends_s: Some(ends).filter(|ends| *ends > 0),
        ip,
        mac,
        name: if name == b"*" { Text::new() } else { clean(name) },
        client: if client == b"*" { Text::new() } else { read_id(client)? },
    }))
}

fn is_host(ip: Ipv4Addr) -> bool {
    !(ip.is_unspecified() || ip.is_loopback() || ip.is_multicast() || ip.is_broadcast())
}

fn is_host6(ip: Ipv6Addr) -> bool {
    !(ip.is_unspecified() || ip.is_loopback() || ip.is_multicast())
}

fn number(digits: &[u8]) -> Result<u64, Malformed> {
    core::str::from_utf8(digits).ok().and_then(|digits| digits.parse().ok()).ok_or(Malformed::Invalid)
}

/// The octets of `aa:bb:cc`, at most 255 of them: what follows is cut.
fn octets(text: &[u8]) -> impl Iterator<Item = Result<u8, Malformed>> {
    text.split(|byte| *byte == b':').take(255).map(|pair| match pair {
        [high, low] => {
            let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
            digit(*high).zip(digit(*low)).map(|(high, low)| high << 4 | low).ok_or(Malformed::Invalid)
        }
        _ => Err(Malformed::Invalid),
    })
}

/// An Ethernet address. Others have the number of their kind before a dash, and are left out.
fn read_mac(text: &[u8]) -> Result<Option<Mac>, Malformed> {
    let (kind, address) = match text {
        [_, _, b'-', address @ ..] => (Some(text), address),
        address => (None, address),
    };
    let mut mac = [0; 6];
    let mut read = octets(address);
    if kind.is_some() {
        return read.try_for_each(|octet| octet.map(drop)).map(|()| None);
    }
    for place in &mut mac {
        *place = read.next().ok_or(Malformed::Truncated)??;
    }
    let mac = Mac(mac);
    if read.next().is_some() || !mac.is_station() {
        return Err(Malformed::Invalid);
    }
    Ok(Some(mac))
}

fn read_id(text: &[u8]) -> Result<Text<MAX_ID_DIGITS>, Malformed> {
    let mut id = Text::new();
    for octet in octets(text) {
        if write!(id, "{:02x}", octet?).is_err() {
            break;
        }
    }
    Ok(id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::names::torture::torture;

    /// dnsmasq 2.90, a file as it was found, names changed.
    const FILE: &[u8] = b"1763703122 8e:3b:11:02:9d:7e 10.77.0.40 Galaxy-S23 01:8e:3b:11:02:9d:7e\n\
        1763703125 00:d9:d1:5a:6b:7c 10.77.0.41 * ff:d1:5a:6b:7c:00:03:00:01:00:d9:d1:5a:6b:7c\n\
        0 02:56:49:47:00:09 10.77.0.42 printer *\n\
        1763703126 06-0a:0b 10.77.0.43 old-token-ring *\n\
        duid 00:01:00:01:2e:b4:5a:06:3c:a6:2f:00:11:22\n\
        1763703130 1527863 fd77:7676:7600:1::abcd laptop 00:01:00:01:2c:aa:bb:cc:90:b1:1c:01:02:03\n\
        1763703131 T99 fd77:7676:7600:1::abce * 00:04:de:ad:be:ef\n";

    fn read(line: &str) -> Result<Option<Lease>, Malformed> {
        read_lease(line.as_bytes())
    }

    #[test]
    fn reads_both_families_of_a_real_file() {
        extern crate std;
        let leases: std::vec::Vec<_> =
            FILE.split(|byte| *byte == b'\n').filter_map(|line| read_lease(line).unwrap()).collect();
        assert_eq!(leases.len(), 6);
        assert_eq!(
            leases[0],
            Lease {
                ends_s: Some(1_763_703_122),
                ip: "10.77.0.40".parse().unwrap(),
                mac: Some(Mac([0x8e, 0x3b, 0x11, 0x02, 0x9d, 0x7e])),
                name: "Galaxy-S23".try_into().unwrap(),
                client: "018e3b11029d7e".try_into().unwrap(),
            }
        );
        assert_eq!((leases[1].name.as_str(), leases[1].client.as_str()), ("", "ffd15a6b7c0003000100d9d15a6b7c"));
        assert_eq!((leases[2].ends_s, leases[2].client.as_str()), (None, ""));
        assert_eq!((leases[3].mac, leases[3].name.as_str()), (None, "old-token-ring"));
        assert_eq!(leases[4].ip, "fd77:7676:7600:1::abcd".parse::<IpAddr>().unwrap());
        assert_eq!((leases[4].mac, leases[4].client.as_str()), (None, "000100012caabbcc90b11c010203"));
        assert_eq!(leases[5].name.as_str(), "");
    }

    #[test]
    fn a_name_is_clean_whatever_a_client_gave() {
        let lease = read_lease(b"9 8e:3b:11:02:9d:7e 10.0.0.1 \x1b[31m\xff<b> *\r").unwrap().unwrap();
        assert_eq!(lease.name.as_str(), "[31m<b>");
    }

    #[test]
    fn refuses_what_is_no_lease() {
        for (line, why) in [
            ("1763703122 8e:3b:11:02:9d:7e 10.77.0.40 name", Malformed::Truncated),
            ("x 8e:3b:11:02:9d:7e 10.77.0.40 name *", Malformed::Invalid),
            ("9 8e:3b:11:02:9d 10.77.0.40 name *", Malformed::Truncated),
            ("9 8e:3b:11:02:9d:7e:00 10.77.0.40 name *", Malformed::Invalid),
            ("9 ff:ff:ff:ff:ff:ff 10.77.0.40 name *", Malformed::Invalid),
            ("9 8e:3b:11:02:9d:7e 10.77.0 name *", Malformed::Invalid),
            ("9 8e:3b:11:02:9d:7e 255.255.255.255 name *", Malformed::Invalid),
            ("9 8e:3b:11:02:9d:7e 10.0.0.1 name 01:zz", Malformed::Invalid),
            ("9 x fd00::1 name 00:01", Malformed::Invalid),
            ("9 5 ff02::1 name 00:01", Malformed::Invalid),
        ] {
            assert_eq!(read(line), Err(why), "{line}");
        }
        assert_eq!(read("  "), Ok(None));
    }

    #[test]
    fn never_panics() {
        torture(&[FILE], |bytes| {
            for line in bytes.split(|byte| *byte == b'\n') {
                let _either = read_lease(line);
            }
        });
    }
}
