//! Holds `Field<T>`: one fused value with who said it, how sure that is, and since when.
//! Never lets an empty value replace one that says something, nor any source replace a person's word.
//! Called by fusion and by edits; read by the API, which shows all of it.

use crate::Moment;
use crate::lan::Source;

/// A value and where it comes from.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Field<T> {
    /// What is believed.
    pub value: T,
    /// Who said so.
    pub source: Source,
    /// 0 to 1, at `last_seen`.
    pub confidence: f32,
    /// When this value was first said.
    pub first_seen: Moment,
    /// When it was last said.
    pub last_seen: Moment,
}

/// Whether a source may replace what another one said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// May replace the word of any source but a person.
    Always,
    /// Only fills what is empty, and renews its own word.
    IfEmpty,
}

/// What became of an offer.
#[derive(Clone, Debug, PartialEq)]
pub enum Offer<T> {
    /// The field was empty and is filled.
    Filled,
    /// The field held this value already; its source and times are renewed.
    Renewed,
    /// The field held another value, given here with who had said it.
    Replaced(T, Source),
    /// The field keeps what it held.
    Refused,
}

impl<T> Offer<T> {
    /// The same, with a replacement of another source's word taken for none: a better source is no change.
    #[must_use]
    pub fn by(self, source: Source) -> Self {
        match self {
            Self::Replaced(_, before) if before != source => Self::Filled,
            same => same,
        }
    }
}

/// The standing of a source. What others say *about* a device only fills gaps: a reverse name or a certificate often
/// belongs to somebody else.
#[must_use]
pub const fn standing(source: Source) -> Standing {
    match source {
        Source::Dns | Source::Tls | Source::Http | Source::Rtsp | Source::Banner | Source::Tailscale => {
            Standing::IfEmpty
        }
        _ => Standing::Always,
    }
}

/// Text and other values that may say nothing.
pub trait Says {
    /// Whether the value says something.
    fn says_something(&self) -> bool;
}

impl<const MAX: usize> Says for crate::Text<MAX> {
    fn says_something(&self) -> bool {
        !self.trim().is_empty()
    }
}

impl Says for crate::lan::Kind {
    fn says_something(&self) -> bool {
        *self != Self::Unknown
    }
}

impl<T: Says + PartialEq> Field<T> {
    /// Offers a value to a field, which decides by the rules of this file.
    pub fn offer(place: &mut Option<Self>, value: T, source: Source, confidence: f32, at: Moment) -> Offer<T> {
        Self::offer_as(place, value, source, standing(source), (confidence, at))
    }

    /// The same with a standing of the caller's, for a value that was weighed against every other source already.
    pub fn offer_as(
        place: &mut Option<Self>,
        value: T,
        source: Source,
        standing: Standing,
        (confidence, at): (f32, Moment),
    ) -> Offer<T> {
        if !value.says_something() {
            return Offer::Refused;
        }
        let Some(held) = place else {
            *place = Some(Self { value, source, confidence, first_seen: at, last_seen: at });
            return Offer::Filled;
        };
        let by_person = held.source == Source::Person && source != Source::Person;
        if held.value == value {
            if !by_person {
                (held.source, held.confidence) = (source, confidence);
            }
            held.last_seen = held.last_seen.max(at);
            return Offer::Renewed;
        }
        if by_person || (standing == Standing::IfEmpty && held.source != source) {
            return Offer::Refused;
        }
        let fresh = Self { value, source, confidence, first_seen: at, last_seen: at };
        let before = core::mem::replace(held, fresh);
        Offer::Replaced(before.value, before.source)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Text;

    type Name = Text<16>;

    fn at(ms: u64) -> Moment {
        Moment { boot: 1, ms }
    }

    #[test]
    fn an_empty_value_never_overwrites() {
        let mut field = None;
        assert_eq!(Field::offer(&mut field, Name::from("nas"), Source::Mdns, 0.6, at(1)), Offer::Filled);
        assert_eq!(Field::offer(&mut field, Name::from("  "), Source::Dhcp, 0.9, at(2)), Offer::Refused);
        assert_eq!(field.unwrap().value, "nas");
    }

    #[test]
    fn a_person_is_never_overwritten_but_may_change_their_mind() {
        let mut field = None;
        Field::offer(&mut field, Name::from("tv"), Source::Person, 1.0, at(1));
        assert_eq!(Field::offer(&mut field, Name::from("nas"), Source::Inventory, 1.0, at(2)), Offer::Refused);
        assert_eq!(Field::offer(&mut field, Name::from("tv"), Source::Mdns, 0.5, at(3)), Offer::Renewed);
        assert_eq!(field.as_ref().unwrap().source, Source::Person, "agreeing does not take the word over");
        let replaced = Field::offer(&mut field, Name::from("set"), Source::Person, 1.0, at(4));
        assert_eq!(replaced, Offer::Replaced(Name::from("tv"), Source::Person));
    }

    #[test]
    fn hearsay_fills_but_does_not_replace() {
        let mut field = None;
        Field::offer(&mut field, Name::from("old"), Source::Dns, 0.3, at(1));
        assert!(matches!(Field::offer(&mut field, Name::from("new"), Source::Dns, 0.3, at(2)), Offer::Replaced(..)));
        assert!(matches!(Field::offer(&mut field, Name::from("nas"), Source::Mdns, 0.6, at(3)), Offer::Replaced(..)));
        assert_eq!(Field::offer(&mut field, Name::from("dns"), Source::Dns, 0.9, at(4)), Offer::Refused);
    }
}
