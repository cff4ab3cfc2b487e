//! Holds the language of rule files: `printer 0.8 when service is _ipp._tcp because it announces printing`.
//! Never keeps a rule that is only half right: it becomes a problem with its line. Called by `set` for each rule of a file.

use alloc::vec::Vec;

use super::clause::{Conclusion, Condition, FIELDS, Field, OPS, Op, ROLES, Rule, Span, Value, What};
use super::problem::unknown;
use super::set::Tables;
use super::words::{BadQuote, Statement, Word, Words};
use crate::Text;
use crate::lan::Kind;
use crate::lan::sighting::{Port, Transport};
use crate::limits::{MAX_REASON_BYTES, MAX_WORD_BYTES};

/// Conditions of one rule. A person loses the thread long before; the bound keeps one judgement short.
const MAX_CONDITIONS: usize = 8;
/// Values of one condition: the models of one maker, the makers of one thing.
const MAX_VALUES: usize = 48;
/// What one rule concludes: a kind, its rivals and a system.
const MAX_CONCLUSIONS: usize = 6;
/// Bytes of a reason: what was seen is put behind it, and both have to fit.
const MAX_BECAUSE_BYTES: usize = 96;

type Fault = Text<MAX_REASON_BYTES>;

/// What is wrong, and in which line.
pub(super) struct Wrong {
    pub(super) line: u32,
    pub(super) text: Fault,
}

/// Reads one rule into `tables`. What it put there before it failed is the caller's to take back.
pub(super) fn read(statement: Statement<'_>, tables: &mut Tables) -> Result<Rule, Wrong> {
    if statement.text.starts_with([' ', '\t']) {
        return Err(Wrong { line: statement.line, text: "a rule begins at the margin; this line is indented".into() });
    }
    let mut reader = Reader { words: Words::of(statement), tables };
    reader.rule().map_err(|text| Wrong { line: reader.words.line, text })
}

struct Reader<'a, 'b> {
    words: Words<'a>,
    tables: &'b mut Tables,
}

impl<'a> Reader<'a, '_> {
    fn rule(&mut self) -> Result<Rule, Fault> {
        let conclusions = self.conclusions()?;
        let conditions = self.conditions()?;
        let reason = self.words.clone().sentence();
        if reason.is_empty() {
            return Err("say why behind `because`: people read it".into());
        }
        if reason.len() > MAX_BECAUSE_BYTES {
            return Err(Text::format(format_args!("a reason has at most {MAX_BECAUSE_BYTES} bytes")));
        }
        let conclusions = span(&mut self.tables.conclusions, &conclusions);
        let conditions = span(&mut self.tables.conditions, &conditions);
        Ok(Rule { conditions, conclusions, reason: self.tables.keep(&reason) })
    }

    /// `printer 0.8, os Linux 0.3 when`
    fn conclusions(&mut self) -> Result<Vec<Conclusion>, Fault> {
        let mut found: Vec<Conclusion> = Vec::new();
        loop {
            let word = self.want("a kind of device or `os`")?;
            let what = if word.is("os") { self.system()? } else { kind(word)? };
            let weight = weight(self.want("a weight such as 0.8")?)?;
            if found.iter().any(|other| other.what == what) {
                return Err("this rule concludes the same thing twice".into());
            }
            found.push(Conclusion { what, weight });
            if found.len() > MAX_CONCLUSIONS {
                return Err(Text::format(format_args!("a rule concludes at most {MAX_CONCLUSIONS} things")));
            }
            let next = self.want("`when` or a comma")?;
            if next.is("when") {
                return Ok(found);
            }
            if !next.is(",") {
                return Err(unexpected(next, "here comes `when`, or a comma and another conclusion"));
            }
        }
    }

    /// `Linux`, or `Linux/Debian`: a system and the family it is one of.
    fn system(&mut self) -> Result<What, Fault> {
        let word = self.value("os")?;
        let (family, detail) = word.split_once('/').map_or((word, None), |(family, detail)| (family, Some(detail)));
        if family.is_empty() || detail.is_some_and(|detail| detail.is_empty() || detail.contains('/')) {
            return Err("a system is written `Linux`, or `Linux/Debian` for one of a family".into());
        }
        let family = self.tables.system(family, None)?;
        let system = detail.map_or(Ok(family), |detail| self.tables.system(detail, Some(family)))?;
        Ok(What::Os(system))
    }

    /// `service is _ipp._tcp or _ipps._tcp and not port is 445 because`
    fn conditions(&mut self) -> Result<Vec<Condition>, Fault> {
        let mut found = Vec::new();
        loop {
            let condition = self.condition(found.is_empty())?;
            found.push(condition);
            if found.len() > MAX_CONDITIONS {
                return Err(Text::format(format_args!("a rule has at most {MAX_CONDITIONS} conditions")));
            }
            let next = self.want("`and` or `because`")?;
            if next.is("because") {
                return Ok(found);
            }
            if !next.is("and") {
                return Err(unexpected(next, "here comes `or`, `and` or `because`; quote a value of several words"));
            }
        }
    }

    fn condition(&mut self, first: bool) -> Result<Condition, Fault> {
        let mut word = self.want("what to look at, such as `service`")?;
        let negative = word.is("not");
        if negative {
            if first {
                return Err("the first condition is the witness and cannot be `not`".into());
            }
            word = self.want("what to look at, such as `service`")?;
        }
        let known = FIELDS.iter().find(|(name, _)| word.is(name));
        let Some((name, field)) = known.copied() else {
            return Err(unknown("field", word.text, &FIELDS.map(|(name, _)| name)));
        };
        if field == Field::RandomMac {
            let values = span(&mut self.tables.values, &[Value::Nothing]);
            return Ok(Condition { field, op: Op::Is, negative, values });
        }
        let word = self.want("how to compare, such as `is`")?;
        let Some((_, op)) = OPS.iter().find(|(name, _)| word.is(name)).copied() else {
            return Err(unknown("comparison", word.text, &OPS.map(|(name, _)| name)));
        };
        if op != Op::Is && matches!(field, Field::Port | Field::Role) {
            return Err(Text::format(format_args!("a {name} is compared with `is` only")));
        }
        let values = self.values(field)?;
        Ok(Condition { field, op, negative, values: span(&mut self.tables.values, &values) })
    }

    fn values(&mut self, field: Field) -> Result<Vec<Value>, Fault> {
        let mut found = Vec::new();
        loop {
            let word = self.value("a value")?;
            let value = match field {
                Field::Port => Value::Port(port(word)?),
                Field::Role => match ROLES.iter().find(|(name, _)| *name == word) {
                    Some((_, role)) => Value::Role(*role),
                    None => return Err(unknown("role", word, &ROLES.map(|(name, _)| name))),
                },
                _ if word.len() > MAX_WORD_BYTES => {
                    return Err(Text::format(format_args!("a value has at most {MAX_WORD_BYTES} bytes")));
                }
                _ => Value::Text(self.tables.keep(word)),
            };
            found.push(value);
            if found.len() > MAX_VALUES {
                return Err(Text::format(format_args!("a condition has at most {MAX_VALUES} values")));
            }
            if !self.words.peek().is_some_and(|word| word.is("or")) {
                return Ok(found);
            }
            self.want("`or`")?;
        }
    }

    /// A word that is no word of the language, unless quoted.
    fn value(&mut self, behind: &str) -> Result<&'a str, Fault> {
        let word = self.want(behind)?;
        let reserved = ["and", "or", "not", "when", "because", ","].iter().any(|reserved| word.is(reserved));
        if word.text.is_empty() || reserved {
            return Err(unexpected(word, "here comes a value; quote one that is a word of the language"));
        }
        Ok(word.text)
    }

    fn want(&mut self, what: &str) -> Result<Word<'a>, Fault> {
        match self.words.next() {
            Ok(Some(word)) => Ok(word),
            Ok(None) => Err(Text::format(format_args!("the rule ends where {what} should follow"))),
            Err(BadQuote::Open) => Err("the quote does not end in its line".into()),
            Err(BadQuote::Within) => Err("quotes stand around the whole word: \"Linux/Raspberry Pi OS\"".into()),
        }
    }
}

