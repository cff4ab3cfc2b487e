//! Holds what a lease of a DHCP server says of the client it was given to.
//! Never says that the client is there. Called by the watch over the lease file.

use data_encoding::HEXLOWER;
use vigie_core::lan::{Fact, SegmentId, Sighting, Source, StableId};
use vigie_wire::Mac;
use vigie_wire::names::lease::Lease;

use super::dhcp::{hex, names_more_than};
use super::{News, Tell, is_a_name, short};

/// Tells what a lease on `segment` says.
pub(in super::super) fn lease(segment: SegmentId, lease: &Lease, tell: &mut Tell<'_>) {
    let (mac, ip) = (lease.mac, Some(lease.ip));
    let mut say = |fact| tell(News::Saw(Sighting { segment, source: Source::Lease, mac, ip, fact }));
    if is_a_name(&lease.name) {
        say(Fact::Name(short(&lease.name)));
    }
    let client = HEXLOWER.decode(lease.client.as_bytes()).unwrap_or_default();
    // A client without a MAC in the file is known by its DUID only.
    if names_more_than(&client, mac.unwrap_or(Mac([0; 6]))) {
        say(Fact::Stable(StableId::DhcpClient, &hex(&client)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use vigie_wire::names::lease::read_lease;

    fn told(line: &str) -> Vec<String> {
        let read = read_lease(line.as_bytes()).unwrap().unwrap();
        let mut said = Vec::new();
        lease(SegmentId(0), &read, &mut |news| {
            if let News::Saw(Sighting { mac, ip, fact, .. }) = news {
                said.push(format!("{} {} {fact:?}", mac.is_some(), ip.unwrap()));
            }
        });
        said
    }

    #[test]
    fn a_name_and_an_identifier_are_all_it_says() {
        assert_eq!(
            told("9 8e:3b:11:02:9d:7e 10.77.0.40 Galaxy-S23 01:8e:3b:11:02:9d:7e"),
            ["true 10.77.0.40 Name(\"Galaxy-S23\")"]
        );
        assert_eq!(
            told("9 8e:3b:11:02:9d:7e 10.77.0.40 * ff:11:02:9d:7e:00:03:00:01:09:09:09:09:09:09"),
            ["true 10.77.0.40 Stable(DhcpClient, \"00030001090909090909\")"]
        );
        assert_eq!(
            told("9 77 fd77::abcd laptop 00:03:00:01:09:09:09:09:09:09"),
            ["false fd77::abcd Name(\"laptop\")", "false fd77::abcd Stable(DhcpClient, \"00030001090909090909\")"]
        );
        assert_eq!(told("9 8e:3b:11:02:9d:7e 10.77.0.40 * *"), Vec::<String>::new());
    }
}
