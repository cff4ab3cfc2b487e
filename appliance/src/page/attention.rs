//! Holds what needs a person's attention, each as a sentence with what to do: the heart of the overview.
//! It never cries wolf: what a person has answered for is not mentioned again, and many strangers are one sentence.
//! The overview uses it.

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::shell::rights::Need;
use maud::{Markup, html};
use vigie_core::lan::{ConflictKind, DeviceId, Trust};
use vigie_core::order::sort_by_key;
use vigie_core::table::table_of;
use vigie_store::Health;

use crate::http::language::{Language, Text};
use crate::shell::network::LegView;

use super::icon::icon;
use super::kiosk::news::News;
use super::name::Name;
use super::row::Row;
use super::times;
use super::words::{self, devices, overview as texts};

/// Up to so many strangers are named one by one; more are one sentence.
const NAMED_STRANGERS: usize = 3;

/// Up to so many pairs are asked about one by one.
const NAMED_PROPOSALS: usize = 3;

/// How bad it is, worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Tone {
    Bad,
    Warn,
    Info,
}

/// One thing.
pub(super) struct Item {
    pub(super) tone: Tone,
    pub(super) sentence: Markup,
    pub(super) help: Markup,
    pub(super) acts: Markup,
}

/// What is looked at.
pub(super) struct Facts<'a> {
    pub(super) rows: &'a [Row],
    pub(super) legs: &'a [LegView],
    pub(super) conflicts: &'a [Clash],
    /// Pairs of entries that may be one device.
    pub(super) proposals: &'a [(DeviceId, DeviceId)],
    /// Devices that were caught giving out addresses.
    pub(super) rogues: &'a [DeviceId],
    pub(super) health: Health,
    /// Records found lost when the store was opened.
    pub(super) lost: bool,
    /// A right that is missing, and the command that grants it.
    pub(super) missing: Option<(Need, &'a str)>,
    /// Whether the wall clock is set.
    pub(super) clock: bool,
    /// Newcomers a full table had no room for.
    pub(super) turned_away: u64,
    /// Whether looking around by the clock is switched off.
    pub(super) paused: bool,
    /// What there is to say of the workstations.
    pub(super) kiosk: &'a News,
}

/// An open conflict.
#[derive(Clone, Debug)]
pub(super) struct Clash {
    pub(super) kind: ConflictKind,
    pub(super) ip: IpAddr,
    pub(super) devices: [DeviceId; 2],
}

/// Everything that needs attention, worst first.
pub(super) fn find(facts: &Facts<'_>, language: Language, may_work: bool) -> Vec<Item> {
    let names = table_of(facts.rows.iter().map(|row| (row.id, &row.name)));
    let teller = Teller { names, language, may_work };
    let mut items = Vec::new();
    teller.appliance(facts, &mut items);
    teller.conflicts(facts, &mut items);
    teller.workstations(facts.kiosk, &mut items);
    for row in facts.rows {
        teller.device(row, facts.rogues.contains(&row.id), &mut items);
    }
    teller.strangers(facts.rows, &mut items);
    teller.proposals(facts.proposals, &mut items);
    sort_by_key(&mut items, |item| item.tone);
    items
}

struct Teller<'a> {
    names: BTreeMap<DeviceId, &'a Name>,
    language: Language,
    may_work: bool,
}

