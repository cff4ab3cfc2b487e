//! Holds randomness from the kernel, good for keys, codes and the seeds of machines.
//! Never keeps a generator of its own and never falls back to something weaker. Called wherever a secret is made.

use rustix::io::Errno;
use rustix::rand::{GetRandomFlags, getrandom};

use crate::error::Error;

/// Fills `bytes` with random ones. Waits, in the first seconds of a first boot, until the kernel has gathered enough.
///
/// # Errors
/// [`Error::Other`] on a kernel without `getrandom(2)`; then there are no secrets to be made and nothing to go on with.
pub fn fill(bytes: &mut [u8]) -> Result<(), Error> {
    let mut filled = 0;
    while let Some(rest) = bytes.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match getrandom(rest, GetRandomFlags::empty()) {
            Ok(count) => filled += count,
            Err(Errno::INTR) => {}
            Err(errno) => return Err(Error::other("get random bytes", errno)),
        }
    }
    Ok(())
}

/// As many random bytes as the array holds.
///
/// # Errors
/// As [`fill`].
pub fn bytes<const COUNT: usize>() -> Result<[u8; COUNT], Error> {
    let mut bytes = [0; COUNT];
    fill(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_of_it_is_filled() {
        // More than one call of the kernel's may give at once, and every stretch of it must be touched: 32 zeroes in a
        // row come by chance once in 2^256.
        let mut much = vec![0; 1 << 20];
        fill(&mut much).unwrap();
        assert!(much.chunks(32).all(|chunk| chunk.iter().any(|byte| *byte != 0)));
        fill(&mut []).unwrap();
    }

    #[test]
    fn two_are_never_alike() {
        assert_ne!(bytes::<32>().unwrap(), bytes::<32>().unwrap());
    }
}
