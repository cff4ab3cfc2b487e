//! Holds the register of workstations: name, MAC, address, group, and the hashes of their tokens.
//! Never knows whether one is free or heard: the desk does. The room joins both for whoever looks.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use vigie_core::kiosk::desk::Refusal;
use vigie_core::kiosk::station::{Reach, StationState};
use vigie_core::kiosk::{BootId, GroupId, SessionId, StationId};
use vigie_core::limits::MAX_KIOSK_STATIONS;
use vigie_core::{Mac, Moment};

use super::fault::{Fault, Table, line, some_line};
use super::room::{Room, Staff};
use super::token::{Hashes, TokenHash};
use crate::accounts::secret::Secret;

/// Bytes of a workstation's name.
pub const MAX_STATION_NAME_BYTES: usize = 48;
/// Bytes of the version its agent says.
pub(super) const MAX_AGENT_VERSION_BYTES: usize = 32;

/// What a form says of a workstation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StationDraft {
    /// Needed.
    pub name: String,
    /// Nobody else's.
    pub mac: Mac,
    /// Nobody else's, where it is given.
    pub ip: Option<IpAddr>,
    /// Its group.
    pub group: Option<GroupId>,
}

/// A workstation as the register keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) mac: [u8; 6],
    pub(super) ip: Option<IpAddr>,
    pub(super) token: Option<TokenHash>,
    pub(super) next: Option<TokenHash>,
    /// The boot in which the token in use was given.
    pub(super) renewed_in: Option<BootId>,
    pub(super) version: String,
    pub(super) created: Moment,
    pub(super) revision: u32,
}

/// What only the running appliance knows of one.
#[derive(Default)]
pub(super) struct Presence {
    pub(super) heard: Option<Moment>,
    pub(super) screen: String,
    /// The token that was told and not used yet, so that a lost answer can be asked again.
    pub(super) told: Option<Secret>,
}

/// A workstation, as people see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StationView {
    /// Its number; never given to another.
    pub id: StationId,
    /// Its name.
    pub name: String,
    /// Its MAC; finds its device.
    pub mac: Mac,
    /// Its address: what staff wrote, or where its agent was last heard.
    pub ip: Option<IpAddr>,
    /// Its group.
    pub group: Option<GroupId>,
    /// What it is at.
    pub state: StationState,
    /// Whether it is heard.
    pub reach: Reach,
    /// When its agent was last heard, in this boot of the appliance.
    pub last_heartbeat: Option<Moment>,
    /// The session there, one that is being cleaned up included.
    pub session: Option<SessionId>,
    /// Taken out of service.
    pub maintenance: bool,
    /// Whether a machine was let in as this one.
    pub enrolled: bool,
    /// What its agent says it is; empty before it was heard.
    pub agent_version: String,
    /// What its screen shows, in the agent's word.
    pub screen: String,
    /// When it was taken in.
    pub created: Moment,
    /// Counts the changes of the row, for `ETag`.
    pub revision: u32,
}

/// The register.
#[derive(Default)]
pub(super) struct Register {
    pub(super) entries: BTreeMap<StationId, Entry>,
    pub(super) presence: BTreeMap<StationId, Presence>,
    pub(super) next: u32,
}

impl Room {
    /// Every workstation, by number.
    #[must_use]
    pub fn stations(&self) -> Vec<StationView> {
        self.desk.stations().filter_map(|(record, state, reach)| self.view_station(record, state, reach)).collect()
    }

    /// One workstation.
    #[must_use]
    pub fn station(&self, id: StationId) -> Option<StationView> {
        let (record, state, reach) = self.desk.station(id)?;
        self.view_station(record, state, reach)
    }

    /// The workstation at an address.
    #[must_use]
    pub fn station_at(&self, ip: IpAddr) -> Option<StationId> {
        self.register.entries.iter().find(|(_, entry)| entry.ip == Some(ip)).map(|(id, _)| *id)
    }

    fn view_station(
        &self,
        record: vigie_core::kiosk::station::StationRecord,
        state: StationState,
        reach: Reach,
    ) -> Option<StationView> {
        let entry = self.register.entries.get(&record.id)?;
        let presence = self.register.presence.get(&record.id);
        Some(StationView {
            id: record.id,
            name: entry.name.clone(),
            mac: Mac(entry.mac),
            ip: entry.ip,
            group: record.group,
            state,
            reach,
            last_heartbeat: presence.and_then(|presence| presence.heard),
            session: self.desk.session_at(record.id),
            maintenance: record.maintenance,
            enrolled: entry.token.is_some() || entry.next.is_some(),
            agent_version: entry.version.clone(),
            screen: presence.map(|presence| presence.screen.clone()).unwrap_or_default(),
            created: entry.created,
            revision: entry.revision,
        })
    }

    /// Takes a workstation in. No machine is let in as it yet: see [`Room::approve`].
    ///
    /// # Errors
    /// A bad field, a MAC or address that another has, an unknown group, a full table.
    pub fn add_station(&mut self, staff: Staff, draft: &StationDraft) -> Result<StationId, Fault> {
        let draft = self.checked_station(None, draft)?;
        if self.register.entries.len() >= MAX_KIOSK_STATIONS {
            return Err(Fault::Full(Table::Stations));
        }
        let id = StationId(self.register.next.max(1));
        self.register.next = id.0.saturating_add(1);
        self.on_desk(|desk, now, out| desk.enrol(now, id, draft.group, out)).map_err(full_of_stations)?;
        let entry = Entry {
            name: draft.name,
            mac: draft.mac.0,
            ip: draft.ip,
            token: None,
            next: None,
            renewed_in: None,
            version: String::new(),
            created: self.moment(),
            revision: 1,
        };
        self.register.entries.insert(id, entry);
        self.save_station(id);
        self.note_station(staff, vigie_core::audit::Kind::StationCreated, id, "");
        self.announce_station(id);
        Ok(id)
    }

