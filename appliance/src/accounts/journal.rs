//! Holds the journal: the one place through which everything a person did is written down, and read again.
//! It never holds a name, a password or what a stranger typed, and never lets a stranger fill the card.
//! The dispatcher writes what the route table says, accounts write who came in; the API, the page and the CLI read.

mod ledger;
mod ram;
mod store;

use std::net::IpAddr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use vigie_core::audit::{
    Actor, Draft, Entry, Finding, Kind, MAX_DETAIL_BYTES, MAX_PAIRS, Object, Report, Restraint, Verdict,
};
use vigie_core::{Instant, Moment, Text};

use super::clock::Clock;
use super::store::NotSaved;

pub use self::ledger::Ledger;
pub use self::ram::RamJournal;
pub use self::store::{Change, JournalStore, Keep, Kept, Reading};

/// Entries read at once while the log is verified or exported: some 25 KiB.
pub const AT_ONCE: usize = 256;

/// Something that was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Act {
    /// What.
    pub kind: Kind,
    /// Who.
    pub actor: Actor,
    /// From where.
    pub from: Option<IpAddr>,
    /// To what.
    pub object: Object,
    /// Particulars, in words of ours.
    pub detail: Text<MAX_DETAIL_BYTES>,
    /// How many alike.
    pub count: u32,
}

impl Act {
    /// An act of somebody, on nothing in particular.
    #[must_use]
    pub fn new(kind: Kind, actor: Actor) -> Self {
        Self { kind, actor, from: None, object: Object::Nothing, detail: Text::default(), count: 1 }
    }

    /// From an address; IPv4 written as IPv6 is the same.
    #[must_use]
    pub fn from(mut self, address: IpAddr) -> Self {
        self.from = Some(address.to_canonical());
        self
    }

    /// On something.
    #[must_use]
    pub fn on(mut self, object: Object) -> Self {
        self.object = object;
        self
    }

    /// With particulars, cut at 64 bytes.
    #[must_use]
    pub fn saying(mut self, detail: &str) -> Self {
        self.detail = detail.into();
        self
    }
}

/// A log that was verified.
#[derive(Clone, Debug)]
pub struct Verified {
    /// What it came to.
    pub report: Report,
    /// When, on the clock of this boot.
    pub at: Moment,
    /// When, since 1970.
    pub wall: Option<Duration>,
}

/// Acts of strangers that are counted rather than written one by one.
#[derive(Default)]
struct Restrained {
    restraint: Restraint,
    /// The last act of each pair that was only counted. At most as many as the restraint remembers.
    held: Vec<(u64, Act)>,
}

impl Restrained {
    /// What to write now that this happened.
    fn ask(&mut self, now: Instant, act: Act) -> Vec<Act> {
        let key = key_of(&act);
        self.held.retain(|(held, _)| *held != key);
        match self.restraint.ask(now, key) {
            Verdict::Write { count, others } => {
                let rest = (others > 0).then(|| Act { count: others, ..Act::new(act.kind, Actor::Stranger) });
                rest.into_iter().chain([Act { count, ..act }]).collect()
            }
            Verdict::Hold => {
                if self.held.len() >= MAX_PAIRS {
                    self.held.remove(0);
                }
                self.held.push((key, act));
                Vec::new()
            }
        }
    }

    /// What was only counted and may be written by now.
    fn tell_held(&mut self, now: Instant) -> Vec<Act> {
        let (restraint, mut told) = (&mut self.restraint, Vec::new());
        self.held.retain(|(key, act)| match restraint.release(now, *key) {
            0 => true,
            count => {
                told.push(Act { count, ..act.clone() });
                false
            }
        });
        told
    }
}

/// The journal.
pub struct Journal {
    store: Arc<dyn JournalStore>,
    clock: Arc<dyn Clock>,
    boot: u32,
    failures: Mutex<Restrained>,
    /// Log-ins of programs have a restraint of their own: a guesser must not silence them.
    programs: Mutex<Restrained>,
    lost: AtomicU32,
    verified: Mutex<Option<Verified>>,
}

