//! Holds which names and addresses this machine answers to, as the kernel knows them now.
//! Never asks a resolver. Called at start and every few seconds after.

use std::net::IpAddr;

use vigie_sys::interface::Address;

use crate::http::guard::OwnNames;

/// The machine's addresses and host name, and what a person added.
pub(super) fn names(more: &[String]) -> OwnNames {
    read(more, |_| true)
}

/// The same without the addresses a machine takes for a day to be hard to follow (RFC 8981): a certificate for them would
/// be a new one every day. The kernel marks them as secondary.
pub(super) fn lasting(more: &[String]) -> OwnNames {
    read(more, |address| !matches!(address.ip, IpAddr::V6(_)) || !address.secondary)
}

fn read(more: &[String], wanted: impl Fn(&Address) -> bool) -> OwnNames {
    let interfaces = vigie_sys::interface::list().map(|listing| listing.items).unwrap_or_default();
    let addresses = interfaces.iter().flat_map(|interface| &interface.addresses);
    let addresses = addresses.filter(|address| wanted(address)).map(|address| address.ip).collect();
    let host_name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    OwnNames { addresses, host_name: host_name.trim().to_owned(), more: more.to_vec() }
}
