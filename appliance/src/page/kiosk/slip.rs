//! Holds the slip with a code on it: 80 mm wide, the code large, the time, until when it is good, the house rules.
//! It never keeps a code: what is drawn here is not known any more once the page is left. The pages of codes draw it.

use maud::{Markup, html};
use vigie_core::kiosk::{PersonId, StationId};

use super::{group_name, name_for, page};
use crate::http::language::Language;
use crate::page::gate::Desk;
use crate::page::icon::icon;
use crate::page::name::clean;
use crate::page::words::{codes as texts, seats};
use crate::shell::kiosk::{Issued, Order, Room};

/// What stands on slips beside the code.
pub(super) struct About {
    who: Option<String>,
    place: Option<String>,
    /// Until when it is good, or for how long when nobody knows the time.
    until: String,
    rules: String,
}

impl About {
    /// What is known right after the codes were made.
    pub(super) fn of(room: &Room, order: &Order, issued: &Issued, language: Language) -> Self {
        let place = |id: StationId| room.station(id).map(|station| clean(&station.name));
        let group = order.group.and_then(|id| room.groups().get(&id)).map(|group| group_name(group, language));
        let settings = room.settings();
        let rules = match language {
            Language::En => [&settings.rules_en, &settings.rules_fr],
            Language::Fr => [&settings.rules_fr, &settings.rules_en],
        };
        let length = || seats::minutes(language, issued.valid_ms / 60_000);
        let until = room.local_in(issued.valid_ms).zip(room.local_in(0));
        Self {
            who: order.person.and_then(|id: PersonId| room.person(id)).map(|person| name_for(person, true)),
            place: order.station.and_then(place).or(group),
            until: until.map_or_else(length, |(at, now)| texts::until(language, at, now.date())),
            rules: rules.into_iter().find(|text| !text.is_empty()).map(|text| clean_lines(text)).unwrap_or_default(),
        }
    }
}

/// As a name is cleaned, line by line.
fn clean_lines(text: &str) -> String {
    text.lines().map(clean).collect::<Vec<_>>().join("\n")
}

/// On what the slips are printed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Paper {
    Roll,
    Sheet,
}

/// The page with the slips.
pub(super) fn draw(issued: &[Issued], about: &About, paper: Paper, desk: &Desk) -> Markup {
    let language = desk.language;
    let one = if let [one] = issued { Some(one) } else { None };
    let title = match one {
        Some(_) => texts::SLIP_TITLE.speak(language).to_owned(),
        None => texts::SLIPS_TITLE.speak(language).replace("{n}", &issued.len().to_string()),
    };
    let content = html! {
        div.handing {
            h1 { (title) }
            p.notice.ask role="status" { (icon("info")) span { (texts::TOLD_ONCE.speak(language)) } }
        }
        div class=(if paper == Paper::Roll { "slips roll" } else { "slips sheets" }) {
            @for one in issued { (slip(one, about, language)) }
        }
        div.pair.handing {
            button.primary type="button" data-print autofocus { (icon("printer")) (texts::PRINT.speak(language)) }
            noscript { p.hint { (texts::PRINT_HINT.speak(language)) } }
            @if let Some(one) = one {
                form method="post" action={ "/sessions/" (one.session.0) "/end" } {
                    button type="submit" { (texts::TAKE_BACK.speak(language)) }
                }
            }
            a.button href="/workstations" { (texts::TO_SEATS.speak(language)) }
        }
    };
    page(desk, &title, &content)
}

fn slip(issued: &Issued, about: &About, language: Language) -> Markup {
    let code = issued.code.expose();
    html! {
        article.slip {
            h2 { (texts::SLIP_HEAD.speak(language)) }
            p.code-large { code { (code) } }
            dl {
                div { dt { (texts::SLIP_TIME.speak(language)) } dd { b { (seats::minutes(language, issued.granted_ms / 60_000)) } } }
                div { dt { (texts::SLIP_AT.speak(language)) } dd { bdi { (about.place.as_deref().unwrap_or(seats::ANYWHERE.speak(language))) } } }
                @if let Some(who) = &about.who { div { dt { (texts::SLIP_FOR.speak(language)) } dd { bdi { (who) } } } }
                div { dt { (texts::SLIP_UNTIL.speak(language)) } dd { (about.until) } }
            }
            @if !about.rules.is_empty() { p.rules { (about.rules) } }
        }
    }
}
