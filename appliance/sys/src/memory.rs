//! Holds what this process takes of the machine, memory and descriptors, and the few settings that keep it small.
//! Never allocates on anybody's behalf and never frees. Called at the start of every binary, and by the metrics.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::error::Error;

/// What is in memory, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Memory {
    /// In RAM now (resident set).
    pub resident_bytes: u64,
    /// The most that ever was.
    pub peak_bytes: u64,
}

/// What this process has in memory.
///
/// # Errors
/// [`Error::Other`] when `/proc` is not mounted.
pub fn read() -> Result<Memory, Error> {
    let action = "read the memory in use";
    let file = |path| std::fs::read_to_string(path).map_err(|error| Error::other(action, error));
    let pages = resident_pages(&file("/proc/self/statm")?).ok_or_else(|| Error::unreadable(action))?;
    let peak_bytes = peak_bytes(&file("/proc/self/status")?).ok_or_else(|| Error::unreadable(action))?;
    let resident_bytes = pages.saturating_mul(rustix::param::page_size() as u64);
    // Two files at two moments, and the kernel counts the peak now and then only.
    Ok(Memory { resident_bytes, peak_bytes: peak_bytes.max(resident_bytes) })
}

/// The second number of `statm`.
fn resident_pages(statm: &str) -> Option<u64> {
    statm.split_ascii_whitespace().nth(1)?.parse().ok()
}

/// `VmHWM` of `status`, which the kernel gives in units of 1,024 bytes and calls kB.
fn peak_bytes(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1_024)
}

/// Raises the number of descriptors this process may have to `wanted`, or as near to it as the system allows. Tells the
/// number in force. Never lowers it.
///
/// # Errors
/// [`Error::Other`] when the kernel refuses what it said it allows.
pub fn raise_descriptor_limit(wanted: u64) -> Result<u64, Error> {
    let limit = getrlimit(Resource::Nofile);
    let (Some(current), allowed) = (limit.current, limit.maximum.unwrap_or(u64::MAX)) else {
        return Ok(u64::MAX);
    };
    let target = wanted.min(allowed).max(current);
    if target > current {
        setrlimit(Resource::Nofile, Rlimit { current: Some(target), maximum: limit.maximum })
            .map_err(|errno| Error::other("raise the number of descriptors", errno))?;
    }
    Ok(target)
}

/// Has the C library's allocator keep one arena instead of up to eight per core: a service that is mostly one thread
/// gains nothing from more, and each holds on to what was freed in it. Call it before a second thread starts.
///
/// Blocks of 128 KiB and more go back to the kernel when they are freed. glibc by itself raises that border to the
/// largest block it has seen freed: after a few failed log-ins, of 9 MiB each then, it kept 28 MiB.
///
/// Does something on glibc only; musl has one arena anyway. Tells whether the setting is in force.
#[must_use]
pub fn keep_one_arena() -> bool {
    #[cfg(target_env = "gnu")]
    {
        // Set, these two no longer grow with the largest block that was ever freed: large blocks go back to the system.
        let back = [(libc::M_MMAP_THRESHOLD, LARGE_BLOCK_BYTES), (libc::M_TRIM_THRESHOLD, LARGE_BLOCK_BYTES)];
        // SAFETY: `mallopt` takes two integers and no pointer; glibc guards its own state with locks.
        let set = |(name, value)| unsafe { libc::mallopt(name, value) == 1 };
        [(libc::M_ARENA_MAX, 1)].into_iter().chain(back).all(set)
    }
    #[cfg(not(target_env = "gnu"))]
    true
}

/// Gives back to the kernel the pages that lie free between what is in use: glibc by itself gives back only the end of its
/// heap (malloc_trim(3)). After the exports of a full table it is some 5 MiB. It walks the heap, some milliseconds for 30 MiB:
/// for before something large, not for every request. Does nothing on musl, which does so as it frees.
pub fn give_back() {
    #[cfg(target_env = "gnu")]
    // SAFETY: `malloc_trim` takes a number and no pointer; glibc guards its own state with locks.
    let _anything = unsafe { libc::malloc_trim(0) };
}

/// The default of glibc at the start, before it adapts.
#[cfg(target_env = "gnu")]
const LARGE_BLOCK_BYTES: libc::c_int = 128 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_that_was_touched_is_counted() {
        let before = read().unwrap();
        let touched = std::hint::black_box(vec![1u8; 64 << 20]);
        let after = read().unwrap();
        // Other tests of this process free memory meanwhile: half of it is proof enough.
        assert!(after.resident_bytes >= before.resident_bytes + (32 << 20), "{before:?} {after:?}");
        assert!(after.peak_bytes >= after.resident_bytes);
        drop(touched);
        assert!(read().unwrap().peak_bytes >= after.peak_bytes.max(64 << 20) - (1 << 20));
    }

    #[test]
    fn the_kernels_files_are_read_from_their_text() {
        assert_eq!(resident_pages("10432 2210 1811 412 0 3021 0\n"), Some(2_210));
        assert_eq!(peak_bytes("Name:\tvigie\nVmPeak:\t   9 kB\nVmHWM:\t    8840 kB\n"), Some(8_840 * 1_024));
        for text in ["", "1", "a b"] {
            assert_eq!(resident_pages(text), None, "{text:?}");
            assert_eq!(peak_bytes(text), None, "{text:?}");
        }
    }

    #[test]
    fn descriptors_are_raised_but_never_lowered() {
        let current = raise_descriptor_limit(0).unwrap();
        let raised = raise_descriptor_limit(current.saturating_add(1)).unwrap();
        assert!(raised >= current);
        assert_eq!(raise_descriptor_limit(1).unwrap(), raised);
        assert_eq!(getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX), raised);
    }

    #[test]
    fn pages_between_what_is_in_use_are_given_back() {
        // Every eighth of these blocks stays, so that none of the pages between them is at the end of the heap.
        let blocks: Vec<_> = (0..16_384).map(|_| std::hint::black_box(vec![1_u8; 4_096])).collect();
        let kept: Vec<_> =
            blocks.into_iter().enumerate().filter(|(at, _)| at % 8 == 0).map(|(_, block)| block).collect();
        let before = read().unwrap().resident_bytes;
        give_back();
        let after = read().unwrap().resident_bytes;
        // Other tests of this process take memory meanwhile: half of it is proof enough.
        assert!(!cfg!(target_env = "gnu") || after + (28 << 20) < before, "{before} {after}");
        drop(kept);
    }

    #[test]
    fn one_arena_is_accepted() {
        assert!(keep_one_arena());
    }
}
