//! Holds the world: an appliance whose card is a map of rows, workstations with agents, and messages under way.
//! Never keeps what a power cut would take: a restarted desk is made from the rows alone. Scenes and schedules use it.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use embassy_time::{Duration, Instant};

use crate::kiosk::desk::{Action, Beat, Desk, Event, Redeeming, Refusal, Row, Settings, Told};
use crate::kiosk::lease::{Lease, Opened};
use crate::kiosk::ledger::Ledger;
use crate::kiosk::seat::{Act, Kept, Seat};
use crate::kiosk::session::State;
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
    /// How long the place stays open when somebody types a code.
    pub(super) open_ms: Option<u64>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Key {
    Session(SessionId),
    Station(StationId),
    Usage(PersonId),
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

    /// A desk's wishes come true all at once: one batch on the card.
    pub(super) fn carry(&mut self, actions: Vec<Action>) {
        for action in actions {
            match action {
                Action::Save(row) => {
                    let key = match &row {
                        Row::Session(kept) => Key::Session(kept.id),
                        Row::Station(kept) => Key::Station(kept.id),
                        Row::Usage(person, _) => Key::Usage(*person),
                    };
                    let before = self.rows.insert(key, row.clone());
                    self.check_row(before.as_ref(), &row);
                }
                Action::ForgetStation(id) => drop(self.rows.remove(&Key::Station(id))),
                Action::ForgetUsage(person) => drop(self.rows.remove(&Key::Usage(person))),
                Action::Tell(told) => {
                    self.told.push((self.now_ms, told));
                    if told.event == Event::Interrupted {
                        self.forgive(&told);
                    }
                }
                Action::Nudge(_) => {}
            }
        }
    }

    /// I1 and I2 on the card: what is left is never negative and never grows but by a grant.
    fn check_row(&self, before: Option<&Row>, after: &Row) {
        let (Some(Row::Session(before)), Row::Session(after)) = (before, after) else { return };
        let left = |ledger: &Ledger| ledger.granted_ms() - ledger.proved_ms();
        assert!(after.ledger.proved_ms() <= after.ledger.granted_ms(), "I1: {after:?}");
        assert!(after.ledger.proved_ms() >= before.ledger.proved_ms(), "I2: {before:?} {after:?}");
        if after.ledger.granted_ms() <= before.ledger.granted_ms() {
            assert!(left(&after.ledger) <= left(&before.ledger), "I2: {before:?} {after:?}");
        }
        assert!(!before.state.is_final(), "a session that is over came back: {after:?}");
    }

    /// What ran after the last word before a restart is the person's gain; nothing else is.
    fn forgive(&mut self, told: &Told) {
        let (Some(id), Some(station)) = (told.session, told.station) else { return };
        let Some(Row::Session(kept)) = self.rows.get(&Key::Session(id)) else { return };
        let used_ms = self.used.get(&id).copied().unwrap_or(0);
        let gain_ms = used_ms.saturating_sub(kept.ledger.proved_ms());
        let lost_ms = core::mem::take(&mut self.machines[station.0 as usize - 1].lost_ms);
        let before_ms = self.forgiven.insert(id, gain_ms).unwrap_or(0);
        // With both restarted, what was used since the last checkpoint is lost besides.
        let most_ms =
            before_ms + lost_ms + 60_000 + 1_000 + self.taken_ms(id) + self.late.get(&id).copied().unwrap_or(0);
        assert!(gain_ms <= most_ms, "{id:?} gained {gain_ms} of {most_ms} ms");
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
        let rows: Vec<Row> = self.rows.values().cloned().collect();
        self.desk = Desk::restore(self.appliance_boot, self.settings, rows, self.appliance_now());
    }

    /// Power on, or off and on again: memory is empty, whatever was in it.
    pub(super) fn boot(&mut self, place: usize) {
        self.power_off(place);
        let machine = &mut self.machines[place];
        machine.boot += 1;
        machine.seat = Some(Seat::new(machine.id, BootId([machine.boot; 16]), None));
    }

    pub(super) fn power_off(&mut self, place: usize) {
        let machine = &mut self.machines[place];
        machine.lost_ms += core::mem::take(&mut machine.since_word_ms);
        machine.unlocked = None;
        (machine.seat, machine.kept, machine.dirty) = (None, None, None);
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

    /// What must hold at any moment.
    fn check(&self) {
        let now = self.appliance_now();
        let mut seats = BTreeSet::new();
        let mut people = BTreeSet::new();
        for session in self.desk.sessions(now) {
            assert_eq!(session.used_ms + session.remaining_ms, session.kept.ledger.granted_ms(), "I1");
            if session.kept.state.is_live() {
                assert!(session.kept.station.is_none_or(|seat| seats.insert(seat)), "I3: two at one seat");
                assert!(session.kept.person.is_none_or(|person| people.insert(person)), "I3: one person twice");
            }
            let kept = Row::Session(session.kept.clone());
            if session.kept.state != State::Active {
                assert_eq!(self.rows.get(&Key::Session(session.kept.id)), Some(&kept), "I10: the card knows less");
            }
        }
    }

    /// What must hold of a whole story.
    pub(super) fn check_story(&self) {
        let mut shown = BTreeSet::new();
        for warning in &self.shown {
            assert!(shown.insert(*warning), "I6: {warning:?} was shown twice");
        }
        for (session, used_ms) in &self.used {
            let Some(Row::Session(kept)) = self.rows.get(&Key::Session(*session)) else {
                panic!("{session:?} is not kept")
            };
            let of = |table: &BTreeMap<SessionId, u64>| table.get(session).copied().unwrap_or(0);
            // A grant that was taken back later was there while it was used.
            let given_ms = kept.ledger.granted_ms() + self.taken_ms(*session);
            let allowed = given_ms + of(&self.forgiven) + of(&self.late) + 1_000;
            assert!(*used_ms <= allowed, "I5: {session:?} was usable for {used_ms} of {allowed} ms");
        }
        self.check_audit();
    }

    /// I12: the states that were told lead from one to the next and end where the card is.
    fn check_audit(&self) {
        let mut states: BTreeMap<SessionId, State> = BTreeMap::new();
        for (_, told) in &self.told {
            let Some(id) = told.session else { continue };
            let next = match told.event {
                Event::CodeIssued => State::Pending,
                Event::Started | Event::Resumed => State::Active,
                Event::Suspended => State::Suspended,
                Event::Interrupted => State::Interrupted,
                Event::Ended => State::Ended,
                Event::Expired => State::Expired,
                Event::Closed(_) => State::Closed,
                Event::CodeVoid => State::Void,
                _ => continue,
            };
            let before = states.insert(id, next);
            assert_ne!(before, Some(next), "I12: told twice: {told:?}");
        }
        for (id, state) in states {
            let Some(Row::Session(kept)) = self.rows.get(&Key::Session(id)) else { panic!("{id:?} is not kept") };
            assert_eq!(kept.state, state, "I12: {id:?}");
        }
    }

    pub(super) fn state(&self, id: SessionId) -> State {
        match self.rows.get(&Key::Session(id)) {
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
