//! Holds the reading of bodies too large to be held: piece by piece, within a size, above a rate.
//! It never waits for a client that brings less than 16 KiB a second over ten seconds.
//! Upload handlers read their call's stream through it.

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use tokio::time::{Instant, timeout_at};

use super::limits::{MIN_RATE_BYTES_PER_SECOND, MIN_RATE_WINDOW};
use super::problem::{Problem, faults};

/// A body being read.
pub struct Intake<B = Incoming> {
    body: B,
    left_bytes: u64,
    limit_bytes: u64,
    window_end: Instant,
    window_bytes: u64,
}

impl<B: hyper::body::Body<Data = Bytes> + Unpin> Intake<B> {
    /// Reads at most `limit_bytes` from a body.
    #[must_use]
    pub fn new(body: B, limit_bytes: u64) -> Self {
        let window_end = Instant::now() + MIN_RATE_WINDOW;
        Self { body, left_bytes: limit_bytes, limit_bytes, window_end, window_bytes: 0 }
    }

    /// The next piece; `None` at the end.
    ///
    /// # Errors
    /// `too_large`, `too_slow`, or `bad_request` when the connection breaks.
    pub async fn next(&mut self) -> Result<Option<Bytes>, Problem> {
        loop {
            let Ok(frame) = timeout_at(self.window_end, self.body.frame()).await else {
                self.close_window()?;
                continue;
            };
            let piece = match frame {
                None => return Ok(None),
                Some(Err(_)) => return Err((&faults::BAD_REQUEST).into()),
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(piece) => piece,
                    Err(_) => continue,
                },
            };
            let length = piece.len() as u64;
            self.left_bytes = self
                .left_bytes
                .checked_sub(length)
                .ok_or_else(|| Problem::from(&faults::TOO_LARGE).with("limit", self.limit_bytes))?;
            self.window_bytes += length;
            return Ok(Some(piece));
        }
    }

    fn close_window(&mut self) -> Result<(), Problem> {
        if self.window_bytes < MIN_RATE_BYTES_PER_SECOND * MIN_RATE_WINDOW.as_secs() {
            return Err((&faults::TOO_SLOW).into());
        }
        self.window_bytes = 0;
        self.window_end = Instant::now() + MIN_RATE_WINDOW;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::sync::mpsc;

    use super::*;
    use crate::http::body::Payload;

    #[tokio::test(start_paused = true)]
    async fn a_slow_upload_is_cut_and_a_quick_one_is_not() {
        for (piece_bytes, expected) in [(1_000, Some("too_slow")), (20_000, None)] {
            let (sender, receiver) = mpsc::channel(1);
            tokio::spawn(async move {
                for _ in 0..40 {
                    if sender.send(Bytes::from(vec![0; piece_bytes])).await.is_err() {
                        return;
                    }
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
            });
            let mut intake = Intake::new(Payload::pieces(receiver), 1_000_000);
            let outcome = loop {
                match intake.next().await {
                    Ok(Some(_)) => {}
                    Ok(None) => break None,
                    Err(problem) => break Some(problem.code()),
                }
            };
            assert_eq!(outcome, expected);
        }
    }

    #[tokio::test]
    async fn a_long_upload_is_refused() {
        let mut intake = Intake::new(Payload::whole(Bytes::from_static(b"12345")), 4);
        assert_eq!(intake.next().await.unwrap_err().code(), "too_large");
    }
}