impl Journal {
    /// A journal over a store; `boot` is the number of this boot.
    #[must_use]
    pub fn new(store: Arc<dyn JournalStore>, clock: Arc<dyn Clock>, boot: u32) -> Self {
        let (failures, programs) = (Mutex::default(), Mutex::default());
        Self { store, clock, boot, failures, programs, lost: AtomicU32::new(0), verified: Mutex::default() }
    }

    /// Now, as it is stored.
    #[must_use]
    pub fn moment(&self) -> Moment {
        Moment { boot: self.boot, ms: u64::try_from(self.clock.now().as_millis()).unwrap_or(u64::MAX) }
    }

    /// Writes an act down and ends when it is on the card.
    ///
    /// # Errors
    /// When it is not on the card. The act itself is done; the log of the program says what was not written.
    pub async fn write(&self, act: Act) -> Result<(), NotSaved> {
        let kind = act.kind;
        let writing = self.order(act, true);
        writing.await.inspect_err(|error| {
            tracing::error!(kind = kind.name(), %error, "not written in the journal");
        })
    }

    /// Keeps rows together with the acts that changed them: both are on the card, or neither is. What comes back ends when
    /// they are, and may be dropped by whoever does not wait. `now` asks for that soon; else they go with the next flush,
    /// within a minute, and a power cut before that may cost them.
    #[must_use]
    pub fn write_beside(&self, rows: Vec<Change>, acts: Vec<Act>, now: bool) -> Reading<Result<(), NotSaved>> {
        self.tell_lost();
        let count = u32::try_from(acts.len()).unwrap_or(u32::MAX);
        let drafts = acts.into_iter().map(|act| self.draft(act)).collect();
        self.store.write_beside(rows, drafts, now).unwrap_or_else(|error| {
            self.lost.fetch_add(count, Ordering::Relaxed);
            Box::pin(std::future::ready(Err(error)))
        })
    }

    /// Writes an act down in its turn, within a second; a power cut before that may cost it.
    pub fn note(&self, act: Act) {
        // Nobody waits: what the store refuses it counts, and the next entry says so.
        drop(self.order(act, false));
    }

    /// Writes down a failed log-in, or only counts it when there are many.
    pub fn note_failure(&self, act: Act) {
        self.note_restrained(&self.failures, act);
    }

    /// Writes down that a program logged in, or only counts it when it does so again and again.
    pub fn note_program(&self, act: Act) {
        self.note_restrained(&self.programs, act);
    }

    /// Writes down what was only counted and may be written by now. Call it now and then.
    pub fn tell_held(&self) {
        for restrained in [&self.failures, &self.programs] {
            let told = restrained.lock().unwrap_or_else(PoisonError::into_inner).tell_held(self.now());
            told.into_iter().for_each(|act| self.note(act));
        }
    }

    fn note_restrained(&self, restrained: &Mutex<Restrained>, act: Act) {
        let told = restrained.lock().unwrap_or_else(PoisonError::into_inner).ask(self.now(), act);
        told.into_iter().for_each(|act| self.note(act));
    }

    fn now(&self) -> Instant {
        Instant::from_micros(u64::try_from(self.clock.now().as_micros()).unwrap_or(u64::MAX))
    }

    fn order(&self, act: Act, now: bool) -> Reading<Result<(), NotSaved>> {
        self.tell_lost();
        self.store.write(self.draft(act), now).unwrap_or_else(|error| {
            self.lost.fetch_add(1, Ordering::Relaxed);
            Box::pin(std::future::ready(Err(error)))
        })
    }

    /// Writes down how many entries could not be.
    fn tell_lost(&self) {
        let lost = self.lost.swap(0, Ordering::Relaxed) + self.store.take_lost();
        if lost > 0 {
            let entry = self.draft(Act { count: lost, ..Act::new(Kind::EntriesLost, Actor::System) });
            if self.store.write(entry, false).is_err() {
                self.lost.fetch_add(lost, Ordering::Relaxed);
            }
        }
    }

