//! Holds the configuration: one typed struct, every key with its default, its checks and where its value came from.
//! It never guesses: a key it does not know and a value that cannot be meant are refused with line, column and a hint.
//! The command line reads it at start; `vigie check` explains it; the network API changes its network part.

mod check;
mod cidr;
mod keys;
mod layers;
mod network;
mod snmp;
mod syslog;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use serde::Deserialize;

pub use self::check::Fault;
pub use self::cidr::{BadSegment, Segment};
pub use self::keys::{KEYS, Key, nearest};
pub use self::layers::{Effective, Layer, Origin, Refused, read, read_environment, read_file, resolve};
pub use self::network::{
    Intervals, MAX_INTERVAL_MINUTES, MAX_PATIENCE_SECONDS, MAX_PORTS, MAX_SEGMENTS, MIN_INTERVAL_MINUTES,
    NetworkSettings, PRINTER_PORTS, Pace, PortLists, PresenceConfig, Sources,
};
pub use self::snmp::{SnmpAuth, SnmpPrivacy};
pub use self::syslog::SyslogHost;

use crate::accounts::secret::Secret;

/// The whole configuration.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Where data is kept.
    pub data: DataConfig,
    /// The HTTP server.
    pub http: HttpConfig,
    /// The network watch; the page may change it at run time.
    pub network: NetworkConfig,
    /// The log.
    pub log: LogConfig,
    /// The site and the machine.
    pub system: SystemConfig,
    /// What the environment says, secrets left out: it wins over what is changed on the page, which is read later.
    #[serde(skip)]
    environment: Layer,
}

/// `[data]`
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DataConfig {
    /// Folder of the data partition.
    pub dir: PathBuf,
}

/// `[http]`
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HttpConfig {
    /// Address and port for plain HTTP.
    pub listen: SocketAddr,
    /// Whether to answer over TLS; plain HTTP then answers only what may go without.
    pub tls: bool,
    /// Address and port for TLS; see [`HttpConfig::tls_address`].
    pub tls_listen: Option<SocketAddr>,
    /// Further names and addresses the appliance answers to.
    pub host_names: Vec<String>,
    /// Opens `/metrics` for a collector that cannot log in.
    pub metrics_token: Option<Secret>,
}

/// `[network]`: what the page may change, and what only this file may.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NetworkConfig {
    /// Minutes between two full sweeps.
    pub interval_minutes: Option<u8>,
    /// How hard to probe.
    pub pace: Option<Pace>,
    /// Sources that are on.
    pub sources: Sources,
    /// How often each of them is asked.
    pub intervals: Intervals,
    /// Interfaces to keep to; empty: all that lead to a network.
    pub interfaces: Vec<String>,
    /// Community for SNMP version 2c. Nothing is asked without one.
    pub snmp_community: Option<Secret>,
    /// User for SNMP version 3.
    pub snmp_user: Option<String>,
    /// How its messages are signed.
    pub snmp_auth: SnmpAuth,
    /// Password they are signed with.
    pub snmp_auth_password: Option<Secret>,
    /// How they are encrypted.
    pub snmp_privacy: SnmpPrivacy,
    /// Password they are encrypted with.
    pub snmp_privacy_password: Option<Secret>,
    /// Lease file of a dnsmasq on this machine. The page cannot change it: it is a path.
    pub dhcp_leases: Option<PathBuf>,
    /// When a device is called gone.
    pub presence: PresenceConfig,
    /// Segments to sweep beside the appliance's own legs.
    pub segments: Vec<String>,
    /// Addresses and segments never to probe.
    pub exclude: Vec<String>,
    /// Sweep segments with public addresses.
    pub allow_public: bool,
    /// Look at private networks behind a router.
    pub allow_remote: bool,
    /// Ports to look at.
    pub ports: PortLists,
}

/// `[log]`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LogConfig {
    /// The least important lines still written.
    pub level: LogLevel,
    /// Host that gets the lines too: see [`SyslogHost::parse`].
    pub syslog: Option<String>,
}

