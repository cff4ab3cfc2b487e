//! Holds what this process may do, in words a person can act on, and the way to give it up.
//! Never raises a right and never asks for a password. Called at start to say what is missing, and after the sockets
//! are open to drop the rest. Whatever needs a right is opened by functions that return a descriptor, so that a broker
//! may open it and a process without rights may use it.

use std::path::Path;

use rustix::process::{getegid, geteuid, getgroups};
use rustix::thread::{
    CapabilitySet, CapabilitySets, capabilities, clear_ambient_capability_set, no_new_privs, set_capabilities,
    set_no_new_privs,
};

use crate::error::{Error, Need};

/// The lowest port that needs no right, where the kernel does not say (`ip_unprivileged_port_start`).
const DEFAULT_FIRST_FREE_PORT: u16 = 1024;
/// The lowest port the service would like: HTTP. NetBIOS is above it.
const LOWEST_PORT_WANTED: u16 = 80;

/// What a process may do, as far as the product cares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Privileges {
    /// Runs as root (which without capabilities means little).
    pub root: bool,
    /// May open raw sockets: `CAP_NET_RAW` is effective.
    pub raw_sockets: bool,
    /// May use any port: `CAP_NET_BIND_SERVICE` is effective.
    pub bind_service: bool,
    /// The lowest port that anybody may use.
    pub first_free_port: u16,
    /// May send ICMP echo without raw sockets: one of its groups is in `ping_group_range`.
    pub ping: bool,
    /// Can gain no right any more, by whatever program it runs.
    pub no_new_privileges: bool,
}

impl Privileges {
    /// Those of the calling thread. What the kernel does not tell counts as missing.
    ///
    /// # Errors
    /// [`Error::Other`] when the kernel does not tell a thread's own capabilities, which it always does.
    pub fn read() -> Result<Self, Error> {
        let sets = capabilities(None).map_err(|errno| Error::other("read capabilities", errno))?;
        let mut groups: Vec<u32> =
            getgroups().unwrap_or_default().into_iter().map(rustix::process::Gid::as_raw).collect();
        groups.push(getegid().as_raw());
        let file = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
        Ok(Self {
            root: geteuid().is_root(),
            raw_sockets: sets.effective.contains(CapabilitySet::NET_RAW),
            bind_service: sets.effective.contains(CapabilitySet::NET_BIND_SERVICE),
            first_free_port: file("/proc/sys/net/ipv4/ip_unprivileged_port_start")
                .trim()
                .parse()
                .unwrap_or(DEFAULT_FIRST_FREE_PORT),
            ping: may_ping(&file("/proc/sys/net/ipv4/ping_group_range"), &groups),
            no_new_privileges: no_new_privs().unwrap_or(false),
        })
    }

    /// Whether `port` may be listened on.
    #[must_use]
    pub fn may_bind(&self, port: u16) -> bool {
        self.bind_service || port >= self.first_free_port
    }

    /// What is missing for the whole of the product, most important first. For a page that says it in its own language.
    #[must_use]
    pub fn missing(&self) -> Vec<Need> {
        let mut missing = Vec::new();
        if !self.raw_sockets {
            missing.push(Need::RawSockets);
        }
        if !self.may_bind(LOWEST_PORT_WANTED) {
            missing.push(Need::LowPorts);
        }
        // With raw sockets echo goes that way.
        if !self.ping && !self.raw_sockets {
            missing.push(Need::Ping);
        }
        missing
    }

    /// What is missing and what to do about it, in English, one line each, for a terminal. Empty when all is there.
    ///
    /// `exe` is the program's file, which the command names. One `setcap` grants both capabilities, since it replaces
    /// what was granted before.
    #[must_use]
    pub fn explain(&self, exe: &Path) -> Vec<String> {
        let missing = self.missing();
        let mut lines: Vec<String> = missing
            .iter()
            .map(|need| match need {
                Need::RawSockets => {
                    "without CAP_NET_RAW: no ARP and IPv6 neighbour sweep and no SYN probes; devices are \
                                     found through the kernel's neighbour table, TCP connects and what they announce"
                }
                Need::LowPorts => {
                    "without CAP_NET_BIND_SERVICE: no port below 1024, so no HTTP on 80, no HTTPS on 443, \
                                   and NetBIOS names are asked for but announcements not heard"
                }
                Need::Ping => "without a group in net.ipv4.ping_group_range: no ICMP echo",
                Need::Root => "without root: no watchdog",
            })
            .map(str::to_owned)
            .collect();
        let capability = if missing.contains(&Need::LowPorts) {
            Some(Need::LowPorts)
        } else {
            missing.contains(&Need::RawSockets).then_some(Need::RawSockets)
        };
        // Raw sockets make the ping setting needless: one command is better than two.
        let ping = missing.contains(&Need::Ping) && !missing.contains(&Need::RawSockets);
        for need in capability.into_iter().chain(ping.then_some(Need::Ping)) {
            lines.push(format!("to grant it: {}", need.command(exe)));
        }
        lines
    }
}

