//! Holds the sockets questions for names leave by, and the datagrams of each question.
//! Never reads an answer: the ears do, from the same sockets. Called by legs.

use std::net::{IpAddr, SocketAddr, SocketAddrV6};
use std::rc::Rc;

use tokio::net::UdpSocket;
use vigie_core::lan::Query;
use vigie_sys::icmp::Family;
use vigie_sys::multicast::{self, Service};
use vigie_wire::names::mdns::{ask, llmnr, services};
use vigie_wire::names::{nbns, ssdp, wsd};

use super::super::hear::{Lead, Own};
use super::super::leg::Footing;

/// Seconds over which devices spread their answers to a UPnP search.
const SSDP_WAIT_S: u8 = 1;

/// One socket that questions of one protocol leave by.
#[derive(Clone)]
pub(in super::super) struct Mouth {
    /// The protocol.
    pub(in super::super) service: Service,
    /// The family.
    pub(in super::super) family: Family,
    /// The socket: also the ear for its answers.
    pub(in super::super) socket: Rc<UdpSocket>,
}

/// All sockets of a leg for questions.
#[derive(Clone, Default)]
pub(in super::super) struct Mouths(pub(in super::super) Vec<Mouth>);

impl Mouths {
    /// Sends the datagrams of `query`; tells whether at least one went.
    pub(in super::super) fn ask(&self, footing: &Footing, own: &Own, query: Query) -> bool {
        let id = (own.now_us ^ own.now_us >> 16 & 0xffff) as u16;
        match query {
            Query::MdnsServices => {
                let mut went = false;
                for packet in ask::service_types(true).chain(ask::browse(services::COMMON.iter().copied(), true)) {
                    went |= self.to_group(footing, Service::Mdns, &packet);
                }
                went
            }
            // Of the group, since the name of an address may be known to a proxy, and of the host itself, since some
            // answer only questions sent to them.
            Query::MdnsReverse { ip } => ask::names_of([ip], true).fold(false, |went, packet| {
                let group = self.to_group(footing, Service::Mdns, &packet);
                went | group | self.to_host(footing, Service::Mdns, ip, &packet)
            }),
            Query::LlmnrReverse { ip } => {
                self.to_host(footing, Service::Llmnr, IpAddr::V4(ip), &llmnr::ask_name_of(id, IpAddr::V4(ip)))
            }
            Query::NetbiosStatus { ip } => {
                self.to_host(footing, Service::NetbiosNames, IpAddr::V4(ip), &nbns::ask_status(id))
            }
            Query::SsdpSearch => [ssdp::ROOT_DEVICES, ssdp::ALL].into_iter().fold(false, |went, target| {
                let v4 = ssdp::search(false, target, SSDP_WAIT_S);
                let v6 = ssdp::search(true, target, SSDP_WAIT_S);
                let v4 = v4.is_some_and(|text| self.to(footing, Service::Ssdp, Family::V4, text.as_bytes()));
                let v6 = v6.is_some_and(|text| self.to(footing, Service::Ssdp, Family::V6, text.as_bytes()));
                went | v4 | v6
            }),
            Query::WsdProbe => {
                let mut went = false;
                for (number, wanted) in
                    [wsd::Wanted::Any, wsd::Wanted::Devices, wsd::Wanted::Cameras].into_iter().enumerate()
                {
                    let message = wsd::probe(wanted, uuid(own.now_us, number as u8));
                    went |= self.to_group(footing, Service::WsDiscovery, message.as_bytes());
                }
                went
            }
            _ => false,
        }
    }

    /// Asks what an answer made worth asking. Ports and descriptions are not asked here: the engine does.
    pub(in super::super) fn follow(&self, footing: &Footing, lead: &Lead) {
        match lead {
            Lead::Browse(service) => {
                for packet in ask::browse([service.as_str()], true) {
                    self.to_group(footing, Service::Mdns, &packet);
                }
            }
            Lead::DeviceInfo(host) => {
                for packet in ask::device_info([host.as_str()], true) {
                    self.to_group(footing, Service::Mdns, &packet);
                }
            }
            Lead::Knock(..) | Lead::Describe(_) => {}
        }
    }

    fn to_group(&self, footing: &Footing, service: Service, bytes: &[u8]) -> bool {
        let v4 = self.to(footing, service, Family::V4, bytes);
        let v6 = self.to(footing, service, Family::V6, bytes);
        v4 || v6
    }

    fn to(&self, footing: &Footing, service: Service, family: Family, bytes: &[u8]) -> bool {
        let to = multicast::destination(service, family, footing.index);
        to.is_some_and(|to| self.send(service, family, to, bytes))
    }

    fn to_host(&self, footing: &Footing, service: Service, ip: IpAddr, bytes: &[u8]) -> bool {
        if !footing.ground.is_neighbour(ip) {
            return false;
        }
        let port = service.port();
        match ip {
            IpAddr::V4(ip) => self.send(service, Family::V4, (ip, port).into(), bytes),
            IpAddr::V6(ip) => {
                let to = SocketAddr::V6(SocketAddrV6::new(ip, port, 0, footing.index.0));
                self.send(service, Family::V6, to, bytes)
            }
        }
    }

    fn send(&self, service: Service, family: Family, to: SocketAddr, bytes: &[u8]) -> bool {
        let mouth = self.0.iter().find(|mouth| mouth.service == service && mouth.family == family);
        // A full buffer loses the question: it is asked again in the same sweep.
        mouth.is_some_and(|mouth| mouth.socket.try_send_to(bytes, to).is_ok())
    }
}

/// A message id nobody needs to guess: the time and a number, in the shape of a random UUID (RFC 9562 section 5.4).
fn uuid(now_us: u64, number: u8) -> [u8; 16] {
    let mut bytes = [0; 16];
    for (place, byte) in bytes.iter_mut().zip(now_us.to_be_bytes().into_iter().cycle()) {
        *place = byte;
    }
    bytes[6] = 0x40 | bytes[6] & 0x0f;
    bytes[8] = 0x80 | bytes[8] & 0x3f;
    bytes[15] = number;
    bytes
}
