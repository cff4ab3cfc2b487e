//! Holds what is wrong in a rule file, in words, with the line and the nearest word that would have been right.
//! Never stops the reading: the rules that are right are kept. Called by `grammar` and shown at start by the service.

use core::fmt;

use crate::Text;
use crate::limits::MAX_REASON_BYTES;

/// Letters of the longest word a file can misspell; longer ones are compared no further.
const MAX_LETTERS: usize = 24;

/// Something wrong in a rule file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Which of the files read, from 0.
    pub file: usize,
    /// Which line of it, from 1; 0 when it is about the whole file.
    pub line: u32,
    /// What, in English words.
    pub text: Text<MAX_REASON_BYTES>,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}", self.text),
            line => write!(f, "line {line}: {}", self.text),
        }
    }
}

/// `there is no "prot"; did you mean "port"?`, or the list when nothing is near.
pub(super) fn unknown(what: &str, word: &str, known: &[&str]) -> Text<MAX_REASON_BYTES> {
    match nearest(word, known) {
        Some(near) => {
            Text::format(format_args!("there is no {what} \"{}\"; did you mean \"{near}\"?", word.escape_debug()))
        }
        None => Text::format(format_args!("there is no {what} \"{}\"; one of {}", word.escape_debug(), List(known))),
    }
}

/// The word of `known` that is at most two letters, and less than half of it, away.
fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    let near = known.iter().map(|other| (distance(word, other), *other)).min_by_key(|(distance, _)| *distance);
    near.filter(|(distance, other)| *distance <= 2 && distance * 2 < other.len()).map(|(_, other)| other)
}

/// Letters to add, leave out or change to make one of the other (Levenshtein), without case.
fn distance(a: &str, b: &str) -> usize {
    let mut row: [usize; MAX_LETTERS + 1] = core::array::from_fn(|place| place);
    let width = b.len();
    if a.len() > MAX_LETTERS || width > MAX_LETTERS {
        return usize::MAX / 2;
    }
    for (down, letter) in a.bytes().enumerate() {
        let mut diagonal = down;
        let mut left = down + 1;
        if let Some(first) = row.first_mut() {
            *first = left;
        }
        for (cell, other) in row.iter_mut().skip(1).zip(b.bytes()) {
            let change = diagonal + usize::from(!letter.eq_ignore_ascii_case(&other));
            diagonal = *cell;
            *cell = change.min(diagonal + 1).min(left + 1);
            left = *cell;
        }
    }
    row.get(width).copied().unwrap_or_default()
}

struct List<'a>(&'a [&'a str]);

impl fmt::Display for List<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, word) in self.0.iter().enumerate() {
            let separator = if place == 0 { "" } else { ", " };
            write!(f, "{separator}{word}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_are_those_of_the_textbook() {
        for (a, b, far) in
            [("kitten", "sitting", 3), ("port", "port", 0), ("", "abc", 3), ("prot", "port", 2), ("A", "a", 0)]
        {
            assert_eq!(distance(a, b), far, "{a} {b}");
            assert_eq!(distance(b, a), far, "{b} {a}");
        }
        assert!(distance(&"x".repeat(99), "port") > 99);
    }

    #[test]
    fn a_misspelt_word_is_answered_with_the_right_one_or_with_all() {
        let known = ["printer", "phone", "tv"];
        assert_eq!(unknown("kind", "pinter", &known), "there is no kind \"pinter\"; did you mean \"printer\"?");
        assert_eq!(unknown("kind", "xx", &known), "there is no kind \"xx\"; one of printer, phone, tv");
        assert_eq!(unknown("kind", "\u{1b}[2J", &known), "there is no kind \"\\u{1b}[2J\"; one of printer, phone, tv");
    }
}
