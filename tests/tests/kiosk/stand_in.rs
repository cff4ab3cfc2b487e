//! Holds an appliance for one agent: the product's own desk, real signatures, the frames of the contract, TLS or not.
//! Never keeps anything on a medium. Called by the other files, which tell it when to misbehave.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `serve` | the server: calls, the socket, TLS |
//! | `hear` | what is answered to a frame |

mod hear;
mod serve;

use std::net::TcpListener;
use std::sync::atomic::{AtomicBool, AtomicUsize};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;

use data_encoding::{BASE64, HEXLOWER};
use ed25519_dalek::{Signer, SigningKey};
use embassy_time::Instant;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use vigie_core::kiosk::desk::{Action, Event, Settings, Told, Wanted};
use vigie_core::kiosk::lease::Lease;
use vigie_core::kiosk::session::Binding;
use vigie_core::kiosk::{Actor, Code, Desk, SessionId, StationId};
use vigie_tests::patience::eventually;

use self::serve::Tls;
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
                Action::Tell(told) | Action::TellSoon(told) => self.told.push(told),
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
        let tls = with_tls.then(|| Arc::new(Tls::new()));
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

    /// How many tokens are good no more.
    pub(crate) fn spent_tokens(&self) -> usize {
        self.inner().spent_tokens
    }
}
