//! Holds signals as a descriptor to wait for: a child that ended, a wish to end.
//! Never runs a handler. Called by the broker and by the kiosk agent's guard; a child gets back what was blocked before.

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::ptr;

use crate::error::Error;

const ACTION: &str = "wait for signals";

/// Signals that come through a descriptor instead of interrupting.
#[derive(Debug)]
pub struct Signals {
    descriptor: OwnedFd,
    before: libc::sigset_t,
}

/// What the signals since the last look were about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Came {
    /// The process is to end.
    pub end: bool,
    /// A child changed: look at it.
    pub child: bool,
}

impl Signals {
    /// Blocks them and waits for them through a descriptor instead. Before the first thread starts.
    ///
    /// # Errors
    /// [`Error::Other`] when the kernel has no descriptor left.
    pub fn catch() -> Result<Self, Error> {
        let failed = || Error::other(ACTION, io::Error::last_os_error());
        let mut wanted = vec![libc::SIGCHLD, libc::SIGTERM, libc::SIGINT];
        // `nohup` means it.
        if !is_ignored(libc::SIGHUP) {
            wanted.push(libc::SIGHUP);
        }
        let (mut set, mut before) = (MaybeUninit::uninit(), MaybeUninit::uninit());
        // SAFETY: `sigemptyset` makes a whole set of what it is given, `sigaddset` adds to that; `sigprocmask` reads it and
        // fills the other. The process has one thread.
        let (result, before) = unsafe {
            libc::sigemptyset(set.as_mut_ptr());
            for signal in wanted {
                libc::sigaddset(set.as_mut_ptr(), signal);
            }
            let result = libc::sigprocmask(libc::SIG_BLOCK, set.as_ptr(), before.as_mut_ptr());
            if result != 0 {
                return Err(failed());
            }
            (libc::signalfd(-1, set.as_ptr(), libc::SFD_CLOEXEC | libc::SFD_NONBLOCK), before.assume_init())
        };
        if result < 0 {
            return Err(failed());
        }
        // SAFETY: the kernel just made it, for us.
        Ok(Self { descriptor: unsafe { OwnedFd::from_raw_fd(result) }, before })
    }

    /// What came since the last call.
    #[must_use]
    pub fn read(&self) -> Came {
        let mut came = Came::default();
        let mut one = MaybeUninit::<libc::signalfd_siginfo>::zeroed();
        let size = size_of::<libc::signalfd_siginfo>();
        loop {
            // SAFETY: pointer and length describe `one`, integers all, which the kernel fills whole or not at all.
            let read = unsafe { libc::read(self.descriptor.as_raw_fd(), one.as_mut_ptr().cast(), size) };
            if read != size.cast_signed() {
                return came;
            }
            // SAFETY: zeroed at first and filled now.
            let signal = unsafe { one.assume_init_ref() }.ssi_signo;
            if signal == libc::SIGCHLD.cast_unsigned() { came.child = true } else { came.end = true }
        }
    }

    /// Puts back what was blocked before. For a child, before it does anything else.
    pub(crate) fn restore(&self) {
        // SAFETY: `before` is a whole set; nothing is asked back.
        unsafe { libc::sigprocmask(libc::SIG_SETMASK, &raw const self.before, ptr::null_mut()) };
    }
}

impl AsFd for Signals {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.descriptor.as_fd()
    }
}

fn is_ignored(signal: libc::c_int) -> bool {
    let mut action = MaybeUninit::<libc::sigaction>::zeroed();
    // SAFETY: nothing is set; the kernel fills `action`, and all zero is a valid one if it does not.
    unsafe { libc::sigaction(signal, ptr::null(), action.as_mut_ptr()) };
    // SAFETY: as above.
    unsafe { action.assume_init() }.sa_sigaction == libc::SIG_IGN
}
