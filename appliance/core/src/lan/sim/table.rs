//! Holds the table's own promises: merging and its undoing, what happens when it is full, floods. Run by `cargo test`.

use alloc::vec::Vec;

use super::network::*;
use crate::lan::ChangeKind::*;
use crate::lan::*;
use crate::limits::{MAX_CLUES, MAX_DEVICES, MAX_NAMES, MAX_PORTS, MAX_TENTATIVE};
use crate::{Duration, Mac};

const KEY: Fact<'static> = Fact::Stable(StableId::SshHostKey, "SHA256:abc");

#[test]
fn an_identifier_merges_and_the_undoing_restores_exactly() {
    let mut net = Net::with_hosts(1, 10);
    net.settle();
    for (last, name) in [(4, "laptop"), (5, "dock")] {
        net.sight(Source::Mdns, Some(mac(last)), Some(ip(last)), Fact::Name(name));
        net.sight(Source::Tcp, Some(mac(last)), Some(ip(last)), Fact::Clue(Clue::HttpTitle, name));
    }
    let (a, b) = (net.id(3), net.id(4));
    net.edit(Edit::Label(a, "Bureau")).unwrap();
    net.edit(Edit::Notes(b, "left drawer")).unwrap();
    net.minutes(1);
    net.tell(Input::Stopping);
    let before = (net.lan.device(a).unwrap().record().clone(), net.lan.device(b).unwrap().record().clone());
    net.changes.clear();
    assert_eq!(net.edit(Edit::Merge(a, b)), Ok(a));
    assert_eq!(net.told(), [Merged]);
    assert_eq!((net.id(3), net.id(4)), (a, a));
    assert_eq!(net.forgotten, [b]);
    let merged = net.lan.device(a).unwrap();
    assert_eq!((merged.label(), merged.notes(), merged.interfaces().len()), ("Bureau", "left drawer", 2));
    assert_eq!(net.edit(Edit::Split(a)), Ok(b));
    assert_eq!(net.told(), [Split]);
    let mut after = (net.lan.device(a).unwrap().record().clone(), net.lan.device(b).unwrap().record().clone());
    assert_eq!(after.0.relation(b), Some(record::Relation::Apart));
    for record in [&mut after.0, &mut after.1] {
        record.relations.clear();
    }
    for (after, before) in [(&after.0, &before.0), (&after.1, &before.1)] {
        let (after, before) = (alloc::format!("{after:#?}"), alloc::format!("{before:#?}"));
        let changed: Vec<_> = after.lines().zip(before.lines()).filter(|(after, before)| after != before).collect();
        assert!(changed.is_empty() && after.len() == before.len(), "{changed:#?}");
    }
    assert_eq!(after, before);
    assert_eq!((net.id(3), net.id(4)), (a, b));
    net.minutes(60);
    assert_eq!(net.told(), [], "both are there and were there");
}

#[test]
fn what_a_person_typed_is_kept_without_signs_that_act() {
    let mut net = Net::with_hosts(1, 3);
    net.settle();
    let id = net.id(2);
    net.edit(Edit::Label(id, " \u{202e}gnp\u{1b}[2J.exe\r\n\u{2066}é ")).unwrap();
    net.edit(Edit::Owner(id, "a\0b\nc")).unwrap();
    net.edit(Edit::Notes(id, "one\r\n\ttwo\u{2028}\u{7}")).unwrap();
    net.edit(Edit::Tags(id, &["\u{202d}", "\u{7f}till"])).unwrap();
    let device = net.lan.device(id).unwrap();
    assert_eq!((device.label(), device.owner(), device.notes()), ("gnp[2J.exeé", "abc", "one\ntwo"));
    let tags: Vec<&str> = device.tags().iter().map(crate::Text::as_str).collect();
    assert_eq!(tags, ["till"]);
}

