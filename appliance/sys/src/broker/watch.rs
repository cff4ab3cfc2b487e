//! Holds the decisions about the service's life: when to start it, to end it, to feed the watchdog, and to give up.
//! Never touches a process: it is told what happened and asked what to do, with the time as an argument. Called by `serve`.
//!
//! | what happens | what is done |
//! | --- | --- |
//! | no report for 10 s (30 s at the start) | the watchdog gets no food; the service is killed, and started again |
//! | a task is not heard of for longer than its limit | the same, but it is asked to end first |
//! | it ends by itself, or by a signal | it is started again after 1 s, 2 s, … 60 s; a run of 60 s makes it 1 s again |
//! | it refuses to work: wrong configuration, data of a newer version | the broker ends with the same code |
//! | it never served, and said why | the same: whoever started it reads the reason |
//! | it ends well, nobody having asked the broker | the broker ends: somebody asked the service |

use std::collections::VecDeque;
use std::time::Duration;

use super::frame::{Cause, Ending, Greeting, MAX_ENDINGS, TaskAge};

/// A report is due every 2 s: four in a row are missing. With the watchdog's 15 s, and food given up to 5 s before, a board
/// whose kernel cannot end the service either starts anew after 30 s.
const REPORT_AGE: Duration = Duration::from_secs(10);
/// Until the first report: opening a full log on a slow card that was not closed well.
const START_TIME: Duration = Duration::from_secs(30);
/// No task may claim more: after 40 s without a word, 2 s until the report, 8 s to end and a second's pause, the service
/// starts anew within the minute that was promised.
pub const LONGEST_LIMIT: Duration = Duration::from_secs(40);
/// Asked to end, the service promises 5 s; then it is killed.
const END_TIME: Duration = Duration::from_secs(8);
/// A killed process is gone at once, unless the kernel itself waits for a device: then the watchdog must help.
const DEATH_TIME: Duration = Duration::from_secs(5);
/// Between two meals of the watchdog: a third of the 15 s that the smallest boards have.
const FEED_EVERY: Duration = Duration::from_secs(5);
/// The first pause before a new start, and the longest.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// A run of this length was a good one: the next pause is the first again.
const GOOD_RUN: Duration = Duration::from_secs(60);
/// More endings than this within [`CRASH_WINDOW`] are told loudly.
pub const CRASHES_TOLD: u8 = 5;
const CRASH_WINDOW: Duration = Duration::from_secs(600);
/// When the broker itself was not run for so long (a suspended machine, a stopped job), nobody's silence counts.
const OWN_GAP: Duration = Duration::from_secs(4);
/// The broker wakes at least so often, by which its own silence shows.
const HEARTBEAT: Duration = Duration::from_secs(2);

