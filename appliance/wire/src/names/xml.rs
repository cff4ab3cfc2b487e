//! Holds a small pull scanner for the XML that devices send (SOAP of WS-Discovery, UPnP descriptions): tags and text, no more.
//! Never expands a DTD, never resolves an external thing, never nests deeper or reads longer than its bounds allow.
//! Called by `wsd` and `upnp`.
//!
//! Prefixes of namespaces vary from stack to stack and carry nothing a local name and its place do not, so names are
//! compared without prefix. An end tag closes what was left open inside its element, as browsers do: minidlna writes
//! `<friendlyName>TV <old></friendlyName>` when a person named it so. An end tag that closes nothing is refused.

use core::ops::Range;

use super::Malformed;
use super::text::Cleaner;

/// Open elements. A UPnP description of a router nests ten deep; SOAP about eight.
const MAX_DEPTH: usize = 24;
/// Tags and texts read from one document: 64 KiB of description hold fewer.
const MAX_TOKENS: u32 = 8_192;
/// Longest entity between `&` and `;`: `#x10FFFF` has eight bytes.
const MAX_ENTITY: usize = 10;

/// What the scanner found next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Token<'a> {
    /// An element begins; its local name. An empty element (`<a/>`) gives a start and an end.
    Start(&'a [u8]),
    /// The element ends; its local name.
    End(&'a [u8]),
    /// Character data between tags, not yet decoded; give it to [`decode`].
    Text(&'a [u8]),
    /// The content of a CDATA section, to be taken as it is.
    CData(&'a [u8]),
}

/// Walks a document.
#[derive(Clone, Debug)]
pub struct Scanner<'a> {
    document: &'a [u8],
    at: usize,
    open: heapless::Vec<Range<usize>, MAX_DEPTH>,
    /// Ends still to be handed out: of an empty element, or of elements an outer end tag closes.
    owed_ends: usize,
    tokens: u32,
    rooted: bool,
}

impl<'a> Scanner<'a> {
    /// Stands before the first tag. A byte order mark is skipped; other encodings than UTF-8 are not known here.
    #[must_use]
    pub fn new(document: &'a [u8]) -> Self {
        let document = document.strip_prefix(b"\xef\xbb\xbf").unwrap_or(document);
        Self { document, at: 0, open: heapless::Vec::new(), owed_ends: 0, tokens: 0, rooted: false }
    }

    /// How many elements are open.
    #[must_use]
    pub fn depth(&self) -> usize {
        self.open.len()
    }

    /// The local name of the open element at `depth` (1 is the root).
    #[must_use]
    pub fn open_at(&self, depth: usize) -> Option<&'a [u8]> {
        let span = self.open.get(depth.checked_sub(1)?)?;
        self.document.get(span.clone()).map(local)
    }

    /// Whether the open elements are exactly this path, from the root.
    #[must_use]
    pub fn is_at(&self, path: &[&[u8]]) -> bool {
        self.open.len() == path.len()
            && (1..).zip(path).all(|(depth, name)| self.open_at(depth).is_some_and(|open| open == *name))
    }

    /// The next token; `None` at the end of the document. Errors: not XML, a document type (refused
    /// always: no device needs one and entity bombs do), too deep, too long, cut short.
    pub fn advance(&mut self) -> Result<Option<Token<'a>>, Malformed> {
        if self.owed_ends > 0 {
            return self.close().map(Some);
        }
        loop {
            self.tokens += 1;
            if self.tokens > MAX_TOKENS {
                return Err(Malformed::OutOfBounds);
            }
            let rest = self.rest();
            if rest.is_empty() {
                return if self.open.is_empty() && self.rooted { Ok(None) } else { Err(Malformed::Truncated) };
            }
            if let Some(inside) = rest.strip_prefix(b"<") {
                if let Some(token) = self.markup(inside)? {
                    return Ok(Some(token));
                }
                continue;
            }
            let length = rest.iter().position(|byte| *byte == b'<').unwrap_or(rest.len());
            let text = rest.get(..length).unwrap_or_default();
            self.at += length;
            if !self.open.is_empty() {
                return Ok(Some(Token::Text(text)));
            }
            // Some stacks pad their answer with a zero byte.
            if !text.iter().all(|byte| byte.is_ascii_whitespace() || *byte == 0) {
                return Err(Malformed::Invalid);
            }
        }
    }

    /// The direct text of the element whose start was handed out last, read up to its end; text of elements inside it is
    /// not part of it. Returns the cleaner, to see whether something was cut.
    pub fn text<const N: usize>(&mut self) -> Result<Cleaner<N>, Malformed> {
        let depth = self.depth();
        let mut cleaner = Cleaner::new();
        while let Some(token) = self.advance()? {
            if self.depth() < depth {
                break;
            }
            if self.depth() == depth {
                push_text(&token, &mut cleaner);
            }
        }
        Ok(cleaner)
    }

    fn rest(&self) -> &'a [u8] {
        self.document.get(self.at..).unwrap_or_default()
    }

    fn markup(&mut self, inside: &'a [u8]) -> Result<Option<Token<'a>>, Malformed> {
        match inside.first() {
            Some(b'?') => self.skip_past(b"?>").map(|_| None),
            Some(b'!') if inside.starts_with(b"!--") => {
                self.at += 4;
                self.skip_past(b"-->").map(|_| None)
            }
            Some(b'!') if inside.starts_with(b"![CDATA[") && !self.open.is_empty() => {
                self.at += 9;
                self.skip_past(b"]]>").map(|data| Some(Token::CData(data)))
            }
            Some(b'!') => Err(Malformed::Invalid),
            Some(b'/') => self.end_tag().map(Some),
            Some(_) => self.start_tag().map(Some),
            None => Err(Malformed::Truncated),
        }
    }

    /// Moves behind `mark` and hands out what stood before it.
    fn skip_past(&mut self, mark: &[u8]) -> Result<&'a [u8], Malformed> {
        let rest = self.rest();
        let length = rest.windows(mark.len()).position(|window| window == mark).ok_or(Malformed::Truncated)?;
        self.at += length + mark.len();
        Ok(rest.get(..length).unwrap_or_default())
    }

    fn end_tag(&mut self) -> Result<Token<'a>, Malformed> {
        self.at += 2;
        let name = self.skip_past(b">")?.trim_ascii_end();
        let closes = self.open.iter().rposition(|span| self.document.get(span.clone()) == Some(name));
        self.owed_ends = self.open.len() - closes.ok_or(Malformed::Invalid)?;
        self.close()
    }

    fn close(&mut self) -> Result<Token<'a>, Malformed> {
        let span = self.open.pop().ok_or(Malformed::Invalid)?;
        self.owed_ends = self.owed_ends.saturating_sub(1);
        Ok(Token::End(local(self.document.get(span).unwrap_or_default())))
    }

    fn start_tag(&mut self) -> Result<Token<'a>, Malformed> {
        let start = self.at + 1;
        let rest = self.document.get(start..).unwrap_or_default();
        let length = rest
            .iter()
            .position(|byte| byte.is_ascii_whitespace() || matches!(byte, b'/' | b'>'))
            .ok_or(Malformed::Truncated)?;
        let name = rest.get(..length).unwrap_or_default();
        if !is_name(name) || (self.open.is_empty() && self.rooted) {
            return Err(Malformed::Invalid);
        }
        self.at = start + length;
        self.owed_ends = usize::from(self.attributes()?);
        self.rooted = true;
        self.open.push(start..start + length).map_err(|_| Malformed::OutOfBounds)?;
        Ok(Token::Start(local(name)))
    }

    /// Passes the attributes; returns whether the element is empty. A `>` inside quotes ends nothing.
    fn attributes(&mut self) -> Result<bool, Malformed> {
        let mut quote = None;
        for (place, byte) in self.rest().iter().enumerate() {
            match (quote, byte) {
                (Some(open), _) if open == *byte => quote = None,
                (None, b'"' | b'\'') => quote = Some(*byte),
                (_, b'<') => return Err(Malformed::Invalid),
                (None, b'>') => {
                    let empty = place > 0 && self.rest().get(place - 1) == Some(&b'/');
                    self.at += place + 1;
                    return Ok(empty);
                }
                _ => {}
            }
        }
        Err(Malformed::Truncated)
    }
}

