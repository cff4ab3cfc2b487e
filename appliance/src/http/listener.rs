//! Holds the accept loop and the life of a connection.
//! It never stops accepting while it can: who finds no seat gets a short `503`, a queue before `accept` would let slow
//! clients lock out good ones. `run` starts one per listening address, plain or TLS; both share one budget of seats.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use hyper::header::{CONNECTION, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, StatusCode, body::Incoming};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::{JoinSet, yield_now};
use tokio::time::{sleep, timeout};

use super::budget::Full;
use super::context::Platform;
use super::dispatch::{Dispatcher, FULL, Link};
use super::limits::{MAX_HEAD_BYTES, MAX_HEADERS};
use super::route::RouteTable;
use super::stall::{Patient, Turns};
use super::tls::Tls;
use crate::shell::tasks;

/// After running out of descriptors or memory: long enough for some to come back, short enough for a person.
const BACK_OFF: Duration = Duration::from_millis(250);

/// For a turned-away client to read its `503`.
const FAREWELL_TIME: Duration = Duration::from_millis(500);

/// Read from a turned-away client, so that closing does not reset the connection before it has read the answer.
const FAREWELL_BYTES: usize = 16 * 1024;

/// What a TLS client hears that finds no seat: a fatal `internal_error` in a record of its own (RFC 8446, 5.1 and 6). It
/// ends its handshake at once instead of waiting for it.
const FULL_ALERT: &[u8] = &[21, 3, 3, 0, 2, 2, 80];

/// Serves connections.
#[derive(Clone)]
pub struct Server {
    dispatcher: Arc<Dispatcher>,
}

/// What to do after `accept` has failed.
#[derive(Debug, PartialEq, Eq)]
enum AfterError {
    /// That client is gone; the next one may not be.
    GoOn,
    /// The machine is short of something.
    Wait,
}

impl Server {
    /// A server of this table.
    #[must_use]
    pub fn new(platform: Arc<Platform>, table: Arc<RouteTable>) -> Self {
        Self { dispatcher: Arc::new(Dispatcher { platform, table }) }
    }

    /// Accepts plain-HTTP connections until `stop` turns true, then lets open requests end for a while.
    pub async fn serve(&self, listener: TcpListener, stop: watch::Receiver<bool>) {
        self.accept(listener, None, stop).await;
    }

    /// The same over TLS.
    pub async fn serve_tls(&self, listener: TcpListener, tls: Arc<Tls>, stop: watch::Receiver<bool>) {
        self.accept(listener, Some(tls), stop).await;
    }

