//! Holds what an agent may ask for its own workstation: its lease, a session for a code that was typed, what it proves.
//! Never speaks about another workstation. The sockets and the heartbeat call reach it through the room, with a seat that
//! a token proved.

use std::net::IpAddr;

use hmac::{Hmac, KeyInit, Mac};
use serde_json::json;
use sha2::Sha256;
use vigie_core::audit::{Kind, Object};
use vigie_core::kiosk::desk::{Beat, Done, Redeeming};
use vigie_core::kiosk::session::State;
use vigie_core::kiosk::{BootId, Code, SessionId, StationId};

use super::fault::Fault;
use super::room::{Room, Staff};
use super::token::{self, Seat};
use crate::accounts::secret::Secret;

/// Binds the tickets that are made of the pepper to this use.
const TICKET_PURPOSE: &[u8] = b"vigie kiosk ticket 1\0";
/// Bytes of an agent's own words about something that happened.
const MAX_EVENT_BYTES: usize = 48;

/// What an agent says beside its beat.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Said {
    /// What its screen shows: `locked`, `running` and so on.
    pub screen: String,
    /// What it is.
    pub version: String,
    /// Where from.
    pub from: Option<IpAddr>,
}

/// The answer to a beat.
#[derive(Clone, Debug)]
pub struct Answered {
    /// The signed lease.
    pub sealed: Vec<u8>,
    /// A new token; the one in use stays good until this one was used.
    pub rotate: Option<Secret>,
}

/// A session that was opened by a code.
#[derive(Clone, Debug)]
pub struct Redeemed {
    /// Which.
    pub session: SessionId,
    /// Milliseconds granted.
    pub granted_ms: u64,
    /// Milliseconds left.
    pub remaining_ms: u64,
    /// `XXXX-XXXX`: opens it again after a restart of the workstation. The same question is told the same ticket.
    pub ticket: Secret,
    /// What the screen calls the person; `None` for a guest.
    pub person: Option<String>,
}

/// Something an agent tells of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Happening {
    /// It could not clean up after a person, and stays locked.
    WipeFailed,
    /// The person's program does not run.
    ProgramFailed,
    /// It started.
    Started,
}

impl Room {
    /// Takes an agent's word and answers with its lease.
    ///
    /// # Errors
    /// When there is no such workstation.
    pub fn beat(&mut self, seat: Seat, beat: &Beat, said: &Said) -> Result<Answered, Fault> {
        let id = seat.station;
        let lease = self.on_desk(|desk, now, out| desk.beat(now, id, beat, out))?;
        self.hear_of(id, &said.version, &said.screen, said.from);
        let rotate = self.renew(seat, beat.boot)?;
        let key = self.key.clone();
        let sealed = lease.seal(|bytes| key.sign(bytes)).to_vec();
        Ok(Answered { sealed, rotate })
    }

    /// A person typed a code at a workstation. `question` is a number of the agent for this try: asked again it gets the
    /// same answer.
    ///
    /// # Errors
    /// What the desk says; a code that is unknown, used, too old or for another seat is told alike.
    pub fn redeem(&mut self, seat: Seat, typed: &str, question: u64) -> Result<Redeemed, Fault> {
        let code = Code::parse(typed);
        let digest = code.as_ref().map(|code| code.digest(&self.pepper));
        let redeemed = self.open(seat.station, digest, question);
        let Redeemed { session, ticket, .. } = &mut redeemed.map_err(|fault| self.count_refusal(fault))?;
        // Whoever goes on with a session typed its ticket, which stays what it was.
        let kept = self.desk.session(*session, self.now).and_then(|view| view.kept.opens_with);
        if let Some(code) = code.filter(|_| kept.is_some() && kept == digest) {
            *ticket = Secret::new(code.spell().as_str().to_owned());
        }
        self.tell_opened(*session, ticket.clone())
    }

    /// Staff starts a session without its code being typed, at the workstation it is for or at another.
    ///
    /// # Errors
    /// As [`Room::redeem`].
    pub fn start(&mut self, staff: Staff, session: SessionId, station: StationId) -> Result<Redeemed, Fault> {
        let view = self.desk.session(session, self.now).ok_or(Fault::NoSession)?;
        let (digest, state) = (view.kept.opens_with, view.kept.state);
        if state != State::Pending {
            return Err(Fault::Desk(vigie_core::kiosk::desk::Refusal::NotNow(state)));
        }
        let question = crate::accounts::secret::draw::<8>().map_err(|_| Fault::NoRandomness)?;
        self.acting = Some(staff);
        let opened = self.open(station, digest, u64::from_be_bytes(question));
        self.acting = None;
        let opened = opened.map_err(|fault| self.count_refusal(fault))?;
        self.tell_opened(opened.session, opened.ticket)
    }

