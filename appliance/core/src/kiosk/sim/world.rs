//! Holds the world: an appliance whose card is a map of rows, workstations with agents, and messages under way.
//! Never keeps what a power cut would take, what waits for the next batch included: a restarted desk is made from the rows
//! alone. Scenes and schedules use it.

mod invariants;

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use embassy_time::{Duration, Instant};

use crate::kiosk::desk::{Action, Beat, Desk, Event, Redeeming, Refusal, Row, Settings, Told};
use crate::kiosk::lease::{Lease, Opened};
use crate::kiosk::seat::{Act, Kept, Seat};
use crate::kiosk::session::{SessionRecord, State};
use crate::kiosk::{BootId, CodeDigest, PersonId, SessionId, StationId};

/// One workstation: the machine, its memory, its agent.
pub(super) struct Machine {
    pub(super) id: StationId,
    pub(super) boot: u8,
    pub(super) seat: Option<Seat>,
    /// What survives the agent, not the machine.
    pub(super) kept: Option<Kept>,
    /// The screen, as the person finds it.
    pub(super) unlocked: Option<SessionId>,
    /// Whose things lie in memory.
    pub(super) dirty: Option<SessionId>,
    /// What its clock gains in a second, in microseconds.
    pub(super) drift_us: i64,
    pub(super) cut: bool,
    /// Milliseconds it was usable since its last word arrived.
    since_word_ms: u64,
    /// Of them: before a restart that the appliance has not heard of.
    lost_ms: u64,
}

/// A message under way.
#[derive(Clone, Copy)]
pub(super) enum Message {
    /// With the time it was sent.
    Beat(StationId, Beat, u64),
    Lease(StationId, Lease),
}

pub(super) struct World {
    pub(super) now_ms: u64,
    pub(super) desk: Desk,
    /// The appliance's own boot number and when it began.
    appliance_boot: u32,
    pub(super) rows: BTreeMap<Key, Row>,
    /// Rows and entries that wait for the next batch, and since when the first of them does.
    soon: Vec<Action>,
    soon_since_ms: u64,
    pub(super) machines: Vec<Machine>,
    pub(super) air: Vec<(u64, Message)>,
    pub(super) told: Vec<(u64, Told)>,
    /// What was shown on a screen.
    pub(super) shown: Vec<(SessionId, u16, u8)>,
    /// Milliseconds each session was usable.
    pub(super) used: BTreeMap<SessionId, u64>,
    /// Milliseconds that ran after the last word before a restart of the workstation, which nobody is charged for.
    pub(super) forgiven: BTreeMap<SessionId, u64>,
    /// Milliseconds that first words after a restart of the appliance were late.
    late: BTreeMap<SessionId, u64>,
    nonce: u128,
    pub(super) settings: Settings,
    pub(super) opened: BTreeSet<CodeDigest>,
    /// Sessions that their person has ended, in this boot of the workstation.
    pub(super) left: BTreeSet<SessionId>,
    /// How long the place stays open when somebody types a code.
    pub(super) open_ms: Option<u64>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Key {
    Session(SessionId),
    Station(StationId),
    Usage(PersonId),
    Proved,
}

/// What may wait for a batch waits so long at most, in milliseconds: as long as the log of the card lets it.
const SOON_MS: u64 = 60_000;

impl Key {
    fn of(row: &Row) -> Self {
        match row {
            Row::Session(kept) => Self::Session(kept.id),
            Row::Station(kept) => Self::Station(kept.id),
            Row::Usage(person, _) => Self::Usage(*person),
            Row::Proved(_) => Self::Proved,
        }
    }
}

pub(super) fn code(number: u64) -> CodeDigest {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&number.to_le_bytes());
    CodeDigest::from_bytes(bytes)
}

impl World {
    pub(super) fn new(seats: u32) -> Self {
        let settings = Settings::default();
        let mut world = Self {
            now_ms: 1_000_000,
            desk: Desk::new(1, settings),
            appliance_boot: 1,
            rows: BTreeMap::new(),
            soon: Vec::new(),
            soon_since_ms: 0,
            machines: Vec::new(),
            air: Vec::new(),
            told: Vec::new(),
            shown: Vec::new(),
            used: BTreeMap::new(),
            forgiven: BTreeMap::new(),
            late: BTreeMap::new(),
            nonce: 0,
            settings,
            opened: BTreeSet::new(),
            left: BTreeSet::new(),
            open_ms: None,
        };
        for number in 0..seats {
            let id = StationId(number + 1);
            let mut out = Vec::new();
            world.desk.enrol(world.appliance_now(), id, None, &mut out).unwrap();
            world.carry(out);
            world.machines.push(Machine {
                id,
                boot: 0,
                seat: None,
                kept: None,
                unlocked: None,
                dirty: None,
                drift_us: 0,
                cut: false,
                since_word_ms: 0,
                lost_ms: 0,
            });
            world.boot(number as usize);
        }
        world
    }

