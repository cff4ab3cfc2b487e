//! Holds the WebSocket while it is open: texts out, texts in, pings answered, silence noticed.
//! Never blocks longer than a second and never reconnects. Called by the link's thread.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustls::ClientConfig;
use tungstenite::handshake::client::generate_key;
use tungstenite::http::Request;
use tungstenite::protocol::WebSocketConfig;
use tungstenite::{Error, HandshakeError, Message, WebSocket};

use super::address::Address;
use super::enrol::Failure;
use super::frame::MAX_FRAME_BYTES;
use super::stream::Stream;

/// Where agents speak.
const PATH: &str = "/ws/sessions/";
/// Something was asked and nothing came for so long: the cable is pulled, whatever TCP believes.
const ANSWER_WITHIN: Duration = Duration::from_secs(6);
/// Without any word, not even a ping, for so long there is nobody. The appliance pings every 15 seconds.
const SILENT_FOR: Duration = Duration::from_secs(40);
/// Texts that one turn hands over; the rest comes with the next.
const MAX_TEXTS: usize = 32;
/// Bytes that may wait for a slow network.
const MAX_UNSENT_BYTES: usize = 256 * 1024;

/// An open socket.
pub(super) struct Socket {
    web: WebSocket<Stream>,
    /// When the first of the questions without an answer was asked.
    asked: Option<Instant>,
    heard: Instant,
    unsent: bool,
}

/// Opens the socket; the token opens it.
pub(super) fn open(server: &Address, tls: Option<Arc<ClientConfig>>, token: &str) -> Result<Socket, Failure> {
    let stream = Stream::open(server, tls)?;
    let host = server.authority();
    let scheme = if server.tls { "wss" } else { "ws" };
    // An interface's name has no place in a URL: the connection has used it.
    let place = match host.split_once('%') {
        Some((before, after)) => format!("{before}{}", after.find(']').map_or("", |at| after.get(at..).unwrap_or(""))),
        None => host,
    };
    let request = Request::get(format!("{scheme}://{place}{PATH}"))
        .header("Host", &place)
        .header("Connection", "Upgrade")
        .header("Upgrade", "websocket")
        .header("Sec-WebSocket-Version", "13")
        .header("Sec-WebSocket-Key", generate_key())
        .header("Authorization", format!("Bearer {token}"))
        .header("User-Agent", concat!("vigie-kiosk/", env!("CARGO_PKG_VERSION")))
        .body(())
        .map_err(io::Error::other)?;
    let config = WebSocketConfig::default()
        .read_buffer_size(8 * 1024)
        .write_buffer_size(0)
        .max_write_buffer_size(MAX_UNSENT_BYTES)
        .max_message_size(Some(MAX_FRAME_BYTES))
        .max_frame_size(Some(MAX_FRAME_BYTES));
    let (web, _) =
        tungstenite::client::client_with_config(request, stream, Some(config)).map_err(|error| match error {
            HandshakeError::Failure(Error::Http(answer)) => Failure::Answer(answer.status().as_u16()),
            HandshakeError::Failure(Error::Io(error)) => error.into(),
            HandshakeError::Failure(error) => Failure::Unreachable(io::Error::other(error)),
            HandshakeError::Interrupted(_) => Failure::Unreachable(io::ErrorKind::TimedOut.into()),
        })?;
    web.get_ref().never_block()?;
    Ok(Socket { web, asked: None, heard: Instant::now(), unsent: false })
}

/// The socket is at its end.
#[derive(Debug)]
pub(super) struct Over;

impl Socket {
    /// Says this.
    pub(super) fn say(&mut self, text: String) {
        self.asked.get_or_insert_with(Instant::now);
        // A failure is found by the next turn.
        match self.web.write(Message::text(text)) {
            Ok(()) => {}
            Err(_would_block_or_over) => self.unsent = true,
        }
        self.unsent = true;
    }

    /// Waits up to a second for something to do, or for the bell, and does it. Gives what was heard.
    pub(super) fn turn(&mut self, bell: BorrowedFd<'_>) -> Result<Vec<String>, Over> {
        self.flush()?;
        let wanted = if self.unsent { PollFlags::IN | PollFlags::OUT } else { PollFlags::IN };
        {
            let mut waits = [
                PollFd::from_borrowed_fd(self.web.get_ref().as_fd(), wanted),
                PollFd::from_borrowed_fd(bell, PollFlags::IN),
            ];
            let _interrupted_is_a_turn = poll(&mut waits, Some(&Timespec { tv_sec: 1, tv_nsec: 0 }));
        }
        let texts = self.read()?;
        self.flush()?;
        let now = Instant::now();
        let unanswered = self.asked.is_some_and(|asked| now.duration_since(asked) > ANSWER_WITHIN);
        if unanswered || now.duration_since(self.heard) > SILENT_FOR { Err(Over) } else { Ok(texts) }
    }

    fn read(&mut self) -> Result<Vec<String>, Over> {
        let mut texts = Vec::new();
        while texts.len() < MAX_TEXTS {
            match self.web.read() {
                Ok(message) => {
                    (self.heard, self.asked) = (Instant::now(), None);
                    // Pings are answered by the next write or flush.
                    self.unsent = true;
                    match message {
                        Message::Text(text) => texts.push(text.to_string()),
                        Message::Close(_) => return Err(Over),
                        _ => {}
                    }
                }
                Err(Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(_) => return Err(Over),
            }
        }
        Ok(texts)
    }

    fn flush(&mut self) -> Result<(), Over> {
        if !self.unsent {
            return Ok(());
        }
        match self.web.flush() {
            Ok(()) => {
                self.unsent = false;
                Ok(())
            }
            Err(Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => Ok(()),
            Err(_) => Err(Over),
        }
    }
}
