//! Holds the socket options that neither `rustix` nor `socket2` wraps, behind one typed call.
//! Never opens or reads a socket. Called by `link`, `icmp` and `multicast` while they set a socket up.

use std::io;
use std::mem::size_of;
use std::os::fd::{AsFd, AsRawFd};

/// What the kernel may be handed as an option value.
///
/// # Safety
/// The type is `repr(C)` or a primitive, has no padding the kernel reads, and holds no pointer.
pub(crate) unsafe trait Value: Copy {}

// SAFETY: a primitive.
unsafe impl Value for libc::c_int {}
// SAFETY: `repr(C)`, four fields without padding between them, no pointer.
unsafe impl Value for libc::packet_mreq {}

/// `setsockopt(2)` with a value of plain data.
pub(crate) fn set<T: Value>(fd: impl AsFd, level: libc::c_int, name: libc::c_int, value: &T) -> io::Result<()> {
    // SAFETY: the descriptor is open for the borrow's length; the pointer and the length describe `value`, which the
    // kernel only reads; `Value` promises plain data.
    let result = unsafe {
        libc::setsockopt(
            fd.as_fd().as_raw_fd(),
            level,
            name,
            std::ptr::from_ref(value).cast(),
            size_of::<T>() as libc::socklen_t,
        )
    };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Ties a socket to one interface, so that it neither hears nor speaks on another.
///
/// By index and not by name (`SO_BINDTOIFINDEX`, Linux 5.0): a renamed interface stays the same one. Needs no right for
/// a socket that is not tied yet (Linux 5.7).
pub(crate) fn tie_to_interface(fd: impl AsFd, index: u32) -> io::Result<()> {
    let index = libc::c_int::try_from(index).map_err(|_| io::Error::from_raw_os_error(libc::ENODEV))?;
    // The kernel takes any number here and fails only when a packet is sent: ask first, for a clear error now.
    rustix::net::netdevice::index_to_name_inlined(&fd, index.unsigned_abs())?;
    set(fd, libc::SOL_SOCKET, libc::SO_BINDTOIFINDEX, &index)
}
