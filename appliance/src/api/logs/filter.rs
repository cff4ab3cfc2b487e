//! Holds which entries of the journal are wanted: by kind, theme, actor, period, object, text.
//! Never takes a filter it does not understand for no filter: that is refused by name.
//! The list, the search and the page use it.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;
use vigie_core::audit::{Actor, Entry, Kind, Object, Theme};

use super::view::{Names, time_of};
use crate::accounts::journal::Keep;
use crate::http::call::Call;
use crate::http::problem::{Problem, faults};
use crate::shell::clocks::Clocks;

/// Longest text searched for, in bytes.
const MAX_TEXT_BYTES: usize = 64;

/// What is wanted. What is left out does not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(example = serde_json::json!({ "kind": "login_failed", "since": "2026-01-01", "text": "192.168.1." }))]
pub(crate) struct Asked {
    /// A kind by its name, such as `login_failed`.
    pub(crate) kind: Option<String>,
    /// `system`, `door`, `accounts`, `settings`, `devices` or `kiosk`.
    pub(crate) theme: Option<String>,
    /// Number or name of an account, or `system`, `stranger`, `console`.
    pub(crate) actor: Option<String>,
    /// Id of a device (16 digits), `account:`, `session:` or `workstation:` with a number, `person:` with a pseudonym, or the
    /// name of a thing.
    pub(crate) object: Option<String>,
    /// Not before: a day (`2026-03-01`) or a moment (`2026-03-01T12:00:00Z`), in UTC.
    pub(crate) since: Option<String>,
    /// Before: the same.
    pub(crate) until: Option<String>,
    /// Somewhere in kind, names, address or particulars.
    pub(crate) text: Option<String>,
    /// `true`: only what was refused or went wrong.
    pub(crate) errors: Option<bool>,
}

/// The filter.
#[derive(Clone, Debug, Default)]
pub(crate) struct Filter {
    kind: Option<Kind>,
    theme: Option<Theme>,
    actor: Option<Actor>,
    object: Option<Object>,
    since_ms: Option<u64>,
    until_ms: Option<u64>,
    text: Option<String>,
    errors: bool,
}

impl Asked {
    /// What a query asks for.
    pub(crate) fn of(call: &Call) -> Result<Self, Problem> {
        let text = |name: &str| call.query(name).filter(|text| !text.is_empty()).map(str::to_owned);
        Ok(Self {
            kind: text("kind"),
            theme: text("theme"),
            actor: text("actor"),
            object: text("object"),
            since: text("since"),
            until: text("until"),
            text: text("text"),
            errors: call.query_as("errors")?,
        })
    }

    /// The filter it comes to.
    ///
    /// # Errors
    /// `bad_parameter` with the name of what does not do.
    pub(crate) fn read(&self, names: &Names) -> Result<Filter, Problem> {
        let bad = |name: &'static str| Problem::from(&faults::BAD_PARAMETER).with("name", name);
        let moment = |text: &Option<String>, name| -> Result<Option<u64>, Problem> {
            text.as_deref().map(|text| parse_moment(text).ok_or_else(|| bad(name))).transpose()
        };
        Ok(Filter {
            kind: self.kind.as_deref().map(|name| Kind::of_name(name).ok_or_else(|| bad("kind"))).transpose()?,
            theme: self.theme.as_deref().map(|name| theme_of(name).ok_or_else(|| bad("theme"))).transpose()?,
            actor: self.actor.as_deref().map(|who| actor_of(who, names).ok_or_else(|| bad("actor"))).transpose()?,
            object: self.object.as_deref().map(object_of),
            since_ms: moment(&self.since, "since")?,
            until_ms: moment(&self.until, "until")?,
            text: match &self.text {
                Some(text) if text.len() > MAX_TEXT_BYTES => return Err(bad("text")),
                text => text.as_ref().map(|text| text.to_lowercase()),
            },
            errors: self.errors.unwrap_or(false),
        })
    }
}

impl Filter {
    /// The filter as a question to the store.
    pub(crate) fn into_keep(self, names: Names, clocks: &Arc<Clocks>) -> Keep {
        let clocks = clocks.clone();
        Box::new(move |entry| self.takes(entry, &names, &clocks))
    }

    pub(crate) fn takes(&self, entry: &Entry, names: &Names, clocks: &Clocks) -> bool {
        let what = &entry.what;
        let kind = Kind::of_code(what.kind);
        let in_period = || {
            if self.since_ms.is_none() && self.until_ms.is_none() {
                return true;
            }
            // An entry without a date is in no period.
            let Some(ms) = time_of(entry, clocks).and_then(|time| u64::try_from(time.as_millis()).ok()) else {
                return false;
            };
            self.since_ms.is_none_or(|since| ms >= since) && self.until_ms.is_none_or(|until| ms < until)
        };
        self.kind.is_none_or(|wanted| kind == Some(wanted))
            && self.theme.is_none_or(|wanted| kind.is_some_and(|kind| kind.theme() == wanted))
            && self.actor.is_none_or(|wanted| what.actor == wanted)
            && self.object.as_ref().is_none_or(|wanted| what.object == *wanted)
            && (!self.errors || kind.is_some_and(Kind::is_failure))
            && in_period()
            && self.text.as_ref().is_none_or(|text| mentions(entry, kind, names, text))
    }
}

