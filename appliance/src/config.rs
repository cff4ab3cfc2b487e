//! Holds the configuration: one typed struct, every key with its default, its checks and where its value came from.
//! It never guesses: a key it does not know and a value that cannot be meant are refused with line, column and a hint.
//! The command line reads it at start; `vigie check` explains it; the network API changes its network part.

mod check;
mod cidr;
mod keys;
mod layers;
mod network;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use serde::Deserialize;

pub use self::check::Fault;
pub use self::cidr::{BadSegment, Segment};
pub use self::keys::{KEYS, Key, nearest};
pub use self::layers::{Effective, Layer, Origin, Refused, read, read_environment, read_file, resolve};
pub use self::network::{
    MAX_INTERVAL_MINUTES, MAX_PORTS, MAX_SEGMENTS, MIN_INTERVAL_MINUTES, NetworkSettings, PRINTER_PORTS, Pace,
    PortLists, Sources,
};

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
    /// The machine.
    pub system: SystemConfig,
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
    /// Interfaces to keep to; empty: all that lead to a network.
    pub interfaces: Vec<String>,
    /// Community for SNMP version 2c. Nothing is asked without one.
    pub snmp_community: Option<Secret>,
    /// When a device is called gone.
    pub presence: PresenceConfig,
    /// Segments to sweep beside the appliance's own legs.
    pub segments: Vec<String>,
    /// Addresses and segments never to probe.
    pub exclude: Vec<String>,
    /// Sweep segments with public addresses.
    pub allow_public: bool,
    /// Ports to look at.
    pub ports: PortLists,
}

/// `[network.presence]`: silence, in seconds, before a device may be called gone, and how patiently it is asked. What is
/// not given is as the product has it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PresenceConfig {
    /// A device that is surely wired.
    pub wired_seconds: Option<u32>,
    /// Wi-Fi, and what is not known.
    pub other_seconds: Option<u32>,
    /// Phones, tablets and random addresses.
    pub phone_seconds: Option<u32>,
    /// Pause between two rounds of asking.
    pub confirm_seconds: Option<u32>,
}

/// `[log]`
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LogConfig {
    /// The least important lines still written.
    pub level: LogLevel,
}

/// `[system]`: what only a service started with rights can use.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SystemConfig {
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

impl Default for DataConfig {
    fn default() -> Self {
        Self { dir: PathBuf::from("data") }
    }
}

impl Default for HttpConfig {
    fn default() -> Self {
        Self { listen: DEFAULT_LISTEN, host_names: Vec::new(), metrics_token: None }
    }
}

impl NetworkConfig {
    /// The part the page may change.
    #[must_use]
    pub fn settings(&self) -> NetworkSettings {
        let default = NetworkSettings::default();
        NetworkSettings {
            interval_minutes: self.interval_minutes.unwrap_or(default.interval_minutes),
            pace: self.pace.unwrap_or(default.pace),
            sources: self.sources,
            segments: self.segments.clone(),
            exclude: self.exclude.clone(),
            allow_public: self.allow_public,
            ports: self.ports.clone(),
        }
    }
}

#[cfg(test)]
mod tests;
