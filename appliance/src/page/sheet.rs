//! Holds all that is known of one device, copied in one visit, and how it is drawn: what, why, presence, addresses, ports.
//! It never shows a value without saying where it comes from.
//! The device page uses it.

use std::net::{IpAddr, Ipv4Addr};

use maud::{Markup, html};
use vigie_core::lan::{Device, Kind, Port, Role, Source, Transport};
use vigie_core::order::{sort_by, sort_by_key};
use vigie_core::{Instant, Mac, Moment};

use crate::http::language::{Language, Text};
use crate::shell::clocks::Clocks;

use super::frame;
use super::month;
use super::name::clean;
use super::person::Person;
use super::row::{self, Row};
use super::strip;
use super::times::{self, When};
use super::words::device as texts;
use super::words::{devices, evidence, percent};

/// An IPv6 address seen less long ago than this counts as in use: two sweeps. There may be several.
const IN_USE: std::time::Duration = std::time::Duration::from_secs(10 * 60);

/// A device as its page shows it.
#[derive(Clone, Debug)]
pub(super) struct Sheet {
    pub(super) row: Row,
    pub(super) person: Person,
    verdict: Option<(Kind, Source, f32)>,
    confidence: f32,
    presence_confidence: f32,
    reasons: Vec<(Source, String)>,
    names: Vec<(String, Source)>,
    os: Option<(String, f32)>,
    roles: Vec<Role>,
    sources: Vec<Source>,
    random_mac: bool,
    answer_ms: Option<f64>,
    week: Option<f32>,
    month: Option<f32>,
    /// The share of each of the last thirty days, the running one first.
    days: Vec<Option<f32>>,
    /// A merge of it can be undone.
    pub(super) can_split: bool,
    interfaces: Vec<Leg>,
    ports_known: bool,
    ports: Vec<(Port, When)>,
}

/// One interface.
#[derive(Clone, Debug)]
struct Leg {
    segment: String,
    mac: Option<Mac>,
    addresses: Vec<Held>,
    /// Addresses of others it answers for.
    answers_for: Vec<Ipv4Addr>,
}

/// An address and when it was held.
#[derive(Clone, Debug)]
struct Held {
    ip: IpAddr,
    current: bool,
    first: When,
    last: When,
}

impl Sheet {
    /// Copies a device. `segment` names a segment.
    pub(super) fn of(
        device: &Device,
        instant: Instant,
        now: Moment,
        clocks: &Clocks,
        segment: impl Fn(vigie_core::lan::SegmentId) -> Option<String>,
    ) -> Self {
        let when = |moment| When::of(moment, now, clocks);
        let uptime = device.uptime(instant);
        let mut interfaces: Vec<Leg> = Vec::new();
        for interface in device.interfaces() {
            let mut rows: Vec<_> = interface.addresses.iter().collect();
            sort_by_key(&mut rows, |row| {
                std::cmp::Reverse((interface.current.map(IpAddr::V4) == Some(row.ip), row.last_seen))
            });
            let held = |row: &&vigie_core::lan::interface::Address| Held {
                ip: row.ip,
                current: interface.current.map(IpAddr::V4) == Some(row.ip)
                    || (row.ip.is_ipv6() && when(row.last_seen).within(IN_USE)),
                first: when(row.first_seen),
                last: when(row.last_seen),
            };
            let addresses = rows.iter().map(held).collect();
            let segment = segment(interface.segment).unwrap_or_else(|| interface.segment.0.to_string());
            let mut answers_for: Vec<Ipv4Addr> = interface.answered_for().collect();
            sort_by(&mut answers_for, Ord::cmp);
            interfaces.push(Leg { segment, mac: interface.mac, addresses, answers_for });
        }
        let mut ports: Vec<(Port, When)> = device.open_ports().map(|row| (row.port, when(row.first_seen))).collect();
        sort_by_key(&mut ports, |(port, _)| *port);
        Self {
            row: Row::of(device, instant, now, clocks),
            person: Person::of(device),
            verdict: device.kind_field().map(|field| (field.value, field.source, field.confidence)),
            confidence: device.confidence(),
            presence_confidence: device.presence_confidence(instant),
            reasons: device.reasons().iter().map(|reason| (reason.source, reason.text.to_string())).collect(),
            names: device.names().iter().map(|row| (clean(&row.name), row.source)).collect(),
            os: device.os().map(|field| (clean(&field.value), field.confidence)),
            roles: device.roles().collect(),
            sources: device.sources().collect(),
            random_mac: device.random_mac(),
            answer_ms: device.answer().map(|(took, _)| took.as_micros() as f64 / 1_000.0),
            week: uptime.week(),
            month: uptime.month(),
            days: uptime.days().collect(),
            can_split: device.can_split(),
            interfaces,
            ports_known: device.ports_known(),
            ports,
        }
    }

