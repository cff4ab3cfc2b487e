//! Holds how a group of workstations looks in JSON.
//! Never judges one: the room does. The groups' routes call it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use vigie_core::kiosk::GroupId;
use vigie_core::kiosk::quota::Quota;

use super::hours::HoursView;
use crate::api::kiosk::fault;
use crate::http::problem::{Problem, faults};
use crate::shell::kiosk::{BadField, Fault, Group, MAX_MINUTES, Why};

/// A group as it is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(example = serde_json::json!({ "name_en": "Children", "name_fr": "Jeunesse", "quota_sessions": 2, "quota_minutes": 60, "minutes": 30 }))]
pub(crate) struct AskedGroup {
    /// In English; needed.
    pub(crate) name_en: String,
    /// In French; needed.
    pub(crate) name_fr: String,
    /// Sessions a person may begin here in a day; together with `quota_minutes`, or left out: what the site allows.
    pub(crate) quota_sessions: Option<u8>,
    /// Minutes a person may have here in a day.
    pub(crate) quota_minutes: Option<u16>,
    /// When it is open; left out: as the site is.
    pub(crate) hours: Option<HoursView>,
    /// Length of a session nobody says a length of; left out: the site's.
    pub(crate) minutes: Option<u16>,
    /// The image its machines start, by name; empty: the usual one.
    pub(crate) image: String,
}

/// A group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct GroupView {
    /// Its number.
    pub(crate) id: u8,
    #[serde(flatten)]
    pub(crate) group: AskedGroup,
}

impl GroupView {
    pub(crate) fn of(id: GroupId, group: &Group) -> Self {
        let minutes = |ms: u64| u16::try_from(ms / 60_000).unwrap_or(u16::MAX);
        let group = AskedGroup {
            name_en: group.name_en.clone(),
            name_fr: group.name_fr.clone(),
            quota_sessions: group.quota.map(|quota| quota.sessions),
            quota_minutes: group.quota.map(|quota| minutes(quota.time_ms)),
            hours: group.hours.as_ref().map(HoursView::of),
            minutes: group.minutes,
            image: group.image.clone(),
        };
        Self { id: id.0, group }
    }
}

impl AskedGroup {
    pub(crate) fn read(self) -> Result<Group, Problem> {
        let out_of_range = |field| fault::refused(Fault::Field(BadField { field, why: Why::OutOfRange }));
        let quota = match (self.quota_sessions, self.quota_minutes) {
            (None, None) => None,
            (Some(_), None) => return Err(fault::invalid("/quota_minutes", &faults::REQUIRED)),
            (None, Some(_)) => return Err(fault::invalid("/quota_sessions", &faults::REQUIRED)),
            (Some(0), _) => return Err(out_of_range("quota_sessions")),
            (_, Some(minutes)) if !(1..=MAX_MINUTES).contains(&minutes) => return Err(out_of_range("quota_minutes")),
            (Some(sessions), Some(minutes)) => Some(Quota { sessions, time_ms: u64::from(minutes) * 60_000 }),
        };
        Ok(Group {
            name_en: self.name_en,
            name_fr: self.name_fr,
            quota,
            hours: self.hours.map(|hours| hours.read()).transpose()?,
            minutes: self.minutes,
            image: self.image,
        })
    }
}
