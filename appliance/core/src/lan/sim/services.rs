//! Holds ports that open and close, and DHCP servers nobody ordered.
//! Never looks inside the machine: what it tells is compared with what was done to the network. Run by `cargo test`.

use core::net::Ipv4Addr;

use super::network::*;
use crate::lan::ChangeKind::*;
use crate::lan::*;

#[test]
fn ports_are_an_inventory_first_and_news_later() {
    let mut net = Net::with_hosts(16, 10);
    net.settle();
    let (mac, at) = (Some(mac(4)), ip(4));
    let see = |net: &mut Net, number, open| {
        let port = Port { transport: Transport::Tcp, number };
        net.sight(Source::Tcp, mac, Some(at), Fact::Port { port, open });
    };
    let pass = |net: &mut Net, open: &[u16], ports: &[u16]| {
        let began = net.now;
        open.iter().for_each(|number| see(net, *number, true));
        net.sight(Source::Arp, mac, Some(at), Fact::Claims);
        net.tell(Input::PortsAsked { segment: LAN, host: Some(at), began, ports });
        net.minutes(5);
    };
    pass(&mut net, &[22, 80], &[22, 80, 443]);
    pass(&mut net, &[22, 80], &[22, 80, 443]);
    assert_eq!(net.told(), [], "the first inventory is silent");
    pass(&mut net, &[22, 80, 8080], &[22, 80, 443, 8080]);
    assert_eq!(net.told(), [], "a port never asked for before did not open");
    pass(&mut net, &[22, 80, 443], &[22, 80, 443]);
    assert_eq!(net.told(), [PortOpened]);
    for _ in 0..2 {
        pass(&mut net, &[22, 443], &[22, 80, 443]);
        assert_eq!(net.told(), []);
    }
    pass(&mut net, &[22, 443], &[22, 80, 443]);
    assert_eq!(net.told(), [PortClosed]);
    see(&mut net, 443, false);
    see(&mut net, 443, false);
    assert_eq!(net.told(), [], "one probe refused twice is one refusal");
    net.minutes(1);
    see(&mut net, 443, false);
    assert_eq!(net.told(), [PortClosed]);
    let open: alloc::vec::Vec<u16> = net.device(3).open_ports().map(|row| row.port.number).collect();
    assert_eq!(open, [22, 8080]);
}

#[test]
fn ports_of_what_is_no_longer_asked_neither_open_nor_close() {
    let mut net = Net::with_hosts(16, 10);
    net.settle();
    let (mac, at) = (Some(mac(4)), ip(4));
    let port = Port { transport: Transport::Tcp, number: 22 };
    net.sight(Source::Tcp, mac, Some(at), Fact::Port { port, open: true });
    net.tell(Input::PortsAsked { segment: LAN, host: Some(at), began: net.now, ports: &[22] });
    let block = sweep::Block::around(Ipv4Addr::new(10, 0, 0, 4), 32).unwrap();
    net.lan.set_settings(LanSettings { excluded: [block].into_iter().collect(), ..LanSettings::default() });
    for _ in 0..5 {
        let began = net.now;
        net.sight(Source::Arp, mac, Some(at), Fact::Claims);
        net.tell(Input::PortsAsked { segment: LAN, host: None, began, ports: &[22] });
        net.minutes(5);
    }
    assert_eq!(net.told(), []);
    assert_eq!(net.device(3).open_ports().count(), 1, "nobody asked whether it still is");
}

#[test]
fn a_dhcp_server_nobody_named_is_told_once() {
    let mut net = Net::with_hosts(17, 10);
    net.settle();
    for last in [1, 250, 4, 4, 4] {
        net.sight(Source::Dhcp, Some(mac(last)), Some(ip(last)), Fact::Role(Role::DhcpServer));
        net.minutes(5);
    }
    assert_eq!(net.changes.len(), 1);
    assert_eq!((net.changes[0].kind, net.changes[0].device), (RogueDhcp, Some(net.id(3))));
    net.changes.clear();
    let id = net.id(5);
    net.edit(Edit::Trust(id, Trust::Trusted)).unwrap();
    net.sight(Source::Dhcp, Some(mac(6)), Some(ip(6)), Fact::Role(Role::DhcpServer));
    assert_eq!(net.told(), []);
}
