//! Holds what may be swept: address blocks, the rules that keep the product on its own ground, and the numbered list of
//! targets a sweep walks. Never holds IPv6 ranges: a /64 cannot be walked, it is asked as a group. Called by plans, by the
//! configuration and by the API when a person names targets.

use core::fmt;
use core::net::Ipv4Addr;
use core::str::FromStr;

/// The smallest prefix swept without a person saying so: a /22, 1,022 hosts.
pub const LARGEST_OWN_PREFIX: u8 = 22;
/// The smallest prefix swept at all: a /16, 65,534 hosts, is minutes of broadcasts at a decent pace.
pub const LARGEST_PREFIX: u8 = 16;
/// Blocks one sweep walks.
pub const MAX_BLOCKS: usize = 16;
/// Blocks one sweep leaves out: as many as the configuration takes.
pub const MAX_EXCLUDED: usize = 32;

/// An IPv4 block in CIDR notation, with its host bits zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Block {
    first: u32,
    prefix: u8,
}

impl Block {
    /// The block of `prefix` bits that `address` lies in. `None` for a prefix above 32.
    #[must_use]
    pub fn around(address: Ipv4Addr, prefix: u8) -> Option<Self> {
        (prefix <= 32).then(|| Self { first: u32::from(address) & mask(prefix), prefix })
    }

    /// The first address of the block, its network address.
    #[must_use]
    pub fn network(self) -> Ipv4Addr {
        Ipv4Addr::from(self.first)
    }

    /// The last address of the block, its broadcast address.
    #[must_use]
    pub fn broadcast(self) -> Ipv4Addr {
        Ipv4Addr::from(self.first | !mask(self.prefix))
    }

    /// The length of the prefix in bits, 0 to 32.
    #[must_use]
    pub const fn prefix(self) -> u8 {
        self.prefix
    }

    /// Whether `address` lies in the block.
    #[must_use]
    pub fn contains(self, address: Ipv4Addr) -> bool {
        u32::from(address) & mask(self.prefix) == self.first
    }

    /// Whether every address of the block is private or link-local (RFC 1918, RFC 3927).
    #[must_use]
    pub fn is_private(self) -> bool {
        [self.network(), self.broadcast()].iter().all(|end| end.is_private() || end.is_link_local())
    }

    /// Whether the product sweeps this block of its own segment without being told to.
    ///
    /// # Errors
    /// Why not, as it is shown to a person.
    pub fn may_be_swept(self) -> Result<(), NotScanned> {
        if self.prefix < LARGEST_PREFIX {
            return Err(NotScanned::AboveSixteen);
        }
        if !self.is_private() {
            return Err(NotScanned::Public);
        }
        if self.prefix < LARGEST_OWN_PREFIX {
            return Err(NotScanned::Large);
        }
        Ok(())
    }

    /// Hosts to ask: without network and broadcast address, but both of a /31 (RFC 3021) and the one of a /32.
    fn hosts(self) -> (u32, u32) {
        let size = 1_u64 << (32 - u32::from(self.prefix));
        if size <= 2 {
            (self.first, u32::try_from(size).unwrap_or(1))
        } else {
            (self.first + 1, u32::try_from(size - 2).unwrap_or(u32::MAX))
        }
    }
}

const fn mask(prefix: u8) -> u32 {
    match prefix {
        0 => 0,
        bits => u32::MAX << (32 - bits as u32),
    }
}

impl fmt::Display for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.network(), self.prefix)
    }
}

/// Why a text is no block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlockError {
    /// Not `a.b.c.d/n`.
    Malformed,
    /// Bits are set to the right of the prefix; the block that was probably meant.
    HostBits(Block),
}

impl fmt::Display for BlockError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed => {
                f.write_str("not an IPv4 block: write it as 192.168.1.0/24, or one address as 192.168.1.7")
            }
            Self::HostBits(meant) => {
                write!(f, "the address has bits to the right of the prefix; did you mean {meant}?")
            }
        }
    }
}

