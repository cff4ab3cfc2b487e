//! Holds the stand-in's server: calls and the socket, over TLS or not, one thread a connection.
//! Never decides what is answered to a frame. The stand-in starts it.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use data_encoding::HEXLOWER;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::{Value, json};
use tungstenite::{Message, WebSocket};

use super::{STATION, StandIn, TOKENS};

/// What it shows over TLS.
pub(super) struct Tls {
    config: Arc<ServerConfig>,
    /// The certificate of its authority.
    pub(super) authority: Vec<u8>,
}

impl StandIn {
    /// Serves one connection, until either side ends it.
    pub(super) fn serve(&self, tcp: TcpStream) {
        // Short, so that what is to be said does not wait for what is heard.
        tcp.set_read_timeout(Some(Duration::from_millis(50))).expect("a time can be set");
        match &self.tls {
            None => self.answer(tcp),
            Some(tls) => {
                let session = ServerConnection::new(tls.config.clone()).expect("a good configuration");
                self.answer(StreamOwned::new(session, tcp));
            }
        }
    }

    fn answer(&self, mut stream: impl Read + Write) {
        let Some(head) = read_until_blank(&mut stream) else { return };
        let text = String::from_utf8_lossy(&head).into_owned();
        let path = text.split(' ').nth(1).unwrap_or_default().to_owned();
        if path == "/ws/sessions/" {
            // Names of fields are the same in any case.
            if self.opens(&text.to_ascii_lowercase()) {
                let whole = Prefixed { before: io::Cursor::new(head), stream };
                if let Ok(socket) = accept(whole) {
                    self.speak(socket);
                }
            } else {
                let _gone = stream.write_all(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n");
            }
            return;
        }
        let length = text.lines().find_map(|line| line.strip_prefix("Content-Length: ")?.trim().parse().ok());
        let body = read_exactly(&mut stream, length.unwrap_or(0)).unwrap_or_default();
        let question: Value = serde_json::from_slice(&body).unwrap_or_default();
        let (status, body) = self.call(&path, &question);
        let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
        let _gone = stream.write_all(&[head.into_bytes(), body].concat()).and_then(|()| stream.flush());
    }

    /// Whether a request shows a token that is good; the use of a new one ends the one before.
    fn opens(&self, head: &str) -> bool {
        let mut inner = self.inner();
        let shows = |token: &&str| head.contains(&format!("authorization: bearer {token}"));
        let good = TOKENS[..inner.told_tokens].iter().position(shows).filter(|place| *place >= inner.spent_tokens);
        inner.spent_tokens = good.unwrap_or(inner.spent_tokens);
        good.is_some()
    }

    fn call(&self, path: &str, question: &Value) -> (&'static str, Vec<u8>) {
        let mut inner = self.inner();
        let asked = question["question"].as_str().map(str::to_owned);
        let answer = match path {
            "/api/tls/ca.crt" => {
                return ("200 OK", self.tls.as_ref().map(|tls| tls.authority.clone()).unwrap_or_default());
            }
            "/api/postes/enrolment" => {
                inner.question = asked;
                let key = HEXLOWER.encode(inner.key.verifying_key().as_bytes());
                json!({ "number": "428173", "poll_ms": 500, "key": key, "ca": null })
            }
            "/api/postes/enrolment/status" if inner.question == asked && inner.approved => {
                let workstation = json!({ "id": STATION.0, "name": "Desk 3", "group": null });
                json!({ "state": "approved", "workstation": workstation, "token": TOKENS[0] })
            }
            "/api/postes/enrolment/status" if inner.question == asked => {
                json!({ "state": "waiting", "number": "428173" })
            }
            _ => return ("404 Not Found", Vec::new()),
        };
        (if path.ends_with("status") { "200 OK" } else { "202 Accepted" }, answer.to_string().into_bytes())
    }

    fn speak<S: Read + Write>(&self, mut socket: WebSocket<S>) {
        let workstation = json!({ "id": STATION.0, "name": "Desk 3", "group": null });
        let data = json!({ "workstation": workstation, "server_version": "0", "language": "en" });
        let hello = json!({ "type": "connection_established", "data": data });
        if socket.send(Message::text(hello.to_string())).is_err() {
            return;
        }
        loop {
            let said = std::mem::take(&mut self.inner().outbox);
            for frame in said {
                if socket.send(Message::text(frame.to_string())).is_err() {
                    return;
                }
            }
            match socket.read() {
                Ok(Message::Text(text)) => {
                    let frame: Value = serde_json::from_str(&text).expect("the agent speaks JSON");
                    for answer in self.hear(&frame) {
                        if socket.send(Message::text(answer.to_string())).is_err() {
                            return;
                        }
                    }
                }
                Ok(_) => {}
                Err(tungstenite::Error::Io(error)) if is_nothing_yet(&error) => {}
                Err(_) => return,
            }
        }
    }
}

impl Tls {
    /// An authority and a certificate of it, new ones.
    pub(super) fn new() -> Self {
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::new(Vec::new()).expect("no names");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = params.self_signed(&key).expect("a certificate").der().to_vec();
        let issuer = Issuer::new(params, key);
        let key = KeyPair::generate().expect("a key");
        let params = CertificateParams::new(vec!["vigie".to_owned()]).expect("a name");
        let certificate = params.signed_by(&key, &issuer).expect("a certificate");
        let secret = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], secret)
            .expect("a good pair");
        Self { config: Arc::new(config), authority }
    }
}

fn is_nothing_yet(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut)
}

/// The head of a request, to the blank line.
fn read_until_blank(stream: &mut impl Read) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    while !bytes.ends_with(b"\r\n\r\n") {
        bytes.extend(read_exactly(stream, 1)?);
    }
    Some(bytes)
}

fn read_exactly(stream: &mut impl Read, count: usize) -> Option<Vec<u8>> {
    let mut bytes = vec![0; count];
    let mut read = 0;
    let began = std::time::Instant::now();
    while read < count {
        match stream.read(&mut bytes[read..]) {
            Ok(0) => return None,
            Ok(more) => read += more,
            Err(error) if is_nothing_yet(&error) && began.elapsed() < Duration::from_secs(20) => {}
            Err(_) => return None,
        }
    }
    Some(bytes)
}

/// A stream of which the beginning was read already.
struct Prefixed<S> {
    before: io::Cursor<Vec<u8>>,
    stream: S,
}

impl<S: Read> Read for Prefixed<S> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        match self.before.read(bytes)? {
            0 => self.stream.read(bytes),
            count => Ok(count),
        }
    }
}

impl<S: Write> Write for Prefixed<S> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stream.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

fn accept<S: Read + Write>(stream: Prefixed<S>) -> Result<WebSocket<Prefixed<S>>, ()> {
    tungstenite::accept(stream).map_err(|_| ())
}
