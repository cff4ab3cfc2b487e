//! Holds the messages between service and broker: fixed layouts of a few bytes, little-endian, each with a bound.
//! Never trusts a length or a number: what does not fit exactly is no message. Called by both ends of the channel.
//!
//! | message | bytes |
//! | --- | --- |
//! | request | version 1, kind, number (2), then by kind: nothing; interface (4); service (1), interface (4); family (1), address (16), port (2) |
//! | report | version 1, kind, 0 (2), count (1), for each task: age (4), limit (4) in ms, length (1), name |
//! | reply | version 1, verdict, number (2), then by verdict: nothing; reason (1), errno (4); a greeting |

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use crate::interface::Index;
use crate::multicast::Service;

/// Tasks in one report; the service has a dozen.
pub const MAX_TASKS: usize = 24;
/// Endings of earlier services that are told to the next.
pub const MAX_ENDINGS: usize = 8;
/// Longest name of a task, in bytes.
pub(super) const MAX_NAME_BYTES: usize = 32;
/// The longest message: a report of all tasks. A greeting is shorter.
pub(super) const MAX_FRAME_BYTES: usize = 5 + MAX_TASKS * (9 + MAX_NAME_BYTES);

const VERSION: u8 = 1;

/// What the service asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Request {
    /// The raw socket of an interface.
    Link(Index),
    /// A socket at a port of NetBIOS on an interface.
    Netbios(Service, Index),
    /// A listening TCP socket.
    Listen(SocketAddr),
    /// The file that names the resolvers, open for reading.
    Resolvers,
    /// What was before, and what the broker has.
    Greet,
}

/// A request with its number, or a report, which has none and gets no reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum FromService {
    Request(u16, Request),
    Report(Vec<TaskAge>),
}

/// How long a task has not been heard of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskAge {
    /// Its name, at most 32 bytes.
    pub name: String,
    /// Milliseconds since it was last heard of.
    pub age_ms: u32,
    /// Milliseconds after which it counts as stuck.
    pub limit_ms: u32,
}

impl TaskAge {
    /// Whether it counts as stuck.
    #[must_use]
    pub const fn is_stuck(&self) -> bool {
        self.age_ms > self.limit_ms
    }
}

/// Why an earlier service ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// It ended itself with this code.
    Exit(u8),
    /// A signal ended it.
    Signal(u8),
    /// It did not report any more; the broker ended it.
    Frozen,
    /// This task of it hung; the broker ended it.
    Stuck(String),
}

/// How an earlier service ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ending {
    /// When, in milliseconds since the machine's start.
    pub at_ms: u64,
    /// How long it had run, in seconds.
    pub ran_s: u32,
    /// Why.
    pub cause: Cause,
}

/// What a fresh service is told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Greeting {
    /// Raw sockets can be had.
    pub raw_sockets: bool,
    /// Low ports can be had.
    pub low_ports: bool,
    /// The broker feeds a watchdog.
    pub watchdog: bool,
    /// How many services ended badly within the last ten minutes.
    pub crashes: u8,
    /// The latest endings, oldest first, at most [`MAX_ENDINGS`].
    pub endings: Vec<Ending>,
}

/// Why a request is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// It is not on the list the broker was started with.
    NotAllowed,
    /// There is no such interface.
    NoInterface,
    /// Too many requests in a short time.
    TooMany,
    /// The kernel refused.
    Kernel(i32),
}

/// What the broker answers; a descriptor comes beside [`Verdict::Granted`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Granted,
    Refused(Refusal),
    Greeting(Greeting),
}

impl FromService {
    pub(super) fn write(&self) -> Vec<u8> {
        let mut out = vec![VERSION];
        match self {
            Self::Request(number, request) => {
                out.push(match request {
                    Request::Link(_) => 1,
                    Request::Netbios(..) => 2,
                    Request::Listen(_) => 3,
                    Request::Greet => 4,
                    Request::Resolvers => 6,
                });
                out.extend(number.to_le_bytes());
                match request {
                    Request::Link(index) => out.extend(index.0.to_le_bytes()),
                    Request::Netbios(service, index) => {
                        out.push(u8::from(*service == Service::NetbiosDatagrams));
                        out.extend(index.0.to_le_bytes());
                    }
                    Request::Listen(address) => write_address(*address, &mut out),
                    Request::Greet | Request::Resolvers => {}
                }
            }
            Self::Report(tasks) => {
                out.extend([5, 0, 0, tasks.len().min(MAX_TASKS) as u8]);
                for task in tasks.iter().take(MAX_TASKS) {
                    out.extend(task.age_ms.to_le_bytes());
                    out.extend(task.limit_ms.to_le_bytes());
                    write_name(&task.name, &mut out);
                }
            }
        }
        out
    }

