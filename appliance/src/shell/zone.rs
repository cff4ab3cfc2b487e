//! Holds the zone of the site: in which "open until 18:00", "every night at three" and "today" are meant.
//! Never guesses from an address: a person says it, a file says it, or this machine has one. It is the only place that knows
//! it, so that a change counts at once. `run` makes it; jobs, workstations, the card's count, API and page read it.

use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use tokio::sync::{Mutex, MutexGuard};

use super::keeper::{SETTINGS, Stored};

/// Under which key of the settings a person's choice is stored, as text.
pub(crate) const KEY: &[u8] = b"zone";

/// The word for the zone of the machine itself.
pub(crate) const MACHINE: &str = "machine";

/// Longest text of a zone, in bytes; the longest name of the IANA list has 32.
const MAX_TEXT_BYTES: usize = 64;

/// The zone of the site, as it is shared.
#[derive(Clone, Debug)]
pub struct SiteZone(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    said: RwLock<Said>,
    turn: Mutex<()>,
}

#[derive(Clone, Debug)]
struct Said {
    text: String,
    zone: TimeZone,
    /// Where it was said so that nobody may say otherwise here.
    fixed: bool,
}

impl Default for SiteZone {
    /// UTC, for whatever has nobody to say otherwise.
    fn default() -> Self {
        Self::of(Said { text: "UTC".to_owned(), zone: TimeZone::UTC, fixed: false })
    }
}

impl SiteZone {
    /// The zone a text says. `fixed`: what a person chooses later does not count. A text that was not checked is UTC.
    #[must_use]
    pub(crate) fn new(text: &str, fixed: bool) -> Self {
        let zone = read(text).unwrap_or(TimeZone::UTC);
        Self::of(Said { text: text.to_owned(), zone, fixed })
    }

    fn of(said: Said) -> Self {
        Self(Arc::new(Shared { said: RwLock::new(said), turn: Mutex::new(()) }))
    }

    /// The turn of whoever changes it: two people who choose at once do so one after the other, on the card and in what is
    /// obeyed.
    pub(crate) async fn turn(&self) -> MutexGuard<'_, ()> {
        self.0.turn.lock().await
    }

    fn said(&self) -> Said {
        self.0.said.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The zone as it is now. Do not keep it.
    #[must_use]
    pub(crate) fn now(&self) -> TimeZone {
        self.said().zone
    }

    /// How it was said: `machine`, a name, or a rule.
    #[must_use]
    pub(crate) fn text(&self) -> String {
        self.said().text
    }

    /// Whether the environment says it, which nobody overrides from the page.
    #[must_use]
    pub(crate) fn is_fixed(&self) -> bool {
        self.said().fixed
    }

    /// What the clocks there show at a time since 1970.
    #[must_use]
    pub(crate) fn local(&self, unix: Duration) -> Option<DateTime> {
        Some(Timestamp::from_duration(unix.try_into().ok()?).ok()?.to_zoned(self.now()).datetime())
    }

    /// Obeys another one from now on. What is fixed stays.
    ///
    /// # Errors
    /// As [`read`].
    pub(crate) fn obey(&self, text: &str) -> Result<(), String> {
        let zone = read(text)?;
        let mut said = self.0.said.write().unwrap_or_else(PoisonError::into_inner);
        if !said.fixed {
            (said.text, said.zone) = (text.to_owned(), zone);
        }
        Ok(())
    }
}

/// What a person chose last, when that can be read.
pub(crate) fn chosen(stored: &[Stored]) -> Option<String> {
    let row = stored.iter().find(|row| row.kind == SETTINGS.id && row.key == KEY)?;
    let text = String::from_utf8(row.value.clone()).ok().filter(|text| read(text).is_ok());
    if text.is_none() {
        tracing::warn!("the zone kept on the card is none this machine knows; that of the configuration counts");
    }
    text
}

/// Reads a zone: `machine` for this machine's own, a name of the IANA list, where the machine has the list, or a rule as
/// POSIX writes it, such as `CET-1CEST,M3.5.0,M10.5.0/3`, which needs nothing.
///
/// # Errors
/// What is wrong with it, in words that go on after the key.
pub(crate) fn read(text: &str) -> Result<TimeZone, String> {
    match text {
        // This one must do on a machine without zone files, as the image is one.
        "UTC" => return Ok(TimeZone::UTC),
        MACHINE => return Ok(own_of(Path::new("/etc")).unwrap_or(TimeZone::UTC)),
        _ => {}
    }
    let found = (text.len() <= MAX_TEXT_BYTES).then(|| TimeZone::get(text).or_else(|_| TimeZone::posix(text)));
    found.and_then(Result::ok).ok_or_else(|| {
        format!("“{text}” is no zone this machine knows; write a name such as Europe/Paris, or a rule such as CET-1CEST,M3.5.0,M10.5.0/3")
    })
}

/// The zone of a machine with this `/etc`: where `localtime` leads, else what `timezone` names.
fn own_of(etc: &Path) -> Option<TimeZone> {
    let link = std::fs::read_link(etc.join("localtime")).ok();
    let linked = link.as_deref().and_then(Path::to_str).and_then(|path| path.split_once("zoneinfo/"));
    let named = || std::fs::read_to_string(etc.join("timezone")).ok();
    let known = |name: &str| TimeZone::get(name.trim()).ok();
    linked.and_then(|(_, name)| known(name)).or_else(|| named().as_deref().and_then(known))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARIS: &str = "CET-1CEST,M3.5.0,M10.5.0/3";

    #[test]
    fn a_choice_counts_at_once_for_everybody_unless_the_zone_is_fixed() {
        let noon = Duration::from_secs(1_782_907_200); // 2026-07-01T12:00:00Z
        let (site, fixed) = (SiteZone::default(), SiteZone::new("UTC", true));
        let hand = site.clone();
        let hour = |zone: &SiteZone| zone.local(noon).map(DateTime::hour);
        assert_eq!(hour(&site), Some(12));
        hand.obey(PARIS).unwrap();
        assert_eq!((hour(&site), site.text()), (Some(14), PARIS.to_owned()));
        assert!(hand.obey("Nowhere").is_err());
        assert_eq!(hour(&site), Some(14), "what cannot be read changes nothing");
        fixed.obey(PARIS).unwrap();
        assert_eq!((hour(&fixed), fixed.text()), (Some(12), "UTC".to_owned()));
    }

    #[test]
    fn a_machine_says_its_zone_by_a_link_or_a_name_or_not_at_all() {
        let etc = tempfile::tempdir().unwrap();
        assert!(own_of(etc.path()).is_none());
        std::fs::write(etc.path().join("timezone"), "Etc/UTC\n").unwrap();
        // Machines without zone files know no name.
        assert_eq!(own_of(etc.path()).is_some(), TimeZone::get("Etc/UTC").is_ok());
        std::os::unix::fs::symlink("../usr/share/zoneinfo/Europe/Paris", etc.path().join("localtime")).unwrap();
        if let Ok(paris) = TimeZone::get("Europe/Paris") {
            assert_eq!(own_of(etc.path()), Some(paris));
        }
        assert!(read(MACHINE).is_ok(), "whatever this machine says");
    }

    #[test]
    fn what_is_no_zone_is_refused_and_what_is_too_long() {
        for text in ["UTC", PARIS, "EST5EDT,M3.2.0,M11.1.0", "<+0545>-5:45"] {
            assert!(read(text).is_ok(), "{text}");
        }
        let long = "A".repeat(80);
        for text in ["", "Europe/Atlantis", "CET-1CEST,M3", "../../etc/passwd", "/etc/localtime", &long] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