#[test]
fn what_was_learnt_while_merged_goes_to_its_owner() {
    let mut net = Net::with_hosts(2, 10);
    net.settle();
    let (a, b) = (net.id(3), net.id(4));
    net.sight(Source::Mdns, Some(mac(5)), Some(ip(5)), Fact::Name("its-own"));
    net.edit(Edit::Merge(a, b)).unwrap();
    net.hosts[4].ips = [ip(99)].into();
    net.minutes(20);
    net.sight(Source::Mdns, Some(mac(5)), Some(ip(99)), Fact::Name("its-own"));
    net.edit(Edit::Label(a, "since")).unwrap();
    net.edit(Edit::Split(a)).unwrap();
    let (one, two) = (net.lan.device(a).unwrap(), net.lan.device(b).unwrap());
    assert_eq!(two.ip(), Some(ip(99)));
    assert_eq!(two.hostname().unwrap().value, "its-own");
    assert!(one.hostname().is_none() && one.names().is_empty());
    assert_eq!((one.label(), two.label()), ("since", ""));
}

#[test]
fn equal_identifiers_are_one_device_unless_something_speaks_against_it() {
    let mut net = Net::with_hosts(3, 10);
    net.settle();
    for last in [4, 5] {
        net.sight(Source::Ssh, Some(mac(last)), Some(ip(last)), KEY);
    }
    assert_eq!(net.told(), [Merged]);
    assert_eq!(net.id(3), net.id(4));
    let whole = net.id(3);
    net.edit(Edit::Split(whole)).unwrap();
    for last in [4, 5, 4, 5] {
        net.sight(Source::Ssh, Some(mac(last)), Some(ip(last)), KEY);
    }
    assert_eq!(net.told(), [Split], "a person's word stands");

    let mut net = Net::with_hosts(4, 10);
    net.settle();
    for (last, name) in [(4, "pi-one"), (5, "pi-two")] {
        net.sight(Source::Mdns, Some(mac(last)), Some(ip(last)), Fact::Name(name));
        net.sight(Source::Ssh, Some(mac(last)), Some(ip(last)), KEY);
        net.sight(Source::Ssh, Some(mac(last)), Some(ip(last)), KEY);
    }
    assert_eq!(net.told(), [MergeProposed], "two cards copied from one image");

    let mut net = Net::with_hosts(5, 10);
    net.settle();
    let id = net.id(3);
    net.edit(Edit::Trust(id, Trust::Trusted)).unwrap();
    let udn = Fact::Stable(StableId::Upnp, "uuid:1");
    for last in [4, 5] {
        net.sight(Source::Ssdp, Some(mac(last)), Some(ip(last)), udn);
    }
    assert_eq!(net.told(), [MergeProposed], "trust is not stolen by repeating a word");
}

#[test]
fn an_address_had_in_turn_merges_nobody() {
    let mut net = Net::with_hosts(6, 10);
    net.settle();
    let id = net.id(3);
    net.hosts[3].on = false;
    net.minutes(60);
    net.hosts.push(Host { mac: mac(200), ..Host::new(4) });
    net.minutes(60);
    assert_eq!(net.told(), [Offline, NewDevice]);
    assert_ne!(net.id(11), id);
}

fn random_mac(net: &mut Net) -> Mac {
    let roll = net.roll(u64::MAX).to_le_bytes();
    Mac([roll[0] & 0xfc | 2, roll[1], roll[2], roll[3], roll[4], roll[5]])
}

#[test]
fn ten_thousand_invented_macs_are_no_devices() {
    let mut net = Net::with_hosts(7, 20);
    net.settle();
    for _ in 0..10_000 {
        let forged = random_mac(&mut net);
        let at = ip(50 + u8::try_from(net.roll(100)).unwrap());
        net.sight(Source::Arp, Some(forged), Some(at), Fact::Claims);
        net.now += Duration::from_millis(3);
        assert!(net.lan.stats().tentative as usize <= MAX_TENTATIVE);
    }
    net.minutes(60);
    assert_eq!(net.told(), []);
    assert_eq!((net.lan.stats().devices, net.lan.stats().tentative), (22, 0));
    assert!(net.saved.len() < 200, "{}", net.saved.len());
}

