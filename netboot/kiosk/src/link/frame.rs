//! Holds what agent and appliance say to each other over the socket: JSON texts on one side, types on the other.
//! Never believes a length: every text is cut and cleaned before it can reach a screen. Called by the link and the worker.

use data_encoding::{BASE64, BASE64_NOPAD, HEXLOWER};
use serde_json::{Value, json};
use vigie_core::kiosk::SessionId;
use vigie_core::kiosk::desk::{Beat, Done};
use vigie_core::kiosk::lease::MAX_SEALED_BYTES;

/// Longest frame either way, in bytes.
pub const MAX_FRAME_BYTES: usize = 16 * 1024;
/// Longest message from staff, in characters: it fits one screen.
const MAX_TEXT: usize = 600;
/// Longest name, in characters.
const MAX_NAME: usize = 60;

/// What the appliance says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// The socket is open and the token good.
    Connected {
        /// Which workstation this is.
        station: u32,
        /// What it is called.
        name: String,
        /// Language of the site.
        language: Option<String>,
    },
    /// The answer to a heartbeat.
    Lease {
        /// Signed; not looked at yet.
        sealed: Vec<u8>,
        /// From now on this token is to be used.
        rotate: Option<String>,
    },
    /// Ask now.
    Nudge,
    /// The code was right.
    SessionStarted {
        /// Which session.
        session: SessionId,
        /// What opens it again.
        ticket: Option<String>,
        /// Whose it is.
        person: Option<String>,
    },
    /// Time was changed.
    TimeAdded {
        /// By how many milliseconds.
        delta_ms: i64,
    },
    /// Something from staff that goes by.
    Warning(String),
    /// Something from staff that stays until it is read.
    Message {
        /// Its number; the same one is shown once.
        id: String,
        /// The text.
        text: String,
    },
    /// Something to do.
    Command {
        /// Its number.
        id: String,
        /// What.
        name: String,
    },
    /// Something asked for is refused.
    Error {
        /// The stable code of the problem.
        code: String,
        /// How long to wait.
        retry_after_ms: Option<u64>,
    },
    /// Nothing that changes anything here: the lease says it, or a newer appliance.
    Nothing,
}

/// Reads a frame; `None` when it is none.
#[must_use]
pub fn read(text: &str) -> Option<Heard> {
    if text.len() > MAX_FRAME_BYTES {
        return None;
    }
    let frame: Value = serde_json::from_str(text).ok()?;
    let data = frame.get("data").unwrap_or(&Value::Null);
    Some(match frame.get("type")?.as_str()? {
        "connection_established" => {
            let station = data.get("workstation")?;
            Heard::Connected {
                station: u32::try_from(number(station.get("id")?)?).ok()?,
                name: word(station.get("name"), MAX_NAME).unwrap_or_default(),
                language: word(data.get("language"), MAX_NAME),
            }
        }
        "lease" => {
            let text = data.get("sealed")?.as_str()?.as_bytes();
            let sealed = BASE64.decode(text).or_else(|_| BASE64_NOPAD.decode(text)).ok()?;
            if sealed.len() > MAX_SEALED_BYTES {
                return None;
            }
            Heard::Lease { sealed, rotate: data.get("rotate").and_then(token) }
        }
        "nudge" => Heard::Nudge,
        "session_started" => Heard::SessionStarted {
            session: SessionId(number(data.get("session")?)?),
            ticket: word(data.get("ticket"), 16),
            person: word(data.get("person"), MAX_NAME),
        },
        "time_added" => Heard::TimeAdded { delta_ms: data.get("delta_ms")?.as_i64()? },
        "warning" => Heard::Warning(word(data.get("text"), MAX_TEXT)?),
        "message" => Heard::Message { id: identifier(data.get("id")?)?, text: word(data.get("text"), MAX_TEXT)? },
        "command" => Heard::Command { id: identifier(data.get("id")?)?, name: word(data.get("name"), 16)? },
        "error" => Heard::Error {
            code: word(data.get("code"), 40)?,
            retry_after_ms: data.get("retry_after_ms").and_then(number),
        },
        _ => Heard::Nothing,
    })
}

