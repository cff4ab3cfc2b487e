//! Holds how the site's choices about its workstations look in JSON.
//! Never judges them: the room does. The settings' routes call it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use vigie_core::kiosk::quota::Quota;

use super::hours::HoursView;
use crate::api::kiosk::fault;
use crate::http::language::Language;
use crate::http::problem::{Problem, faults};
use crate::shell::kiosk::KioskSettings;

/// What a site chooses. What is left out gets its default.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct SettingsView {
    /// Sessions a person may begin in a day.
    quota_sessions: u8,
    /// Minutes a person may have in a day: 1 to 1,440. Also what an operator may bring a session to by adding time.
    quota_minutes: u16,
    /// Length of a session nobody says a length of, in minutes: 1 to 1,440.
    session_minutes: u16,
    /// Life of a code nobody says a life of, in minutes: 1 to 10,080.
    valid_minutes: u16,
    /// How long a seat is held after its workstation was restarted, in minutes: 1 to 60.
    hold_minutes: u8,
    /// How long a workstation may go on without a word from the appliance, in minutes: 1 to 1,440.
    max_offline_minutes: u16,
    /// When the place is open; `null`: always.
    hours: Option<HoursView>,
    /// Language of workstations that nobody chose one for: `en` or `fr`.
    language: String,
    /// House rules for slips, in English; at most 600 bytes.
    rules_en: String,
    /// The same in French.
    rules_fr: String,
    /// Days for which past sessions are kept one by one: 1 to 90.
    detail_days: u8,
    /// Days for which codes that were never used are kept: 1 to 30.
    code_days: u8,
}

impl Default for SettingsView {
    fn default() -> Self {
        Self::of(&KioskSettings::default())
    }
}

impl SettingsView {
    pub(crate) fn of(settings: &KioskSettings) -> Self {
        Self {
            quota_sessions: settings.quota.sessions,
            quota_minutes: u16::try_from(settings.quota.time_ms / 60_000).unwrap_or(u16::MAX),
            session_minutes: settings.session_minutes,
            valid_minutes: settings.valid_minutes,
            hold_minutes: settings.hold_minutes,
            max_offline_minutes: settings.max_offline_minutes,
            hours: settings.hours.as_ref().map(HoursView::of),
            language: if settings.french { "fr" } else { "en" }.to_owned(),
            rules_en: settings.rules_en.clone(),
            rules_fr: settings.rules_fr.clone(),
            detail_days: settings.detail_days,
            code_days: settings.code_days,
        }
    }

    pub(crate) fn read(self) -> Result<KioskSettings, Problem> {
        let language = Language::of_tag(&self.language);
        let language = language.ok_or_else(|| fault::invalid("/language", &faults::BAD_LANGUAGE))?;
        Ok(KioskSettings {
            quota: Quota { sessions: self.quota_sessions, time_ms: u64::from(self.quota_minutes) * 60_000 },
            session_minutes: self.session_minutes,
            valid_minutes: self.valid_minutes,
            hold_minutes: self.hold_minutes,
            max_offline_minutes: self.max_offline_minutes,
            hours: self.hours.map(|hours| hours.read()).transpose()?,
            french: language == Language::Fr,
            rules_en: self.rules_en,
            rules_fr: self.rules_fr,
            detail_days: self.detail_days,
            code_days: self.code_days,
        })
    }
}
