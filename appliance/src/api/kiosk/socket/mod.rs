//! Holds the sockets of agents and staff: who may open one, how many, and to what it listens.
//! Never takes a token from an address, and never lets a stranger keep a socket for longer than it takes to say who it is.
//! The route table points `/ws/sessions` here.

pub mod frame;
pub(super) mod places;
mod talk;

use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use hyper::header::AUTHORIZATION;
use hyper_tungstenite::tungstenite::protocol::CloseFrame;
use hyper_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use hyper_tungstenite::tungstenite::{Message, Utf8Bytes};
use tokio::time::timeout;
use vigie_core::kiosk::{SessionId, StationId};

use self::frame::Said;
use self::places::Place;
use self::talk::Talk;
use super::desk::{Desk, check_bound, session_in};
use super::fault;
use crate::accounts::Principal;
use crate::accounts::role::{Access, Role};
use crate::http::budget;
use crate::http::call::Call;
use crate::http::context::Platform;
use crate::http::events::socket::{Socket, accept};
use crate::http::language::Language;
use crate::http::problem::{Problem, faults};
use crate::http::route::{Outcome, Route};
use crate::shell::kiosk::{MAX_SOCKETS, Seat, Subscription, Whom};

/// For the first frame of whoever has not said who they are.
const FIRST_FRAME: Duration = Duration::from_secs(5);
/// For the goodbye to go through.
const CLOSE_TIME: Duration = Duration::from_secs(2);

/// The routes. They are public because a token may come in the first frame; until then nothing is told.
pub(super) fn routes(desk: &Arc<Desk>) -> Vec<Route> {
    vec![
        Route::get(
            "/ws/sessions",
            Access::Public,
            "Frames of sessions and workstations; a token in a field or the first frame",
        )
        .speaks(101, "application/json")
        .run_with(desk, |desk, call| open(desk, call, None)),
        Route::get("/ws/sessions/{id}", Access::Public, "The same of one session")
            .speaks(101, "application/json")
            .run_with(desk, async |desk, call| {
                let session = session_in(&call)?;
                open(desk, call, Some(session)).await
            }),
    ]
}

/// Somebody who may listen.
struct Admitted {
    who: Principal,
    /// The workstation, for an agent.
    seat: Option<Seat>,
    ears: Subscription,
    _place: Place,
}

/// What a socket was opened with.
struct Opening {
    desk: Arc<Desk>,
    platform: Arc<Platform>,
    connection: Arc<budget::Seat>,
    peer: std::net::IpAddr,
    language: Language,
    narrowed: Option<SessionId>,
}

async fn open(desk: Arc<Desk>, mut call: Call, narrowed: Option<SessionId>) -> Outcome {
    let opening = Opening {
        desk,
        platform: call.platform.clone(),
        connection: call.seat(),
        peer: call.peer,
        language: call.language,
        narrowed,
    };
    let admitted = match call.who.clone() {
        Some(who) => Some(opening.admit(who, call.bearer()).await?),
        None if call.headers.contains_key(AUTHORIZATION) => return Err((&faults::TOKEN_INVALID).into()),
        None => None,
    };
    accept(&mut call, move |socket| opening.speak(socket, admitted))
}

impl Opening {
    async fn speak(self, mut socket: Socket, admitted: Option<Admitted>) {
        let admitted = match admitted {
            Some(admitted) => Ok(admitted),
            // In a box: it is over when the socket begins, and what it takes would stay in each of them.
            None => match timeout(FIRST_FRAME, Box::pin(self.hear_first(&mut socket))).await {
                Ok(outcome) => outcome,
                Err(_) => Err((&faults::LOGIN_NEEDED).into()),
            },
        };
        match admitted {
            Ok(Admitted { who, seat, ears, _place }) => {
                let talk = Talk {
                    desk: self.desk,
                    platform: self.platform,
                    who,
                    seat,
                    peer: self.peer,
                    language: self.language,
                    narrowed: self.narrowed,
                    opened: None,
                };
                talk.go_on(socket, ears).await;
            }
            Err(problem) => {
                let code = match problem.status().as_u16() {
                    429 | 503 => CloseCode::Again,
                    _ => CloseCode::Policy,
                };
                let text = talk::error_frame(&problem, self.language);
                let _gone = timeout(CLOSE_TIME, socket.send(Message::text(text))).await;
                close(&mut socket, code, problem.code()).await;
            }
        }
    }

    /// The first frame says who it is.
    async fn hear_first(&self, socket: &mut Socket) -> Result<Admitted, Problem> {
        loop {
            match socket.next().await {
                Some(Ok(Message::Text(text))) => {
                    let Said::Authenticate(token) = frame::read(&text)? else {
                        return Err((&faults::LOGIN_NEEDED).into());
                    };
                    let who = self.platform.open_bearer(token.expose(), self.peer);
                    let who = who.ok_or_else(|| Problem::from(&faults::TOKEN_INVALID))?;
                    let admitted = self.admit(who, Some(token.expose())).await?;
                    self.connection.recognise(admitted.who.session);
                    return Ok(admitted);
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                _ => return Err((&faults::LOGIN_NEEDED).into()),
            }
        }
    }

    /// Gives a place to somebody who is known.
    async fn admit(&self, who: Principal, token: Option<&str>) -> Result<Admitted, Problem> {
        if who.must_change {
            return Err((&faults::PASSWORD_MUST_CHANGE).into());
        }
        let seat = match who.role {
            Role::Agent => {
                let seat = token.and_then(|token| self.desk.kiosk.open_token(token));
                Some(seat.ok_or_else(|| Problem::from(&faults::FORBIDDEN))?)
            }
            Role::Screen => return Err((&faults::FORBIDDEN).into()),
            Role::Viewer | Role::Operator | Role::Admin => None,
        };
        if let Some(session) = self.narrowed {
            let bound: Option<StationId> = seat.map(|seat| seat.station);
            self.desk
                .visit(move |room| {
                    check_bound(room, bound, session)?;
                    room.session(session).map(drop).ok_or_else(|| Problem::from(&fault::NO_SESSION))
                })
                .await?;
        }
        let whom = match (seat, self.narrowed) {
            (Some(seat), _) => Whom::Station(seat.station),
            (None, Some(session)) => Whom::Session(session),
            (None, None) => Whom::All,
        };
        let place = self.desk.places.take(&who)?;
        // An agent counts by itself.
        let ears = self.desk.kiosk.live().subscribe(whom, seat.is_none());
        let full = || {
            let problem = Problem::from(&fault::SOCKETS_FULL).with("limit", MAX_SOCKETS);
            problem.retry_after(Duration::from_secs(5))
        };
        Ok(Admitted { who, seat, ears: ears.ok_or_else(full)?, _place: place })
    }
}

/// Says goodbye with a code of RFC 6455, 7.4.
async fn close(socket: &mut Socket, code: CloseCode, reason: &'static str) {
    let frame = CloseFrame { code, reason: Utf8Bytes::from_static(reason) };
    let _gone = timeout(CLOSE_TIME, socket.send(Message::Close(Some(frame)))).await;
}
