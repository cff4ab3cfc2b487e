//! Holds whole days: loss, sleep and restarts must not make anybody gone. Never sleeps itself. Run by `cargo test`.

use super::network::*;
use crate::Duration;
use crate::lan::*;

const DAY: Duration = Duration::from_secs(86_400);

#[test]
fn a_day_at_twenty_percent_loss_calls_nobody_gone() {
    for seed in [1, 2, 3, 4, 5, 6] {
        let mut net = Net::with_hosts(seed, 50);
        net.loss = 20;
        net.pass(DAY);
        assert_eq!(net.sweeps, 288);
        let told = net.told();
        assert_eq!(
            told.iter().filter(|kind| **kind == ChangeKind::NewDevice).count(),
            52,
            "router, 50 hosts, appliance"
        );
        assert_eq!(told.len(), 52, "seed {seed}: {:?}", told.iter().filter(|kind| **kind != ChangeKind::NewDevice));
    }
}

#[test]
fn a_day_of_wired_machines_at_twenty_percent_loss_calls_nobody_gone() {
    for seed in [1, 2, 3, 4, 5, 6] {
        let mut net = Net::with_hosts(seed, 50);
        net.loss = 20;
        net.are_servers();
        net.changes.clear();
        net.pass(DAY);
        assert!(net.lan.stats().confirmations > 300, "the test asks nothing of the machine");
        assert_eq!(net.changes, [], "seed {seed}");
    }
}

#[test]
fn sleepers_on_wifi_are_not_called_gone() {
    for seed in [1, 2, 3] {
        let mut net = Net::with_hosts(seed, 50);
        net.loss = 20;
        for (at, host) in net.hosts.iter_mut().enumerate().skip(1) {
            // Phones with random addresses sleep for minutes, things for a minute, laptops not at all.
            if at % 3 == 0 {
                host.mac.0[0] |= 2;
                host.sleep_s = Some((900, 540));
            } else if at % 3 == 1 {
                host.sleep_s = Some((200, 80));
            }
        }
        net.pass(DAY);
        let gone = net.changes.iter().filter(|change| change.kind != ChangeKind::NewDevice).count();
        assert_eq!(
            gone,
            0,
            "seed {seed}: {:?}",
            net.changes.iter().find(|change| change.kind != ChangeKind::NewDevice)
        );
    }
}

#[test]
fn a_device_that_sleeps_longer_is_learnt() {
    let mut net = Net::with_hosts(7, 10);
    net.hosts[3].sleep_s = Some((3_600, 1_500));
    net.pass(DAY);
    let early = net.told().len();
    net.pass(DAY);
    assert!(early < 30, "{early}");
    let offline = net.changes.iter().filter(|change| change.kind == ChangeKind::Offline).count();
    assert_eq!(offline, 0, "{:?}", net.changes);
}

#[test]
fn probes_stay_few_while_all_is_well() {
    let mut net = Net::with_hosts(3, 50);
    net.settle();
    let before = net.probes.len();
    net.pass(DAY);
    assert_eq!(net.probes.len(), before, "nobody is missing, nobody is asked");
}

#[test]
fn a_restart_is_no_news_and_keeps_everything() {
    let mut net = Net::with_hosts(9, 20);
    net.hosts[5].on = false;
    net.settle();
    net.hosts[5].on = true;
    net.settle();
    net.hosts[6].on = false;
    net.minutes(60);
    let label = net.id(4);
    net.edit(Edit::Label(label, "Salon")).unwrap();
    let records: alloc::vec::Vec<DeviceRecord> = net.lan.devices().map(|device| device.record().clone()).collect();

    let mut lan = Lan::new(2, 99, LanSettings::default(), ByModel);
    let mut out = Actions::new();
    for record in &records {
        let bytes = postcard::to_allocvec(record).unwrap();
        let record: DeviceRecord = postcard::from_bytes(&bytes).unwrap();
        lan.on(crate::Instant::from_secs(1), Input::Restore { record: &record, away: None }, &mut out);
    }
    assert!(out.is_empty());
    let mut again = Net::over(lan, 5);
    again.hosts = net.hosts.clone();
    again.hosts[7].on = false;
    again.leg_up();
    assert_eq!(again.lan.device(label).unwrap().presence(), Presence::Unknown);
    assert!(again.lan.device(label).unwrap().online(), "it was there before the restart");
    again.minutes(6);
    assert_eq!(again.told(), [], "what is as it was is not told");
    assert_eq!(again.lan.device(label).unwrap().label(), "Salon");
    assert_eq!(again.device(6).presence(), Presence::Offline);
    again.minutes(60);
    let told: alloc::vec::Vec<_> = again.changes.drain(..).map(|change| (change.kind, change.device)).collect();
    let gone = again.id(7);
    assert_eq!(told, [(ChangeKind::Offline, Some(gone))], "it left while nobody looked");
    again.hosts[6].on = true;
    again.minutes(10);
    assert_eq!(again.told(), [ChangeKind::Online]);
}

#[test]
fn what_is_only_being_found_out_at_the_end_is_no_part_of_the_record() {
    let mut net = Net::with_hosts(9, 20);
    net.settle();
    // The last thing heard puts the current address in doubt, says something from it, and shows a proxy.
    net.hosts[ROUTER].proxy = (5..9).map(ip).collect();
    net.minutes(20);
    for last in [2, 60] {
        net.sight(Source::Mdns, Some(mac(2)), Some(ip(last)), Fact::Name("studio"));
    }
    net.tell(Input::Stopping);
    let doubted = net.device(1).interfaces().iter().any(|interface| interface.doubt.is_some());
    let spoke = net.device(1).interfaces().iter().flat_map(|row| row.addresses.iter()).any(|row| row.voices.any());
    assert!(doubted && spoke && net.device(ROUTER).interfaces().iter().any(|interface| *interface.proxy));
    for device in net.lan.devices() {
        let bytes = postcard::to_allocvec(device.record()).unwrap();
        let back: DeviceRecord = postcard::from_bytes(&bytes).unwrap();
        assert_eq!(&back, device.record());
        assert_eq!(postcard::to_allocvec(&back).unwrap(), bytes);
    }
}

#[test]
fn uptime_follows_what_happened() {
    let mut net = Net::with_hosts(4, 10);
    net.pass(Duration::from_secs(12 * 3_600));
    net.hosts[2].on = false;
    net.pass(Duration::from_secs(12 * 3_600));
    let now = net.now;
    let day = net.device(2).uptime(now).day().unwrap();
    assert!((day - 0.5).abs() < 0.01, "{day}");
    assert_eq!(net.device(3).uptime(now).day(), Some(1.0));
    assert!(net.device(2).presence_confidence(now) < 0.06);
    assert!(net.device(3).presence_confidence(now) > 0.5);
}
