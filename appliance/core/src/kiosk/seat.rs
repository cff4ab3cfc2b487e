//! Holds the seat: the agent's side of a session, which counts, warns, locks and wipes by itself, with the cable pulled too.
//! Never unlocks without a lease that is signed for this workstation in this boot, and locks on any doubt. It draws
//! nothing and kills nothing: those are actions. The agent on the workstation calls it.

mod obey;

use alloc::vec::Vec;

use embassy_time::{Duration, Instant};

use super::desk::{Beat, Done, Report};
use super::lease::Nonce;
use super::warning::Warned;
use super::{BootId, SessionId, StationId};

pub use obey::Disobeyed;

/// The last stretch of the granted time: save your work, nothing new starts. In milliseconds.
pub const GRACE_MS: u64 = 60_000;

/// What the screen shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Phase {
    /// Locked: a code is wanted.
    Locked,
    /// In use.
    Running,
    /// In use, the last minute.
    Grace,
    /// Locked by the person; the time runs.
    UserLocked,
    /// Locked by staff; the time stands still.
    Held,
    /// Locked because the appliance was not heard for too long; the time runs.
    Unheard,
    /// Locked; what is left of the person goes.
    Wiping,
}

impl Phase {
    /// Whether a person can use the machine.
    #[must_use]
    pub const fn is_unlocked(self) -> bool {
        matches!(self, Self::Running | Self::Grace)
    }
}

/// What the agent is to do, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Act {
    /// Keep this in memory that survives the agent but not the machine, before anything else is done.
    Keep(Kept),
    /// Give the machine to the person: start the session's program, or show it again.
    Unlock(SessionId),
    /// Lock the screen.
    Lock,
    /// Show the warning at this place among the thresholds.
    Warn(u8),
    /// The last minute has begun.
    Grace,
    /// End everything of this session and leave nothing of it; then say [`Seat::wiped`].
    Wipe(SessionId),
    /// Ask the appliance now.
    Ask,
}

/// What one call asks for: at most eight.
pub type Acts = Vec<Act>;

/// What outlives the agent: without it a warning could come twice, and time be had twice when the appliance was restarted
/// in the same minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Kept {
    /// Of which session.
    pub session: SessionId,
    /// In which epoch.
    pub epoch: u16,
    /// Warnings done with.
    pub warned: Warned,
    /// Of them: shown.
    pub shown: Warned,
    /// Its count.
    pub count: Count,
    /// Whether it is over here, and why: who has left is not let in again by an appliance that has not heard of it.
    pub over: Done,
}

/// How far a session's time has run, by the clock of this boot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Count {
    /// It ends so many milliseconds after the boot, when so many are granted in all.
    Runs {
        /// Milliseconds since the boot.
        ends_ms: u64,
        /// Milliseconds granted.
        granted_ms: u64,
    },
    /// It stands still with so many milliseconds used.
    Stands(u64),
}

/// A deadline that moved by less is not kept anew, in milliseconds: every lease moves it a little.
const MOVED_MS: u64 = 500;

impl Count {
    /// Milliseconds used at `now`.
    fn used_ms(self, now: Instant) -> u64 {
        match self {
            Self::Runs { ends_ms, granted_ms } => granted_ms.saturating_sub(ends_ms.saturating_sub(now.as_millis())),
            Self::Stands(used_ms) => used_ms,
        }
    }

