//! Holds the hardware watchdog: a timer in the chip that restarts the board unless it is fed (Linux's watchdog API).
//! Never feeds by itself and never decides whether all is well. Called by the supervising process, which opens it.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::fd::AsRawFd;
use std::path::Path;

use crate::error::{Error, Need};

/// Where the first watchdog is, on every board.
pub const DEVICE: &str = "/dev/watchdog";

/// `WDIOC_SETTIMEOUT`, `_IOWR('W', 6, int)`.
const WDIOC_SETTIMEOUT: libc::c_ulong = 0xc004_5706;

/// An armed watchdog. From [`Watchdog::open`] on the board restarts unless [`Watchdog::feed`] is called in time.
///
/// Dropping it without [`Watchdog::disarm`] leaves it armed, on purpose: a supervisor that dies must not take the
/// watchdog with it.
#[derive(Debug)]
pub struct Watchdog {
    device: File,
}

impl Watchdog {
    /// Arms the watchdog at `path`, usually [`DEVICE`].
    ///
    /// # Errors
    /// [`Error::NoPermission`] without root; [`Error::InUse`] when another process feeds it; [`Error::Other`] when the
    /// machine has none.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, Error> {
        let device = OpenOptions::new().write(true).open(path).map_err(|source| match source.raw_os_error() {
            Some(libc::EBUSY) => Error::InUse,
            Some(libc::ENODEV | libc::ENXIO) => Error::other("open the watchdog", source),
            _ => Error::sort("open the watchdog", Need::Root, source),
        })?;
        Ok(Self { device })
    }

    /// Asks for a restart after `seconds` without food. Tells what the chip made of it: on a Raspberry Pi at most 15.
    ///
    /// # Errors
    /// [`Error::Other`] when the chip's timeout is fixed, or the file is no watchdog.
    pub fn set_timeout(&mut self, seconds: u16) -> Result<u32, Error> {
        let mut value = libc::c_int::from(seconds);
        // SAFETY: the descriptor is open; the request reads and writes one `int`, and is given a pointer to one.
        let result = unsafe { libc::ioctl(self.device.as_raw_fd(), WDIOC_SETTIMEOUT as _, &raw mut value) };
        if result == 0 {
            Ok(value.unsigned_abs())
        } else {
            Err(Error::other("set the watchdog's timeout", io::Error::last_os_error()))
        }
    }

    /// Feeds it: the time starts anew.
    ///
    /// # Errors
    /// [`Error::Other`] when the driver refuses; the restart then comes.
    pub fn feed(&mut self) -> Result<(), Error> {
        // Any byte but 'V' feeds and forbids disarming by a mere close.
        self.device.write_all(b"\0").map_err(|error| Error::other("feed the watchdog", error))
    }

    /// Disarms it, for an orderly stop: the letter 'V' right before the close. A kernel built with "no way out" ignores
    /// that, and the board restarts.
    ///
    /// # Errors
    /// [`Error::Other`] when the driver refuses.
    pub fn disarm(mut self) -> Result<(), Error> {
        self.device.write_all(b"V").map_err(|error| Error::other("disarm the watchdog", error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a driver would be written, on a plain file in its place.
    fn written(test: &str, act: impl FnOnce(Watchdog)) -> Vec<u8> {
        let path = std::env::temp_dir().join(format!("vigie-watchdog-{test}-{}", std::process::id()));
        File::create(&path).unwrap();
        act(Watchdog::open(&path).unwrap());
        let bytes = std::fs::read(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        bytes
    }

    #[test]
    fn an_orderly_stop_ends_with_the_letter_that_disarms() {
        let bytes = written("stop", |mut dog| {
            dog.feed().unwrap();
            dog.feed().unwrap();
            dog.disarm().unwrap();
        });
        assert_eq!(bytes, b"\0\0V");
    }

    #[test]
    fn a_death_leaves_it_armed() {
        let bytes = written("death", |mut dog| dog.feed().unwrap());
        assert_eq!(bytes, b"\0");
    }

    #[test]
    fn what_is_no_watchdog_says_so() {
        assert!(matches!(Watchdog::open("/nowhere/watchdog"), Err(Error::Other { .. })));
        let bytes = written("timeout", |mut dog| {
            assert!(matches!(dog.set_timeout(15), Err(Error::Other { .. })));
        });
        assert_eq!(bytes, b"");
    }
}
