//! Holds the talk over an open socket: frames in and out, signs of life, and when it ends.
//! Never sends an agent what is for another, and never waits for one who does not read. The opened sockets run it.

use std::net::IpAddr;
use std::sync::Arc;

use data_encoding::BASE64;
use futures_util::{SinkExt, StreamExt};
use hyper_tungstenite::tungstenite::Message;
use hyper_tungstenite::tungstenite::error::{CapacityError, Error};
use hyper_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use serde_json::{Value, json};
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep_until};
use vigie_core::kiosk::SessionId;

use super::close;
use super::frame::{self, Said};
use crate::accounts::Principal;
use crate::accounts::role::Role;
use crate::api::kiosk::acts::{redeem, start_at};
use crate::api::kiosk::beat::bad_frame;
use crate::api::kiosk::desk::Desk;
use crate::api::kiosk::fault::{self, refused};
use crate::api::kiosk::view::session::{OpenedView, TimeView};
use crate::http::context::Platform;
use crate::http::events::socket::{PING_EVERY, SILENT_AFTER, Socket};
use crate::http::language::Language;
use crate::http::problem::{Problem, faults};
use crate::shell::kiosk::{Deaf, Fault, Frame, Room, Seat, Staff, Subscription};

/// Messages a client may send in one ping interval; an agent sends a handful.
const MAX_MESSAGES_PER_PING: u32 = 64;
/// Frames that cannot be read, or may not be said, before the socket is closed: a bug says one again and again.
const MAX_BAD_FRAMES: u32 = 5;

/// What a frame asks of the room, where nothing is answered.
type Visit = Box<dyn FnOnce(&mut Room) -> Result<(), Fault> + Send>;

/// Somebody at the other end.
pub(super) struct Talk {
    pub(super) desk: Arc<Desk>,
    pub(super) platform: Arc<Platform>,
    pub(super) who: Principal,
    /// The workstation, for an agent.
    pub(super) seat: Option<Seat>,
    pub(super) peer: IpAddr,
    pub(super) language: Language,
    pub(super) narrowed: Option<SessionId>,
    /// The session this socket opened last: it is told of it with its ticket, so not once more without.
    pub(super) opened: Option<SessionId>,
}

/// A frame as text.
fn write(kind: &str, data: &Value) -> String {
    json!({ "type": kind, "data": data }).to_string()
}

/// A problem as a frame.
pub(super) fn error_frame(problem: &Problem, language: Language) -> String {
    write("error", &problem.document(language))
}

