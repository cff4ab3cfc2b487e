//! Holds which devices a list shows and in which order, as the query says.
//! Never walks by position: a cursor names the last device given, by the value it is sorted by and its id.
//! Called by the list of devices and by the exports.

use std::cmp::Reverse;

use serde::{Deserialize, Serialize};
use vigie_core::Moment;
use vigie_core::lan::device::Device;
use vigie_core::lan::{Kind, Source};

use super::view::{Lens, device::trust_name};
use crate::http::call::Call;
use crate::http::problem::{Problem, faults};
use crate::http::route::Draft;

/// Letters of a value that decide the order; cursors stay short, and equal beginnings are told apart by the id.
const MAX_RANK_BYTES: usize = 40;

/// What a list is restricted to. Everything given must hold.
#[derive(Clone, Debug, Default)]
pub(in crate::api) struct Filter {
    online_only: bool,
    sources: Vec<Source>,
    kinds: Vec<Kind>,
    trust: Option<String>,
    vendor: Option<String>,
    tag: Option<String>,
    q: Option<String>,
    segment: Option<String>,
}

/// A route that takes the filters.
pub(super) fn taken(route: Draft) -> Draft {
    route
        .switch("online_only", "Only those that are there.")
        .query("sources", "Only those heard by one of these, such as `arp,mdns`.")
        .query("source", "The same.")
        .query("kind", "Only of these kinds, such as `camera,tv`.")
        .query("trust", "Only `trusted`, `unknown` or `blocked` ones.")
        .query("vendor", "Only makers with this in their name.")
        .query("tag", "Only with this tag.")
        .query("q", "Only with this in a name, label, owner, note, tag, maker, MAC or address.")
        .query("segment", "Only with a leg in this segment, by name or number.")
}

impl Filter {
    /// Reads the filters of a query.
    ///
    /// # Errors
    /// `bad_parameter` naming the one that cannot be read.
    pub(super) fn of(call: &Call) -> Result<Self, Problem> {
        Self::read(|name| call.query(name))
    }

    fn read<'q>(query: impl Fn(&'static str) -> Option<&'q str>) -> Result<Self, Problem> {
        let bad = |name: &'static str| Problem::from(&faults::BAD_PARAMETER).with("name", name);
        // `source=` with nothing behind it restricts nothing: forms send empty fields.
        let given = |name: &'static str| query(name).map(str::trim).filter(|text| !text.is_empty());
        let source = |word: &str| Source::ALL.iter().copied().find(|source| source.name() == word.trim());
        let lower = |text: &str| text.to_lowercase();
        let trust = given("trust");
        if trust.is_some_and(|word| !matches!(word, "trusted" | "unknown" | "blocked")) {
            return Err(bad("trust"));
        }
        let list = given("sources").or_else(|| given("source")).unwrap_or_default();
        let sources: Option<Vec<_>> = list.split(',').filter(|word| !word.is_empty()).map(source).collect();
        let kinds: Result<Vec<Kind>, _> =
            given("kind").unwrap_or_default().split(',').filter(|word| !word.is_empty()).map(str::parse).collect();
        Ok(Self {
            online_only: read_switch(query("online_only")).ok_or_else(|| bad("online_only"))?,
            sources: sources.ok_or_else(|| bad("sources"))?,
            kinds: kinds.map_err(|_| bad("kind"))?,
            trust: trust.map(str::to_owned),
            vendor: given("vendor").map(lower),
            tag: given("tag").map(lower),
            q: given("q").map(lower),
            segment: given("segment").map(str::to_owned),
        })
    }

    /// Whether a device is shown.
    pub(super) fn takes(&self, lens: &Lens<'_>, device: &Device) -> bool {
        let same = |wanted: &Option<String>, has: &str| wanted.as_ref().is_none_or(|wanted| wanted == has);
        let vendor = || device.vendor().map(|field| field.value.to_lowercase()).unwrap_or_default();
        (!self.online_only || device.online())
            && (self.sources.is_empty() || device.sources().any(|source| self.sources.contains(&source)))
            && (self.kinds.is_empty() || self.kinds.contains(&device.kind()))
            && same(&self.trust, trust_name(device.trust()))
            && self.vendor.as_ref().is_none_or(|part| vendor().contains(part))
            && self.tag.as_ref().is_none_or(|tag| device.tags().iter().any(|has| has.to_lowercase() == *tag))
            && self.segment.as_ref().is_none_or(|segment| is_on(lens, device, segment))
            && self.q.as_ref().is_none_or(|q| speaks_of(device, q))
    }
}

