//! Holds what staff does with sessions: codes, time, pauses, ends; and how a session is shown.
//! Never keeps a code: it is drawn, told once, and only its digest goes to the desk. The API and the page reach it
//! through the room.

use vigie_core::Moment;
use vigie_core::kiosk::desk::{Refusal, Wanted};
use vigie_core::kiosk::session::{Binding, SessionRecord, State};
use vigie_core::kiosk::station::Reach;
use vigie_core::kiosk::{Code, GroupId, PersonId, SessionId, StationId};

use super::fault::{Fault, Table};
use super::groups::MAX_MINUTES;
use super::room::{Room, Staff};
use super::settings::MAX_VALID_MINUTES;
use crate::accounts::secret::{Secret, draw};

/// Codes of one batch: a sheet of slips.
pub const MAX_BATCH: usize = 40;

/// What staff wants a code for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Order {
    /// For whom; `None`: a guest.
    pub person: Option<PersonId>,
    /// Good at this workstation only.
    pub station: Option<StationId>,
    /// Good in this group only.
    pub group: Option<GroupId>,
    /// Minutes of use; `None`: what the group or the site usually gives.
    pub minutes: Option<u16>,
    /// Minutes for which the code is good; `None`: the site's.
    pub valid_minutes: Option<u16>,
    /// Of digits only, for a keypad: for one workstation and a quarter of an hour at most.
    pub digits: bool,
    /// The session may outlast the opening hours.
    pub past_closing: bool,
}

/// A code that was made.
#[derive(Clone, Debug)]
pub struct Issued {
    /// Its session.
    pub session: SessionId,
    /// `XXXX-XXXX`. Told here and never again.
    pub code: Secret,
    /// Milliseconds of use.
    pub granted_ms: u64,
    /// Milliseconds for which it is good.
    pub valid_ms: u64,
}

/// A session, as people see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionView {
    /// Its number.
    pub id: SessionId,
    /// Where it stands.
    pub state: State,
    /// Whose; `None` for a guest. The person may have been erased since.
    pub person: Option<PersonId>,
    /// Where it runs or ran, or where alone its code is good.
    pub station: Option<StationId>,
    /// In which group alone its code is good.
    pub group: Option<GroupId>,
    /// Whether it may outlast the opening hours.
    pub past_closing: bool,
    /// Milliseconds granted in all.
    pub granted_ms: u64,
    /// Milliseconds used.
    pub used_ms: u64,
    /// Milliseconds left; 0 for one that is over.
    pub remaining_ms: u64,
    /// Whether more may have been used than is known: its workstation was not heard since the appliance started.
    pub at_least: bool,
    /// Milliseconds until its state ends by itself: a code's life, the time, a held seat.
    pub ends_in_ms: Option<u64>,
    /// When its code was made.
    pub created: Moment,
    /// When it began.
    pub started: Option<Moment>,
    /// When it was over.
    pub ended: Option<Moment>,
    /// Counts the grants after the first.
    pub grant_epoch: u16,
}

impl SessionView {
    /// How much of the time is used, in whole percent.
    #[must_use]
    pub fn percent(&self) -> u8 {
        let percent = (self.used_ms * 100).checked_div(self.granted_ms).unwrap_or(0);
        u8::try_from(percent.min(100)).unwrap_or(100)
    }

    /// Of a session that is over.
    pub(super) fn of_record(kept: &SessionRecord) -> Self {
        Self {
            id: kept.id,
            state: kept.state,
            person: kept.person,
            station: kept.station.or(kept.binding.station),
            group: kept.binding.group,
            past_closing: kept.past_closing,
            granted_ms: kept.ledger.granted_ms(),
            used_ms: kept.ledger.proved_ms(),
            remaining_ms: 0,
            at_least: false,
            ends_in_ms: None,
            created: kept.created,
            started: kept.started,
            ended: kept.ended,
            grant_epoch: kept.ledger.epoch(),
        }
    }
}

impl Room {
    /// Every session that is not over, codes nobody used included, by number.
    #[must_use]
    pub fn sessions(&self) -> Vec<SessionView> {
        self.desk.sessions(self.now).map(|view| live(&view)).collect()
    }

    /// One session, one that is over included while it is remembered.
    #[must_use]
    pub fn session(&self, id: SessionId) -> Option<SessionView> {
        self.desk.session(id, self.now).map(|view| live(&view)).or_else(|| self.past.find(id))
    }

    /// Sessions of a person that are not over, and the past ones that are remembered, newest first.
    #[must_use]
    pub fn sessions_of(&self, person: PersonId) -> Vec<SessionView> {
        let mut all: Vec<SessionView> =
            self.sessions().into_iter().filter(|view| view.person == Some(person)).collect();
        all.reverse();
        all.extend(self.past.newest().filter(|view| view.person == Some(person)));
        all
    }

