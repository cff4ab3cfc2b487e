//! Holds how `Lan` asks the rules what a device is: the trait a rule engine implements, and a device as rules see it.
//! Never holds a rule. Called by fusion when what is known of a device has changed and settled.

use super::device::Device;
use super::rule::{Subject, Verdict};
use super::sighting::{Clue, Port, Role, Source};

/// Something that tells kinds apart: the rule engine, or a fake in tests.
pub trait Judge {
    /// Says what `subject` is. `verdict` comes in empty.
    fn judge<S: Subject>(&self, subject: &S, verdict: &mut Verdict);
}

impl<J: Judge> Judge for &J {
    fn judge<S: Subject>(&self, subject: &S, verdict: &mut Verdict) {
        (*self).judge(subject, verdict);
    }
}

/// Knows nothing: for a service whose rules could not be read.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoRules;

impl Judge for NoRules {
    fn judge<S: Subject>(&self, _subject: &S, _verdict: &mut Verdict) {}
}

impl Subject for Device {
    fn clues(&self) -> impl Iterator<Item = (Source, Clue, &str)> {
        self.kept.clues.iter().map(|row| (row.source, row.clue, row.text.as_str()))
    }

    fn names(&self) -> impl Iterator<Item = (Source, &str)> {
        self.kept.names.iter().map(|row| (row.source, row.name.as_str()))
    }

    fn open_ports(&self) -> impl Iterator<Item = Port> {
        self.kept.ports.iter().filter(|row| row.open).map(|row| row.port)
    }

    fn roles(&self) -> impl Iterator<Item = Role> {
        self.kept.roles.iter().map(|row| row.role)
    }

    fn random_mac(&self) -> bool {
        self.random_mac()
    }
}
