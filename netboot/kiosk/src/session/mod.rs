//! Holds a person's session on this machine: a place of its own, from the first process in it to the proof that nothing is left.
//! Never shares a user, a home, a process or a mount with another session. The guard calls it, as root.
//!
//! | file | duty |
//! | --- | --- |
//! | `place` | what a session is given: a user, folders, a note that it is there |
//! | `cgroup` | how all of it is stopped and ended at once |
//! | `hold` | its first process |
//! | `program` | how the person's program is started |
//! | `proof` | how it ends, and the look afterwards |

mod cgroup;
pub mod hold;
pub mod place;
pub mod program;
pub mod proof;

use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::mount::{UnmountFlags, unmount};
use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};
use rustix::pty::{OpenptFlags, grantpt, ioctl_tiocgptpeer, openpt, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};
use vigie_core::kiosk::SessionId;
use vigie_sys::apart;

use self::cgroup::Cgroup;
use self::place::{Note, Place};
use self::proof::Left;

/// One attempt to end everything may take so long; then the guard looks at its other duties and tries again.
const ATTEMPT_TIME: Duration = Duration::from_millis(1_500);
/// Between two looks within an attempt.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// Orders to the holder, a byte each.
pub(crate) const START: u8 = b'S';
/// See [`START`].
pub(crate) const STOP_ALL: u8 = b'F';
/// See [`START`].
pub(crate) const GO_ON: u8 = b'T';
/// What the holder says: the place is ready.
pub(crate) const READY: u8 = b'R';
/// The program ended; a byte with its code follows.
pub(crate) const ENDED: u8 = b'E';

/// A session.
#[derive(Debug)]
pub struct Session {
    /// Which.
    pub id: SessionId,
    note: Note,
    holder: Option<Holder>,
    cgroup: Option<Cgroup>,
}

#[derive(Debug)]
struct Holder {
    pid: Pid,
    control: UnixStream,
    terminal: OwnedFd,
}

impl Session {
    /// Makes a place for a session and starts its program there.
    ///
    /// # Errors
    /// What cannot be had. What was made until then is a session all the same, to be wiped: it comes back beside the error.
    pub fn start(place: &Place, id: SessionId, size: Winsize) -> Result<Self, (Option<Self>, io::Error)> {
        let note = place.note(id).map_err(|error| (None, error))?;
        let mut session = Self { id, note, holder: None, cgroup: None };
        match session.begin(place, size) {
            Ok(()) => Ok(session),
            Err(error) => Err((Some(session), error)),
        }
    }

    /// A session that a guard before this one left behind; nothing of it is alive, something of it may be there.
    #[must_use]
    pub fn left_behind(place: &Place) -> Option<Self> {
        let note = place.noted()?;
        let cgroup = note.cgroup.as_deref().map(Cgroup::known);
        Some(Self { id: note.session, note, holder: None, cgroup })
    }

