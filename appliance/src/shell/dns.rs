//! Holds questions to resolvers (RFC 1035): one question with its answer, and the addresses of a host that a person named.
//! Never asks by the C library: a static program has only a part of its resolver, and the list of resolvers is out of a
//! confined process's reach. It never keeps an answer. Called by the errand for neighbours' names and by what forwards the log.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use tokio::net::UdpSocket;
use tokio::time::timeout;
use vigie_wire::names::dns::{Message, Name, Query, RData, Section, kind};

use super::broker;

/// Where resolvers listen.
pub(crate) const PORT: u16 = 53;
/// Recursion desired (RFC 1035 section 4.1.1).
const RECURSION: u16 = 0x0100;
/// What an answer may say (RFC 1035 section 4.1.1); the others are failures of who answers.
const NO_ERROR: u8 = 0;
const NO_SUCH_NAME: u8 = 3;
/// As many as the C library asks (`resolv.conf`(5)).
const MAX_RESOLVERS: usize = 3;
/// Domains in which a short name is looked for.
const MAX_DOMAINS: usize = 6;
/// A resolver that must ask others first.
const PATIENCE: Duration = Duration::from_secs(2);
/// Times each is asked.
const TIMES: usize = 2;
/// Names that this machine knows by itself.
const HOSTS: &str = "/etc/hosts";

/// The resolvers that this machine is told to ask.
pub(crate) fn configured() -> Vec<SocketAddr> {
    resolvers(&broker::resolvers())
}

