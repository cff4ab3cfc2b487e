//! Holds the change of user, and the capabilities that are left: none, or the few of a command that sweeps by itself.
//! Never decides who to become. Called by `confine`, in the order that it needs.

use rustix::thread::{
    CapabilitySet, CapabilitySets, capabilities, capability_is_in_bounding_set, clear_ambient_capability_set,
    remove_capability_from_bounding_set, set_capabilities, set_no_new_privs,
};

use crate::error::{Error, Need};

/// A user and its group, by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The user.
    pub uid: u32,
    /// The one group.
    pub gid: u32,
}

/// What opening a raw socket takes: the socket, and a receive buffer beyond the system's limit.
const FOR_RAW_SOCKETS: CapabilitySet = CapabilitySet::NET_RAW.union(CapabilitySet::NET_ADMIN);

/// Empties the bounding set, but for what is kept. Tells whether it is so; without `CAP_SETPCAP` it cannot be done.
pub(super) fn empty_bounding_set(raw_sockets: bool) -> bool {
    let kept = if raw_sockets { FOR_RAW_SOCKETS } else { CapabilitySet::empty() };
    limit_bounding_set(kept)
}

/// Takes everything but `kept` out of the bounding set. Tells whether nothing else is in it now.
pub(crate) fn limit_bounding_set(kept: CapabilitySet) -> bool {
    let mut limited = true;
    for number in 0..u64::BITS {
        let capability = CapabilitySet::from_bits_retain(1 << number);
        // The kernel knows fewer than 64, and says which by an error.
        if !kept.contains(capability) && capability_is_in_bounding_set(capability).unwrap_or(false) {
            limited &= remove_capability_from_bounding_set(capability).is_ok();
        }
    }
    limited
}

/// Becomes somebody else, for good: real, effective and saved user and group, and no further group.
///
/// With all three user numbers changed away from 0 the kernel clears the capabilities as well.
pub(super) fn become_user(identity: Identity) -> Result<(), Error> {
    let checked = |result: libc::c_int| {
        if result == 0 {
            Ok(())
        } else {
            Err(Error::sort("become another user", Need::Root, std::io::Error::last_os_error()))
        }
    };
    // SAFETY: no group is named, so the pointer is not looked at.
    checked(unsafe { libc::setgroups(0, std::ptr::null()) })?;
    // SAFETY: integers only; the process has one thread, so all of it changes.
    checked(unsafe { libc::setresgid(identity.gid, identity.gid, identity.gid) })?;
    // SAFETY: as above.
    checked(unsafe { libc::setresuid(identity.uid, identity.uid, identity.uid) })
}

/// Keeps what raw sockets take, of what there is, and gives up the rest for good.
pub(super) fn keep_raw_sockets() -> Result<(), Error> {
    keep_only(FOR_RAW_SOCKETS)?;
    set_no_new_privs(true).map_err(|errno| Error::other("drop capabilities", errno))
}

/// Keeps `kept`, of what there is, effective and permitted; nothing is inherited.
pub(crate) fn keep_only(kept: CapabilitySet) -> Result<(), Error> {
    let failed = |errno| Error::other("drop capabilities", errno);
    clear_ambient_capability_set().map_err(failed)?;
    let sets = capabilities(None).map_err(failed)?;
    let left = CapabilitySets {
        effective: sets.effective.intersection(kept),
        permitted: sets.permitted.intersection(kept),
        inheritable: CapabilitySet::empty(),
    };
    set_capabilities(None, left).map_err(failed)?;
    if capabilities(None).map_err(failed)? == left { Ok(()) } else { Err(Error::unreadable("drop capabilities")) }
}
