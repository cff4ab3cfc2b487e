//! Holds what a socket may be told, read from text frames `{"type": …, "data": {…}}`.
//! Never does anything: it reads, or says why not. Frames come from the network; the fuzzer feeds this too.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use vigie_core::kiosk::{SessionId, StationId};

use crate::accounts::secret::Secret;
use crate::api::kiosk::acts::Typed;
use crate::api::kiosk::beat::{BeatFrame, bad_frame, hex, number, number_or_none};
use crate::http::problem::Problem;
use crate::shell::kiosk::Happening;

/// Longest name of a frame that is repeated in an error.
const MAX_KIND_CHARS: usize = 24;

/// What a client says.
#[derive(Debug)]
pub(in crate::api::kiosk) enum Said {
    /// Who it is; the first frame of a socket that was opened without a token.
    Authenticate(Secret),
    /// An agent's regular word.
    Heartbeat(BeatFrame),
    /// A person typed a code; an agent numbers its tries, staff says where.
    ValidateCode(Typed),
    /// Staff starts a session without its code.
    StartSession {
        /// Which.
        session: SessionId,
        /// Where, if not where its code is for.
        station: Option<StationId>,
    },
    /// How much is left?
    GetTime(Option<SessionId>),
    /// Something happened at the workstation.
    Event(Happening, String),
    /// What was looked at after a wipe.
    WipeAck {
        /// Whose.
        session: SessionId,
        /// Hashed with the nonce of the beat.
        proof: [u8; 32],
    },
    /// What became of a command.
    CommandResult {
        /// Its number.
        id: u64,
        /// Whether it worked.
        ok: bool,
        /// The agent's words.
        detail: String,
    },
    /// A message was taken.
    MessageAck(u64),
}

impl Said {
    /// Its name on the wire.
    pub(in crate::api::kiosk) const fn kind(&self) -> &'static str {
        match self {
            Self::Authenticate(_) => "authenticate",
            Self::Heartbeat(_) => "heartbeat",
            Self::ValidateCode(_) => "validate_code",
            Self::StartSession { .. } => "start_session",
            Self::GetTime(_) => "get_time",
            Self::Event(..) => "event",
            Self::WipeAck { .. } => "wipe_ack",
            Self::CommandResult { .. } => "command_result",
            Self::MessageAck(_) => "message_ack",
        }
    }
}

#[derive(Deserialize)]
struct Envelope {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    data: Value,
}

#[derive(Deserialize)]
struct Authenticate {
    token: Secret,
}

#[derive(Deserialize)]
struct ValidateCode {
    code: Secret,
    #[serde(default)]
    workstation: Option<u32>,
    #[serde(default)]
    ip: Option<String>,
    #[serde(default, deserialize_with = "number_or_none")]
    question: Option<u64>,
}

#[derive(Deserialize)]
struct StartSession {
    #[serde(deserialize_with = "number")]
    session: u64,
    #[serde(default)]
    workstation: Option<u32>,
}

#[derive(Deserialize)]
struct GetTime {
    #[serde(default)]
    session: Option<u64>,
}

#[derive(Deserialize)]
struct Event {
    kind: String,
    #[serde(default)]
    detail: Option<String>,
}

#[derive(Deserialize)]
struct WipeAck {
    #[serde(deserialize_with = "number")]
    session: u64,
    proof: String,
}

#[derive(Deserialize)]
struct CommandResult {
    #[serde(deserialize_with = "number")]
    id: u64,
    ok: bool,
    #[serde(default)]
    detail: Option<String>,
}

#[derive(Deserialize)]
struct MessageAck {
    #[serde(deserialize_with = "number")]
    id: u64,
}

/// Reads a frame.
///
/// # Errors
/// `bad_frame` with what is wrong; the words never hold a value of a secret.
pub(in crate::api::kiosk) fn read(text: &str) -> Result<Said, Problem> {
    let Envelope { kind, data } = serde_json::from_str(text).map_err(|error| bad_frame(plain(&error)))?;
    let data = if data.is_null() { Value::Object(serde_json::Map::new()) } else { data };
    Ok(match kind.as_str() {
        "authenticate" => Said::Authenticate(part::<Authenticate>(data)?.token),
        "heartbeat" => Said::Heartbeat(part(data)?),
        "validate_code" => {
            let ValidateCode { code, workstation, ip, question } = part(data)?;
            Said::ValidateCode(Typed { code, workstation, ip, question })
        }
        "start_session" => {
            let StartSession { session, workstation } = part(data)?;
            Said::StartSession { session: SessionId(session), station: workstation.map(StationId) }
        }
        "get_time" => Said::GetTime(part::<GetTime>(data)?.session.map(SessionId)),
        "event" => {
            let Event { kind, detail } = part(data)?;
            let happening = match kind.as_str() {
                "wipe_failed" => Happening::WipeFailed,
                "program_failed" => Happening::ProgramFailed,
                "agent_started" => Happening::Started,
                _ => return Err(bad_frame("this kind of event is not known")),
            };
            Said::Event(happening, detail.unwrap_or_default())
        }
        "wipe_ack" => {
            let WipeAck { session, proof } = part(data)?;
            Said::WipeAck { session: SessionId(session), proof: hex(&proof, "/proof")? }
        }
        "command_result" => {
            let CommandResult { id, ok, detail } = part(data)?;
            Said::CommandResult { id, ok, detail: detail.unwrap_or_default() }
        }
        "message_ack" => Said::MessageAck(part::<MessageAck>(data)?.id),
        other => {
            let name: String = other.chars().take(MAX_KIND_CHARS).collect();
            return Err(bad_frame(format!("“{name}” is not known")));
        }
    })
}

