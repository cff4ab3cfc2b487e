//! Holds how the segments a person names are read, and what is said of those that do not do.
//! Never decides whether a segment is the appliance's own. Called by the scan request and by the settings.

use vigie_core::lan::sweep::Block;

use super::fault;
use crate::config::{BadSegment, NetworkSettings, Segment};
use crate::http::problem::{Fault, Problem};

/// How far a person may reach.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reach<'s> {
    public: bool,
    /// Segments named in the settings: whoever named them has allowed them.
    named: &'s [String],
}

impl<'s> Reach<'s> {
    /// As the settings say.
    pub(super) fn of(settings: &'s NetworkSettings) -> Self {
        Self { public: settings.allow_public, named: &settings.segments }
    }
}

/// What is wrong with a target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum BadTarget {
    /// As a segment.
    Segment(BadSegment),
    /// IPv6, which cannot be walked.
    Ipv6,
}

/// Reads a block to sweep.
///
/// # Errors
/// See [`BadTarget`].
pub(super) fn read_block(text: &str, reach: Reach<'_>) -> Result<Block, BadTarget> {
    let any = Segment::parse(text, true).map_err(BadTarget::Segment)?;
    let block: Block = any.0.to_string().parse().map_err(|_| BadTarget::Ipv6)?;
    let within = |named: &String| {
        let named = named.parse::<Block>().ok();
        named.is_some_and(|named| named.prefix() <= block.prefix() && named.contains(block.network()))
    };
    if !reach.public && !reach.named.iter().any(within) {
        Segment::parse(text, false).map_err(BadTarget::Segment)?;
    }
    Ok(block)
}

impl BadTarget {
    /// Adds this to a problem.
    pub(super) fn add_to(&self, problem: Problem, pointer: String, text: &str) -> Problem {
        let mut values = vec![("target", text.to_owned())];
        let why: &'static Fault = match self {
            Self::Ipv6 => &fault::IPV6_TARGET,
            Self::Segment(why) => match why {
                BadSegment::Unreadable => &fault::NOT_A_BLOCK,
                BadSegment::HostBits(meant) => {
                    values.push(("meant", meant.to_string()));
                    &fault::HOST_BITS
                }
                BadSegment::TooLarge(largest) => {
                    values.push(("largest", largest.to_string()));
                    &fault::BLOCK_TOO_LARGE
                }
                BadSegment::Public => &fault::PUBLIC,
                BadSegment::Special => &fault::SPECIAL,
            },
        };
        problem.at_with(pointer, why, values)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_public_block_is_taken_when_the_settings_name_it_or_what_it_lies_in() {
        let settings = NetworkSettings { segments: vec!["198.51.100.0/24".into()], ..NetworkSettings::default() };
        let public = |text: &str| read_block(text, Reach::of(&settings)).map(|block| block.to_string());
        assert_eq!(public("198.51.100.0/25").as_deref(), Ok("198.51.100.0/25"));
        assert_eq!(public("198.51.0.0/16"), Err(BadTarget::Segment(BadSegment::Public)));
        let open = NetworkSettings { allow_public: true, ..NetworkSettings::default() };
        assert!(read_block("198.51.0.0/16", Reach::of(&open)).is_ok());
    }

    #[test]
    fn ipv6_is_told_apart_from_nonsense() {
        let reach = NetworkSettings::default();
        assert_eq!(read_block("fd00::/64", Reach::of(&reach)), Err(BadTarget::Ipv6));
        assert_eq!(read_block("fd00", Reach::of(&reach)), Err(BadTarget::Segment(BadSegment::Unreadable)));
        assert_eq!(read_block("192.168.1.7", Reach::of(&reach)).map(Block::prefix), Ok(32));
    }
}