    fn begin(&mut self, place: &Place, size: Winsize) -> io::Result<()> {
        self.cgroup = Cgroup::make(self.note.uid);
        self.note.cgroup = self.cgroup.as_ref().map(|cgroup| cgroup.folder().to_owned());
        place.write(&self.note)?;
        let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)?;
        grantpt(&terminal)?;
        unlockpt(&terminal)?;
        let far = ioctl_tiocgptpeer(&terminal, OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)?;
        rustix::fs::fchown(&far, Some(rustix::fs::Uid::from_raw(self.note.uid)), None)?;
        rustix::fs::fchmod(&far, rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR)?;
        tcsetwinsize(&terminal, size)?;
        rustix::io::ioctl_fionbio(&terminal, true)?;
        let (control, holders) = UnixStream::pair()?;
        let mut arguments: Vec<OsString> = vec!["vigie-kiosk".into(), "hold".into()];
        arguments.extend([self.note.uid.to_string().into(), place.home().into(), place.home_mib().to_string().into()]);
        arguments.extend(place.program().iter().map(OsString::from));
        let pid = apart::start(&arguments, [holders.as_fd(), far.as_fd(), io::stderr().as_fd()])?;
        drop((holders, far));
        self.holder = Some(Holder { pid, control, terminal });
        if let Some(cgroup) = &self.cgroup {
            cgroup.add(pid)?;
        }
        let Some(holder) = &mut self.holder else { return Ok(()) };
        // The mounts are made before anything of the person's runs; two seconds are a hundred times what that takes.
        holder.control.set_read_timeout(Some(Duration::from_secs(10)))?;
        let mut word = [0];
        holder.control.read_exact(&mut word).map_err(|error| match error.kind() {
            // It has said why.
            io::ErrorKind::UnexpectedEof => io::Error::other("its place could not be made: see the line above"),
            _ => error,
        })?;
        if word != [READY] {
            return Err(io::ErrorKind::InvalidData.into());
        }
        holder.control.set_nonblocking(true)?;
        holder.control.write_all(&[START])
    }

    /// The terminal of its program; `None` when nothing of it runs any more.
    #[must_use]
    pub fn terminal(&self) -> Option<BorrowedFd<'_>> {
        self.holder.as_ref().map(|holder| holder.terminal.as_fd())
    }

    /// What tells that something happened to it.
    #[must_use]
    pub fn control(&self) -> Option<BorrowedFd<'_>> {
        self.holder.as_ref().map(|holder| holder.control.as_fd())
    }

    /// The size of its terminal.
    pub fn resize(&self, size: Winsize) {
        if let Some(holder) = &self.holder {
            // A terminal that is gone has no size.
            let _gone = tcsetwinsize(&holder.terminal, size);
        }
    }

    /// Stops everything of it where it stands.
    pub fn freeze(&mut self) {
        if !self.cgroup.as_ref().is_some_and(|cgroup| cgroup.freeze(true)) {
            self.order(STOP_ALL);
        }
    }

    /// Lets everything of it go on.
    pub fn thaw(&mut self) {
        if !self.cgroup.as_ref().is_some_and(|cgroup| cgroup.freeze(false)) {
            self.order(GO_ON);
        }
    }

    /// Starts its program once more. Tells whether there is somebody to do so.
    pub fn again(&mut self) -> bool {
        self.order(START)
    }

    fn order(&mut self, order: u8) -> bool {
        self.holder.as_mut().is_some_and(|holder| holder.control.write_all(&[order]).is_ok())
    }

    /// What happened since the last look: the code with which its program ended. When its first process ended, so did all
    /// of it, and that counts as a program that was killed.
    pub fn happened(&mut self) -> Option<u8> {
        let holder = self.holder.as_mut()?;
        let mut words = [0; 64];
        let ended = match holder.control.read(&mut words) {
            Ok(0) => None,
            Ok(count) => {
                // The last word counts; a program that was started again ended again.
                let words = words.get(..count).unwrap_or_default();
                return words.chunks_exact(2).rfind(|pair| pair.first() == Some(&ENDED))?.get(1).copied();
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return None,
            Err(_) => None,
        };
        self.end_holder(Instant::now());
        ended.or(Some(128 + 9))
    }

    /// Ends the first process, and with it the kernel ends every other. Tells whether it is gone.
    fn end_holder(&mut self, until: Instant) -> bool {
        let Some(holder) = &self.holder else { return true };
        let _gone = kill_process(holder.pid, Signal::KILL);
        loop {
            match waitpid(Some(holder.pid), WaitOptions::NOHANG) {
                Ok(None) if Instant::now() < until => std::thread::sleep(LOOK_EVERY),
                // It waits in the kernel for a disk or a device.
                Ok(None) => return false,
                Ok(Some(_)) | Err(_) => {
                    self.holder = None;
                    return true;
                }
            }
        }
    }

    /// Ends everything of it, removes what it left, and looks whether anything is there still.
    ///
    /// # Errors
    /// What is left; to be tried again.
    pub fn wipe(&mut self, place: &Place) -> Result<(), Left> {
        let until = Instant::now() + ATTEMPT_TIME;
        if let Some(cgroup) = &self.cgroup {
            cgroup.kill();
        }
        let holder_gone = self.end_holder(until);
        let uid = self.note.uid;
        // Nothing of this user can be outside the place; if it is all the same, it goes.
        while proof::kill_all(uid).is_ok_and(|found| found > 0) && Instant::now() < until {
            std::thread::sleep(LOOK_EVERY);
        }
        let incomplete = |error: io::Error| {
            eprintln!("vigie-kiosk: what is left of a session cannot be looked at: {error}");
            Left { files: u32::MAX, ..Left::NOTHING }
        };
        let mut left = proof::look(uid, place.home()).map_err(incomplete)?;
        if left.mounts > 0 {
            let _counted_again = unmount(place.home(), UnmountFlags::DETACH);
        }
        if left.files > 0 && left.processes == 0 {
            proof::remove_files(uid);
        }
        if left != Left::NOTHING {
            left = proof::look(uid, place.home()).map_err(incomplete)?;
        }
        if !holder_gone {
            left.processes = left.processes.max(1);
        }
        if !is_empty(place.home()) {
            left.files = left.files.max(1);
        }
        if left != Left::NOTHING {
            return Err(left);
        }
        match self.cgroup.take_if(|cgroup| cgroup.remove()) {
            None if self.cgroup.is_some() => Err(Left { processes: 1, ..Left::NOTHING }),
            _ => {
                place.forget();
                Ok(())
            }
        }
    }
}

/// The folder that homes are mounted on holds nothing itself.
fn is_empty(folder: &Path) -> bool {
    std::fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_none())
}
