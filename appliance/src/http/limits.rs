//! Holds every limit of the HTTP server, with the reason for its number.
//! It never decides anything.
//! The listener, the guard, the dispatcher and the events read it; tests shrink it.

use std::time::Duration;

/// The limits a server runs with.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Connections that have not proved who they are. At 14 kB each they cost 1.4 MB.
    pub strangers: usize,
    /// The same from one address: a browser opens six; twice that for two people behind one address.
    pub strangers_per_address: usize,
    /// Connections and sockets of those who have logged in: 1,000 seats with two each.
    pub guests: usize,
    /// The same per session: six of a browser and two streams.
    pub guests_per_session: usize,
    /// Turned-away connections that get their `503` in peace before the rest are cut without a word.
    pub farewells: usize,
    /// From the connection to the end of the TLS handshake.
    pub handshake_time: Duration,
    /// From the first byte awaited to the last byte of the head.
    pub head_time: Duration,
    /// From the last byte of an answer to the first of the next request.
    pub idle_time: Duration,
    /// For a whole body.
    pub body_time: Duration,
    /// For a client to take what has been written.
    pub stall_time: Duration,
    /// For a handler to answer: longer than any queue of ours, shorter than a person's patience.
    pub handler_time: Duration,
    /// Answers on one connection before it is closed, so that the budgets are shared out anew.
    pub requests: u32,
    /// For open requests to end when the service stops; the whole stop has 5 s.
    pub stop_time: Duration,
}

/// Read buffer of a connection, which bounds the head. hyper's 400 kB default let 500 clients take 155 MB.
pub const MAX_HEAD_BYTES: usize = 16 * 1024;

/// Header fields of a request. Browsers send about 20.
pub const MAX_HEADERS: usize = 48;

/// Body of a request unless its route says otherwise.
pub const MAX_BODY_BYTES: usize = 64 * 1024;

/// A body that is streamed must bring at least this much in every [`MIN_RATE_WINDOW`].
pub const MIN_RATE_BYTES_PER_SECOND: u64 = 16 * 1024;

/// Over which the rate of a streamed body is judged: long enough for a pause of the radio.
pub const MIN_RATE_WINDOW: Duration = Duration::from_secs(10);

/// A slow reader must take this much in every stall time, not one byte now and then.
pub const MIN_TAKEN_BYTES: usize = 4 * 1024;

impl Default for Limits {
    fn default() -> Self {
        Self {
            strangers: 96,
            strangers_per_address: 12,
            guests: 2_048,
            guests_per_session: 8,
            farewells: 16,
            handshake_time: Duration::from_secs(5),
            head_time: Duration::from_secs(5),
            idle_time: Duration::from_secs(15),
            body_time: Duration::from_secs(10),
            stall_time: Duration::from_secs(15),
            handler_time: Duration::from_secs(30),
            requests: 100,
            stop_time: Duration::from_secs(3),
        }
    }
}
