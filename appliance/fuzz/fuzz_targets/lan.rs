//! Holds the fuzz target of the machine that knows the devices: lists of sightings, sweeps, edits, pauses and restarts.
//! Never plays what the shell cannot do: ids are those of devices that were told, times only go forward.
//! Called by `run`.
#![no_main]

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::LazyLock;

use embassy_time::{Duration, Instant};
use libfuzzer_sys::arbitrary::{Result, Unstructured};
use libfuzzer_sys::fuzz_target;
use vigie_core::lan::rule::RuleSet;
use vigie_core::lan::*;
use vigie_core::limits::*;
use vigie_wire::Mac;

/// Longer lists find nothing that several shorter ones do not.
const MAX_STEPS: usize = 400;

/// Calls within which everything that is due must have been said: each hands over `MAX_ACTIONS`.
const MAX_CALLS: usize = 2_000;

static RULES: LazyLock<RuleSet> = LazyLock::new(|| {
    let (rules, problems) = RuleSet::read(&[include_str!("../../profiles/devices.rules")]);
    assert!(problems.is_empty());
    rules
});

struct Play {
    lan: Lan<&'static RuleSet>,
    now: Instant,
    boot: u32,
    /// What the store would hold.
    stored: BTreeMap<DeviceId, Vec<u8>>,
    told_new: BTreeSet<DeviceId>,
}

fuzz_target!(|data: &[u8]| {
    let mut choices = Unstructured::new(data);
    let mut play = Play::new();
    for _ in 0..MAX_STEPS {
        if choices.is_empty() || play.step(&mut choices).is_err() {
            break;
        }
        play.check();
    }
    play.restart(Some(Duration::from_secs(60)));
    play.check();
});

fn mac(choices: &mut Unstructured<'_>) -> Result<Mac> {
    let last = choices.int_in_range(0..=15)?;
    Ok(match choices.int_in_range(0..=7)? {
        0 => Mac(choices.arbitrary()?),
        1 => Mac([0x02, 0, 0, 0, 0, last]),
        2 => Mac([0x00, 0x00, 0x5e, 0x00, 0x01, last]),
        _ => Mac([0x00, 0x1b, 0x63, 0, 0, last]),
    })
}

fn ip(choices: &mut Unstructured<'_>) -> Result<IpAddr> {
    let last: u8 = choices.int_in_range(0..=31)?;
    Ok(match choices.int_in_range(0..=7)? {
        0 => IpAddr::V4(Ipv4Addr::from(choices.arbitrary::<[u8; 4]>()?)),
        1 => IpAddr::V6(Ipv6Addr::from(choices.arbitrary::<[u8; 16]>()?)),
        2 => IpAddr::V6(Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, last.into())),
        _ => IpAddr::V4(Ipv4Addr::new(10, 0, 0, last)),
    })
}

fn segment(choices: &mut Unstructured<'_>) -> Result<SegmentId> {
    Ok(SegmentId(choices.int_in_range(0..=9)?))
}

fn word<'a>(choices: &mut Unstructured<'a>) -> Result<&'a str> {
    const WORDS: [&str; 8] = ["", "host", "HP LaserJet", "iPhone", "uuid:1", "\u{202e}evil\u{7}", "a.b.c.d", "apple"];
    if choices.ratio(1, 3)? {
        return choices.arbitrary();
    }
    choices.choose(&WORDS).copied()
}

const CLUES: [Clue; 8] = [
    Clue::Service,
    Clue::Model,
    Clue::Manufacturer,
    Clue::DhcpOptions,
    Clue::Greeting,
    Clue::Os,
    Clue::MacVendor,
    Clue::HttpTitle,
];
const STABLE: [StableId; 4] = [StableId::SshHostKey, StableId::DhcpClient, StableId::Upnp, StableId::Serial];
const ROLES: [Role; 5] = [Role::Gateway, Role::Ipv6Router, Role::DhcpServer, Role::Resolver, Role::Myself];

fn fact<'a>(choices: &mut Unstructured<'a>) -> Result<Fact<'a>> {
    Ok(match choices.int_in_range(0..=9)? {
        0 => Fact::Alive,
        // An answer that took longer than 71 minutes is none of ours.
        1 => Fact::Answered(Duration::from_micros(choices.arbitrary::<u32>()?.into())),
        2 | 3 => Fact::Claims,
        4 => Fact::Name(word(choices)?),
        5 => Fact::Clue(*choices.choose(&CLUES)?, word(choices)?),
        6 => {
            let transport = *choices.choose(&[Transport::Tcp, Transport::Udp])?;
            Fact::Port { port: Port { transport, number: choices.arbitrary()? }, open: choices.arbitrary()? }
        }
        7 => Fact::Stable(*choices.choose(&STABLE)?, word(choices)?),
        8 => Fact::Role(*choices.choose(&ROLES)?),
        _ => Fact::Goodbye,
    })
}

