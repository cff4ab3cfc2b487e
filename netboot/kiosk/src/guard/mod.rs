//! Holds the guard: the process with rights, which keeps the screen, the sessions and their wipes, and the worker alive.
//! Never reads a byte that came from the network and runs no thread; without a worker that answers it locks at once.
//! `vigie-kiosk run` calls it.

pub mod channel;
mod console;
mod worker;

use std::ffi::OsString;
use std::io;
use std::os::fd::AsFd;
use std::process::Command;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::termios::Winsize;
use vigie_core::kiosk::SessionId;
use vigie_sys::signals::Signals;

use self::channel::{Tell, Want};
use self::console::Console;
use self::worker::Worker;
use crate::config::Settings;
use crate::screen::running::STATUS_ROWS;
use crate::session::Session;
use crate::session::place::Place;

/// Between two attempts to clean up after a session that does not go.
const WIPE_AGAIN: Duration = Duration::from_secs(2);
/// The longest sleep; a worker's silence is noticed by then.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Guards the workstation until it is asked to end. `arguments` are those of `run`, for the worker.
///
/// # Errors
/// Why the workstation cannot be guarded: then nobody can use it through this program.
pub fn run(settings: &Settings, arguments: &[OsString]) -> Result<(), String> {
    if !rustix::process::geteuid().is_root() {
        return Err("needs root: it holds the screen, gives each session a user of its own and cleans up".to_owned());
    }
    let signals = Signals::catch().map_err(|error| error.to_string())?;
    let place = Place::prepare(settings).map_err(|error| format!("the folders cannot be made: {error}"))?;
    let console = Console::take(settings)
        .map_err(|error| format!("the terminal {} cannot be taken: {error}", settings.terminal.display()))?;
    let session = Session::left_behind(&place);
    let worker = Worker::new(arguments);
    let mut guard = Guard { place, console, session, worker, wiping: false, next: None, wipe_at: None };
    guard.go_on(&signals);
    guard.end();
    Ok(())
}

struct Guard {
    place: Place,
    console: Console,
    session: Option<Session>,
    worker: Worker,
    /// The session here is to go.
    wiping: bool,
    /// Who comes when it has gone.
    next: Option<SessionId>,
    /// When to try again.
    wipe_at: Option<Instant>,
}

impl Guard {
    fn go_on(&mut self, signals: &Signals) {
        loop {
            if self.worker.is_due() {
                self.start_worker();
            }
            self.wait(signals);
            if signals.read().end {
                return;
            }
            if let Some(why) = self.listen() {
                self.lock_without_worker(why);
            }
            self.look_at_session();
            if self.wipe_at.is_some_and(|at| at <= Instant::now()) {
                self.wipe();
            }
        }
    }

    fn wait(&self, signals: &Signals) {
        let mut waits = vec![PollFd::new(signals, PollFlags::IN)];
        if let Some(channel) = self.worker.channel() {
            waits.push(PollFd::new(channel, PollFlags::IN));
        }
        let control = self.session.as_ref().and_then(Session::control);
        if let Some(control) = &control {
            waits.push(PollFd::new(control, PollFlags::IN));
        }
        let soonest = [self.wipe_at, self.worker.due_at()].into_iter().flatten().min();
        let sleep = soonest.map_or(LOOK_EVERY, |at| at.saturating_duration_since(Instant::now()).min(LOOK_EVERY));
        let sleep = Timespec::try_from(sleep).unwrap_or(Timespec { tv_sec: 1, tv_nsec: 0 });
        let _interrupted = poll(&mut waits, Some(&sleep));
    }

    fn start_worker(&mut self) {
        match self.worker.start(self.console.as_fd()) {
            Ok(()) => self.tell(Tell::Here(self.session.as_ref().map(|session| session.id))),
            Err(error) => eprintln!("vigie-kiosk: the worker cannot be started: {error}"),
        }
    }

