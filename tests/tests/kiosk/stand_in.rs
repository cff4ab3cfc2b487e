//! Holds an appliance for one agent: the product's own desk, real signatures, the frames of the contract, TLS or not.
//! Never keeps anything on a medium. Called by the other files, which tell it when to misbehave.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;
use std::time::Duration;

use data_encoding::{BASE64, HEXLOWER};
use ed25519_dalek::{Signer, SigningKey};
use embassy_time::Instant;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tungstenite::{Message, WebSocket};
use vigie_core::kiosk::desk::{Action, Beat, Done, Event, Redeeming, Refusal, Report, Settings, Told, Wanted};
use vigie_core::kiosk::lease::Lease;
use vigie_core::kiosk::session::Binding;
use vigie_core::kiosk::warning::Warned;
use vigie_core::kiosk::{Actor, BootId, Code, Desk, SessionId, StationId};
use vigie_tests::patience::eventually;

use crate::seat::{APPLIANCE, PATIENCE, Seat};

const STATION: StationId = StationId(3);
const STAFF: Actor = Actor::Staff(1);
const PEPPER: [u8; 32] = [7; 32];
/// What opens the socket, until the second was used once.
const TOKENS: [&str; 2] = ["vigie-station.first", "vigie-station.second"];
/// Where it listens.
const PORT: u16 = 8443;

/// An appliance.
#[derive(Clone)]
pub(crate) struct StandIn {
    inner: Arc<Mutex<Inner>>,
    mischief: Arc<Mischief>,
    tls: Option<Arc<Tls>>,
}

/// What it does wrong.
#[derive(Default)]
pub(crate) struct Mischief {
    /// Answers no heartbeat.
    pub(crate) mute: AtomicBool,
    /// Before each good lease sends one that somebody else signed and one that was good before, both generous.
    pub(crate) forges: AtomicBool,
    /// Forged and old leases it sent.
    pub(crate) forged: AtomicUsize,
}

struct Tls {
    config: Arc<ServerConfig>,
    authority: Vec<u8>,
}

struct Inner {
    began: std::time::Instant,
    desk: Desk,
    told: Vec<Told>,
    key: SigningKey,
    question: Option<String>,
    approved: bool,
    codes: u64,
    heard: Vec<Value>,
    outbox: Vec<Value>,
    old_lease: Option<String>,
    /// How many tokens were told, and how many of them are good no more.
    told_tokens: usize,
    spent_tokens: usize,
}

impl Inner {
    fn now(&self) -> Instant {
        Instant::from_millis(1_000 + u64::try_from(self.began.elapsed().as_millis()).expect("a short test"))
    }

    /// Lets the desk do something; whoever is to be nudged is.
    fn with_desk<T>(&mut self, act: impl FnOnce(&mut Desk, Instant, &mut Vec<Action>) -> T) -> T {
        let (now, mut out) = (self.now(), Vec::new());
        self.desk.on(now, &mut out);
        let outcome = act(&mut self.desk, now, &mut out);
        for action in out {
            match action {
                Action::Nudge(_) => self.outbox.push(json!({ "type": "nudge", "data": {} })),
                Action::Tell(told) => self.told.push(told),
                _ => {}
            }
        }
        outcome
    }

    fn seal(&self, lease: &Lease) -> String {
        BASE64.encode(&lease.seal(|bytes| self.key.sign(bytes).to_bytes()))
    }
}

