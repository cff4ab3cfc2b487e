//! Holds one device as a row of the list: what is taken out of the table for it, and how it is drawn.
//! It never reaches into the network: a row is a copy, taken in one visit.
//! The list, its live part and the overview use it.

use std::net::IpAddr;
use std::time::Duration;

use maud::{Markup, html};
use vigie_core::lan::{Device, DeviceId, Kind, Presence, Role, Source, Trust};
use vigie_core::{Instant, Mac, Moment};

use crate::http::language::Language;
use crate::shell::clocks::Clocks;

use super::gate::Desk;
use super::icon::{self, icon};
use super::many;
use super::name::{Name, clean};
use super::strip::{self, Quarters};
use super::times::{self, When};
use super::words::devices as words;
use super::words::times::NOW;

/// A device counts as new for a day, or until a person says what they think of it.
pub(super) const NEW_FOR: Duration = Duration::from_secs(24 * 60 * 60);

/// A device as the list shows it. About 350 B.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) id: DeviceId,
    pub(super) name: Name,
    pub(super) kind: Kind,
    pub(super) vendor: String,
    pub(super) ip: Option<IpAddr>,
    pub(super) mac: Option<Mac>,
    pub(super) presence: Presence,
    pub(super) online: bool,
    pub(super) flapping: bool,
    pub(super) trust: Trust,
    pub(super) watch: bool,
    pub(super) myself: bool,
    pub(super) new: bool,
    /// A person added it and nothing was heard of it yet.
    pub(super) never: bool,
    pub(super) first: When,
    pub(super) last: When,
    /// Orders devices by when they were seen, across restarts.
    pub(super) last_moment: Moment,
    pub(super) ports: Option<usize>,
    pub(super) quarters: Quarters,
    pub(super) share: Option<f32>,
}

impl Row {
    /// Copies what is shown of a device. `instant` and `now` are the same moment on two scales.
    pub(super) fn of(device: &Device, instant: Instant, now: Moment, clocks: &Clocks) -> Self {
        let uptime = device.uptime(instant);
        let first = When::of(device.first_seen(), now, clocks);
        let never = device.by_hand() && device.sources().all(|source| source == Source::Person);
        let myself = device.roles().any(|role| role == Role::Myself);
        Self {
            id: device.id(),
            name: Name::of(device),
            kind: device.kind(),
            vendor: device.vendor().map(|vendor| clean(&vendor.value)).unwrap_or_default(),
            ip: device.ip(),
            mac: device.mac(),
            presence: device.presence(),
            online: device.online(),
            flapping: device.flapping(),
            trust: device.trust(),
            watch: device.watch(),
            myself,
            never,
            new: !never && device.trust() == Trust::Unknown && !myself && first.within(NEW_FOR),
            first,
            last: When::of(device.last_seen(), now, clocks),
            last_moment: device.last_seen(),
            ports: device.ports_known().then(|| device.open_ports().count()),
            quarters: strip::gather(uptime.strip()),
            share: uptime.day(),
        }
    }

    /// The address of its page.
    pub(super) fn path(&self) -> String {
        format!("/devices/{}", self.id)
    }
}

/// The state: a dot whose shape differs, and a word.
pub(super) fn state(presence: Presence, online: bool, language: Language) -> Markup {
    let class = match (presence, online) {
        (Presence::Online, _) => "dot on",
        (Presence::Suspect, _) => "dot half",
        (Presence::Unknown, _) => "dot none",
        (Presence::Offline, _) => "dot off",
    };
    html! { span.state { span class=(class) aria-hidden="true" {} (words::presence(presence, online).speak(language)) } }
}

/// Small marks behind a name.
pub(super) fn chips(row: &Row, language: Language) -> Markup {
    let chip =
        |class: &str, picture: &str, text: &str| html! { span class={ "chip " (class) } { (icon(picture)) (text) } };
    html! {
        @if row.myself { (chip("quiet", "info", words::CHIP_MYSELF.speak(language))) }
        @if row.new { (chip("accent", "new", words::CHIP_NEW.speak(language))) }
        @if row.trust == Trust::Blocked { (chip("bad", "blocked", words::trust(Trust::Blocked).speak(language))) }
        @if row.flapping { (chip("warn", "warn", words::CHIP_FLAPPING.speak(language))) }
        @if row.watch { (chip("quiet", "watched", words::CHIP_WATCHED.speak(language))) }
    }
}

/// The row.
pub(super) fn draw(row: &Row, desk: &Desk) -> Markup {
    let language = desk.language;
    let kind = words::kind(row.kind).speak(language);
    html! {
        tr id={ "d-" (row.id) } {
            @if desk.may_work { td.pick { @if !row.myself { (many::tick(row.id, &row.name.text(language), language)) } } }
            td.is { (state(row.presence, row.online, language)) }
            th.who scope="row" {
                div.name {
                    a href=(row.path()) { (icon::kind(row.kind)) span { (row.name.show(language)) } }
                    span.sub {
                        @if !row.name.is_made_up() { (kind) }
                        @if let Some(second) = row.name.second() { " · " bdi { (second) } }
                    }
                    span.marks { (chips(row, language)) }
                }
            }
            td.ip { @if let Some(ip) = row.ip { (ip) } }
            td.maker { bdi { (row.vendor) } }
            td.day { (strip::draw(&row.quarters, row.share, language)) }
            td.seen {
                @if row.never { (words::NEVER.speak(language)) }
                @else if row.online { (times::stamp(row.last, NOW.speak(language), false, language)) }
                @else { (times::ago(row.last, language)) }
            }
            td.ports { @if let Some(count) = row.ports { span title=(words::ports(language, count)) { (count) } } }
        }
    }
}
