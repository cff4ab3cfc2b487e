//! Holds `RuleSet`: the rules of all files in compact tables, found by what their witness looks at.
//! Never changes after it was read, and never holds more than its bounds. Read by the service at start, asked by fusion.

use alloc::string::String;
use alloc::vec::Vec;

use super::clause::{Conclusion, Condition, FIELDS, Field, Rule, Span, Value};
use super::grammar;
use super::problem::Problem;
use super::words::statements;
use crate::Text;
use crate::limits::{MAX_REASON_BYTES, MAX_WORD_BYTES};
use crate::order::sort_by_key;

/// Rules of all files together, four times what the product ships. 24 B each, and their words. What comes later is left
/// out, with a problem that says from which line on.
pub const MAX_RULES: usize = 2_048;
/// Bytes of one file, more than three times what the product ships. The rest is not read, with a problem that says so.
pub const MAX_FILE_BYTES: usize = 256 * 1_024;
/// Operating systems and families that rules name. A rule that names one more is a problem.
pub const MAX_OS: usize = 64;
/// Problems told; a file of another kind altogether has one in each line. The last one says how many more there are.
const MAX_PROBLEMS: usize = 32;

/// An operating system that rules conclude.
#[derive(Clone, Copy, Debug)]
pub(super) struct System {
    pub(super) name: Span,
    /// Its family; itself when it is one.
    pub(super) family: u8,
}

/// What rules are made of.
#[derive(Clone, Debug, Default)]
pub(super) struct Tables {
    letters: String,
    pub(super) values: Vec<Value>,
    pub(super) conditions: Vec<Condition>,
    pub(super) conclusions: Vec<Conclusion>,
    systems: Vec<System>,
}

impl Tables {
    /// Keeps a text.
    pub(super) fn keep(&mut self, text: &str) -> Span {
        let at = u32::try_from(self.letters.len()).unwrap_or(u32::MAX);
        self.letters.push_str(text);
        Span { at, len: u16::try_from(text.len()).unwrap_or(u16::MAX) }
    }

    /// The text kept there.
    pub(super) fn text(&self, span: Span) -> &str {
        span.text(&self.letters)
    }

    /// The place of a system, newly made if it is the first mention. Names compare without case.
    pub(super) fn system(&mut self, name: &str, family: Option<u8>) -> Result<u8, Text<MAX_REASON_BYTES>> {
        let known = self.systems.iter().zip(0_u8..).find(|(system, place)| {
            let is_family = system.family == *place;
            family.map_or(is_family, |family| !is_family && system.family == family)
                && self.text(system.name).eq_ignore_ascii_case(name)
        });
        if let Some((_, place)) = known {
            return Ok(place);
        }
        if self.systems.len() >= MAX_OS {
            return Err(Text::format(format_args!("rules name at most {MAX_OS} systems, and this is one more")));
        }
        if name.len() > MAX_WORD_BYTES {
            return Err(Text::format(format_args!("the name of a system has at most {MAX_WORD_BYTES} bytes")));
        }
        let place = u8::try_from(self.systems.len()).unwrap_or(u8::MAX);
        let name = self.keep(name);
        self.systems.push(System { name, family: family.unwrap_or(place) });
        Ok(place)
    }

    /// A system by its place.
    pub(super) fn system_at(&self, place: u8) -> Option<System> {
        self.systems.get(usize::from(place)).copied()
    }

    fn lengths(&self) -> [usize; 5] {
        let Self { letters, values, conditions, conclusions, systems } = self;
        [letters.len(), values.len(), conditions.len(), conclusions.len(), systems.len()]
    }

    /// Takes back what a rule that failed left behind.
    fn shrink_to(&mut self, [letters, values, conditions, conclusions, systems]: [usize; 5]) {
        self.letters.truncate(letters);
        self.values.truncate(values);
        self.conditions.truncate(conditions);
        self.conclusions.truncate(conclusions);
        self.systems.truncate(systems);
    }

    /// Whether two rules ask the same of a device, in the same order.
    fn ask_the_same(&self, a: &Rule, b: &Rule) -> bool {
        let (a, b) = (a.conditions.of(&self.conditions), b.conditions.of(&self.conditions));
        a.len() == b.len()
            && a.iter().zip(b).all(|(a, b)| {
                (a.field, a.op, a.negative, a.values.len) == (b.field, b.op, b.negative, b.values.len)
                    && a.values.of(&self.values).iter().zip(b.values.of(&self.values)).all(|pair| match pair {
                        (Value::Text(a), Value::Text(b)) => self.text(*a).eq_ignore_ascii_case(self.text(*b)),
                        (Value::Port(a), Value::Port(b)) => a == b,
                        (Value::Role(a), Value::Role(b)) => a == b,
                        (Value::Nothing, Value::Nothing) => true,
                        _ => false,
                    })
            })
    }
}

