//! Holds what must be true of the world: at every moment, of every row that is saved, and of a whole story.
//! Never changes anything but its own notes, and that what waits is saved before a story is judged. The world calls it.

use alloc::collections::{BTreeMap, BTreeSet};

use super::{Key, World};
use crate::kiosk::SessionId;
use crate::kiosk::desk::{Event, Row, Told};
use crate::kiosk::ledger::Ledger;
use crate::kiosk::session::{SessionRecord, State};

impl World {
    /// I1 and I2 on the card: what is left is never negative and never grows but by a grant.
    pub(super) fn check_row(&self, before: Option<&Row>, after: &Row) {
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
    pub(super) fn forgive(&mut self, told: &Told) {
        let (Some(id), Some(station)) = (told.session, told.station) else { return };
        let Some(Row::Session(kept)) = self.rows.get(&Key::Session(id)) else { return };
        let used_ms = self.used.get(&id).copied().unwrap_or(0);
        let gain_ms = used_ms.saturating_sub(self.proved_ms(kept));
        let lost_ms = core::mem::take(&mut self.machines[station.0 as usize - 1].lost_ms);
        let before_ms = self.forgiven.insert(id, gain_ms).unwrap_or(0);
        // With both restarted, what was used since the last checkpoint is lost besides.
        let most_ms =
            before_ms + lost_ms + 60_000 + 1_000 + self.taken_ms(id) + self.late.get(&id).copied().unwrap_or(0);
        assert!(gain_ms <= most_ms, "{id:?} gained {gain_ms} of {most_ms} ms");
    }

    /// What must hold at any moment.
    pub(super) fn check(&self) {
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
                assert_eq!(self.session_row(session.kept.id), Some(&kept), "I10: the card will know less");
                self.check_card(session.kept);
            }
        }
    }

    /// I10: nothing but time that is up and the warnings that were shown may wait for a batch.
    fn check_card(&self, kept: &SessionRecord) {
        let Some(Row::Session(row)) = self.rows.get(&Key::Session(kept.id)) else { panic!("I10: not on the card") };
        let (warned, shown) = (row.warned, row.shown);
        if kept.state != State::Expired {
            assert_eq!(*row, SessionRecord { warned, shown, ..kept.clone() }, "I10: the card knows less");
        }
    }

    /// What must hold of a whole story.
    pub(in super::super) fn check_story(&mut self) {
        self.save_all();
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
}
