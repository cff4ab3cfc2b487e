//! Holds a client that writes bytes and reads answers, and a service for it to speak to.
//! Never sets a field by itself. Called by the other files.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::{Value, json};
use vigie_tests::api::{ADMIN, PASSWORD};
use vigie_tests::appliance::{Appliance, Home};
use vigie_tests::lab::{Lab, Rights};

/// Where the service listens.
pub(crate) const TARGET: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);

/// Longer than any limit of the server: an answer that takes longer does not come.
const PATIENCE: Duration = Duration::from_secs(30);

/// Asks for something that is not there and ends the connection; its 404 says that the server was still in step.
pub(crate) const LAST: &[u8] = b"GET /last HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

/// One answer.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    pub(crate) fn code(&self) -> String {
        let body: Value = serde_json::from_slice(&self.body).unwrap_or_default();
        body["code"].as_str().unwrap_or_default().to_owned()
    }
}

/// Runs a test against a service that is set up, in a place with a loopback and nothing else. It must still serve at the end.
pub(crate) fn with_service(test: impl FnOnce(&Lab, &Home, &Appliance<'_>) + Send) {
    let lab = Lab::bare();
    let home = Home::new(Rights::User, "");
    home.set_up(&lab);
    let appliance = home.start(&lab);
    test(&lab, &home, &appliance);
    appliance.assert_serves();
    let log = home.log();
    assert!(!log.contains("panicked"), "{log}");
    appliance.stop();
}

/// A fresh access token of the administrator.
pub(crate) fn token(appliance: &Appliance<'_>) -> String {
    let answer = appliance.api.send("POST", "/api/token", &json!({ "username": ADMIN, "password": PASSWORD }));
    answer["access"].as_str().expect("a token").to_owned()
}

pub(crate) fn connect() -> TcpStream {
    let stream = TcpStream::connect(TARGET).expect("the service listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("a time can be set");
    stream.set_write_timeout(Some(PATIENCE)).expect("a time can be set");
    stream.set_nodelay(true).expect("an option can be set");
    stream
}

/// Says this on a connection of its own and reads until the server ends it.
pub(crate) fn say(bytes: &[u8]) -> Vec<Answer> {
    let mut stream = connect();
    // A server that has seen enough hangs up while we speak.
    let _hung_up = stream.write_all(bytes);
    read_to_end(&mut stream)
}

/// The statuses of the answers to this, said on a connection of its own with [`LAST`] after it.
pub(crate) fn statuses(bytes: &[u8]) -> Vec<u16> {
    say(&[bytes, LAST].concat()).iter().map(|answer| answer.status).collect()
}

/// One request that ends its connection; the one answer.
pub(crate) fn ask(line: &str, fields: &str, body: &[u8]) -> Answer {
    let names_host = fields.lines().any(|line| line.to_ascii_lowercase().starts_with("host:"));
    let host = if names_host { "" } else { "Host: localhost:8080\r\n" };
    let length = if body.is_empty() { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
    let head = format!("{line} HTTP/1.1\r\n{host}{fields}{length}Connection: close\r\n\r\n");
    let mut answers = say(&[head.as_bytes(), body].concat());
    assert_eq!(answers.len(), 1, "{line} {fields}: {answers:?}");
    answers.remove(0)
}

/// Reads until the server ends the connection, and splits what came into answers.
pub(crate) fn read_to_end(stream: &mut TcpStream) -> Vec<Answer> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 16 * 1024];
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => bytes.extend_from_slice(&buffer[..count]),
            // What was not read when the server closed resets the connection; what it had said is here by then.
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => break,
            Err(error) => panic!("{error} after {:?}", String::from_utf8_lossy(&bytes)),
        }
    }
    split(&bytes)
}

fn split(mut bytes: &[u8]) -> Vec<Answer> {
    let mut answers = Vec::new();
    while !bytes.is_empty() {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n");
        let end = end.unwrap_or_else(|| panic!("half a head: {:?}", String::from_utf8_lossy(bytes)));
        let head = String::from_utf8(bytes[..end].to_vec()).expect("a head is text");
        bytes = &bytes[end + 4..];
        let status =
            head.get(9..12).and_then(|digits| digits.parse().ok()).unwrap_or_else(|| panic!("no status: {head}"));
        let mut answer = Answer { status, head, body: Vec::new() };
        let length: usize = answer.field("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
        if answer.field("transfer-encoding").is_some() {
            (answer.body, bytes) = join_chunks(bytes);
        } else {
            let (body, rest) = bytes.split_at(length.min(bytes.len()));
            (answer.body, bytes) = (body.to_vec(), rest);
        }
        answers.push(answer);
    }
    answers
}

/// A body in chunks, and what comes after it.
fn join_chunks(mut bytes: &[u8]) -> (Vec<u8>, &[u8]) {
    let mut body = Vec::new();
    loop {
        let end = bytes.windows(2).position(|two| two == b"\r\n").expect("a chunk has a size");
        let size = std::str::from_utf8(&bytes[..end]).ok().and_then(|size| usize::from_str_radix(size, 16).ok());
        let size = size.expect("a chunk has a size");
        body.extend_from_slice(&bytes[end + 2..end + 2 + size]);
        bytes = &bytes[end + 4 + size..];
        if size == 0 {
            return (body, bytes);
        }
    }
}

/// Reads the head of an answer that does not end.
pub(crate) fn read_head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).expect("the head of an answer");
        head.push(byte[0]);
    }
    String::from_utf8(head).expect("a head is text")
}
