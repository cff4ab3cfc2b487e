//! Holds the worker as a process of the guard's: its start, its silence, its end.
//! Never decides what happens to the session meanwhile. Called by the guard.

use std::ffi::OsString;
use std::io;
use std::os::fd::BorrowedFd;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::channel::{self, Channel, Tell, Want};

/// A worker that says nothing for so long hangs. It speaks every half second; the rest is for a machine that is busy with
/// something else. No clock of the machine that can be set has to do with it.
const SILENT_FOR: Duration = Duration::from_secs(10);
/// First pause before another one is started; it doubles.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// Longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// One that lived so long did not die of its start.
const LIVED: Duration = Duration::from_secs(60);

/// The worker.
#[derive(Debug)]
pub(super) struct Worker {
    arguments: Vec<OsString>,
    running: Option<Running>,
    pause: Duration,
    start_at: Instant,
}

#[derive(Debug)]
struct Running {
    child: Child,
    channel: Channel,
    since: Instant,
    heard: Instant,
}

impl Worker {
    /// None yet; it is due at once.
    pub(super) fn new(arguments: &[OsString]) -> Self {
        Self { arguments: arguments.to_vec(), running: None, pause: FIRST_PAUSE, start_at: Instant::now() }
    }

    /// When another one is to be started; `None` while one runs.
    pub(super) fn due_at(&self) -> Option<Instant> {
        self.running.is_none().then_some(self.start_at)
    }

    pub(super) fn is_due(&self) -> bool {
        self.due_at().is_some_and(|at| at <= Instant::now())
    }

    /// Starts one. Its input is the channel, its output the terminal.
    pub(super) fn start(&mut self, terminal: BorrowedFd<'_>) -> io::Result<()> {
        // Whatever comes of it, the next start has to wait.
        self.start_at = Instant::now() + self.pause;
        let (near, far) = channel::pair()?;
        let child = Command::new("/proc/self/exe")
            .arg("work")
            .args(&self.arguments)
            .env_clear()
            .stdin(Stdio::from(far))
            .stdout(Stdio::from(terminal.try_clone_to_owned()?))
            .spawn()?;
        let now = Instant::now();
        self.running = Some(Running { child, channel: near, since: now, heard: now });
        Ok(())
    }

    pub(super) fn channel(&self) -> Option<&Channel> {
        self.running.as_ref().map(|running| &running.channel)
    }

    /// What it wants next; `None`: nothing, or nobody is there.
    pub(super) fn wanted(&mut self) -> io::Result<Option<Want>> {
        let Some(running) = &mut self.running else { return Ok(None) };
        let want = running.channel.wanted()?;
        if want.is_some() {
            running.heard = Instant::now();
        }
        Ok(want)
    }

    pub(super) fn is_silent(&self) -> bool {
        self.running.as_ref().is_some_and(|running| running.heard.elapsed() > SILENT_FOR)
    }

    /// Tells it something; one that does not listen is about to be found out.
    pub(super) fn tell(&mut self, tell: Tell, terminal: Option<BorrowedFd<'_>>) {
        if let Some(running) = &self.running {
            let _found_out = running.channel.tell(tell, terminal);
        }
    }

    /// Ends it. Tells how it ended, in words.
    pub(super) fn end(&mut self) -> String {
        let Some(mut running) = self.running.take() else { return "not there".to_owned() };
        let _gone = running.child.kill();
        let how = running.child.wait().map_or_else(|error| error.to_string(), |status| status.to_string());
        self.pause = if running.since.elapsed() > LIVED { FIRST_PAUSE } else { (self.pause * 2).min(LONGEST_PAUSE) };
        self.start_at = Instant::now() + self.pause;
        how
    }
}