/// The name behind the prefix.
fn local(name: &[u8]) -> &[u8] {
    name.iter().position(|byte| *byte == b':').and_then(|colon| name.get(colon + 1..)).unwrap_or(name)
}

fn is_name(name: &[u8]) -> bool {
    let good = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b':') || *byte >= 0x80;
    name.iter().all(good)
        && !local(name).is_empty()
        && !name.first().is_some_and(|byte| matches!(byte, b'0'..=b'9' | b'-' | b'.'))
}

/// Decodes character data into a cleaner: the five entities of XML and character references. Anything else after `&` is
/// kept as it stands, as sloppy stacks send bare ampersands.
pub fn decode<const N: usize>(raw: &[u8], into: &mut Cleaner<N>) {
    decode_with(raw, |_| None, into);
}

/// As [`decode`], with more named entities.
pub(super) fn decode_with<const N: usize>(raw: &[u8], named: fn(&[u8]) -> Option<char>, into: &mut Cleaner<N>) {
    let mut pieces = raw.split(|byte| *byte == b'&');
    into.push_bytes(pieces.next().unwrap_or_default());
    for piece in pieces {
        let end = piece.iter().take(MAX_ENTITY).position(|byte| *byte == b';');
        let split = end.and_then(|end| piece.split_at_checked(end));
        match split.and_then(|(entity, rest)| Some((entity_char(entity).or_else(|| named(entity))?, rest))) {
            Some((decoded, rest)) => {
                into.push(decoded);
                into.push_bytes(rest.get(1..).unwrap_or_default());
            }
            None => {
                into.push('&');
                into.push_bytes(piece);
            }
        }
    }
}