    /// `None`: no message of ours.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let mut rest = Reader(bytes);
        let (VERSION, kind, number) = (rest.byte()?, rest.byte()?, u16::from_le_bytes(rest.array()?)) else {
            return None;
        };
        let message = match kind {
            1 => Self::Request(number, Request::Link(rest.index()?)),
            2 => {
                let service = match rest.byte()? {
                    0 => Service::NetbiosNames,
                    1 => Service::NetbiosDatagrams,
                    _ => return None,
                };
                Self::Request(number, Request::Netbios(service, rest.index()?))
            }
            3 => Self::Request(number, Request::Listen(rest.address()?)),
            4 => Self::Request(number, Request::Greet),
            5 if number == 0 => {
                let count = usize::from(rest.byte()?);
                if count > MAX_TASKS {
                    return None;
                }
                let task = |rest: &mut Reader<'_>| {
                    let (age_ms, limit_ms) = (u32::from_le_bytes(rest.array()?), u32::from_le_bytes(rest.array()?));
                    Some(TaskAge { age_ms, limit_ms, name: rest.name()? })
                };
                Self::Report((0..count).map(|_| task(&mut rest)).collect::<Option<_>>()?)
            }
            6 => Self::Request(number, Request::Resolvers),
            _ => return None,
        };
        rest.0.is_empty().then_some(message)
    }
}

impl Verdict {
    pub(super) fn write(&self, number: u16) -> Vec<u8> {
        let mut out = vec![VERSION];
        out.push(match self {
            Self::Granted => 0,
            Self::Refused(_) => 1,
            Self::Greeting(_) => 2,
        });
        out.extend(number.to_le_bytes());
        match self {
            Self::Granted => {}
            Self::Refused(refusal) => {
                let (reason, errno) = match refusal {
                    Refusal::NotAllowed => (0, 0),
                    Refusal::NoInterface => (1, 0),
                    Refusal::TooMany => (2, 0),
                    Refusal::Kernel(errno) => (3, *errno),
                };
                out.push(reason);
                out.extend(errno.to_le_bytes());
            }
            Self::Greeting(greeting) => {
                out.extend([greeting.raw_sockets, greeting.low_ports, greeting.watchdog].map(u8::from));
                out.extend([greeting.crashes, greeting.endings.len().min(MAX_ENDINGS) as u8]);
                for ending in greeting.endings.iter().take(MAX_ENDINGS) {
                    out.extend(ending.at_ms.to_le_bytes());
                    out.extend(ending.ran_s.to_le_bytes());
                    let (cause, detail, name) = match &ending.cause {
                        Cause::Exit(code) => (0, *code, ""),
                        Cause::Signal(number) => (1, *number, ""),
                        Cause::Frozen => (2, 0, ""),
                        Cause::Stuck(task) => (3, 0, task.as_str()),
                    };
                    out.extend([cause, detail]);
                    write_name(name, &mut out);
                }
            }
        }
        out
    }

    /// The verdict and the number of its request; `None`: no message of ours.
    pub(super) fn read(bytes: &[u8]) -> Option<(u16, Self)> {
        let mut rest = Reader(bytes);
        let (VERSION, kind, number) = (rest.byte()?, rest.byte()?, u16::from_le_bytes(rest.array()?)) else {
            return None;
        };
        let verdict = match kind {
            0 => Self::Granted,
            1 => {
                let (reason, errno) = (rest.byte()?, i32::from_le_bytes(rest.array()?));
                Self::Refused(match reason {
                    0 => Refusal::NotAllowed,
                    1 => Refusal::NoInterface,
                    2 => Refusal::TooMany,
                    3 => Refusal::Kernel(errno),
                    _ => return None,
                })
            }
            2 => {
                let [raw_sockets, low_ports, watchdog] = rest.array::<3>()?.map(|flag| flag != 0);
                let (crashes, count) = (rest.byte()?, usize::from(rest.byte()?));
                if count > MAX_ENDINGS {
                    return None;
                }
                let endings = (0..count).map(|_| rest.ending()).collect::<Option<_>>()?;
                Self::Greeting(Greeting { raw_sockets, low_ports, watchdog, crashes, endings })
            }
            _ => return None,
        };
        rest.0.is_empty().then_some((number, verdict))
    }
}

fn write_name(name: &str, out: &mut Vec<u8>) {
    let mut end = name.len().min(MAX_NAME_BYTES);
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    out.push(end as u8);
    out.extend(name.as_bytes().iter().take(end));
}

fn write_address(address: SocketAddr, out: &mut Vec<u8>) {
    let (family, bytes) = match address.ip() {
        IpAddr::V4(ip) => (4, ip.to_ipv6_mapped().octets()),
        IpAddr::V6(ip) => (6, ip.octets()),
    };
    out.push(family);
    out.extend(bytes);
    out.extend(address.port().to_le_bytes());
}

/// What is left of a message.
struct Reader<'b>(&'b [u8]);

