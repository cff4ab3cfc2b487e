//! Holds the broker's loop: it waits for its service, its signals and the time, and does what `watch` and `grants` decide.
//! Never waits for anything but these, and never for one of them alone. Called by `vigie run`.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::os::fd::{AsFd, OwnedFd};
use std::path::PathBuf;
use std::time::Duration;

use rustix::thread::{CapabilitySet, capabilities};
use rustix::time::{ClockId, clock_gettime};

use super::channel::{self, Buffer};
use super::child::Child;
use super::frame::{FromService, MAX_FRAME_BYTES, Refusal, Request, Verdict};
use super::grants::Grants;
use super::watch::{Act, Event, Watch};
use crate::clock;
use crate::confine::{keep_only, limit_bounding_set};
use crate::error::Error;
use crate::signals::Signals;
use crate::watchdog::Watchdog;

/// What a Raspberry Pi's watchdog can count to, and every other one.
const WATCHDOG_S: u16 = 15;
/// Messages taken in a row, so that a service gone mad cannot keep the broker from its other duties.
const MESSAGES_IN_A_ROW: usize = 32;
/// Lines about messages that make no sense; more would only fill the console.
const COMPLAINTS: u32 = 10;

/// What the broker keeps: opening sockets, sending the service signals, and what a fresh service needs until it has given
/// it up itself: becoming another user, and reading a configuration that its owner alone may read.
const KEPT: CapabilitySet = CapabilitySet::NET_RAW
    .union(CapabilitySet::NET_ADMIN)
    .union(CapabilitySet::NET_BIND_SERVICE)
    .union(CapabilitySet::KILL)
    .union(CapabilitySet::SETUID)
    .union(CapabilitySet::SETGID)
    .union(CapabilitySet::SETPCAP)
    .union(CapabilitySet::DAC_READ_SEARCH);

/// What the broker is told at its start; from then on nothing is added.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// The words the service is started with, its own name first.
    pub arguments: Vec<OsString>,
    /// Interfaces that may be opened; empty: every Ethernet-like one.
    pub interfaces: Vec<String>,
    /// Addresses that may be listened on.
    pub listens: Vec<SocketAddr>,
    /// The watchdog to feed.
    pub watchdog: Option<PathBuf>,
}

/// Runs the broker until it is asked to end or the service refuses to work, and gives the exit code. `tell` prints a line
/// for a person.
///
/// # Errors
/// [`Error::SeveralThreads`]; [`Error::Other`] when the kernel gives no channel or no process.
pub fn run(plan: Plan, tell: &mut dyn FnMut(&str)) -> Result<u8, Error> {
    crate::privilege::assert_one_thread("start the broker")?;
    let watchdog = plan.watchdog.and_then(|path| match Watchdog::open(&path) {
        Ok(mut dog) => {
            match dog.set_timeout(WATCHDOG_S) {
                Ok(seconds) => tell(&format!("watchdog {}: armed, {seconds} s", path.display())),
                Err(error) => tell(&format!("watchdog {}: armed with its own time ({error})", path.display())),
            }
            Some(dog)
        }
        Err(error) => {
            tell(&format!("watchdog {}: none ({error}); a frozen kernel stays frozen", path.display()));
            None
        }
    });
    let signals = Signals::catch()?;
    // Also the bound of what a child may have: nothing but what is kept is ever there to be given up.
    let _without_right = limit_bounding_set(KEPT);
    keep_only(KEPT)?;
    let mut broker = Broker {
        arguments: plan.arguments,
        grants: Grants::new(plan.interfaces, plan.listens),
        watch: Watch::new(now()),
        signals,
        watchdog,
        service: None,
        complaints: 0,
        tell,
    };
    broker.run()
}

struct Broker<'t> {
    arguments: Vec<OsString>,
    grants: Grants,
    watch: Watch,
    signals: Signals,
    watchdog: Option<Watchdog>,
    service: Option<(Child, OwnedFd)>,
    complaints: u32,
    tell: &'t mut dyn FnMut(&str),
}

