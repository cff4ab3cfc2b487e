//! Holds the answers of finished requests that carried an `Idempotency-Key`, so that a retry does nothing twice.
//! It never keeps them on the card, nor longer than ten minutes, nor for anybody but the account that asked.
//! The dispatcher asks it before and tells it after.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use hyper::header::{CONTENT_TYPE, ETAG, HeaderMap, HeaderName, HeaderValue, LOCATION};
use hyper::{Response, StatusCode};
use sha2::{Digest, Sha256};

use super::body::Payload;
use super::problem::{Problem, faults};

/// How long a retry may come later: longer than any client's patience.
const LIFE: Duration = Duration::from_secs(10 * 60);

/// Requests remembered; the oldest finished one makes room.
const MAX_ENTRIES: usize = 128;

/// Largest answer kept; one larger is given once, and a retry is told it was done.
const MAX_ANSWER_BYTES: usize = 8 * 1024;

/// Longest key read, in bytes; a UUID has 36.
const MAX_KEY_BYTES: usize = 128;

/// The field (draft-ietf-httpapi-idempotency-key-header).
const FIELD: HeaderName = HeaderName::from_static("idempotency-key");

/// Fields of an answer that are kept with it.
const KEPT_FIELDS: [HeaderName; 3] = [CONTENT_TYPE, LOCATION, ETAG];

struct Entry {
    /// Hash of account, method, path and key.
    place: [u8; 32],
    /// Hash of the body.
    content: [u8; 32],
    since: Duration,
    answer: Option<(StatusCode, HeaderMap, Bytes)>,
}

/// Whose a key is: two callers may draw the same one.
#[derive(Clone, Copy)]
pub struct Owner<'c> {
    /// The account; 0 for a workstation.
    pub account: u32,
    /// The workstation, if it is one.
    pub station: &'c str,
    /// How it is asked.
    pub method: &'c str,
    /// Where.
    pub path: &'c str,
}

/// What to do with a request.
pub enum Retry {
    /// It carries no key.
    None,
    /// First time seen: carry it out and settle the ticket.
    First(Ticket),
    /// Done before: here is the answer.
    Again(Response<Payload>),
}

/// The place of a request that is being carried out. Whoever holds it settles it, or forgets it if that fails.
pub struct Ticket([u8; 32]);

impl Ticket {
    /// The same place, for whoever cleans up when its holder dies.
    #[must_use]
    pub fn again(&self) -> Self {
        Self(self.0)
    }
}

/// The memory of answers.
#[derive(Default)]
pub struct Retries {
    entries: Mutex<Vec<Entry>>,
}

impl Retries {
    /// Looks a request up.
    ///
    /// # Errors
    /// `idempotency_key_reused` for another body, `in_progress` while the first is being carried out, `bad_parameter`
    /// for a key that is not 1 to 128 visible characters, `too_many` when all places are being carried out.
    pub fn begin(&self, now: Duration, headers: &HeaderMap, owner: Owner<'_>, body: &[u8]) -> Result<Retry, Problem> {
        let Some(key) = headers.get(FIELD) else { return Ok(Retry::None) };
        if key.is_empty() || key.len() > MAX_KEY_BYTES || key.to_str().is_err() {
            return Err(Problem::from(&faults::BAD_PARAMETER).with("name", "Idempotency-Key"));
        }
        let place: [u8; 32] = Sha256::new()
            .chain_update(owner.account.to_be_bytes())
            .chain_update(owner.station)
            .chain_update([0])
            .chain_update(owner.method)
            .chain_update([0])
            .chain_update(owner.path)
            .chain_update([0])
            .chain_update(key.as_bytes())
            .finalize()
            .into();
        let content: [u8; 32] = Sha256::digest(body).into();
        let mut entries = self.entries();
        entries.retain(|entry| now.saturating_sub(entry.since) < LIFE);
        if let Some(entry) = entries.iter().find(|entry| entry.place == place) {
            if entry.content != content {
                return Err((&faults::KEY_REUSED).into());
            }
            return match &entry.answer {
                None => Err((&faults::IN_PROGRESS).into()),
                Some((status, fields, bytes)) => {
                    let mut response = Response::new(Payload::whole(bytes.clone()));
                    *response.status_mut() = *status;
                    *response.headers_mut() = fields.clone();
                    Ok(Retry::Again(response))
                }
            };
        }
        if entries.len() >= MAX_ENTRIES {
            let finished = entries.iter().position(|entry| entry.answer.is_some());
            entries.remove(finished.ok_or_else(|| Problem::from(&faults::TOO_MANY))?);
        }
        entries.push(Entry { place, content, since: now, answer: None });
        Ok(Retry::First(Ticket(place)))
    }

