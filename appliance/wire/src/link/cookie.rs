//! Holds the keyed cookie that makes SYN probes stateless: the sequence number is a MAC over the target.
//! Never stores a probe and never accepts a reply whose acknowledgement it cannot work out again.
//! Called by the port probes of the sweep, once to send and once per reply heard.

use core::fmt;
use core::hash::Hasher;
use core::net::IpAddr;

use siphasher::sip::SipHasher24;

use super::icmp::{Reason, Unreachable};
use super::tcp::{Flags, Segment};
use super::{Ends, protocol};

/// What a verified reply says about the port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Verdict {
    /// SYN+ACK: something listens there.
    Open,
    /// RST: the host is there, nothing listens.
    Closed,
    /// An ICMP error that quotes our probe: a filter said no, for this reason.
    Refused(Reason),
}

/// The secret of one run of the program; a guesser gets a reply accepted once in 2^32.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Cookie(u64);

impl fmt::Debug for Cookie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Cookie(secret)")
    }
}

impl Cookie {
    /// A cookie from 64 random bits, drawn once per start from the system's generator.
    #[must_use]
    pub const fn new(key: u64) -> Self {
        Self(key)
    }

    /// The sequence number of a SYN to `port` of `target`: SipHash-2-4 of both, cut to 32 bits.
    #[must_use]
    pub fn seq(self, target: IpAddr, port: u16) -> u32 {
        // SipHash takes 128 bits; the second half is the first under a constant, as only 64 bits are secret.
        let mut hasher = SipHasher24::new_with_keys(self.0, self.0.rotate_left(32) ^ 0x7669_6769_6573_796e);
        match target {
            IpAddr::V4(ip) => hasher.write(&ip.octets()),
            IpAddr::V6(ip) => hasher.write(&ip.octets()),
        }
        // The family needs no octet of its own: the two lengths differ, and SipHash covers the length.
        hasher.write(&port.to_be_bytes());
        // The lower half is as good as any.
        (hasher.finish() & 0xffff_ffff) as u32
    }

    /// What a segment heard from `ends.src()` says about the port it came from, or `None` when it does not answer a
    /// probe of ours. The caller checks that the segment's destination port is one it sent from.
    #[must_use]
    pub fn judge(self, ends: &Ends, segment: &Segment) -> Option<Verdict> {
        let sent = self.seq(ends.src(), segment.src_port);
        let after_syn = sent.wrapping_add(1);
        let flags = segment.flags;
        if !flags.contains(Flags::ACK) || flags.contains(Flags::FIN) {
            return None;
        }
        match (flags.contains(Flags::SYN), flags.contains(Flags::RST)) {
            (true, false) if segment.ack == after_syn => Some(Verdict::Open),
            // Some small stacks acknowledge the SYN itself instead of what follows it when they reset.
            (false, true) if segment.ack == after_syn || segment.ack == sent => Some(Verdict::Closed),
            _ => None,
        }
    }

    /// What an ICMP error says about the probe it quotes, or `None` when it does not quote one of ours.
    #[must_use]
    pub fn judge_unreachable(self, error: &Unreachable) -> Option<Verdict> {
        let ours = error.protocol == protocol::TCP && error.seq? == self.seq(error.ends.dst(), error.dst_port);
        ours.then_some(Verdict::Refused(error.reason))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TARGET: IpAddr = IpAddr::V4(core::net::Ipv4Addr::new(192, 168, 1, 20));
    const COOKIE: Cookie = Cookie::new(0x0123_4567_89ab_cdef);

    fn reply(flags: Flags, ack: u32) -> (Ends, Segment) {
        let ends = Ends::new(TARGET, IpAddr::from([192, 168, 1, 2])).unwrap();
        (ends, Segment { src_port: 443, dst_port: 50_000, seq: 7, ack, flags, window: 64_240, payload_len: 0 })
    }

    #[test]
    fn the_hash_is_siphash_2_4() {
        // The vector of the SipHash paper, appendix A.
        let mut hasher = SipHasher24::new_with_keys(0x0706_0504_0302_0100, 0x0f0e_0d0c_0b0a_0908);
        hasher.write(&[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14]);
        assert_eq!(hasher.finish(), 0xa129_ca61_49be_45e5);
    }

    #[test]
    fn depends_on_key_address_and_port() {
        let base = COOKIE.seq(TARGET, 443);
        assert_eq!(base, COOKIE.seq(TARGET, 443));
        assert_ne!(base, COOKIE.seq(TARGET, 444));
        assert_ne!(base, COOKIE.seq(IpAddr::from([192, 168, 1, 21]), 443));
        assert_ne!(base, Cookie::new(0x0123_4567_89ab_cdee).seq(TARGET, 443));
    }

    #[test]
    fn judges_only_replies_to_its_own_probes() {
        let sent = COOKIE.seq(TARGET, 443);
        let judge = |flags, ack| {
            let (ends, segment) = reply(flags, ack);
            COOKIE.judge(&ends, &segment)
        };
        assert_eq!(judge(Flags::SYN | Flags::ACK, sent.wrapping_add(1)), Some(Verdict::Open));
        assert_eq!(judge(Flags::RST | Flags::ACK, sent.wrapping_add(1)), Some(Verdict::Closed));
        assert_eq!(judge(Flags::RST | Flags::ACK, sent), Some(Verdict::Closed));
        assert_eq!(judge(Flags::SYN | Flags::ACK, sent), None, "a SYN+ACK has no such excuse");
        assert_eq!(judge(Flags::SYN | Flags::ACK, sent.wrapping_add(2)), None);
        assert_eq!(judge(Flags::RST, 0), None, "a bare RST proves nothing");
        assert_eq!(judge(Flags::SYN, sent.wrapping_add(1)), None);
        assert_eq!(judge(Flags::ACK, sent.wrapping_add(1)), None);
        assert_eq!(judge(Flags::SYN | Flags::RST | Flags::ACK, sent.wrapping_add(1)), None);
        assert_eq!(judge(Flags::SYN | Flags::FIN | Flags::ACK, sent.wrapping_add(1)), None);
    }

    #[test]
    fn an_icmp_error_must_quote_our_sequence_number() {
        let mut error = Unreachable {
            reason: Reason::Prohibited,
            ends: reply(Flags::ACK, 0).0.reversed(),
            protocol: protocol::TCP,
            src_port: 50_000,
            dst_port: 443,
            seq: Some(COOKIE.seq(TARGET, 443)),
        };
        assert_eq!(COOKIE.judge_unreachable(&error), Some(Verdict::Refused(Reason::Prohibited)));
        error.seq = error.seq.map(|seq| seq ^ 1);
        assert_eq!(COOKIE.judge_unreachable(&error), None);
        error.seq = None;
        assert_eq!(COOKIE.judge_unreachable(&error), None);
    }

    #[test]
    fn keeps_its_key_to_itself() {
        extern crate alloc;
        assert_eq!(alloc::format!("{COOKIE:?}"), "Cookie(secret)");
    }
}
