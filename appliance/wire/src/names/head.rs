//! Holds the reading of HTTP-like heads (start line and header lines) as devices really send them.
//! Never reads more than its buffer and never reads a body. Called by `ssdp` and `banner::http`.

use super::Malformed;

/// Header lines read. UPnP devices send about ten, cameras and routers up to twenty-five.
const MAX_HEADERS: usize = 48;

/// A copy of a head that is sure to end in an empty line, so that `httparse` accepts what a device or a short read left off.
pub(super) struct Head<const N: usize> {
    bytes: heapless::Vec<u8, N>,
}

/// The start line of a head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Start<'a> {
    Request(&'a str),
    Response(u16),
}

impl<const N: usize> Head<N> {
    /// Takes the head out of `message`: up to the empty line, or, where none is, up to the last whole line that fits.
    pub(super) fn of(message: &[u8]) -> Result<Self, Malformed> {
        const END: &[u8] = b"\r\n\r\n";
        let within = message.get(..N.saturating_sub(END.len())).unwrap_or(message);
        let whole = empty_line(within).unwrap_or_else(|| {
            let last = within.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
            // A message that ends without a line end still has a last line, unless the buffer cut it.
            if within.len() == message.len() && !within.contains(&b'\n') { within.len() } else { last }
        });
        let lines = within.get(..whole).unwrap_or_default().trim_ascii_end();
        if lines.is_empty() {
            return Err(Malformed::Truncated);
        }
        let mut bytes = heapless::Vec::from_slice(lines).map_err(|_| Malformed::OutOfBounds)?;
        bytes.extend_from_slice(END).map_err(|_| Malformed::OutOfBounds)?;
        Ok(Self { bytes })
    }

    /// Reads the head and gives the start line and every header to `visit`, in order.
    pub(super) fn read<R>(
        &self,
        visit: impl FnOnce(Start<'_>, &[httparse::Header<'_>]) -> Result<R, Malformed>,
    ) -> Result<R, Malformed> {
        let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
        let mut config = httparse::ParserConfig::default();
        config
            .allow_spaces_after_header_name_in_responses(true)
            .allow_obsolete_multiline_headers_in_responses(true)
            .ignore_invalid_headers_in_responses(true)
            .ignore_invalid_headers_in_requests(true);
        if self.bytes.starts_with(b"HTTP/") {
            let mut response = httparse::Response::new(&mut headers);
            let status = config.parse_response(&mut response, &self.bytes).map_err(refused)?;
            let code = response.code.filter(|_| status.is_complete()).ok_or(Malformed::Truncated)?;
            return visit(Start::Response(code), response.headers);
        }
        let mut request = httparse::Request::new(&mut headers);
        let status = config.parse_request(&mut request, &self.bytes).map_err(refused)?;
        let method = request.method.filter(|_| status.is_complete()).ok_or(Malformed::Truncated)?;
        visit(Start::Request(method), request.headers)
    }
}

fn refused(error: httparse::Error) -> Malformed {
    match error {
        httparse::Error::TooManyHeaders => Malformed::OutOfBounds,
        _ => Malformed::Invalid,
    }
}

/// Where the head ends: behind `\n\r\n` or `\n\n`.
pub(super) fn empty_line(bytes: &[u8]) -> Option<usize> {
    let crlf = bytes.windows(3).position(|window| window == b"\n\r\n").map(|at| at + 3);
    let lf = bytes.windows(2).position(|window| window == b"\n\n").map(|at| at + 2);
    match (crlf, lf) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (found, None) | (None, found) => found,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    extern crate std;
    use std::string::String;
    use std::vec::Vec;

    fn read(message: &[u8]) -> Result<(u16, Vec<String>), Malformed> {
        Head::<128>::of(message)?.read(|start, headers| {
            let Start::Response(code) = start else { return Err(Malformed::OtherKind) };
            Ok((code, headers.iter().map(|header| String::from(header.name)).collect()))
        })
    }

    #[test]
    fn reads_whole_cut_and_sloppy_heads() {
        for message in [
            &b"HTTP/1.1 200 OK\r\nServer: a\r\nX: b\r\n\r\nServer: body"[..],
            b"HTTP/1.1 200 OK\nServer: a\nX: b\n\n",
            b"HTTP/1.0 200\r\nServer : a\r\nX: b\r\nCut-her",
            b"HTTP/1.1 200 OK\r\nServer: a\r\n\x01bad line\r\nX: b\r\n",
        ] {
            assert_eq!(read(message), Ok((200, ["Server", "X"].map(String::from).to_vec())), "{message:?}");
        }
        assert_eq!(read(b"HTTP/1.1 401 Unauthorized"), Ok((401, Vec::new())));
    }

    #[test]
    fn refuses_what_is_no_head_and_stops_at_its_bounds() {
        assert_eq!(read(b""), Err(Malformed::Truncated));
        assert_eq!(read(b"\r\n\r\n"), Err(Malformed::Truncated));
        assert_eq!(read(b"\x16\x03\x01\x00\x05\r\n\r\n"), Err(Malformed::Invalid));
        let mut long = b"HTTP/1.1 200 OK\r\nA: b\r\nLong: ".to_vec();
        long.extend([b'x'; 300]);
        assert_eq!(read(&long), Ok((200, [String::from("A")].to_vec())), "what fits is read");
    }
}