/// Exit codes (sysexits.h) that say "do not start me again": wrong command line, wrong data, wrong configuration.
const FINAL: [u8; 3] = [64, 65, 78];
/// The codes by which a program tells a reason to whoever started it; of these, 70 is a fault of its own.
const REASONS: std::ops::RangeInclusive<u8> = 64..=78;
const FAULT: u8 = 70;

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// The service was started.
    Started,
    /// It told how its tasks are.
    Reported(Vec<TaskAge>),
    /// Its process is over: the code it gave, or the signal.
    Ended(Result<u8, u8>),
    /// The broker was asked to end.
    Asked,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Act {
    /// Start the service.
    Start,
    /// Ask it to end (SIGTERM).
    AskToEnd,
    /// End it (SIGKILL).
    Kill,
    /// Feed the watchdog.
    Feed,
    /// End the broker with this code.
    Finish(u8),
    /// Tell a person.
    Tell(String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Phase {
    /// Not running; to be started then.
    Pausing { until: Duration },
    /// Running; `heard`: when the last report came.
    Running { since: Duration, heard: Option<Duration> },
    /// To end by then, else killed; `why`: the broker's own reason, `None` when a person asked.
    Leaving { since: Duration, by: Duration, killed: bool, why: Option<Cause> },
}

/// The machine.
#[derive(Debug)]
pub(super) struct Watch {
    phase: Phase,
    pause: Duration,
    stuck: Option<String>,
    served: bool,
    fed: Option<Duration>,
    last: Duration,
    asked: bool,
    endings: VecDeque<Ending>,
    acts: VecDeque<Act>,
}

impl Watch {
    /// A machine that will start the service at once. `now`: the time since some fixed moment, never going back and
    /// standing still while the machine sleeps.
    pub(super) fn new(now: Duration) -> Self {
        Self {
            phase: Phase::Pausing { until: now },
            pause: FIRST_PAUSE,
            stuck: None,
            served: false,
            fed: None,
            last: now,
            asked: false,
            endings: VecDeque::new(),
            acts: VecDeque::new(),
        }
    }

    /// Takes what happened. `boot_ms`: the moment, for people.
    pub(super) fn on(&mut self, now: Duration, boot_ms: u64, event: Event) {
        self.look(now);
        match (event, &mut self.phase) {
            (Event::Started, phase @ Phase::Pausing { .. }) => {
                *phase = Phase::Running { since: now, heard: None };
                self.stuck = None;
            }
            (Event::Reported(tasks), Phase::Running { heard, .. }) => {
                *heard = Some(now);
                self.served = true;
                let limit = LONGEST_LIMIT.as_millis() as u32;
                let stuck = tasks.into_iter().find(|task| task.is_stuck() || task.age_ms > limit);
                self.stuck = stuck.map(|task| task.name);
            }
            (Event::Ended(how), Phase::Running { since, .. } | Phase::Leaving { since, .. }) => {
                let since = *since;
                self.ended(now, boot_ms, since, how);
            }
            (Event::Asked, phase) => {
                self.asked = true;
                match *phase {
                    Phase::Running { since, .. } => self.leave(now, since, None, false),
                    Phase::Pausing { .. } => self.acts.push_back(Act::Finish(0)),
                    Phase::Leaving { .. } => {}
                }
            }
            (Event::Started | Event::Reported(_) | Event::Ended(_), _) => {}
        }
        self.tick(now);
    }

    /// Lets time pass.
    pub(super) fn tick(&mut self, now: Duration) {
        self.look(now);
        match self.phase.clone() {
            Phase::Pausing { until } if now >= until && !self.asked => {
                if !self.acts.contains(&Act::Start) {
                    self.acts.push_back(Act::Start);
                }
            }
            Phase::Running { since, heard } => {
                let patience = if heard.is_some() { REPORT_AGE } else { START_TIME };
                if now.saturating_sub(heard.unwrap_or(since)) > patience {
                    self.acts.push_back(Act::Tell("the service does not report any more; it is ended".into()));
                    self.leave(now, since, Some(Cause::Frozen), true);
                } else if let Some(task) = self.stuck.take() {
                    self.acts
                        .push_back(Act::Tell(format!("the task “{task}” of the service hangs; it is started anew")));
                    self.leave(now, since, Some(Cause::Stuck(task)), false);
                }
            }
            Phase::Leaving { since, by, killed: false, why } if now >= by => {
                self.leave(now, since, why, true);
            }
            Phase::Pausing { .. } | Phase::Leaving { .. } => {}
        }
        if self.is_well(now) && self.fed.is_none_or(|fed| now.saturating_sub(fed) >= FEED_EVERY) {
            self.fed = Some(now);
            self.acts.push_back(Act::Feed);
        }
    }

    /// The next thing to do.
    pub(super) fn next(&mut self) -> Option<Act> {
        self.acts.pop_front()
    }

    /// How long nothing will have to be done.
    pub(super) fn sleep(&self, now: Duration) -> Duration {
        let due = match &self.phase {
            Phase::Pausing { until } => *until,
            Phase::Running { since, heard: None } => *since + START_TIME,
            Phase::Running { heard: Some(heard), .. } => *heard + REPORT_AGE,
            Phase::Leaving { by, .. } => *by,
        };
        // A millisecond more, so that "longer than" has come true by then.
        (due.saturating_sub(now) + Duration::from_millis(1)).min(HEARTBEAT)
    }

    /// What a fresh service is told of the past.
    pub(super) fn past(&self, boot_ms: u64) -> Greeting {
        Greeting {
            crashes: self.crashes(boot_ms),
            endings: self.endings.iter().cloned().collect(),
            ..Greeting::default()
        }
    }

    /// Whether the board is better off running on than starting anew: the service reports, or is being started or ended
    /// in the time that takes.
    fn is_well(&self, now: Duration) -> bool {
        match &self.phase {
            Phase::Pausing { .. } => true,
            Phase::Running { since, heard: None } => now.saturating_sub(*since) <= START_TIME,
            Phase::Running { heard: Some(heard), .. } => {
                self.stuck.is_none() && now.saturating_sub(*heard) <= REPORT_AGE
            }
            Phase::Leaving { by, .. } => now <= *by,
        }
    }

    /// Notices when the broker itself was not run, and forgives the service as much.
    fn look(&mut self, now: Duration) {
        let gap = now.saturating_sub(self.last);
        self.last = now;
        if gap > OWN_GAP {
            match &mut self.phase {
                Phase::Running { since, heard: None } => *since += gap,
                Phase::Running { heard: Some(heard), .. } => *heard = now,
                Phase::Leaving { by, .. } => *by += gap,
                Phase::Pausing { .. } => {}
            }
        }
    }

    fn leave(&mut self, now: Duration, since: Duration, why: Option<Cause>, kill: bool) {
        self.acts.push_back(if kill { Act::Kill } else { Act::AskToEnd });
        let by = now + if kill { DEATH_TIME } else { END_TIME };
        self.phase = Phase::Leaving { since, by, killed: kill, why };
    }

    fn ended(&mut self, now: Duration, boot_ms: u64, since: Duration, how: Result<u8, u8>) {
        let why = match &self.phase {
            Phase::Leaving { why, .. } => why.clone(),
            _ => None,
        };
        let code = how.unwrap_or_else(|signal| 128u8.saturating_add(signal));
        let refuses = matches!(how, Ok(code) if FINAL.contains(&code));
        let explained = matches!(how, Ok(code) if !self.served && REASONS.contains(&code) && code != FAULT);
        if self.asked || (why.is_none() && (how == Ok(0) || refuses || explained)) {
            return self.acts.push_back(Act::Finish(code));
        }
        let ran = now.saturating_sub(since);
        let cause = why.unwrap_or(match how {
            Ok(code) => Cause::Exit(code),
            Err(signal) => Cause::Signal(signal),
        });
        if ran >= GOOD_RUN {
            self.pause = FIRST_PAUSE;
        }
        let (seconds, pause) = (ran.as_secs(), self.pause.as_secs());
        self.acts.push_back(Act::Tell(format!(
            "the service ended after {seconds} s ({}); it is started again in {pause} s",
            words(&cause)
        )));
        if self.endings.len() >= MAX_ENDINGS {
            self.endings.pop_front();
        }
        self.endings.push_back(Ending { at_ms: boot_ms, ran_s: u32::try_from(seconds).unwrap_or(u32::MAX), cause });
        let crashes = self.crashes(boot_ms);
        if crashes > CRASHES_TOLD {
            self.acts.push_back(Act::Tell(format!(
                "ATTENTION: the service ended {crashes} times within ten minutes; something is wrong with it, with its \
                 data or with this machine"
            )));
        }
        self.phase = Phase::Pausing { until: now + self.pause };
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
    }

    fn crashes(&self, boot_ms: u64) -> u8 {
        let window = CRASH_WINDOW.as_millis() as u64;
        let recent = self.endings.iter().filter(|ending| boot_ms.saturating_sub(ending.at_ms) <= window);
        u8::try_from(recent.count()).unwrap_or(u8::MAX)
    }
}

fn words(cause: &Cause) -> String {
    match cause {
        Cause::Exit(code) => format!("exit code {code}"),
        // SIGSYS: the filter of system calls.
        Cause::Signal(31) => "it tried a forbidden system call".into(),
        Cause::Signal(number) => format!("signal {number}"),
        Cause::Frozen => "it was frozen".into(),
        Cause::Stuck(task) => format!("its task “{task}” hung"),
    }
}

#[cfg(test)]
#[path = "watch_tests.rs"]
mod tests;
