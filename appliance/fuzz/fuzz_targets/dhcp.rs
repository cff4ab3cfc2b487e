//! Holds the fuzz target of both DHCP parsers.
//! Never stops at the fixed fields: the header that guards the options is also put right.
//! Called by `run`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vigie_wire::link::dhcp::{Duid, Fqdn, parse, parse6};

fuzz_target!(|data: &[u8]| {
    read(data);
    read6(data);
    // The fuzzer's octets as options behind a good header, and in the two fields that overload gives to options.
    let mut message = vec![0u8; 240];
    message[..3].copy_from_slice(&[1, 1, 6]);
    message[236..].copy_from_slice(&[0x63, 0x82, 0x53, 0x63]);
    for (slot, octet) in message[44..236].iter_mut().zip(data) {
        *slot = *octet;
    }
    message.extend_from_slice(data);
    read(&message);
});

fn read(payload: &[u8]) {
    let Ok(read) = parse(payload) else { return };
    for text in [read.hostname, read.vendor_class, read.domain].into_iter().flatten() {
        assert!((1..=255).contains(&text.len()) && text.last() != Some(&0));
    }
    for octets in [read.client_id, read.parameters].into_iter().flatten() {
        assert!((1..=255).contains(&octets.len()));
    }
    check_name(read.fqdn);
}

fn read6(payload: &[u8]) {
    let Ok(read) = parse6(payload) else { return };
    assert!(read.xid < 1 << 24);
    for duid in [read.client, read.server].into_iter().flatten() {
        assert!((3..=Duid::MAX_LEN).contains(&duid.octets().len()));
        let _ = duid.mac();
    }
    assert!(read.requested.is_none_or(|list| !list.is_empty() && list.len() % 2 == 0));
    check_name(read.fqdn);
}

fn check_name(name: Option<Fqdn<'_>>) {
    let host = name.and_then(|name| name.host());
    assert!(host.is_none_or(|host| (1..=63).contains(&host.len())));
}