/// Another one each boot, as the shell draws it: with one seed for all, a newcomer would get the id of one forgotten before.
fn seed(boot: u32) -> u64 {
    u64::from(boot) << 32 | 7
}

impl Play {
    fn new() -> Self {
        let lan = Lan::new(1, seed(1), LanSettings::default(), &*RULES);
        let mut play =
            Self { lan, now: Instant::from_secs(1), boot: 1, stored: BTreeMap::new(), told_new: BTreeSet::new() };
        play.leg_up();
        play
    }

    fn leg_up(&mut self) {
        let addresses = [(IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1)), 24)];
        let leg = Leg {
            segment: SegmentId(0),
            mac: Some(Mac([0x00, 0x1b, 0x63, 0, 0, 1])),
            addresses: &addresses,
            gateway: Some(IpAddr::V4(Ipv4Addr::new(10, 0, 0, 2))),
            sees_macs: true,
        };
        self.tell(Input::SegmentUp(leg));
    }

    fn step(&mut self, choices: &mut Unstructured<'_>) -> Result<()> {
        match choices.int_in_range(0..=15)? {
            0..=6 => {
                let (mac, ip) = match choices.int_in_range(0..=3)? {
                    0 => (Some(mac(choices)?), None),
                    1 => (None, Some(ip(choices)?)),
                    _ => (Some(mac(choices)?), Some(ip(choices)?)),
                };
                let source = *choices.choose(Source::ALL)?;
                let fact = fact(choices)?;
                self.tell(Input::Sighting(&Sighting { segment: segment(choices)?, source, mac, ip, fact }));
            }
            7 => {
                let began = self.now;
                self.pass(Duration::from_millis(choices.arbitrary::<u16>()?.into()));
                let (asked, whole) = (choices.arbitrary()?, choices.arbitrary()?);
                self.tell(Input::SweepEnded { segment: segment(choices)?, began, asked, whole });
            }
            8 => {
                let ports: [u16; 3] = choices.arbitrary()?;
                let host = if choices.arbitrary()? { Some(ip(choices)?) } else { None };
                let began = self.now;
                self.tell(Input::PortsAsked { segment: segment(choices)?, host, began, ports: &ports });
            }
            9 => self.pass(Duration::from_secs(choices.int_in_range(0..=90_000)?)),
            10 => self.tell(Input::SegmentDown { segment: segment(choices)? }),
            11 => {
                let addresses = [(ip(choices)?, choices.arbitrary()?), (ip(choices)?, choices.arbitrary()?)];
                let leg = Leg {
                    segment: segment(choices)?,
                    mac: if choices.arbitrary()? { Some(mac(choices)?) } else { None },
                    addresses: &addresses,
                    gateway: if choices.arbitrary()? { Some(ip(choices)?) } else { None },
                    sees_macs: choices.arbitrary()?,
                };
                self.tell(Input::SegmentUp(leg));
            }
            12 => self.restart(if choices.arbitrary()? {
                Some(Duration::from_secs(choices.arbitrary::<u32>()?.into()))
            } else {
                None
            }),
            _ => self.edit(choices)?,
        }
        Ok(())
    }

    fn edit(&mut self, choices: &mut Unstructured<'_>) -> Result<()> {
        let ids: Vec<DeviceId> = self.lan.devices().map(Device::id).collect();
        let mut id = || if ids.is_empty() { Ok(DeviceId(1)) } else { choices.choose(&ids).copied() };
        let (a, b) = (id()?, id()?);
        let tags = ["one", "two", ""];
        let edit = match choices.int_in_range(0..=12)? {
            0 => Edit::Label(a, word(choices)?),
            1 => Edit::Owner(a, word(choices)?),
            2 => Edit::Notes(a, word(choices)?),
            3 => Edit::Tags(a, tags.get(..choices.int_in_range(0..=3)?).unwrap_or_default()),
            4 => Edit::Trust(a, *choices.choose(&[Trust::Unknown, Trust::Trusted, Trust::Blocked])?),
            5 => Edit::Watch(a, choices.arbitrary()?),
            6 => Edit::Hostname(a, word(choices)?),
            7 => {
                let mac = if choices.arbitrary()? { Some(mac(choices)?) } else { None };
                let ip = if choices.arbitrary()? { Some(ip(choices)?) } else { None };
                Edit::Add { segment: segment(choices)?, mac, ip, label: word(choices)? }
            }
            8 => Edit::Forget(a),
            9 => Edit::Merge(a, b),
            10 => Edit::Split(a),
            11 => Edit::KeepApart(a, b),
            _ => Edit::Check(a),
        };
        let mut actions = Actions::new();
        // Whether it is refused is for the tests of the machine; here it only has to be borne.
        let _refused = self.lan.edit(self.now, edit, &mut actions);
        self.carry_out(actions);
        self.settle();
        Ok(())
    }

    fn tell(&mut self, input: Input<'_>) {
        let mut actions = Actions::new();
        self.lan.on(self.now, input, &mut actions);
        self.carry_out(actions);
        self.settle();
    }

    /// Calls as often as the machine asks for now, which must come to an end.
    fn settle(&mut self) {
        for _ in 0..MAX_CALLS {
            if self.lan.next_wake().is_none_or(|wake| wake > self.now) {
                return;
            }
            let mut actions = Actions::new();
            self.lan.on(self.now, Input::Tick, &mut actions);
            self.carry_out(actions);
        }
        panic!("it wants to be called again and again at one moment");
    }

    /// Lets time pass, waking the machine when it asks.
    fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        for _ in 0..MAX_CALLS {
            match self.lan.next_wake() {
                Some(wake) if wake <= end => {
                    self.now = self.now.max(wake);
                    self.tell(Input::Tick);
                }
                _ => break,
            }
        }
        self.now = self.now.max(end);
        self.tell(Input::Tick);
    }

    fn carry_out(&mut self, mut actions: Actions) {
        while let Some(action) = actions.pop_front() {
            match action {
                Action::Save(id) => {
                    if let Some(device) = self.lan.device(id) {
                        self.stored
                            .insert(id, postcard::to_allocvec(device.record()).expect("a record can be written"));
                    }
                }
                Action::Forget(id) => {
                    self.stored.remove(&id);
                }
                Action::Change(change) if change.kind == ChangeKind::NewDevice => {
                    if let Some(id) = change.device {
                        assert!(self.told_new.insert(id), "{id} is new twice");
                    }
                }
                Action::Change(_) | Action::Probe(_) | Action::Dirty(_) | Action::Checked(_) => {}
            }
        }
    }

    /// Ends in good order and starts from what was stored: what a person said and who is who must be the same.
    fn restart(&mut self, away: Option<Duration>) {
        self.tell(Input::Stopping);
        for device in self.lan.devices() {
            let stored = self.stored.get(&device.id()).unwrap_or_else(|| panic!("{} is not stored", device.id()));
            let record: DeviceRecord = postcard::from_bytes(stored).expect("what was written can be read");
            assert_eq!(&record, device.record());
            assert_eq!(stored, &postcard::to_allocvec(device.record()).expect("a record can be written"));
        }
        let ids: BTreeSet<DeviceId> = self.lan.devices().map(Device::id).collect();
        assert!(self.stored.keys().all(|id| ids.contains(id)), "something is stored of nobody");
        self.boot += 1;
        let old =
            std::mem::replace(&mut self.lan, Lan::new(self.boot, seed(self.boot), LanSettings::default(), &*RULES));
        self.now = Instant::from_secs(1);
        let stored = self.stored.clone();
        for bytes in stored.values() {
            let record: DeviceRecord = postcard::from_bytes(bytes).expect("what was written can be read");
            self.tell(Input::Restore { record: &record, away });
        }
        for device in old.devices() {
            let said = |device: &Device| {
                let tags: Vec<String> = device.tags().iter().map(|tag| tag.as_str().to_owned()).collect();
                let words = [device.label(), device.owner(), device.notes()].map(str::to_owned);
                let macs: Vec<Option<Mac>> = device.interfaces().iter().map(|interface| interface.mac).collect();
                (words, tags, device.trust(), device.watch(), macs, device.can_split())
            };
            let back = self.lan.device(device.id()).unwrap_or_else(|| panic!("{} did not come back", device.id()));
            assert_eq!(said(device), said(back));
        }
        self.leg_up();
    }

    fn check(&self) {
        let mut keys = BTreeSet::new();
        let mut count = 0;
        for device in self.lan.devices() {
            count += 1;
            assert!(device.interfaces().len() <= MAX_INTERFACES && device.names().len() <= MAX_NAMES);
            assert!(device.clues().len() <= MAX_CLUES && device.ports().len() <= MAX_PORTS);
            assert!(device.stable_ids().len() <= MAX_STABLE_IDS && device.tags().len() <= MAX_TAGS);
            assert!(device.reasons().len() <= MAX_REASONS);
            for interface in device.interfaces() {
                assert!(interface.addresses.len() <= MAX_ADDRESSES);
                if let Some(mac) = interface.mac {
                    assert!(mac.is_station(), "{mac}");
                    assert!(keys.insert((interface.segment, mac)), "{mac} has two owners");
                }
            }
            for value in [device.confidence(), device.presence_confidence(self.now)] {
                assert!((0.0..=1.0).contains(&value), "{value}");
            }
            for text in [device.label(), device.owner()] {
                assert!(!text.chars().any(char::is_control), "{text:?}");
            }
        }
        assert!(count <= MAX_DEVICES && self.lan.conflicts().len() <= MAX_CONFLICTS);
        assert!(self.lan.stats().tentative as usize <= MAX_TENTATIVE);
        assert_eq!(self.lan.stats().devices as usize, count);
        assert_eq!(self.lan.stats().changes_lost, 0);
    }
}
