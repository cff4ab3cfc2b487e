//! Holds the promise that memory does not grow with time: thousands of sweeps through the machine of the network, in its own
//! process, on a clock that is an argument. Never sends a frame. Run by `cargo test`.

use std::net::{IpAddr, Ipv4Addr};

use vigie_core::lan::{
    Action, Actions, Clue, Fact, Input, Lan, LanSettings, Leg, NoRules, Port, SegmentId, Sighting, Source, Transport,
};
use vigie_core::{Duration, Instant, Mac};

const HERE: SegmentId = SegmentId(0);
/// Sweeps every five minutes for two weeks; what is kept of a device is full long before the first half is over.
const SWEEPS: u64 = 4_000;
const SWEEP_S: u64 = 300;
const MACHINES: u32 = 250;
/// What the allocator itself may move by.
const SLACK_BYTES: u64 = 256 * 1024;

fn resident_bytes() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").expect("/proc is mounted");
    let pages: u64 = statm.split_ascii_whitespace().nth(1).and_then(|pages| pages.parse().ok()).expect("two numbers");
    pages * rustix::param::page_size() as u64
}

fn tell(lan: &mut Lan<NoRules>, now: Instant, input: Input<'_>) {
    let mut out = Actions::new();
    lan.on(now, input, &mut out);
    while lan.next_wake().is_some_and(|wake| wake <= now) {
        out.clear();
        lan.on(now, Input::Tick, &mut out);
    }
    assert!(!out.iter().any(|action| matches!(action, Action::Forget(_))), "the table is never full");
}

/// One sweep of a lively place: some sleep, some move, some say other names, open other ports, and some are new.
fn sweep(lan: &mut Lan<NoRules>, number: u64) {
    let began = Instant::from_secs(number * SWEEP_S + 1);
    let mut now = began;
    for machine in 0..MACHINES {
        let turn = number * 31 + u64::from(machine) * 17;
        if turn % 11 == 0 {
            continue;
        }
        let [.., b, c] = machine.to_be_bytes();
        let mac = Some(Mac([0, 0x1b, 0x63, 0, b, c]));
        // Every fourth wanders through forty addresses of its own.
        let host = if machine % 4 == 0 { u64::from(machine) * 40 + number / 50 % 40 } else { u64::from(machine) * 40 };
        let ip = Some(IpAddr::V4(Ipv4Addr::from_bits(0x0a00_0000 + u32::try_from(host).unwrap_or_default() + 1)));
        let mut see = |now: Instant, source, fact| {
            tell(lan, now, Input::Sighting(&Sighting { segment: HERE, source, mac, ip, fact }));
        };
        now += Duration::from_millis(2);
        see(now, Source::Arp, Fact::Claims);
        see(now, Source::Mdns, Fact::Name(&format!("machine-{machine}-{}", number / 100)));
        see(now, Source::Mdns, Fact::Clue(Clue::Service, &format!("_service{}._tcp", turn % 60)));
        let port = Port { transport: Transport::Tcp, number: u16::try_from(1_024 + turn % 200).unwrap_or_default() };
        see(now, Source::Tcp, Fact::Port { port, open: turn % 3 == 0 });
    }
    let ended = now + Duration::from_secs(1);
    tell(lan, ended, Input::SweepEnded { segment: HERE, began, asked: 16_000, whole: true });
    for second in (10..SWEEP_S).step_by(10) {
        tell(lan, ended + Duration::from_secs(second), Input::Tick);
    }
}

#[test]
fn thousands_of_sweeps_take_no_more_memory_than_the_first_ones() {
    let mut lan = Lan::new(1, 7, LanSettings::default(), NoRules);
    let addresses = [(IpAddr::from([10, 0, 63, 250]), 18)];
    let leg = Leg { segment: HERE, mac: None, addresses: &addresses, gateway: None, sees_macs: true };
    tell(&mut lan, Instant::from_secs(1), Input::SegmentUp(leg));
    let mut marks = Vec::new();
    for number in 0..SWEEPS {
        sweep(&mut lan, number);
        if (number + 1) % (SWEEPS / 8) == 0 {
            marks.push(resident_bytes());
        }
    }
    assert_eq!(lan.stats().devices, MACHINES);
    println!("resident after each eighth of {SWEEPS} sweeps: {marks:?}");
    let [.., middle, _, _, _, last] = marks[..] else { panic!("eight marks") };
    assert!(last <= middle + SLACK_BYTES, "{middle} bytes after half of the sweeps, {last} after all: {marks:?}");
}