    /// The part of the page that follows what happens.
    pub(super) fn draw(&self, language: Language) -> Markup {
        html! {
            section.who { (self.who(language)) }
            section.presence { (self.presence(language)) }
            section.addresses { (self.addresses(language)) }
            section.open { (self.open(language)) }
        }
    }

    fn who(&self, language: Language) -> Markup {
        let sentence = match self.verdict {
            Some((kind, Source::Person, _)) => texts::said(language, kind),
            Some((kind, _, confidence)) => texts::verdict(language, kind, confidence),
            None => texts::verdict(language, Kind::Unknown, 0.0),
        };
        html! {
            h2 { (texts::WHO.speak(language)) }
            p.verdict { (sentence) }
            @if !self.reasons.is_empty() || self.verdict.is_none() {
                h3 { (texts::WHY.speak(language)) }
            }
            @if self.reasons.is_empty() && self.verdict.is_none() { p { (texts::NO_REASON.speak(language)) } }
            ul.reasons {
                @for (source, reason) in &self.reasons {
                    li { (evidence::say(reason, language)) " " span.hint { "— " (texts::source(*source).speak(language)) } }
                }
            }
            @if self.random_mac { p.hint { (texts::RANDOM_MAC.speak(language)) } }
            dl.facts {
                @if !self.row.vendor.is_empty() { (frame::fact(texts::MAKER, &html! { bdi { (self.row.vendor) } }, language)) }
                @if let Some((os, confidence)) = &self.os {
                    (frame::fact(texts::SYSTEM, &html! { bdi { (os) } " " span.hint { (texts::sure(language, *confidence)) } }, language))
                }
                @if !self.names.is_empty() { (frame::fact(texts::NAMES, &self.all_names(language), language)) }
                @if !self.roles.is_empty() {
                    (frame::fact(texts::ROLES, &joined(self.roles.iter().map(|role| texts::role(*role)), language), language))
                }
                @if self.confidence > 0.0 { (frame::fact(texts::IDENTITY, &html! { (texts::sure(language, self.confidence)) }, language)) }
                @if !self.sources.is_empty() {
                    (frame::fact(texts::HEARD_BY, &joined(self.sources.iter().map(|source| texts::source(*source)), language), language))
                }
            }
        }
    }

    fn all_names(&self, language: Language) -> Markup {
        html! {
            ul.plain { @for (name, source) in &self.names {
                li { bdi { (name) } " " span.hint { "— " (texts::source(*source).speak(language)) } }
            } }
        }
    }

    fn presence(&self, language: Language) -> Markup {
        let share = |share: Option<f32>| share.map_or_else(|| texts::NOT_WATCHED.speak(language).to_owned(), percent);
        html! {
            h2 { (texts::PRESENCE.speak(language)) }
            p { (row::state(self.row.presence, self.row.online, language)) " "
                span.hint { (texts::sure(language, if self.row.online { self.presence_confidence } else { 1.0 - self.presence_confidence })) } }
            div.day { (strip::draw(&self.row.quarters, self.row.share, language)) }
            p.scale aria-hidden="true" { span { (texts::DAY_AGO.speak(language)) } span { (texts::NOW.speak(language)) } }
            dl.numbers {
                @for (name, value) in [(texts::DAY, self.row.share), (texts::WEEK, self.week), (texts::MONTH, self.month)] {
                    div { dt { (name.speak(language)) } dd { (share(value)) } }
                }
            }
            (month::draw(&self.days, language))
            dl.facts {
                (frame::fact(texts::FIRST_SEEN, &times::exact_time(self.row.first, language), language))
                (frame::fact(texts::LAST_SEEN, &html! { (times::ago(self.row.last, language)) }, language))
                @if let Some(ms) = self.answer_ms { (frame::fact(texts::ANSWERED_IN, &html! { (milliseconds(ms, language)) }, language)) }
            }
        }
    }