#[test]
fn a_full_table_lets_the_longest_gone_leave_and_turns_away_the_rest() {
    let mut net = Net::with_hosts(8, 20);
    net.settle();
    net.hosts[3].on = false;
    net.hosts[4].on = false;
    net.minutes(60);
    assert_eq!(net.told(), [Offline, Offline]);
    let (dear, gone) = (net.id(3), net.id(4));
    net.edit(Edit::Watch(dear, true)).unwrap();
    net.sweep_s = None;
    let answered = Fact::Answered(Duration::from_millis(1));
    for number in 0..MAX_DEVICES as u32 + 10 {
        let [_, a, b, c] = number.to_be_bytes();
        net.sight(Source::Icmp, Some(Mac([0, 0x50, 0x56, a, b, c])), None, answered);
    }
    let told = net.told();
    assert_eq!(told.iter().filter(|kind| **kind == TableFull).count(), 1);
    assert_eq!(net.forgotten, [gone], "nobody cares for it");
    assert!(net.lan.device(dear).is_some());
    let stats = net.lan.stats();
    assert_eq!((stats.devices as usize, stats.evicted), (MAX_DEVICES, 1));
    assert_eq!(stats.turned_away, 10 + 22 - 1);
}

#[test]
fn in_a_crowd_each_is_remembered_by_half_as_much_and_nothing_known_is_lost() {
    let mut net = Net::with_hosts(10, 20);
    net.settle();
    net.sweep_s = None;
    let talk = |net: &mut Net, mac: Mac| {
        for number in 0..70 {
            let text = alloc::format!("thing {number}");
            net.sight(Source::Mdns, Some(mac), None, Fact::Clue(Clue::Service, &text));
            net.sight(Source::Mdns, Some(mac), None, Fact::Name(&text));
            let port = Port { transport: Transport::Tcp, number };
            net.sight(Source::Mdns, Some(mac), None, Fact::Port { port, open: true });
        }
        let device = net.lan.find_mac(mac).unwrap();
        (device.names().len(), device.clues().len(), device.ports().len())
    };
    let (early, late) = (net.hosts[3].mac, net.hosts[4].mac);
    assert_eq!(talk(&mut net, early), (MAX_NAMES, MAX_CLUES, MAX_PORTS));
    let answered = Fact::Answered(Duration::from_millis(1));
    for number in 0..=MAX_DEVICES as u32 / 2 {
        let [_, a, b, c] = number.to_be_bytes();
        net.sight(Source::Icmp, Some(Mac([0, 0x50, 0x56, a, b, c])), None, answered);
    }
    assert_eq!(talk(&mut net, late), (MAX_NAMES / 2, MAX_CLUES / 2, MAX_PORTS / 2));
    assert_eq!(talk(&mut net, early), (MAX_NAMES, MAX_CLUES, MAX_PORTS));
}

#[test]
fn where_nothing_changes_nothing_is_saved() {
    let mut net = Net::with_hosts(9, 50);
    net.loss = 20;
    net.settle();
    net.minutes(30);
    net.saved.clear();
    net.pass(Duration::from_secs(3 * 86_400));
    assert_eq!(net.saved, [], "in three days in which nothing happened");
    // When something does, the times of all the others ride along, once.
    net.hosts[4].on = false;
    net.minutes(60);
    assert_eq!(net.told(), [Offline]);
    let mut saved = net.saved.clone();
    saved.sort();
    let all = saved.len();
    saved.dedup();
    assert!(saved.len() >= 51 && all <= saved.len() + 2, "{all} saves of {} devices", saved.len());
    net.saved.clear();
    net.pass(Duration::from_secs(2 * 86_400));
    assert_eq!(net.saved, [], "and that alone is no reason to write again");
    // One that came and went settles as what was told of it last.
    for _ in 0..3 {
        net.hosts[7].on = false;
        net.minutes(40);
        net.hosts[7].on = true;
        net.minutes(6);
    }
    assert!(net.told().contains(&Flapping));
    net.minutes(20);
    net.saved.clear();
    net.pass(Duration::from_secs(86_400));
    assert_eq!(net.told(), []);
    assert_eq!(net.saved, [], "that it no longer flaps is not stored");
}