    /// Remembers the answer of a request. One that failed on our side is forgotten, so that a retry may succeed.
    pub fn settle(&self, ticket: &Ticket, response: &Response<Payload>) {
        let mut entries = self.entries();
        let Some(at) = entries.iter().position(|entry| entry.place == ticket.0) else { return };
        let (status, whole) = (response.status(), response.body().as_whole());
        let (Some(whole), false) = (whole, status.is_server_error()) else {
            entries.remove(at);
            return;
        };
        let mut fields = HeaderMap::new();
        for name in KEPT_FIELDS {
            if let Some(value) = response.headers().get(&name) {
                fields.insert(name, value.clone());
            }
        }
        fields.insert(HeaderName::from_static("idempotency-replayed"), HeaderValue::from_static("true"));
        let short = whole.len() <= MAX_ANSWER_BYTES;
        let answer = if short {
            (status, fields, Bytes::copy_from_slice(whole))
        } else {
            (StatusCode::NO_CONTENT, HeaderMap::new(), Bytes::new())
        };
        if let Some(entry) = entries.get_mut(at) {
            entry.answer = Some(answer);
        }
    }

    /// Forgets a request that was not carried through.
    pub fn forget(&self, ticket: &Ticket) {
        self.entries().retain(|entry| entry.place != ticket.0);
    }

    fn entries(&self) -> MutexGuard<'_, Vec<Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWNER: Owner<'_> = Owner { account: 1, station: "", method: "POST", path: "/api/things" };

    fn keyed(key: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(FIELD, HeaderValue::from_str(key).unwrap());
        headers
    }

    fn first(retries: &Retries, now: Duration, key: &str) -> Ticket {
        match retries.begin(now, &keyed(key), OWNER, b"{}") {
            Ok(Retry::First(ticket)) => ticket,
            _ => panic!("not the first"),
        }
    }

    fn created(text: &'static str) -> Response<Payload> {
        let mut response = Response::new(Payload::whole(Bytes::from_static(text.as_bytes())));
        *response.status_mut() = StatusCode::CREATED;
        response
    }

    #[test]
    fn a_retry_gets_the_first_answer_until_it_is_too_old() {
        let retries = Retries::default();
        let ticket = first(&retries, Duration::ZERO, "k");
        let code = |outcome: Result<Retry, Problem>| outcome.err().map(|problem| problem.code());
        assert_eq!(code(retries.begin(Duration::ZERO, &keyed("k"), OWNER, b"{}")), Some("in_progress"));
        retries.settle(&ticket, &created("one"));
        let Ok(Retry::Again(again)) = retries.begin(Duration::ZERO, &keyed("k"), OWNER, b"{}") else { panic!("again") };
        assert_eq!((again.status(), again.body().as_whole()), (StatusCode::CREATED, Some(&b"one"[..])));
        assert_eq!(code(retries.begin(Duration::ZERO, &keyed("k"), OWNER, b"{1}")), Some("idempotency_key_reused"));
        for other in [Owner { account: 2, ..OWNER }, Owner { station: "7", ..OWNER }] {
            assert!(matches!(retries.begin(Duration::ZERO, &keyed("k"), other, b"{}"), Ok(Retry::First(_))));
        }
        first(&retries, LIFE, "k");
    }

    #[test]
    fn a_failure_of_ours_may_be_tried_again() {
        let retries = Retries::default();
        let ticket = first(&retries, Duration::ZERO, "k");
        let mut failed = created("");
        *failed.status_mut() = StatusCode::INSUFFICIENT_STORAGE;
        retries.settle(&ticket, &failed);
        first(&retries, Duration::ZERO, "k");
    }

    #[test]
    fn the_memory_is_bounded_and_never_drops_what_is_under_way() {
        let retries = Retries::default();
        let kept = first(&retries, Duration::ZERO, "kept");
        for n in 0..1_000 {
            let ticket = first(&retries, Duration::ZERO, &n.to_string());
            retries.settle(&ticket, &created("x"));
        }
        assert_eq!(retries.entries().len(), MAX_ENTRIES);
        assert!(
            matches!(retries.begin(Duration::ZERO, &keyed("kept"), OWNER, b"{}"), Err(p) if p.code() == "in_progress")
        );
        retries.forget(&kept);
        first(&retries, Duration::ZERO, "kept");
    }

    #[test]
    fn keys_have_a_shape() {
        let retries = Retries::default();
        assert!(matches!(retries.begin(Duration::ZERO, &HeaderMap::new(), OWNER, b""), Ok(Retry::None)));
        for bad in ["", &"x".repeat(129)] {
            assert!(retries.begin(Duration::ZERO, &keyed(bad), OWNER, b"").is_err());
        }
    }
}