fn mentions(entry: &Entry, kind: Option<Kind>, names: &Names, text: &str) -> bool {
    let what = &entry.what;
    let name = |number| names.of_number(number).unwrap_or_default().to_lowercase();
    let actor = if let Actor::Account(number) = what.actor { name(number) } else { String::new() };
    let object = match &what.object {
        Object::Nothing => String::new(),
        Object::Account(number) => name(*number),
        Object::Device(id) | Object::Person(id) => format!("{id:016x}"),
        Object::Session(number) => number.to_string(),
        Object::Workstation(number) => number.to_string(),
        Object::Named(name) => name.to_lowercase(),
    };
    let from = names.address(entry).unwrap_or_default();
    let kind = kind.map_or("", Kind::name);
    [actor.as_str(), &object, &from, kind, &what.detail.to_lowercase()].iter().any(|part| part.contains(text))
}

fn theme_of(name: &str) -> Option<Theme> {
    Some(match name {
        "system" => Theme::System,
        "door" => Theme::Door,
        "accounts" => Theme::Accounts,
        "settings" => Theme::Settings,
        "devices" => Theme::Devices,
        "kiosk" => Theme::Kiosk,
        _ => return None,
    })
}

fn actor_of(who: &str, names: &Names) -> Option<Actor> {
    match who {
        "system" => Some(Actor::System),
        "stranger" => Some(Actor::Stranger),
        "console" => Some(Actor::Console),
        who if who.starts_with("workstation:") => {
            who.strip_prefix("workstation:")?.parse().ok().map(Actor::Workstation)
        }
        who => who.parse().ok().or_else(|| names.number_of(who)).map(Actor::Account),
    }
}

fn object_of(text: &str) -> Object {
    if let Some(number) = text.strip_prefix("account:").and_then(|number| number.parse().ok()) {
        return Object::Account(number);
    }
    if let Some(number) = text.strip_prefix("session:").and_then(|number| number.parse().ok()) {
        return Object::Session(number);
    }
    if let Some(number) = text.strip_prefix("workstation:").and_then(|number| number.parse().ok()) {
        return Object::Workstation(number);
    }
    if let Some(subject) = text.strip_prefix("person:").and_then(|text| u64::from_str_radix(text, 16).ok()) {
        return Object::Person(subject);
    }
    let id = Some(text).filter(|text| text.len() == 16).and_then(|text| u64::from_str_radix(text, 16).ok());
    id.map_or_else(|| Object::Named(text.into()), Object::Device)
}

/// Milliseconds since 1970 of `2026-03-01`, `2026-03-01T12:00` or `2026-03-01T12:00:00Z`, in UTC.
fn parse_moment(text: &str) -> Option<u64> {
    let (day, time) = text.split_once('T').unwrap_or((text, "00:00:00Z"));
    let mut parts = day.splitn(3, '-');
    let year: u64 = parts.next().filter(|part| part.len() == 4)?.parse().ok()?;
    let month: u64 = parts.next()?.parse().ok()?;
    let day: u64 = parts.next()?.parse().ok()?;
    let time = time.strip_suffix('Z').unwrap_or(time).split('.').next()?;
    let mut clock = time.split(':');
    let mut next =
        |most: u64| -> Option<u64> { clock.next().map_or(Some(0), |part| part.parse().ok()).filter(|n| *n <= most) };
    let (hour, minute, second) = (next(23)?, next(59)?, next(59)?);
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) || !(1970..=9999).contains(&year) {
        return None;
    }
    // Civil date to days, by Howard Hinnant's algorithm; the year starts in March.
    let shifted = if month <= 2 { year - 1 } else { year };
    let (era, year_of_era) = (shifted / 400, shifted % 400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let days = era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    Some((days.checked_sub(719_468)? * 86_400 + hour * 3_600 + minute * 60 + second) * 1_000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounts::clock::format_utc;

    #[test]
    fn moments_are_read_as_they_are_written() {
        for ms in [0_u64, 951_782_400_000, 1_709_210_096_000, 4_102_444_799_000] {
            assert_eq!(parse_moment(&format_utc(std::time::Duration::from_millis(ms))), Some(ms));
        }
        assert_eq!(parse_moment("2026-03-01"), parse_moment("2026-03-01T00:00:00Z"));
        assert_eq!(parse_moment("2026-03-01T12:30"), parse_moment("2026-03-01T12:30:00.000Z"));
        for bad in ["", "2026", "2026-13-01", "2026-00-01", "26-01-01", "2026-01-32", "2026-01-01T25:00", "yesterday"] {
            assert_eq!(parse_moment(bad), None, "{bad}");
        }
    }

    #[test]
    fn what_is_not_understood_is_named() {
        let names = Names::default();
        for (asked, name) in [
            (Asked { kind: Some("loggin".into()), ..Asked::default() }, "kind"),
            (Asked { theme: Some("x".into()), ..Asked::default() }, "theme"),
            (Asked { actor: Some("nobody".into()), ..Asked::default() }, "actor"),
            (Asked { since: Some("x".into()), ..Asked::default() }, "since"),
            (Asked { text: Some("x".repeat(65)), ..Asked::default() }, "text"),
        ] {
            let detail = asked.read(&names).unwrap_err().detail(crate::http::language::Language::En);
            assert!(detail.contains(name), "{detail}");
        }
    }
}