    fn is_near(self, other: Self) -> bool {
        match (self, other) {
            (Self::Runs { ends_ms: a, granted_ms: x }, Self::Runs { ends_ms: b, granted_ms: y }) => {
                x == y && a.abs_diff(b) < MOVED_MS
            }
            _ => self == other,
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct Held {
    session: SessionId,
    epoch: u16,
    granted_ms: u64,
    /// When the grant is used up; meaningless while the time stands still.
    deadline: Instant,
    /// Used when the time was stopped, in milliseconds.
    frozen_ms: Option<u64>,
    /// When to lock unless a lease has come.
    offline_until: Instant,
    warned: Warned,
    shown: Warned,
    /// Round trip of the question that the countdown is anchored in, in milliseconds. A slow one is replaced by the first
    /// quick one.
    ahead_ms: u32,
    /// The grace of this epoch was announced.
    graced: bool,
    done: Done,
    /// Why it is over here; stays when it is wiped.
    over: Done,
    /// The appliance knows that it is over: it ordered the wipe.
    known: bool,
}

/// The agent's side of a session.
#[derive(Clone, Debug)]
pub struct Seat {
    station: StationId,
    boot: BootId,
    seq: u32,
    phase: Phase,
    held: Option<Held>,
    kept: Option<Kept>,
    /// Remaining at the last look, in milliseconds.
    looked_ms: u64,
    /// What was asked last; only its answer is obeyed.
    asked: Option<(Nonce, Instant)>,
}

impl Seat {
    /// A locked seat. `kept` is what an agent before this one kept in the same boot of the machine.
    #[must_use]
    pub const fn new(station: StationId, boot: BootId, kept: Option<Kept>) -> Self {
        Self { station, boot, seq: 0, phase: Phase::Locked, held: None, kept, looked_ms: 0, asked: None }
    }

    /// Which workstation it is.
    #[must_use]
    pub const fn station(&self) -> StationId {
        self.station
    }

    /// What the screen shows.
    #[must_use]
    pub const fn phase(&self) -> Phase {
        self.phase
    }

    /// The session here, one that is being wiped included.
    #[must_use]
    pub fn session(&self) -> Option<SessionId> {
        self.held.map(|held| held.session)
    }

    /// Milliseconds left; `None` without a session.
    #[must_use]
    pub fn remaining_ms(&self, now: Instant) -> Option<u64> {
        self.held.map(|held| held.granted_ms - held.used_ms(now))
    }

    /// The question to send at `now`; `nonce` is fresh from the kernel. An answer to an earlier question is void.
    pub fn ask(&mut self, now: Instant, nonce: Nonce) -> Beat {
        self.asked = Some((nonce, now));
        Beat { boot: self.boot, nonce, lease_seq: self.seq, report: self.report(now) }
    }

    fn report(&self, now: Instant) -> Option<Report> {
        let held = self.held.as_ref();
        // An agent that was restarted has no session yet, but it knows what the one before it counted.
        let kept = held.map(Held::kept).or(self.kept)?;
        Some(Report {
            session: kept.session,
            epoch: kept.epoch,
            used_ms: kept.count.used_ms(now),
            warned: kept.warned,
            shown: kept.shown,
            ahead_ms: held.map_or(0, |held| held.ahead_ms),
            done: held.map_or(kept.over, Held::word),
        })
    }

    /// Time went by: warns, begins the grace, locks.
    pub fn on(&mut self, now: Instant, out: &mut Acts) {
        let Some(held) = &mut self.held else { return };
        if held.frozen_ms.is_some() || held.done != Done::No {
            return;
        }
        let remaining_ms = held.remaining_ms(now);
        let before_ms = core::mem::replace(&mut self.looked_ms, remaining_ms);
        if remaining_ms == 0 {
            self.finish(Done::Expired, out);
            return;
        }
        let (warned, show) = held.warned.cross(before_ms, remaining_ms);
        if warned != held.warned {
            held.warned = warned;
            if let Some(index) = show {
                held.shown = Warned(held.shown.0 | 1 << index);
            }
            // First kept, then drawn: an agent that dies in between has skipped a warning, not doubled it.
            self.keep(out);
            out.extend(show.map(|index| Act::Warn(index as u8)));
            out.push(Act::Ask);
        }
        let Some(held) = &mut self.held else { return };
        if now >= held.offline_until {
            if self.phase != Phase::Unheard {
                self.phase = Phase::Unheard;
                out.push(Act::Lock);
            }
            return;
        }
        if remaining_ms <= GRACE_MS && !held.graced {
            held.graced = true;
            if self.phase == Phase::Running {
                self.phase = Phase::Grace;
            }
            out.push(Act::Grace);
        }
    }

    /// When [`Seat::on`] has something to do next. Below five minutes the agent looks four times a second besides: a
    /// machine that slept has missed its timers.
    #[must_use]
    pub fn next_wake(&self, now: Instant) -> Option<Instant> {
        let held = self.held.filter(|held| held.frozen_ms.is_none() && held.done == Done::No)?;
        let remaining_ms = held.remaining_ms(now);
        let grace = (!held.graced && remaining_ms > GRACE_MS).then_some(GRACE_MS);
        let next_ms = held.warned.next_below(remaining_ms).max(grace).unwrap_or(0);
        let count = now.saturating_add(Duration::from_millis(remaining_ms - next_ms));
        Some(if self.phase == Phase::Unheard { count } else { count.min(held.offline_until) })
    }

    /// The person locks the screen; the time runs on.
    pub fn lock(&mut self, out: &mut Acts) {
        if self.phase.is_unlocked() {
            self.phase = Phase::UserLocked;
            out.push(Act::Lock);
        }
    }

    /// The person comes back. Whether it is the same one is the screen's question.
    pub fn unlock(&mut self, now: Instant, out: &mut Acts) {
        if self.phase == Phase::UserLocked {
            self.enter(now, out);
            self.on(now, out);
        }
    }

    /// The person is done before the time is up.
    pub fn leave(&mut self, out: &mut Acts) {
        if self.held.is_some_and(|held| held.done == Done::No) {
            self.finish(Done::Ended, out);
        }
    }

    /// The agent has ended and wiped everything of this session, and looked that nothing is left.
    pub fn wiped(&mut self, session: SessionId, out: &mut Acts) {
        if let Some(held) = self.held.as_mut().filter(|held| held.session == session && self.phase == Phase::Wiping) {
            held.done = Done::Wiped;
            self.phase = Phase::Locked;
            out.push(Act::Ask);
        }
    }

    /// Keeps what must outlive the agent, unless just that is kept already.
    fn keep(&mut self, out: &mut Acts) {
        let Some(held) = &self.held else { return };
        let kept = held.kept();
        let same = |old: &Kept| Kept { count: kept.count, ..*old } == kept && old.count.is_near(kept.count);
        if !self.kept.as_ref().is_some_and(same) {
            self.kept = Some(kept);
            out.push(Act::Keep(kept));
        }
    }

    fn finish(&mut self, done: Done, out: &mut Acts) {
        let Some(held) = &mut self.held else { return };
        (held.done, held.over) = (done, done);
        let session = held.session;
        let was = core::mem::replace(&mut self.phase, Phase::Wiping);
        self.keep(out);
        if was.is_unlocked() {
            out.push(Act::Lock);
        }
        out.extend([Act::Wipe(session), Act::Ask]);
    }

    /// Unlocks for the session that is held: only called under a lease that says so.
    fn enter(&mut self, now: Instant, out: &mut Acts) {
        let Some(held) = self.held.filter(|held| held.done == Done::No && held.frozen_ms.is_none()) else { return };
        if held.remaining_ms(now) == 0 || now >= held.offline_until {
            return;
        }
        self.phase = if held.graced { Phase::Grace } else { Phase::Running };
        out.push(Act::Unlock(held.session));
    }
}

impl Held {
    fn remaining_ms(&self, now: Instant) -> u64 {
        self.granted_ms - self.used_ms(now)
    }

    fn used_ms(&self, now: Instant) -> u64 {
        let left = || self.deadline.saturating_duration_since(now).as_millis();
        self.frozen_ms.unwrap_or_else(|| self.granted_ms.saturating_sub(left())).min(self.granted_ms)
    }

    fn kept(&self) -> Kept {
        let runs = Count::Runs { ends_ms: self.deadline.as_millis(), granted_ms: self.granted_ms };
        let count = self.frozen_ms.map_or(runs, Count::Stands);
        let (session, over) = (self.session, self.over);
        Kept { session, epoch: self.epoch, warned: self.warned, shown: self.shown, count, over }
    }

    /// What the appliance is told of the end. That it is clean only tells something to one that knows that it is over.
    fn word(&self) -> Done {
        if self.done == Done::Wiped && !self.known { self.over } else { self.done }
    }
}
