//! Holds the lease: the signed word of the appliance under which a workstation may be used for a stretch of time.
//! Never carries a wall time, and never favours the person by a slow network: the seat counts from before it asked.
//! The desk writes leases, the shell signs them with the device's key, the seat obeys them.

use ed25519_dalek::{Signature, VerifyingKey};

use super::warning::Warned;
use super::{BootId, SessionId, StationId};

/// What is signed begins with this, so that no other signature of the device can pass for a lease. The number is the
/// version of the form.
const PURPOSE: &[u8] = b"vigie kiosk lease 1\0";
/// Longest lease without its signature, in bytes; numbers at their largest take 87.
const MAX_LEASE_BYTES: usize = 96;
/// Bytes of an Ed25519 signature (RFC 8032).
const SIGNATURE_BYTES: usize = 64;
/// Longest sealed lease, in bytes.
pub const MAX_SEALED_BYTES: usize = MAX_LEASE_BYTES + SIGNATURE_BYTES;

/// What the seat is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Order {
    /// Nobody has a session here: locked.
    Lock,
    /// The session runs.
    Run,
    /// Staff suspended it: locked, the time stands still.
    Hold,
    /// It is over: locked, and everything of the person goes.
    Wipe,
}

/// A number the seat drew for one question, and which comes back in the answer to it.
pub type Nonce = [u8; 16];

/// The lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Lease {
    /// For which workstation.
    pub station: StationId,
    /// For which boot of it; a reboot ends every lease.
    pub boot: BootId,
    /// Rises with every lease of a workstation; an older one is not obeyed.
    pub seq: u32,
    /// To which question this is the answer.
    pub nonce: Nonce,
    /// What to do.
    pub order: Order,
    /// The session, unless the order is `Lock`.
    pub session: Option<SessionId>,
    /// Counts its grants after the first.
    pub epoch: u16,
    /// Milliseconds granted in all.
    pub granted_ms: u64,
    /// Milliseconds used when the lease was written.
    pub used_ms: u64,
    /// Warnings that are done with.
    pub warned: Warned,
    /// Milliseconds without another lease after which the seat locks.
    pub max_offline_ms: u64,
}

/// A lease with its signature, as it goes over the wire.
pub type Sealed = heapless::Vec<u8, MAX_SEALED_BYTES>;

/// A lease whose signature is good. There is no other way to one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opened(Lease);

/// Why bytes are no lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Broken {
    /// Too short, too long, or not of this form.
    Form,
    /// Not signed by this appliance.
    Signature,
}

impl Lease {
    /// Signs the lease; `sign` is the device's key, whose secret half never comes here.
    #[must_use]
    pub fn seal(&self, sign: impl FnOnce(&[u8]) -> [u8; SIGNATURE_BYTES]) -> Sealed {
        let mut space = [0; MAX_LEASE_BYTES];
        let mut sealed = Sealed::new();
        // The form has a largest size and the space is larger: see the test that fills every number.
        if let Ok(bytes) = postcard::to_slice(self, &mut space) {
            let signature = sign(&purposeful(bytes));
            let _fits = sealed.extend_from_slice(bytes);
            let _fits = sealed.extend_from_slice(&signature);
        }
        sealed
    }
}

impl Opened {
    /// Checks a sealed lease against the public key of the appliance that this workstation trusts.
    ///
    /// # Errors
    /// When the bytes are damaged, or somebody else signed them.
    pub fn open(sealed: &[u8], key: &[u8; 32]) -> Result<Self, Broken> {
        let border = sealed.len().checked_sub(SIGNATURE_BYTES).ok_or(Broken::Form)?;
        let (bytes, signature) = sealed.split_at_checked(border).ok_or(Broken::Form)?;
        if bytes.len() > MAX_LEASE_BYTES {
            return Err(Broken::Form);
        }
        let signature = Signature::from_slice(signature).map_err(|_| Broken::Form)?;
        let key = VerifyingKey::from_bytes(key).map_err(|_| Broken::Signature)?;
        key.verify_strict(&purposeful(bytes), &signature).map_err(|_| Broken::Signature)?;
        match postcard::take_from_bytes(bytes) {
            Ok((lease, [])) => Ok(Self(lease)),
            _ => Err(Broken::Form),
        }
    }

