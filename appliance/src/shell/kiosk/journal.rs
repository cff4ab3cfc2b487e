//! Holds how what happens is told: one entry of the journal for each, one frame for the sockets, one event for the page.
//! Never holds a name of a person or a code; what staff gives as a reason is in its own words. The room calls it for
//! everything the desk tells and staff does.

use std::collections::BTreeMap;

use embassy_time::{Duration, Instant};
use serde_json::{Value, json};
use vigie_core::audit::{self, Kind, Object};
use vigie_core::kiosk::desk::{Event, Reason, Told};
use vigie_core::kiosk::warning::THRESHOLDS_MS;
use vigie_core::kiosk::{Actor, SessionId, StationId};

use super::live::{Audience, Post};
use super::room::{CLOCK_JOB, Room, Staff, WARNINGS_JOB};
use crate::accounts::journal::Act;

/// Entries about one workstation's coming and going, or what its agent tells of itself, that may come at once.
const BURST: u32 = 6;
/// One more may come each so long: a workstation with a loose cable writes 24 a day.
const REFILL: Duration = Duration::from_secs(3_600);

/// How often one workstation may be written about; what is held back is counted in the next entry of its kind.
#[derive(Default)]
pub(super) struct Flapping(BTreeMap<StationId, Restrained>);

struct Restrained {
    left: u32,
    refilled: Instant,
    held: Vec<(Kind, u32)>,
}

impl Flapping {
    /// How many alike an entry stands for; `None` when it is only counted.
    fn ask(&mut self, now: Instant, station: StationId, kind: Kind) -> Option<u32> {
        let fresh = Restrained { left: BURST, refilled: now, held: Vec::new() };
        let one = self.0.entry(station).or_insert(fresh);
        let steps = now.saturating_duration_since(one.refilled).as_ticks() / REFILL.as_ticks();
        if let Ok(steps) = u32::try_from(steps)
            && steps > 0
        {
            one.left = BURST.min(one.left.saturating_add(steps));
            one.refilled += REFILL * steps;
        }
        let at = one.held.iter().position(|(held, _)| *held == kind);
        let count = at.and_then(|at| one.held.get(at)).map_or(0, |(_, count)| *count) + 1;
        if let Some(at) = at {
            one.held.swap_remove(at);
        }
        if one.left == 0 {
            one.held.push((kind, count));
            return None;
        }
        one.left -= 1;
        Some(count)
    }

    pub(super) fn forget(&mut self, station: StationId) {
        self.0.remove(&station);
    }
}

impl Room {
    /// Writes down what staff did.
    pub(super) fn note(&mut self, staff: Staff, kind: Kind, object: Object, detail: &str) {
        let act = Act::new(kind, audit::Actor::Account(staff.account)).on(object).saying(detail);
        self.out.acts.push(Act { from: staff.from.map(|from| from.to_canonical()), ..act });
    }

    /// Writes down what staff did with a workstation.
    pub(super) fn note_station(&mut self, staff: Staff, kind: Kind, station: StationId, detail: &str) {
        self.note(staff, kind, Object::Workstation(station.0), detail);
    }

    /// Writes down what an agent did.
    pub(super) fn note_seat(&mut self, station: StationId, kind: Kind, object: Object, detail: &str) {
        self.out.acts.push(Act::new(kind, audit::Actor::Workstation(station.0)).on(object).saying(detail));
    }

    /// Writes down what an agent tells of itself, or only counts it.
    pub(super) fn note_restrained(&mut self, station: StationId, kind: Kind, detail: &str) {
        let Some(count) = self.flapping.ask(self.now, station, kind) else { return };
        let act = Act::new(kind, audit::Actor::Workstation(station.0)).on(Object::Workstation(station.0));
        self.out.acts.push(Act { count, ..act.saying(detail) });
    }

