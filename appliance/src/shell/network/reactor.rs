//! Holds how a descriptor of `vigie-sys` is handed to the runtime to be waited for.
//! Never reads or writes it. Called when sockets are opened.

use std::io;
use std::os::fd::AsRawFd;

use tokio::io::unix::AsyncFd;

/// Registers `inner`, which owns its descriptor for as long as it lives, as all types of `vigie-sys` do.
#[expect(deprecated, reason = "its successor is `unsafe`, which only vigie-sys may be; ownership is what it asks for")]
pub(super) fn watch<T: AsRawFd>(inner: T) -> io::Result<AsyncFd<T>> {
    AsyncFd::new(inner)
}
