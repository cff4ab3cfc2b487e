//! Holds what an RTSP answer says of its device: its status and its Server line (RFC 2326 section 7, RFC 7826 section 8).
//! Never reads a body and never asks for a stream. Called by the port source after one OPTIONS request.

use crate::names::Malformed;
use crate::names::head::{Head, Start};
use crate::names::text::{Text, clean};

/// Bytes of the head read.
const MAX_HEAD_BYTES: usize = 4_096;
/// Versions of RTSP there are; the draft between them is spoken by nobody.
const VERSIONS: [&[u8]; 2] = [b"RTSP/1.0 ", b"RTSP/2.0 "];
/// The head is HTTP's but for the protocol's name, so HTTP's reader reads it.
const AS_HTTP: &[u8] = b"HTTP/1.0 ";

/// What an answer says. Empty where nothing was said.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct RtspBanner {
    /// Status code; cameras that want a password say 401 to everything.
    pub status: u16,
    /// Server product.
    pub server: Text<96>,
}

/// Reads an answer, complete or cut anywhere behind its first line. Errors: not RTSP, a request, or nothing whole.
pub fn read(bytes: &[u8]) -> Result<RtspBanner, Malformed> {
    let rest = VERSIONS.iter().find_map(|version| bytes.strip_prefix(*version)).ok_or(Malformed::OtherKind)?;
    let mut head = heapless::Vec::<u8, MAX_HEAD_BYTES>::from_slice(AS_HTTP).map_err(|_| Malformed::OutOfBounds)?;
    let fits = rest.get(..MAX_HEAD_BYTES.saturating_sub(AS_HTTP.len())).unwrap_or(rest);
    head.extend_from_slice(fits).map_err(|_| Malformed::OutOfBounds)?;
    Head::<MAX_HEAD_BYTES>::of(&head)?.read(|start, headers| {
        let Start::Response(status) = start else { return Err(Malformed::OtherKind) };
        let server = headers.iter().find(|header| header.name.eq_ignore_ascii_case("Server"));
        Ok(RtspBanner { status, server: clean(server.map(|header| header.value).unwrap_or_default()) })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    extern crate std;

    fn server(bytes: &[u8]) -> Result<(u16, std::string::String), Malformed> {
        read(bytes).map(|banner| (banner.status, banner.server.as_str().into()))
    }

    #[test]
    fn reads_cameras_as_they_answer() {
        let whole = b"RTSP/1.0 200 OK\r\nCSeq: 1\r\nServer: Rtsp Server 1.0\r\nPublic: OPTIONS, DESCRIBE\r\n\r\n";
        assert_eq!(server(whole), Ok((200, "Rtsp Server 1.0".into())));
        let locked = b"RTSP/1.0 401 Unauthorized\nCSeq: 1\nserver: Hipcam RealServer/V1.0\nWWW-Authenticate: Basic\n\n";
        assert_eq!(server(locked), Ok((401, "Hipcam RealServer/V1.0".into())));
        assert_eq!(server(b"RTSP/2.0 200 OK\r\nCSeq: 1\r\n\r\n"), Ok((200, "".into())), "nothing said");
        let cut = b"RTSP/1.0 200 OK\r\nServer: \x1b[31mred\r\nserver : Dahua\xff Rtsp\xe2\x80\xae Server\r\nCut";
        assert_eq!(server(cut), Ok((200, "Dahua Rtsp Server".into())), "a line with controls is left out");
    }

    #[test]
    fn refuses_what_is_no_answer() {
        for bytes in [
            &b"HTTP/1.1 400 Bad Request\r\n\r\n"[..],
            b"OPTIONS rtsp://10.0.0.1/ RTSP/1.0\r\nCSeq: 1\r\n\r\n",
            b"RTSP/1.0",
            b"",
        ] {
            assert_eq!(server(bytes), Err(Malformed::OtherKind), "{bytes:?}");
        }
        assert_eq!(server(b"RTSP/1.0 OK\r\n\r\n"), Err(Malformed::Invalid));
    }

    #[test]
    fn a_head_without_end_is_read_as_far_as_it_fits() {
        let mut long = b"RTSP/1.0 200 OK\r\nServer: a\r\nLong: ".to_vec();
        long.extend([b'x'; 2 * MAX_HEAD_BYTES]);
        assert_eq!(server(&long), Ok((200, "a".into())));
    }
}
