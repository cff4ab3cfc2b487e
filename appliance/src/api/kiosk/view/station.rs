//! Holds how a workstation, and a machine that wants to be one, look in JSON.
//! Never shows a token. The workstations' routes call it.

use std::net::IpAddr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use vigie_core::kiosk::GroupId;
use vigie_core::kiosk::station::Reach;
use vigie_core::lan::DeviceId;
use vigie_wire::Mac;

use super::Lens;
use crate::api::kiosk::fault;
use crate::api::network::fault::{NOT_A_MAC, NOT_AN_IP};
use crate::http::problem::{Problem, faults};
use crate::shell::kiosk::{Knocking, StationDraft, StationView as Kept, words};

/// A workstation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct WorkstationView {
    /// Its number; never given to another.
    pub(crate) id: u32,
    pub(crate) name: String,
    /// Six pairs of hex digits.
    mac: String,
    /// What staff wrote, or where its agent was last heard.
    ip: Option<String>,
    /// Number of its group.
    group: Option<u8>,
    /// `available`, `reserved`, `busy`, `wiping`, `maintenance` or `offline`.
    state: &'static str,
    /// Whether its agent is heard now.
    online: bool,
    /// `online`, `unreachable` (silent for 30 s: a session there counts on) or `offline` (for two minutes).
    reach: &'static str,
    /// When its agent was last heard, RFC 3339 in UTC.
    last_heartbeat: Option<String>,
    /// Number of the session there.
    session: Option<u64>,
    /// Taken out of service.
    maintenance: bool,
    /// Whether a machine was let in as this one.
    enrolled: bool,
    /// What its agent says it is; empty before it was heard.
    agent_version: String,
    /// What its screen shows, in the agent's word; empty before it was heard.
    screen: String,
    /// Id of its device on the network, for waking it and for its history.
    device: Option<String>,
    /// When it was taken in.
    created_at: Option<String>,
}

impl WorkstationView {
    pub(crate) fn of(kept: &Kept, lens: &Lens, device: Option<DeviceId>) -> Self {
        Self {
            id: kept.id.0,
            name: kept.name.clone(),
            mac: kept.mac.to_string(),
            ip: kept.ip.map(|ip| ip.to_string()),
            group: kept.group.map(|group| group.0),
            state: words::state(kept.state),
            online: kept.reach == Reach::Online,
            reach: words::reach(kept.reach),
            last_heartbeat: kept.last_heartbeat.and_then(|moment| lens.text(moment)),
            session: kept.session.map(|session| session.0),
            maintenance: kept.maintenance,
            enrolled: kept.enrolled,
            agent_version: kept.agent_version.clone(),
            screen: kept.screen.clone(),
            device: device.map(|device| device.to_string()),
            created_at: lens.text(kept.created),
        }
    }
}

/// A workstation to take in, or all of one anew.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(example = serde_json::json!({ "name": "Poste 4", "mac": "00:11:22:33:44:55", "group": 1 }))]
pub(crate) struct AskedStation {
    /// Needed; at most 48 bytes.
    name: String,
    /// Needed; nobody else's.
    mac: String,
    /// Nobody else's; may be left out.
    ip: Option<String>,
    /// Number of a group.
    group: Option<u8>,
}

impl AskedStation {
    pub(crate) fn draft(&self) -> Result<StationDraft, Problem> {
        let mut problem = Problem::from(&faults::INVALID);
        let mac = self.mac.trim().parse::<Mac>();
        if mac.is_err() {
            problem = problem.at("/mac", if self.mac.trim().is_empty() { &faults::REQUIRED } else { &NOT_A_MAC });
        }
        let ip = read_ip(self.ip.as_deref());
        if ip.is_err() {
            problem = problem.at("/ip", &NOT_AN_IP);
        }
        match (mac, ip) {
            (Ok(mac), Ok(ip)) => Ok(StationDraft { name: self.name.clone(), mac, ip, group: self.group.map(GroupId) }),
            _ => Err(problem),
        }
    }
}

/// What is to be another. What is left out stays; `null` clears address and group.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(example = serde_json::json!({ "name": "Poste 5", "group": 2 }))]
pub(crate) struct AskedStationChange {
    name: Option<String>,
    mac: Option<String>,
    #[serde(deserialize_with = "there")]
    #[schemars(with = "Option<String>")]
    ip: Option<Option<String>>,
    #[serde(deserialize_with = "there")]
    #[schemars(with = "Option<u8>")]
    group: Option<Option<u8>>,
}

impl AskedStationChange {
    pub(crate) fn apply(&self, kept: &Kept) -> Result<StationDraft, Problem> {
        let mac = self.mac.as_deref().map(|text| text.trim().parse::<Mac>()).transpose();
        let mac = mac.map_err(|_| fault::invalid("/mac", &NOT_A_MAC))?;
        let ip = match &self.ip {
            None => kept.ip,
            Some(text) => read_ip(text.as_deref()).map_err(|()| fault::invalid("/ip", &NOT_AN_IP))?,
        };
        Ok(StationDraft {
            name: self.name.clone().unwrap_or_else(|| kept.name.clone()),
            mac: mac.unwrap_or(kept.mac),
            ip,
            group: self.group.map_or(kept.group, |group| group.map(GroupId)),
        })
    }
}

/// Tells `null` from left out.
fn there<'de, D: serde::Deserializer<'de>, T: Deserialize<'de>>(reader: D) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(reader).map(Some)
}

fn read_ip(text: Option<&str>) -> Result<Option<IpAddr>, ()> {
    match text.map(str::trim).filter(|text| !text.is_empty()) {
        None => Ok(None),
        Some(text) => text.parse().map(Some).map_err(|_| ()),
    }
}

/// A machine that waits to be let in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct KnockingView {
    /// What its screen shows: six digits.
    number: String,
    /// Its MAC, as it says.
    mac: String,
    /// Its name, as it says.
    name: String,
    /// Its agent's version, as it says.
    agent_version: String,
    /// Number of a workstation that has this MAC already: probably the same machine, set up again.
    known_as: Option<u32>,
    /// Milliseconds for which it waits still.
    ends_in_ms: u64,
}

impl KnockingView {
    pub(crate) fn of(waiting: &Knocking) -> Self {
        Self {
            number: format!("{:06}", waiting.number),
            mac: waiting.mac.to_string(),
            name: waiting.name.clone(),
            agent_version: waiting.agent_version.clone(),
            known_as: waiting.known_as.map(|station| station.0),
            ends_in_ms: waiting.ends_in_ms,
        }
    }
}
