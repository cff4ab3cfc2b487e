//! Holds how a form with a file in it is read (RFC 7578): the parts by name, as slices of the body.
//! It never copies and never fails on a strange part: what has no name is passed over.
//! The page's uploads are read with it.

use hyper::HeaderMap;
use hyper::header::CONTENT_TYPE;

/// Parts looked at; a form of ours has three.
const MAX_PARTS: usize = 16;

/// Longest boundary (RFC 2046, 5.1.1).
const MAX_BOUNDARY_BYTES: usize = 70;

/// The content of the first part called `name`; none without it, or when the body is no such form.
#[must_use]
pub fn part<'b>(headers: &HeaderMap, body: &'b [u8], name: &str) -> Option<&'b [u8]> {
    let boundary = boundary(headers)?;
    let mark = format!("--{boundary}");
    let mut rest = after(body, mark.as_bytes())?;
    for _ in 0..MAX_PARTS {
        // Two hyphens after the mark end the form.
        rest = rest.strip_prefix(b"\r\n")?;
        let end = find(rest, format!("\r\n{mark}").as_bytes())?;
        let (part, next) = rest.split_at_checked(end)?;
        let (head, content) = match find(part, b"\r\n\r\n") {
            Some(at) => (part.get(..at)?, part.get(at + 4..)?),
            None => (&[][..], part),
        };
        if is_called(head, name) {
            return Some(content);
        }
        rest = next.get(mark.len() + 2..)?;
    }
    None
}

fn boundary(headers: &HeaderMap) -> Option<String> {
    let field = headers.get(CONTENT_TYPE)?.to_str().ok()?;
    let value = field.split(';').find_map(|part| part.trim().strip_prefix("boundary="))?;
    let value = value.trim_matches('"');
    (!value.is_empty() && value.len() <= MAX_BOUNDARY_BYTES).then(|| value.to_owned())
}

/// Whether the head of a part gives it this name. Browsers write it in quotes.
fn is_called(head: &[u8], name: &str) -> bool {
    let Ok(head) = std::str::from_utf8(head) else { return false };
    let disposition = head.lines().find(|line| line.to_ascii_lowercase().starts_with("content-disposition:"));
    let wanted = format!("name=\"{name}\"");
    disposition.is_some_and(|line| line.split(';').any(|part| part.trim() == wanted))
}

fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    text.windows(wanted.len()).position(|window| window == wanted)
}

fn after<'b>(text: &'b [u8], wanted: &[u8]) -> Option<&'b [u8]> {
    text.get(find(text, wanted)? + wanted.len()..)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(text: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, text.parse().unwrap());
        headers
    }

    const FORM: &[u8] = b"--X\r\nContent-Disposition: form-data; name=\"kind\"\r\n\r\nlist\r\n--X\r\n\
        Content-Disposition: form-data; name=\"file\"; filename=\"a.csv\"\r\nContent-Type: text/csv\r\n\r\nmac,ip\r\n\r\n--Y\r\n--X--\r\n";

    #[test]
    fn a_part_is_found_by_its_name_with_whatever_is_in_it() {
        let headers = headers("multipart/form-data; boundary=X");
        assert_eq!(part(&headers, FORM, "file"), Some(&b"mac,ip\r\n\r\n--Y"[..]));
        assert_eq!(part(&headers, FORM, "kind"), Some(&b"list"[..]));
        assert_eq!(part(&headers, FORM, "a.csv"), None);
    }

    #[test]
    fn what_is_no_such_form_has_no_part() {
        let good = headers("multipart/form-data; boundary=X");
        for cut in 0..FORM.len() {
            let found = part(&good, &FORM[..cut], "file");
            assert!(found.is_none_or(|found| found == b"mac,ip\r\n\r\n--Y"), "a cut form gives no half of a file");
        }
        assert_eq!(part(&headers("multipart/form-data"), FORM, "file"), None);
        assert_eq!(part(&headers("multipart/form-data; boundary=Z"), FORM, "file"), None);
        assert_eq!(part(&HeaderMap::new(), FORM, "file"), None);
        assert_eq!(part(&good, b"--X--\r\n", "file"), None);
        assert_eq!(part(&good, &[0xff; 500], "file"), None);
        let many = [b"--X\r\n\r\n\r\n".repeat(100), b"--X--".to_vec()].concat();
        assert_eq!(part(&good, &many, "file"), None);
    }
}