    /// Tells what the desk says happened: to the journal, to the sockets, to the page.
    pub(super) fn tell(&mut self, told: &Told) {
        self.count_event(told);
        self.out.runs.extend(run_of(told));
        let kind = kind_of(told.event);
        let actor = match told.actor {
            Actor::Clock => audit::Actor::System,
            Actor::Staff(account) => audit::Actor::Account(account),
            // Staff may act for whoever sits there.
            Actor::Station(station) => match self.acting {
                Some(staff) => audit::Actor::Account(staff.account),
                None => audit::Actor::Workstation(station.0),
            },
        };
        let object = match (told.session, told.station) {
            (_, Some(station)) if is_of_station(told.event) => Object::Workstation(station.0),
            (Some(session), _) => Object::Session(session.0),
            (None, Some(station)) => Object::Workstation(station.0),
            (None, None) => Object::Nothing,
        };
        let comes_and_goes =
            matches!(told.event, Event::StationOnline | Event::StationUnreachable | Event::StationOffline);
        let count = match told.station.filter(|_| comes_and_goes) {
            Some(station) => self.flapping.ask(self.now, station, kind),
            None => Some(1),
        };
        if let Some(count) = count {
            let act = Act::new(kind, actor).on(object).saying(&self.particulars(told));
            let by_staff = self.acting.filter(|_| matches!(actor, audit::Actor::Account(_)));
            let from = by_staff.and_then(|staff| staff.from).map(|from| from.to_canonical());
            self.out.acts.push(Act { count, from, ..act });
        }
        self.announce(told, kind);
    }

    /// Numbers and words of ours, and why staff ended a session in the words of staff; 64 bytes of it are kept.
    fn particulars(&self, told: &Told) -> String {
        let station = told.station.map(|station| format!("workstation {}", station.0)).unwrap_or_default();
        let subject = told.person.and_then(|id| self.person(id)).map(|person| format!("{:016x}", person.subject));
        let person = subject.map(|subject| format!(" person {subject}")).unwrap_or_default();
        let words = match told.event {
            Event::CodeRefused(Reason::Unknown) => "unknown code".to_owned(),
            Event::CodeRefused(Reason::WrongSeat) => "another seat's code".to_owned(),
            Event::Extended(ms) => format!("{:+} s {station}", ms / 1_000),
            Event::Closed(ms) => format!("{} s unused {station}", ms / 1_000),
            Event::WentBackwards(ms) => format!("{} s back {station}", ms / 1_000),
            Event::WarningShown(place) => {
                let threshold = THRESHOLDS_MS.get(usize::from(place)).copied().unwrap_or(0);
                format!("{} s left {station}", threshold / 1_000)
            }
            Event::Ended if !self.because.is_empty() => format!("{station}: {}", self.because.trim()),
            event if is_of_station(event) => String::new(),
            _ => format!("{station}{person}"),
        };
        words.trim().to_owned()
    }

    fn announce(&mut self, told: &Told, kind: Kind) {
        if let (Some(station), true) = (told.station, is_of_station(told.event)) {
            return self.announce_station(station);
        }
        let name = match told.event {
            Event::Started => "session_started",
            Event::Ended | Event::Expired | Event::CodeVoid => "session_terminated",
            // A seat that was held, and is no more: nothing else tells that the session is over.
            Event::Closed(_) if !matches!(told.actor, Actor::Station(_)) => "session_terminated",
            Event::Extended(_) => "time_added",
            Event::WarningShown(_) => "warning",
            _ => kind.name(),
        };
        let Some(session) = told.session else {
            self.out.events.push((name, json!({ "workstation": told.station.map(|station| station.0) })));
            return;
        };
        let mut data = self.times(session);
        if let Some(fields) = data.as_object_mut() {
            fields.insert("workstation".into(), json!(told.station.map(|station| station.0)));
            match told.event {
                Event::Extended(ms) => fields.insert("delta_ms".into(), json!(ms)),
                Event::Ended => fields.insert("reason".into(), json!("ended")),
                Event::Expired => fields.insert("reason".into(), json!("expired")),
                Event::Closed(_) if name == "session_terminated" => fields.insert("reason".into(), json!("closed")),
                Event::CodeVoid => fields.insert("reason".into(), json!("void")),
                Event::WarningShown(place) => {
                    let threshold = THRESHOLDS_MS.get(usize::from(place)).copied().unwrap_or(0);
                    fields.insert("threshold_ms".into(), json!(threshold))
                }
                _ => None,
            };
        }
        self.out.posts.push(Post::new(Audience::Those(Some(session), told.station), name, &data));
        self.out.events.push((name, data));
        if let Some(station) = told.station {
            self.announce_station(station);
        }
    }