impl Teller<'_> {
    fn say(&self, text: Text) -> &'static str {
        text.speak(self.language)
    }

    fn plain(&self, tone: Tone, sentence: Text, help: Text, acts: Markup) -> Item {
        Item { tone, sentence: html! { (self.say(sentence)) }, help: html! { (self.say(help)) }, acts }
    }

    fn link(&self, id: DeviceId) -> Markup {
        html! {
            a href={ "/devices/" (id) } {
                @match self.names.get(&id) {
                    Some(name) => (name.show(self.language)),
                    None => (self.say(devices::NAMELESS)),
                }
            }
        }
    }

    fn look(&self, id: DeviceId) -> Markup {
        html! { a.button href={ "/devices/" (id) } { (self.say(texts::LOOK)) } }
    }

    fn to_system(&self) -> Markup {
        html! { a.button href="/system" { (self.say(texts::SYSTEM)) } }
    }

    /// A button that does something at once.
    fn act(&self, path: &str, fields: &[(&str, &str)], words: Text) -> Markup {
        html! {
            @if self.may_work {
                form method="post" action=(path) {
                    @for (name, value) in fields { input type="hidden" name=(name) value=(value); }
                    button type="submit" { (self.say(words)) }
                }
            }
        }
    }

    fn trust(&self, row: &Row, trust: &str, words: Text) -> Markup {
        self.act(&format!("{}/trust", row.path()), &[("trust", trust)], words)
    }

    /// Entries that may be one device: a person decides.
    fn proposals(&self, proposals: &[(DeviceId, DeviceId)], items: &mut Vec<Item>) {
        for (young, old) in proposals.iter().take(NAMED_PROPOSALS) {
            let pieces = [("one", self.link(*young)), ("other", self.link(*old))];
            let with = young.to_string();
            items.push(Item {
                tone: Tone::Warn,
                sentence: words::fill(self.say(texts::MAY_BE_ONE), &pieces),
                help: html! { (self.say(texts::MAY_BE_ONE_HELP)) },
                acts: html! {
                    (self.act(&format!("/devices/{old}/merge"), &[("with", &with), ("next", "/")], texts::ARE_ONE))
                    (self.act(&format!("/devices/{old}/apart"), &[("with", &with), ("next", "/")], texts::ARE_TWO))
                },
            });
        }
        if let Some(more) = proposals.len().checked_sub(NAMED_PROPOSALS).filter(|more| *more > 0) {
            items.push(Item {
                tone: Tone::Info,
                sentence: html! { (texts::proposals(self.language, more)) },
                help: html! { (self.say(texts::MAY_BE_ONE_HELP)) },
                acts: html! { @if let Some((_, old)) = proposals.get(NAMED_PROPOSALS) { (self.look(*old)) } },
            });
        }
    }

    /// The appliance itself: storage, clock, table, legs, rights.
    fn appliance(&self, facts: &Facts<'_>, items: &mut Vec<Item>) {
        if matches!(facts.health, Health::MemoryOnly { .. }) {
            items.push(self.plain(Tone::Bad, texts::STORAGE, texts::STORAGE_HELP, self.to_system()));
        }
        if facts.lost {
            items.push(self.plain(Tone::Warn, texts::LOST, texts::LOST_HELP, self.to_system()));
        }
        if facts.turned_away > 0 {
            let pieces = [("count", html! { (words::number(self.language, facts.turned_away)) })];
            items.push(Item {
                tone: Tone::Bad,
                sentence: words::fill(self.say(texts::FULL), &pieces),
                help: html! { (self.say(texts::FULL_HELP)) },
                acts: html! { a.button href="/devices?show=away&sort=seen&order=down" { (self.say(texts::FULL_ACT)) } },
            });
        }
        if facts.paused {
            let resume = self.act("/system/watching", &[("watching", "on")], texts::RESUME);
            items.push(self.plain(Tone::Warn, texts::PAUSED, texts::PAUSED_HELP, resume));
        }
        if !facts.clock {
            items.push(self.plain(Tone::Info, texts::CLOCK, texts::CLOCK_HELP, html! {}));
        }
        if facts.legs.is_empty() {
            items.push(self.plain(Tone::Bad, texts::NO_LEG, texts::NO_LEG_HELP, self.to_system()));
        }
        for leg in facts.legs.iter().filter(|leg| leg.degraded) {
            let pieces = [("interface", html! { code { (leg.interface) } })];
            items.push(Item {
                tone: Tone::Bad,
                sentence: words::fill(self.say(texts::DEGRADED), &pieces),
                help: html! { (self.say(texts::DEGRADED_HELP)) },
                acts: self.to_system(),
            });
        }
        if let Some((Need::RawSockets, command)) = facts.missing {
            items.push(Item {
                tone: Tone::Warn,
                sentence: html! { (self.say(texts::BLIND)) },
                help: html! { (self.say(texts::BLIND_HELP)) " " code.command { (command) } },
                acts: html! {},
            });
        }
        for leg in facts.legs {
            for (block, why) in leg.scope.iter().filter_map(|(block, may)| Some((block, may.err()?))) {
                let pieces = [("block", html! { code { (block) } }), ("interface", html! { code { (leg.interface) } })];
                let why = words::system::not_scanned(why);
                items.push(Item {
                    tone: Tone::Info,
                    sentence: words::fill(self.say(texts::NOT_SCANNED), &pieces),
                    help: html! { (self.say(why)) },
                    acts: html! {},
                });
            }
        }
    }

    fn conflicts(&self, facts: &Facts<'_>, items: &mut Vec<Item>) {
        for clash in facts.conflicts {
            let [one, other] = clash.devices;
            let pieces = [("one", self.link(one)), ("other", self.link(other)), ("ip", html! { code { (clash.ip) } })];
            let (sentence, help) = match clash.kind {
                ConflictKind::SharedAddress => (texts::SHARED_IP, texts::SHARED_IP_HELP),
                ConflictKind::SharedMac => (texts::SHARED_MAC, texts::SHARED_MAC_HELP),
            };
            items.push(Item {
                tone: Tone::Bad,
                sentence: words::fill(self.say(sentence), &pieces),
                help: html! { (self.say(help)) },
                acts: html! {
                    (self.look(one))
                    @if other != one { a.button href={ "/devices/" (other) } { (self.say(texts::LOOK_OTHER)) } }
                },
            });
        }
    }

    /// Computers that ask to join, and seats where somebody sits and that are not heard.
    fn workstations(&self, news: &News, items: &mut Vec<Item>) {
        if news.knocking > 0 && self.may_work {
            items.push(Item {
                tone: Tone::Warn,
                sentence: html! { (texts::knocking(self.language, news.knocking)) },
                help: html! { (self.say(texts::KNOCKING_HELP)) },
                acts: html! { a.button href="/workstations" { (self.say(texts::LOOK)) } },
            });
        }
        for (id, name, heard) in &news.silent {
            let path = format!("/workstations/{}", id.0);
            let link = html! { a href=(path) { bdi { (name) } } };
            let pieces = [("name", link), ("when", times::ago(*heard, self.language))];
            items.push(Item {
                tone: Tone::Warn,
                sentence: words::fill(self.say(texts::SEAT_SILENT), &pieces),
                help: html! { (self.say(texts::SEAT_SILENT_HELP)) },
                acts: html! { a.button href=(path) { (self.say(texts::LOOK)) } },
            });
        }
    }

    /// One device: unwanted and here, watched and away, giving out addresses, coming and going.
    fn device(&self, row: &Row, rogue: bool, items: &mut Vec<Item>) {
        let mut add = |tone, sentence: Text, help: Text, acts: Markup| {
            let pieces = [("name", self.link(row.id)), ("when", times::ago(row.last, self.language))];
            items.push(Item {
                tone,
                sentence: words::fill(self.say(sentence), &pieces),
                help: html! { (self.say(help)) },
                acts: html! { (acts) (self.look(row.id)) },
            });
        };
        let known = || self.trust(row, "trusted", texts::KNOW_IT);
        let check = || self.act(&format!("{}/check", row.path()), &[], texts::CHECK);
        let wake = || html! { @if row.mac.is_some() { (self.act(&format!("{}/wake", row.path()), &[], texts::WAKE)) } };
        if rogue && row.trust != Trust::Trusted && row.online {
            add(Tone::Bad, texts::ROGUE, texts::ROGUE_HELP, known());
        }
        if row.trust == Trust::Blocked && row.online {
            add(Tone::Bad, texts::BLOCKED_HERE, texts::BLOCKED_HELP, known());
        }
        if row.watch && row.never {
            add(Tone::Info, texts::WATCHED_NEVER, texts::WATCHED_NEVER_HELP, check());
        } else if row.watch && !row.online {
            add(Tone::Bad, texts::WATCHED_GONE, texts::WATCHED_GONE_HELP, html! { (check()) (wake()) });
        }
        if row.watch && row.flapping {
            add(Tone::Warn, texts::FLAPPING, texts::FLAPPING_HELP, html! {});
        }
    }

    /// New devices nobody has said anything about.
    fn strangers(&self, rows: &[Row], items: &mut Vec<Item>) {
        let strangers: Vec<&Row> = rows.iter().filter(|row| row.new).collect();
        if strangers.len() > NAMED_STRANGERS {
            items.push(Item {
                tone: Tone::Info,
                sentence: html! { (texts::unknown_many(self.language, strangers.len())) },
                help: html! { (self.say(texts::UNKNOWN_HELP)) },
                acts: html! { a.button href="/devices?show=new" { (self.say(texts::LOOK_ALL)) } },
            });
            return;
        }
        for row in strangers {
            let kind = html! { (self.say(devices::a_kind(row.kind))) };
            let pieces = [("name", self.link(row.id)), ("kind", kind), ("when", times::ago(row.first, self.language))];
            items.push(Item {
                tone: Tone::Warn,
                sentence: words::fill(self.say(texts::NEW_ONE), &pieces),
                help: html! { (self.say(texts::NEW_ONE_HELP)) },
                acts: html! {
                    (self.trust(row, "trusted", texts::KNOW_IT))
                    (self.trust(row, "blocked", texts::BLOCK_IT))
                    (self.look(row.id))
                },
            });
        }
    }
}

/// A thing as an entry of a list.
pub(super) fn draw(item: &Item) -> Markup {
    let (class, picture) = match item.tone {
        Tone::Bad => ("bad", "bad"),
        Tone::Warn => ("warn", "warn"),
        Tone::Info => ("info", "info"),
    };
    html! {
        li class={ "thing " (class) } {
            span.sign { (icon(picture)) }
            div.words { p { (item.sentence) } p.hint { (item.help) } }
            div.pair { (item.acts) }
        }
    }
}
