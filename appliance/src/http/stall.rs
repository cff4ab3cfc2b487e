//! Holds the patience of a connection: how long it waits for a head, for the next request, for a reader.
//! It never looks at the bytes.
//! The listener wraps every connection in it; the dispatcher tells it which turn it is.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

use super::limits::{Limits, MIN_TAKEN_BYTES};

/// Nothing of a request has come yet.
const WAITING: u8 = 0;
/// Part of a head has come.
const HEAD: u8 = 1;
/// A request is being answered; its own limits hold.
const SERVING: u8 = 2;

/// The connection has been handed over to another protocol, which has limits of its own.
const FOREIGN: u8 = 3;

/// The read deadline is to be set anew whatever the turn.
const UNARMED: u8 = 4;

/// A head has come and the body is awaited: the client's turn, within the body's own limit.
const BODY: u8 = 5;

/// Whose turn it is on a connection.
#[derive(Clone, Default)]
pub struct Turns(Arc<AtomicU8>);

/// The appliance's turn to speak; over when dropped.
pub struct Turn(Turns);

/// The client's turn to bring a body; over when dropped.
pub struct Hearing(Turns);

impl Turns {
    /// A whole head has come: until the turn is dropped, the head and idle limits rest.
    #[must_use]
    pub fn serve(&self) -> Turn {
        self.0.store(SERVING, Ordering::Relaxed);
        Turn(self.clone())
    }

    /// A body is awaited: until this is dropped it is the client who is to do something.
    #[must_use]
    pub fn hear(&self) -> Hearing {
        let _other = self.0.compare_exchange(SERVING, BODY, Ordering::Relaxed, Ordering::Relaxed);
        Hearing(self.clone())
    }

    /// Whether a request is being answered, or the connection speaks another protocol by now.
    #[must_use]
    pub fn is_ours(&self) -> bool {
        matches!(self.0.load(Ordering::Relaxed), SERVING | FOREIGN)
    }
}

impl Turn {
    /// The connection now speaks something else than HTTP: the turn never ends.
    pub fn keep(self) {
        self.0.0.store(FOREIGN, Ordering::Relaxed);
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        // A connection that has left HTTP does not come back to waiting for requests.
        let over = |turn| matches!(turn, SERVING | BODY).then_some(WAITING);
        let _ = self.0.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, over);
    }
}

impl Drop for Hearing {
    fn drop(&mut self) {
        let _over = self.0.0.compare_exchange(BODY, SERVING, Ordering::Relaxed, Ordering::Relaxed);
    }
}

/// A connection that ends when the other side makes it wait too long.
pub struct Patient<T> {
    inner: T,
    turns: Turns,
    limits: Limits,
    /// For the first request the head's time counts from the start: a client connects because it has something to say.
    first: bool,
    /// The turn the read deadline was set for.
    read_armed_for: u8,
    read_deadline: Pin<Box<Sleep>>,
    stalled: bool,
    taken_since_stall_bytes: usize,
    write_deadline: Pin<Box<Sleep>>,
}

impl<T> Patient<T> {
    /// Wraps a fresh connection.
    #[must_use]
    pub fn new(inner: T, turns: Turns, limits: Limits) -> Self {
        let start = Instant::now() + limits.head_time;
        Self {
            inner,
            turns,
            limits,
            first: true,
            read_armed_for: WAITING,
            read_deadline: Box::pin(sleep_until(start)),
            stalled: false,
            taken_since_stall_bytes: 0,
            write_deadline: Box::pin(sleep_until(start)),
        }
    }

    fn arm_read(&mut self, turn: u8) {
        let time = match turn {
            WAITING => self.limits.idle_time,
            _ => self.limits.head_time,
        };
        // The head of the first request has one budget from the connection's start, whoever is slow within it.
        if !(self.first && turn == HEAD) {
            self.read_deadline.as_mut().reset(Instant::now() + time);
        }
        self.read_armed_for = turn;
    }

    /// Notes how a write went and says when the reader has been too slow.
    fn judge_write(&mut self, context: &mut Context<'_>, written: Option<usize>, asked: usize) -> io::Result<()> {
        match written {
            Some(bytes) if bytes >= asked || self.taken_since_stall_bytes + bytes >= MIN_TAKEN_BYTES => {
                self.stalled = false;
                self.taken_since_stall_bytes = 0;
            }
            Some(bytes) => self.taken_since_stall_bytes += bytes,
            None if !self.stalled => {
                self.stalled = true;
                self.taken_since_stall_bytes = 0;
                self.write_deadline.as_mut().reset(Instant::now() + self.limits.stall_time);
            }
            None => {}
        }
        if self.stalled && self.write_deadline.as_mut().poll(context).is_ready() {
            return Err(io::Error::new(io::ErrorKind::TimedOut, "the client does not take its answer"));
        }
        Ok(())
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Patient<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let before = buffer.filled().len();
        let turn = this.turns.0.load(Ordering::Relaxed);
        if turn >= SERVING {
            this.first = false;
            this.read_armed_for = turn;
            return Pin::new(&mut this.inner).poll_read(context, buffer);
        }
        if turn != this.read_armed_for {
            this.arm_read(turn);
        }
        let read = Pin::new(&mut this.inner).poll_read(context, buffer);
        if turn == WAITING && matches!(read, Poll::Ready(Ok(()))) && buffer.filled().len() > before {
            this.turns.0.store(HEAD, Ordering::Relaxed);
            this.arm_read(HEAD);
        }
        if this.read_deadline.as_mut().poll(context).is_ready() {
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "no request came in time")));
        }
        read
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Patient<T> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        let wrote = Pin::new(&mut this.inner).poll_write(context, bytes);
        match wrote {
            Poll::Ready(Ok(count)) => {
                // hyper may hold the rest of an answer whose turn is over: the client idles from its last byte on.
                this.first = false;
                this.read_armed_for = UNARMED;
                this.judge_write(context, Some(count), bytes.len())?;
            }
            Poll::Pending => this.judge_write(context, None, bytes.len())?,
            Poll::Ready(Err(_)) => {}
        }
        wrote
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.inner).poll_flush(context);
        if flushed.is_pending() {
            self.judge_write(context, None, 0)?;
        }
        flushed
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let closed = Pin::new(&mut self.inner).poll_shutdown(context);
        if closed.is_pending() {
            self.judge_write(context, None, 0)?;
        }
        closed
    }
}
