//! Holds every capacity of the product in one place, with the reason and the bytes it costs.
//! Never holds a default a person may change: those are configuration. Called by every machine.

/// Devices in the table: two full /22 segments. About 3 KiB each when all is known of them, 6 MiB in all.
/// When full, a device that is offline, unlabelled and not watched leaves, longest unseen first; if there is none,
/// the newcomer is counted and said to be turned away.
pub const MAX_DEVICES: usize = 2_048;
/// Segments the appliance has a leg in: a trunk with a VLAN for staff, public, guests and so on. 64 B each.
pub const MAX_SEGMENTS: usize = 8;
/// Interfaces of one device: a router or a docked laptop has a handful. The longest unseen leaves.
pub const MAX_INTERFACES: usize = 8;
/// Addresses held by one interface, both families, past ones included: IPv6 privacy addresses change daily.
/// The longest unseen leaves. 40 B each.
pub const MAX_ADDRESSES: usize = 16;
/// Addresses one interface answers for without having them: a proxy for a whole subnet. The longest unclaimed leaves. 16 B
/// each, and only on proxies.
pub const MAX_ANSWERED_FOR: usize = 64;
/// Names of one device, one per source and name. The longest unseen leaves. With more than 1,024 devices half of this, of
/// [`MAX_CLUES`] and of [`MAX_PORTS`] is what one may still come to.
pub const MAX_NAMES: usize = 12;
/// What a device said about itself, for the rules. The longest unseen leaves. About 60 B each.
pub const MAX_CLUES: usize = 32;
/// Open ports remembered for one device. The highest-numbered unseen one leaves.
pub const MAX_PORTS: usize = 64;
/// Identifiers that survive a change of address. The longest unseen leaves.
pub const MAX_STABLE_IDS: usize = 8;
/// Reasons given for what the product believes of a device. The weakest leaves.
pub const MAX_REASONS: usize = 12;
/// Tags a person gave a device; one more is refused with an error.
pub const MAX_TAGS: usize = 8;
/// Conflicts open or remembered; the longest closed leaves, an open one never before a closed one.
pub const MAX_CONFLICTS: usize = 64;
/// Actions one call of a machine may ask for. What does not fit stays in the machine, which asks to be woken at once.
pub const MAX_ACTIONS: usize = 64;
/// Bytes of a name from the network: a DNS label is at most 63 (RFC 1035 section 2.3.4).
pub const MAX_NAME_BYTES: usize = 63;
/// Bytes of any other word from the network: banners, models, titles.
pub const MAX_WORD_BYTES: usize = 96;
/// Bytes of one reason or of one piece of evidence, in words.
pub const MAX_REASON_BYTES: usize = 160;
/// Bytes of a person's notes on a device.
pub const MAX_NOTES_BYTES: usize = 512;
/// Networks of one leg, by own address and prefix length: one IPv4, link-local, unique local, two global, and room.
/// One more is left out, and its hosts are then known by ARP and ND only. 20 B each.
pub const MAX_NETS: usize = 8;
/// What a device does for the network; there are five roles in all.
pub const MAX_ROLES: usize = 8;
/// Merges of one device that can still be undone, 1 to 3 KiB each. The oldest becomes final.
pub const MAX_MERGES: usize = 4;
/// Devices a device was compared with: proposed as the same, or kept apart by a person. The oldest proposal leaves,
/// a person's word only when there is nothing else.
pub const MAX_RELATIONS: usize = 8;
/// Different lists of ports whose passes are told apart, 8 KiB each. The longest unused leaves; the next pass over it is
/// a first inventory again.
pub const MAX_PORT_LISTS: usize = 4;
/// Newcomers heard once and not confirmed: a phone passing by, or a flood of invented addresses. The oldest leaves.
pub const MAX_TENTATIVE: usize = 256;
/// Directed confirmations running at once; more wait. Each sends a probe every few seconds: some 10 packets a second.
pub const MAX_LADDERS: usize = 24;
/// Names of vendors unpacked at once for a look-up, in bytes: a block holds 1,024 of them, 18 kB; freed after it.
pub const MAX_VENDOR_BLOCK_BYTES: usize = 64 * 1024;
/// Suspected conflicts being verified at once; more are dropped and come back with the next claim.
pub const MAX_SUSPICIONS: usize = 24;
/// Changes and probes that wait inside the machine for a shell that does not drain. Probes leave first, then the oldest
/// change, counted in `Stats::changes_lost`.
pub const MAX_BACKLOG: usize = 1_024;
/// DHCP servers a person names as known; one more is refused by the configuration.
pub const MAX_DHCP_SERVERS: usize = 8;
/// MAC prefixes a person names as steady although locally administered; one more is refused by the configuration.
pub const MAX_STEADY_PREFIXES: usize = 16;
/// Addresses asked for because a name came from there and nobody is known to hold it. The oldest leaves.
pub const MAX_QUESTIONS: usize = 64;
/// Sessions that are not over, waiting codes included: a batch of 40 codes for each of two dozen groups. About 300 B each.
/// One more is refused with an error.
pub const MAX_KIOSK_SESSIONS: usize = 1_024;
/// Workstations of one appliance; the promise is 200 agents. About 150 B each. One more is refused with an error.
pub const MAX_KIOSK_STATIONS: usize = 256;
/// Groups of workstations: adults, children, catalogue and a few more. 24 B each. One more is refused with an error.
pub const MAX_KIOSK_GROUPS: usize = 16;
/// People who had a session today, 40 B each. Rows of days that are over make room; when there is none, a further person
/// is refused with an error.
pub const MAX_KIOSK_USAGES: usize = 4_096;
