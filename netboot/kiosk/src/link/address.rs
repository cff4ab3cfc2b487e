//! Holds where the appliance is, as people write it: `https://192.0.2.1:8443`.
//! Never looks a name up. Called by the configuration and by the link.

use std::fmt;

/// Port of the appliance's TLS listener off the box.
const TLS_PORT: u16 = 8443;
/// Port of its plain one.
const PLAIN_PORT: u16 = 8080;

/// The place of an appliance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// Whether it speaks TLS.
    pub tls: bool,
    /// A name or an address, without brackets.
    pub host: String,
    /// The port.
    pub port: u16,
}

impl Address {
    /// Reads `https://host[:port]` or `http://host[:port]`; an IPv6 address stands in brackets.
    ///
    /// # Errors
    /// What is wrong, in words.
    pub fn read(text: &str) -> Result<Self, String> {
        let wrong = || format!("“{text}” is no address; one looks like https://192.0.2.1:8443");
        let (tls, rest) = match text.split_once("://") {
            Some(("https", rest)) => (true, rest),
            Some(("http", rest)) => (false, rest),
            _ => return Err(wrong()),
        };
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let (host, port) = match rest.strip_prefix('[') {
            Some(rest) => rest.split_once(']').ok_or_else(wrong)?,
            None => rest.find(':').map_or((rest, ""), |colon| rest.split_at(colon)),
        };
        let port = match port.strip_prefix(':') {
            Some(port) => port.parse().ok().filter(|port| *port != 0).ok_or_else(wrong)?,
            None if port.is_empty() => {
                if tls {
                    TLS_PORT
                } else {
                    PLAIN_PORT
                }
            }
            None => return Err(wrong()),
        };
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':' | '%');
        if host.is_empty() || host.len() > 253 || !host.chars().all(plain) {
            return Err(wrong());
        }
        Ok(Self { tls, host: host.to_owned(), port })
    }

    /// `host:port`, as HTTP names it.
    #[must_use]
    pub fn authority(&self) -> String {
        let Self { host, port, .. } = self;
        if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", if self.tls { "https" } else { "http" }, self.authority())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_they_are_shown() {
        for (text, shown) in [
            ("https://10.0.0.1", "https://10.0.0.1:8443"),
            ("http://vigie.lan/", "http://vigie.lan:8080"),
            ("https://[fe80::1%eth0]:9", "https://[fe80::1%eth0]:9"),
            ("https://[::1]", "https://[::1]:8443"),
        ] {
            let address = Address::read(text).unwrap();
            assert_eq!(address.to_string(), shown);
            assert_eq!(Address::read(shown).unwrap(), address);
        }
    }

    #[test]
    fn what_is_none_is_refused() {
        for text in [
            "",
            "10.0.0.1",
            "https://",
            "https://a:0",
            "https://a:70000",
            "https://[::1",
            "https://a/b",
            "https://a b",
            "https://[::1]x",
            "https://a\r\nHost: b",
            "wss://a",
        ] {
            assert!(Address::read(text).is_err(), "{text}");
        }
    }
}
