//! Holds one RTSP OPTIONS request, for the server's name.
//! Never asks for a stream and never answers a challenge. Called by `greeting`.

use std::time::Duration;

use rtsp_types::{HeaderName, Message, Method, Request, Response, Url, Version, headers};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;
use vigie_core::lan::{Clue, Fact, Source};

use super::Visit;

/// A head is a few hundred bytes.
const MAX_ANSWER_BYTES: usize = 4_096;
/// Cameras answer within a frame or two.
const ANSWER_TIME: Duration = Duration::from_secs(2);

/// Asks on an open connection and tells the server's name; an answer of any status shows a camera or its kin.
pub(super) async fn read<S: AsyncRead + AsyncWrite + Unpin>(at: &Visit, port: u16, stream: &mut S) {
    let Some(request) = options(&at.ip.to_string(), port) else { return };
    let mut answer = Vec::with_capacity(512);
    let exchange = async {
        stream.write_all(&request).await.ok()?;
        while answer.len() < MAX_ANSWER_BYTES {
            if stream.read_buf(&mut answer).await.ok()? == 0 || answer.windows(4).any(|window| window == b"\r\n\r\n") {
                break;
            }
        }
        Some(())
    };
    let _in_time = timeout(ANSWER_TIME, exchange).await;
    let Some(response) = response(&answer) else { return };
    let server = response.header(&headers::SERVER).map_or("", |value| value.as_str());
    let server = vigie_wire::names::text::clean::<96>(server.as_bytes());
    at.tell(Source::Rtsp, Fact::Clue(Clue::RtspServer, if server.is_empty() { "RTSP" } else { &server }));
}

fn options(host: &str, port: u16) -> Option<Vec<u8>> {
    let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
    let request: Request<Vec<u8>> = Request::builder(Method::Options, Version::V1_0)
        .request_uri(Url::parse(&format!("rtsp://{host}:{port}/")).ok()?)
        .header(headers::CSEQ, "1")
        .header(HeaderName::from_static_str("User-Agent").ok()?, "vigie")
        .build(Vec::new());
    let mut bytes = Vec::new();
    request.write(&mut bytes).ok()?;
    Some(bytes)
}

fn response(answer: &[u8]) -> Option<Response<Vec<u8>>> {
    match Message::<Vec<u8>>::parse(answer).ok()?.0 {
        Message::Response(response) => Some(response),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn asks_politely_and_reads_a_camera() {
        let asked = String::from_utf8(options("fe80::7", 554).unwrap()).unwrap();
        assert!(asked.starts_with("OPTIONS rtsp://[fe80::7]:554/ RTSP/1.0\r\n"), "{asked}");
        let answer = b"RTSP/1.0 200 OK\r\nCSeq: 1\r\nServer: Rtsp Server 1.0\r\nPublic: OPTIONS, DESCRIBE\r\n\r\n";
        let response = response(answer).unwrap();
        assert_eq!(response.header(&headers::SERVER).unwrap().as_str(), "Rtsp Server 1.0");
        assert!(super::response(b"HTTP/1.1 400 Bad Request\r\n\r\n").is_none());
    }
}