    /// Does what the worker wants; tells why there is no worker any more.
    fn listen(&mut self) -> Option<&'static str> {
        loop {
            match self.worker.wanted() {
                Ok(Some(want)) => self.carry_out(want),
                Ok(None) => return self.worker.is_silent().then_some("is silent"),
                Err(_) => return self.worker.channel().is_some().then_some("ended"),
            }
        }
    }

    /// The worker is gone or hangs: nobody counts the time, so nobody uses the machine.
    fn lock_without_worker(&mut self, why: &str) {
        if let Some(session) = &mut self.session {
            session.freeze();
        }
        self.next = None;
        let how = self.worker.end();
        self.console.say_locked();
        eprintln!("vigie-kiosk: the worker {why} ({how}): locked, and another one is started");
    }

    fn carry_out(&mut self, want: Want) {
        match want {
            Want::Alive => {}
            Want::Unlock(session) => self.unlock(session),
            Want::Lock => {
                self.next = None;
                if let Some(session) = &mut self.session {
                    session.freeze();
                }
            }
            Want::Wipe(session) => {
                self.next = None;
                if self.session.as_ref().is_some_and(|here| here.id == session) {
                    self.wipe();
                } else {
                    // It went, and was proved to have gone, or was never here in this boot of the machine.
                    self.tell(Tell::Wiped(session));
                }
            }
            Want::Again => {
                let Some(session) = &mut self.session else { return };
                let id = session.id;
                if !self.wiping && !session.again() {
                    self.begin(id);
                }
            }
            Want::Size(rows, columns) => {
                let size = program_size(Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 });
                if let Some(session) = &self.session {
                    session.resize(size);
                }
            }
            Want::Reboot => switch("reboot"),
            Want::PowerOff => switch("poweroff"),
        }
    }

    fn unlock(&mut self, id: SessionId) {
        match &mut self.session {
            Some(session) if session.id == id && !self.wiping && session.terminal().is_some() => {
                session.thaw();
                self.tell_runs();
            }
            // Somebody was here, or something of this one died: it goes first.
            Some(_) => {
                self.next = Some(id);
                self.wipe();
            }
            None => self.begin(id),
        }
    }

    fn begin(&mut self, id: SessionId) {
        if self.session.is_some() {
            self.next = Some(id);
            self.wipe();
            return;
        }
        match Session::start(&self.place, id, program_size(self.console.size())) {
            Ok(session) => {
                self.session = Some(session);
                self.tell_runs();
            }
            Err((begun, error)) => {
                eprintln!("vigie-kiosk: the session cannot be started: {error}");
                self.session = begun;
                self.tell(Tell::CannotStart(id));
                if self.session.is_some() {
                    self.wipe();
                }
            }
        }
    }

    fn tell_runs(&mut self) {
        let Some(session) = &self.session else { return };
        let Some(terminal) = session.terminal() else { return };
        self.worker.tell(Tell::Runs(session.id), Some(terminal));
    }

    fn tell(&mut self, tell: Tell) {
        self.worker.tell(tell, None);
    }

    fn look_at_session(&mut self) {
        let Some(session) = &mut self.session else { return };
        let id = session.id;
        if let Some(code) = session.happened().filter(|_| !self.wiping) {
            self.tell(Tell::Ended(id, code));
        }
    }

    fn wipe(&mut self) {
        let Some(session) = &mut self.session else { return };
        let id = session.id;
        match session.wipe(&self.place) {
            Ok(()) => {
                (self.session, self.wiping, self.wipe_at) = (None, false, None);
                self.tell(Tell::Wiped(id));
                if let Some(next) = self.next.take() {
                    self.begin(next);
                }
            }
            Err(left) => {
                if !self.wiping {
                    eprintln!("vigie-kiosk: a session cannot be wiped yet, the computer stays locked; left: {left}");
                }
                (self.wiping, self.wipe_at) = (true, Some(Instant::now() + WIPE_AGAIN));
                self.tell(Tell::WipeFailed(id, left));
            }
        }
    }

    /// An orderly end: nothing of a session stays, and the terminal is given back.
    fn end(&mut self) {
        let _ended = self.worker.end();
        if let Some(Err(left)) = self.session.as_mut().map(|session| session.wipe(&self.place)) {
            eprintln!("vigie-kiosk: something of a session is left: {left}; the next start goes on with it");
        }
        self.console.give_back();
    }
}

/// The program's part of the screen.
fn program_size(whole: Winsize) -> Winsize {
    let rows = whole.ws_row.saturating_sub(u16::try_from(STATUS_ROWS).unwrap_or(1)).max(1);
    Winsize { ws_row: rows, ws_col: whole.ws_col.max(1), ws_xpixel: 0, ws_ypixel: 0 }
}

/// Restarts the machine or switches it off, as the system does it.
fn switch(command: &str) {
    let found = ["/sbin", "/usr/sbin", "/bin", "/usr/bin"].iter().map(|folder| format!("{folder}/{command}"));
    let started = found.map(|program| Command::new(program).spawn()).find(Result::is_ok);
    let outcome = started.unwrap_or_else(|| Err(io::ErrorKind::NotFound.into()));
    if let Err(error) = outcome {
        eprintln!("vigie-kiosk: {command}: {error}");
    }
}