    /// Makes a code.
    ///
    /// # Errors
    /// See [`Fault`]: no consent, no quota, closed, full, or the storage takes nothing.
    pub fn issue(&mut self, staff: Staff, order: &Order) -> Result<Issued, Fault> {
        let mut issued = self.issue_batch(staff, order, 1)?;
        issued.pop().ok_or(Fault::Full(Table::Sessions))
    }

    /// Makes up to [`MAX_BATCH`] codes alike: all of them, or none.
    ///
    /// # Errors
    /// As [`Room::issue`].
    pub fn issue_batch(&mut self, staff: Staff, order: &Order, count: usize) -> Result<Vec<Issued>, Fault> {
        if count == 0 || count > MAX_BATCH {
            return Err(Fault::out_of_range("count"));
        }
        if !self.storing {
            return Err(Fault::NotStoring);
        }
        let wanted = self.want(order)?;
        if self.desk.sessions(self.now).count() + count > vigie_core::limits::MAX_KIOSK_SESSIONS {
            return Err(Fault::Full(Table::Sessions));
        }
        let mut issued = Vec::with_capacity(count);
        for _ in 0..count {
            // The first one tells of every reason there may be; after it only a code that is taken is drawn again.
            issued.push(self.issue_one(staff, wanted, order.digits)?);
        }
        Ok(issued)
    }

    fn issue_one(&mut self, staff: Staff, wanted: Wanted, digits: bool) -> Result<Issued, Fault> {
        let mut tries = 0;
        loop {
            let code = draw_code(digits)?;
            let wanted = Wanted { code: code.digest(&self.pepper), ..wanted };
            match self.for_staff(staff, |desk, actor, now, out| desk.issue(now, actor, wanted, out)) {
                Ok(session) => {
                    let code = Secret::new(code.spell().as_str().to_owned());
                    return Ok(Issued { session, code, granted_ms: wanted.granted_ms, valid_ms: wanted.valid_ms });
                }
                Err(Fault::Desk(Refusal::Taken)) if tries < 16 => tries += 1,
                Err(fault) => return Err(fault),
            }
        }
    }

    /// What the desk is asked for; the code is drawn later.
    fn want(&self, order: &Order) -> Result<Wanted, Fault> {
        if let Some(person) = order.person {
            let person = self.person(person).ok_or(Fault::NoPerson)?;
            if person.consent.is_none() {
                return Err(Fault::NoConsent);
            }
        }
        if order.group.is_some_and(|group| !self.groups.contains_key(&group)) {
            return Err(Fault::NoGroup);
        }
        let group = match order.station {
            Some(station) => self.station(station).ok_or(Fault::NoStation)?.group,
            None => order.group,
        };
        let usual = group.and_then(|group| self.groups.get(&group)?.minutes).unwrap_or(self.settings.session_minutes);
        let minutes = order.minutes.unwrap_or(usual);
        if !(1..=MAX_MINUTES).contains(&minutes) {
            return Err(Fault::out_of_range("minutes"));
        }
        let usual = if order.digits { self.settings.valid_minutes.min(15) } else { self.settings.valid_minutes };
        let valid_minutes = order.valid_minutes.unwrap_or(usual);
        if !(1..=MAX_VALID_MINUTES).contains(&valid_minutes) {
            return Err(Fault::out_of_range("valid_minutes"));
        }
        Ok(Wanted {
            person: order.person,
            binding: Binding { station: order.station, group: order.group },
            granted_ms: u64::from(minutes) * 60_000,
            valid_ms: u64::from(valid_minutes) * 60_000,
            past_closing: order.past_closing,
            digits: order.digits,
            code: vigie_core::kiosk::CodeDigest::from_bytes([0; 32]),
            day: self.today(),
        })
    }

    /// Adds or takes away time, never below what is used, never above a day; not past closing time unless `past_closing`
    /// says so or the session was made so. Gives what really changed, in milliseconds.
    ///
    /// # Errors
    /// When there is no such session, it is over, or nothing may be added because the place closes.
    pub fn add_time(&mut self, staff: Staff, id: SessionId, delta_ms: i64, past_closing: bool) -> Result<i64, Fault> {
        let view = self.session(id).ok_or(Fault::NoSession)?;
        let group = view.station.and_then(|station| self.group_of(station)).or(view.group);
        let open_ms = self.open_ms(group).filter(|_| delta_ms > 0 && !past_closing && !view.past_closing);
        // A code that was not used yet is cut when it is used.
        let open_ms = open_ms.filter(|_| view.state != State::Pending);
        let most_ms = open_ms.map(|open_ms| open_ms.saturating_sub(view.remaining_ms));
        let delta_ms = most_ms.map_or(delta_ms, |most_ms| delta_ms.min(i64::try_from(most_ms).unwrap_or(i64::MAX)));
        if delta_ms == 0 && most_ms.is_some() {
            return Err(Fault::Desk(Refusal::Closed));
        }
        self.for_staff(staff, |desk, actor, now, out| desk.add_time(now, actor, id, delta_ms, out))
    }

