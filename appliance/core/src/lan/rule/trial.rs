//! Holds one judgement: every rule is asked about one device, and the evidence is counted and put into words.
//! Never keeps anything of the device. Called by fusion through `Judge`.

use super::ballot::{Ballot, Outcome, Seen, Vote};
use super::clause::{Condition, Field, Rule, Value, What};
use super::pattern::matches;
use super::set::RuleSet;
use super::witness::Witness;
use super::{Reason, Subject, Verdict};
use crate::Text;
use crate::lan::Kind;
use crate::lan::judge::Judge;
use crate::lan::sighting::{Port, Role, Source, Transport};
use crate::limits::MAX_REASONS;

impl Judge for RuleSet {
    fn judge<S: Subject>(&self, subject: &S, verdict: &mut Verdict) {
        Trial::of(self, subject).conclude(verdict);
    }
}

/// One thing known of the device, as conditions compare it.
#[derive(Clone, Copy)]
struct Exhibit<'a> {
    field: Field,
    source: Source,
    is: Is<'a>,
}

#[derive(Clone, Copy)]
enum Is<'a> {
    Text(&'a str),
    Port(Port),
    Role(Role),
    Random,
}

/// Everything known of `subject`, one thing at a time.
fn exhibits<S: Subject>(subject: &S, mut show: impl FnMut(Exhibit<'_>) -> bool) -> bool {
    clues(subject).any(&mut show)
        || subject.names().map(name).any(&mut show)
        || subject.open_ports().map(port).any(&mut show)
        || subject.roles().map(role).any(&mut show)
        || random(subject).into_iter().any(&mut show)
}

fn clues<S: Subject>(subject: &S) -> impl Iterator<Item = Exhibit<'_>> {
    subject.clues().map(|(source, clue, text)| Exhibit { field: Field::Clue(clue), source, is: Is::Text(text) })
}

fn name((source, name): (Source, &str)) -> Exhibit<'_> {
    Exhibit { field: Field::Name, source, is: Is::Text(name) }
}

fn port(port: Port) -> Exhibit<'static> {
    Exhibit { field: Field::Port, source: Source::Tcp, is: Is::Port(port) }
}

fn role(role: Role) -> Exhibit<'static> {
    let source = match role {
        Role::Ipv6Router => Source::Nd,
        Role::DhcpServer => Source::Dhcp,
        Role::Resolver => Source::Dns,
        Role::Gateway | Role::Myself => Source::Neighbour,
    };
    Exhibit { field: Field::Role, source, is: Is::Role(role) }
}

fn random<S: Subject>(subject: &S) -> Option<Exhibit<'static>> {
    subject.random_mac().then_some(Exhibit { field: Field::RandomMac, source: Source::Arp, is: Is::Random })
}

/// One device before all rules.
struct Trial<'a, S> {
    rules: &'a RuleSet,
    subject: &'a S,
    kinds: Ballot<'a>,
    families: Ballot<'a>,
    systems: Ballot<'a>,
}

impl<'a, S: Subject> Trial<'a, S> {
    fn of(rules: &'a RuleSet, subject: &'a S) -> Self {
        let mut trial = Self { rules, subject, kinds: Ballot::new(), families: Ballot::new(), systems: Ballot::new() };
        for exhibit in clues(subject) {
            trial.hear(exhibit);
        }
        for exhibit in subject.names().map(name) {
            trial.hear(exhibit);
        }
        let things = subject.open_ports().map(port).chain(subject.roles().map(role)).chain(random(subject));
        things.for_each(|exhibit| trial.hear(exhibit));
        trial
    }

    /// Asks the rules whose witness looks at this.
    fn hear(&mut self, exhibit: Exhibit<'a>) {
        let rules = self.rules;
        for (number, rule) in rules.about(exhibit.field) {
            let Some((witness, others)) = rule.conditions.of(&rules.tables.conditions).split_first() else { continue };
            if self.fits(witness, exhibit) && others.iter().all(|condition| self.holds(condition)) {
                self.vote(number, rule, exhibit);
            }
        }
    }

    fn vote(&mut self, number: u16, rule: &Rule, exhibit: Exhibit<'a>) {
        let seen = match exhibit.is {
            Is::Text(text) => Seen::Text(text),
            Is::Port(port) => Seen::Port(port),
            Is::Role(_) | Is::Random => Seen::Nothing,
        };
        let witness = Witness::of(exhibit.field, exhibit.source);
        for conclusion in rule.conclusions.of(&self.rules.tables.conclusions) {
            let choice = match conclusion.what {
                What::Kind(kind) => kind as u8,
                What::Os(system) => system,
            };
            let vote = Vote { choice, witness, weight: conclusion.weight, rule: number, source: exhibit.source, seen };
            match conclusion.what {
                What::Kind(_) => self.kinds.cast(vote),
                What::Os(system) => {
                    let family = self.family(system);
                    self.families.cast(Vote { choice: family, ..vote });
                    if family != system {
                        self.systems.cast(vote);
                    }
                }
            }
        }
    }

    fn family(&self, system: u8) -> u8 {
        self.rules.tables.system_at(system).map_or(system, |system| system.family)
    }

    /// Whether one thing known is what a condition wants, `not` left aside.
    fn fits(&self, condition: &Condition, exhibit: Exhibit<'_>) -> bool {
        condition.field == exhibit.field
            && condition.values.of(&self.rules.tables.values).iter().any(|value| match (value, exhibit.is) {
                (Value::Text(wanted), Is::Text(text)) => matches(condition.op, self.rules.tables.text(*wanted), text),
                (Value::Port(wanted), Is::Port(port)) => *wanted == port,
                (Value::Role(wanted), Is::Role(role)) => *wanted == role,
                (Value::Nothing, Is::Random) => true,
                _ => false,
            })
    }

