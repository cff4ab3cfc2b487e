//! Holds where log lines are sent, as a person writes it: `host`, `host:port`, or either after `udp://` or `tcp://`.
//! It never looks a name up.
//! The configuration is checked with it, the syslog shell sends by it.

use std::net::Ipv6Addr;

/// Port of syslog when none is written: 514 over UDP (RFC 5426, 3.3), 601 over TCP (RFC 3195).
const UDP_PORT: u16 = 514;
const TCP_PORT: u16 = 601;

/// A host that collects log lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyslogHost {
    /// Over TCP with counted octets (RFC 6587, 3.4.1) rather than UDP (RFC 5426).
    pub tcp: bool,
    /// Name or address.
    pub host: String,
    /// Port.
    pub port: u16,
}

impl SyslogHost {
    /// Reads what a person wrote.
    ///
    /// # Errors
    /// What is wrong with it, in words that go on after the key.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (tcp, place) = match text.split_once("://") {
            None => (false, text),
            Some(("udp", place)) => (false, place),
            Some(("tcp", place)) => (true, place),
            Some((other, _)) => return Err(format!("speaks “{other}”; write udp://host:port or tcp://host:port")),
        };
        let default = if tcp { TCP_PORT } else { UDP_PORT };
        let (host, port) = match place.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((address, "")) => (address, None),
            Some((address, rest)) => (address, rest.strip_prefix(':')),
            // An IPv6 address without brackets has no port.
            None if place.parse::<Ipv6Addr>().is_ok() => (place, None),
            None => place.split_once(':').map_or((place, None), |(host, port)| (host, Some(port))),
        };
        let port = match port.map(str::parse::<u16>) {
            None => default,
            Some(Ok(port)) if port > 0 => port,
            Some(_) => return Err(format!("“{text}” has no port from 1 to 65535 after the colon")),
        };
        let fits = |host: &str| {
            let letters = host.chars().all(|c| c.is_ascii_alphanumeric() || "-._".contains(c));
            (1..=253).contains(&host.len()) && letters
        };
        if !fits(host) && host.parse::<Ipv6Addr>().is_err() {
            return Err(format!("“{text}” names no host; write a name or an address, such as logs.example.org:514"));
        }
        Ok(Self { tcp, host: host.to_owned(), port })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_write_is_understood() {
        for (text, tcp, host, port) in [
            ("logs.lan:5514", false, "logs.lan", 5514),
            ("192.0.2.7", false, "192.0.2.7", 514),
            ("udp://192.0.2.7:1", false, "192.0.2.7", 1),
            ("tcp://logs", true, "logs", 601),
            ("tcp://[2001:db8::1]:6514", true, "2001:db8::1", 6514),
            ("[2001:db8::1]", false, "2001:db8::1", 514),
            ("2001:db8::1", false, "2001:db8::1", 514),
        ] {
            assert_eq!(SyslogHost::parse(text), Ok(SyslogHost { tcp, host: host.to_owned(), port }), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        for text in ["", ":514", "a b:514", "logs:", "logs:0", "logs:70000", "tls://logs", "[::1", "logs/x", "é:514"] {
            assert!(SyslogHost::parse(text).is_err(), "{text}");
        }
    }
}
