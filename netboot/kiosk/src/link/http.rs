//! Holds one HTTP call: a request on a connection of its own, and the answer read to its end.
//! Never follows anywhere and never reads more than it may. Called by the enrolment.

use std::io::{self, Read, Write};

/// Longest answer, head and body, in bytes: an authority's certificate takes two thousand.
const MAX_ANSWER_BYTES: u64 = 32 * 1024;

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Answer {
    /// Its status.
    pub(super) status: u16,
    /// Its body.
    pub(super) body: Vec<u8>,
}

/// Asks, and reads the answer; `body` is JSON, and without one it is a GET.
pub(super) fn call(
    stream: &mut (impl Read + Write),
    authority: &str,
    path: &str,
    body: Option<&str>,
) -> io::Result<Answer> {
    let method = if body.is_some() { "POST" } else { "GET" };
    let length = body
        .map_or(String::new(), |body| format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len()));
    let agent = concat!("vigie-kiosk/", env!("CARGO_PKG_VERSION"));
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: {authority}\r\nUser-Agent: {agent}\r\nAccept: */*\r\n{length}Connection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes())?;
    stream.write_all(body.unwrap_or_default().as_bytes())?;
    stream.flush()?;
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        if let Some(answer) = read(&bytes)? {
            return Ok(answer);
        }
        if bytes.len() as u64 > MAX_ANSWER_BYTES {
            return Err(unreadable());
        }
        match stream.read(&mut chunk) {
            Ok(0) => return read_to_end(&bytes).ok_or_else(unreadable),
            Ok(count) => bytes.extend_from_slice(chunk.get(..count).unwrap_or_default()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            // An end of TLS without its farewell: the length says whether all is there.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                return read_to_end(&bytes).ok_or_else(unreadable);
            }
            Err(error) => return Err(error),
        }
    }
}

fn unreadable() -> io::Error {
    io::Error::from(io::ErrorKind::InvalidData)
}

struct Head {
    status: u16,
    at: usize,
    length: Option<usize>,
}

fn head(bytes: &[u8]) -> io::Result<Option<Head>> {
    let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else { return Ok(None) };
    let text = bytes.get(..end).and_then(|head| std::str::from_utf8(head).ok()).ok_or_else(unreadable)?;
    let mut lines = text.split("\r\n");
    let status = lines.next().and_then(|line| line.strip_prefix("HTTP/1.1 ").or(line.strip_prefix("HTTP/1.0 ")));
    let status = status.and_then(|rest| rest.get(..3)?.parse().ok()).ok_or_else(unreadable)?;
    let mut length = None;
    for line in lines {
        let Some((name, value)) = line.split_once(':') else { return Err(unreadable()) };
        if name.eq_ignore_ascii_case("content-length") {
            length = Some(value.trim().parse().map_err(|_| unreadable())?);
        }
        // Asked for on a connection that ends, no answer of ours comes in pieces.
        if name.eq_ignore_ascii_case("transfer-encoding") {
            return Err(unreadable());
        }
    }
    Ok(Some(Head { status, at: end + 4, length }))
}

/// The answer, once all of it is there by its own length.
fn read(bytes: &[u8]) -> io::Result<Option<Answer>> {
    let Some(head) = head(bytes)? else { return Ok(None) };
    let Some(length) = head.length else { return Ok(None) };
    let body = bytes.get(head.at..).and_then(|rest| rest.get(..length));
    Ok(body.map(|body| Answer { status: head.status, body: body.to_vec() }))
}

/// The answer of a server that ends the connection instead of saying a length.
fn read_to_end(bytes: &[u8]) -> Option<Answer> {
    let head = head(bytes).ok().flatten().filter(|head| head.length.is_none())?;
    Some(Answer { status: head.status, body: bytes.get(head.at..)?.to_vec() })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A server that was recorded: gives its answer in pieces of `step` bytes.
    struct Recorded<'a> {
        asked: Vec<u8>,
        answer: &'a [u8],
        step: usize,
    }

    impl Read for Recorded<'_> {
        fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
            let count = self.step.min(self.answer.len()).min(bytes.len());
            bytes[..count].copy_from_slice(&self.answer[..count]);
            self.answer = &self.answer[count..];
            Ok(count)
        }
    }

    impl Write for Recorded<'_> {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.asked.extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn ask(answer: &[u8], step: usize) -> (io::Result<Answer>, String) {
        let mut server = Recorded { asked: Vec::new(), answer, step };
        let answer = call(&mut server, "a:1", "/x", Some("{}"));
        (answer, String::from_utf8(server.asked).unwrap())
    }

    #[test]
    fn an_answer_is_read_however_it_comes() {
        let answer = b"HTTP/1.1 202 Accepted\r\nContent-Length: 4\r\nServer: x\r\n\r\nbody and more";
        for step in 1..answer.len() {
            let (read, asked) = ask(answer, step);
            assert_eq!(read.unwrap(), Answer { status: 202, body: b"body".to_vec() });
            assert!(asked.starts_with("POST /x HTTP/1.1\r\nHost: a:1\r\n") && asked.ends_with("\r\n\r\n{}"), "{asked}");
        }
        let (read, _) = ask(b"HTTP/1.0 404 x\r\n\r\nall of it", 3);
        assert_eq!(read.unwrap().body, b"all of it");
    }

    #[test]
    fn what_is_cut_or_too_long_is_none() {
        for answer in [
            &b""[..],
            b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfour",
            b"SSH-2.0-x\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551615\r\n\r\n",
        ] {
            assert!(ask(answer, 7).0.is_err(), "{}", String::from_utf8_lossy(answer));
        }
        let endless = [b"HTTP/1.1 200 OK\r\n".to_vec(), vec![b'x'; 100_000]].concat();
        assert!(ask(&endless, 4096).0.is_err());
    }
}