    /// Whether a further condition holds of the whole device.
    fn holds(&self, condition: &Condition) -> bool {
        exhibits(self.subject, |exhibit| self.fits(condition, exhibit)) != condition.negative
    }

    fn conclude(&self, verdict: &mut Verdict) {
        let kinds = self.kinds.count(|_| true);
        if let Some((kind, confidence)) = kinds.winner {
            verdict.kind = kind_of(kind);
            verdict.kind_confidence = confidence;
        }
        let families = self.families.count(|_| true);
        if let Some((family, confidence)) = families.winner {
            let systems = self.systems.count(|system| self.family(system) == family);
            // A detail is never surer than its family.
            let (system, confidence) =
                systems.winner.map_or((family, confidence), |(system, detail)| (system, detail.min(confidence)));
            verdict.os = self.system_name(system).into();
            verdict.os_confidence = confidence;
        }
        self.explain(kinds, families, verdict);
    }

    fn system_name(&self, system: u8) -> &'a str {
        self.rules.tables.system_at(system).map_or("", |system| self.rules.tables.text(system.name))
    }

    /// The reasons: all for what is believed; then the best one against it. Where nothing is believed, what the two most
    /// likely things rest on.
    fn explain(&self, kinds: Outcome, families: Outcome, verdict: &mut Verdict) {
        let [first, second] = kinds.leaders;
        let mut told = Told::default();
        let believed = kinds.winner.is_some();
        for vote in first.into_iter().flat_map(|kind| self.kinds.of(kind)) {
            told.add(vote, self.words(vote, if believed { Tone::For } else { Tone::Perhaps }));
        }
        let against = second.into_iter().flat_map(|kind| self.kinds.of(kind));
        if believed {
            if let Some(vote) = against.max_by_key(|vote| (vote.weight, core::cmp::Reverse(vote.rule))) {
                told.add(vote, self.words(vote, Tone::Against));
            }
        } else {
            against.for_each(|vote| told.add(vote, self.words(vote, Tone::Perhaps)));
        }
        for vote in families.winner.into_iter().flat_map(|(family, _)| self.families.of(family)) {
            told.add(vote, self.words(vote, Tone::For));
        }
        verdict.reasons = told.reasons.into_iter().map(|(_, reason)| reason).collect();
    }

    fn words(&self, vote: &Vote<'_>, tone: Tone) -> Text<{ crate::limits::MAX_REASON_BYTES }> {
        let reason = self.rules.rule(vote.rule).map_or("", |rule| self.rules.tables.text(rule.reason));
        let kind = kind_of(vote.choice);
        match (tone, vote.seen) {
            (Tone::For, Seen::Text(seen)) => Text::format(format_args!("{reason} ({seen})")),
            (Tone::For, Seen::Port(port)) => Text::format(format_args!("{reason} ({})", Shown(port))),
            (Tone::For, Seen::Nothing) => Text::format(format_args!("{reason}")),
            (Tone::Perhaps, Seen::Text(seen)) => Text::format(format_args!("perhaps {kind}: {reason} ({seen})")),
            (Tone::Perhaps, Seen::Port(port)) => {
                Text::format(format_args!("perhaps {kind}: {reason} ({})", Shown(port)))
            }
            (Tone::Perhaps, Seen::Nothing) => Text::format(format_args!("perhaps {kind}: {reason}")),
            (Tone::Against, Seen::Text(seen)) => Text::format(format_args!("but like {kind}: {reason} ({seen})")),
            (Tone::Against, Seen::Port(port)) => {
                Text::format(format_args!("but like {kind}: {reason} ({})", Shown(port)))
            }
            (Tone::Against, Seen::Nothing) => Text::format(format_args!("but like {kind}: {reason}")),
        }
    }
}

fn kind_of(choice: u8) -> Kind {
    Kind::ALL.get(usize::from(choice)).copied().unwrap_or_default()
}

/// How a reason is told.
#[derive(Clone, Copy)]
enum Tone {
    For,
    Perhaps,
    Against,
}

/// A port as people write it.
struct Shown(Port);

impl core::fmt::Display for Shown {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self.0.transport {
            Transport::Tcp => write!(f, "port {}", self.0.number),
            Transport::Udp => write!(f, "UDP port {}", self.0.number),
        }
    }
}

/// Heavier rules before lighter ones, earlier before later.
type Rank = (core::cmp::Reverse<u8>, u16);

/// Reasons so far, heaviest first, each rule once.
#[derive(Default)]
struct Told {
    reasons: heapless::Vec<(Rank, Reason), MAX_REASONS>,
}

impl Told {
    fn add(&mut self, vote: &Vote<'_>, text: Text<{ crate::limits::MAX_REASON_BYTES }>) {
        if self.reasons.iter().any(|((_, rule), _)| *rule == vote.rule) {
            return;
        }
        let rank = (core::cmp::Reverse(vote.weight), vote.rule);
        let reason = Reason { source: vote.source, weight: f32::from(vote.weight) / 100.0, text };
        let place = self.reasons.iter().position(|(other, _)| rank < *other).unwrap_or(self.reasons.len());
        if self.reasons.is_full() {
            if place >= self.reasons.len() {
                return;
            }
            self.reasons.pop();
        }
        // There is room, so it cannot fail.
        let _room = self.reasons.insert(place, (rank, reason));
    }
}

#[cfg(test)]
#[path = "trial_tests.rs"]
mod tests;
