//! Holds the fuzz target of mDNS answers and LLMNR answers.
//! Never sends anything. Called by libFuzzer.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vigie_wire::names::mdns::{MdnsFact, digest, llmnr};

fuzz_target!(|bytes: &[u8]| {
    let mut facts = 0;
    let read = digest(bytes, |fact| {
        facts += 1;
        match fact {
            MdnsFact::ServiceInstance { service, instance, .. } | MdnsFact::Txt { service, instance, .. } => {
                assert!(service.starts_with('_') && !instance.is_empty());
                assert!(!instance.chars().any(char::is_control));
            }
            MdnsFact::HostAddress { host, .. } | MdnsFact::ReverseName { host, .. } => assert!(!host.is_empty()),
            _ => {}
        }
    });
    assert!(read.is_err() || read == Ok(facts));
    if let Ok((_, name)) = llmnr::read_name(bytes, |_, _| true) {
        assert!(!name.is_empty());
    }
});