fn unexpected(word: Word<'_>, wanted: &str) -> Fault {
    Text::format(format_args!("\"{}\" is out of place: {wanted}", word.text.escape_debug()))
}

fn kind(word: Word<'_>) -> Result<What, Fault> {
    match word.text.parse() {
        Ok(Kind::Unknown) => Err("`unknown` is what remains when no rule is sure; it cannot be concluded".into()),
        Ok(kind) if !word.quoted => Ok(What::Kind(kind)),
        _ => {
            let names = Kind::ALL.iter().skip(1).map(|kind| kind.name());
            let names: heapless::Vec<&str, 32> = names.chain(["os"]).take(32).collect();
            Err(unknown("kind", word.text, &names))
        }
    }
}

/// `0`, `0.8` or `0.85`, in hundredths.
fn weight(word: Word<'_>) -> Result<u8, Fault> {
    let hundredths = || {
        let decimals = match word.text.strip_prefix('0')? {
            "" => return Some(0),
            rest => rest.strip_prefix('.')?,
        };
        let number: u8 = decimals.bytes().all(|byte| byte.is_ascii_digit()).then(|| decimals.parse().ok())??;
        match decimals.len() {
            1 => Some(number * 10),
            2 => Some(number),
            _ => None,
        }
    };
    hundredths().ok_or_else(|| {
        let text = word.text.escape_debug();
        Text::format(format_args!("\"{text}\" is no weight: 0 to 0.99 with two decimals; nothing heard is certain"))
    })
}

/// `445`, or `161/udp`.
fn port(text: &str) -> Result<Port, Fault> {
    let (number, transport) = match text.split_once('/') {
        None | Some((_, "tcp")) => (text.strip_suffix("/tcp").unwrap_or(text), Some(Transport::Tcp)),
        Some((number, "udp")) => (number, Some(Transport::Udp)),
        Some(_) => (text, None),
    };
    let number = number.parse().ok().filter(|number: &u16| *number > 0);
    number.zip(transport).map(|(number, transport)| Port { transport, number }).ok_or_else(|| {
        Text::format(format_args!(
            "\"{}\" is no port: 1 to 65535, with /udp behind it if it is one",
            text.escape_debug()
        ))
    })
}

/// Puts `parts` at the end of `table`.
fn span<T: Copy>(table: &mut Vec<T>, parts: &[T]) -> Span {
    // The bounds of files and rules keep both numbers far below their types.
    let at = u32::try_from(table.len()).unwrap_or(u32::MAX);
    table.extend_from_slice(parts);
    Span { at, len: u16::try_from(parts.len()).unwrap_or(u16::MAX) }
}

#[cfg(test)]
#[path = "grammar_tests.rs"]
mod tests;
