//! Holds how much a client may send before its handshake is over.
//! It never looks at the bytes, and counts nothing once the handshake is done: then the limits of HTTP hold.
//! Every TLS connection is wrapped in it.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// For a whole handshake of a client, who shows no certificate: 2 KiB with keys that withstand quantum computers. The
/// library by itself would hold 64 KiB for each, which 96 strangers could make six megabytes.
const HANDSHAKE_BYTES: usize = 16 * 1024;

/// A connection on which the client's bytes are counted until [`Allowance::lift`].
#[derive(Debug)]
pub(in crate::http) struct Allowance<T> {
    inner: T,
    left: Option<usize>,
}

impl<T> Allowance<T> {
    /// Begins to count.
    pub(super) fn new(inner: T) -> Self {
        Self { inner, left: Some(HANDSHAKE_BYTES) }
    }

    /// Ends counting.
    pub(super) fn lift(&mut self) {
        self.left = None;
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Allowance<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.inner).poll_read(context, buffer);
        if let Some(left) = self.left {
            let Some(left) = left.checked_sub(buffer.filled().len() - before) else {
                return Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, "the handshake is too long")));
            };
            self.left = Some(left);
        }
        read
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Allowance<T> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}
