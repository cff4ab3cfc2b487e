//! Holds the fuzz target of `link::dissect`, the first code of ours a stranger's frame meets.
//! Never stops at a checksum: the sums that guard the way in are also put right.
//! Called by `run`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vigie_wire::link::cookie::Cookie;
use vigie_wire::link::{What, checksum, dissect, ndp};

fuzz_target!(|data: &[u8]| {
    read(data, false);
    read(data, true);
    let mut mended = data.to_vec();
    if mend_ipv4(&mut mended).is_some() {
        read(&mended, true);
    }
});

fn read(frame: &[u8], trust: bool) {
    let Ok(heard) = dissect(frame, trust) else { return };
    assert!(heard.src.is_station());
    let _ = heard.what.ends();
    let cookie = Cookie::new(0x0123_4567_89ab_cdef);
    match heard.what {
        What::Arp(arp) => assert!(arp.claim().is_none_or(|(mac, ip)| mac.is_station() && !ip.is_unspecified())),
        What::Ndp { message, .. } => {
            let mut count = 0;
            for option in message.options() {
                count += 1;
                if let ndp::NdpOption::Rdnss { servers, .. } = option {
                    assert!((1..=127).contains(&servers.count()));
                }
                if let ndp::NdpOption::Prefix(prefix) = option {
                    assert!(prefix.len <= 128);
                }
            }
            assert!(count <= frame.len() / 8);
        }
        What::EchoReply { echo, .. } => assert!(echo.payload.len() + 42 <= frame.len()),
        What::Tcp { ends, segment, .. } => {
            assert!(segment.payload_len + 54 <= frame.len());
            let _ = cookie.judge(&ends, &segment);
        }
        What::Udp { datagram, .. } => assert!(datagram.payload.len() + 42 <= frame.len()),
        What::Unreachable { error, .. } => {
            let _ = cookie.judge_unreachable(&error);
        }
        What::Membership { .. } | What::Fragment { .. } | What::Other { .. } => {}
    }
}

/// Puts the header checksum of an untagged IPv4 frame right.
fn mend_ipv4(frame: &mut [u8]) -> Option<()> {
    if frame.get(12..14)? != [0x08, 0x00] {
        return None;
    }
    let len = usize::from(frame.get(14)? & 0x0f) * 4;
    let header = frame.get_mut(14..14 + len)?;
    header.get_mut(10..12)?.fill(0);
    let sum = checksum::internet(header).to_be_bytes();
    header.get_mut(10..12)?.copy_from_slice(&sum);
    Some(())
}
