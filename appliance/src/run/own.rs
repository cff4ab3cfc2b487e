//! Holds which names and addresses this machine answers to, as the kernel knows them now.
//! Never asks a resolver. Called at start and every few seconds after.

use crate::http::guard::OwnNames;

/// The machine's addresses and host name, and what a person added.
pub(super) fn names(more: &[String]) -> OwnNames {
    let interfaces = vigie_sys::interface::list().map(|listing| listing.items).unwrap_or_default();
    let addresses =
        interfaces.iter().flat_map(|interface| interface.addresses.iter().map(|address| address.ip)).collect();
    let host_name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    OwnNames { addresses, host_name: host_name.trim().to_owned(), more: more.to_vec() }
}