impl core::error::Error for BlockError {}

impl FromStr for Block {
    type Err = BlockError;

    /// Reads `192.168.1.0/24`, or `192.168.1.7` as a /32.
    fn from_str(text: &str) -> Result<Self, BlockError> {
        let (address, prefix) = text.split_once('/').unwrap_or((text, "32"));
        let address: Ipv4Addr = address.parse().map_err(|_| BlockError::Malformed)?;
        if prefix.is_empty() || !prefix.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(BlockError::Malformed);
        }
        let prefix = prefix.parse().map_err(|_| BlockError::Malformed)?;
        let block = Self::around(address, prefix).ok_or(BlockError::Malformed)?;
        if block.first == u32::from(address) { Ok(block) } else { Err(BlockError::HostBits(block)) }
    }
}

/// Why a segment is listed but not swept, and by implication what allows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum NotScanned {
    /// Not a private address: it may be somebody else's. Allowed by naming it in `network.segments`.
    Public,
    /// Larger than a /22. Allowed by naming it in `network.segments`.
    Large,
    /// Larger than a /16: never.
    AboveSixteen,
}

impl fmt::Display for NotScanned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Public => "its addresses are public; name it in network.segments to allow it",
            Self::Large => "it is larger than a /22; name it, or a part of it, in network.segments to allow it",
            Self::AboveSixteen => "it is larger than a /16; name the parts to scan in network.segments",
        })
    }
}

/// The addresses of one sweep, numbered from 0.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Targets {
    blocks: heapless::Vec<Block, MAX_BLOCKS>,
    excluded: heapless::Vec<Block, MAX_EXCLUDED>,
}

/// Why targets were refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TargetsError {
    /// More than [`MAX_BLOCKS`] blocks.
    TooMany,
    /// A block, or all of them together, above a /16.
    TooLarge,
}

impl fmt::Display for TargetsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooMany => write!(f, "more than {MAX_BLOCKS} blocks; scan them in turn"),
            Self::TooLarge => write!(f, "more than a /{LARGEST_PREFIX} of addresses; name the parts to scan"),
        }
    }
}

impl core::error::Error for TargetsError {}

impl Targets {
    /// Targets of these blocks; a block inside an earlier one adds nothing.
    ///
    /// # Errors
    /// Too many blocks, or more than a /16 of addresses.
    pub fn new(blocks: &[Block]) -> Result<Self, TargetsError> {
        let mut targets = Self::default();
        let mut sum = 0_u64;
        for block in blocks {
            if targets.blocks.iter().any(|held| held.prefix <= block.prefix && held.contains(block.network())) {
                continue;
            }
            sum += u64::from(block.hosts().1);
            if sum > 1 << (32 - LARGEST_PREFIX) {
                return Err(TargetsError::TooLarge);
            }
            targets.blocks.push(*block).map_err(|_| TargetsError::TooMany)?;
        }
        Ok(targets)
    }

    /// The same, leaving out what lies in `block`: never asked.
    ///
    /// # Errors
    /// More than [`MAX_EXCLUDED`] exclusions.
    pub fn without(mut self, block: Block) -> Result<Self, TargetsError> {
        self.excluded.push(block).map_err(|_| TargetsError::TooMany)?;
        Ok(self)
    }

    /// How many numbers there are; some of them may be excluded.
    #[must_use]
    pub fn count(&self) -> u32 {
        self.blocks.iter().map(|block| block.hosts().1).sum()
    }

    /// The address with this number; `None` when it is excluded or out of range.
    #[must_use]
    pub fn address(&self, index: u32) -> Option<Ipv4Addr> {
        let mut left = index;
        for block in &self.blocks {
            let (first, count) = block.hosts();
            if left < count {
                let address = Ipv4Addr::from(first + left);
                return (!self.is_excluded(address)).then_some(address);
            }
            left -= count;
        }
        None
    }

