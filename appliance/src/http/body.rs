//! Holds the body of an answer: whole, or coming piece by piece out of a task.
//! It never buffers more than one piece of a stream.
//! Replies are made of it; hyper reads it.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::sync::mpsc;

use super::stall::Turn;

/// The body of an answer.
pub struct Payload {
    source: Source,
    /// Tells the connection when this answer is over.
    turn: Option<Turn>,
}

enum Source {
    Whole(Option<Bytes>),
    Pieces(mpsc::Receiver<Bytes>),
}

impl Payload {
    /// A body known as a whole.
    #[must_use]
    pub fn whole(bytes: Bytes) -> Self {
        Self { source: Source::Whole((!bytes.is_empty()).then_some(bytes)), turn: None }
    }

    /// A body whose pieces a task sends; the sender waits while the client is slow.
    #[must_use]
    pub fn pieces(pieces: mpsc::Receiver<Bytes>) -> Self {
        Self { source: Source::Pieces(pieces), turn: None }
    }

    /// Ties the end of this body to its connection.
    pub(super) fn hold(&mut self, turn: Turn) {
        self.turn = Some(turn);
    }

    /// The bytes, when they are known as a whole.
    #[must_use]
    pub fn as_whole(&self) -> Option<&[u8]> {
        match &self.source {
            Source::Whole(bytes) => Some(bytes.as_deref().unwrap_or_default()),
            Source::Pieces(_) => None,
        }
    }
}

impl Body for Payload {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match &mut self.source {
            Source::Whole(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Source::Pieces(pieces) => pieces.poll_recv(context).map(|piece| piece.map(|bytes| Ok(Frame::data(bytes)))),
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self.source, Source::Whole(None))
    }

    fn size_hint(&self) -> SizeHint {
        match &self.source {
            Source::Whole(bytes) => SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64)),
            Source::Pieces(_) => SizeHint::default(),
        }
    }
}