    async fn accept(&self, listener: TcpListener, tls: Option<Arc<Tls>>, mut stop: watch::Receiver<bool>) {
        let mut open = JoinSet::new();
        let beat = tasks::watch(if tls.is_some() { "https" } else { "http" }, tasks::LIMIT);
        loop {
            beat.tap();
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                // A night without a visitor is no hanging.
                () = sleep(tasks::BEAT) => continue,
                // Reaps the finished ones; an empty set never gets here.
                Some(_) = open.join_next() => continue,
                () = asked_to_stop(&mut stop) => break,
            };
            match accepted {
                Ok((stream, peer)) => {
                    // Answers are small and whole; waiting to fill a packet only delays them.
                    let _ = stream.set_nodelay(true);
                    let (server, tls, stop) = (self.clone(), tls.clone(), stop.clone());
                    open.spawn(async move {
                        match tls {
                            None => server.converse(stream, peer.ip(), false, stop).await,
                            Some(tls) => server.converse_tls(stream, peer.ip(), &tls, stop).await,
                        }
                    });
                    // Whoever came is heard before the next one is let in: in a crowd, who has something to say is being
                    // answered by then, and who has to give way is gone with all he held.
                    yield_now().await;
                }
                Err(error) => self.bear(&error).await,
            }
        }
        drop(listener);
        self.dispatcher.platform.events.stop();
        // Dropping the set ends what is still open.
        let _ = timeout(self.dispatcher.platform.limits.stop_time, async { while open.join_next().await.is_some() {} })
            .await;
    }

    /// Serves one connection, from its seat to its end. `secure` says whether somebody has taken TLS off it already.
    pub async fn converse<T>(&self, stream: T, peer: IpAddr, secure: bool, stop: watch::Receiver<bool>)
    where
        T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let turns = Turns::default();
        match self.dispatcher.platform.budget.seat(peer, &turns) {
            Ok(seat) => {
                let link = Link { peer: peer.to_canonical(), secure, seat: Arc::new(seat), turns };
                self.talk(stream, link, stop).await;
            }
            Err(full) => self.turn_away(stream, full, FULL).await,
        }
    }

    /// Serves one TLS connection. It takes its seat before the handshake and may have to give way during it, like any
    /// client that has said nothing yet.
    pub async fn converse_tls<T>(&self, stream: T, peer: IpAddr, tls: &Tls, mut stop: watch::Receiver<bool>)
    where
        T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let platform = &self.dispatcher.platform;
        let turns = Turns::default();
        let seat = match platform.budget.seat(peer, &turns) {
            Ok(seat) => Arc::new(seat),
            // A 503 would have to go through the handshake we have no room for.
            Err(full) => return self.turn_away(stream, full, FULL_ALERT).await,
        };
        let shaken = tokio::select! {
            shaken = timeout(platform.limits.handshake_time, tls.shake(stream)) => shaken,
            () = seat.give_way() => return,
            () = asked_to_stop(&mut stop) => return,
        };
        let (outcome, stream) = match shaken {
            Ok(Ok(stream)) => ("done", Some(stream)),
            Ok(Err(error)) => {
                // Somebody who does not know our authority yet ends it too; a line each would fill the log.
                tracing::debug!(%peer, %error, "a TLS handshake failed");
                ("failed", None)
            }
            Err(_) => ("slow", None),
        };
        platform.metrics.count("tls_handshakes_total", "TLS handshakes, by how they ended.", "outcome", outcome, 1);
        if let Some(stream) = stream {
            self.talk(stream, Link { peer: peer.to_canonical(), secure: true, seat, turns }, stop).await;
        }
    }

    /// Answers the requests of a connection that has its seat, until its end.
    async fn talk<T>(&self, stream: T, link: Link, mut stop: watch::Receiver<bool>)
    where
        T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let platform = &self.dispatcher.platform;
        let (peer, seat, turns) = (link.peer, link.seat.clone(), link.turns.clone());
        let limits = platform.limits;
        let served = Arc::new(AtomicU32::new(0));
        let service = {
            let (dispatcher, turns) = (self.dispatcher.clone(), turns.clone());
            service_fn(move |request: Request<Incoming>| {
                let (dispatcher, link, turn) = (dispatcher.clone(), link.clone(), turns.serve());
                let last = served.fetch_add(1, Ordering::Relaxed) + 1 >= limits.requests;
                async move {
                    let mut response = dispatcher.answer(request, &link).await;
                    if response.status() == StatusCode::SWITCHING_PROTOCOLS {
                        turn.keep();
                    } else {
                        response.body_mut().hold(turn);
                        if last {
                            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
                        }
                    }
                    Ok::<_, std::convert::Infallible>(response)
                }
            })
        };
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            // The finer limits are in `Patient`; hyper's own covers head and idle time together, for what it has
            // buffered without our seeing it.
            .header_read_timeout(limits.head_time + limits.idle_time)
            .max_buf_size(MAX_HEAD_BYTES)
            .max_headers(MAX_HEADERS)
            .keep_alive(true)
            .half_close(false)
            .pipeline_flush(false)
            .serve_connection(TokioIo::new(Patient::new(stream, turns, limits)), service)
            .with_upgrades();
        let mut connection = std::pin::pin!(connection);
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            () = seat.give_way() => return,
            () = asked_to_stop(&mut stop) => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = ended {
            let why = if error.is_timeout() || is_timeout(&error) { "slow" } else { "broken" };
            let help = "Connections that ended early, by reason.";
            platform.metrics.count("http_connections_cut_total", help, "why", why, 1);
            tracing::debug!(%peer, %error, "a connection ended early");
        }
    }

    /// Says so to somebody who finds no seat, or nothing when too many are being told.
    async fn turn_away<T: AsyncRead + AsyncWrite + Unpin>(&self, mut stream: T, full: Full, words: &[u8]) {
        let why = match full {
            Full::Strangers => "full",
            Full::Address => "address_full",
        };
        let platform = &self.dispatcher.platform;
        platform.metrics.count("http_rejected_total", "Requests turned away, by code.", "why", why, 1);
        let Some(_farewell) = platform.budget.farewell() else { return };
        let _ = timeout(FAREWELL_TIME, async {
            stream.write_all(words).await?;
            stream.shutdown().await?;
            let (mut buffer, mut left) = ([0; 512], FAREWELL_BYTES);
            while left > 0 {
                let read = stream.read(&mut buffer).await?;
                if read == 0 {
                    break;
                }
                left = left.saturating_sub(read);
            }
            io::Result::Ok(())
        })
        .await;
    }

    async fn bear(&self, error: &io::Error) {
        let help = "Failed accepts, by errno.";
        let errno = error.raw_os_error().unwrap_or_default().to_string();
        self.dispatcher.platform.metrics.count("http_accept_errors_total", help, "errno", &errno, 1);
        if judge(error) == AfterError::Wait {
            tracing::warn!(%error, "cannot accept connections for the moment");
            sleep(BACK_OFF).await;
        }
    }
}

/// Waits until the service is to stop; a sender that is gone has stopped already.
async fn asked_to_stop(stop: &mut watch::Receiver<bool>) {
    let _ = stop.wait_for(|stop| *stop).await.is_ok();
}

/// Sorts the errors of accept(2). Linux also passes on errors of the connection that was about to be accepted; those
/// are the client's, everything else is the machine's.
fn judge(error: &io::Error) -> AfterError {
    use io::ErrorKind;
    match error.kind() {
        ErrorKind::ConnectionAborted
        | ErrorKind::ConnectionReset
        | ErrorKind::Interrupted
        | ErrorKind::NetworkDown
        | ErrorKind::NetworkUnreachable
        | ErrorKind::HostUnreachable
        | ErrorKind::TimedOut => AfterError::GoOn,
        _ => AfterError::Wait,
    }
}

fn is_timeout(error: &hyper::Error) -> bool {
    let mut source = std::error::Error::source(error);
    while let Some(error) = source {
        if error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::TimedOut) {
            return true;
        }
        source = error.source();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_that_left_does_not_make_us_wait_but_a_shortage_does() {
        // Linux numbers: EINTR, ECONNABORTED, ECONNRESET, EHOSTUNREACH.
        for gone in [4, 103, 104, 113] {
            assert_eq!(judge(&io::Error::from_raw_os_error(gone)), AfterError::GoOn, "{gone}");
        }
        // ENFILE, EMFILE, ENOMEM, ENOBUFS.
        for short in [23, 24, 12, 105] {
            assert_eq!(judge(&io::Error::from_raw_os_error(short)), AfterError::Wait, "{short}");
        }
    }
}
