//! Holds the checks of values: what a type cannot say.
//! It never changes a value.
//! The configuration is checked with it at start, the network settings at every change.

use std::net::IpAddr;

use super::cidr::Segment;
use super::network::{
    MAX_INTERVAL_MINUTES, MAX_PATIENCE_SECONDS, MAX_PORTS, MAX_SEGMENTS, MIN_INTERVAL_MINUTES, NetworkSettings,
    PRINTER_PORTS,
};
use super::{Config, HttpConfig};
use crate::http::guard::MAX_OWN_NAMES;

/// Shortest token for the metrics, in bytes: 128 bits in hexadecimal.
const MIN_METRICS_TOKEN_BYTES: usize = 32;

/// One value that does not do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Key, such as `network.segments`.
    pub key: String,
    /// Position in a list.
    pub index: Option<usize>,
    /// What is wrong, in words that go on after the key.
    pub why: String,
}

impl Fault {
    pub(super) fn new(key: &str, index: Option<usize>, why: impl Into<String>) -> Self {
        Self { key: key.to_owned(), index, why: why.into() }
    }

    /// The JSON pointer of this value inside the network settings.
    #[must_use]
    pub fn pointer(&self) -> String {
        let key = self.key.strip_prefix("network.").unwrap_or(&self.key).replace('.', "/");
        self.index.map_or_else(|| format!("/{key}"), |index| format!("/{key}/{index}"))
    }
}

impl Config {
    /// Everything that is wrong, in the order of the file.
    #[must_use]
    pub fn check(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        if self.data.dir.as_os_str().is_empty() {
            faults.push(Fault::new("data.dir", None, "is empty"));
        }
        check_http(&self.http, &mut faults);
        super::snmp::check(&self.network, &mut faults);
        if self.network.dhcp_leases.as_ref().is_some_and(|path| !path.is_absolute()) {
            let why = "is not a whole path; write it from the root, such as /var/lib/misc/dnsmasq.leases";
            faults.push(Fault::new("network.dhcp_leases", None, why));
        }
        faults.extend(self.network.settings().check());
        if let Some(Err(why)) = self.log.syslog.as_deref().map(super::SyslogHost::parse) {
            faults.push(Fault::new("log.syslog", None, why));
        }
        if let Err(why) = crate::shell::zone::read(&self.system.zone) {
            faults.push(Fault::new("system.zone", None, why));
        }
        faults
    }
}

fn check_http(http: &HttpConfig, faults: &mut Vec<Fault>) {
    if http.tls && http.tls_address() == http.listen && http.listen.port() != 0 {
        let why = format!("is {} like http.listen; each needs a port of its own", http.listen);
        faults.push(Fault::new("http.tls_listen", None, why));
    }
    if http.host_names.len() > MAX_OWN_NAMES {
        faults.push(Fault::new("http.host_names", None, format!("holds more than {MAX_OWN_NAMES} names")));
    }
    for (index, name) in http.host_names.iter().enumerate() {
        let fault = |why: &str| Fault::new("http.host_names", Some(index), format!("“{name}” {why}"));
        if name.contains("://") || name.contains('/') {
            faults.push(fault("is an address of a page; write the name alone, such as vigie.example.org"));
        } else if name.parse::<IpAddr>().is_ok() {
            // Literal addresses are fine as they are.
        } else if name.contains(':') {
            faults.push(fault("has a port; write the name alone"));
        } else if name.contains('*') {
            faults.push(fault("has a wildcard, which would let any page in; write each name"));
        } else if !is_name(name) {
            faults.push(fault("is not a host name"));
        }
    }
    if http.metrics_token.as_ref().is_some_and(|token| token.expose().len() < MIN_METRICS_TOKEN_BYTES) {
        let why = format!("is shorter than {MIN_METRICS_TOKEN_BYTES} characters; `openssl rand -hex 16` makes one");
        faults.push(Fault::new("http.metrics_token", None, why));
    }
}

/// Whether a text is a host name (RFC 1123, 2.1), the underscore of some printers allowed.
fn is_name(text: &str) -> bool {
    let label_is_good = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
    };
    text.len() <= 253 && text.strip_suffix('.').unwrap_or(text).split('.').all(label_is_good)
}

impl NetworkSettings {
    /// Everything that is wrong. Its pointers ([`Fault::pointer`]) lead into the JSON of these settings.
    #[must_use]
    pub fn check(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        let minutes = self.interval_minutes;
        if !(MIN_INTERVAL_MINUTES..=MAX_INTERVAL_MINUTES).contains(&minutes) {
            let why = format!("is {minutes}; it must be {MIN_INTERVAL_MINUTES} to {MAX_INTERVAL_MINUTES} minutes");
            faults.push(Fault::new("network.interval_minutes", None, why));
        }
        for (key, list) in [("network.segments", &self.segments), ("network.exclude", &self.exclude)] {
            if list.len() > MAX_SEGMENTS {
                faults.push(Fault::new(key, None, format!("holds more than {MAX_SEGMENTS} entries")));
            }
        }
        for (index, text) in self.segments.iter().take(MAX_SEGMENTS).enumerate() {
            if let Err(why) = Segment::parse(text, self.allow_public) {
                faults.push(Fault::new("network.segments", Some(index), format!("“{text}” {why}")));
            }
        }
        for (index, text) in self.exclude.iter().take(MAX_SEGMENTS).enumerate() {
            if let Err(why) = Segment::parse_any(text) {
                faults.push(Fault::new("network.exclude", Some(index), format!("“{text}” {why}")));
            }
        }
        for (key, ports) in [("network.ports.quick", &self.ports.quick), ("network.ports.full", &self.ports.full)] {
            check_ports(key, ports, &mut faults);
        }
        let presence = &self.presence;
        for (key, seconds) in [
            ("network.presence.wired_seconds", presence.wired_seconds),
            ("network.presence.other_seconds", presence.other_seconds),
            ("network.presence.phone_seconds", presence.phone_seconds),
            ("network.presence.confirm_seconds", presence.confirm_seconds),
        ] {
            if let Some(seconds) = seconds.filter(|seconds| !(1..=MAX_PATIENCE_SECONDS).contains(seconds)) {
                let why = format!("is {seconds}; it must be 1 to {MAX_PATIENCE_SECONDS} seconds");
                faults.push(Fault::new(key, None, why));
            }
        }
        faults
    }
}

fn check_ports(key: &str, ports: &[u16], faults: &mut Vec<Fault>) {
    if ports.len() > MAX_PORTS {
        faults.push(Fault::new(key, None, format!("holds more than {MAX_PORTS} ports")));
    }
    for (index, port) in ports.iter().take(MAX_PORTS).enumerate() {
        if *port == 0 {
            faults.push(Fault::new(key, Some(index), "is port 0, which does not exist"));
        }
        if PRINTER_PORTS.iter().any(|(first, last)| (first..=last).contains(&port)) {
            let why = format!("is port {port}: printers print what is sent there, so it is never touched");
            faults.push(Fault::new(key, Some(index), why));
        }
    }
}
