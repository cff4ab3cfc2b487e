//! Holds how the records of two devices are put together, and taken apart again with what was learnt in between.
//! Never decides that they should be: `merge` does. Called by `merge`.

use super::device::Trust;
use super::interface::Interface;
use super::record::{ClueRow, DeviceRecord, Merge, NameRow, PortRow, RoleRow, StableRow};
use super::rows::Rows;
use super::sighting::Source;
use crate::Moment;

/// A row that both records may have, with the time it was in use.
trait Row: Clone {
    fn same(&self, other: &Self) -> bool;
    /// The earlier beginning and the later end.
    fn join(&mut self, other: &Self);
    fn last(&self) -> Moment;
}

macro_rules! rows {
    ($($row:ty, |$a:ident, $b:ident| $same:expr;)+) => { $(
        impl Row for $row {
            fn same(&self, other: &Self) -> bool {
                let ($a, $b) = (self, other);
                $same
            }

            fn join(&mut self, other: &Self) {
                self.first_seen = self.first_seen.min(other.first_seen);
                self.last_seen = self.last_seen.max(other.last_seen);
            }

            fn last(&self) -> Moment {
                self.last_seen
            }
        }
    )+ };
}

rows! {
    // Its key names an interface; its addresses do while it has no MAC.
    Interface, |a, b| a.segment == b.segment && a.mac == b.mac
        && (a.mac.is_some() || a.addresses.iter().any(|row| b.address(row.ip).is_some()));
    NameRow, |a, b| a.source == b.source && a.name == b.name;
    ClueRow, |a, b| (a.source, a.clue) == (b.source, b.clue) && a.text == b.text;
    PortRow, |a, b| a.port == b.port;
    StableRow, |a, b| a.id == b.id && a.text == b.text;
}

impl Row for RoleRow {
    fn same(&self, other: &Self) -> bool {
        self.role == other.role
    }

    fn join(&mut self, other: &Self) {
        self.last_seen = self.last_seen.max(other.last_seen);
    }

    fn last(&self) -> Moment {
        self.last_seen
    }
}

/// Takes rows in; a full list leaves out the longest unseen.
fn take_in<'a, T: Row + 'a, const MAX: usize>(to: &mut Rows<T, MAX>, from: impl IntoIterator<Item = &'a T>) {
    for row in from {
        match to.iter_mut().find(|held| held.same(row)) {
            Some(held) => held.join(row),
            None => drop(to.push_or_evict(row.clone(), Row::last)),
        }
    }
}

impl DeviceRecord {
    /// Both devices as one, under the id of this one. What a person said of this one goes before what they said of the
    /// other.
    pub(super) fn union(&self, other: &Self) -> Self {
        let mut one = self.clone();
        one.first_seen = one.first_seen.min(other.first_seen);
        if other.last_seen > one.last_seen {
            (one.last_seen, one.last_source) = (other.last_seen, other.last_source);
        }
        one.sources |= other.sources;
        one.by_hand |= other.by_hand;
        one.watch |= other.watch;
        one.rogue_told |= other.rogue_told;
        for (mine, its) in [(&mut one.label, &other.label), (&mut one.owner, &other.owner)] {
            if mine.is_empty() {
                *mine = its.clone();
            }
        }
        if one.notes.is_empty() {
            one.notes = other.notes.clone();
        }
        if one.trust == Trust::Unknown {
            one.trust = other.trust;
        }
        for tag in other.tags.iter() {
            if !one.tags.contains(tag) {
                // A ninth tag finds no room; it comes back when the merge is undone.
                let _full = one.tags.try_push(tag.clone());
            }
        }
        take_in(&mut one.interfaces, other.interfaces.iter());
        take_in(&mut one.names, other.names.iter());
        take_in(&mut one.clues, other.clues.iter());
        take_in(&mut one.ports, other.ports.iter());
        take_in(&mut one.stable, other.stable.iter());
        take_in(&mut one.roles, other.roles.iter());
        for (id, relation) in other.relations.iter().filter(|(id, _)| *id != self.id) {
            one.relate(*id, *relation);
        }
        one.relations.retain(|(id, _)| *id != other.id);
        for (mine, its) in [(&mut one.vendor, &other.vendor), (&mut one.os, &other.os)] {
            if mine.is_none() {
                *mine = its.clone();
            }
        }
        let by_person = |source: Source| source == Source::Person;
        let named = |record: &Self| record.hostname.as_ref().is_some_and(|name| by_person(name.source));
        if one.hostname.is_none() || (named(other) && !named(&one)) {
            one.hostname = other.hostname.clone();
        }
        let sorted = |record: &Self| record.kind.as_ref().is_some_and(|kind| by_person(kind.source));
        if one.kind.is_none() || (sorted(other) && !sorted(&one)) {
            one.kind = other.kind.clone();
        }
        one
    }
}