impl StandIn {
    /// An appliance at the other end of a seat's cable.
    pub(crate) fn start(seat: &Seat, with_tls: bool) -> Self {
        let mut desk = Desk::new(1, Settings::default());
        desk.enrol(Instant::from_millis(1), STATION, None, &mut Vec::new()).expect("room for one");
        let inner = Inner {
            began: std::time::Instant::now(),
            desk,
            told: Vec::new(),
            key: SigningKey::from_bytes(&[5; 32]),
            question: None,
            approved: false,
            codes: 0,
            heard: Vec::new(),
            outbox: Vec::new(),
            old_lease: None,
            told_tokens: 1,
            spent_tokens: 0,
        };
        let tls = with_tls.then(|| Arc::new(certificates()));
        let stand_in = Self { inner: Arc::new(Mutex::new(inner)), mischief: Arc::default(), tls };
        let listener = seat.at_appliance(|| TcpListener::bind((APPLIANCE, PORT)).expect("a free port"));
        let server = stand_in.clone();
        // The threads end with the test's process; each waits for one agent that is gone by then.
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let server = server.clone();
                thread::spawn(move || server.serve(stream));
            }
        });
        stand_in
    }

    /// Where it is.
    pub(crate) fn url(&self) -> String {
        format!("{}://{APPLIANCE}:{PORT}", if self.tls.is_some() { "https" } else { "http" })
    }

    /// Fingerprint of its authority, in hex.
    pub(crate) fn pin(&self) -> String {
        HEXLOWER.encode(&Sha256::digest(&self.tls.as_ref().expect("with TLS").authority))
    }

    pub(crate) fn mischief(&self) -> &Mischief {
        &self.mischief
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().expect("nobody panics with it")
    }

    /// Staff approves the number.
    pub(crate) fn approve(&self) {
        self.inner().approved = true;
    }

    /// Staff prints a code for so many milliseconds.
    pub(crate) fn code(&self, granted_ms: u64) -> (String, SessionId) {
        let mut inner = self.inner();
        inner.codes += 1;
        let bytes = inner.codes.to_be_bytes();
        let code = Code::from_random([0xa5, bytes[4], bytes[5], bytes[6], bytes[7]]);
        let wanted = Wanted {
            person: None,
            binding: Binding::default(),
            granted_ms,
            valid_ms: 3_600_000,
            past_closing: false,
            digits: false,
            code: code.digest(&PEPPER),
            day: None,
        };
        let id = inner.with_desk(|desk, now, out| desk.issue(now, STAFF, wanted, out)).expect("a code");
        (code.spell().to_string(), id)
    }

    /// Staff adds time.
    pub(crate) fn add(&self, id: SessionId, ms: i64) {
        let mut inner = self.inner();
        let changed = inner.with_desk(|desk, now, out| desk.add_time(now, STAFF, id, ms, out)).expect("it runs");
        let data = json!({ "session": id.0, "delta_ms": changed, "remaining_ms": 0 });
        inner.outbox.push(json!({ "type": "time_added", "data": data }));
    }

    /// Staff stops the time, lets it go on, or ends the session.
    pub(crate) fn suspend(&self, id: SessionId) {
        self.inner().with_desk(|desk, now, out| desk.suspend(now, STAFF, id, out)).expect("it runs");
    }

    /// See [`StandIn::suspend`].
    pub(crate) fn resume(&self, id: SessionId) {
        self.inner().with_desk(|desk, now, out| desk.resume(now, STAFF, id, out)).expect("it is suspended");
    }

    /// See [`StandIn::suspend`].
    pub(crate) fn end(&self, id: SessionId) {
        self.inner().with_desk(|desk, now, out| desk.end(now, STAFF, id, out)).expect("it is there");
    }

    /// Says something to the agent.
    pub(crate) fn say(&self, kind: &str, data: &Value) {
        self.inner().outbox.push(json!({ "type": kind, "data": data }));
    }

    /// Frames of this kind that the agent sent.
    pub(crate) fn heard(&self, kind: &str) -> Vec<Value> {
        self.inner().heard.iter().filter(|frame| frame["type"] == kind).map(|frame| frame["data"].clone()).collect()
    }

    /// Waits until the journal has this of a session.
    pub(crate) fn journal(&self, what: &str, is: impl Fn(&Event) -> bool) {
        eventually(what, PATIENCE, || {
            let mut inner = self.inner();
            inner.with_desk(|_, _, _| ());
            let events: Vec<Event> = inner.told.iter().map(|told| told.event).collect();
            if events.iter().any(&is) { Ok(()) } else { Err(format!("{events:?}")) }
        });
    }

    /// Warnings that were really shown, by their place among the thresholds.
    pub(crate) fn warnings(&self) -> Vec<u8> {
        let of = |told: &Told| match told.event {
            Event::WarningShown(place) => Some(place),
            _ => None,
        };
        self.inner().told.iter().filter_map(of).collect()
    }

    /// Milliseconds left of a session, by the desk.
    pub(crate) fn left_ms(&self, id: SessionId) -> Option<u64> {
        let inner = self.inner();
        inner.desk.session(id, inner.now()).map(|session| session.remaining_ms)
    }

    fn serve(&self, tcp: TcpStream) {
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

    /// How many tokens are good no more.
    pub(crate) fn spent_tokens(&self) -> usize {
        self.inner().spent_tokens
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

    fn hear(&self, frame: &Value) -> Vec<Value> {
        let mut inner = self.inner();
        inner.heard.push(frame.clone());
        let data = &frame["data"];
        match frame["type"].as_str().expect("a kind") {
            "heartbeat" if self.mischief.mute.load(Ordering::Relaxed) => Vec::new(),
            "heartbeat" => {
                let beat = read_beat(data);
                let lease = inner.with_desk(|desk, now, out| desk.beat(now, STATION, &beat, out)).expect("enrolled");
                let sealed = inner.seal(&lease);
                let frame = |sealed: &str| json!({ "type": "lease", "data": { "sealed": sealed } });
                let mut answers = Vec::new();
                if self.mischief.forges.load(Ordering::Relaxed) {
                    answers.push(frame(&forged(&lease)));
                    answers.extend(inner.old_lease.as_deref().map(frame));
                    self.mischief.forged.fetch_add(answers.len(), Ordering::Relaxed);
                }
                if lease.session.is_some() {
                    inner.old_lease = Some(sealed.clone());
                }
                let mut answer = frame(&sealed);
                if inner.told_tokens < TOKENS.len() {
                    answer["data"]["rotate"] = json!(TOKENS[inner.told_tokens]);
                    inner.told_tokens += 1;
                }
                answers.push(answer);
                answers
            }
            "validate_code" => vec![redeem(&mut inner, data)],
            _ => Vec::new(),
        }
    }
}

/// A lease for an hour of anything, signed by somebody else.
fn forged(lease: &Lease) -> String {
    let stranger = SigningKey::from_bytes(&[6; 32]);
    let generous = Lease {
        order: vigie_core::kiosk::lease::Order::Run,
        session: lease.session.or(Some(SessionId(99))),
        seq: lease.seq + 1_000,
        granted_ms: 3_600_000,
        used_ms: 0,
        max_offline_ms: 3_600_000,
        ..*lease
    };
    BASE64.encode(&generous.seal(|bytes| stranger.sign(bytes).to_bytes()))
}

fn redeem(inner: &mut Inner, data: &Value) -> Value {
    let boot = inner.heard.iter().rev().find_map(|frame| frame["data"]["boot"].as_str()).map(read_16);
    inner.codes += 1;
    let ticket = Code::from_random([0x5a, 0, 0, 0, u8::try_from(inner.codes).expect("few codes")]);
    let typed = Redeeming {
        station: STATION,
        boot: BootId(boot.expect("a heartbeat came first")),
        digest: data["code"].as_str().and_then(Code::parse).map(|code| code.digest(&PEPPER)),
        ticket: ticket.digest(&PEPPER),
        open_ms: None,
        question: data["question"].as_str().expect("a decimal text").parse().expect("a number"),
        day: None,
    };
    match inner.with_desk(|desk, now, out| desk.redeem(now, typed, out)) {
        Ok(session) => {
            let data = json!({ "session": session.0, "granted_ms": 0, "remaining_ms": 0, "ticket": ticket.spell().as_str(), "person": "Ada" });
            json!({ "type": "session_started", "data": data })
        }
        Err(refusal) => {
            let (code, wait) = match refusal {
                Refusal::WrongCode => ("wrong_code", None),
                Refusal::TooSoon(wait) => ("too_soon", Some(wait.as_millis())),
                Refusal::NotFree(_) => ("not_free", None),
                other => panic!("{other:?}"),
            };
            json!({ "type": "error", "data": { "code": code, "status": 409, "title": code, "retry_after_ms": wait } })
        }
    }
}

fn read_16(hex: &str) -> [u8; 16] {
    HEXLOWER.decode(hex.as_bytes()).expect("hex digits").try_into().expect("sixteen bytes")
}

fn read_beat(data: &Value) -> Beat {
    let number = |value: &Value| value.as_u64().expect("a number");
    let report = data["report"].as_object().map(|_| {
        let report = &data["report"];
        let bits = |value: &Value| Warned(u8::try_from(number(value)).expect("five bits"));
        Report {
            session: SessionId(number(&report["session"])),
            epoch: u16::try_from(number(&report["epoch"])).expect("few epochs"),
            used_ms: number(&report["used_ms"]),
            warned: bits(&report["warned"]),
            shown: bits(&report["shown"]),
            ahead_ms: u32::try_from(number(&report["ahead_ms"])).expect("a round trip"),
            done: match report["done"].as_str().expect("a word") {
                "no" => Done::No,
                "ended" => Done::Ended,
                "expired" => Done::Expired,
                "wiped" => Done::Wiped,
                other => panic!("{other}"),
            },
        }
    });
    Beat {
        boot: BootId(read_16(data["boot"].as_str().expect("a boot"))),
        nonce: read_16(data["nonce"].as_str().expect("a nonce")),
        lease_seq: u32::try_from(number(&data["lease_seq"])).expect("few leases"),
        report,
    }
}

fn certificates() -> Tls {
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
    Tls { config: Arc::new(config), authority }
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
