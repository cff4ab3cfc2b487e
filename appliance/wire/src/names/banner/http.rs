//! Holds what an HTTP answer says of its device: status, Server, realm, title, where it redirects.
//! Never follows a redirect and never runs or shows the page. Called by the port source after one GET of `/`.

use crate::names::Malformed;
use crate::names::head::{Head, Start, empty_line};
use crate::names::text::{Cleaner, Text, clean};
use crate::names::xml::decode_with;

/// Bytes of the head read.
const MAX_HEAD_BYTES: usize = 4_096;
/// Bytes of the body searched for the title. Pages that open with scripts have it late; beyond this nobody looks.
const MAX_TITLE_SEARCH_BYTES: usize = 32_768;
/// Bytes of a title read before it is cut.
const MAX_TITLE_BYTES: usize = 1_024;
/// Challenges kept of one answer: Basic and Digest in two algorithms are three.
const MAX_CHALLENGES: usize = 4;

/// A way to authenticate that the server offers (RFC 9110 section 11.6.1).
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Challenge {
    /// `Basic`, `Digest`, ...
    pub scheme: Text<16>,
    /// The realm, where many devices write their model. Empty when none is given.
    pub realm: Text<96>,
}

/// What an answer says. Empty where nothing was said.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct HttpBanner {
    /// Status code.
    pub status: u16,
    /// Server product.
    pub server: Text<128>,
    /// Title of the page, when it is HTML and has one.
    pub title: Text<128>,
    /// Where it redirects, as written.
    pub location: Text<200>,
    /// Ways to authenticate, at most four; more are dropped.
    pub challenges: heapless::Vec<Challenge, MAX_CHALLENGES>,
}

/// Reads an answer, complete or cut anywhere behind its first line. Errors: not HTTP, or nothing whole.
pub fn read(bytes: &[u8]) -> Result<HttpBanner, Malformed> {
    let mut banner = Head::<MAX_HEAD_BYTES>::of(bytes)?.read(|start, headers| {
        let Start::Response(status) = start else { return Err(Malformed::OtherKind) };
        let value_of = |name: &str| {
            let found = headers.iter().find(|header| header.name.eq_ignore_ascii_case(name));
            found.map(|header| header.value).unwrap_or_default()
        };
        let mut challenges = heapless::Vec::new();
        for header in headers.iter().filter(|header| header.name.eq_ignore_ascii_case("WWW-Authenticate")) {
            read_challenges(header.value, &mut challenges);
        }
        Ok(HttpBanner {
            status,
            server: clean(value_of("Server")),
            title: Text::new(),
            location: clean(value_of("Location")),
            challenges,
        })
    })?;
    let body = empty_line(bytes).and_then(|at| bytes.get(at..)).unwrap_or_default();
    banner.title = title_of(body);
    Ok(banner)
}

/// The text of the first `<title>`; empty when there is none or it does not end.
#[must_use]
pub fn title_of(html: &[u8]) -> Text<128> {
    let html = html.get(..MAX_TITLE_SEARCH_BYTES).unwrap_or(html);
    let opened = html.windows(7).position(|window| {
        let (tag, next) = window.split_at_checked(6).unwrap_or_default();
        tag.eq_ignore_ascii_case(b"<title") && matches!(next, [b'>'] | [b' ' | b'\t' | b'\r' | b'\n'])
    });
    let inside = opened.and_then(|at| html.get(at..)).unwrap_or_default();
    let text = inside.iter().position(|byte| *byte == b'>').and_then(|at| inside.get(at + 1..)).unwrap_or_default();
    let Some(end) = text.windows(7).position(|window| window.eq_ignore_ascii_case(b"</title")) else {
        return Text::new();
    };
    let text = text.get(..end.min(MAX_TITLE_BYTES)).unwrap_or_default();
    let mut cleaner = Cleaner::new();
    decode_with(text, html_entity, &mut cleaner);
    cleaner.finish()
}