    /// What an agent looked at after a wipe, hashed with its nonce.
    ///
    /// # Errors
    /// When the session was not at this workstation.
    pub fn wipe_proof(&mut self, seat: Seat, session: SessionId, proof: [u8; 32]) -> Result<(), Fault> {
        let view = self.session(session).filter(|view| view.station == Some(seat.station)).ok_or(Fault::NoSession)?;
        if !(view.state.is_leaving() || view.state.is_final()) {
            return Err(Fault::Desk(vigie_core::kiosk::desk::Refusal::NotNow(view.state)));
        }
        // An agent that asks twice proves once.
        if self.proved.contains(&session) {
            return Ok(());
        }
        if self.proved.len() >= super::room::MAX_PROVED {
            self.proved.pop_front();
        }
        self.proved.push_back(session);
        let proof = data_encoding::HEXLOWER.encode(proof.get(..16).unwrap_or_default());
        // Said beside the word that closes the session, and goes with it; said again until that was heard.
        self.patiently(|room| {
            room.note_seat(seat.station, Kind::WipeConfirmed, Object::Session(session.0), &proof);
        });
        Ok(())
    }

    /// An agent tells of something; `detail` in its own words.
    ///
    /// # Errors
    /// When there is no such workstation.
    pub fn agent_event(&mut self, seat: Seat, happening: Happening, detail: &str) -> Result<(), Fault> {
        if !self.register.entries.contains_key(&seat.station) {
            return Err(Fault::NoStation);
        }
        let detail: vigie_core::Text<MAX_EVENT_BYTES> = detail.into();
        let clean: String = detail.chars().filter(|sign| sign.is_ascii_graphic() || *sign == ' ').collect();
        let (kind, word) = match happening {
            Happening::WipeFailed => (Kind::WipeFailed, ""),
            Happening::ProgramFailed => (Kind::StationEvent, "program_failed "),
            Happening::Started => (Kind::StationEvent, "agent_started "),
        };
        self.note_restrained(seat.station, kind, &format!("{word}{clean}"));
        let name = kind.name();
        self.out.events.push((name, json!({ "workstation": seat.station.0, "detail": clean })));
        Ok(())
    }

    fn open(
        &mut self,
        station: StationId,
        digest: Option<vigie_core::kiosk::CodeDigest>,
        question: u64,
    ) -> Result<Redeemed, Fault> {
        let boot = self.desk.station(station).ok_or(Fault::NoStation)?.0.boot;
        let boot = boot.ok_or(Fault::NotHeard)?;
        let ticket = self.ticket(station, boot, question);
        let (open_ms, day) = (self.open_ms(self.group_of(station)), self.today());
        let typed = Redeeming { station, boot, digest, ticket: ticket.digest(&self.pepper), question, open_ms, day };
        let session = self.on_desk(|desk, now, out| desk.redeem(now, typed, out))?;
        let ticket = Secret::new(ticket.spell().as_str().to_owned());
        Ok(Redeemed { session, granted_ms: 0, remaining_ms: 0, ticket, person: None })
    }

    fn tell_opened(&self, session: SessionId, ticket: Secret) -> Result<Redeemed, Fault> {
        let view = self.session(session).ok_or(Fault::NoSession)?;
        let person = view.person.and_then(|id| self.person(id)).map(super::Person::display_name);
        Ok(Redeemed { session, granted_ms: view.granted_ms, remaining_ms: view.remaining_ms, ticket, person })
    }

    /// The ticket of a question: made of the pepper, so that it need not be kept to be told twice.
    fn ticket(&self, station: StationId, boot: BootId, question: u64) -> Code {
        let key: [u8; 64] = std::array::from_fn(|place| self.pepper.get(place).copied().unwrap_or(0));
        let mut mac = Hmac::<Sha256>::new(&key.into());
        for part in [TICKET_PURPOSE, &station.0.to_be_bytes(), &boot.0, &question.to_be_bytes()] {
            mac.update(part);
        }
        let bytes: [u8; 32] = mac.finalize().into_bytes().into();
        Code::from_random(std::array::from_fn(|place| bytes.get(place).copied().unwrap_or(0)))
    }

    /// A new token at the first word of every boot; told again until it was used.
    fn renew(&mut self, seat: Seat, boot: BootId) -> Result<Option<Secret>, Fault> {
        let id = seat.station;
        self.knock_is_answered(id);
        let Some(entry) = self.register.entries.get_mut(&id) else { return Ok(None) };
        // Staff that acts for a workstation has no token of it.
        if entry.token.is_none() {
            return Ok(None);
        }
        if seat.renewed && entry.next.is_some() {
            (entry.token, entry.next, entry.renewed_in) = (entry.next, None, Some(boot));
            if let Some(presence) = self.register.presence.get_mut(&id) {
                presence.told = None;
            }
            self.save_station(id);
            return Ok(None);
        }
        if entry.renewed_in == Some(boot) {
            return Ok(None);
        }
        let told = self.register.presence.get(&id).and_then(|presence| presence.told.clone());
        if let Some(told) = told.filter(|_| entry.next.is_some()) {
            return Ok(Some(told));
        }
        let (token, hash) = token::draw_for(id)?;
        entry.next = Some(hash);
        self.register.presence.entry(id).or_default().told = Some(token.clone());
        self.save_station(id);
        Ok(Some(token))
    }

    /// Whether an agent says that it is done with a session, for whoever only has the wire.
    #[must_use]
    pub fn done_of(word: &str) -> Option<Done> {
        Some(match word {
            "no" => Done::No,
            "ended" => Done::Ended,
            "expired" => Done::Expired,
            "wiped" => Done::Wiped,
            _ => return None,
        })
    }
}