/// Both devices as they were, with what was learnt since: of an interface by whose it is, of words by who had said them
/// before; new ones stay with the device that stays.
pub(super) fn undo(now: &DeviceRecord, merge: &Merge) -> (DeviceRecord, DeviceRecord) {
    let merged = merge.before.union(&merge.absorbed);
    let (mut stays, mut comes) = ((*merge.before).clone(), (*merge.absorbed).clone());
    stays.uptime = now.uptime.clone();
    stays.gaps = now.gaps.clone();
    stays.last_source = now.last_source;
    for interface in now.interfaces.iter() {
        let place = |record: &mut DeviceRecord| {
            record.interfaces.iter_mut().find(|held| held.same(interface)).map(|held| *held = interface.clone())
        };
        if place(&mut comes).is_none() && place(&mut stays).is_none() {
            stays.interfaces.push_or_evict(interface.clone(), Row::last);
        }
    }
    for record in [&mut stays, &mut comes] {
        let last = record.interfaces.iter().map(|interface| interface.last_seen).max();
        record.last_seen = last.map_or(record.last_seen, |last| last.max(record.last_seen));
    }
    let (before, absorbed) = (&merge.before, &merge.absorbed);
    share_out(&now.names, (&before.names, &mut stays.names), (&absorbed.names, &mut comes.names), merge.at);
    share_out(&now.clues, (&before.clues, &mut stays.clues), (&absorbed.clues, &mut comes.clues), merge.at);
    share_out(&now.ports, (&before.ports, &mut stays.ports), (&absorbed.ports, &mut comes.ports), merge.at);
    share_out(&now.stable, (&before.stable, &mut stays.stable), (&absorbed.stable, &mut comes.stable), merge.at);
    share_out(&now.roles, (&before.roles, &mut stays.roles), (&absorbed.roles, &mut comes.roles), merge.at);
    keep_edits(&mut stays, now, &merged);
    (stays, comes)
}

/// Rows seen since the merge go to whoever had them before; to the device that stays when both or neither did.
fn share_out<T: Row, const MAX: usize>(
    now: &[T],
    (before, stays): (&[T], &mut Rows<T, MAX>),
    (absorbed, comes): (&[T], &mut Rows<T, MAX>),
    at: Moment,
) {
    for row in now.iter().filter(|row| row.last() > at) {
        let was_its = absorbed.iter().any(|old| old.same(row)) && !before.iter().any(|old| old.same(row));
        take_in(if was_its { &mut *comes } else { &mut *stays }, [row]);
    }
}

/// What a person changed since the merge stays with the device that stays.
fn keep_edits(stays: &mut DeviceRecord, now: &DeviceRecord, merged: &DeviceRecord) {
    if now.label != merged.label {
        stays.label = now.label.clone();
    }
    if now.owner != merged.owner {
        stays.owner = now.owner.clone();
    }
    if now.notes != merged.notes {
        stays.notes = now.notes.clone();
    }
    if now.tags != merged.tags {
        stays.tags = now.tags.clone();
    }
    if now.trust != merged.trust {
        stays.trust = now.trust;
    }
    if now.watch != merged.watch {
        stays.watch = now.watch;
    }
    if now.hostname != merged.hostname && now.hostname.as_ref().is_some_and(|name| name.source == Source::Person) {
        stays.hostname = now.hostname.clone();
    }
    if now.kind != merged.kind && now.kind.as_ref().is_some_and(|kind| kind.source == Source::Person) {
        stays.kind = now.kind.clone();
    }
}
