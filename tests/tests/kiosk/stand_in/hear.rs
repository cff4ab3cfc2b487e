//! Holds what the stand-in answers to an agent's frames: leases, good and forged, and codes.
//! Never takes a time from the agent: the desk counts. The stand-in's server calls it.

use std::sync::atomic::Ordering;

use data_encoding::{BASE64, HEXLOWER};
use ed25519_dalek::{Signer, SigningKey};
use serde_json::{Value, json};
use vigie_core::kiosk::desk::{Beat, Done, Redeeming, Refusal, Report};
use vigie_core::kiosk::lease::Lease;
use vigie_core::kiosk::warning::Warned;
use vigie_core::kiosk::{BootId, Code, SessionId};

use super::{Inner, PEPPER, STATION, StandIn, TOKENS};

impl StandIn {
    pub(super) fn hear(&self, frame: &Value) -> Vec<Value> {
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