    /// The appliance's boot-time clock. It begins anew with every restart.
    pub(super) fn appliance_now(&self) -> Instant {
        Instant::from_millis(self.now_ms)
    }

    /// A workstation's own clock: other zero, other pace.
    pub(super) fn clock_of(&self, place: usize) -> Instant {
        let machine = &self.machines[place];
        let gained_us = (self.now_ms / 1_000) as i64 * machine.drift_us;
        Instant::from_millis(self.now_ms.saturating_add_signed(gained_us / 1_000) + 7_777 * (place as u64 + 1))
    }

    /// A desk's wishes come true all at once: one batch on the card, with everything that waited for one. When all of them
    /// may wait, they wait.
    pub(super) fn carry(&mut self, mut actions: Vec<Action>) {
        let waits = |action: &Action| matches!(action, Action::SaveSoon(_) | Action::TellSoon(_) | Action::Nudge(_));
        if actions.iter().all(waits) {
            if self.soon.is_empty() {
                self.soon_since_ms = self.now_ms;
            }
            self.soon.extend(actions);
            return;
        }
        self.desk.ride(self.appliance_now(), &mut actions);
        let waited = core::mem::take(&mut self.soon);
        waited.into_iter().chain(actions).for_each(|action| self.commit(action));
    }

    fn commit(&mut self, action: Action) {
        match action {
            Action::Save(row) | Action::SaveSoon(row) => {
                let before = self.rows.insert(Key::of(&row), row.clone());
                self.check_row(before.as_ref(), &row);
            }
            Action::ForgetStation(id) => drop(self.rows.remove(&Key::Station(id))),
            Action::ForgetUsage(person) => drop(self.rows.remove(&Key::Usage(person))),
            Action::Tell(told) | Action::TellSoon(told) => {
                self.told.push((self.now_ms, told));
                if told.event == Event::Interrupted {
                    self.forgive(&told);
                }
            }
            Action::Nudge(_) => {}
        }
    }

    /// What waited long enough is a batch of its own.
    fn save_waiting(&mut self) {
        if !self.soon.is_empty() && self.now_ms >= self.soon_since_ms + SOON_MS {
            self.save_all();
        }
    }

    /// Everything that waits is on the card.
    pub(super) fn save_all(&mut self) {
        let waited = core::mem::take(&mut self.soon);
        waited.into_iter().for_each(|action| self.commit(action));
    }

    /// The newest row of a session, one that waits included.
    fn session_row(&self, id: SessionId) -> Option<&Row> {
        let waits = self.soon.iter().rev().find_map(|action| match action {
            Action::SaveSoon(row) if Key::of(row) == Key::Session(id) => Some(row),
            _ => None,
        });
        waits.or_else(|| self.rows.get(&Key::Session(id)))
    }

    /// What the card proves of a session's use, in milliseconds.
    fn proved_ms(&self, kept: &SessionRecord) -> u64 {
        let all = match self.rows.get(&Key::Proved) {
            Some(Row::Proved(all)) => all.as_slice(),
            _ => &[],
        };
        let more_ms = all.iter().find(|(id, _)| *id == kept.id).map_or(0, |(_, proved_ms)| *proved_ms);
        kept.ledger.proved_ms().max(more_ms)
    }

    /// The first word after a restart of the appliance is believed as it comes: how long it was under way is the person's
    /// gain.
    fn date(&mut self, station: StationId, sent_ms: u64) {
        let session = self.desk.session_at(station).and_then(|id| self.desk.session(id, self.appliance_now()));
        if let Some(session) = session.filter(|session| session.at_least) {
            *self.late.entry(session.kept.id).or_default() += self.now_ms - sent_ms;
        }
    }

    /// Milliseconds that staff took away from a session, by its own word.
    fn taken_ms(&self, session: SessionId) -> u64 {
        let of_it = self.told.iter().filter(|(_, told)| told.session == Some(session));
        of_it
            .map(|(_, told)| if let Event::Extended(delta) = told.event { delta.min(0).unsigned_abs() } else { 0 })
            .sum()
    }

    /// Kills the appliance at this very point and starts it again from what is on the card.
    pub(super) fn restart_appliance(&mut self) {
        self.appliance_boot += 1;
        self.lose_waiting();
        let rows: Vec<Row> = self.rows.values().cloned().collect();
        self.desk = Desk::restore(self.appliance_boot, self.settings, rows, self.appliance_now());
    }

