//! Holds the clocks: the one that only counts on (`CLOCK_BOOTTIME`), the one people set, and the identity of this boot.
//! Never sets a clock and never mixes the two. Called by the shell, which hands time to the machines as an argument.

use rustix::time::{ClockId, clock_gettime};

use crate::error::Error;

pub mod driver;
mod sleepers;

/// Seconds from 1970 to the build of this program: no true clock shows less.
pub const BUILD_UNIX_S: i64 = parse(env!("VIGIE_BUILD_UNIX_S"));

/// What the machine believes the time of day to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WallClock {
    /// Microseconds since 1970-01-01T00:00:00Z, without leap seconds, as the kernel counts.
    pub unix_us: i64,
    /// Not before this program was built. A board without a battery starts in 1970 (or where it was last switched off)
    /// until the network tells it the time; what is written down before must say so.
    pub believable: bool,
}

/// One run of the kernel, from power-on to power-off: the same for all programs, another after every start.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct BootId(pub [u8; 16]);

/// Microseconds since the kernel started, sleep included. Never steps back, and no setting of the clock moves it.
#[must_use]
pub fn boot_us() -> u64 {
    let now = clock_gettime(ClockId::Boottime);
    // Neither part is ever negative on this clock; a microsecond count outlives the hardware by 580,000 years.
    now.tv_sec.unsigned_abs() * 1_000_000 + u64::from(now.tv_nsec.unsigned_abs() as u32) / 1_000
}

/// The time of day, and whether it can be true.
#[must_use]
pub fn wall() -> WallClock {
    let now = clock_gettime(ClockId::Realtime);
    let unix_us = now.tv_sec.saturating_mul(1_000_000).saturating_add(i64::from(now.tv_nsec as i32) / 1_000);
    WallClock { unix_us, believable: now.tv_sec >= BUILD_UNIX_S }
}

/// The identity of this boot.
///
/// # Errors
/// [`Error::Other`] when `/proc` is not mounted.
pub fn boot_id() -> Result<BootId, Error> {
    let action = "read the boot id";
    let text = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").map_err(|e| Error::other(action, e))?;
    read_boot_id(&text).ok_or_else(|| Error::unreadable(action))
}

/// Reads a UUID: thirty-two hex digits, hyphens wherever they are.
fn read_boot_id(text: &str) -> Option<BootId> {
    let mut digits = text.trim().chars().filter(|c| *c != '-').map(|c| c.to_digit(16));
    let mut id = [0; 16];
    for byte in &mut id {
        *byte = u8::try_from(digits.next()?? << 4 | digits.next()??).ok()?;
    }
    digits.next().is_none().then_some(BootId(id))
}

/// A decimal number at compile time; a build script that wrote anything else does not compile.
const fn parse(text: &str) -> i64 {
    match i64::from_str_radix(text, 10) {
        Ok(number) => number,
        Err(_) => panic!("VIGIE_BUILD_UNIX_S is no number"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_boot_clock_counts_what_the_kernel_says_it_counts() {
        let uptime = || -> u64 {
            let text = std::fs::read_to_string("/proc/uptime").unwrap();
            let (whole, rest) = text.split_once('.').unwrap();
            whole.parse::<u64>().unwrap() * 1_000_000 + rest[..2].parse::<u64>().unwrap() * 10_000
        };
        // /proc/uptime is CLOCK_BOOTTIME cut to hundredths: the reading between two of it lies between them.
        let before = uptime();
        let now = boot_us();
        let after = uptime();
        assert!(before <= now && now < after + 10_000, "{before} {now} {after}");
    }

    #[test]
    fn it_never_steps_back() {
        let mut last = boot_us();
        for _ in 0..100_000 {
            let now = boot_us();
            assert!(now >= last);
            last = now;
        }
    }

    #[test]
    fn the_time_of_day_is_judged_by_the_build() {
        const { assert!(BUILD_UNIX_S >= 1_767_225_600) };
        let wall = wall();
        assert_eq!(wall.believable, wall.unix_us >= BUILD_UNIX_S * 1_000_000);
    }

    #[test]
    fn boot_ids_are_read_whole_or_not_at_all() {
        assert_eq!(boot_id().unwrap(), boot_id().unwrap());
        let id = read_boot_id("00112233-4455-6677-8899-aabbccddeeff\n").unwrap();
        assert_eq!(id.0, [0, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff]);
        for text in ["", "0011", "00112233-4455-6677-8899-aabbccddeef", "00112233-4455-6677-8899-aabbccddeeff0", "x"] {
            assert_eq!(read_boot_id(text), None, "{text:?}");
        }
    }
}