/// A switch of a query: there and empty means yes. `None` for a word that is neither yes nor no.
pub(in crate::api) fn read_switch(text: Option<&str>) -> Option<bool> {
    match text.map(str::trim) {
        None | Some("false" | "0" | "no") => Some(false),
        Some("" | "true" | "1" | "yes") => Some(true),
        Some(_) => None,
    }
}

fn is_on(lens: &Lens<'_>, device: &Device, wanted: &str) -> bool {
    let legs = device.interfaces().iter();
    let mut there = legs.map(|interface| interface.segment);
    there.any(|segment| lens.segment(segment) == wanted || segment.0.to_string() == wanted)
}

/// Whether what a person would look for is in what they see of the device.
fn speaks_of(device: &Device, q: &str) -> bool {
    let holds = |text: &str| text.to_lowercase().contains(q);
    // People type a MAC with any separator, or none.
    let digits: String = q.chars().filter(|letter| !matches!(letter, ':' | '-' | '.')).collect();
    let is_mac_part = digits.len() >= 4 && digits.chars().all(|letter| letter.is_ascii_hexdigit());
    let mac_holds = |mac: vigie_wire::Mac| is_mac_part && mac.to_string().replace(':', "").contains(&digits);
    holds(device.label())
        || holds(device.owner())
        || holds(device.notes())
        || holds(device.kind().name())
        || device.tags().iter().any(|tag| holds(tag))
        || device.hostname().is_some_and(|field| holds(&field.value))
        || device.names().iter().any(|row| holds(&row.name))
        || device.vendor().is_some_and(|field| holds(&field.value))
        || device.os().is_some_and(|field| holds(&field.value))
        || device.interfaces().iter().any(|interface| {
            interface.mac.is_some_and(mac_holds) || interface.addresses.iter().any(|row| row.ip.to_string().contains(q))
        })
        || device.id().to_string().starts_with(q)
}

/// What a list is sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum By {
    Ip,
    Name,
    Mac,
    Vendor,
    Kind,
    Owner,
    Trust,
    Presence,
    FirstSeen,
    LastSeen,
    Confidence,
    Id,
}

/// The order of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Order {
    by: By,
    down: bool,
}

impl Order {
    /// Reads `sort`: the name of a column, with `-` before it for the other way round.
    ///
    /// # Errors
    /// `bad_parameter` for a column there is not.
    pub(super) fn of(call: &Call) -> Result<Self, Problem> {
        Self::read(call.query("sort").unwrap_or_default())
    }

    fn read(text: &str) -> Result<Self, Problem> {
        let (down, word) = text.strip_prefix('-').map_or((false, text), |word| (true, word));
        let by = match word {
            "" | "ip" => By::Ip,
            "name" | "label" | "hostname" => By::Name,
            "mac" => By::Mac,
            "vendor" => By::Vendor,
            "kind" => By::Kind,
            "owner" => By::Owner,
            "trust" => By::Trust,
            "presence" | "online" => By::Presence,
            "first_seen" => By::FirstSeen,
            "last_seen" => By::LastSeen,
            "confidence" => By::Confidence,
            "id" => By::Id,
            _ => return Err(Problem::from(&faults::BAD_PARAMETER).with("name", "sort")),
        };
        Ok(Self { by, down })
    }