impl Talk {
    /// Talks until the socket is gone, silent, too slow, hostile, logged out, or the service stops.
    pub(super) async fn go_on(mut self, mut socket: Socket, mut ears: Subscription) {
        let Ok(hello) = self.greet().await else {
            return close(&mut socket, CloseCode::Restart, "stopping").await;
        };
        for text in hello {
            if socket.send(Message::text(text)).await.is_err() {
                return;
            }
        }
        let mut ping = interval_at(Instant::now() + PING_EVERY, PING_EVERY);
        ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut last_sign, mut messages, mut bad) = (Instant::now(), 0, 0);
        let (code, reason) = loop {
            let answer = tokio::select! {
                heard = ears.hear() => match heard {
                    Ok(frame) if self.is_told_already(&frame) => continue,
                    Ok(frame) => frame.text.clone(),
                    Err(Deaf::TooSlow) => break (CloseCode::Again, "too slow"),
                    Err(Deaf::Over) => break (CloseCode::Restart, "over"),
                },
                message = socket.next() => {
                    last_sign = Instant::now();
                    messages += 1;
                    let outcome = match message {
                        Some(Ok(Message::Close(_))) | None => return,
                        Some(Err(Error::Capacity(CapacityError::MessageTooLong { .. }))) => {
                            break (CloseCode::Size, "frame too long");
                        }
                        Some(Err(_)) => return,
                        Some(Ok(_)) if messages > MAX_MESSAGES_PER_PING => break (CloseCode::Policy, "too many messages"),
                        // In a box: nearly all sockets only listen, and the room it takes would be in each of them.
                        Some(Ok(Message::Text(text))) => Box::pin(self.hear(&text)).await,
                        Some(Ok(Message::Binary(_))) => Err(bad_frame("text is wanted")),
                        Some(Ok(_)) => continue,
                    };
                    match outcome {
                        Ok(Some(answer)) => answer,
                        Ok(None) => continue,
                        Err(problem) => {
                            if [fault::BAD_FRAME.code, fault::FRAME_FORBIDDEN.code, faults::INVALID.code].contains(&problem.code()) {
                                let help = "Frames of kiosk sockets that could not be read or may not be said.";
                                self.platform.metrics.count("kiosk_bad_frames_total", help, "why", problem.code(), 1);
                                bad += 1;
                            }
                            if bad > MAX_BAD_FRAMES {
                                break (CloseCode::Policy, "too many bad frames");
                            }
                            error_frame(&problem, self.language)
                        }
                    }
                }
                _ = ping.tick() => {
                    messages = 0;
                    // An agent is as good as its token; when that ends, so does what it hears.
                    if self.seat.is_none() && !self.platform.accounts.is_alive(&self.who) {
                        break (CloseCode::Policy, "session over");
                    }
                    if socket.send(Message::Ping(bytes::Bytes::new())).await.is_err() {
                        return;
                    }
                    continue;
                }
                () = sleep_until(last_sign + SILENT_AFTER) => break (CloseCode::Away, "silent"),
            };
            if socket.send(Message::text(answer)).await.is_err() {
                return;
            }
        };
        close(&mut socket, code, reason).await;
    }

    /// The first frames: who is at this end, and what an agent that comes back has not taken yet.
    async fn greet(&self) -> Result<Vec<String>, Problem> {
        let (seat, role) = (self.seat, self.who.role);
        self.desk
            .visit(move |room| {
                let language = if room.settings().french { "fr" } else { "en" };
                let mut data =
                    json!({ "server_version": env!("CARGO_PKG_VERSION"), "language": language, "role": role.word() });
                let mut frames = Vec::new();
                if let Some(seat) = seat {
                    let view = room.station(seat.station).ok_or_else(|| Problem::from(&fault::NO_STATION))?;
                    let group = view.group.map(|group| group.0);
                    data["workstation"] = json!({ "id": view.id.0, "name": view.name, "group": group });
                    frames = room.frames_left(seat.station);
                }
                frames.insert(0, write("connection_established", &data));
                Ok(frames)
            })
            .await
    }

    /// Whether a frame repeats what this socket was answered.
    fn is_told_already(&mut self, frame: &Frame) -> bool {
        let Some(opened) = self.opened.filter(|_| frame.kind == "session_started") else { return false };
        let told: Option<Value> = serde_json::from_str(&frame.text).ok();
        let same = told.and_then(|told| told["data"]["session"].as_u64()) == Some(opened.0);
        if same {
            self.opened = None;
        }
        same
    }

    /// Does what a frame says, and gives the answer if there is one.
    async fn hear(&mut self, text: &str) -> Result<Option<String>, Problem> {
        let said = frame::read(text)?;
        let kind = said.kind();
        match (said, self.seat) {
            (Said::GetTime(session), seat) => self.tell_time(session, seat).await.map(Some),
            (said, Some(seat)) => self.hear_agent(said, seat).await,
            (Said::StartSession { session, station }, None)
                if matches!(self.who.role, Role::Operator | Role::Admin) =>
            {
                let by = Staff { account: self.who.account, from: Some(self.peer) };
                let opened = self.desk.visit(move |room| start_at(room, by, session, station)).await?;
                Ok(Some(self.tell_opened(opened)))
            }
            (Said::ValidateCode(typed), None) if matches!(self.who.role, Role::Operator | Role::Admin) => {
                let opened = redeem(&self.desk, None, typed).await?;
                Ok(Some(self.tell_opened(opened)))
            }
            (_, None) => Err(Problem::from(&fault::FRAME_FORBIDDEN).with("kind", kind)),
        }
    }

    async fn hear_agent(&mut self, said: Said, seat: Seat) -> Result<Option<String>, Problem> {
        let kind = said.kind();
        let done: Visit = match said {
            Said::Heartbeat(frame) => {
                let (beat, said) = frame.read(self.peer)?;
                let answered = self.desk.visit(move |room| room.beat(seat, &beat, &said).map_err(refused)).await?;
                let mut data = json!({ "sealed": BASE64.encode(&answered.sealed) });
                if let Some(token) = answered.rotate {
                    data["rotate"] = token.expose().into();
                }
                return Ok(Some(write("lease", &data)));
            }
            Said::ValidateCode(typed) => {
                let opened = redeem(&self.desk, Some(seat), typed).await?;
                return Ok(Some(self.tell_opened(opened)));
            }
            Said::Event(happening, detail) => Box::new(move |room| room.agent_event(seat, happening, &detail)),
            Said::WipeAck { session, proof } => Box::new(move |room| room.wipe_proof(seat, session, proof)),
            Said::CommandResult { id, ok, detail } => Box::new(move |room| room.command_result(seat, id, ok, &detail)),
            Said::MessageAck(id) => Box::new(move |room| room.acknowledge(seat, id)),
            Said::Authenticate(_) | Said::StartSession { .. } | Said::GetTime(_) => {
                return Err(Problem::from(&fault::FRAME_FORBIDDEN).with("kind", kind));
            }
        };
        self.desk.visit(move |room| done(room).map_err(refused)).await?;
        Ok(None)
    }

    fn tell_opened(&mut self, opened: crate::shell::kiosk::Redeemed) -> String {
        self.opened = Some(opened.session);
        write("session_started", &serde_json::to_value(OpenedView::of(opened)).unwrap_or_default())
    }

    /// The time of a session: the one asked for, else the one the socket is of, else the one at the workstation.
    async fn tell_time(&self, session: Option<SessionId>, seat: Option<Seat>) -> Result<String, Problem> {
        let asked = session.or(self.narrowed);
        let view = self.desk.visit(move |room| {
            let at_seat = seat.and_then(|seat| room.station(seat.station)?.session);
            let none = || Problem::from(&fault::NO_SESSION);
            let session = asked.or(at_seat).ok_or_else(none)?;
            super::check_bound(room, seat.map(|seat| seat.station), session)?;
            room.session(session).map(|kept| TimeView::of(&kept)).ok_or_else(none)
        });
        Ok(write("time_update", &serde_json::to_value(view.await?).unwrap_or_default()))
    }
}