fn part<T: DeserializeOwned>(data: Value) -> Result<T, Problem> {
    if !data.is_object() {
        return Err(bad_frame("“data” must be an object"));
    }
    serde_json::from_value(data).map_err(|error| bad_frame(plain(&error)))
}

/// What serde says without what the client said: it names fields and kinds, and would repeat a value.
fn plain(error: &serde_json::Error) -> String {
    match error.classify() {
        serde_json::error::Category::Data => {
            let text = error.to_string();
            if text.starts_with("missing field") { text } else { "a field has the wrong kind".to_owned() }
        }
        _ => format!("not JSON, column {}", error.column()),
    }
}

/// Reads a frame and forgets it: for the fuzzer, which knows no types of this folder.
pub fn try_read(text: &str) -> bool {
    let Ok(said) = read(text) else { return false };
    if let Said::Heartbeat(frame) = &said {
        let _either = frame.read([127, 0, 0, 1].into());
    }
    !said.kind().is_empty()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_frame_of_the_contract_is_read() {
        let hex16 = "0".repeat(32);
        for (text, kind) in [
            (r#"{"type":"authenticate","data":{"token":"vigie-station.1.x"}}"#.to_owned(), "authenticate"),
            (
                format!(
                    r#"{{"type":"heartbeat","data":{{"boot":"{hex16}","nonce":"{hex16}","lease_seq":0,"report":null,"screen":"locked","version":"1"}}}}"#
                ),
                "heartbeat",
            ),
            (
                r#"{"type":"validate_code","data":{"code":"ABCD-EFGH","question":"18446744073709551615"}}"#.into(),
                "validate_code",
            ),
            (r#"{"type":"validate_code","data":{"code":"ABCD-EFGH","ip":"192.0.2.7"}}"#.into(), "validate_code"),
            (r#"{"type":"validate_code","data":{"code":"ABCD-EFGH","workstation":4}}"#.into(), "validate_code"),
            (r#"{"type":"start_session","data":{"session":7,"workstation":2}}"#.into(), "start_session"),
            (r#"{"type":"get_time"}"#.into(), "get_time"),
            (r#"{"type":"get_time","data":null}"#.into(), "get_time"),
            (r#"{"type":"event","data":{"kind":"wipe_failed","detail":"two files"}}"#.into(), "event"),
            (format!(r#"{{"type":"wipe_ack","data":{{"session":7,"proof":"{hex16}{hex16}"}}}}"#), "wipe_ack"),
            (r#"{"type":"command_result","data":{"id":"3","ok":true,"detail":null}}"#.into(), "command_result"),
            (r#"{"type":"message_ack","data":{"id":3}}"#.into(), "message_ack"),
        ] {
            assert_eq!(read(&text).unwrap().kind(), kind, "{text}");
            assert!(try_read(&text));
        }
    }

    #[test]
    fn what_is_none_is_refused_without_repeating_a_secret() {
        for bad in [
            "",
            "[]",
            "{}",
            "null",
            r#"{"type":7}"#,
            r#"{"type":"dance"}"#,
            r#"{"type":"heartbeat","data":[]}"#,
            r#"{"type":"validate_code","data":{"workstation":"SECRET"}}"#,
            r#"{"type":"validate_code","data":{"code":"SECRET-CODE","question":"SECRET"}}"#,
            r#"{"type":"authenticate","data":{"token":["SECRET"]}}"#,
            r#"{"type":"event","data":{"kind":"SECRET"}}"#,
            r#"{"type":"wipe_ack","data":{"session":1,"proof":"SECRET"}}"#,
        ] {
            let problem = read(bad).unwrap_err();
            let document = problem.document(crate::http::language::Language::En).to_string();
            assert!(!document.contains("SECRET"), "{document}");
        }
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic(text in "\\PC{0,200}", kind in "[a-z_]{0,16}", data in "\\PC{0,60}") {
            let _any = try_read(&text);
            let _any = try_read(&format!(r#"{{"type":"{kind}","data":{data}}}"#));
            let _any = try_read(&serde_json::json!({ "type": kind, "data": { "id": data, "session": data, "code": data } }).to_string());
        }
    }
}
