//! Holds what is believed of a device beside its name: its maker, the reasons in words, and how sure its identity is.
//! Never hides a contradiction: it lowers the confidence and stands among the reasons. Called by `Lan` after each judgement.

use super::device::Device;
use super::fuse::{Belief, Group, fade};
use super::learn::{IDENTITY_HALF, age};
use super::record::ClueRow;
use super::rule::Reason;
use super::sighting::{Clue, Source, StableId};
use crate::limits::{MAX_REASONS, MAX_WORD_BYTES};
use crate::{Duration, Moment, Text};

/// Whether a device says one thing on this subject at a time, so that a new word replaces the old one.
pub(super) const fn is_single(clue: Clue) -> bool {
    !matches!(
        clue,
        Clue::Service
            | Clue::FriendlyName
            | Clue::UpnpType
            | Clue::WsdType
            | Clue::WsdScope
            | Clue::NetbiosRole
            | Clue::TlsName
            | Clue::Greeting
            | Clue::Manufacturer
            | Clue::Model
            | Clue::HttpServer
            | Clue::HttpTitle
            | Clue::HttpRealm
    )
}

/// A maker, as the best of its clues names it.
pub(super) struct Maker {
    pub(super) name: Text<MAX_WORD_BYTES>,
    pub(super) source: Source,
    pub(super) confidence: f32,
    pub(super) said: Moment,
}

/// How much a maker named this way proves, 0 for clues that name none. A media server names its own maker, not the
/// machine's, so even self-stated makers are weighed by who asked.
const fn maker_weight(source: Source, clue: Clue) -> f32 {
    match (clue, source) {
        (Clue::Manufacturer, Source::Inventory | Source::Snmp | Source::Wsd) => 0.85,
        (Clue::Manufacturer, Source::Mdns) => 0.8,
        (Clue::Manufacturer, _) => 0.7,
        (Clue::MacVendor, _) => 0.6,
        _ => 0.0,
    }
}

/// How much an identifier proves that this is the device it was before.
const fn identifier_weight(id: StableId) -> f32 {
    match id {
        StableId::SshHostKey => 0.95,
        StableId::Serial | StableId::Tailscale => 0.9,
        StableId::Endpoint | StableId::Upnp | StableId::Mdns => 0.8,
        StableId::DhcpClient => 0.7,
    }
}

/// Whether two makers are one, by the first word: `HP Inc.` and `HP` are.
fn same_maker(a: &str, b: &str) -> bool {
    let first = |text: &str| -> Option<usize> { text.split([' ', ',', '.']).next().map(str::len) };
    match (first(a), first(b)) {
        (Some(long), Some(short)) if long > 0 && short > 0 => {
            let (a, b) = (a.get(..long).unwrap_or(a), b.get(..short).unwrap_or(b));
            a.eq_ignore_ascii_case(b)
        }
        _ => false,
    }
}

/// How long a word about the maker must have been silent while another of its weight was said, before that one counts.
const MAKER_STANDS: Duration = Duration::from_secs(3_600);

/// Whether `later` was still said long after `row` was said last.
fn is_outlived(row: &ClueRow, later: &ClueRow) -> bool {
    later.last_seen > row.last_seen && row.last_seen.age(later.last_seen).is_none_or(|age| age >= MAKER_STANDS)
}

impl Device {
    /// Whether this word, heard again, now counts for more than the maker that is shown.
    pub(super) fn has_another_maker(&self, source: Source, clue: Clue, text: &str) -> bool {
        let weight = maker_weight(source, clue);
        let shown = self.kept.vendor.as_ref().filter(|field| weight > 0.0 && *field.value != *text);
        let row = |text: &str| {
            let mut rows = self.kept.clues.iter().filter(|row| *row.text == *text);
            rows.find(|row| (maker_weight(row.source, row.clue) - weight).abs() < f32::EPSILON)
        };
        let pair = shown.and_then(|field| row(&field.value)).zip(row(text));
        pair.is_some_and(|(shown, said)| is_outlived(shown, said))
    }

    /// The maker: of the heaviest clue, of equal ones the one known longest that is still said, so that two never take
    /// turns. The second value says whether the MAC agrees with what the device says, when both speak.
    pub(super) fn best_vendor(&self, at: Moment) -> (Option<Maker>, Option<bool>) {
        let makers = self.kept.clues.iter().filter(|row| maker_weight(row.source, row.clue) > 0.0);
        let mut best: Option<&ClueRow> = None;
        for row in makers {
            let heavier = best.is_none_or(|best| {
                let (new, old) = (maker_weight(row.source, row.clue), maker_weight(best.source, best.clue));
                // Of two words of one weight the first stands, unless it is no longer said: the board was changed, or the
                // firmware names another maker now.
                let (fades, stands) = (is_outlived(best, row), !is_outlived(row, best));
                new > old || (new >= old && stands && (fades || row.first_seen < best.first_seen))
            });
            if heavier {
                best = Some(row);
            }
        }
        let Some(best) = best else { return (None, None) };
        let by_mac = self.kept.clues.iter().find(|row| row.clue == Clue::MacVendor && best.clue != Clue::MacVendor);
        let agreed = by_mac.map(|row| same_maker(&row.text, &best.text));
        let mut belief = Belief::none();
        belief.hear(
            Group::of(best.source),
            maker_weight(best.source, best.clue) * fade(age(best.last_seen, at), IDENTITY_HALF),
        );
        if agreed == Some(true) {
            belief.hear(Group::Link, 0.6);
        }
        // Contradiction subtracts: many machines carry somebody else's network chip, so little.
        let confidence = belief.confidence() - if agreed == Some(false) { 0.1 } else { 0.0 };
        (Some(Maker { name: best.text.clone(), source: best.source, confidence, said: best.last_seen }), agreed)
    }

