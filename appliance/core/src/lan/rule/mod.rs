//! Holds what tells a printer from a phone: rules over clues, with a weight each and reasons in words.
//! Never holds the rules themselves (they are a data file of the service) and never stores a verdict.
//! Called by fusion whenever what is known of a device changed.

mod ballot;
mod clause;
mod grammar;
#[cfg(test)]
mod numbers;
mod pattern;
mod problem;
mod set;
mod trial;
mod witness;
mod words;

pub use problem::Problem;
pub use set::{MAX_FILE_BYTES, MAX_OS, MAX_RULES, RuleSet};

use crate::limits::{MAX_REASON_BYTES, MAX_REASONS, MAX_WORD_BYTES};
use crate::text::Text;

use super::Kind;
use super::sighting::{Clue, Port, Role, Source};

/// One device as rules see it.
pub trait Subject {
    /// What it said about itself.
    fn clues(&self) -> impl Iterator<Item = (Source, Clue, &str)>;
    /// Its names.
    fn names(&self) -> impl Iterator<Item = (Source, &str)>;
    /// Its open ports.
    fn open_ports(&self) -> impl Iterator<Item = Port>;
    /// What it does for the network.
    fn roles(&self) -> impl Iterator<Item = Role>;
    /// Whether its MAC looks random.
    fn random_mac(&self) -> bool;
}

/// Why something is believed.
#[derive(Clone, Debug, PartialEq)]
pub struct Reason {
    /// Who said so.
    pub source: Source,
    /// How much it weighs by itself, 0 to 1.
    pub weight: f32,
    /// In English words: `announces printing (_ipp._tcp)`.
    pub text: Text<MAX_REASON_BYTES>,
}

/// What the rules say of one device.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Verdict {
    /// The kind, `Unknown` when nothing is strong enough or the evidence disagrees.
    pub kind: Kind,
    /// 0 to 1.
    pub kind_confidence: f32,
    /// Operating system, empty when not known.
    pub os: Text<MAX_WORD_BYTES>,
    /// 0 to 1.
    pub os_confidence: f32,
    /// The strongest reasons for kind and system, best first.
    pub reasons: heapless::Vec<Reason, MAX_REASONS>,
}
