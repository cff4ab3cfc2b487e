//! Holds one RTSP OPTIONS request, for the server's name.
//! Never asks for a stream and never answers a challenge. Called by `greeting`.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;
use vigie_core::lan::{Clue, Fact, Source};
use vigie_wire::names::banner::rtsp;

use super::Visit;

/// A head is a few hundred bytes.
const MAX_ANSWER_BYTES: usize = 4_096;
/// Cameras answer within a frame or two.
const ANSWER_TIME: Duration = Duration::from_secs(2);

/// Asks on an open connection and tells the server's name; an answer of any status shows a camera or its kin.
pub(super) async fn read<S: AsyncRead + AsyncWrite + Unpin>(at: &Visit, port: u16, stream: &mut S) {
    let request = options(at.ip, port);
    let mut answer = Vec::with_capacity(512);
    let exchange = async {
        stream.write_all(request.as_bytes()).await.ok()?;
        while answer.len() < MAX_ANSWER_BYTES {
            if stream.read_buf(&mut answer).await.ok()? == 0 || answer.windows(4).any(|window| window == b"\r\n\r\n") {
                break;
            }
        }
        Some(())
    };
    let _in_time = timeout(ANSWER_TIME, exchange).await;
    let Ok(banner) = rtsp::read(&answer) else { return };
    let server = if banner.server.is_empty() { "RTSP" } else { &banner.server };
    at.tell(Source::Rtsp, Fact::Clue(Clue::RtspServer, server));
}

/// The request (RFC 2326 section 10.1).
fn options(ip: IpAddr, port: u16) -> String {
    let host = SocketAddr::new(ip, port);
    format!("OPTIONS rtsp://{host}/ RTSP/1.0\r\nCSeq: 1\r\nUser-Agent: vigie\r\n\r\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn asks_politely() {
        assert_eq!(
            options("fe80::7".parse().unwrap(), 554),
            "OPTIONS rtsp://[fe80::7]:554/ RTSP/1.0\r\nCSeq: 1\r\nUser-Agent: vigie\r\n\r\n"
        );
        assert!(
            options("192.168.1.9".parse().unwrap(), 8554).starts_with("OPTIONS rtsp://192.168.1.9:8554/ RTSP/1.0\r\n")
        );
    }
}