    /// The reasons to show: the rules' own, then name and maker, contradictions included; strongest first.
    pub(super) fn gather_reasons(&mut self, by_rules: &[Reason], agreed: Option<bool>, at: Moment) {
        let mut reasons: heapless::Vec<Reason, { MAX_REASONS + 4 }> =
            by_rules.iter().take(MAX_REASONS).cloned().collect();
        let mut add = |source, weight, text| {
            // Four at most are added here.
            let _room = reasons.push(Reason { source, weight, text });
        };
        if let Some(name) = &self.kept.hostname {
            let value = &name.value;
            let agreeing = self.kept.names.iter().filter(|row| row.name.eq_ignore_ascii_case(value)).count().max(1);
            let text = match (name.source, agreeing) {
                (Source::Person, _) => Text::format(format_args!("you call it {value}")),
                (source, 1) => Text::format(format_args!("{} calls it {value}", source.name())),
                (source, more) => {
                    Text::format(format_args!("{} calls it {value}, {} more agree", source.name(), more - 1))
                }
            };
            add(name.source, name.confidence, text);
            let other = self.kept.names.iter().find(|row| {
                !row.name.eq_ignore_ascii_case(value)
                    && age(row.last_seen, at) < IDENTITY_HALF
                    && name.source != Source::Person
            });
            if let Some(other) = other {
                let text = Text::format(format_args!("but {} calls it {}", other.source.name(), other.name));
                add(other.source, 0.1, text);
            }
        }
        if let Some(vendor) = &self.kept.vendor {
            let by_mac = self.kept.clues.iter().any(|row| row.clue == Clue::MacVendor && row.text == vendor.value);
            let text = if by_mac {
                Text::format(format_args!("its MAC is registered to {}", vendor.value))
            } else {
                Text::format(format_args!("it says it is made by {}", vendor.value))
            };
            add(vendor.source, vendor.confidence, text);
            if agreed == Some(false) {
                let registered = self.kept.clues.iter().find(|row| row.clue == Clue::MacVendor);
                let registered = registered.map_or("somebody else", |row| row.text.as_str());
                add(Source::Arp, 0.1, Text::format(format_args!("but its MAC is registered to {registered}")));
            }
        }
        reasons.sort_unstable_by(|a, b| b.weight.total_cmp(&a.weight));
        self.live.reasons = reasons.into_iter().take(MAX_REASONS).collect();
    }

    /// How sure it is which device this is: its MAC, its identifiers and its names as independent witnesses, less a
    /// little for each name that disagrees and a third for a conflict.
    pub(super) fn identity_confidence(&self, at: Moment) -> f32 {
        let mut belief = Belief::none();
        for interface in self.kept.interfaces.iter() {
            let weight = match (interface.mac.is_some(), interface.random) {
                (true, false) => 0.6,
                (true, true) => 0.35,
                (false, _) => 0.2,
            };
            belief.hear(Group::Link, weight * fade(age(interface.last_seen, at), IDENTITY_HALF));
        }
        if self.is_myself() {
            belief.hear(Group::Person, 0.99);
        }
        for row in self.kept.stable.iter() {
            let weight = identifier_weight(row.id) * fade(age(row.last_seen, at), IDENTITY_HALF);
            belief.hear(Group::of(row.source), weight);
        }
        let shown = self.kept.hostname.as_ref().map(|field| field.value.as_str());
        let mut against: f32 = 0.0;
        for row in self.kept.names.iter() {
            let fresh = fade(age(row.last_seen, at), IDENTITY_HALF);
            if shown.is_none_or(|shown| row.name.eq_ignore_ascii_case(shown)) {
                belief.hear(Group::of(row.source), 0.5 * fresh);
            } else {
                against += 0.05 * fresh;
            }
        }
        if self.kept.is_dear() {
            belief.hear(Group::Person, 0.5);
        }
        let contested = if self.live.contested { 0.33 } else { 0.0 };
        (belief.confidence() - against.min(0.3) - contested).clamp(0.0, 1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::same_maker;

    #[test]
    fn makers_are_compared_by_their_first_word() {
        assert!(same_maker("HP Inc.", "hp"));
        assert!(same_maker("Apple, Inc.", "Apple"));
        assert!(!same_maker("Espressif Inc.", "Shelly"));
        assert!(!same_maker("", ""));
    }
}