    fn addresses(&self, language: Language) -> Markup {
        html! {
            h2 { (texts::INTERFACES.speak(language)) }
            @for leg in &self.interfaces {
                h3 { code { @match leg.mac { Some(mac) => (mac), None => (texts::NO_MAC.speak(language)) } } " " span.hint { (leg.segment) } }
                table.plain {
                    caption.hush { (texts::INTERFACES_CAPTION.speak(language)) }
                    thead { tr {
                        th scope="col" { (devices::ADDRESS.speak(language)) }
                        th.held scope="col" aria-hidden="true" {}
                        th scope="col" { (texts::FROM.speak(language)) }
                        th scope="col" { (texts::UNTIL.speak(language)) }
                    } }
                    tbody { @for held in &leg.addresses {
                        tr {
                            th scope="row" { code { (held.ip) } @if held.current { " " span.chip.good { (texts::CURRENT.speak(language)) } } }
                            td.held aria-hidden="true" { (bar(held, &leg.addresses)) }
                            td { (times::ago(held.first, language)) }
                            td { @if held.current { (texts::NOW.speak(language)) } @else { (times::ago(held.last, language)) } }
                        }
                    } }
                }
                @if !leg.answers_for.is_empty() {
                    p { (texts::ANSWERS_FOR.speak(language)) " "
                        @for (at, ip) in leg.answers_for.iter().enumerate() { @if at > 0 { ", " } code { (ip) } } }
                    p.hint { (texts::ANSWERS_FOR_WHY.speak(language)) }
                }
            }
        }
    }

    fn open(&self, language: Language) -> Markup {
        html! {
            h2 { (texts::PORTS.speak(language)) }
            @if self.ports.is_empty() {
                p { @if self.ports_known { (texts::NO_PORTS.speak(language)) } @else { (texts::PORTS_UNKNOWN.speak(language)) } }
            } @else {
                table.plain {
                    caption.hush { (texts::PORTS_CAPTION.speak(language)) }
                    thead { tr {
                        th scope="col" { (texts::PORT.speak(language)) }
                        th scope="col" { (texts::SERVICE.speak(language)) }
                        th scope="col" { (texts::SINCE.speak(language)) }
                    } }
                    tbody { @for (port, first) in &self.ports {
                        tr {
                            th scope="row" { code { (port.number) "/" (transport(port.transport)) } }
                            td { (texts::service(port.number).speak(language)) }
                            td { (times::ago(*first, language)) }
                        }
                    } }
                }
            }
        }
    }
}

/// When an address was held among its sisters, as a bar. The oldest begins on the left, now is on the right.
fn bar(held: &Held, all: &[Held]) -> Markup {
    let seconds = |when: When| when.ago.map_or(0, |ago| ago.as_secs());
    let oldest = all.iter().map(|held| seconds(held.first)).max().unwrap_or(0).max(1);
    let place = |ago: u64| 100 - (ago.min(oldest) * 100 / oldest);
    let (from, to) = (place(seconds(held.first)), if held.current { 100 } else { place(seconds(held.last)) });
    html! {
        svg.tenure viewBox="0 0 100 8" preserveAspectRatio="none" {
            rect.ground x="0" y="3" width="100" height="2" {}
            rect.span x=(from) y="0" width=(to.saturating_sub(from).max(2)) height="8" {}
        }
    }
}

fn joined(parts: impl Iterator<Item = Text>, language: Language) -> Markup {
    html! { @for (at, part) in parts.enumerate() { @if at > 0 { ", " } (part.speak(language)) } }
}

fn transport(transport: Transport) -> &'static str {
    match transport {
        Transport::Tcp => "tcp",
        Transport::Udp => "udp",
    }
}

/// Milliseconds, finer below ten.
pub(super) fn milliseconds(ms: f64, language: Language) -> String {
    let text = if ms < 10.0 { format!("{ms:.1}\u{a0}ms") } else { format!("{ms:.0}\u{a0}ms") };
    match language {
        Language::En => text,
        Language::Fr => text.replace('.', ","),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn bars_lie_where_the_time_was() {
        let ago = |seconds| When { unix: None, ago: Some(Duration::from_secs(seconds)) };
        let held = |first, last, current| Held {
            ip: "10.0.0.1".parse().unwrap(),
            current,
            first: ago(first),
            last: ago(last),
        };
        let all = [held(50, 0, true), held(100, 50, false)];
        assert!(bar(&all[0], &all).into_string().contains("x=\"50\" y=\"0\" width=\"50\""));
        assert!(bar(&all[1], &all).into_string().contains("x=\"0\" y=\"0\" width=\"50\""));
        let now = [held(0, 0, true)];
        assert!(bar(&now[0], &now).into_string().contains("width=\"2\""), "a bar is never invisible");
        assert_eq!(
            (milliseconds(1.26, Language::Fr), milliseconds(12.6, Language::En)),
            ("1,3\u{a0}ms".into(), "13\u{a0}ms".into())
        );
    }
}
