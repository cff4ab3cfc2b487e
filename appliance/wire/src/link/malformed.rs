//! Holds the reasons a frame was refused, one per rule, so that they can be counted side by side.
//! Never carries bytes of the frame: a hostile network must not be able to make refusals expensive.
//! Called by every parser of this folder; the shell keeps an array of counters by `Malformed::index`.

use core::fmt;

macro_rules! reasons {
    ($($(#[doc = $doc:literal])+ $name:ident => $text:literal,)+) => {
        /// Why a frame, or a payload in it, was refused.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[cfg_attr(feature = "defmt", derive(defmt::Format))]
        #[repr(u8)]
        pub enum Malformed {
            $($(#[doc = $doc])+ $name,)+
        }

        impl Malformed {
            /// Every reason, in the order of `index`.
            pub const ALL: [Self; Self::COUNT] = [$(Self::$name,)+];
            /// How many reasons there are: the length of an array of counters.
            pub const COUNT: usize = [$($text,)+].len();

            /// A short stable name, fit for a metric label: lower case, no spaces.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)+
                }
            }
        }
    };
}

reasons! {
    /// Fewer octets than an Ethernet header (or than its VLAN tag) takes.
    FrameShort => "frame_short",
    /// The sending station is a group address or all zero (IEEE 802.3, 3.2.3).
    FrameSource => "frame_source",
    /// Fewer octets than an ARP packet for Ethernet and IPv4 takes.
    ArpShort => "arp_short",
    /// ARP for other hardware or protocols, with other address lengths, or neither request nor reply.
    ArpKind => "arp_kind",
    /// Fewer octets than an IPv4 header takes.
    Ipv4Short => "ipv4_short",
    /// The version field of an IPv4 packet is not 4.
    Ipv4Version => "ipv4_version",
    /// The IPv4 header length is under 20 octets or beyond the packet.
    Ipv4HeaderLength => "ipv4_header_length",
    /// The IPv4 total length is under the header length or beyond the frame.
    Ipv4TotalLength => "ipv4_total_length",
    /// The IPv4 header checksum does not match.
    Ipv4Checksum => "ipv4_checksum",
    /// The IP source is one no station may use: multicast, broadcast or loopback (RFC 1122 3.2.1.3, RFC 4291 2.7).
    IpSource => "ip_source",
    /// Fewer octets than an IPv6 header takes.
    Ipv6Short => "ipv6_short",
    /// The version field of an IPv6 packet is not 6.
    Ipv6Version => "ipv6_version",
    /// The IPv6 payload length is beyond the frame.
    Ipv6PayloadLength => "ipv6_payload_length",
    /// An IPv6 extension header runs beyond the packet.
    ExtensionShort => "extension_short",
    /// A hop-by-hop header that is not the first (RFC 8200 4.1).
    ExtensionOrder => "extension_order",
    /// More extension headers than `ipv6::MAX_EXTENSIONS`.
    ExtensionCount => "extension_count",
    /// Fewer octets than the ICMP message takes.
    IcmpShort => "icmp_short",
    /// The ICMP or ICMPv6 checksum does not match.
    IcmpChecksum => "icmp_checksum",
    /// Fewer octets than the Neighbor Discovery message takes.
    NdpShort => "ndp_short",
    /// A Neighbor Discovery message that breaks a validity rule of RFC 4861 (6.1, 7.1) or comes in a fragment (RFC 6980).
    NdpRule => "ndp_rule",
    /// A Neighbor Discovery option of length zero, or beyond the message.
    NdpOption => "ndp_option",
    /// Fewer octets than a TCP header takes.
    TcpShort => "tcp_short",
    /// The TCP data offset is under 20 octets or beyond the segment.
    TcpOffset => "tcp_offset",
    /// The TCP checksum does not match.
    TcpChecksum => "tcp_checksum",
    /// Fewer octets than a UDP header takes.
    UdpShort => "udp_short",
    /// The UDP length is under 8 octets or beyond the packet.
    UdpLength => "udp_length",
    /// The UDP checksum does not match, or is missing over IPv6.
    UdpChecksum => "udp_checksum",
    /// Fewer octets than a DHCP message takes.
    DhcpShort => "dhcp_short",
    /// A DHCP message that is neither request nor reply, not for Ethernet, or without the magic cookie.
    DhcpHeader => "dhcp_header",
    /// A DHCP option runs beyond its field.
    DhcpOption => "dhcp_option",
    /// Fewer octets than a DHCPv6 header takes, or an unknown message type.
    Dhcp6Header => "dhcp6_header",
    /// A DHCPv6 option runs beyond the message.
    Dhcp6Option => "dhcp6_option",
}

impl Malformed {
    /// The place of this reason in an array of `Malformed::COUNT` counters.
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl core::error::Error for Malformed {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_its_own_counter_and_name() {
        for (place, reason) in Malformed::ALL.iter().enumerate() {
            assert_eq!(reason.index(), place);
            let same = Malformed::ALL.iter().filter(|other| other.name() == reason.name()).count();
            assert_eq!(same, 1, "{reason}");
        }
    }
}
