//! Holds the cutting of a rule file into rules, and of a rule into words.
//! Never knows what a word means: `grammar` does. Called by `grammar`.

use alloc::string::String;

/// A rule as it stands in the file: from a line that begins at the margin to the last indented line that follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Statement<'a> {
    /// The line it begins in, from 1.
    pub(super) line: u32,
    /// Its text, line ends and comments included.
    pub(super) text: &'a str,
}

/// Cuts `file` into rules. Comments before a rule belong to none.
pub(super) fn statements(file: &str) -> impl Iterator<Item = Statement<'_>> {
    let mut rest = file.strip_prefix('\u{feff}').unwrap_or(file);
    let mut line = 1;
    core::iter::from_fn(move || {
        while let Some(first) = first_line(rest) {
            if !is_silent(first) {
                break;
            }
            rest = rest.get(first.len()..)?;
            line += 1;
        }
        let begins = line;
        let text = rest;
        let mut length = first_line(rest)?.len();
        let mut lines = 1;
        while let Some(next) = text.get(length..).and_then(first_line) {
            if !is_silent(next) && !next.starts_with([' ', '\t']) {
                break;
            }
            length += next.len();
            lines += 1;
        }
        rest = text.get(length..)?;
        line += lines;
        Some(Statement { line: begins, text: text.get(..length)? })
    })
}

/// The first line with its end, unless nothing is left.
fn first_line(text: &str) -> Option<&str> {
    text.split_inclusive('\n').next()
}

/// Blank, or a comment.
fn is_silent(line: &str) -> bool {
    let line = line.trim_start();
    line.is_empty() || line.starts_with('#')
}

/// A word of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Word<'a> {
    pub(super) text: &'a str,
    /// In quotes: a value, never a word of the language.
    pub(super) quoted: bool,
}

impl Word<'_> {
    /// Whether it is this word of the language.
    pub(super) fn is(&self, word: &str) -> bool {
        !self.quoted && self.text == word
    }
}

/// Reads the words of a rule one by one.
#[derive(Clone, Debug)]
pub(super) struct Words<'a> {
    rest: &'a str,
    /// The line of the last word.
    pub(super) line: u32,
}

impl<'a> Words<'a> {
    pub(super) const fn of(statement: Statement<'a>) -> Self {
        Self { rest: statement.text, line: statement.line }
    }

    /// The next word; a comma stands alone when it ends one. `Err`: a quote that does not end in its line, or that does not
    /// stand around a whole word.
    pub(super) fn next(&mut self) -> Result<Option<Word<'a>>, BadQuote> {
        self.skip();
        if let Some(quoted) = self.rest.strip_prefix('"') {
            let end = quoted.find(['"', '\n']).ok_or(BadQuote::Open)?;
            let (text, after) = quoted.split_at_checked(end).ok_or(BadQuote::Open)?;
            self.rest = after.strip_prefix('"').ok_or(BadQuote::Open)?;
            if self.rest.starts_with(|next: char| !next.is_whitespace() && next != ',') {
                return Err(BadQuote::Within);
            }
            return Ok(Some(Word { text, quoted: true }));
        }
        let end = self.rest.find(char::is_whitespace).unwrap_or(self.rest.len());
        let Some(mut text) = self.rest.get(..end).filter(|text| !text.is_empty()) else { return Ok(None) };
        if let Some(before) = text.strip_suffix(',').filter(|before| !before.is_empty()) {
            text = before;
        }
        if text.contains('"') {
            return Err(BadQuote::Within);
        }
        self.rest = self.rest.get(text.len()..).unwrap_or_default();
        Ok(Some(Word { text, quoted: false }))
    }

    /// The next word, which stays the next.
    pub(super) fn peek(&self) -> Option<Word<'a>> {
        self.clone().next().ok().flatten()
    }

    /// Everything that is left as one line, spaces made single.
    pub(super) fn sentence(self) -> String {
        let mut sentence = String::new();
        for (place, line) in self.rest.split('\n').enumerate() {
            if place > 0 && is_silent(line) {
                continue;
            }
            for word in line.split_whitespace() {
                if !sentence.is_empty() {
                    sentence.push(' ');
                }
                sentence.push_str(word);
            }
        }
        sentence
    }

    /// Goes to the next word, over line ends and comments on lines of their own.
    fn skip(&mut self) {
        loop {
            let trimmed = self.rest.trim_start();
            let passed = self.rest.len() - trimmed.len();
            let ends = self.rest.get(..passed).unwrap_or_default().matches('\n').count();
            self.line = self.line.saturating_add(u32::try_from(ends).unwrap_or(u32::MAX));
            self.rest = trimmed;
            if ends == 0 || !trimmed.starts_with('#') {
                return;
            }
            let comment = trimmed.find('\n').unwrap_or(trimmed.len());
            self.rest = trimmed.get(comment..).unwrap_or_default();
        }
    }
}

/// A quote that quotes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BadQuote {
    /// It does not end in its line.
    Open,
    /// It stands within a word.
    Within,
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    fn words(text: &str) -> Vec<(u32, &str)> {
        let mut words = Words::of(statements(text).next().unwrap());
        core::iter::from_fn(|| words.next().unwrap().map(|word| (words.line, word.text))).collect()
    }

    #[test]
    fn a_file_is_cut_at_the_lines_that_begin_at_the_margin() {
        let file = "\u{feff}# head\n\na b\r\n  c\n# between\n\td\ne\n";
        let found: Vec<_> = statements(file).map(|found| (found.line, found.text)).collect();
        assert_eq!(found, [(3, "a b\r\n  c\n# between\n\td\n"), (7, "e\n")]);
        assert_eq!(statements("").count() + statements("\n# only\n").count(), 0);
    }

    #[test]
    fn words_know_their_line_and_commas_stand_alone_at_an_end() {
        assert_eq!(
            words("a, 1,3,6 \"b c\"\n # no\n\n  #no\n  d"),
            [(1, "a"), (1, ","), (1, "1,3,6"), (1, "b c"), (5, "d")]
        );
    }

    #[test]
    fn a_quote_ends_in_its_line() {
        let mut words = Words::of(Statement { line: 1, text: "\"a\nb\"" });
        assert_eq!(words.next(), Err(BadQuote::Open));
        for text in ["a\"b c\"", "\"a\"b", "a\""] {
            assert_eq!(Words::of(Statement { line: 1, text }).next(), Err(BadQuote::Within), "{text}");
        }
        assert!(!Word { text: "and", quoted: true }.is("and"));
    }

    #[test]
    fn a_sentence_is_one_line() {
        let words = Words::of(Statement { line: 1, text: " it  says\n  # not this\n  \"so\"\n" });
        assert_eq!(words.sentence(), "it says \"so\"");
    }
}
