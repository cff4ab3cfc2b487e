//! Holds what a site may choose about its workstations, and how that lies on the card.
//! Never holds anything about one group or one person. The API and the page change it through the room.

use embassy_time::Duration;
use serde::{Deserialize, Serialize};
use vigie_core::kiosk::desk;
use vigie_core::kiosk::quota::Quota;

use super::fault::{Fault, lines};
use super::groups::MAX_MINUTES;
use super::hours::Hours;

/// Bytes of the house rules on a slip, in one language: a dozen lines of 80 mm paper.
pub const MAX_RULES_BYTES: usize = 600;
/// Longest life of a code, in minutes: a week, for a class that comes back.
pub const MAX_VALID_MINUTES: u16 = 7 * 24 * 60;

/// What a site chooses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KioskSettings {
    /// What a person may have in a day.
    pub quota: Quota,
    /// Length of a session nobody says a length of, in minutes: 1 to 1,440.
    pub session_minutes: u16,
    /// Life of a code nobody says a life of, in minutes: 1 to 10,080.
    pub valid_minutes: u16,
    /// How long a seat is held after its workstation was restarted, in minutes: 1 to 60.
    pub hold_minutes: u8,
    /// How long a workstation may go on without a word from the appliance, in minutes: 1 to 1,440.
    pub max_offline_minutes: u16,
    /// When the place is open; `None`: always.
    pub hours: Option<Hours>,
    /// Language of workstations that nobody chose one for: French, or else English. Until somebody chooses, the one the
    /// site was set up in.
    pub french: bool,
    /// House rules for slips, in English.
    pub rules_en: String,
    /// The same in French.
    pub rules_fr: String,
    /// Days for which past sessions are kept one by one: 1 to 90.
    pub detail_days: u8,
    /// Days for which codes that were never used are kept: 1 to 30.
    pub code_days: u8,
}

impl Default for KioskSettings {
    fn default() -> Self {
        Self {
            quota: Quota::default(),
            session_minutes: 60,
            valid_minutes: 120,
            hold_minutes: 10,
            max_offline_minutes: 120,
            hours: None,
            french: true,
            rules_en: String::new(),
            rules_fr: String::new(),
            detail_days: 30,
            code_days: 7,
        }
    }
}

impl KioskSettings {
    /// The settings, trimmed and checked.
    ///
    /// # Errors
    /// The first field that is not good.
    pub fn checked(&self) -> Result<Self, Fault> {
        let ranges: [(&'static str, bool); 8] = [
            ("quota_sessions", self.quota.sessions >= 1),
            ("quota_minutes", (60_000..=24 * 3_600_000).contains(&self.quota.time_ms)),
            ("session_minutes", (1..=MAX_MINUTES).contains(&self.session_minutes)),
            ("valid_minutes", (1..=MAX_VALID_MINUTES).contains(&self.valid_minutes)),
            ("hold_minutes", (1..=60).contains(&self.hold_minutes)),
            ("max_offline_minutes", (1..=MAX_MINUTES).contains(&self.max_offline_minutes)),
            ("detail_days", (1..=90).contains(&self.detail_days)),
            ("code_days", (1..=30).contains(&self.code_days)),
        ];
        if let Some((field, _)) = ranges.iter().find(|(_, good)| !good) {
            return Err(Fault::out_of_range(field));
        }
        if let Some(hours) = &self.hours {
            hours.check()?;
        }
        Ok(Self {
            rules_en: lines("rules_en", &self.rules_en, MAX_RULES_BYTES)?,
            rules_fr: lines("rules_fr", &self.rules_fr, MAX_RULES_BYTES)?,
            ..self.clone()
        })
    }

    /// What of it the desk works by.
    pub(super) fn for_desk(&self) -> desk::Settings {
        let minutes = |minutes: u16| Duration::from_secs(u64::from(minutes) * 60);
        desk::Settings {
            hold: minutes(self.hold_minutes.into()),
            max_offline: minutes(self.max_offline_minutes),
            quota: self.quota,
            ..desk::Settings::default()
        }
    }
}
