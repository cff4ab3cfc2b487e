//! Holds the list of changes: what happened on the network, newest first, a page at a time.
//! It never changes what is stored.
//! The route table holds its route.

use std::collections::BTreeMap;
use std::sync::Arc;

use maud::{Markup, html};
use vigie_core::lan::{Change, ChangeKind, DeviceId};

use crate::accounts::role::Access;
use crate::http::call::Call;
use crate::http::language::Text;
use crate::http::route::{Outcome, Route};

use super::House;
use super::frame::{self, Section};
use super::gate::{Desk, guard};
use super::name::Name;
use super::told::{self, Told};
use super::words::{self, changes as texts};

/// Changes on a page.
const PAGE_CHANGES: usize = 50;

/// Which changes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Which {
    All,
    Arrivals,
    Moves,
    Trouble,
}

impl Which {
    const ALL: [Self; 4] = [Self::All, Self::Arrivals, Self::Moves, Self::Trouble];

    const fn parts(self) -> (&'static str, Text) {
        match self {
            Self::All => ("all", texts::ALL),
            Self::Arrivals => ("new", texts::ARRIVALS),
            Self::Moves => ("moves", texts::MOVES),
            Self::Trouble => ("trouble", texts::TROUBLE),
        }
    }

    const fn holds(self, kind: ChangeKind) -> bool {
        match self {
            Self::All => true,
            Self::Arrivals => matches!(kind, ChangeKind::NewDevice),
            Self::Moves => matches!(kind, ChangeKind::Online | ChangeKind::Offline | ChangeKind::Flapping),
            Self::Trouble => told::is_trouble(kind),
        }
    }
}

/// What the address asks for.
struct Asked {
    which: Which,
    device: Option<DeviceId>,
    before: Option<u64>,
}

impl Asked {
    fn path(&self, which: Which, before: Option<u64>) -> String {
        let mut parts = Vec::new();
        if which != Which::All {
            parts.push(format!("show={}", which.parts().0));
        }
        if let Some(device) = self.device {
            parts.push(format!("device={device}"));
        }
        if let Some(before) = before {
            parts.push(format!("before={before}"));
        }
        if parts.is_empty() { "/changes".to_owned() } else { format!("/changes?{}", parts.join("&")) }
    }
}

/// The route.
pub(super) fn routes(house: &Arc<House>) -> Vec<Route> {
    let list = Route::get("/changes", Access::Public, "The page of what changed on the network")
        .query("show", "all, new, moves or trouble.")
        .query("device", "The id of one device.")
        .query("before", "Only changes before this number.")
        .speaks(200, "text/html");
    vec![guard(list, Access::Viewer, house, show)]
}

async fn show(house: Arc<House>, call: Call, desk: Desk) -> Outcome {
    let word = call.query("show").unwrap_or_default();
    let asked = Asked {
        which: Which::ALL.into_iter().find(|which| which.parts().0 == word).unwrap_or(Which::All),
        device: call.query("device").and_then(|id| id.parse().ok()),
        before: call.query("before").and_then(|number| number.parse().ok()),
    };
    let (which, device) = (asked.which, asked.device);
    let wanted = move |change: &Change| which.holds(change.kind) && device.is_none_or(|id| change.device == Some(id));
    // One more than a page tells whether there is another.
    let mut found = told::newest(&house, asked.before.unwrap_or(u64::MAX), PAGE_CHANGES + 1, wanted).await;
    let more = found.len() > PAGE_CHANGES;
    found.truncate(PAGE_CHANGES);
    let names = told::names(&house, &found).await;
    let content = journal(&asked, &found, more, &names, &desk);
    Ok(frame::reply(&call, frame::page(&desk, Section::Changes, texts::TITLE.speak(desk.language), &content)))
}

fn journal(asked: &Asked, found: &[Told], more: bool, names: &BTreeMap<DeviceId, Name>, desk: &Desk) -> Markup {
    let language = desk.language;
    let one = asked.device.map(|id| {
        html! {
            a href={ "/devices/" (id) } {
                @match names.get(&id) {
                    Some(name) => (name.show(language)),
                    None => (texts::FORGOTTEN.speak(language)),
                }
            }
        }
    });
    let next = found.last().filter(|_| more).map(|last| last.number);
    html! {
        h1 {
            @match one {
                Some(link) => (words::fill(texts::OF_ONE.speak(language), &[("name", link)])),
                None => (texts::TITLE.speak(language)),
            }
        }
        nav.parts aria-label=(texts::SHOW.speak(language)) {
            @for which in Which::ALL {
                a href=(asked.path(which, None)) aria-current=[(which == asked.which).then_some("true")] {
                    (which.parts().1.speak(language))
                }
            }
        }
        @if found.is_empty() {
            div.first { (super::icon::icon("journal")) h2 { (if asked.which == Which::All { texts::EMPTY } else { texts::NONE_SUCH }.speak(language)) } p { (texts::EMPTY_HELP.speak(language)) } }
        }
        // Only the newest page follows what happens; an older one stays what it was.
        ol.tolds #changes hx-get=[asked.before.is_none().then(|| asked.path(asked.which, None))] hx-trigger="news from:body"
            hx-select="#changes" hx-swap="outerHTML" {
            @for told in found { (told::draw(told, names, language)) }
        }
        nav.turn aria-label=(words::devices::PAGES.speak(language)) {
            @if asked.before.is_some() { a.button href=(asked.path(asked.which, None)) { (texts::NEWEST.speak(language)) } }
            @if next.is_some() { a.button rel="next" href=(asked.path(asked.which, next)) { (texts::OLDER.speak(language)) } }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::language::Language;

    #[test]
    fn the_next_page_begins_after_the_last_change_shown() {
        let asked = Asked { which: Which::Moves, device: Some(DeviceId(7)), before: None };
        let desk = Desk {
            username: "ada".into(),
            language: Language::En,
            may_work: true,
            may_rule: true,
            path: "/changes".into(),
        };
        let found = [told::sample(ChangeKind::Offline, Some(DeviceId(7)), "", "")];
        let page = journal(&asked, &found, true, &BTreeMap::new(), &desk).into_string();
        assert!(page.contains("href=\"/changes?show=moves&amp;device=0000000000000007&amp;before=7\""), "{page}");
        let last = journal(&asked, &found, false, &BTreeMap::new(), &desk).into_string();
        assert!(!last.contains("before=7"));
        let empty = journal(&asked, &[], false, &BTreeMap::new(), &desk).into_string();
        assert!(empty.contains(texts::EMPTY_HELP.en));
    }
}
