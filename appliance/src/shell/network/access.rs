//! Holds what a person gave for reading more than devices tell everybody: SNMP credentials, the lease file.
//! Never shown, never stored, never sent to anybody but the agents it is for. Made by `run` and by `vigie scan`.

use std::path::PathBuf;

use super::usm::User;
use crate::config::NetworkConfig;

/// What a person gave.
pub(crate) struct Access {
    /// For SNMP agents.
    pub(crate) snmp: Credentials,
    /// The lease file of a dnsmasq on this machine.
    pub(crate) leases: LeaseFile,
}

/// A lease file to look at.
pub(crate) struct LeaseFile {
    pub(crate) path: PathBuf,
    /// A person named it, and wants to hear when it cannot be read; the usual one need not be there.
    pub(crate) is_named: bool,
}

/// For SNMP agents. None is ever tried unasked.
#[derive(Default)]
pub(crate) struct Credentials {
    /// Community of version 2c.
    pub(crate) community: Option<String>,
    /// User of version 3.
    pub(crate) user: Option<User>,
}

impl Access {
    /// As the configuration says; it has been checked. Making keys of passwords takes some milliseconds.
    pub(crate) fn of(network: &NetworkConfig) -> Self {
        let community = network.snmp_community.as_ref().map(|secret| secret.expose().to_owned());
        let snmp = Credentials { community, user: User::of(network) };
        let leases = LeaseFile { path: network.leases_file().to_owned(), is_named: network.dhcp_leases.is_some() };
        Self { snmp, leases }
    }
}