impl Broker<'_> {
    fn run(&mut self) -> Result<u8, Error> {
        loop {
            self.watch.tick(now());
            while let Some(act) = self.watch.next() {
                if let Some(code) = self.act(act)? {
                    return Ok(code);
                }
            }
            self.wait()?;
            let came = self.signals.read();
            // What the service said before it ended counts: its report may be what made the difference.
            self.hear();
            if came.child {
                self.look_at_child();
            }
            if came.end {
                self.watch.on(now(), boot_ms(), Event::Asked);
            }
        }
    }

    fn act(&mut self, act: Act) -> Result<Option<u8>, Error> {
        match act {
            Act::Start => self.start()?,
            Act::AskToEnd => {
                if let Some((child, _)) = &self.service {
                    child.ask_to_end();
                }
            }
            Act::Kill => {
                if let Some((child, _)) = &self.service {
                    child.kill();
                }
            }
            Act::Feed => {
                if let Some(Err(error)) = self.watchdog.as_mut().map(Watchdog::feed) {
                    (self.tell)(&error.to_string());
                }
            }
            Act::Tell(text) => (self.tell)(&text),
            Act::Finish(code) => {
                // An end that was asked for, or that no new start would help: the board is not to start anew.
                if let Some(Err(error)) = self.watchdog.take().map(Watchdog::disarm) {
                    (self.tell)(&error.to_string());
                }
                return Ok(Some(code));
            }
        }
        Ok(None)
    }

    fn start(&mut self) -> Result<(), Error> {
        let (ours, theirs) = channel::pair()?;
        let child = Child::start(&theirs, &self.arguments, &self.signals, self.tell)?;
        self.service = Some((child, ours));
        self.watch.on(now(), boot_ms(), Event::Started);
        Ok(())
    }

    fn wait(&self) -> Result<(), Error> {
        let (failed, sleep) = (|errno| Error::other("wait", errno), self.watch.sleep(now()));
        match &self.service {
            Some((_, channel)) => {
                channel::wait([self.signals.as_fd(), channel.as_fd()], sleep).map(|_| ()).map_err(failed)
            }
            None => channel::wait([self.signals.as_fd()], sleep).map(|_| ()).map_err(failed),
        }
    }

    fn look_at_child(&mut self) {
        if let Some(how) = self.service.as_ref().and_then(|(child, _)| child.ended()) {
            self.service = None;
            self.watch.on(now(), boot_ms(), Event::Ended(how));
        }
    }

    /// Takes what the service says, as much as may be taken at once.
    fn hear(&mut self) {
        let mut buffer: Buffer = [0; MAX_FRAME_BYTES + 1];
        for _ in 0..MESSAGES_IN_A_ROW {
            let Some((_, channel)) = &self.service else { return };
            let message = match channel::read(channel.as_fd(), &mut buffer) {
                // Closed: the service ends, of which a signal tells.
                Ok(0) | Err(_) => return,
                Ok(length) => buffer.get(..length).and_then(FromService::read),
            };
            match message {
                Some(FromService::Report(tasks)) => self.watch.on(now(), boot_ms(), Event::Reported(tasks)),
                Some(FromService::Request(number, request)) => self.answer(number, &request),
                None => self.complain("a message that makes no sense"),
            }
        }
    }

    fn answer(&mut self, number: u16, request: &Request) {
        let opened = if *request == Request::Greet {
            let rights = capabilities(None).map_or(CapabilitySet::empty(), |sets| sets.effective);
            let mut greeting = self.watch.past(boot_ms());
            greeting.raw_sockets = rights.contains(CapabilitySet::NET_RAW);
            greeting.low_ports = rights.contains(CapabilitySet::NET_BIND_SERVICE);
            greeting.watchdog = self.watchdog.is_some();
            Err(Verdict::Greeting(greeting))
        } else {
            self.grants.open(now(), request).map_err(Verdict::Refused)
        };
        if let Err(Verdict::Refused(refusal @ (Refusal::NotAllowed | Refusal::TooMany))) = &opened {
            self.complain(&format!("{request:?}, which is refused: {refusal:?}"));
        }
        let Some((_, channel)) = &self.service else { return };
        let channel = channel.as_fd();
        // Not taken: the service does not read, and will hear nothing until it does; it gives up by itself.
        let _not_taken = match &opened {
            Ok(descriptor) => channel::write_with(channel, &Verdict::Granted.write(number), descriptor),
            Err(verdict) => channel::write(channel, &verdict.write(number)),
        };
    }

    fn complain(&mut self, what: &str) {
        self.complaints = self.complaints.saturating_add(1);
        if self.complaints <= COMPLAINTS {
            (self.tell)(&format!("the service sent {what}"));
        }
    }
}

/// Time that stands still while the machine sleeps: what slept with it is not late.
fn now() -> Duration {
    let time = clock_gettime(ClockId::Monotonic);
    Duration::new(time.tv_sec.cast_unsigned(), time.tv_nsec.try_into().unwrap_or(0))
}

/// The moment as the rest of the product counts it.
fn boot_ms() -> u64 {
    clock::boot_us() / 1_000
}
