//! Holds the WebSocket side (RFC 6455): the limits of every socket, and the event socket at `/ws`.
//! It never sends or takes a frame over 16 KiB and never waits longer than 40 s for a sign of life.
//! The route table points `GET /ws` here; other areas open sockets of their own with [`accept`].

use std::future::Future;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use hyper::Response;
use hyper::upgrade::Upgraded;
use hyper_tungstenite::WebSocketStream;
use hyper_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use hyper_tungstenite::tungstenite::protocol::{CloseFrame, WebSocketConfig};
use hyper_tungstenite::tungstenite::{Message, Utf8Bytes};
use hyper_util::rt::TokioIo;
use tokio::time::{Instant, MissedTickBehavior, interval_at, timeout};

use crate::accounts::role::Access;
use crate::http::body::Payload;
use crate::http::call::Call;
use crate::http::problem::{Problem, faults};
use crate::http::reply::Reply;
use crate::http::route::{Outcome, Route};

use super::{Deafness, Listener};

/// A sign of life is asked for this often.
pub const PING_EVERY: Duration = Duration::from_secs(15);

/// A socket without a sign of life for this long is dropped: two pings lost and a bit.
pub const SILENT_AFTER: Duration = Duration::from_secs(40);

/// Largest frame and message, either way.
pub const MAX_FRAME_BYTES: usize = 16 * 1024;

/// Messages a client may send in one ping interval; ours send a handful.
const MAX_MESSAGES_PER_PING: u32 = 64;

/// For the goodbye to go through.
const CLOSE_TIME: Duration = Duration::from_secs(2);

/// An open socket.
pub type Socket = WebSocketStream<TokioIo<Upgraded>>;

/// The route.
#[must_use]
pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/ws", Access::Viewer, "What happens, over a WebSocket: the same envelopes as /api/events")
            .query("topics", "network, cameras, kiosk, system; all if left out.")
            .query("last_event_id", "Go on after this event.")
            .speaks(101, "application/json")
            .run(open),
    ]
}

async fn open(mut call: Call) -> Outcome {
    let listener = super::stream::listen(&call)?;
    let who = call.caller()?.clone();
    let platform = call.platform.clone();
    accept(&mut call, move |socket| async move {
        carry(socket, listener, || platform.accounts.is_alive(&who)).await;
    })
}

/// Answers the handshake and runs `speak` on the socket. The socket has the frame limits; pings and patience are the
/// speaker's. The guard has checked the origin.
///
/// # Errors
/// `upgrade_needed` for a request that is no handshake.
pub fn accept<F, Fut>(call: &mut Call, speak: F) -> Outcome
where
    F: FnOnce(Socket) -> Fut + Send + 'static,
    Fut: Future<Output = ()> + Send + 'static,
{
    let mut request = call.request.take().ok_or_else(|| Problem::from(&faults::UPGRADE_NEEDED))?;
    let config = WebSocketConfig::default()
        .max_message_size(Some(MAX_FRAME_BYTES))
        .max_frame_size(Some(MAX_FRAME_BYTES))
        .read_buffer_size(1024)
        .write_buffer_size(0)
        .max_write_buffer_size(2 * MAX_FRAME_BYTES);
    let (response, opening) =
        hyper_tungstenite::upgrade(&mut request, Some(config)).map_err(|_| Problem::from(&faults::UPGRADE_NEEDED))?;
    // The socket outlives the request, so it keeps the connection's seat itself.
    let seat = call.seat.clone();
    tokio::spawn(async move {
        let _seat = seat;
        if let Ok(Ok(socket)) = timeout(CLOSE_TIME, opening).await {
            speak(socket).await;
        }
    });
    let (parts, _) = response.into_parts();
    Ok(Reply(Response::from_parts(parts, Payload::whole(bytes::Bytes::new()))))
}

/// Carries events to a socket until it is gone, silent, too slow, logged out, or the service stops.
async fn carry(mut socket: Socket, mut listener: Listener, is_alive: impl Fn() -> bool) {
    if let Some(gap) = listener.gap.take() {
        let text =
            format!(r#"{{"type":"gap","data":{{"after":{},"resumes_after":{}}}}}"#, gap.after, gap.resumes_after);
        if socket.send(Message::text(text)).await.is_err() {
            return;
        }
    }
    let mut ping = interval_at(Instant::now() + PING_EVERY, PING_EVERY);
    ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut last_sign, mut messages) = (Instant::now(), 0);
    let (code, reason) = loop {
        tokio::select! {
            heard = listener.hear() => match heard {
                Ok(happening) => {
                    if socket.send(Message::text(happening.text.clone())).await.is_err() {
                        return;
                    }
                }
                // 1013: try again later. Most often the client's network is to blame.
                Err(Deafness::TooSlow) => break (CloseCode::Again, "too slow"),
                Err(Deafness::Stopping) => break (CloseCode::Restart, "stopping"),
            },
            message = socket.next() => {
                last_sign = Instant::now();
                messages += 1;
                match message {
                    Some(Ok(Message::Close(_)) | Err(_)) | None => return,
                    Some(Ok(_)) if messages > MAX_MESSAGES_PER_PING => break (CloseCode::Policy, "too many messages"),
                    // Nothing a client says here means anything; pings are answered by the protocol.
                    Some(Ok(_)) => {}
                }
            }
            _ = ping.tick() => {
                messages = 0;
                if !is_alive() {
                    break (CloseCode::Policy, "session over");
                }
                if socket.send(Message::Ping(bytes::Bytes::new())).await.is_err() {
                    return;
                }
            }
            () = tokio::time::sleep_until(last_sign + SILENT_AFTER) => break (CloseCode::Away, "silent"),
        }
    };
    let frame = CloseFrame { code, reason: Utf8Bytes::from_static(reason) };
    let _ = timeout(CLOSE_TIME, socket.send(Message::Close(Some(frame)))).await;
}