    /// The lease.
    #[must_use]
    pub const fn lease(&self) -> &Lease {
        &self.0
    }

    /// Schedules by the hundred thousand have no time for signatures; those have tests of their own.
    #[cfg(test)]
    pub(super) const fn unsigned(lease: Lease) -> Self {
        Self(lease)
    }
}

fn purposeful(bytes: &[u8]) -> heapless::Vec<u8, { PURPOSE.len() + MAX_LEASE_BYTES }> {
    let mut whole = heapless::Vec::new();
    // Both lengths are bounded above by the sum.
    let _fits = whole.extend_from_slice(PURPOSE);
    let _fits = whole.extend_from_slice(bytes);
    whole
}

#[cfg(test)]
mod tests {
    use super::*;
    use ed25519_dalek::{Signer, SigningKey};

    fn lease() -> Lease {
        Lease {
            station: StationId(3),
            boot: BootId([9; 16]),
            seq: 300,
            nonce: [1; 16],
            order: Order::Run,
            session: Some(SessionId(70_000)),
            epoch: 2,
            granted_ms: 3_600_000,
            used_ms: 61_250,
            warned: Warned(0b11),
            max_offline_ms: 7_200_000,
        }
    }

    fn key() -> SigningKey {
        SigningKey::from_bytes(&[5; 32])
    }

    fn seal(lease: &Lease) -> Sealed {
        lease.seal(|bytes| key().sign(bytes).to_bytes())
    }

    #[test]
    fn what_was_sealed_opens_with_the_right_key_only() {
        let sealed = seal(&lease());
        let public = key().verifying_key().to_bytes();
        assert_eq!(Opened::open(&sealed, &public).unwrap().lease(), &lease());
        let other = SigningKey::from_bytes(&[6; 32]).verifying_key().to_bytes();
        assert_eq!(Opened::open(&sealed, &other), Err(Broken::Signature));
        // The same bytes signed for another purpose are no lease.
        let bytes = &sealed[..sealed.len() - 64];
        let mut foreign = bytes.to_vec();
        foreign.extend(key().sign(bytes).to_bytes());
        assert_eq!(Opened::open(&foreign, &public), Err(Broken::Signature));
    }

    #[test]
    fn every_flipped_bit_and_every_cut_is_found() {
        let sealed = seal(&lease());
        let public = key().verifying_key().to_bytes();
        for bit in 0..sealed.len() * 8 {
            let mut bytes = sealed.to_vec();
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert!(Opened::open(&bytes, &public).is_err(), "bit {bit}");
        }
        for length in 0..sealed.len() {
            assert!(Opened::open(&sealed[..length], &public).is_err(), "{length} bytes");
        }
        assert_eq!(Opened::open(&[0; 400], &public), Err(Broken::Form));
    }

    #[test]
    fn the_form_never_changes() {
        let sealed = seal(&lease());
        let mut expected = alloc::vec![3];
        expected.extend([9; 16]);
        expected.extend([0xac, 0x02]);
        expected.extend([1; 16]);
        expected.extend([
            1, 1, 0xf0, 0xa2, 0x04, 2, 0x80, 0xdd, 0xdb, 0x01, 0xc2, 0xde, 0x03, 0b11, 0x80, 0xba, 0xb7, 0x03,
        ]);
        assert_eq!(&sealed[..sealed.len() - 64], expected);
    }

    #[test]
    fn the_largest_lease_fits() {
        let most = Lease {
            station: StationId(u32::MAX),
            seq: u32::MAX,
            session: Some(SessionId(u64::MAX)),
            epoch: u16::MAX,
            granted_ms: u64::MAX,
            used_ms: u64::MAX,
            max_offline_ms: u64::MAX,
            ..lease()
        };
        assert_eq!(Opened::open(&seal(&most), &key().verifying_key().to_bytes()).unwrap().lease(), &most);
    }
}
