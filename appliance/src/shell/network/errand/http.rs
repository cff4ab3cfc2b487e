//! Holds one GET of a device's page: its server, title and realm.
//! Never follows more than one redirect, never off the host, never runs what it gets. Called by `greeting`.

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;
use vigie_core::lan::{Clue, Fact, Source};
use vigie_wire::names::banner::http::{HttpBanner, read as parse};

use super::Visit;

/// Head and the part of a page that a title stands in.
const MAX_ANSWER_BYTES: usize = 32 * 1_024;
/// Small devices make their page while one waits.
const ANSWER_TIME: Duration = Duration::from_secs(3);

/// Asks for the page on an open connection and tells what it says.
pub(super) async fn read<S: AsyncRead + AsyncWrite + Unpin>(at: &Visit, stream: &mut S) {
    let Some(bytes) = get(stream, &at.ip.to_string(), "/", MAX_ANSWER_BYTES).await else { return };
    if let Ok(banner) = parse(&bytes) {
        tell(at, &banner);
    }
}

fn tell(at: &Visit, banner: &HttpBanner) {
    let realm = banner.challenges.first().map(|challenge| challenge.realm.as_str()).unwrap_or_default();
    for (clue, text) in
        [(Clue::HttpServer, banner.server.as_str()), (Clue::HttpTitle, banner.title.as_str()), (Clue::HttpRealm, realm)]
    {
        if !text.is_empty() {
            at.tell(Source::Http, Fact::Clue(clue, text));
        }
    }
}

/// One GET over `stream`: head and body up to `most` bytes, or what came in time. `None` when nothing came.
pub(super) async fn get<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut S,
    host: &str,
    path: &str,
    most: usize,
) -> Option<Vec<u8>> {
    let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
    let request =
        format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: vigie\r\nAccept: */*\r\nConnection: close\r\n\r\n");
    let mut answer = Vec::with_capacity(2_048);
    let exchange = async {
        stream.write_all(request.as_bytes()).await.ok()?;
        while answer.len() < most {
            match stream.read_buf(&mut answer).await {
                Ok(0) | Err(_) => break,
                Ok(_) if is_whole(&answer) => break,
                Ok(_) => {}
            }
        }
        Some(())
    };
    let _in_time = timeout(ANSWER_TIME, exchange).await;
    answer.truncate(most);
    (!answer.is_empty()).then_some(answer)
}

/// Whether head and announced body are there: some servers keep the connection open whatever was asked.
fn is_whole(answer: &[u8]) -> bool {
    let Some(end) = answer.windows(4).position(|window| window == b"\r\n\r\n") else { return false };
    let head = String::from_utf8_lossy(answer.get(..end).unwrap_or_default()).to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse::<usize>().ok());
    length.is_some_and(|length| answer.len() >= end + 4 + length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_answer_ends_with_its_length_though_the_server_keeps_the_line() {
        let (mut client, mut server) = tokio::io::duplex(4_096);
        let serve = async {
            let mut asked = vec![0; 512];
            let length = server.read(&mut asked).await.unwrap();
            assert!(asked.starts_with(b"GET / HTTP/1.1\r\nHost: [fe80::1]\r\n"), "{:?}", asked.get(..length));
            server.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello").await.unwrap();
            server
        };
        let (answer, _kept_open) = tokio::join!(get(&mut client, "fe80::1", "/", 1_000), serve);
        assert!(answer.unwrap().ends_with(b"hello"));
    }

    #[tokio::test]
    async fn an_endless_answer_is_cut() {
        let (mut client, mut server) = tokio::io::duplex(64 * 1_024);
        let flood = tokio::spawn(async move { while server.write_all(&[b'x'; 1_024]).await.is_ok() {} });
        assert_eq!(get(&mut client, "10.0.0.7", "/", 5_000).await.unwrap().len(), 5_000);
        drop(client);
        flood.await.unwrap();
    }
}