impl Reader<'_> {
    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (first, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*first)
    }

    fn byte(&mut self) -> Option<u8> {
        self.array::<1>().map(|[byte]| byte)
    }

    fn index(&mut self) -> Option<Index> {
        self.array().map(u32::from_le_bytes).map(Index)
    }

    fn name(&mut self) -> Option<String> {
        let length = usize::from(self.byte()?);
        if length > MAX_NAME_BYTES {
            return None;
        }
        let (name, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        // It will stand in a line of the log: nothing but plain characters.
        let plain = name.iter().all(|byte| byte.is_ascii_graphic() || *byte == b' ');
        plain.then(|| String::from_utf8_lossy(name).into_owned())
    }

    fn address(&mut self) -> Option<SocketAddr> {
        let (family, bytes) = (self.byte()?, self.array::<16>()?);
        let ip: IpAddr = match family {
            4 => Ipv6Addr::from(bytes).to_ipv4_mapped().map(IpAddr::V4)?,
            6 => Ipv6Addr::from(bytes).into(),
            _ => return None,
        };
        Some((ip, u16::from_le_bytes(self.array()?)).into())
    }

    fn ending(&mut self) -> Option<Ending> {
        let (at_ms, ran_s) = (u64::from_le_bytes(self.array()?), u32::from_le_bytes(self.array()?));
        let ([cause, detail], name) = (self.array::<2>()?, self.name()?);
        let cause = match cause {
            0 => Cause::Exit(detail),
            1 => Cause::Signal(detail),
            2 => Cause::Frozen,
            3 => Cause::Stuck(name),
            _ => return None,
        };
        Some(Ending { at_ms, ran_s, cause })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> Vec<FromService> {
        let task = |name: &str| TaskAge { name: name.into(), age_ms: 1_500, limit_ms: 30_000 };
        vec![
            FromService::Request(7, Request::Link(Index(3))),
            FromService::Request(8, Request::Netbios(Service::NetbiosDatagrams, Index(258))),
            FromService::Request(9, Request::Listen("0.0.0.0:80".parse().unwrap())),
            FromService::Request(10, Request::Listen("[2001:db8::1]:443".parse().unwrap())),
            FromService::Request(11, Request::Greet),
            FromService::Request(12, Request::Resolvers),
            FromService::Report(vec![]),
            FromService::Report((0..MAX_TASKS).map(|_| task("a name that is as long as it may")).collect()),
        ]
    }

    fn verdicts() -> Vec<Verdict> {
        let endings = [Cause::Exit(70), Cause::Signal(9), Cause::Frozen, Cause::Stuck("network".into())];
        let ending = |cause: &Cause| Ending { at_ms: 1 << 40, ran_s: 77, cause: cause.clone() };
        let endings = endings.iter().chain(&endings).map(ending).collect();
        vec![
            Verdict::Granted,
            Verdict::Refused(Refusal::NotAllowed),
            Verdict::Refused(Refusal::NoInterface),
            Verdict::Refused(Refusal::TooMany),
            Verdict::Refused(Refusal::Kernel(98)),
            Verdict::Greeting(Greeting { raw_sockets: true, low_ports: false, watchdog: true, crashes: 5, endings }),
        ]
    }

    #[test]
    fn the_bytes_are_these() {
        let link = FromService::Request(0x0102, Request::Link(Index(3)));
        assert_eq!(link.write(), [1, 1, 2, 1, 3, 0, 0, 0]);
        let listen = FromService::Request(1, Request::Listen("1.2.3.4:80".parse().unwrap()));
        assert_eq!(listen.write(), [1, 3, 1, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 1, 2, 3, 4, 80, 0]);
        let report = FromService::Report(vec![TaskAge { name: "http".into(), age_ms: 5, limit_ms: 256 }]);
        assert_eq!(report.write(), [1, 5, 0, 0, 1, 5, 0, 0, 0, 0, 1, 0, 0, 4, b'h', b't', b't', b'p']);
        assert_eq!(Verdict::Refused(Refusal::Kernel(98)).write(3), [1, 1, 3, 0, 3, 98, 0, 0, 0]);
    }

    #[test]
    fn what_is_written_is_read_and_nothing_that_was_cut_or_grew() {
        for message in all() {
            let bytes = message.write();
            assert!(bytes.len() <= MAX_FRAME_BYTES);
            assert_eq!(FromService::read(&bytes), Some(message));
            for end in 0..bytes.len() {
                assert_eq!(FromService::read(&bytes[..end]), None);
            }
            assert_eq!(FromService::read(&[&bytes[..], &[0]].concat()), None);
        }
        for verdict in verdicts() {
            let bytes = verdict.write(900);
            assert!(bytes.len() <= MAX_FRAME_BYTES);
            assert_eq!(Verdict::read(&bytes), Some((900, verdict)));
            for end in 0..bytes.len() {
                assert_eq!(Verdict::read(&bytes[..end]), None);
            }
        }
    }

    #[test]
    fn any_byte_may_be_anything() {
        for message in all().iter().map(FromService::write).chain(verdicts().iter().map(|verdict| verdict.write(1))) {
            for at in 0..message.len() {
                for value in [0, 1, 2, 6, 10, 32, 33, 127, 255] {
                    let mut changed = message.clone();
                    changed[at] = value;
                    let (_, _) = (FromService::read(&changed), Verdict::read(&changed));
                }
            }
        }
    }

    #[test]
    fn a_name_from_the_service_cannot_write_into_the_terminal() {
        let report = FromService::Report(vec![TaskAge { name: "a\x1b[2J".into(), age_ms: 0, limit_ms: 0 }]);
        assert_eq!(FromService::read(&report.write()), None);
    }
}
