//! Holds one seat as a tile: name, state in words with a sign, the time left, and what may be done there at once.
//! It never shows a whole name to somebody who only looks. The page of the seats and that of one workstation draw it.

use maud::{Markup, html};
use vigie_core::kiosk::session::State;
use vigie_core::kiosk::station::{Reach, StationState};

use super::{group_name, left, name_for};
use crate::http::language::{Language, Text};
use crate::page::gate::Desk;
use crate::page::icon::icon;
use crate::page::name::clean;
use crate::page::times::{self, When};
use crate::page::words::{self, seats as texts};
use crate::shell::clocks::Clocks;
use crate::shell::kiosk::{Room, SessionView, StationView};

/// What one press of the button adds.
pub(super) const ADD_MINUTES: i64 = 15;

/// A seat with what is going on there.
pub(super) struct Tile {
    pub(super) station: StationView,
    pub(super) name: String,
    pub(super) session: Option<SessionView>,
    /// Who sits there, as the reader may know it; `None`: a guest.
    pub(super) who: Option<String>,
    pub(super) group: Option<String>,
    pub(super) heard: Option<When>,
}

impl Tile {
    pub(super) fn of(room: &Room, station: StationView, desk: &Desk, clocks: &Clocks) -> Self {
        let session = station.session.and_then(|id| room.session(id));
        let person = session.as_ref().and_then(|session| room.person(session.person?));
        let group = station.group.and_then(|group| room.groups().get(&group));
        Self {
            name: clean(&station.name),
            who: person.map(|person| name_for(person, desk.may_work)),
            group: group.map(|group| group_name(group, desk.language)),
            heard: station.last_heartbeat.map(|heard| When::of(heard, room.moment(), clocks)),
            session,
            station,
        }
    }

    /// The session, while it is somebody's place.
    pub(super) fn live(&self) -> Option<&SessionView> {
        self.session.as_ref().filter(|session| session.state.is_live())
    }

    /// What the seat is at, with the sign and the colour.
    fn state(&self) -> (&'static str, &'static str, Text) {
        match self.live().map(|session| session.state) {
            Some(State::Suspended) => ("pause", "warn", texts::PAUSED),
            Some(State::Interrupted) => ("undo", "warn", texts::HELD),
            Some(_) => texts::state(StationState::Busy),
            None => texts::state(self.station.state),
        }
    }

    pub(super) fn chip(&self, language: Language) -> Markup {
        let (picture, class, text) = self.state();
        html! { span class={ "chip " (class) } { (icon(picture)) (text.speak(language)) } }
    }

    /// Whether somebody may be given a code for it.
    fn takes_codes(&self) -> bool {
        self.live().is_none() && self.station.state != StationState::Maintenance
    }

    pub(super) fn draw(&self, desk: &Desk) -> Markup {
        let language = desk.language;
        let path = format!("/workstations/{}", self.station.id.0);
        html! {
            li.seat #{ "seat-" (self.station.id.0) } {
                div.top {
                    h3 { a href=(path) { bdi { (self.name) } } }
                    (self.chip(language))
                }
                @if let Some(session) = self.live() {
                    (left::draw(session, &self.name, language))
                    p.who { (icon("person")) bdi { (self.who.as_deref().unwrap_or(texts::GUEST.speak(language))) } }
                    @if session.state == State::Interrupted { p.hint { (texts::HELD_HELP.speak(language)) } }
                }
                (self.reach(language))
                @if desk.may_work { (self.acts(desk)) }
            }
        }
    }

    /// What there is to say about whether it is heard.
    fn reach(&self, language: Language) -> Markup {
        if !self.station.enrolled {
            return html! { p.hint { (texts::NOT_ENROLLED.speak(language)) } };
        }
        let text = match (self.station.reach, self.live().is_some(), self.heard) {
            (Reach::Online, ..) => return html! { @if let Some(group) = &self.group { p.hint { (group) } } },
            (_, _, None) => return html! { p.hint { (texts::NEVER_HEARD.speak(language)) } },
            (_, true, Some(_)) => texts::SILENT,
            (_, false, Some(_)) => texts::HEARD,
        };
        let when = times::ago(self.heard.unwrap_or_default(), language);
        html! { p.hint { (words::fill(text.speak(language), &[("when", when)])) } }
    }

    /// The buttons: those for somebody who sits there, or the way to a code.
    pub(super) fn acts(&self, desk: &Desk) -> Markup {
        let language = desk.language;
        let (id, next) = (self.station.id.0, desk.path.as_str());
        let label = |act: Text| act_at(act, &self.name, language);
        let press = |path: String, act: Text, key: &str, fields: &[(&str, String)]| {
            html! {
                form method="post" action=(path) {
                    input type="hidden" name="next" value=(next);
                    @for (name, value) in fields { input type="hidden" name=(name) value=(value); }
                    button #{ (key) "-" (id) } type="submit" aria-label=(label(act)) { (act.speak(language)) }
                }
            }
        };
        let link = |path: String, act: Text, key: &str, class: &str| {
            html! { a #{ (key) "-" (id) } class={ "button " (class) } href=(path) aria-label=(label(act)) { (act.speak(language)) } }
        };
        let message = || link(format!("/workstations/message?to={id}"), texts::MESSAGE, "say", "");
        html! {
            div.pair {
                @if let Some(session) = self.live() {
                    @let base = format!("/sessions/{}", session.id.0);
                    (press(format!("{base}/add"), texts::ADD, "add", &[("minutes", ADD_MINUTES.to_string())]))
                    @if session.state == State::Active { (press(format!("{base}/pause"), texts::PAUSE, "pause", &[])) }
                    @else { (press(format!("{base}/go-on"), texts::GO_ON, "go", &[])) }
                    (link(format!("{base}/end"), texts::END, "end", ""))
                    (message())
                } @else if self.takes_codes() {
                    (link(format!("/workstations/{id}/code"), texts::GIVE_CODE, "give", "primary"))
                    @if self.station.state == StationState::Offline {
                        (press(format!("/workstations/{id}/wake"), texts::WAKE, "wake", &[]))
                    }
                } @else {
                    (press(format!("/workstations/{id}/service"), texts::BACK_IN, "service", &[("on", "yes".to_owned())]))
                }
            }
        }
    }
}

/// The name of an act with its seat.
fn act_at(act: Text, name: &str, language: Language) -> String {
    texts::ACT_AT.speak(language).replace("{act}", act.speak(language)).replace("{name}", name)
}