    fn draft(&self, act: Act) -> Draft {
        let wall = self.clock.wall().and_then(|wall| u64::try_from(wall.as_millis()).ok());
        let Act { kind, actor, from, object, detail, count } = act;
        let (at, wall_ms) = (self.moment(), wall.unwrap_or_default());
        Draft { at, wall_ms, kind: kind.code(), actor, count, from, object, detail }
    }

    /// The newest entries below a cursor that `keep` wants, newest first, at most `limit`.
    pub async fn newest(&self, before: u64, limit: usize, keep: Keep) -> Vec<Kept> {
        self.store.newest(before, limit, keep).await
    }

    /// Entries above a cursor, oldest first, at most `limit`.
    pub async fn after(&self, after: u64, limit: usize) -> Vec<Kept> {
        let raw = self.store.after(after, limit).await;
        raw.into_iter().filter_map(|(cursor, bytes)| Some(Kept { cursor, entry: Entry::from_bytes(&bytes)? })).collect()
    }

    /// Verifies the whole log, from the oldest entry to the newest.
    pub async fn verify(&self) -> Verified {
        // The head that is told must be the head after a power cut too.
        self.store.settle().await;
        let ledger = self.store.ledger();
        let mut verifier = ledger.verifier();
        let mut cursor = 0;
        loop {
            let some = self.store.after(cursor, AT_ONCE).await;
            let Some((last, _)) = some.last() else { break };
            cursor = *last;
            // What was written since the seal was looked at is left to the next time.
            some.iter().filter(|(_, bytes)| !ledger.is_newer(bytes)).for_each(|(_, bytes)| verifier.feed(bytes));
        }
        let verified = Verified { report: verifier.finish(), at: self.moment(), wall: self.clock.wall() };
        *self.verified.lock().unwrap_or_else(PoisonError::into_inner) = Some(verified.clone());
        verified
    }

    /// What verifying came to the last time.
    #[must_use]
    pub fn verified(&self) -> Option<Verified> {
        self.verified.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Verifies at start and writes down what is wrong, once.
    pub async fn examine(&self) {
        let verified = self.verify().await;
        if verified.report.is_good() {
            return;
        }
        let told = tell(&verified.report);
        tracing::error!(findings = %told, "the journal is damaged or has been changed");
        let damaged = |entry: &Entry| entry.what.kind == Kind::JournalDamaged.code();
        let last = self.newest(u64::MAX, 1, Box::new(damaged)).await;
        let told: Text<MAX_DETAIL_BYTES> = told.as_str().into();
        if last.first().is_none_or(|kept| kept.entry.what.detail != told) {
            self.note(Act { detail: told, ..Act::new(Kind::JournalDamaged, Actor::System) });
        }
    }
}

/// A finding as a short word with its numbers.
#[must_use]
pub fn tell_finding(finding: Finding) -> String {
    match finding {
        Finding::NoSeal => "no seal".into(),
        Finding::ForgedSeal => "seal not of this device".into(),
        Finding::Changed { number } => format!("changed {number}"),
        Finding::Unreadable { number } => format!("unreadable {number}"),
        Finding::Missing { from, to } => format!("missing {from}-{to}"),
        Finding::CutTail { from, to } => format!("cut {from}-{to}"),
        Finding::OutOfOrder { number } => format!("out of order {number}"),
        Finding::Unsealed { from, to } => format!("unsealed {from}-{to}"),
    }
}

fn tell(report: &Report) -> String {
    report.findings.iter().map(|finding| tell_finding(*finding)).collect::<Vec<_>>().join(", ")
}

/// Account and address as one number (FNV-1a): a collision costs a line, nothing else.
fn key_of(act: &Act) -> u64 {
    let mut bytes = vec![act.kind.code()];
    if let Object::Account(number) = act.object {
        bytes.extend(number.to_be_bytes());
    }
    match act.from {
        Some(IpAddr::V4(ip)) => bytes.extend(ip.octets()),
        // A host of IPv6 chooses its last 64 bits as it likes.
        Some(IpAddr::V6(ip)) => bytes.extend(ip.octets().into_iter().take(8)),
        None => {}
    }
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests;