/// Gives up every capability for good: effective, permitted, inheritable and ambient, and with `no_new_privs` the way
/// back through a set-uid program or file capabilities. Open descriptors keep working.
///
/// # Errors
/// [`Error::SeveralThreads`] when another thread runs already: the kernel keeps capabilities per thread, and the others
/// would keep theirs. [`Error::Other`] when the kernel refuses; then go no further.
pub fn drop_all() -> Result<(), Error> {
    let action = "drop capabilities";
    assert_one_thread(action)?;
    let failed = |errno| Error::other(action, errno);
    let none = CapabilitySets {
        effective: CapabilitySet::empty(),
        permitted: CapabilitySet::empty(),
        inheritable: CapabilitySet::empty(),
    };
    set_no_new_privs(true).map_err(failed)?;
    clear_ambient_capability_set().map_err(failed)?;
    set_capabilities(None, none).map_err(failed)?;
    // Believed only when read back: everything after this line relies on it.
    let left = capabilities(None).map_err(failed)?;
    if left == none { Ok(()) } else { Err(Error::unreadable(action)) }
}

/// Refuses when another thread runs already: it would keep what this one is about to give up.
pub(crate) fn assert_one_thread(action: &'static str) -> Result<(), Error> {
    if other_threads_run().map_err(|error| Error::other(action, error))? { Err(Error::SeveralThreads) } else { Ok(()) }
}

/// Whether this process has more threads than the calling one. At the start of a program that is so under user emulation
/// (QEMU), whose own threads count, and whatever the program gives up for itself they keep.
///
/// # Errors
/// When `/proc` is not mounted.
pub fn other_threads_run() -> std::io::Result<bool> {
    Ok(std::fs::read_dir("/proc/self/task")?.count() != 1)
}

/// Whether one of `groups` is in the range "first last" that may send ICMP echo; "1 0" is nobody.
fn may_ping(range: &str, groups: &[u32]) -> bool {
    let mut numbers = range.split_ascii_whitespace().map_while(|number| number.parse::<u32>().ok());
    let (Some(first), Some(last)) = (numbers.next(), numbers.next()) else { return false };
    groups.iter().any(|group| (first..=last).contains(group))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: Privileges = Privileges {
        root: false,
        raw_sockets: true,
        bind_service: true,
        first_free_port: 1024,
        ping: true,
        no_new_privileges: false,
    };

    #[test]
    fn nothing_missing_is_nothing_said() {
        assert_eq!(ALL.explain(Path::new("/v")), Vec::<String>::new());
        // Raw sockets do what the ping setting would.
        assert_eq!(Privileges { ping: false, ..ALL }.missing(), []);
    }

    #[test]
    fn one_command_grants_all_that_is_missing() {
        let commands = |privileges: Privileges| -> Vec<String> {
            let lines = privileges.explain(Path::new("/opt/vigie"));
            lines.iter().filter_map(|line| line.strip_prefix("to grant it: ")).map(str::to_owned).collect()
        };
        let none = Privileges { raw_sockets: false, bind_service: false, ping: false, ..ALL };
        assert_eq!(none.missing(), [Need::RawSockets, Need::LowPorts, Need::Ping]);
        assert_eq!(commands(none), ["sudo setcap cap_net_raw,cap_net_bind_service+ep /opt/vigie"]);
        assert_eq!(commands(Privileges { raw_sockets: false, ..ALL }), ["sudo setcap cap_net_raw+ep /opt/vigie"]);
        // Where anybody may use port 80 the second capability is not asked for.
        let free = Privileges { raw_sockets: false, bind_service: false, first_free_port: 80, ..ALL };
        assert_eq!(commands(free), ["sudo setcap cap_net_raw+ep /opt/vigie"]);
    }

    #[test]
    fn ping_ranges_are_read_as_the_kernel_reads_them() {
        assert!(may_ping("0\t2147483647\n", &[1000]));
        assert!(may_ping("100 100", &[5, 100]));
        for range in ["1\t0\n", "0 99", "", "0", "x y", "101 200"] {
            assert!(!may_ping(range, &[100]), "{range:?}");
        }
    }

    #[test]
    fn a_process_of_several_threads_keeps_its_capabilities() {
        // The test runner has at least two.
        let before = capabilities(None).unwrap();
        std::thread::scope(|scope| {
            scope.spawn(|| assert!(matches!(drop_all(), Err(Error::SeveralThreads))));
        });
        assert_eq!(capabilities(None).unwrap(), before);
    }
}
