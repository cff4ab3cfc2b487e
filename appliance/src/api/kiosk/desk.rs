//! Holds what the handlers of the kiosk share: the way to the room, who asks, and the rule about single objects.
//! Never renders and never decides what the room decides. Called by every handler of this folder.

use std::sync::Arc;

use hyper::HeaderMap;
use hyper::header::IF_MATCH;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use vigie_core::kiosk::{PersonId, SessionId, StationId};

use super::fault;
use super::gate::Gate;
use super::socket::places::Places;
use super::view::Lens;
use crate::accounts::role::Role;
use crate::api::Deps;
use crate::api::logs::view::Names;
use crate::http::call::Call;
use crate::http::etag;
use crate::http::problem::{Problem, faults};
use crate::shell::clocks::Clocks;
use crate::shell::kiosk::{Kiosk, Room, Seat, Staff};
use crate::shell::network::Network;

/// What handlers share.
pub(crate) struct Desk {
    /// The way to the room.
    pub(super) kiosk: Kiosk,
    /// The dates of moments.
    pub(super) clocks: Arc<Clocks>,
    /// Finds the device of a workstation.
    pub(super) network: Network,
    /// How often strangers may ask to be let in.
    pub(super) gate: Gate,
    /// Open sockets by caller.
    pub(super) places: Arc<Places>,
}

impl Desk {
    pub(super) fn new(deps: &Deps) -> Arc<Self> {
        Arc::new(Self {
            kiosk: deps.kiosk.clone(),
            clocks: deps.clocks.clone(),
            network: deps.network.clone(),
            gate: Gate::default(),
            places: Arc::default(),
        })
    }

    /// Visits the room. What it changed is on the card before this answers.
    ///
    /// # Errors
    /// What `visit` says, `unavailable` while the service stops, `not_kept` when the card takes nothing.
    pub(super) async fn visit<T: Send + 'static>(
        &self,
        visit: impl FnOnce(&mut Room) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        self.kiosk.call(visit).await.map_err(fault::ended)?
    }

    /// Visits the room with what it takes to render for the caller.
    ///
    /// # Errors
    /// As [`Desk::visit`].
    pub(super) async fn look<T: Send + 'static>(
        &self,
        call: &Call,
        visit: impl FnOnce(&mut Room, &Lens) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let lens = Lens {
            clocks: self.clocks.clone(),
            names: Names::of(&call.platform.accounts),
            masked: call.who.as_ref().is_none_or(|who| !matches!(who.role, Role::Operator | Role::Admin)),
        };
        self.visit(move |room| visit(room, &lens)).await
    }

    /// The workstation whose agent calls, proved by the token in this very request.
    ///
    /// # Errors
    /// `forbidden` for everybody else.
    pub(super) fn seat(&self, call: &Call) -> Result<Seat, Problem> {
        call.bearer().and_then(|token| self.kiosk.open_token(token)).ok_or_else(|| Problem::from(&faults::FORBIDDEN))
    }

    /// The workstation to which a caller is bound; `None` for people. The one place where sessions and workstations are
    /// compared with who asks.
    ///
    /// # Errors
    /// `forbidden` for an agent without a workstation's own token.
    pub(super) fn bound(&self, call: &Call) -> Result<Option<StationId>, Problem> {
        match call.caller()?.role {
            Role::Agent => self.seat(call).map(|seat| Some(seat.station)),
            Role::Screen => Err((&faults::FORBIDDEN).into()),
            Role::Viewer | Role::Operator | Role::Admin => Ok(None),
        }
    }
}

/// Refuses an agent what is at another workstation. It is told the same of a session that does not exist: numbers of
/// others are none of its business.
///
/// # Errors
/// `forbidden`.
pub(super) fn check_bound(room: &Room, bound: Option<StationId>, session: SessionId) -> Result<(), Problem> {
    let Some(own) = bound else { return Ok(()) };
    let at = room.session(session).filter(|view| view.started.is_some()).and_then(|view| view.station);
    if at == Some(own) { Ok(()) } else { Err((&faults::FORBIDDEN).into()) }
}

/// Who of the staff calls.
///
/// # Errors
/// `login_needed`, `forbidden` for whoever is no person.
pub(super) fn staff(call: &Call) -> Result<Staff, Problem> {
    let who = call.caller()?;
    if !who.role.is_person() {
        return Err((&faults::FORBIDDEN).into());
    }
    Ok(Staff { account: who.account, from: Some(call.peer) })
}

/// The version of something the client has seen.
pub(super) struct Seen(HeaderMap);

impl Seen {
    pub(super) fn of(call: &Call) -> Self {
        let fields = call.headers.get_all(IF_MATCH).iter().map(|value| (IF_MATCH, value.clone()));
        Self(fields.collect())
    }

    /// Compares it with the present one, in the visit that changes.
    ///
    /// # Errors
    /// `changed_since`.
    pub(super) fn check(&self, tag: &str) -> Result<(), Problem> {
        match etag::matches(&self.0, IF_MATCH, tag, false) {
            Some(false) => Err((&faults::CHANGED_SINCE).into()),
            _ => Ok(()),
        }
    }
}

/// The body as JSON; what everybody means who sends none.
///
/// # Errors
/// As [`Call::json`].
pub(super) fn json_or_default<T: DeserializeOwned + JsonSchema + Default>(call: &Call) -> Result<T, Problem> {
    if call.body.is_empty() { Ok(T::default()) } else { call.json() }
}

/// The person a path names.
pub(super) fn person_in(call: &Call) -> Result<PersonId, Problem> {
    call.parameter("id").parse().map(PersonId).map_err(|_| Problem::from(&fault::NO_PERSON))
}

/// The workstation a path names.
pub(super) fn station_in(call: &Call) -> Result<StationId, Problem> {
    call.parameter("station").parse().map(StationId).map_err(|_| Problem::from(&fault::NO_STATION))
}

/// The session a path names.
pub(super) fn session_in(call: &Call) -> Result<SessionId, Problem> {
    call.parameter("id").parse().map(SessionId).map_err(|_| Problem::from(&fault::NO_SESSION))
}