/// Asks one resolver one question, and reads its answer. `None`: there was none within `patience`.
pub(crate) async fn exchange<T>(
    resolver: SocketAddr,
    name: &Name,
    record: u16,
    patience: Duration,
    read: impl FnOnce(&Message<'_>) -> T,
) -> Option<T> {
    let id = u16::from_le_bytes(vigie_sys::random::bytes::<2>().ok()?);
    let mut query = Query::new(id, RECURSION);
    let _fits = query.ask(name, record, false);
    let packet = query.finish()?;
    let any: SocketAddr = if resolver.is_ipv4() { ([0, 0, 0, 0], 0).into() } else { ([0u16; 8], 0).into() };
    // A port of its own for each question, drawn by the kernel, and connected: nobody else's answer gets here.
    let socket = UdpSocket::bind(any).await.ok()?;
    socket.connect(resolver).await.ok()?;
    socket.send(&packet).await.ok()?;
    let answer = async {
        let mut buffer = [0; 1_232];
        loop {
            let length = socket.recv(&mut buffer).await.ok()?;
            let Ok(message) = Message::parse(buffer.get(..length)?) else { continue };
            if message.header.id == id && message.header.is_response() {
                return Some(read(&message));
            }
        }
    };
    timeout(patience, answer).await.ok()?
}

/// The addresses of a host: written as one, known to this machine, or known to its resolvers, those of version 4 first.
///
/// # Errors
/// When nobody knows it, or nobody answers.
pub(crate) async fn addresses(host: &str) -> io::Result<Vec<IpAddr>> {
    if let Ok(ip) = host.parse() {
        return Ok(vec![ip]);
    }
    let known = in_hosts(&std::fs::read_to_string(HOSTS).unwrap_or_default(), host);
    if !known.is_empty() {
        return Ok(known);
    }
    let list = broker::resolvers();
    let mut has_answer = false;
    for name in candidates(host, &list) {
        let mut found = Vec::new();
        for record in [kind::A, kind::AAAA] {
            let answer = ask_each(&resolvers(&list), &name, record).await;
            has_answer |= answer.is_some();
            found.extend(answer.unwrap_or_default());
        }
        if !found.is_empty() {
            return Ok(found);
        }
    }
    Err(match has_answer {
        true => io::Error::new(io::ErrorKind::NotFound, format!("no resolver knows an address of “{host}”")),
        false => io::Error::new(io::ErrorKind::TimedOut, format!("no resolver answered the question for “{host}”")),
    })
}

/// The first answer of these resolvers that says something: one that cannot or will not look is as good as none.
async fn ask_each(resolvers: &[SocketAddr], name: &Name, record: u16) -> Option<Vec<IpAddr>> {
    for _ in 0..TIMES {
        for resolver in resolvers {
            if let Some(found) = exchange(*resolver, name, record, PATIENCE, answered).await.flatten() {
                return Some(found);
            }
        }
    }
    None
}

/// The addresses in an answer; `None` when it is none. Aliases are followed by who answers, so they may be those of
/// another name.
fn answered(message: &Message<'_>) -> Option<Vec<IpAddr>> {
    if !matches!(message.header.rcode(), NO_ERROR | NO_SUCH_NAME) {
        return None;
    }
    let records = message.records().map_while(Result::ok).take_while(|record| record.section == Section::Answer);
    let address = |data| match data {
        RData::A(ip) => Some(IpAddr::V4(ip)),
        RData::Aaaa(ip) => Some(IpAddr::V6(ip)),
        _ => None,
    };
    Some(records.filter_map(|record| address(record.data)).collect())
}

/// What follows one of these words at the beginning of a line.
fn entries<'a>(text: &'a str, heads: &'static [&str]) -> impl Iterator<Item = std::str::SplitAsciiWhitespace<'a>> {
    text.lines().filter_map(|line| {
        let mut words = line.split_ascii_whitespace();
        heads.contains(&words.next()?).then_some(words)
    })
}

fn resolvers(list: &str) -> Vec<SocketAddr> {
    let named = entries(list, &["nameserver"]).filter_map(|mut words| words.next()?.parse().ok());
    let mut found: Vec<SocketAddr> = named.take(MAX_RESOLVERS).map(|ip: IpAddr| SocketAddr::new(ip, PORT)).collect();
    if found.is_empty() {
        found.push(SocketAddr::new(Ipv4Addr::LOCALHOST.into(), PORT));
    }
    found
}

/// The names under which a host is looked for: one without a dot first within the domains of the place.
fn candidates(host: &str, list: &str) -> Vec<Name> {
    let is_whole = host.ends_with('.');
    // The last line of them counts (`resolv.conf`(5)).
    let domains = entries(list, &["search", "domain"]).last().into_iter().flatten().take(MAX_DOMAINS);
    let mut names: Vec<String> = match is_whole {
        true => Vec::new(),
        false => domains.map(|domain| format!("{host}.{domain}")).collect(),
    };
    let first = if host.contains('.') { 0 } else { names.len() };
    names.insert(first, host.to_owned());
    names.iter().filter_map(|name| Name::from_dotted(name)).collect()
}

/// The addresses of a host in the text of `hosts`(5).
fn in_hosts(text: &str, host: &str) -> Vec<IpAddr> {
    let lines = text.lines().filter_map(|line| {
        let mut words = line.split('#').next()?.split_ascii_whitespace();
        let ip = words.next()?.parse().ok()?;
        words.any(|word| word.eq_ignore_ascii_case(host)).then_some(ip)
    });
    lines.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(host: &str, list: &str) -> Vec<String> {
        candidates(host, list).iter().map(|name| name.to_text::<128>().as_str().to_owned()).collect()
    }

    #[test]
    fn a_short_name_is_looked_for_in_the_domains_of_the_place_first() {
        let list = "domain old.example\nsearch lan corp.example\n";
        assert_eq!(texts("logs", list), ["logs.lan", "logs.corp.example", "logs"]);
        assert_eq!(texts("logs.example.org", "search lan"), ["logs.example.org", "logs.example.org.lan"]);
        assert_eq!(texts("logs.example.org.", "search lan"), ["logs.example.org"]);
        assert_eq!(texts("logs", ""), ["logs"]);
        assert!(texts("two..dots", "").is_empty());
    }

    #[test]
    fn the_first_three_resolvers_are_asked_or_else_this_machine() {
        let list = "# nameserver 192.0.2.9\nnameserver 192.0.2.1\nnameserver\tfd00::1\nnameserver fe80::1%eth0\n\
                    nameserver 192.0.2.3\nnameserver 192.0.2.4\n";
        let expected = ["192.0.2.1:53", "[fd00::1]:53", "192.0.2.3:53"].map(|text| text.parse().unwrap());
        assert_eq!(resolvers(list), expected);
        assert_eq!(resolvers(""), ["127.0.0.1:53".parse().unwrap()]);
    }

    #[test]
    fn this_machine_knows_its_own_list() {
        let text = "127.0.0.1 localhost\n# 192.0.2.8 logs\n192.0.2.7 logs.lan Logs # logs2\n2001:db8::7 logs\nx y\n";
        assert_eq!(in_hosts(text, "logs"), ["192.0.2.7", "2001:db8::7"].map(|ip| ip.parse::<IpAddr>().unwrap()));
        assert!(in_hosts(text, "logs2").is_empty() && in_hosts(text, "192.0.2.7").is_empty());
    }

    #[tokio::test]
    async fn an_answer_is_read_through_its_alias_and_another_questions_answer_is_not() {
        let resolver = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let to = resolver.local_addr().unwrap();
        let serve = async {
            let mut asked = [0; 512];
            let (length, from) = resolver.recv_from(&mut asked).await.unwrap();
            let mut answer = asked[..length].to_vec();
            // Response, recursion available; one question, an alias and two addresses, one that belongs to nothing.
            answer[2..4].copy_from_slice(&[0x81, 0x80]);
            answer[6..12].copy_from_slice(&[0, 2, 0, 0, 0, 1]);
            answer.extend(*b"\xc0\x0c\0\x05\0\x01\0\0\0\x3c\0\x04\x01x\xc0\x11");
            answer.extend(*b"\x01x\xc0\x11\0\x01\0\x01\0\0\0\x3c\0\x04\xc0\0\x02\x07");
            answer.extend(*b"\x01y\xc0\x11\0\x01\0\x01\0\0\0\x3c\0\x04\xc0\0\x02\x09");
            let mut other = answer.clone();
            (other[0], other[answer.len() - 20]) = (!other[0], 8);
            resolver.send_to(&other, from).await.unwrap();
            resolver.send_to(b"nonsense", from).await.unwrap();
            resolver.send_to(&answer, from).await.unwrap();
        };
        let name = Name::from_dotted("logs.lan").unwrap();
        let (found, ()) = tokio::join!(exchange(to, &name, kind::A, Duration::from_secs(20), answered), serve);
        assert_eq!(found.unwrap().unwrap(), ["192.0.2.7".parse::<IpAddr>().unwrap()]);
    }

    #[test]
    fn a_resolver_that_fails_or_refuses_has_not_answered() {
        let header = |rcode: u8| [0, 1, 0x81, 0x80 | rcode, 0, 0, 0, 0, 0, 0, 0, 0];
        for (rcode, says) in [(0, true), (2, false), (3, true), (5, false)] {
            let bytes = header(rcode);
            assert_eq!(answered(&Message::parse(&bytes).unwrap()).is_some(), says, "{rcode}");
        }
    }

    #[tokio::test]
    async fn an_address_is_asked_of_nobody() {
        assert_eq!(addresses("192.0.2.1").await.unwrap(), ["192.0.2.1".parse::<IpAddr>().unwrap()]);
        assert_eq!(addresses("2001:db8::1").await.unwrap(), ["2001:db8::1".parse::<IpAddr>().unwrap()]);
    }
}
