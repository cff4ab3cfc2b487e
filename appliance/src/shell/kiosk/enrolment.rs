//! Holds how a machine becomes a workstation: it shows a number, staff approves the number, it gets a token.
//! Never trusts a MAC: what proves that it is the same machine is the secret question it drew itself. The door and the
//! page reach it through the room.

use std::net::IpAddr;

use embassy_time::{Duration, Instant};
use sha2::{Digest, Sha256};
use vigie_core::Mac;
use vigie_core::audit::Kind;
use vigie_core::kiosk::{BootId, GroupId, StationId};

use super::fault::{Fault, Table, line};
use super::register::{MAX_AGENT_VERSION_BYTES, MAX_STATION_NAME_BYTES, StationDraft};
use super::room::{Room, Staff};
use super::token;
use crate::accounts::secret::{Secret, draw};

/// Machines that may wait at once, 200 B each; a room full of new ones is let in row by row. One more is told to wait.
pub const MAX_KNOCKING: usize = 16;
/// Of these from one address: a row behind a router of its own, and never the whole table, so that one machine that invents
/// others keeps nobody else out.
pub const MAX_KNOCKING_FROM_ONE: usize = 6;
/// How long one waits for staff.
const WAIT: Duration = Duration::from_secs(15 * 60);

/// What a machine says that wants to be a workstation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Knock {
    /// Its MAC.
    pub mac: Mac,
    /// What it calls itself; may be empty.
    pub name: String,
    /// In which boot.
    pub boot: BootId,
    /// Version of its agent.
    pub agent_version: String,
    /// 32 random bytes it drew and keeps secret.
    pub question: [u8; 32],
    /// The address it asks from.
    pub from: IpAddr,
}

/// A machine that waits, for staff.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Knocking {
    /// What it shows: six digits.
    pub number: u32,
    /// Its MAC, as it says.
    pub mac: Mac,
    /// Its name, as it says.
    pub name: String,
    /// Its agent's version, as it says.
    pub agent_version: String,
    /// A workstation that has this MAC already: probably the same machine, set up again.
    pub known_as: Option<StationId>,
    /// Milliseconds for which it waits still.
    pub ends_in_ms: u64,
}

/// What became of a machine that asked.
#[derive(Clone, Debug)]
pub enum Knocked {
    /// It waits.
    Waiting {
        /// What it shows.
        number: u32,
    },
    /// It is in.
    Approved {
        /// As which workstation.
        station: StationId,
        /// Its token; told until it was used once.
        token: Secret,
    },
    /// It was turned away.
    Refused,
    /// Nothing is known of it: it waited too long, or the appliance was restarted.
    Unknown,
}

/// As what staff lets a machine in.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Approval {
    /// The name of a new workstation; its own word when this is empty.
    pub name: String,
    /// Its group.
    pub group: Option<GroupId>,
    /// A workstation it is to be, in place of the machine that was it before. With nothing said at all: the one that has
    /// its MAC, else a new one.
    pub station: Option<StationId>,
}

pub(super) enum Verdict {
    Waiting,
    Approved(StationId, Secret),
    Refused,
}

pub(super) struct Waiting {
    pub(super) number: u32,
    knock: Knock,
    /// SHA-256 of the question: the table gives nothing away.
    asked: [u8; 32],
    until: Instant,
    pub(super) verdict: Verdict,
}

impl Room {
    /// A machine asks to be a workstation. The same question gets the same number.
    ///
    /// # Errors
    /// A bad field, or too many wait.
    pub fn knock(&mut self, knock: &Knock) -> Result<Knocked, Fault> {
        self.forget_knocks();
        let asked: [u8; 32] = Sha256::digest(knock.question).into();
        if self.waiting.iter().any(|waiting| waiting.asked == asked) {
            return Ok(self.knocked(&knock.question));
        }
        let knock = Knock {
            name: line("name", &knock.name, MAX_STATION_NAME_BYTES)?,
            agent_version: line("agent_version", &knock.agent_version, MAX_AGENT_VERSION_BYTES)?,
            question: [0; 32],
            ..knock.clone()
        };
        if !knock.mac.is_station() {
            return Err(Fault::malformed("mac"));
        }
        let from = knock.from.to_canonical();
        let waits_there = |waiting: &Waiting| {
            waiting.knock.from.to_canonical() == from && matches!(waiting.verdict, Verdict::Waiting)
        };
        // One machine waits once: who asks again with another question was restarted. From another address it may be
        // somebody who only says that MAC.
        self.waiting.retain(|waiting| waiting.knock.mac != knock.mac || !waits_there(waiting));
        if self.waiting.iter().filter(|waiting| waits_there(waiting)).count() >= MAX_KNOCKING_FROM_ONE {
            return Err(Fault::Full(Table::EnrolmentFromOne));
        }
        // Who was turned away makes room: else a row of strangers would keep everybody out until they are forgotten.
        if self.waiting.len() >= MAX_KNOCKING
            && let Some(refused) = self.waiting.iter().position(|waiting| matches!(waiting.verdict, Verdict::Refused))
        {
            self.waiting.remove(refused);
        }
        if self.waiting.len() >= MAX_KNOCKING {
            return Err(Fault::Full(Table::Enrolment));
        }
        let number = self.draw_number()?;
        let until = self.now.saturating_add(WAIT);
        self.waiting.push(Waiting { number, knock, asked, until, verdict: Verdict::Waiting });
        self.announce_enrolment();
        Ok(Knocked::Waiting { number })
    }