    /// Where a device stands. Devices without the value come last, whichever way round.
    pub(super) fn place(self, device: &Device) -> Place {
        let value = self.value(device).map(|value| cut(value.to_lowercase())).filter(|value| !value.is_empty());
        let missing = value.is_none();
        let value = value.unwrap_or_default();
        let value = if self.down { Value::Down(Reverse(value)) } else { Value::Up(value) };
        Place { order: self, missing, value, id: device.id().0 }
    }

    fn value(self, device: &Device) -> Option<String> {
        match self.by {
            By::Ip => device.ip().map(|ip| match ip {
                std::net::IpAddr::V4(ip) => format!("4{:08x}", u32::from(ip)),
                std::net::IpAddr::V6(ip) => format!("6{:032x}", u128::from(ip)),
            }),
            By::Name => {
                let label = Some(device.label()).filter(|label| !label.is_empty());
                label.or(device.hostname().map(|field| field.value.as_str())).map(str::to_owned)
            }
            By::Mac => device.mac().map(|mac| mac.to_string()),
            By::Vendor => device.vendor().map(|field| field.value.to_string()),
            By::Kind => Some(device.kind().name().to_owned()),
            By::Owner => Some(device.owner().to_owned()),
            By::Trust => Some(trust_name(device.trust()).to_owned()),
            By::Presence => Some(device.presence().name().to_owned()),
            By::FirstSeen => Some(sortable(device.first_seen())),
            By::LastSeen => Some(sortable(device.last_seen())),
            By::Confidence => Some(format!("{:.4}", device.confidence())),
            By::Id => Some(device.id().to_string()),
        }
    }
}

fn sortable(moment: Moment) -> String {
    let Moment { boot, ms } = moment;
    format!("{boot:08x}{ms:016x}")
}

fn cut(mut text: String) -> String {
    let mut end = text.len().min(MAX_RANK_BYTES);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.truncate(end);
    text
}

/// The place of a device in a list; what a cursor holds.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Place {
    pub(super) order: Order,
    missing: bool,
    value: Value,
    id: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
enum Value {
    Up(String),
    Down(Reverse<String>),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(name: &'static str, value: &'static str) -> Result<Filter, &'static str> {
        Filter::read(|asked| (asked == name).then_some(value)).map_err(|problem| problem.code())
    }

    #[test]
    fn filters_that_say_nothing_restrict_nothing_and_wrong_words_are_refused() {
        for name in ["sources", "kind", "trust", "vendor", "tag", "q", "segment"] {
            assert!(filter(name, "").is_ok(), "{name}");
        }
        for (name, value) in [("sources", "arp,morse"), ("kind", "toaster"), ("trust", "friend"), ("online_only", "x")]
        {
            assert_eq!(filter(name, value).err(), Some("bad_parameter"), "{name}");
        }
        assert!(filter("sources", "arp, mdns").is_ok_and(|filter| filter.sources == [Source::Arp, Source::Mdns]));
        assert!(filter("online_only", "").is_ok_and(|filter| filter.online_only));
        assert!(filter("online_only", "false").is_ok_and(|filter| !filter.online_only));
    }

    #[test]
    fn orders_are_read_with_their_direction() {
        assert_eq!(Order::read("-last_seen").ok(), Some(Order { by: By::LastSeen, down: true }));
        assert_eq!(Order::read("").ok(), Some(Order { by: By::Ip, down: false }));
        assert!(Order::read("colour").is_err());
    }

    #[test]
    fn places_without_a_value_are_last_both_ways_and_the_longest_cursor_is_read_back() {
        for down in [false, true] {
            let order = Order { by: By::Name, down };
            let value = |text: &str| {
                let text = text.to_owned();
                if down { Value::Down(Reverse(text)) } else { Value::Up(text) }
            };
            let named = |text: &str| Place { order, missing: false, value: value(text), id: 1 };
            let nameless = Place { order, missing: true, value: value(""), id: 0 };
            assert!(named("a") < nameless && named("zz") < nameless);
            assert_eq!(named("a") < named("b"), !down);
            let longest = Place { id: u64::MAX, ..named(&cut("\"".repeat(100))) };
            assert!(crate::http::list::close(&longest).len() <= 256);
        }
    }
}