    /// Changes a workstation. Gives whether anything changed.
    ///
    /// # Errors
    /// As [`Room::add_station`].
    pub fn edit_station(&mut self, staff: Staff, id: StationId, draft: &StationDraft) -> Result<bool, Fault> {
        let draft = self.checked_station(Some(id), draft)?;
        let before = self.station(id).ok_or(Fault::NoStation)?;
        if (&before.name, before.mac, before.ip, before.group) == (&draft.name, draft.mac, draft.ip, draft.group) {
            return Ok(false);
        }
        if before.group != draft.group {
            self.on_desk(|desk, now, out| desk.enrol(now, id, draft.group, out))?;
        }
        if let Some(entry) = self.register.entries.get_mut(&id) {
            (entry.name, entry.mac, entry.ip) = (draft.name, draft.mac.0, draft.ip);
            entry.revision += 1;
        }
        self.save_station(id);
        self.note_station(staff, vigie_core::audit::Kind::StationUpdated, id, "");
        self.announce_station(id);
        Ok(true)
    }

    /// Takes a workstation out. Its session ends, its token is no longer good.
    ///
    /// # Errors
    /// When there is none.
    pub fn remove_station(&mut self, staff: Staff, id: StationId) -> Result<(), Fault> {
        if !self.register.entries.contains_key(&id) {
            return Err(Fault::NoStation);
        }
        self.for_staff(staff, |desk, actor, now, out| desk.remove(now, actor, id, out))?;
        self.register.entries.remove(&id);
        self.register.presence.remove(&id);
        self.outbox.forget(id);
        self.flapping.forget(id);
        self.forget_station(id);
        self.note_station(staff, vigie_core::audit::Kind::StationRemoved, id, "");
        self.announce_station(id);
        Ok(())
    }

    /// Takes a workstation out of service, or puts it back. A session there is left alone.
    ///
    /// # Errors
    /// When there is none.
    pub fn set_maintenance(&mut self, staff: Staff, id: StationId, maintenance: bool) -> Result<(), Fault> {
        self.for_staff(staff, |desk, actor, _, out| desk.set_maintenance(actor, id, maintenance, out))?;
        self.announce_station(id);
        Ok(())
    }

    /// Says that a workstation is switched off; its next word proves otherwise.
    ///
    /// # Errors
    /// When there is none.
    pub fn mark_offline(&mut self, staff: Staff, id: StationId) -> Result<(), Fault> {
        self.for_staff(staff, |desk, actor, _, out| desk.set_offline(actor, id, out))?;
        self.announce_station(id);
        Ok(())
    }

    fn checked_station(&self, own: Option<StationId>, draft: &StationDraft) -> Result<StationDraft, Fault> {
        let name = some_line("name", &draft.name, MAX_STATION_NAME_BYTES)?;
        if !draft.mac.is_station() {
            return Err(Fault::malformed("mac"));
        }
        if draft.ip.is_some_and(|ip| ip.is_unspecified() || ip.is_multicast() || ip.is_loopback()) {
            return Err(Fault::malformed("ip"));
        }
        if draft.group.is_some_and(|group| !self.groups.contains_key(&group)) {
            return Err(Fault::NoGroup);
        }
        let mut others = self.register.entries.iter().filter(|(id, _)| Some(**id) != own).map(|(_, entry)| entry);
        if others.clone().any(|other| other.mac == draft.mac.0) {
            return Err(Fault::MacTaken);
        }
        if draft.ip.is_some() && others.any(|other| other.ip == draft.ip) {
            return Err(Fault::IpTaken);
        }
        Ok(StationDraft { name, ..draft.clone() })
    }

    /// Notes what an agent says of itself, and where from.
    pub(super) fn hear_of(&mut self, id: StationId, version: &str, screen: &str, from: Option<IpAddr>) {
        let heard = Some(self.moment());
        let presence = self.register.presence.entry(id).or_default();
        presence.heard = heard;
        presence.screen = line("screen", screen, 16).unwrap_or_default();
        let Ok(version) = line("version", version, MAX_AGENT_VERSION_BYTES) else { return };
        let taken = from.is_some_and(|from| self.station_at(from).is_some_and(|other| other != id));
        let Some(entry) = self.register.entries.get_mut(&id) else { return };
        let ip = if taken { entry.ip } else { from.or(entry.ip) };
        // Both change with an update or a new lease of its address, not with every word.
        if entry.version != version || entry.ip != ip {
            (entry.version, entry.ip) = (version, ip);
            self.save_station(id);
        }
    }

    pub(super) fn hashes(&self, id: StationId) -> Hashes {
        let entry = self.register.entries.get(&id);
        Hashes { now: entry.and_then(|entry| entry.token), next: entry.and_then(|entry| entry.next) }
    }
}

fn full_of_stations(fault: Fault) -> Fault {
    match fault {
        Fault::Full(_) | Fault::Desk(Refusal::Full) => Fault::Full(Table::Stations),
        other => other,
    }
}
