//! Holds the one error type of this crate; its variants are what a caller can do about it.
//! Never decides whether to retry and never prints. Called by every module here and matched by the shell of the service.

use std::path::Path;
use std::{fmt, io};

/// A right that this process lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Need {
    /// `CAP_NET_RAW`: packets as they are on the wire.
    RawSockets,
    /// `CAP_NET_BIND_SERVICE`: UDP and TCP ports below `net.ipv4.ip_unprivileged_port_start`.
    LowPorts,
    /// A group inside `net.ipv4.ping_group_range`: ICMP echo without `CAP_NET_RAW`.
    Ping,
    /// Root, for what has no finer right (opening the watchdog).
    Root,
}

impl Need {
    /// The name a system administrator knows it by.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::RawSockets => "CAP_NET_RAW",
            Self::LowPorts => "CAP_NET_BIND_SERVICE",
            Self::Ping => "net.ipv4.ping_group_range",
            Self::Root => "root",
        }
    }

    /// The one command that grants it to the program at `exe`, ready for a shell.
    ///
    /// `setcap` replaces all capabilities of a file, so the command for low ports names raw sockets too: granting one
    /// must not take the other away.
    #[must_use]
    pub fn command(self, exe: &Path) -> String {
        let exe = quote(exe);
        match self {
            Self::RawSockets => format!("sudo setcap cap_net_raw+ep {exe}"),
            Self::LowPorts => format!("sudo setcap cap_net_raw,cap_net_bind_service+ep {exe}"),
            Self::Ping => "sudo sysctl -w net.ipv4.ping_group_range='0 2147483647'".to_owned(),
            Self::Root => format!("sudo {exe}"),
        }
    }
}

/// Why the operating system did not do what was asked.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The process lacks a right. [`Need::command`] says how to grant it; what needs it can be done without, worse.
    NoPermission(Need),
    /// The interface no longer exists. Close the socket; open another when [`crate::change`] announces an interface.
    InterfaceGone,
    /// The interface exists but is down. Keep the socket: it works again when the interface comes up.
    Down,
    /// Another process holds the address or the port.
    InUse,
    /// Capabilities belong to threads, and this process already runs several: dropping them here would leave the others.
    SeveralThreads,
    /// The broker does not give it; why, as words.
    Refused(&'static str),
    /// Anything else: what was being done, and what the kernel said.
    Other {
        /// What was being done, as words for a log line.
        action: &'static str,
        /// What the kernel said.
        source: io::Error,
    },
}

impl Error {
    /// Sorts what the kernel said while `action` was done; `need` is the right that a refusal would be about.
    pub(crate) fn sort(action: &'static str, need: Need, source: impl Into<io::Error>) -> Self {
        let source = source.into();
        match source.raw_os_error() {
            Some(libc::EPERM | libc::EACCES) => Self::NoPermission(need),
            Some(libc::ENODEV | libc::ENXIO) => Self::InterfaceGone,
            Some(libc::ENETDOWN) => Self::Down,
            Some(libc::EADDRINUSE) => Self::InUse,
            _ => Self::Other { action, source },
        }
    }

    /// An error with no right and no interface behind it.
    pub(crate) fn other(action: &'static str, source: impl Into<io::Error>) -> Self {
        Self::Other { action, source: source.into() }
    }

    /// The kernel (or a file of it) said something that cannot be read.
    pub(crate) fn unreadable(action: &'static str) -> Self {
        Self::other(action, io::Error::from(io::ErrorKind::InvalidData))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoPermission(need) => {
                let exe = std::env::current_exe().unwrap_or_else(|_| "vigie".into());
                write!(f, "needs {}; this grants it: {}", need.name(), need.command(&exe))
            }
            Self::InterfaceGone => f.write_str("the network interface no longer exists"),
            Self::Down => f.write_str("the network interface is down"),
            Self::InUse => f.write_str("the address is in use by another program"),
            Self::SeveralThreads => {
                f.write_str("capabilities must be dropped before a second thread starts, it would keep them")
            }
            Self::Refused(why) => write!(f, "the broker refuses: {why}"),
            Self::Other { action, source } => write!(f, "could not {action}: {source}"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Other { source, .. } => Some(source),
            _ => None,
        }
    }
}

impl From<Error> for io::Error {
    fn from(error: Error) -> Self {
        let kind = match &error {
            Error::NoPermission(_) | Error::Refused(_) => io::ErrorKind::PermissionDenied,
            Error::InterfaceGone => io::ErrorKind::NotFound,
            Error::Down => io::ErrorKind::NetworkDown,
            Error::InUse => io::ErrorKind::AddrInUse,
            Error::SeveralThreads => io::ErrorKind::Unsupported,
            Error::Other { source, .. } => source.kind(),
        };
        Self::new(kind, error)
    }
}

/// A path as a shell reads it back: bare when it is plain, else in single quotes.
fn quote(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+".contains(c);
    if !text.is_empty() && text.chars().all(plain) { text } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted(errno: i32) -> Error {
        Error::sort("test", Need::RawSockets, io::Error::from_raw_os_error(errno))
    }

    #[test]
    fn an_errno_becomes_what_the_caller_can_do() {
        assert!(matches!(sorted(libc::EPERM), Error::NoPermission(Need::RawSockets)));
        assert!(matches!(sorted(libc::EACCES), Error::NoPermission(Need::RawSockets)));
        assert!(matches!(sorted(libc::ENODEV), Error::InterfaceGone));
        assert!(matches!(sorted(libc::ENXIO), Error::InterfaceGone));
        assert!(matches!(sorted(libc::ENETDOWN), Error::Down));
        assert!(matches!(sorted(libc::EADDRINUSE), Error::InUse));
        assert!(matches!(sorted(libc::EMFILE), Error::Other { action: "test", .. }));
    }

    #[test]
    fn the_command_survives_a_shell() {
        let command = Need::RawSockets.command(Path::new("/opt/vigie/vigie"));
        assert_eq!(command, "sudo setcap cap_net_raw+ep /opt/vigie/vigie");
        let command = Need::RawSockets.command(Path::new("/home/o'hara/my app/vigie; rm -rf"));
        assert_eq!(command, r"sudo setcap cap_net_raw+ep '/home/o'\''hara/my app/vigie; rm -rf'");
    }

    #[test]
    fn granting_low_ports_keeps_raw_sockets() {
        assert!(Need::LowPorts.command(Path::new("/v")).contains("cap_net_raw,cap_net_bind_service"));
    }
}