    /// What became of the machine that asked this question.
    #[must_use]
    pub fn knocked(&self, question: &[u8; 32]) -> Knocked {
        let asked: [u8; 32] = Sha256::digest(question).into();
        let mut there = self.waiting.iter().filter(|waiting| waiting.until > self.now);
        match there.find(|waiting| waiting.asked == asked).map(|waiting| (waiting.number, &waiting.verdict)) {
            None => Knocked::Unknown,
            Some((number, Verdict::Waiting)) => Knocked::Waiting { number },
            Some((_, Verdict::Refused)) => Knocked::Refused,
            Some((_, Verdict::Approved(station, token))) => {
                Knocked::Approved { station: *station, token: token.clone() }
            }
        }
    }

    /// Machines that wait for staff.
    #[must_use]
    pub fn knocking(&self) -> Vec<Knocking> {
        let waits = |waiting: &&Waiting| waiting.until > self.now && matches!(waiting.verdict, Verdict::Waiting);
        let view = |waiting: &Waiting| Knocking {
            number: waiting.number,
            mac: waiting.knock.mac,
            name: waiting.knock.name.clone(),
            agent_version: waiting.knock.agent_version.clone(),
            known_as: self.station_of(waiting.knock.mac),
            ends_in_ms: waiting.until.saturating_duration_since(self.now).as_millis(),
        };
        self.waiting.iter().filter(waits).map(view).collect()
    }

    /// The workstation that has this MAC. What a machine says of itself proves nothing: staff looks at its screen.
    fn station_of(&self, mac: Mac) -> Option<StationId> {
        self.register.entries.iter().find(|(_, entry)| entry.mac == mac.0).map(|(id, _)| *id)
    }

    /// Lets the machine in that shows `number`.
    ///
    /// # Errors
    /// When no such machine waits, the workstation it is to be is unknown, a field is bad, or the table is full.
    pub fn approve(&mut self, staff: Staff, number: u32, approval: &Approval) -> Result<StationId, Fault> {
        let at = self.find_knock(number).ok_or(Fault::NoEnrolment)?;
        let knock = self.waiting.get(at).map(|waiting| waiting.knock.clone()).ok_or(Fault::NoEnrolment)?;
        // With nothing said, a machine that staff lets in again is what it was: it forgot its token, as one without a disk
        // does at every start.
        let named = !approval.name.trim().is_empty() || approval.group.is_some();
        let station = match approval.station.or_else(|| self.station_of(knock.mac).filter(|_| !named)) {
            Some(station) => {
                let before = self.station(station).ok_or(Fault::NoStation)?;
                let draft = StationDraft { name: before.name, mac: knock.mac, ip: before.ip, group: before.group };
                self.edit_station(staff, station, &draft)?;
                station
            }
            None => {
                let given = if approval.name.trim().is_empty() { &knock.name } else { &approval.name };
                let name = if given.is_empty() { format!("{}", knock.mac) } else { given.clone() };
                self.add_station(staff, &StationDraft { name, mac: knock.mac, ip: None, group: approval.group })?
            }
        };
        let (token, hash) = token::draw_for(station)?;
        if let Some(entry) = self.register.entries.get_mut(&station) {
            // What was let in before is out at once: one machine a workstation.
            (entry.token, entry.next, entry.renewed_in) = (Some(hash), None, Some(knock.boot));
            entry.revision += 1;
        }
        self.save_station(station);
        self.out.ended.push(station);
        if let Some(waiting) = self.waiting.get_mut(at) {
            waiting.verdict = Verdict::Approved(station, token);
            waiting.until = self.now.saturating_add(WAIT);
        }
        self.note_station(staff, Kind::EnrolmentApproved, station, &format!("number {number:06}"));
        self.announce_enrolment();
        Ok(station)
    }

    /// Turns the machine away that shows `number`.
    ///
    /// # Errors
    /// When no such machine waits.
    pub fn refuse(&mut self, staff: Staff, number: u32) -> Result<(), Fault> {
        let at = self.find_knock(number).ok_or(Fault::NoEnrolment)?;
        if let Some(waiting) = self.waiting.get_mut(at) {
            waiting.verdict = Verdict::Refused;
        }
        self.note(staff, Kind::EnrolmentRefused, vigie_core::audit::Object::Nothing, &format!("number {number:06}"));
        self.announce_enrolment();
        Ok(())
    }

    /// The machine uses its token: there is nothing left to tell.
    pub(super) fn knock_is_answered(&mut self, station: StationId) {
        self.waiting.retain(|waiting| !matches!(waiting.verdict, Verdict::Approved(in_as, _) if in_as == station));
    }

    fn forget_knocks(&mut self) {
        let now = self.now;
        self.waiting.retain(|waiting| waiting.until > now);
    }

    fn find_knock(&self, number: u32) -> Option<usize> {
        let waits = |waiting: &Waiting| waiting.until > self.now && matches!(waiting.verdict, Verdict::Waiting);
        self.waiting.iter().position(|waiting| waiting.number == number && waits(waiting))
    }

    fn draw_number(&self) -> Result<u32, Fault> {
        // Sixteen numbers of a million are taken: the first draw is nearly always free.
        for _ in 0..64 {
            let number = u32::from_be_bytes(draw::<4>().map_err(|_| Fault::NoRandomness)?) % 1_000_000;
            if self.waiting.iter().all(|waiting| waiting.number != number) {
                return Ok(number);
            }
        }
        Err(Fault::NoRandomness)
    }
}