fn entity_char(entity: &[u8]) -> Option<char> {
    match entity {
        b"lt" => Some('<'),
        b"gt" => Some('>'),
        b"amp" => Some('&'),
        b"quot" => Some('"'),
        b"apos" => Some('\''),
        [b'#', b'x' | b'X', digits @ ..] => number(digits, 16),
        [b'#', digits @ ..] => number(digits, 10),
        _ => None,
    }
}

fn number(digits: &[u8], radix: u32) -> Option<char> {
    if !digits.first()?.is_ascii_hexdigit() {
        return None; // from_str_radix would take a sign
    }
    u32::from_str_radix(core::str::from_utf8(digits).ok()?, radix).ok().and_then(char::from_u32)
}

fn push_text<const N: usize>(token: &Token<'_>, into: &mut Cleaner<N>) {
    match token {
        Token::Text(raw) => decode(raw, into),
        Token::CData(raw) => into.push_bytes(raw),
        Token::Start(_) | Token::End(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::names::torture::torture;
    extern crate std;
    use std::vec::Vec;

    fn tokens(document: &[u8]) -> Result<Vec<Token<'_>>, Malformed> {
        let mut scanner = Scanner::new(document);
        let mut found = Vec::new();
        while let Some(token) = scanner.advance()? {
            found.push(token);
        }
        Ok(found)
    }

    const SAMPLE: &[u8] = b"\xef\xbb\xbf<?xml version=\"1.0\"?>\n<!-- a > b --><s:a x='1>2' y=\"/\"><b/>t&amp;u<![CDATA[<raw>&amp;]]></s:a >\r\n\0";

    #[test]
    fn walks_tags_text_and_cdata() {
        let expected = [
            Token::Start(b"a"),
            Token::Start(b"b"),
            Token::End(b"b"),
            Token::Text(b"t&amp;u"),
            Token::CData(b"<raw>&amp;"),
            Token::End(b"a"),
        ];
        assert_eq!(tokens(SAMPLE).unwrap(), expected);
        let mut scanner = Scanner::new(SAMPLE);
        scanner.advance().unwrap();
        assert_eq!(scanner.text::<64>().unwrap().finish(), "t&u<raw>&amp;");
        assert_eq!(scanner.advance(), Ok(None));
    }

    #[test]
    fn knows_where_it_is() {
        let mut scanner = Scanner::new(b"<a><x:b><c/></x:b></a>");
        for _ in 0..3 {
            scanner.advance().unwrap();
        }
        assert!(scanner.is_at(&[b"a", b"b", b"c"]));
        scanner.advance().unwrap();
        assert!(scanner.is_at(&[b"a", b"b"]) && scanner.depth() == 2);
    }

    #[test]
    fn text_of_an_element_is_its_own() {
        let mut scanner = Scanner::new(b"<a>one<b>two</b>three<c/></a>");
        scanner.advance().unwrap();
        assert_eq!(scanner.text::<64>().unwrap().finish(), "onethree");
    }

    #[test]
    fn an_outer_end_closes_what_was_left_open() {
        let expected = [
            Token::Start(b"a"),
            Token::Start(b"b"),
            Token::Start(b"c"),
            Token::End(b"c"),
            Token::End(b"b"),
            Token::End(b"a"),
        ];
        assert_eq!(tokens(b"<a><b><c></b></a>").unwrap(), expected);
    }

    #[test]
    fn refuses_what_is_not_well_formed() {
        for (document, why) in [
            (&b"<a></b>"[..], Malformed::Invalid),
            (b"<a><b></a></b>", Malformed::Invalid), // the last tag closes nothing
            (b"<s:a></a>", Malformed::Invalid),
            (b"</a>", Malformed::Invalid),
            (b"<a/><b/>", Malformed::Invalid),
            (b"x<a/>", Malformed::Invalid),
            (b"<a b='<'/>", Malformed::Invalid),
            (b"< a/>", Malformed::Invalid),
            (b"<a:/>", Malformed::Invalid),
            (b"<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>", Malformed::Invalid),
            (b"<a", Malformed::Truncated),
            (b"<a b='>", Malformed::Truncated),
            (b"<a>", Malformed::Truncated),
            (b"<a><!-- ->", Malformed::Truncated),
            (b"<!-->-->", Malformed::Truncated),
            (b"", Malformed::Truncated),
        ] {
            assert_eq!(tokens(document).unwrap_err(), why, "{:?}", core::str::from_utf8(document));
        }
    }

    #[test]
    fn depth_and_length_have_an_end() {
        let deep: Vec<u8> = b"<a>".repeat(MAX_DEPTH + 1);
        assert_eq!(tokens(&deep).unwrap_err(), Malformed::OutOfBounds);
        let mut long = b"<a>".to_vec();
        long.extend(b"<b/>".repeat(usize::try_from(MAX_TOKENS).unwrap()));
        assert_eq!(tokens(&long).unwrap_err(), Malformed::OutOfBounds);
    }

    #[test]
    fn decodes_entities_and_keeps_what_is_none() {
        for (raw, expected) in [
            ("&lt;b&gt; &quot;&apos;&amp;amp;", "<b> \"'&amp;"),
            ("&#233;&#xE9;&#x1F600;", "éé😀"),
            ("A & B &unknown; &;", "A & B &unknown; &;"),
            ("&#0;&#x202e;&#xD800;&#99999999;&#+65;", "&#xD800;&#99999999;&#+65;"),
            ("&#0000000000000065;", "&#0000000000000065;"),
        ] {
            let mut cleaner = Cleaner::<64>::new();
            decode(raw.as_bytes(), &mut cleaner);
            assert_eq!(cleaner.finish(), expected);
        }
    }

    #[test]
    fn never_panics() {
        torture(&[SAMPLE, b"<a><b c='d'>&#x41;</b></a>"], |bytes| {
            let mut scanner = Scanner::new(bytes);
            let mut starts = 0usize;
            let mut ends = 0;
            while let Ok(Some(token)) = scanner.advance() {
                starts += usize::from(matches!(token, Token::Start(_)));
                ends += usize::from(matches!(token, Token::End(_)));
                // An empty element's start stands open until its end was given.
                assert_eq!(starts - ends, scanner.depth());
            }
        });
    }
}