    /// What waited for a batch is gone. A warning among it that its workstation does not know of any more, because that lost
    /// its power too, is known to nobody: it may be drawn again, once.
    fn lose_waiting(&mut self) {
        for action in core::mem::take(&mut self.soon) {
            let Action::SaveSoon(Row::Session(lost)) = action else { continue };
            let Some(station) = lost.station else { continue };
            let epoch = lost.ledger.epoch();
            let kept = self.machines[station.0 as usize - 1].kept;
            let kept = kept.filter(|kept| (kept.session, kept.epoch) == (lost.id, epoch));
            let on_card = match self.rows.get(&Key::Session(lost.id)) {
                Some(Row::Session(row)) if row.ledger.epoch() == epoch => row.shown,
                _ => Default::default(),
            };
            let known = kept.map(|kept| kept.shown).unwrap_or_default().or(on_card);
            self.shown.retain(|(session, shown_epoch, index)| {
                let index = usize::from(*index);
                (*session, *shown_epoch) != (lost.id, epoch) || !lost.shown.has(index) || known.has(index)
            });
        }
    }

    /// Power on, or off and on again: memory is empty, whatever was in it.
    pub(super) fn boot(&mut self, place: usize) {
        self.power_off(place);
        let machine = &mut self.machines[place];
        machine.boot += 1;
        machine.seat = Some(Seat::new(machine.id, BootId([machine.boot; 16]), None));
    }

    pub(super) fn power_off(&mut self, place: usize) {
        self.forget_unreported(place);
        let machine = &mut self.machines[place];
        // An end that nobody heard of is forgotten with the memory; whoever has the ticket may go on.
        if let Some(kept) = machine.kept {
            self.left.remove(&kept.session);
        }
        machine.lost_ms += core::mem::take(&mut machine.since_word_ms);
        machine.unlocked = None;
        (machine.seat, machine.kept, machine.dirty) = (None, None, None);
    }

    /// A warning that was drawn and not reported when the power went is known to nobody: it may be drawn again, once.
    fn forget_unreported(&mut self, place: usize) {
        let Some(kept) = self.machines[place].kept else { return };
        let session = self.desk.session(kept.session, self.appliance_now());
        let session = session.filter(|session| session.kept.ledger.epoch() == kept.epoch);
        let known = session.map(|session| session.kept.shown).unwrap_or_default();
        self.shown.retain(|(session, epoch, index)| {
            let index = usize::from(*index);
            (*session, *epoch) != (kept.session, kept.epoch) || !kept.shown.has(index) || known.has(index)
        });
    }

    /// kill -9 of the agent: the screen locks, memory stays, another agent starts.
    pub(super) fn kill_agent(&mut self, place: usize) {
        let machine = &mut self.machines[place];
        if machine.seat.is_some() {
            machine.unlocked = None;
            machine.seat = Some(Seat::new(machine.id, BootId([machine.boot; 16]), machine.kept));
        }
    }

    /// The agent's wishes come true.
    pub(super) fn act(&mut self, place: usize, acts: Vec<Act>) {
        let mut ask = false;
        let now = self.clock_of(place);
        for act in acts {
            let machine = &mut self.machines[place];
            match act {
                Act::Keep(kept) => machine.kept = Some(kept),
                Act::Unlock(session) => {
                    assert!(machine.dirty.is_none_or(|dirty| dirty == session), "I9: things of another person");
                    assert!(!self.left.contains(&session), "I13: its person has left");
                    (machine.unlocked, machine.dirty) = (Some(session), Some(session));
                }
                Act::Lock => machine.unlocked = None,
                Act::Warn(index) => {
                    let kept = machine.kept.expect("kept before it is shown");
                    assert_eq!(kept.shown.0 >> index & 1, 1, "kept before it is shown");
                    self.shown.push((kept.session, kept.epoch, index));
                }
                Act::Grace => {}
                Act::Wipe(session) => {
                    (machine.dirty, machine.unlocked) = (None, None);
                    let mut more = Vec::new();
                    if let Some(seat) = &mut machine.seat {
                        seat.wiped(session, &mut more);
                    }
                    ask |= !more.is_empty();
                }
                Act::Ask => ask = true,
            }
        }
        let machine = &self.machines[place];
        if let Some(seat) = &machine.seat {
            assert_eq!(machine.unlocked.is_some(), seat.phase().is_unlocked(), "the screen is what the seat says");
            if machine.unlocked.is_some() {
                assert!(seat.remaining_ms(now).is_some_and(|left| left > 0), "I4: unlocked without time");
            }
        }
        if ask {
            self.ask(place, 3);
        }
    }

    /// The agent asks; the question is under way for `delay_ms`.
    pub(super) fn ask(&mut self, place: usize, delay_ms: u64) {
        self.nonce += 1;
        let (nonce, now) = (self.nonce.to_le_bytes(), self.clock_of(place));
        let machine = &mut self.machines[place];
        let Some(seat) = &mut machine.seat else { return };
        let beat = seat.ask(now, nonce);
        if !machine.cut {
            self.air.push((self.now_ms + delay_ms, Message::Beat(machine.id, beat, self.now_ms)));
        }
    }