    /// The number of an address; `None` when it is no target.
    #[must_use]
    pub fn index(&self, address: Ipv4Addr) -> Option<u32> {
        let mut before = 0;
        for block in &self.blocks {
            let (first, count) = block.hosts();
            if let Some(offset) = u32::from(address).checked_sub(first).filter(|offset| *offset < count) {
                return (!self.is_excluded(address)).then_some(before + offset);
            }
            before += count;
        }
        None
    }

    /// Whether this address must never be asked.
    #[must_use]
    pub fn is_excluded(&self, address: Ipv4Addr) -> bool {
        self.excluded.iter().any(|block| block.contains(address))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    fn block(text: &str) -> Block {
        text.parse().unwrap()
    }

    #[test]
    fn reads_blocks_and_says_what_was_meant() {
        assert_eq!(block("10.0.0.0/8").to_string(), "10.0.0.0/8");
        assert_eq!(block("192.168.1.7").to_string(), "192.168.1.7/32");
        assert_eq!("192.168.1.7/24".parse::<Block>(), Err(BlockError::HostBits(block("192.168.1.0/24"))));
        for text in ["", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/+8", "10.0.0/8", "fe80::/64", "10.0.0.0/8/8"] {
            assert_eq!(text.parse::<Block>(), Err(BlockError::Malformed), "{text}");
        }
    }

    #[test]
    fn stays_on_its_own_ground() {
        for (text, verdict) in [
            ("192.168.1.0/24", Ok(())),
            ("10.0.0.0/22", Ok(())),
            ("169.254.0.0/24", Ok(())),
            ("10.0.0.0/21", Err(NotScanned::Large)),
            ("172.16.0.0/15", Err(NotScanned::AboveSixteen)),
            ("203.0.113.0/24", Err(NotScanned::Public)),
            ("172.32.0.0/24", Err(NotScanned::Public)),
        ] {
            assert_eq!(block(text).may_be_swept(), verdict, "{text}");
        }
    }

    #[test]
    fn numbers_hosts_without_network_and_broadcast() {
        let targets = Targets::new(&[block("10.0.0.0/30"), block("10.0.1.4/31"), block("10.0.2.9")]).unwrap();
        let all: alloc::vec::Vec<_> = (0..targets.count()).filter_map(|index| targets.address(index)).collect();
        let said: alloc::vec::Vec<_> = all.iter().map(ToString::to_string).collect();
        assert_eq!(said, ["10.0.0.1", "10.0.0.2", "10.0.1.4", "10.0.1.5", "10.0.2.9"]);
        for (place, address) in all.iter().enumerate() {
            assert_eq!(targets.index(*address), u32::try_from(place).ok());
        }
        assert_eq!(targets.address(5), None);
        assert_eq!(targets.index(Ipv4Addr::new(10, 0, 0, 3)), None);
    }

    #[test]
    fn leaves_out_exclusions_and_repetitions() {
        let targets = Targets::new(&[block("10.0.0.0/24"), block("10.0.0.128/25")]).unwrap();
        assert_eq!(targets.count(), 254);
        let targets = targets.without(block("10.0.0.8/29")).unwrap();
        assert_eq!((0..254).filter_map(|index| targets.address(index)).count(), 246);
        assert_eq!(targets.index(Ipv4Addr::new(10, 0, 0, 9)), None);
    }

    #[test]
    fn refuses_more_than_a_sixteen() {
        assert!(Targets::new(&[block("10.0.0.0/16")]).is_ok());
        assert_eq!(Targets::new(&[block("10.0.0.0/16"), block("10.1.0.0/24")]), Err(TargetsError::TooLarge));
        assert_eq!(Targets::new(&[block("0.0.0.0/0")]), Err(TargetsError::TooLarge));
        let many: alloc::vec::Vec<_> =
            (0..17).map(|net| Block::around(Ipv4Addr::new(10, 0, net, 0), 24).unwrap()).collect();
        assert_eq!(Targets::new(&many), Err(TargetsError::TooMany));
    }
}
