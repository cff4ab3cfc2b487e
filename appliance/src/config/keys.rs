//! Holds the list of every key: its kind, and what it does in one line.
//! It never holds a value.
//! Layers are checked against it, `vigie check` and the help print it, a test compares it with the typed structs.

/// What kind of value a key takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Any text.
    Text,
    /// A text that is never shown.
    Secret,
    /// `address:port`.
    Listen,
    /// `true` or `false`.
    Switch,
    /// A whole number from 0 to 255.
    Small,
    /// A length of time in whole seconds, 1 to 86,400.
    Seconds,
    /// One of these words.
    Word(&'static [&'static str]),
    /// A list of texts.
    Texts,
    /// A list of port numbers.
    Ports,
}

/// One key.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// Path, such as `http.listen`.
    pub path: &'static str,
    /// What it takes.
    pub kind: Kind,
    /// What it does.
    pub about: &'static str,
}

/// Words of `network.snmp_auth`.
const SNMP_AUTH: &[&str] = &["sha1", "sha224", "sha256", "sha384", "sha512", "none"];
/// Words of `network.snmp_privacy`.
const SNMP_PRIVACY: &[&str] = &["aes128", "none"];

const fn key(path: &'static str, kind: Kind, about: &'static str) -> Key {
    Key { path, kind, about }
}

/// Every key, in the order of the file.
pub static KEYS: &[Key] = &[
    key("data.dir", Kind::Text, "folder in which the appliance keeps its data"),
    key("http.listen", Kind::Listen, "address and port for plain HTTP"),
    key(
        "http.tls",
        Kind::Switch,
        "answer over TLS; plain HTTP then leads there, but for health and this machine itself",
    ),
    key("http.tls_listen", Kind::Listen, "address and port for TLS; left out: port 8443 on the address of http.listen"),
    key("http.host_names", Kind::Texts, "further names and addresses the appliance answers to"),
    key("http.metrics_token", Kind::Secret, "opens /metrics for a collector that cannot log in"),
    key("network.interval_minutes", Kind::Small, "minutes between two full sweeps, 1 to 60"),
    key("network.pace", Kind::Word(&["gentle", "background", "fast"]), "how hard to probe"),
    key("network.sources.arp", Kind::Switch, "ARP, heard and asked"),
    key("network.sources.nd", Kind::Switch, "IPv6 neighbour discovery"),
    key("network.sources.icmp", Kind::Switch, "ICMP echo"),
    key("network.sources.tcp", Kind::Switch, "TCP ports"),
    key("network.sources.mdns", Kind::Switch, "multicast DNS and DNS-SD"),
    key("network.sources.nbns", Kind::Switch, "NetBIOS names"),
    key("network.sources.ssdp", Kind::Switch, "SSDP and UPnP descriptions"),
    key("network.sources.wsd", Kind::Switch, "WS-Discovery"),
    key("network.sources.dhcp", Kind::Switch, "DHCP heard, and servers asked for"),
    key("network.sources.leases", Kind::Switch, "leases of a DHCP server on this machine"),
    key("network.sources.dns", Kind::Switch, "reverse DNS"),
    key("network.sources.snmp", Kind::Switch, "SNMP system group, with credentials given"),
    key("network.sources.banners", Kind::Switch, "banners of SSH, HTTP, RTSP and names in TLS certificates"),
    key("network.sources.tailscale", Kind::Switch, "the Tailscale daemon on this machine"),
    key("network.intervals.mdns", Kind::Small, "minutes between two questions by multicast DNS; 0: in every sweep"),
    key("network.intervals.nbns", Kind::Small, "the same for NetBIOS names"),
    key("network.intervals.ssdp", Kind::Small, "the same for SSDP"),
    key("network.intervals.wsd", Kind::Small, "the same for WS-Discovery"),
    key("network.intervals.dhcp", Kind::Small, "the same for DHCP servers"),
    key("network.intervals.dns", Kind::Small, "the same for reverse DNS"),
    key("network.intervals.snmp", Kind::Small, "the same for SNMP"),
    key("network.intervals.banners", Kind::Small, "the same for banners"),
    key("network.intervals.leases", Kind::Small, "minutes between two looks at the leases; 0: as often as a sweep"),
    key(
        "network.intervals.tailscale",
        Kind::Small,
        "minutes between two questions to Tailscale; 0: as often as a sweep",
    ),
    key("network.interfaces", Kind::Texts, "interfaces to keep to; empty: all that lead to a network"),
    key("network.snmp_community", Kind::Secret, "community for reading the system group of SNMP agents"),
    key("network.snmp_user", Kind::Text, "user for SNMP version 3, which is then asked before version 2c"),
    key("network.snmp_auth", Kind::Word(SNMP_AUTH), "how its messages are signed"),
    key("network.snmp_auth_password", Kind::Secret, "password its messages are signed with, 8 characters or more"),
    key("network.snmp_privacy", Kind::Word(SNMP_PRIVACY), "how its messages are encrypted"),
    key("network.snmp_privacy_password", Kind::Secret, "password they are encrypted with, 8 characters or more"),
    key(
        "network.dhcp_leases",
        Kind::Text,
        "lease file of dnsmasq; not set: /var/lib/misc/dnsmasq.leases when it is there",
    ),
    key("network.presence.wired_seconds", Kind::Seconds, "silence before a wired device may be called gone"),
    key("network.presence.other_seconds", Kind::Seconds, "the same for Wi-Fi and for what is not known"),
    key("network.presence.phone_seconds", Kind::Seconds, "the same for phones and random addresses, which sleep"),
    key("network.presence.confirm_seconds", Kind::Seconds, "pause between two rounds of asking a missing device"),
    key("network.segments", Kind::Texts, "segments to sweep beside the appliance's own"),
    key("network.exclude", Kind::Texts, "addresses and segments never to probe"),
    key("network.allow_public", Kind::Switch, "sweep segments with public addresses"),
    key("network.allow_remote", Kind::Switch, "look at private networks behind a router when they are named"),
    key("network.ports.quick", Kind::Ports, "ports looked at in every sweep"),
    key("network.ports.full", Kind::Ports, "ports looked at in a full scan"),
    key("log.level", Kind::Word(&["error", "warn", "info", "debug", "trace"]), "least important lines still written"),
    key("log.syslog", Kind::Text, "host that gets the log lines too: host:port, udp:// or tcp:// before it"),
    key(
        "system.zone",
        Kind::Text,
        "the site's zone: machine (its own), a name such as Europe/Paris, or a rule such as CET-1CEST,M3.5.0,M10.5.0/3",
    ),
    key("system.watchdog", Kind::Text, "watchdog to feed, such as /dev/watchdog; it restarts a frozen machine"),
    key("system.user", Kind::Text, "user the service becomes when root starts it, unless the data folder has an owner"),
];

/// The key of a path.
#[must_use]
pub(super) fn find(path: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.path == path)
}

impl Key {
    /// The environment variable that sets this key.
    #[must_use]
    pub fn variable(&self) -> String {
        format!("VIGIE_{}", self.path.replace('.', "_").to_uppercase())
    }
}

/// The word among some that was most likely meant, `None` when nothing is near.
pub fn nearest<'w>(typed: &str, words: impl IntoIterator<Item = &'w str>) -> Option<&'w str> {
    // One slip in three letters still reads as the word; more is another word.
    let allowed = (typed.chars().count() / 3).max(1);
    words
        .into_iter()
        .map(|word| (strsim::damerau_levenshtein(typed, word), word))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, word)| word)
}
