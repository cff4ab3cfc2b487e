//! Holds the enrolment: the appliance's authority is met, a number is shown, staff approves it, a token comes.
//! Never sends a secret before the authority is the one that is wanted. Called by the link.

use std::io;

use data_encoding::HEXLOWER;
use serde_json::{Value, json};

use super::address::Address;
use super::stream::Stream;
use super::trust::{self, Fingerprint};
use super::{frame, http};
use crate::state::Identity;

/// Where every appliance gives its authority's certificate to whoever asks.
const AUTHORITY_PATH: &str = "/api/tls/ca.crt";
const ENROLMENT_PATH: &str = "/api/postes/enrolment";
const STATUS_PATH: &str = "/api/postes/enrolment/status";
/// The shortest and the longest pause between two questions, in milliseconds, whatever the appliance says.
const POLL_MS: std::ops::RangeInclusive<u64> = 500..=30_000;

/// Why it goes no further.
#[derive(Debug)]
pub(super) enum Failure {
    /// Nobody answers.
    Unreachable(io::Error),
    /// Somebody else answers.
    Stranger,
    /// It answers something else than an enrolment.
    Answer(u16),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        // What TLS finds wrong with a certificate comes as an error of reading.
        let is_tls =
            error.get_ref().is_some_and(|inner| inner.downcast_ref::<rustls::Error>().is_some_and(is_distrust));
        if is_tls { Self::Stranger } else { Self::Unreachable(error) }
    }
}

fn is_distrust(error: &rustls::Error) -> bool {
    matches!(error, rustls::Error::InvalidCertificate(_))
}

/// Meets the authority: its certificate in DER; `None` where there is no TLS.
pub(super) fn meet(server: &Address, pin: Option<&Fingerprint>) -> Result<Option<Vec<u8>>, Failure> {
    if !server.tls {
        // Whoever pins an authority does not want to speak to whoever answers.
        return if pin.is_some() { Err(Failure::Stranger) } else { Ok(None) };
    }
    let anybody = trust::anybody().map_err(io::Error::other)?;
    let mut stream = Stream::open(server, Some(anybody))?;
    let answer = http::call(&mut stream, &server.authority(), AUTHORITY_PATH, None)?;
    if answer.status != 200 {
        return Err(Failure::Answer(answer.status));
    }
    let authority = trust::read_pem(&String::from_utf8_lossy(&answer.body)).unwrap_or(answer.body);
    if pin.is_some_and(|pin| *pin != trust::fingerprint(&authority)) {
        return Err(Failure::Stranger);
    }
    // It must be a certificate, and the one that signed what we were shown: the next connection will find out.
    trust::only(&authority).map_err(|_| Failure::Stranger)?;
    Ok(Some(authority))
}

/// What the appliance made of the question.
#[derive(Debug)]
pub(super) struct Waiting {
    /// The number to show.
    pub(super) number: String,
    /// Pause between two questions, in milliseconds.
    pub(super) poll_ms: u64,
    /// Key of the leases, in hex.
    pub(super) key: String,
}

/// Asks to be enrolled; the same question gets the same number.
pub(super) fn ask(
    server: &Address,
    authority: Option<&[u8]>,
    question: &str,
    about: &About<'_>,
) -> Result<Waiting, Failure> {
    let body = json!({
        "mac": about.mac,
        "name": about.name,
        "boot": HEXLOWER.encode(&about.boot),
        "agent_version": env!("CARGO_PKG_VERSION"),
        "question": question,
    });
    let (status, answer) = post(server, authority, ENROLMENT_PATH, &body)?;
    if status != 202 && status != 200 {
        return Err(Failure::Answer(status));
    }
    let number = answer.get("number").and_then(Value::as_str).unwrap_or_default();
    let key = answer.get("key").and_then(Value::as_str).unwrap_or_default();
    let is_number = number.len() == 6 && number.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number || read_key(key).is_none() {
        return Err(Failure::Answer(status));
    }
    let poll_ms = answer.get("poll_ms").and_then(Value::as_u64).unwrap_or(2_000);
    let poll_ms = poll_ms.clamp(*POLL_MS.start(), *POLL_MS.end());
    Ok(Waiting { number: number.to_owned(), poll_ms, key: key.to_ascii_lowercase() })
}

/// What the appliance is told of this machine.
#[derive(Clone, Copy, Debug)]
pub(super) struct About<'a> {
    /// Address of the network card.
    pub(super) mac: &'a str,
    /// Name it would like.
    pub(super) name: &'a str,
    /// This boot.
    pub(super) boot: [u8; 16],
}

/// Where the enrolment stands.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// Nobody has decided.
    Waiting,
    /// Yes: number of the workstation, and what opens the socket.
    Approved(u32, String),
    /// No.
    Refused,
    /// The appliance does not know the question: it grew too old.
    Unknown,
}

/// Asks where it stands.
pub(super) fn status(server: &Address, authority: Option<&[u8]>, question: &str) -> Result<Standing, Failure> {
    let (status, answer) = post(server, authority, STATUS_PATH, &json!({ "question": question }))?;
    if status != 200 {
        return Err(Failure::Answer(status));
    }
    Ok(match answer.get("state").and_then(Value::as_str) {
        Some("waiting") => Standing::Waiting,
        Some("refused") => Standing::Refused,
        Some("approved") => {
            let station = answer.pointer("/workstation/id").and_then(Value::as_u64);
            let station = station.and_then(|id| u32::try_from(id).ok());
            match (station, answer.get("token").and_then(frame::token)) {
                (Some(station), Some(token)) => Standing::Approved(station, token),
                // Approved and not told any more: it was used already, so this is not the machine, or the answer was lost.
                _ => Standing::Unknown,
            }
        }
        _ => Standing::Unknown,
    })
}

fn post(server: &Address, authority: Option<&[u8]>, path: &str, body: &Value) -> Result<(u16, Value), Failure> {
    let tls = authority.map(trust::only).transpose().map_err(|_| Failure::Stranger)?;
    let mut stream = Stream::open(server, tls)?;
    let answer = http::call(&mut stream, &server.authority(), path, Some(&body.to_string()))?;
    Ok((answer.status, serde_json::from_slice(&answer.body).unwrap_or_default()))
}

/// The key of the leases from its hex digits.
#[must_use]
pub fn read_key(text: &str) -> Option<[u8; 32]> {
    data_encoding::HEXLOWER_PERMISSIVE.decode(text.as_bytes()).ok()?.try_into().ok()
}

/// A fresh identity for this server, with a question nobody can guess.
pub(super) fn fresh(server: &Address, authority: Option<&[u8]>) -> io::Result<Identity> {
    let question: [u8; 32] = vigie_sys::random::bytes()?;
    let ca = authority.map(|der| {
        let text = data_encoding::BASE64.encode(der);
        let lines: Vec<&str> =
            (0..text.len()).step_by(64).filter_map(|at| text.get(at..text.len().min(at + 64))).collect();
        format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
    });
    Ok(Identity {
        server: server.to_string(),
        question: HEXLOWER.encode(&question),
        key: String::new(),
        ca,
        station: 0,
        token: None,
        former: None,
    })
}