    /// `{session, status, granted_ms, used_ms, remaining_ms, percent}`.
    pub(super) fn times(&self, session: SessionId) -> Value {
        let Some(view) = self.session(session) else { return json!({ "session": session.0 }) };
        json!({
            "session": session.0,
            "status": word_of(view.state),
            "granted_ms": view.granted_ms,
            "used_ms": view.used_ms,
            "remaining_ms": view.remaining_ms,
            "percent": view.percent(),
        })
    }

    /// A workstation is not what it was: tells what it is now.
    pub(super) fn announce_station(&mut self, id: StationId) {
        let data = match self.station(id) {
            Some(view) => json!({
                "workstation": id.0,
                "state": super::words::state(view.state),
                "reach": super::words::reach(view.reach),
                "session": view.session.map(|session| session.0),
            }),
            None => json!({ "workstation": id.0, "state": "removed" }),
        };
        self.out.posts.push(Post::new(Audience::Those(None, Some(id)), "workstation", &data));
        self.out.events.push(("workstation", data));
    }

    /// Somebody knocks, or was answered.
    pub(super) fn announce_enrolment(&mut self) {
        let data = json!({ "waiting": self.knocking().len() });
        self.out.posts.push(Post::new(Audience::Those(None, None), "enrolment", &data));
        self.out.events.push(("enrolment", data));
    }

    /// The agent should ask for its lease now.
    pub(super) fn nudge(&mut self, station: StationId) {
        self.out.posts.push(Post::new(Audience::Agent(station), "nudge", &json!({})));
    }
}

/// What the clock did, for the table of jobs: with the job it is of.
fn run_of(told: &Told) -> Option<(&'static str, String)> {
    let session = told.session?.0;
    let ended = |how: &str| Some((CLOCK_JOB, format!("session {session} {how}")));
    match (told.event, told.actor) {
        (Event::WarningShown(place), _) => {
            let seconds = THRESHOLDS_MS.get(usize::from(place)).copied().unwrap_or(0) / 1_000;
            Some((WARNINGS_JOB, format!("{seconds} s before the end of session {session}")))
        }
        (Event::Expired, Actor::Clock) => ended("used up"),
        (Event::CodeVoid, Actor::Clock) => ended("never begun, its code is too old"),
        (Event::Closed(_), Actor::Clock) => ended("held for long enough"),
        _ => None,
    }
}

/// The word of a state in the API.
fn word_of(state: vigie_core::kiosk::session::State) -> &'static str {
    super::words::status(state)
}

const fn is_of_station(event: Event) -> bool {
    matches!(
        event,
        Event::StationOnline | Event::StationUnreachable | Event::StationOffline | Event::StationMaintenance(_)
    )
}

const fn kind_of(event: Event) -> Kind {
    match event {
        Event::CodeIssued => Kind::CodeIssued,
        Event::CodeRefused(_) => Kind::CodeRefused,
        Event::CodeVoid => Kind::CodeVoid,
        Event::Started => Kind::SessionStarted,
        Event::Suspended => Kind::SessionSuspended,
        Event::Resumed => Kind::SessionResumed,
        Event::Interrupted => Kind::SessionInterrupted,
        Event::Extended(_) => Kind::SessionExtended,
        Event::Ended => Kind::SessionEnded,
        Event::Expired => Kind::SessionExpired,
        Event::Closed(_) => Kind::SessionClosed,
        Event::WarningShown(_) => Kind::WarningShown,
        Event::WentBackwards(_) => Kind::CountWentBackwards,
        Event::StationOnline => Kind::StationOnline,
        Event::StationUnreachable => Kind::StationUnreachable,
        Event::StationOffline => Kind::StationOffline,
        Event::StationMaintenance(true) => Kind::StationMaintenance,
        Event::StationMaintenance(false) => Kind::StationInService,
    }
}
