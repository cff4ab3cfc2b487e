//! Holds the worker: the process without rights that counts the time, draws the screen, reads the keys and hears the link.
//! Never waits for the network and never does what takes rights: it asks the guard. The guard starts it as `vigie-kiosk work`.
//!
//! | file | duty |
//! | --- | --- |
//! | `clockwork` | the seat: when it is looked at, and every one of its acts |
//! | `hear` | what the link and the guard say |
//! | `strokes` | what a key does |
//! | `show` | which screen it is |

mod clockwork;
mod hear;
mod show;
mod strokes;

use std::collections::VecDeque;
use std::fs::{self, File};
use std::io::{self, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::path::PathBuf;

use embassy_time::{Duration, Instant};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::termios::tcgetwinsize;
use rustix::time::{Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, timerfd_create, timerfd_settime};
use vigie_core::kiosk::{BootId, Seat, SessionId};
use vigie_sys::clock;
use vigie_sys::confine::{Identity, Plan, confine};

use crate::config::Settings;
use crate::guard::channel::{Channel, Want};
use crate::link::trust::Fingerprint;
use crate::link::{self, Link, Trouble, frame};
use crate::screen::entry::Entry;
use crate::screen::grid::Grid;
use crate::screen::keys::Keys;
use crate::screen::locked::Notice;
use crate::screen::running::Cover;
use crate::screen::terminal::Terminal;
use crate::session::place::{WORKER_UID, agent_folder};
use crate::session::proof::Left;
use crate::state::{Count, Vault};
use crate::words::Language;

/// The guard hears from a worker that lives at least so often.
const ALIVE_EVERY: Duration = Duration::from_millis(500);
/// An Escape that nothing follows for so long was the key by itself.
const ESCAPE_TIME: Duration = Duration::from_millis(60);
/// Bytes of a program's output that one turn takes; the clockwork has its turn in between.
const MAX_OUTPUT: usize = 64 * 1024;
/// Keys that wait for a program which does not read, in bytes; more are lost, as at any terminal.
const MAX_TYPED: usize = 4 * 1024;
/// Events that wait for a connection; the first ones say what went wrong, so later ones are left out.
const MAX_UNTOLD: usize = 16;
/// Rows and columns of a terminal that does not know its size.
const USUAL_SIZE: (usize, usize) = (25, 80);

/// Runs until the guard is gone. Its input is the guard, its output the terminal.
///
/// # Errors
/// Why it cannot begin.
pub fn run(settings: &Settings) -> Result<(), String> {
    let failed = |what: &'static str| move |error: io::Error| format!("{what}: {error}");
    // What must be read before the fences go up.
    let boot = clock::boot_id().map_err(|error| error.to_string())?.0;
    let mac = card();
    let run = agent_folder(&settings.run);
    let plan = Plan {
        identity: Some(Identity { uid: WORKER_UID, gid: WORKER_UID }),
        read: ["/etc", "/run/systemd/resolve"].map(PathBuf::from).to_vec(),
        write: vec![settings.state.clone(), run.clone()],
        ..Plan::default()
    };
    confine(&plan).map_err(|error| error.to_string())?;
    let guard = io::stdin().as_fd().try_clone_to_owned().map(Channel::new).map_err(failed("the guard"))?;
    let screen = io::stdout().as_fd().try_clone_to_owned().map(File::from).map_err(failed("the terminal"))?;
    let timer = timerfd_create(TimerfdClockId::Boottime, TimerfdFlags::CLOEXEC | TimerfdFlags::NONBLOCK)
        .map_err(|error| failed("a timer")(error.into()))?;
    let plan = link::Plan {
        server: settings.server.clone(),
        pin: settings.pin,
        name: settings.name.clone(),
        mac: mac.clone(),
        boot,
        vault: Vault::new(&settings.state),
    };
    let link = Link::start(plan).map_err(failed("the link"))?;
    let mut worker = Worker {
        settings: settings.clone(),
        guard,
        screen,
        timer,
        link,
        mac,
        boot: BootId(boot),
        count: Count::load(&run),
        run,
        seat: None,
        key: None,
        next_beat: Instant::MIN,
        beaten: Instant::MIN,
        connected: false,
        untold: VecDeque::from([frame::event("agent_started", "the worker was started")]),
        trouble: None,
        enrolment: None,
        refused: false,
        name: settings.name.clone(),
        site_language: settings.language,
        language: settings.language,
        here: None,
        wipe_failed: None,
        program: None,
        ended: None,
        entry: Entry::default(),
        wrong_ticket: false,
        notice: None,
        wait_until: None,
        pending: None,
        ticket: None,
        menu: false,
        banner: None,
        messages: VecDeque::new(),
        read: VecDeque::new(),
        keys: Keys::default(),
        keys_at: Instant::MIN,
        size: (0, 0),
        shown: None,
    };
    worker.go_on();
    Ok(())
}

/// The address of the first network card, by name; the appliance knows the machine by it.
fn card() -> String {
    let mut cards: Vec<PathBuf> = fs::read_dir("/sys/class/net")
        .map(|entries| entries.flatten().map(|entry| entry.path()).collect())
        .unwrap_or_default();
    cards.sort();
    let address = |card: PathBuf| {
        let text = fs::read_to_string(card.join("address")).ok()?.trim().to_owned();
        (text.len() == 17 && text != "00:00:00:00:00:00").then_some(text)
    };
    // A card of hardware before one that was made up: a bridge, a tunnel.
    let hardware = |card: &PathBuf| card.join("device").exists();
    let (real, made_up): (Vec<_>, Vec<_>) = cards.into_iter().partition(hardware);
    real.into_iter().chain(made_up).find_map(address).unwrap_or_else(|| "00:00:00:00:00:00".to_owned())
}

/// The time of the machine since it started, sleep included.
fn now() -> Instant {
    Instant::from_micros(clock::boot_us())
}

/// A code that was sent and not answered.
struct Pending {
    code: String,
    question: u64,
    asked: Instant,
}

/// The program's terminal.
struct Program {
    terminal: Terminal,
    pipe: OwnedFd,
    typed: Vec<u8>,
}

/// A message from staff.
struct Letter {
    id: String,
    text: String,
}

/// The worker.
struct Worker {
    settings: Settings,
    guard: Channel,
    screen: File,
    timer: OwnedFd,
    link: Link,
    mac: String,
    boot: BootId,
    run: PathBuf,
    count: Count,
    seat: Option<Seat>,
    key: Option<[u8; 32]>,
    next_beat: Instant,
    beaten: Instant,
    connected: bool,
    /// What happened while nobody could be told.
    untold: VecDeque<String>,
    trouble: Option<Trouble>,
    enrolment: Option<(String, Option<Fingerprint>)>,
    refused: bool,
    name: String,
    site_language: Language,
    language: Language,
    /// The session that the guard has a place for.
    here: Option<SessionId>,
    wipe_failed: Option<Left>,
    program: Option<Program>,
    /// The program ended, with this code.
    ended: Option<u8>,
    entry: Entry,
    wrong_ticket: bool,
    notice: Option<Notice>,
    wait_until: Option<Instant>,
    pending: Option<Pending>,
    ticket: Option<String>,
    menu: bool,
    banner: Option<(Cover, Instant)>,
    messages: VecDeque<Letter>,
    read: VecDeque<String>,
    keys: Keys,
    keys_at: Instant,
    size: (usize, usize),
    shown: Option<Grid>,
}

impl Worker {
    fn go_on(&mut self) {
        loop {
            if self.guard.want(Want::Alive).is_err() || self.turn().is_err() {
                // The guard is gone, and the session with it. Nobody is left to lock but us.
                self.show_nobody();
                return;
            }
        }
    }

    /// One turn: waits, hears everybody, looks at the clock, draws.
    fn turn(&mut self) -> io::Result<()> {
        self.measure()?;
        self.wait();
        self.hear_guard()?;
        self.hear_keys();
        self.hear_program();
        self.hear_link()?;
        self.look()?;
        self.draw();
        Ok(())
    }

    fn wait(&self) {
        let now = now();
        let soonest = [
            self.wake(now),
            self.banner.as_ref().map(|(_, until)| *until),
            self.wait_until.map(|until| until.min(now + Duration::from_millis(250))),
            self.keys.is_waiting().then_some(self.keys_at + ESCAPE_TIME),
            Some(now + ALIVE_EVERY),
        ];
        let at = soonest.into_iter().flatten().min().unwrap_or(now).as_micros().max(1);
        let value = Timespec {
            tv_sec: i64::try_from(at / 1_000_000).unwrap_or(i64::MAX),
            tv_nsec: i64::try_from(at % 1_000_000 * 1_000).unwrap_or(0),
        };
        let once = Itimerspec { it_interval: Timespec { tv_sec: 0, tv_nsec: 0 }, it_value: value };
        // By the clock that runs while the machine sleeps: what was missed is seen at once when it wakes.
        let timed = timerfd_settime(&self.timer, TimerfdTimerFlags::ABSTIME, &once).is_ok();
        let mut waits = vec![
            PollFd::new(&self.timer, PollFlags::IN),
            PollFd::new(&self.guard, PollFlags::IN),
            PollFd::new(&self.screen, PollFlags::IN),
            PollFd::new(&self.link, PollFlags::IN),
        ];
        if let Some(program) = self.program.as_ref().filter(|_| self.ended.is_none()) {
            waits.push(PollFd::new(&program.pipe, PollFlags::IN));
        }
        // Should the timer fail, the turn comes all the same.
        let most = Timespec { tv_sec: i64::from(timed), tv_nsec: if timed { 0 } else { 250_000_000 } };
        let _interrupted = poll(&mut waits, Some(&most));
    }

    /// The size of the terminal may change at any time; its program is told by the guard.
    fn measure(&mut self) -> io::Result<()> {
        let size = tcgetwinsize(&self.screen).ok().filter(|size| size.ws_row > 1 && size.ws_col > 1);
        let size = size.map_or(USUAL_SIZE, |size| (size.ws_row.into(), size.ws_col.into()));
        if size != self.size {
            self.size = size;
            self.shown = None;
            self.fit_program()?;
        }
        Ok(())
    }

    fn fit_program(&mut self) -> io::Result<()> {
        let (rows, columns) = self.size;
        if let Some(program) = &mut self.program {
            program.terminal.resize(rows.saturating_sub(crate::screen::running::STATUS_ROWS), columns);
        }
        let short = |number: usize| u16::try_from(number).unwrap_or(u16::MAX);
        self.guard.want(Want::Size(short(rows), short(columns)))
    }

    fn hear_program(&mut self) {
        let Some(program) = &mut self.program else { return };
        let mut bytes = [0; 8 * 1024];
        let mut taken = 0;
        while taken < MAX_OUTPUT {
            // Nothing at the moment, or nobody at the other end: the guard tells which.
            let Ok(count @ 1..) = rustix::io::read(&program.pipe, &mut bytes) else { break };
            taken += count;
            program.terminal.process(bytes.get(..count).unwrap_or_default());
        }
        program.typed.extend(program.terminal.take_answers());
        program.typed.truncate(MAX_TYPED);
        if let Ok(count) = rustix::io::write(&program.pipe, &program.typed) {
            program.typed.drain(..count.min(program.typed.len()));
        }
        if program.terminal.take_bell() {
            self.ring();
        }
    }

    fn ring(&mut self) {
        let _full = self.screen.write(b"\x07");
    }

    /// Tells staff that something happened here, now or when there is a connection again.
    fn report(&mut self, kind: &str, detail: &str) {
        let text = frame::event(kind, detail);
        if self.connected {
            self.link.say(text);
        } else if self.untold.len() < MAX_UNTOLD {
            self.untold.push_back(text);
        }
    }

    /// Says something to the person for so many seconds.
    fn announce(&mut self, cover: Cover, seconds: u64) {
        self.banner = Some((cover, now() + Duration::from_secs(seconds)));
    }
}
