//! Holds how an agent's heartbeat is read: the same words in a frame and in a call.
//! Never guesses a number: what is not hex digits of the right length is refused by name. Sockets and calls use it.

use std::net::IpAddr;

use data_encoding::HEXLOWER_PERMISSIVE as HEX;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};
use vigie_core::kiosk::desk::{Beat, Done, Report};
use vigie_core::kiosk::warning::Warned;
use vigie_core::kiosk::{BootId, SessionId};

use super::fault;
use crate::http::problem::Problem;
use crate::http::problem::faults;
use crate::shell::kiosk::Said;

/// Whether a session is over on the workstation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum DoneWord {
    /// It goes on.
    No,
    /// The person ended it; being cleaned.
    Ended,
    /// The time is used up; being cleaned.
    Expired,
    /// Nothing of the person is left.
    Wiped,
}

/// What an agent says of its session.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub(super) struct ReportFrame {
    /// Number of the session.
    #[serde(deserialize_with = "number")]
    #[schemars(with = "u64")]
    session: u64,
    /// In which epoch the warnings are meant.
    epoch: u16,
    /// Milliseconds used, by its own count.
    used_ms: u64,
    /// Warnings done with, a bit each: 300, 120, 60, 30, 10 s.
    warned: u8,
    /// Of them: really shown in this epoch.
    shown: u8,
    /// How far its count may be ahead, in milliseconds.
    ahead_ms: u32,
    /// Whether it is over there.
    done: DoneWord,
}

/// An agent's regular word, and its question for a lease.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(example = serde_json::json!({ "boot": "000102030405060708090a0b0c0d0e0f", "nonce": "f0e0d0c0b0a090807060504030201000", "lease_seq": 7, "report": null, "screen": "locked", "version": "1.2" }))]
pub(super) struct BeatFrame {
    /// The workstation's boot: 32 hex digits, hyphens allowed.
    boot: String,
    /// 32 hex digits; they come back in the lease.
    nonce: String,
    /// The last lease it obeyed.
    lease_seq: u32,
    /// What it says of its session; `null` without one.
    #[serde(default)]
    report: Option<ReportFrame>,
    /// What its screen shows: `locked`, `running` and so on.
    #[serde(default)]
    screen: String,
    /// Version of the agent.
    #[serde(default)]
    version: String,
}

impl BeatFrame {
    /// What it says.
    ///
    /// # Errors
    /// `invalid` with a pointer to what is no hex.
    pub(super) fn read(&self, from: IpAddr) -> Result<(Beat, Said), Problem> {
        let boot = BootId(hex(&self.boot.replace('-', ""), "/boot")?);
        let nonce = hex(&self.nonce, "/nonce")?;
        let report = self.report.as_ref().map(|report| Report {
            session: SessionId(report.session),
            epoch: report.epoch,
            used_ms: report.used_ms,
            warned: Warned(report.warned),
            shown: Warned(report.shown),
            ahead_ms: report.ahead_ms,
            done: match report.done {
                DoneWord::No => Done::No,
                DoneWord::Ended => Done::Ended,
                DoneWord::Expired => Done::Expired,
                DoneWord::Wiped => Done::Wiped,
            },
        });
        let said = Said { screen: self.screen.clone(), version: self.version.clone(), from: Some(from) };
        Ok((Beat { boot, nonce, lease_seq: self.lease_seq, report }, said))
    }
}

/// So many bytes of hex digits.
///
/// # Errors
/// `invalid` at the pointer.
pub(super) fn hex<const N: usize>(text: &str, pointer: &'static str) -> Result<[u8; N], Problem> {
    let short = Some(text).filter(|text| text.len() == 2 * N);
    let bytes = short.and_then(|text| HEX.decode(text.as_bytes()).ok()).and_then(|bytes| bytes.try_into().ok());
    bytes.ok_or_else(|| {
        let why = vec![("why", format!("{} hex digits", 2 * N))];
        Problem::from(&faults::INVALID).at_with(pointer, &faults::BAD_VALUE, why)
    })
}

/// A number, or the same as a text: not every language counts to 2^64.
#[derive(Deserialize)]
#[serde(untagged)]
enum Either {
    Number(u64),
    Text(String),
}

impl Either {
    fn read<E: serde::de::Error>(self) -> Result<u64, E> {
        match self {
            Self::Number(number) => Ok(number),
            Self::Text(text) => text.parse().map_err(|_| E::custom("a number is wanted")),
        }
    }
}

/// A number, or the same as a text.
pub(super) fn number<'de, D: Deserializer<'de>>(reader: D) -> Result<u64, D::Error> {
    Either::deserialize(reader)?.read()
}

/// The same, or `null`.
pub(super) fn number_or_none<'de, D: Deserializer<'de>>(reader: D) -> Result<Option<u64>, D::Error> {
    Option::<Either>::deserialize(reader)?.map(Either::read).transpose()
}

/// The problem of a frame that cannot be read.
pub(super) fn bad_frame(why: impl std::fmt::Display) -> Problem {
    Problem::from(&fault::BAD_FRAME).with("why", why)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<(Beat, Said), String> {
        let frame: BeatFrame = serde_json::from_str(text).map_err(|error| error.to_string())?;
        frame.read([192, 168, 1, 9].into()).map_err(|problem| problem.code().to_owned())
    }

    const BOOT: &str = "000102030405060708090a0b0c0d0e0f";

    #[test]
    fn a_heartbeat_is_read_as_the_agent_writes_it() {
        let text = format!(
            r#"{{"boot":"00010203-0405-0607-0809-0a0b0c0d0e0f","nonce":"{BOOT}","lease_seq":3,"report":{{"session":"7",
            "epoch":1,"used_ms":60000,"warned":3,"shown":1,"ahead_ms":12,"done":"wiped"}},"screen":"locked","version":"1"}}"#
        );
        let (beat, said) = read(&text).unwrap();
        assert_eq!((beat.boot.0[15], beat.nonce[1], beat.lease_seq), (15, 1, 3));
        let report = beat.report.unwrap();
        assert_eq!((report.session, report.warned, report.done), (SessionId(7), Warned(3), Done::Wiped));
        assert_eq!((said.screen.as_str(), said.from), ("locked", Some([192, 168, 1, 9].into())));
        assert!(read(&text.replace("\"7\"", "7")).is_ok());
    }

    #[test]
    fn what_is_no_heartbeat_is_refused() {
        let good = format!(r#"{{"boot":"{BOOT}","nonce":"{BOOT}","lease_seq":0}}"#);
        assert!(read(&good).is_ok());
        for bad in [
            good.replace("0f\",\"n", "0g\",\"n"),
            good.replace(BOOT, "00"),
            good.replace("\"lease_seq\":0", "\"lease_seq\":-1"),
            good.replace("\"lease_seq\":0", "\"lease_seq\":0,\"report\":{\"session\":\"x\"}"),
            "{}".to_owned(),
        ] {
            assert!(read(&bad).is_err(), "{bad}");
        }
    }
}
