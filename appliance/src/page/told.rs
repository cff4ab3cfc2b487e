//! Holds a change as the page tells it: when, a sentence, and why the machine says so.
//! It never drops a change of a device that has since been forgotten: it says so instead.
//! The journal, the device page and the overview use it.

use std::collections::BTreeMap;

use maud::{Markup, html};
use vigie_core::lan::{Change, ChangeKind, DeviceId, Kind};
use vigie_core::table::table_of;

use crate::http::language::Language;
use crate::shell::clocks::Clocks;
use crate::shell::keeper::{CHANGE, Event, Keeper};

use super::House;
use super::icon::icon;
use super::name::{Name, clean};
use super::times::{self, When};
use super::words::{self, changes as texts, devices, evidence};

/// A stored change with its number.
#[derive(Clone, Debug)]
pub(super) struct Told {
    /// Its number in the log; the cursor of the next page.
    pub(super) number: u64,
    pub(super) change: Change,
    pub(super) when: When,
}

/// The newest changes before a number, newest first, at most `limit`, that `wanted` takes.
pub(super) async fn newest(
    house: &House,
    before: u64,
    limit: usize,
    wanted: impl Fn(&Change) -> bool + Send + 'static,
) -> Vec<Told> {
    let now = house.network.call(|hands| hands.moment()).await.unwrap_or_default();
    let keep = move |event: &Event| read(event).is_some_and(|change| wanted(&change));
    let events = Keeper::newest(&house.keeper, CHANGE, before, limit, keep).await;
    events.iter().filter_map(|event| tell(event, now, &house.clocks)).collect()
}

fn tell(event: &Event, now: vigie_core::Moment, clocks: &Clocks) -> Option<Told> {
    let change = read(event)?;
    Some(Told { number: event.sequence, when: When::of(change.at, now, clocks), change })
}

fn read(event: &Event) -> Option<Change> {
    (event.version == CHANGE.version).then(|| postcard::from_bytes(&event.value).ok()).flatten()
}

/// The names of the devices some changes are about.
pub(super) async fn names(house: &House, told: &[Told]) -> BTreeMap<DeviceId, Name> {
    names_of(house, told.iter().filter_map(|told| told.change.device).collect()).await
}

/// What devices are called now; none of them when the network's part is away.
pub(super) async fn names_of(house: &House, ids: Vec<DeviceId>) -> BTreeMap<DeviceId, Name> {
    let visit = house.network.call(move |hands| {
        let found = ids.iter().filter_map(|id| hands.lan().device(*id));
        table_of(found.map(|device| (device.id(), Name::of(device))))
    });
    visit.await.unwrap_or_default()
}

/// Whether a change is a reason to worry.
pub(super) const fn is_trouble(kind: ChangeKind) -> bool {
    matches!(
        kind,
        ChangeKind::Conflict
            | ChangeKind::RogueDhcp
            | ChangeKind::ScannerDegraded
            | ChangeKind::TableFull
            | ChangeKind::Flapping
    )
}

fn picture(kind: ChangeKind) -> (&'static str, &'static str) {
    match kind {
        ChangeKind::NewDevice => ("new", "accent"),
        ChangeKind::Online | ChangeKind::ScannerRecovered | ChangeKind::ConflictCleared => ("check", "good"),
        ChangeKind::Offline => ("lost", "quiet"),
        kind if is_trouble(kind) => ("warn", "warn"),
        _ => ("info", "quiet"),
    }
}

/// The change as an entry of a list. `names` are those of the devices that are still there.
pub(super) fn draw(told: &Told, names: &BTreeMap<DeviceId, Name>, language: Language) -> Markup {
    let change = &told.change;
    let (picture, class) = picture(change.kind);
    html! {
        li.told {
            span class={ "sign " (class) } { (icon(picture)) }
            div {
                p { (sentence(change, names, language)) }
                @if !change.evidence.is_empty() { p.hint { (evidence::say(&change.evidence, language)) } }
            }
            (times::ago(told.when, language))
        }
    }
}

/// The change in one sentence.
pub(super) fn sentence(change: &Change, names: &BTreeMap<DeviceId, Name>, language: Language) -> Markup {
    let name = match change.device.and_then(|id| Some((id, names.get(&id)?))) {
        Some((id, name)) => html! { a href={ "/devices/" (id) } { (name.show(language)) } },
        None => html! { (texts::FORGOTTEN.speak(language)) },
    };
    let value = |text: &str| html! { b { bdi { (value(change.kind, text, language)) } } };
    let pieces = [("name", name), ("old", value(&change.old)), ("new", value(&change.new))];
    words::fill(texts::sentence(change.kind).speak(language), &pieces)
}

/// What was or is, in the reader's language where the machine uses words of its own.
fn value(kind: ChangeKind, text: &str, language: Language) -> String {
    match kind {
        ChangeKind::KindChanged => {
            text.parse::<Kind>().map_or_else(|_| clean(text), |kind| devices::kind(kind).speak(language).to_owned())
        }
        _ if text.is_empty() => "—".to_owned(),
        _ => clean(text),
    }
}

#[cfg(test)]
pub(super) fn sample(kind: ChangeKind, device: Option<DeviceId>, old: &str, new: &str) -> Told {
    let change = Change {
        at: vigie_core::Moment { boot: 1, ms: 1 },
        kind,
        device,
        segment: None,
        old: old.into(),
        new: new.into(),
        evidence: "4 probes without an answer".into(),
    };
    Told { number: 7, when: When { unix: None, ago: Some(std::time::Duration::from_secs(61)) }, change }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_told_in_both_languages_with_hostile_values_escaped() {
        let told = sample(ChangeKind::HostnameChanged, Some(DeviceId(7)), "", "<script>\u{202e}x");
        let names = BTreeMap::from([(DeviceId(7), Name::default())]);
        let english = draw(&told, &names, Language::En).into_string();
        assert!(english.contains("&lt;script&gt;\u{fffd}x") && !english.contains("<script>"), "{english}");
        assert!(english.contains("<a href=\"/devices/0000000000000007\">") && english.contains("before"));
        let french = draw(&told, &BTreeMap::new(), Language::Fr).into_string();
        assert!(french.contains("un appareil oublié depuis") && french.contains("4 essais sans réponse"), "{french}");
    }

    #[test]
    fn kinds_are_said_in_words() {
        let told = sample(ChangeKind::KindChanged, None, "unknown", "printer");
        let french = sentence(&told.change, &BTreeMap::new(), Language::Fr).into_string();
        assert!(french.contains("Imprimante") && french.contains("Non identifié"), "{french}");
    }
}