/// `[system]`: the site, and what only a service started with rights can use.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SystemConfig {
    /// The site's zone, for what is done at a time of day: `machine`, a name of the IANA list or a POSIX rule.
    pub zone: String,
    /// The watchdog to feed; none: it is left alone.
    pub watchdog: Option<PathBuf>,
    /// Who the service becomes when root starts it and the data folder is root's.
    pub user: Option<String>,
}

/// How much is logged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// Failures only.
    Error,
    /// What needs attention.
    Warn,
    /// What happens.
    #[default]
    Info,
    /// What the program does.
    Debug,
    /// Everything.
    Trace,
}

/// Where the appliance listens unless told otherwise: the port promised in the manual, on every IPv4 address.
const DEFAULT_LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 8080);

/// The port for TLS unless told otherwise.
const DEFAULT_TLS_PORT: u16 = 8443;

/// Where Debian's dnsmasq keeps its leases.
const USUAL_LEASES: &str = "/var/lib/misc/dnsmasq.leases";

impl Default for SystemConfig {
    fn default() -> Self {
        Self { zone: crate::shell::zone::MACHINE.to_owned(), watchdog: None, user: None }
    }
}

impl Default for DataConfig {
    fn default() -> Self {
        Self { dir: PathBuf::from("data") }
    }
}

impl Default for HttpConfig {
    fn default() -> Self {
        Self { listen: DEFAULT_LISTEN, tls: true, tls_listen: None, host_names: Vec::new(), metrics_token: None }
    }
}

impl HttpConfig {
    /// Where TLS is spoken. Unless told otherwise on the address of plain HTTP: whoever keeps that to one address or to
    /// this machine does not expect another door on all of them.
    #[must_use]
    pub fn tls_address(&self) -> SocketAddr {
        self.tls_listen.unwrap_or_else(|| SocketAddr::new(self.listen.ip(), DEFAULT_TLS_PORT))
    }
}

impl Config {
    /// Whether the environment says this key, so that what a person changes on the page does not count.
    #[must_use]
    pub fn is_of_environment(&self, path: &str) -> bool {
        self.environment.has(path)
    }

    /// The environment variables that say how the network is watched, and win at every start over the page.
    #[must_use]
    pub fn network_variables(&self) -> Vec<String> {
        self.environment.network_variables()
    }

    /// How the network is watched: what the environment says, then what a person changed on the page, then the file.
    #[must_use]
    pub fn network_settings(&self, stored: Option<NetworkSettings>) -> NetworkSettings {
        let Some(stored) = stored else { return self.network.settings() };
        let nothing = Layer::default();
        // Both were checked one by one; what does not do together is no reason to forget what a person said.
        match resolve(&nothing, &self.environment, &Layer::of_settings(&stored), &nothing) {
            Ok(effective) => effective.config.network.settings(),
            Err(_) => stored,
        }
    }
}

impl NetworkConfig {
    /// The lease file of a DHCP server on this machine: the one named, else where Debian's dnsmasq keeps it.
    #[must_use]
    pub fn leases_file(&self) -> &Path {
        self.dhcp_leases.as_deref().unwrap_or(Path::new(USUAL_LEASES))
    }

    /// The part the page may change.
    #[must_use]
    pub fn settings(&self) -> NetworkSettings {
        let default = NetworkSettings::default();
        NetworkSettings {
            interval_minutes: self.interval_minutes.unwrap_or(default.interval_minutes),
            pace: self.pace.unwrap_or(default.pace),
            sources: self.sources,
            intervals: self.intervals,
            segments: self.segments.clone(),
            exclude: self.exclude.clone(),
            allow_public: self.allow_public,
            allow_remote: self.allow_remote,
            ports: self.ports.clone(),
            presence: self.presence,
        }
    }
}

#[cfg(test)]
mod tests;
