//! Holds what staff tells workstations: messages for the person who sits there, and commands for the machine.
//! Never on the card: what nobody took is gone with the service, and whoever sent it sees that it was not taken. The
//! room keeps it until the agent has acknowledged it.

use std::collections::BTreeMap;

use serde_json::json;
use vigie_core::Moment;
use vigie_core::audit::{Kind, Object};
use vigie_core::kiosk::StationId;

use super::fault::{Fault, Table, some_line};
use super::live::{Audience, Post};
use super::room::{Room, Staff};
use super::token::Seat;

/// Bytes of a message: two lines on the screen of a workstation.
pub const MAX_MESSAGE_BYTES: usize = 280;
/// Messages and commands a workstation may have waiting, 350 B each at most. One more is refused.
pub(super) const MAX_LEFT: usize = 16;
/// Bytes of an agent's own words about a command.
const MAX_RESULT_BYTES: usize = 64;

/// What a machine can be told to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// Start again.
    Reboot,
    /// Switch off.
    Shutdown,
    /// Show which one it is.
    Identify,
}

impl Command {
    /// Its word on the wire.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Reboot => "reboot",
            Self::Shutdown => "shutdown",
            Self::Identify => "identify",
        }
    }
}

/// What is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// To the person.
    Message(String),
    /// To the machine.
    Command(Command),
}

/// Something told to a workstation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// Its number; the same for every workstation of a broadcast.
    pub id: u64,
    /// What.
    pub what: What,
    /// The account that sent it.
    pub from: u32,
    /// When.
    pub at: Moment,
    /// Whether the agent took it: `None` until then; for a command, whether it worked, and what the agent says.
    pub answer: Option<Result<(), String>>,
}

/// What waits at each workstation, and the newest that was taken.
#[derive(Default)]
pub(super) struct Outbox {
    left: BTreeMap<StationId, Vec<Told>>,
    next: u64,
}

impl Outbox {
    /// Forgets what was taken.
    pub(super) fn forget_taken(&mut self) {
        self.left.values_mut().for_each(|left| left.retain(|told| told.answer.is_none()));
        self.left.retain(|_, left| !left.is_empty());
    }

    pub(super) fn forget(&mut self, station: StationId) {
        self.left.remove(&station);
    }
}

impl Room {
    /// Leaves a message, at one workstation or at all. Gives its number and how many workstations it is for.
    ///
    /// # Errors
    /// A bad text, an unknown workstation, or too much waits at the only one it is for.
    pub fn send_message(&mut self, staff: Staff, to: Option<StationId>, text: &str) -> Result<(u64, usize), Fault> {
        let text = some_line("text", text, MAX_MESSAGE_BYTES)?;
        let (id, count) = self.leave(staff, to, &What::Message(text))?;
        let object = to.map_or(Object::Nothing, |station| Object::Workstation(station.0));
        // The words are for the person alone.
        self.note(staff, Kind::MessageSent, object, &format!("message {id}, to {count}"));
        Ok((id, count))
    }

    /// Tells a machine to do something.
    ///
    /// # Errors
    /// An unknown workstation, or too much waits there.
    pub fn send_command(&mut self, staff: Staff, to: StationId, command: Command) -> Result<u64, Fault> {
        let (id, _) = self.leave(staff, Some(to), &What::Command(command))?;
        self.note(staff, Kind::CommandSent, Object::Workstation(to.0), command.word());
        Ok(id)
    }

    /// The agent took a message.
    ///
    /// # Errors
    /// When there was none of this number. Taking one twice is no error.
    pub fn acknowledge(&mut self, seat: Seat, id: u64) -> Result<(), Fault> {
        self.answer(seat.station, id, Ok(()))
    }

    /// The agent did what it was told, or could not.
    ///
    /// # Errors
    /// As [`Room::acknowledge`].
    pub fn command_result(&mut self, seat: Seat, id: u64, ok: bool, detail: &str) -> Result<(), Fault> {
        let detail: vigie_core::Text<MAX_RESULT_BYTES> = detail.into();
        self.answer(seat.station, id, if ok { Ok(()) } else { Err(detail.as_str().to_owned()) })
    }

    /// What was told to a workstation, oldest first, what was taken included.
    #[must_use]
    pub fn told_to(&self, station: StationId) -> &[Told] {
        self.outbox.left.get(&station).map(Vec::as_slice).unwrap_or_default()
    }

    /// Frames for what an agent that comes back has not taken yet.
    #[must_use]
    pub fn frames_left(&self, station: StationId) -> Vec<String> {
        let waits = self.told_to(station).iter().filter(|told| told.answer.is_none());
        waits.map(|told| post(station, told).frame.text.clone()).collect()
    }

    fn leave(&mut self, staff: Staff, to: Option<StationId>, what: &What) -> Result<(u64, usize), Fault> {
        let stations: Vec<StationId> = match to {
            Some(station) if self.register.entries.contains_key(&station) => vec![station],
            Some(_) => return Err(Fault::NoStation),
            None => self.register.entries.keys().copied().collect(),
        };
        let id = self.outbox.next.max(1);
        let told = Told { id, what: what.clone(), from: staff.account, at: self.moment(), answer: None };
        let mut count = 0;
        for station in stations {
            let left = self.outbox.left.entry(station).or_default();
            if left.len() >= MAX_LEFT {
                // What was taken makes room, the oldest first.
                let Some(taken) = left.iter().position(|old| old.answer.is_some()) else { continue };
                left.remove(taken);
            }
            left.push(told.clone());
            count += 1;
            self.out.posts.push(post(station, &told));
        }
        if count == 0 && to.is_some() {
            return Err(Fault::Full(Table::Messages));
        }
        self.outbox.next = id + 1;
        Ok((id, count))
    }

    fn answer(&mut self, station: StationId, id: u64, answer: Result<(), String>) -> Result<(), Fault> {
        let left = self.outbox.left.get_mut(&station).ok_or(Fault::NoMessage)?;
        let told = left.iter_mut().find(|told| told.id == id).ok_or(Fault::NoMessage)?;
        if told.answer.is_none() {
            told.answer = Some(answer);
            let (kind, data) = ("message_taken", json!({ "id": id.to_string(), "workstation": station.0 }));
            self.out.events.push((kind, data));
        }
        Ok(())
    }
}

fn post(station: StationId, told: &Told) -> Post {
    let audience = Audience::Agent(station);
    match &told.what {
        // It is from the staff: which of them is nobody's business at a seat.
        What::Message(text) => Post::new(audience, "message", &json!({ "id": told.id.to_string(), "text": text })),
        What::Command(command) => {
            Post::new(audience, "command", &json!({ "id": told.id.to_string(), "name": command.word() }))
        }
    }
}
