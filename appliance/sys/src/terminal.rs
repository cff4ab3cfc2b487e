//! Holds the virtual terminals of the machine's own screen and keyboard: which is shown, and whether keys may change that.
//! Never draws and never reads a key; what the kernel is told here outlives the process, so whoever locks also unlocks.
//! Called by the kiosk agent's guard.

use std::io;
use std::os::fd::{AsFd, AsRawFd};
use std::thread;
use std::time::{Duration, Instant};

use crate::error::{Error, Need};

/// `linux/vt.h`.
const VT_GETSTATE: libc::c_ulong = 0x5603;
const VT_ACTIVATE: libc::c_ulong = 0x5606;
const VT_LOCKSWITCH: libc::c_ulong = 0x560b;
const VT_UNLOCKSWITCH: libc::c_ulong = 0x560c;
/// `linux/kd.h`.
const KDSETMODE: libc::c_ulong = 0x4b3a;
const KDSKBMODE: libc::c_ulong = 0x4b45;
const KD_TEXT: libc::c_int = 0;
const K_UNICODE: libc::c_int = 3;

/// A graphics driver takes up to a second to hand the screen over; one that takes longer hangs.
const SWITCH_TIME: Duration = Duration::from_secs(2);
/// Between two looks at whether it has.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// `struct vt_stat`.
#[repr(C)]
#[derive(Default)]
struct State {
    active: u16,
    signal: u16,
    state: u16,
}

/// Number of the virtual terminal that is shown; `None` when `terminal` is none of them: a serial line, a window.
#[must_use]
pub fn shown(terminal: impl AsFd) -> Option<u16> {
    let mut state = State::default();
    // SAFETY: the request fills a `struct vt_stat` of three 16-bit numbers, which `state` is.
    let result = unsafe { libc::ioctl(terminal.as_fd().as_raw_fd(), VT_GETSTATE as _, &raw mut state) };
    (result == 0).then_some(state.active)
}

/// Lets the keys that change the terminal (Ctrl-Alt-Fn) work, or not. Without, nothing but [`show`] leads away from the
/// one that is shown; it stays so when this process ends.
///
/// # Errors
/// [`Error::NoPermission`] without `CAP_SYS_TTY_CONFIG`; [`Error::Other`] when it is no virtual terminal.
pub fn lock_keys(terminal: impl AsFd, locked: bool) -> Result<(), Error> {
    let request = if locked { VT_LOCKSWITCH } else { VT_UNLOCKSWITCH };
    number(terminal, request, 1, "lock the keys that change the terminal")
}

/// Shows another virtual terminal and locks the keys again; waits until it is there.
///
/// # Errors
/// As [`lock_keys`], and [`Error::Other`] when the program on the present one does not let go of it within two seconds.
pub fn show(terminal: impl AsFd, wanted: u16) -> Result<(), Error> {
    let terminal = terminal.as_fd();
    if shown(terminal) == Some(wanted) {
        return lock_keys(terminal, true);
    }
    lock_keys(terminal, false)?;
    let asked = number(terminal, VT_ACTIVATE, wanted.into(), "change the terminal");
    let began = Instant::now();
    // VT_WAITACTIVE would wait for ever for a program that does not let go.
    while asked.is_ok() && shown(terminal) != Some(wanted) && began.elapsed() < SWITCH_TIME {
        thread::sleep(LOOK_EVERY);
    }
    // Whatever came of it: keys are not to lead anywhere.
    lock_keys(terminal, true)?;
    asked?;
    if shown(terminal) == Some(wanted) {
        Ok(())
    } else {
        Err(Error::other("change the terminal", io::Error::from(io::ErrorKind::TimedOut)))
    }
}

/// Puts a virtual terminal back to letters: a graphical program that was killed leaves it dark and its keyboard dead.
///
/// # Errors
/// As [`lock_keys`].
pub fn reset(terminal: impl AsFd) -> Result<(), Error> {
    let terminal = terminal.as_fd();
    number(terminal, KDSETMODE, KD_TEXT, "put the terminal back to text")?;
    number(terminal, KDSKBMODE, K_UNICODE, "put the keyboard back to letters")
}

fn number(terminal: impl AsFd, request: libc::c_ulong, value: libc::c_int, action: &'static str) -> Result<(), Error> {
    // SAFETY: each of these requests takes one `int` by value and no memory.
    let result = unsafe { libc::ioctl(terminal.as_fd().as_raw_fd(), request as _, value) };
    if result == 0 { Ok(()) } else { Err(Error::sort(action, Need::Root, io::Error::last_os_error())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_virtual_terminal_says_so() {
        let file = std::fs::File::open("/dev/null").unwrap();
        assert_eq!(shown(&file), None);
        assert!(lock_keys(&file, true).is_err() && reset(&file).is_err() && show(&file, 1).is_err());
    }

    #[test]
    fn locked_keys_do_not_keep_us_from_changing() {
        // Only where there are virtual terminals and rights to them; they are put back.
        let Ok(console) = std::fs::File::options().read(true).write(true).open("/dev/tty0") else { return };
        let Some(before) = shown(&console) else { return };
        let Ok(other) = std::fs::File::options().read(true).write(true).open("/dev/tty23") else { return };
        if lock_keys(&console, true).is_err() {
            return;
        }
        assert!(number(&console, VT_ACTIVATE, 23, "test").is_err() || shown(&console) == Some(before));
        show(&console, 23).unwrap();
        assert_eq!(shown(&other), Some(23));
        reset(&other).unwrap();
        show(&console, before).unwrap();
        lock_keys(&console, false).unwrap();
        assert_eq!(shown(&console), Some(before));
    }
}