    /// Stops the time of a running session.
    ///
    /// # Errors
    /// When there is no such session, or it does not run.
    pub fn suspend(&mut self, staff: Staff, id: SessionId) -> Result<(), Fault> {
        self.for_staff(staff, |desk, actor, now, out| desk.suspend(now, actor, id, out)).map_err(|f| self.over(id, f))
    }

    /// Lets a suspended or interrupted session go on where it was, at most until the place closes.
    ///
    /// # Errors
    /// When there is no such session, there is nothing to go on with, the place is closed, or the workstation of an
    /// interrupted one is not back yet.
    pub fn resume(&mut self, staff: Staff, id: SessionId) -> Result<(), Fault> {
        self.may_resume(id)?;
        let view = self.session(id).ok_or(Fault::NoSession)?;
        let open_ms = self.open_ms_of(&view);
        self.for_staff(staff, |desk, actor, now, out| {
            desk.resume(now, actor, id, out)?;
            desk.keep_to_hours(now, id, open_ms, out)
        })
        .map_err(|fault| self.over(id, fault))
    }

    /// Whether [`Room::resume`] would do it now: whoever asks for more than that at once looks first, and so changes all
    /// of it or nothing.
    ///
    /// # Errors
    /// As [`Room::resume`].
    pub fn may_resume(&self, id: SessionId) -> Result<(), Fault> {
        let view = self.session(id).ok_or(Fault::NoSession)?;
        if view.state.is_live() && self.open_ms_of(&view) == Some(0) {
            return Err(Fault::Desk(Refusal::Closed));
        }
        let is_there = |station| self.station(station).is_some_and(|view| view.reach == Reach::Online);
        match view.state {
            // Its time would run at a machine that is off.
            State::Interrupted if !view.station.is_some_and(is_there) => Err(Fault::NotReached),
            State::Active | State::Suspended | State::Interrupted => Ok(()),
            state => Err(Fault::Desk(Refusal::NotNow(state))),
        }
    }

    /// Milliseconds until a session must end because the place closes; `None` when it need not.
    fn open_ms_of(&self, view: &SessionView) -> Option<u64> {
        let group = view.station.and_then(|station| self.group_of(station));
        self.open_ms(group).filter(|_| !view.past_closing)
    }

    /// Ends a session, or takes a code back that nobody used. One that is over already is no error: two people may press
    /// the same button. Gives how the session stands then.
    ///
    /// # Errors
    /// When there is no such session.
    pub fn end(&mut self, staff: Staff, id: SessionId) -> Result<SessionView, Fault> {
        self.end_because(staff, id, "")
    }

    /// As [`Room::end`], with a reason. As much of it as an entry has room for stands in the journal.
    ///
    /// # Errors
    /// As [`Room::end`].
    pub fn end_because(&mut self, staff: Staff, id: SessionId, reason: &str) -> Result<SessionView, Fault> {
        if self.desk.session(id, self.now).is_some() {
            self.because = reason.split(|sign: char| sign.is_control()).collect::<Vec<_>>().join(" ");
            let ended = self.for_staff(staff, |desk, actor, now, out| desk.end(now, actor, id, out));
            self.because.clear();
            ended?;
        }
        self.session(id).ok_or(Fault::NoSession)
    }

    /// A past session is known, and it is too late; an unknown one is not.
    fn over(&self, id: SessionId, fault: Fault) -> Fault {
        match (fault, self.past.find(id)) {
            (Fault::NoSession, Some(past)) => Fault::Desk(Refusal::NotNow(past.state)),
            (fault, _) => fault,
        }
    }
}

fn live(view: &vigie_core::kiosk::desk::SessionView<'_>) -> SessionView {
    SessionView {
        used_ms: view.used_ms,
        remaining_ms: view.remaining_ms,
        at_least: view.at_least,
        ends_in_ms: view.ends_in_ms,
        ..SessionView::of_record(view.kept)
    }
}

fn draw_code(digits: bool) -> Result<Code, Fault> {
    if digits {
        let number = u64::from_be_bytes(draw::<8>().map_err(|_| Fault::NoRandomness)?);
        return Ok(Code::from_random_digits(number));
    }
    Ok(Code::from_random(draw::<5>().map_err(|_| Fault::NoRandomness)?))
}
