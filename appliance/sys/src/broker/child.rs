//! Holds the service as a process of the broker's: its start, its end, the signals it is sent.
//! Never decides when. Called by `serve`.

use std::ffi::{CString, OsString};
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::ffi::OsStringExt;

use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};

use super::CHILD_DESCRIPTOR;
use crate::error::Error;
use crate::signals::Signals;

/// This program, also when its file was replaced by a newer one meanwhile.
const ITSELF: &std::ffi::CStr = c"/proc/self/exe";

/// The service.
#[derive(Debug)]
pub(super) struct Child {
    pid: Pid,
}

/// The exit code (sysexits.h, "system error") of a child that could not become the service; why is told.
const NOT_EXECUTED: libc::c_int = 71;

impl Child {
    /// Starts the service: this program, with these arguments, its end of the channel as descriptor 3.
    pub(super) fn start(
        channel: &OwnedFd,
        arguments: &[OsString],
        signals: &Signals,
        tell: &mut dyn FnMut(&str),
    ) -> Result<Self, Error> {
        let action = "start the service";
        let words = arguments.iter().map(|word| CString::new(word.clone().into_vec()));
        let words: Vec<CString> = words.collect::<Result<_, _>>().map_err(|_| Error::unreadable(action))?;
        let mut pointers: Vec<*const libc::c_char> = words.iter().map(|word| word.as_ptr()).collect();
        pointers.push(std::ptr::null());
        // SAFETY: the process has one thread, so nothing can be half done in the child.
        let pid = unsafe { libc::fork() };
        if pid < 0 {
            return Err(Error::other(action, io::Error::last_os_error()));
        }
        if let Some(pid) = Pid::from_raw(pid) {
            return Ok(Self { pid });
        }
        signals.restore();
        // SAFETY: `pointers` ends with null, and each before it points at a string in `words`, which is still there; the
        // descriptors are numbers to the kernel. On success this does not return.
        let why = unsafe {
            // With the same number `dup2` does nothing, and the descriptor would be closed by the start.
            if channel.as_raw_fd() == CHILD_DESCRIPTOR {
                libc::fcntl(CHILD_DESCRIPTOR, libc::F_SETFD, 0);
            } else {
                libc::dup2(channel.as_raw_fd(), CHILD_DESCRIPTOR);
            }
            libc::execv(ITSELF.as_ptr(), pointers.as_ptr());
            io::Error::last_os_error()
        };
        tell(&format!("the service cannot be started: {}: {why}", ITSELF.to_string_lossy()));
        // SAFETY: ends this copy of the broker, without anything the broker would do at its end.
        unsafe { libc::_exit(NOT_EXECUTED) }
    }

    /// Asks it to end.
    pub(super) fn ask_to_end(&self) {
        // Gone already: its end is about to be told.
        let _gone = kill_process(self.pid, Signal::TERM);
    }

    /// Ends it.
    pub(super) fn kill(&self) {
        let _gone = kill_process(self.pid, Signal::KILL);
    }

    /// How it ended, once it has: the code it gave, or the signal.
    pub(super) fn ended(&self) -> Option<Result<u8, u8>> {
        let (_, status) = waitpid(Some(self.pid), WaitOptions::NOHANG).ok()??;
        let byte = |number: i32| u8::try_from(number).unwrap_or(u8::MAX);
        match (status.exit_status(), status.terminating_signal()) {
            (Some(code), _) => Some(Ok(byte(code))),
            (None, Some(signal)) => Some(Err(byte(signal))),
            (None, None) => None,
        }
    }
}
