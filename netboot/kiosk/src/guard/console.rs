//! Holds the terminal of the workstation: taken at the start, kept on the locked screen, given back at an orderly end.
//! Never gives it to anybody in between: keys that lead to other consoles, or into the kernel, are off. Called by the guard.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::OpenOptionsExt;

use rustix::termios::{OptionalActions, Termios, Winsize, tcgetattr, tcgetwinsize, tcsetattr};
use vigie_sys::terminal;

use crate::config::Settings;

/// The keys that speak to the kernel: a press of them would end the agent, or everything.
const SYSRQ: &str = "/proc/sys/kernel/sysrq";
/// What stands on the screen while nobody is there to draw: look reset, whole screen, no cursor. ASCII, for any font.
const NOBODY: &[u8] = b"\x1b[0m\x1b[r\x1b[2J\x1b[3;3HThis computer is locked. One moment, please.\
                        \x1b[5;3HCe poste est verrouille. Un instant, s'il vous plait.\x1b[?25l";
/// The size of a terminal that does not know its own.
const USUAL: Winsize = Winsize { ws_row: 25, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 };

/// The terminal.
#[derive(Debug)]
pub(super) struct Console {
    file: File,
    before: Option<Termios>,
    /// It is one of the machine's own, and so are these.
    virtual_one: bool,
    sysrq: Option<String>,
}

impl Console {
    /// Takes the terminal: shown, raw, and with no way out of it.
    pub(super) fn take(settings: &Settings) -> io::Result<Self> {
        let flags = rustix::fs::OFlags::NOCTTY | rustix::fs::OFlags::NONBLOCK;
        let flags = i32::try_from(flags.bits()).map_err(io::Error::other)?;
        let file = OpenOptions::new().read(true).write(true).custom_flags(flags).open(&settings.terminal)?;
        let before = tcgetattr(&file).ok();
        let mut console = Self { virtual_one: terminal::shown(&file).is_some(), file, before, sysrq: None };
        console.make_raw()?;
        if console.virtual_one {
            // A graphical program that was killed leaves it dark and its keyboard dead.
            terminal::reset(&console.file)?;
            match settings.virtual_terminal {
                Some(number) => terminal::show(&console.file, number)?,
                None => terminal::lock_keys(&console.file, true)?,
            }
            console.sysrq = fs::read_to_string(SYSRQ).ok();
            match fs::write(SYSRQ, "0") {
                // A kernel without these keys.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => eprintln!("vigie-kiosk: the keys that speak to the kernel stay on: {SYSRQ}: {error}"),
                Ok(()) => {}
            }
        }
        console.say_locked();
        Ok(console)
    }

    fn make_raw(&self) -> io::Result<()> {
        let mut raw = tcgetattr(&self.file)?;
        raw.make_raw();
        tcsetattr(&self.file, OptionalActions::Flush, &raw)?;
        Ok(())
    }

    /// Shows that the machine is locked, with nobody's help.
    pub(super) fn say_locked(&self) {
        if self.virtual_one {
            // Whatever was switched on meanwhile.
            let _gone = terminal::lock_keys(&self.file, true);
        }
        // A terminal that takes nothing more shows what it shows; the keyboard leads nowhere all the same.
        let _full = (&self.file).write_all(NOBODY);
    }

    /// Its size.
    pub(super) fn size(&self) -> Winsize {
        tcgetwinsize(&self.file).ok().filter(|size| size.ws_row > 1 && size.ws_col > 1).unwrap_or(USUAL)
    }

    /// Gives it back as it was.
    pub(super) fn give_back(&self) {
        if self.virtual_one {
            let _gone = terminal::lock_keys(&self.file, false);
            if let Some(sysrq) = &self.sysrq {
                let _stays_off = fs::write(SYSRQ, sysrq.trim());
            }
        }
        let _full = (&self.file).write_all(b"\x1b[0m\x1b[2J\x1b[H\x1b[?25h");
        if let Some(before) = &self.before {
            let _gone = tcsetattr(&self.file, OptionalActions::Drain, before);
        }
    }
}

impl AsFd for Console {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}