/// All rules, ready to judge. The format is described at the top of the shipped file, `devices.rules`.
#[derive(Clone, Debug, Default)]
pub struct RuleSet {
    pub(super) tables: Tables,
    /// Ordered by what their witness looks at.
    rules: Vec<Rule>,
    /// Where in `rules` the fields begin.
    index: [u16; FIELDS.len() + 1],
}

impl RuleSet {
    /// Reads rule files, in order: a rule that asks the same as one of an earlier file takes its place, so a person can
    /// outweigh or, with weight 0, silence a shipped one. Whatever is wrong is told and left out; the rest stands.
    #[must_use]
    pub fn read(files: &[&str]) -> (Self, Vec<Problem>) {
        let mut reading = Reading::default();
        for (number, file) in files.iter().enumerate() {
            reading.file(number, file);
        }
        reading.finish()
    }

    /// How many rules there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rules.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// The rules whose witness looks at `field`, with their numbers.
    pub(super) fn about(&self, field: Field) -> impl Iterator<Item = (u16, &Rule)> {
        let place = field.place();
        let border = |place: usize| self.index.get(place).copied().unwrap_or_default();
        let (from, to) = (border(place), border(place + 1));
        let rules = self.rules.get(usize::from(from)..usize::from(to)).unwrap_or_default();
        (from..to).zip(rules)
    }

    /// A rule by its number.
    pub(super) fn rule(&self, number: u16) -> Option<&Rule> {
        self.rules.get(usize::from(number))
    }
}

/// Rules being read, and where each stands.
#[derive(Default)]
struct Reading {
    tables: Tables,
    rules: Vec<(Rule, usize, u32)>,
    problems: Vec<Problem>,
    untold: usize,
}

impl Reading {
    fn file(&mut self, number: usize, file: &str) {
        let mut text = file;
        if file.len() > MAX_FILE_BYTES {
            let fits = (0..=MAX_FILE_BYTES).rev().find_map(|end| file.get(..end)).unwrap_or_default();
            text = fits.rfind('\n').and_then(|end| fits.get(..end)).unwrap_or_default();
            let what =
                Text::format(format_args!("the file is longer than {MAX_FILE_BYTES} bytes; the rest is not read"));
            self.tell(number, 0, what);
        }
        for statement in statements(text) {
            let before = self.tables.lengths();
            let read = grammar::read(statement, &mut self.tables);
            let added = read.map_err(|wrong| (wrong.line, wrong.text)).and_then(|rule| {
                let line = statement.line;
                self.add(rule, number, line).map_err(|text| (line, text))
            });
            if let Err((line, text)) = added {
                self.tables.shrink_to(before);
                self.tell(number, line, text);
            }
        }
    }

    fn add(&mut self, rule: Rule, file: usize, line: u32) -> Result<(), Text<MAX_REASON_BYTES>> {
        let same = self.rules.iter_mut().find(|row| self.tables.ask_the_same(&row.0, &rule));
        if let Some(row) = same {
            if row.1 == file {
                let line = row.2;
                return Err(Text::format(format_args!(
                    "this rule asks the same as the one in line {line}; one rule can conclude several things"
                )));
            }
            *row = (rule, file, line);
        } else if self.rules.len() >= MAX_RULES {
            return Err(Text::format(format_args!("only {MAX_RULES} rules are kept; this one is not")));
        } else {
            self.rules.push((rule, file, line));
        }
        Ok(())
    }

    fn tell(&mut self, file: usize, line: u32, text: Text<MAX_REASON_BYTES>) {
        if self.problems.len() < MAX_PROBLEMS {
            self.problems.push(Problem { file, line, text });
        } else {
            self.untold += 1;
        }
    }

    fn finish(mut self) -> (RuleSet, Vec<Problem>) {
        if self.untold > 0 {
            let file = self.problems.last().map_or(0, |problem| problem.file);
            let text = Text::format(format_args!("and {} problems more", self.untold));
            self.problems.push(Problem { file, line: 0, text });
        }
        let Self { mut tables, rules, problems, .. } = self;
        let mut rules: Vec<Rule> = rules.into_iter().map(|(rule, ..)| rule).collect();
        let place = |rule: &Rule| {
            rule.conditions.of(&tables.conditions).first().map_or(FIELDS.len(), |witness| witness.field.place())
        };
        sort_by_key(&mut rules, place);
        let mut index = [0_u16; FIELDS.len() + 1];
        for (number, border) in index.iter_mut().enumerate() {
            *border = u16::try_from(rules.iter().filter(|rule| place(rule) < number).count()).unwrap_or(u16::MAX);
        }
        tables.letters.shrink_to_fit();
        tables.values.shrink_to_fit();
        tables.conditions.shrink_to_fit();
        tables.conclusions.shrink_to_fit();
        (RuleSet { tables, rules, index }, problems)
    }
}

#[cfg(test)]
#[path = "set_tests.rs"]
mod tests;