    /// The person is done.
    pub(super) fn leave(&mut self, place: usize) {
        let mut acts = Vec::new();
        let Some(seat) = &mut self.machines[place].seat else { return };
        seat.leave(&mut acts);
        if !acts.is_empty() {
            self.left.extend(seat.session());
        }
        self.act(place, acts);
    }

    /// A message arrives.
    pub(super) fn deliver(&mut self, message: Message, delay_ms: u64) {
        match message {
            Message::Beat(id, beat, sent_ms) => {
                self.date(id, sent_ms);
                let mut out = Vec::new();
                let lease = self.desk.beat(self.appliance_now(), id, &beat, &mut out);
                self.carry(out);
                self.machines[id.0 as usize - 1].since_word_ms = 0;
                if let Ok(lease) = lease {
                    self.air.push((self.now_ms + delay_ms, Message::Lease(id, lease)));
                }
            }
            Message::Lease(id, lease) => {
                let place = id.0 as usize - 1;
                let now = self.clock_of(place);
                let mut acts = Vec::new();
                if self.machines[place].cut {
                    return;
                }
                if let Some(seat) = &mut self.machines[place].seat {
                    // Pushed, late and foreign leases are refused by the seat itself.
                    let _refused = seat.obey(now, &Opened::unsigned(lease), &mut acts);
                }
                self.act(place, acts);
            }
        }
    }

    /// A person types a code; the answer comes at once or is lost.
    pub(super) fn type_code(&mut self, place: usize, digest: CodeDigest, question: u64) -> Result<SessionId, Refusal> {
        let machine = &self.machines[place];
        let typed = Redeeming {
            station: machine.id,
            boot: BootId([machine.boot; 16]),
            digest: Some(digest),
            ticket: code(1_000_000 + question),
            question,
            open_ms: self.open_ms,
            day: Some(1),
        };
        let mut out = Vec::new();
        let answer = self.desk.redeem(self.appliance_now(), typed, &mut out);
        let began = out.iter().any(|action| matches!(action, Action::Tell(told) if told.event == Event::Started));
        self.carry(out);
        if began {
            assert!(self.opened.insert(digest), "I8: a code opened two sessions");
        }
        answer
    }

    /// Lets `ms` go by in steps of `step_ms`, with every message that is due, and looks at the invariants.
    pub(super) fn run(&mut self, ms: u64, step_ms: u64) {
        let end = self.now_ms + ms;
        while self.now_ms < end {
            let step = step_ms.min(end - self.now_ms).min(self.until_next().max(1));
            self.now_ms += step;
            for machine in &mut self.machines {
                if let Some(session) = machine.unlocked {
                    machine.since_word_ms += step;
                    *self.used.entry(session).or_default() += step;
                }
            }
            self.tick();
        }
    }

    /// Milliseconds until something is due: timers are kept as a shell keeps them.
    fn until_next(&self) -> u64 {
        let now = self.appliance_now();
        let air = self.air.iter().map(|(due, _)| due.saturating_sub(self.now_ms));
        let desk = self.desk.next_wake().map(|wake| wake.saturating_duration_since(now).as_millis());
        let seats = self.machines.iter().enumerate().filter_map(|(place, machine)| {
            let clock = self.clock_of(place);
            let wake = machine.seat.as_ref()?.next_wake(clock)?;
            Some(wake.saturating_duration_since(clock).as_millis())
        });
        air.chain(desk).chain(seats).min().unwrap_or(u64::MAX)
    }

    fn tick(&mut self) {
        while let Some(index) = self.air.iter().position(|(due, _)| *due <= self.now_ms) {
            let (_, message) = self.air.remove(index);
            self.deliver(message, 3);
        }
        let mut out = Vec::new();
        self.desk.on(self.appliance_now(), &mut out);
        self.carry(out);
        self.save_waiting();
        let later = self.desk.next_wake().is_none_or(|wake| wake > self.appliance_now());
        assert!(later, "the desk is done with what was due");
        for place in 0..self.machines.len() {
            let now = self.clock_of(place);
            let mut acts = Vec::new();
            if let Some(seat) = &mut self.machines[place].seat {
                seat.on(now, &mut acts);
                assert!(seat.next_wake(now).is_none_or(|wake| wake > now), "the seat is done with what was due");
            }
            self.act(place, acts);
        }
        self.check();
    }

    pub(super) fn state(&self, id: SessionId) -> State {
        match self.session_row(id) {
            Some(Row::Session(kept)) => kept.state,
            _ => panic!("{id:?} is not kept"),
        }
    }

    pub(super) fn remaining(&self, id: SessionId) -> u64 {
        self.desk.session(id, self.appliance_now()).expect("a session that is not over").remaining_ms
    }

    pub(super) fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }
}
