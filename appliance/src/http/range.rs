//! Holds how a part of a file is given (RFC 9110, 14): one range of bytes, for a client whose copy broke off.
//! It never gives several parts in one answer: whoever asks for that gets the whole, as the standard allows.
//! Handlers of files that are known as a whole use it.

use hyper::StatusCode;
use hyper::header::{ACCEPT_RANGES, CONTENT_RANGE, IF_RANGE, RANGE};

use super::call::Call;
use super::reply::Reply;

/// What a client asks for of a file of so many bytes.
#[derive(Debug, PartialEq, Eq)]
enum Asked {
    /// All of it, or something this place does not read.
    Whole,
    /// From the first to the last byte, both counted from 0.
    Part(usize, usize),
    /// What is not there.
    Nothing,
}

/// Cuts the part that `call` asks for out of a whole answer with this tag; a part of another version is never given.
pub(super) fn cut(call: &Call, reply: Reply, tag: &str) -> Reply {
    let field = |name| call.headers.get(name).and_then(|value| value.to_str().ok());
    let same = field(IF_RANGE).is_none_or(|wanted| wanted == tag);
    let length = reply.bytes().len();
    let asked = field(RANGE).filter(|_| same).map_or(Asked::Whole, |text| read(text, length));
    let reply = reply.header(ACCEPT_RANGES, "bytes");
    match asked {
        Asked::Whole => reply,
        Asked::Part(first, last) => reply
            .only(first, last)
            .status(StatusCode::PARTIAL_CONTENT)
            .header(CONTENT_RANGE, &format!("bytes {first}-{last}/{length}")),
        Asked::Nothing => {
            Reply::empty().status(StatusCode::RANGE_NOT_SATISFIABLE).header(CONTENT_RANGE, &format!("bytes */{length}"))
        }
    }
}

fn read(text: &str, length: usize) -> Asked {
    let number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse::<usize>().ok());
    let Some((first, last)) = text.strip_prefix("bytes=").and_then(|range| range.trim().split_once('-')) else {
        return Asked::Whole;
    };
    match (number(first).flatten(), number(last).flatten()) {
        (Some(first), Some(last)) if first > last => Asked::Whole,
        (Some(first), _) if first >= length && (last.is_empty() || number(last).is_some()) => Asked::Nothing,
        (Some(first), Some(last)) => Asked::Part(first, last.min(length - 1)),
        (Some(first), None) if last.is_empty() => Asked::Part(first, length - 1),
        (None, Some(0)) if first.is_empty() => Asked::Nothing,
        (None, Some(last)) if first.is_empty() && length > 0 => Asked::Part(length.saturating_sub(last), length - 1),
        _ => Asked::Whole,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_range_is_read_and_everything_else_is_the_whole_or_nothing() {
        for (text, expected) in [
            ("bytes=0-9", Asked::Part(0, 9)),
            ("bytes=90-", Asked::Part(90, 99)),
            ("bytes=90-900", Asked::Part(90, 99)),
            ("bytes=-10", Asked::Part(90, 99)),
            ("bytes=-1000", Asked::Part(0, 99)),
            ("bytes=100-", Asked::Nothing),
            ("bytes=100-200", Asked::Nothing),
            ("bytes=-0", Asked::Nothing),
            ("bytes=9-0", Asked::Whole),
            ("bytes=0-1,5-6", Asked::Whole),
            ("bytes=-", Asked::Whole),
            ("bytes=a-b", Asked::Whole),
            ("bytes=+1-2", Asked::Whole),
            ("lines=0-9", Asked::Whole),
            ("bytes=0-99999999999999999999999", Asked::Whole),
            ("", Asked::Whole),
        ] {
            assert_eq!(read(text, 100), expected, "{text}");
        }
        assert_eq!(read("bytes=0-", 0), Asked::Nothing);
        assert_eq!(read("bytes=-5", 0), Asked::Whole);
    }
}