/// The named entities of HTML that stand in titles of devices; others stay as written.
fn html_entity(name: &[u8]) -> Option<char> {
    const TABLE: [(&[u8], char); 34] = [
        (b"nbsp", ' '),
        (b"copy", '©'),
        (b"reg", '®'),
        (b"trade", '™'),
        (b"deg", '°'),
        (b"middot", '·'),
        (b"bull", '•'),
        (b"ndash", '–'),
        (b"mdash", '—'),
        (b"hellip", '…'),
        (b"lsquo", '‘'),
        (b"rsquo", '’'),
        (b"laquo", '«'),
        (b"raquo", '»'),
        (b"agrave", 'à'),
        (b"acirc", 'â'),
        (b"ccedil", 'ç'),
        (b"egrave", 'è'),
        (b"eacute", 'é'),
        (b"ecirc", 'ê'),
        (b"icirc", 'î'),
        (b"ocirc", 'ô'),
        (b"ugrave", 'ù'),
        (b"ucirc", 'û'),
        (b"aacute", 'á'),
        (b"iacute", 'í'),
        (b"oacute", 'ó'),
        (b"uacute", 'ú'),
        (b"ntilde", 'ñ'),
        (b"auml", 'ä'),
        (b"ouml", 'ö'),
        (b"uuml", 'ü'),
        (b"szlig", 'ß'),
        (b"Eacute", 'É'),
    ];
    TABLE.iter().find(|(known, _)| *known == name).map(|(_, found)| *found)
}

/// Reads one WWW-Authenticate value. A challenge begins with a word that no `=` follows; commas part both challenges and
/// parameters, and may stand in quotes.
fn read_challenges(value: &[u8], into: &mut heapless::Vec<Challenge, MAX_CHALLENGES>) {
    for part in (Parts { left: value }) {
        let name_end = part.iter().position(|byte| !is_token(*byte)).unwrap_or(part.len());
        let (name, rest) = part.split_at_checked(name_end).unwrap_or_default();
        let rest = rest.trim_ascii_start();
        let parameter = if rest.starts_with(b"=") {
            part
        } else {
            if name.is_empty() || into.push(Challenge { scheme: clean(name), realm: Text::new() }).is_err() {
                return;
            }
            rest
        };
        let Some((key, value)) = split_parameter(parameter) else { continue };
        let unnamed = into.last_mut().filter(|challenge| challenge.realm.is_empty());
        if let Some(challenge) = unnamed.filter(|_| key.eq_ignore_ascii_case(b"realm")) {
            challenge.realm = unquoted(value);
        }
    }
}

const fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'-' | b'_' | b'.' | b'!' | b'#' | b'$' | b'%' | b'&' | b'\'' | b'*' | b'+' | b'^' | b'`' | b'|' | b'~'
        )
}

fn split_parameter(parameter: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = parameter.iter().position(|byte| *byte == b'=')?;
    Some((parameter.get(..at)?.trim_ascii(), parameter.get(at + 1..)?.trim_ascii()))
}

/// Text between quotes, backslashes taken out; text without quotes as it is.
fn unquoted(value: &[u8]) -> Text<96> {
    let Some(inside) = value.strip_prefix(b"\"") else { return clean(value) };
    let mut raw: heapless::Vec<u8, 256> = heapless::Vec::new();
    let mut escaped = false;
    for byte in inside {
        match (escaped, *byte) {
            (false, b'"') => break,
            (false, b'\\') => escaped = true,
            (_, byte) => {
                escaped = false;
                if raw.push(byte).is_err() {
                    break;
                }
            }
        }
    }
    clean(&raw)
}

/// The pieces between commas that stand outside quotes, trimmed, empty ones left out.
struct Parts<'a> {
    left: &'a [u8],
}

impl<'a> Iterator for Parts<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        while !self.left.is_empty() {
            let (mut quoted, mut escaped) = (false, false);
            let end = self.left.iter().position(|byte| {
                let ends = *byte == b',' && !quoted;
                quoted ^= *byte == b'"' && !escaped;
                escaped = *byte == b'\\' && quoted && !escaped;
                ends
            });
            let (part, rest) = self.left.split_at_checked(end.unwrap_or(self.left.len())).unwrap_or_default();
            self.left = rest.get(1..).unwrap_or_default();
            let part = part.trim_ascii();
            if !part.is_empty() {
                return Some(part);
            }
        }
        None
    }
}

#[cfg(test)]
#[path = "http_tests.rs"]
mod tests;