#[test]
fn what_does_not_fit_waits() {
    let mut net = Net::with_hosts(10, 200);
    let mut out = Actions::new();
    for last in 1..=200 {
        let answered = Fact::Answered(Duration::from_millis(1));
        let seen =
            Sighting { segment: LAN, source: Source::Icmp, mac: Some(mac(last)), ip: Some(ip(last)), fact: answered };
        net.lan.on(net.now, Input::Sighting(&seen), &mut out);
    }
    assert!(out.is_full());
    let mut new = 0;
    while net.lan.next_wake().is_some_and(|wake| wake <= net.now) {
        new += out.iter().filter(|action| matches!(action, Action::Change(change) if change.kind == NewDevice)).count();
        out.clear();
        net.lan.on(net.now, Input::Tick, &mut out);
    }
    new += out.iter().filter(|action| matches!(action, Action::Change(change) if change.kind == NewDevice)).count();
    assert_eq!(new, 200);
}

#[test]
fn a_merged_device_can_be_merged_again_and_both_undone_in_turn() {
    let mut net = Net::with_hosts(11, 10);
    net.settle();
    let [a, b, c] = [3, 4, 5].map(|host| net.id(host));
    net.edit(Edit::Label(c, "The third")).unwrap();
    net.changes.clear();
    assert_eq!(net.edit(Edit::Merge(a, b)), Ok(a));
    // Now the one that took another in goes itself into a third, with all it had.
    assert_eq!(net.edit(Edit::Merge(c, a)), Ok(c));
    assert_eq!(net.told(), [Merged, Merged]);
    let all = net.lan.device(c).unwrap();
    assert_eq!((all.interfaces().len(), all.label()), (3, "The third"));
    for host in [3, 4, 5] {
        assert_eq!(net.id(host), c);
    }
    assert!(net.lan.device(a).is_none() && net.lan.device(b).is_none());
    // The last merge is undone first: what comes out is the device that was merged before, still as one.
    assert_eq!(net.edit(Edit::Split(c)), Ok(a));
    assert_eq!([3, 4, 5].map(|host| net.id(host)), [a, a, c]);
    assert_eq!(net.lan.device(a).unwrap().interfaces().len(), 2);
    assert_eq!(net.edit(Edit::Split(a)), Ok(b));
    assert_eq!([3, 4, 5].map(|host| net.id(host)), [a, b, c]);
    assert_eq!(net.edit(Edit::Split(a)), Err(Refusal::NothingToSplit));
    assert_eq!(net.lan.device(c).unwrap().label(), "The third");
}

#[test]
fn a_maker_that_changes_is_told_once_and_an_empty_word_is_none() {
    let mut net = Net::with_hosts(12, 10);
    net.settle();
    let host = net.hosts[3].clone();
    let say = |net: &mut Net, maker: &str| {
        for _ in 0..2 {
            net.pass(Duration::from_secs(5));
            net.sight(Source::Mdns, Some(host.mac), Some(host.ips[0]), Fact::Clue(Clue::Manufacturer, maker));
        }
        net.minutes(2);
        net.told()
    };
    assert_eq!(say(&mut net, "Acme"), [], "a maker that becomes known is no change");
    assert_eq!(say(&mut net, "Acme"), []);
    assert_eq!(say(&mut net, ""), []);
    assert_eq!(say(&mut net, "Apex"), [], "said once beside the other, it may be either");
    assert_eq!(say(&mut net, "Acme"), []);
    net.minutes(90);
    net.changes.clear();
    assert_eq!(say(&mut net, "Apex"), [VendorChanged], "the other has not been said for long");
    assert_eq!(net.device(3).vendor().map(|field| field.value.as_str()), Some("Apex"));
    net.minutes(90);
    assert_eq!(say(&mut net, "Apex"), []);
}

#[test]
fn whoever_claims_an_address_is_not_merged_by_what_its_owner_says_from_there() {
    let mut net = Net::with_hosts(13, 10);
    net.settle();
    let owner = net.hosts[3].clone();
    net.sight(Source::Ssdp, Some(owner.mac), Some(owner.ips[0]), KEY);
    let thief = net.hosts[4].mac;
    net.sight(Source::Arp, Some(thief), Some(owner.ips[0]), Fact::Claims);
    net.minutes(1);
    net.sight(Source::Arp, Some(thief), Some(owner.ips[0]), Fact::Claims);
    // A datagram comes through a socket, so without a MAC: it is the owner's, whoever claims the address just now.
    net.sight(Source::Ssdp, None, Some(owner.ips[0]), KEY);
    net.minutes(5);
    assert!(!net.told().contains(&Merged));
    assert_ne!(net.id(3), net.id(4));
}
