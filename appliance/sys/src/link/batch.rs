//! Holds the memory that a batch of frames is received into, and the view of each frame in it.
//! Never interprets a frame. Called by `link` to fill it, and by the shell to read it; one batch serves for good.

use super::filter::FRAME_BYTES;

/// Frames per system call: enough that a sweep's answers cost a few calls, little enough that control data and headers
/// of all of them fit on the stack (about 12 kB).
pub const MAX_FRAMES: usize = 64;

/// Whom a frame was sent to, as the kernel sorted it (`PACKET_*`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum PacketType {
    /// This machine alone.
    #[default]
    Host,
    /// Everyone.
    Broadcast,
    /// A group.
    Multicast,
    /// Another station; seen on a hub, a mirror port or while promiscuous.
    OtherHost,
    /// Sent by this machine. The filter keeps these out.
    Outgoing,
}

impl PacketType {
    pub(super) fn of(number: u8) -> Self {
        match number {
            libc::PACKET_HOST => Self::Host,
            libc::PACKET_BROADCAST => Self::Broadcast,
            libc::PACKET_MULTICAST => Self::Multicast,
            libc::PACKET_OUTGOING => Self::Outgoing,
            _ => Self::OtherHost,
        }
    }
}

/// What is known of a frame besides its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(super) struct Details {
    pub(super) kept_bytes: usize,
    pub(super) wire_bytes: usize,
    pub(super) packet_type: PacketType,
    pub(super) checksum_ready: bool,
}

/// One received frame, from its Ethernet header on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    /// What was kept of it, at most [`FRAME_BYTES`].
    pub bytes: &'a [u8],
    /// How long it was on the wire. More than `bytes` holds when it was cut: then the end is missing, not damaged.
    pub wire_bytes: usize,
    /// Whom it was sent to.
    pub packet_type: PacketType,
    /// Whether the transport checksum is in the frame. `false`: it comes from a machine on the same host, whose card
    /// would have filled it in (`TP_STATUS_CSUMNOTREADY`); what stands there is not wrong, it is not there yet.
    pub checksum_ready: bool,
}

/// Room for a batch of frames, allocated once: [`MAX_FRAMES`] times [`FRAME_BYTES`], 96 KiB.
#[derive(Debug)]
pub struct Batch {
    pub(super) bytes: Box<[u8]>,
    pub(super) details: [Details; MAX_FRAMES],
    pub(super) filled: usize,
}

impl Default for Batch {
    fn default() -> Self {
        Self {
            bytes: vec![0; MAX_FRAMES * FRAME_BYTES].into_boxed_slice(),
            details: [Details::default(); MAX_FRAMES],
            filled: 0,
        }
    }
}

impl Batch {
    /// The frames of the last receive, in the order of their arrival.
    pub fn frames(&self) -> impl Iterator<Item = Frame<'_>> {
        let slots = self.bytes.chunks_exact(FRAME_BYTES).zip(&self.details).take(self.filled);
        slots.map(|(slot, details)| Frame {
            bytes: slot.get(..details.kept_bytes).unwrap_or(slot),
            wire_bytes: details.wire_bytes,
            packet_type: details.packet_type,
            checksum_ready: details.checksum_ready,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_filled_is_seen() {
        let mut batch = Batch::default();
        assert_eq!(batch.frames().count(), 0);
        batch.bytes[FRAME_BYTES] = 7;
        batch.details[1] = Details { kept_bytes: 1, wire_bytes: 9_000, ..Details::default() };
        batch.filled = 2;
        let frames: Vec<_> = batch.frames().collect();
        assert_eq!(frames.len(), 2);
        assert_eq!((frames[0].bytes, frames[1].bytes), (&[][..], &[7][..]));
        assert_eq!(frames[1].wire_bytes, 9_000);
    }

    #[test]
    fn a_count_beyond_the_slot_cannot_reach_the_next() {
        let mut batch = Batch { filled: 1, ..Batch::default() };
        batch.details[0].kept_bytes = FRAME_BYTES + 1;
        assert_eq!(batch.frames().next().map(|frame| frame.bytes.len()), Some(FRAME_BYTES));
    }
}