/// A number, also one that was written as a text because JavaScript would round it.
fn number(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

/// A number or a short text that names something; given back as it came.
fn identifier(value: &Value) -> Option<String> {
    let text =
        value.as_str().map_or_else(|| value.as_u64().map(|number| number.to_string()), |text| Some(text.to_owned()));
    text.filter(|text| text.len() <= 64)
}

/// A text for a screen: no control characters, no marks that reorder or hide, and no more than `most` characters.
fn word(value: Option<&Value>, most: usize) -> Option<String> {
    let shown = |c: &char| {
        !(c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}'))
    };
    let text = value?.as_str()?.replace(['\n', '\t'], " ");
    Some(text.chars().filter(shown).take(most).collect())
}

/// A token as it may stand in a header.
pub(super) fn token(value: &Value) -> Option<String> {
    let text = value.as_str()?;
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._~+/=".contains(c);
    (!text.is_empty() && text.len() <= 512 && text.chars().all(plain)).then(|| text.to_owned())
}

fn frame(kind: &str, data: &Value) -> String {
    json!({ "type": kind, "data": data }).to_string()
}

/// A heartbeat: the question for a lease.
#[must_use]
pub fn heartbeat(beat: &Beat, screen: &str) -> String {
    let report = beat.report.as_ref().map(|report| {
        json!({
            "session": report.session.0,
            "epoch": report.epoch,
            "used_ms": report.used_ms,
            "warned": report.warned.0,
            "shown": report.shown.0,
            "ahead_ms": report.ahead_ms,
            "done": match report.done {
                Done::No => "no",
                Done::Ended => "ended",
                Done::Expired => "expired",
                Done::Wiped => "wiped",
            },
        })
    });
    frame(
        "heartbeat",
        &json!({
            "boot": HEXLOWER.encode(&beat.boot.0),
            "nonce": HEXLOWER.encode(&beat.nonce),
            "lease_seq": beat.lease_seq,
            "report": report,
            "screen": screen,
            "version": env!("CARGO_PKG_VERSION"),
        }),
    )
}

/// What a person typed; `question` makes a repetition the same question.
#[must_use]
pub fn validate_code(code: &str, question: u64) -> String {
    frame("validate_code", &json!({ "code": code, "question": question.to_string() }))
}

/// Something that happened here, in our own words.
#[must_use]
pub fn event(kind: &str, detail: &str) -> String {
    frame("event", &json!({ "kind": kind, "detail": detail.chars().take(64).collect::<String>() }))
}

/// The proof of a wipe, beside the heartbeat that says so.
#[must_use]
pub fn wipe_ack(session: SessionId, proof: &[u8; 32]) -> String {
    frame("wipe_ack", &json!({ "session": session.0, "proof": HEXLOWER.encode(proof) }))
}

/// A message was read.
#[must_use]
pub fn message_ack(id: &str) -> String {
    frame("message_ack", &json!({ "id": id }))
}

/// A command was carried out, or why not.
#[must_use]
pub fn command_result(id: &str, result: Result<(), &str>) -> String {
    frame("command_result", &json!({ "id": id, "ok": result.is_ok(), "detail": result.err() }))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use vigie_core::kiosk::BootId;
    use vigie_core::kiosk::desk::Report;
    use vigie_core::kiosk::warning::Warned;

    use super::*;

    #[test]
    fn what_the_appliance_says_is_read() {
        for (text, heard) in [
            (
                r#"{"type":"connection_established","data":{"workstation":{"id":3,"name":"Desk\u001b[2J 3","group":1},"server_version":"1","language":"fr"}}"#,
                Heard::Connected { station: 3, name: "Desk[2J 3".into(), language: Some("fr".into()) },
            ),
            (
                r#"{"type":"lease","data":{"sealed":"AQID","rotate":"abc.def"}}"#,
                Heard::Lease { sealed: vec![1, 2, 3], rotate: Some("abc.def".into()) },
            ),
            (r#"{"type":"nudge","data":{}}"#, Heard::Nudge),
            (r#"{"type":"nudge"}"#, Heard::Nudge),
            (
                r#"{"type":"session_started","data":{"session":"18446744073709551615","granted_ms":1,"remaining_ms":1,"ticket":"ABCD-EFGH","person":null}}"#,
                Heard::SessionStarted { session: SessionId(u64::MAX), ticket: Some("ABCD-EFGH".into()), person: None },
            ),
            (
                r#"{"type":"message","data":{"id":7,"text":"a\nb\u202e"}}"#,
                Heard::Message { id: "7".into(), text: "a b".into() },
            ),
            (
                r#"{"type":"error","data":{"code":"too_soon","retry_after_ms":30000,"title":"x"}}"#,
                Heard::Error { code: "too_soon".into(), retry_after_ms: Some(30_000) },
            ),
            (r#"{"type":"from_the_future","data":{"x":[]}}"#, Heard::Nothing),
        ] {
            assert_eq!(read(text), Some(heard), "{text}");
        }
    }

    #[test]
    fn what_is_no_frame_is_none() {
        let long = format!(r#"{{"type":"lease","data":{{"sealed":"{}"}}}}"#, "A".repeat(1_000));
        for text in
            ["", "[]", "{}", r#"{"type":1}"#, r#"{"type":"lease"}"#, r#"{"type":"lease","data":{"sealed":"*"}}"#, &long]
        {
            assert_eq!(read(text), None, "{text}");
        }
        let bad = r#"{"type":"lease","data":{"sealed":"AQID","rotate":"a\r\nX: y"}}"#;
        assert_eq!(read(bad), Some(Heard::Lease { sealed: vec![1, 2, 3], rotate: None }));
    }

    #[test]
    fn a_heartbeat_says_all_of_it() {
        let report = Report {
            session: SessionId(9),
            epoch: 1,
            used_ms: 61_000,
            warned: Warned(3),
            shown: Warned(1),
            ahead_ms: 12,
            done: Done::Expired,
        };
        let beat = Beat { boot: BootId([0xab; 16]), nonce: [1; 16], lease_seq: 4, report: Some(report) };
        let frame: Value = serde_json::from_str(&heartbeat(&beat, "running")).unwrap();
        let data = &frame["data"];
        assert_eq!(frame["type"], "heartbeat");
        assert_eq!(data["boot"], "abababababababababababababababab");
        assert_eq!(data["nonce"], "01010101010101010101010101010101");
        assert_eq!((&data["lease_seq"], &data["screen"]), (&json!(4), &json!("running")));
        let expected = json!({ "session": 9, "epoch": 1, "used_ms": 61_000, "warned": 3, "shown": 1, "ahead_ms": 12, "done": "expired" });
        assert_eq!(data["report"], expected);
        let silent: Value = serde_json::from_str(&heartbeat(&Beat { report: None, ..beat }, "locked")).unwrap();
        assert!(silent["data"]["report"].is_null());
    }

    proptest! {
        #[test]
        fn no_text_whatever_breaks_the_reader(text in ".{0,400}") {
            let _any_answer = read(&text);
            let frame = json!({ "type": "message", "data": { "id": "1", "text": text } }).to_string();
            if let Some(Heard::Message { text, .. }) = read(&frame) {
                prop_assert!(!text.chars().any(char::is_control));
            }
        }
    }
}
