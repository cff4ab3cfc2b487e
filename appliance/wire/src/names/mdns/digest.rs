//! Holds the reading of mDNS answers into facts about hosts, services and models.
//! Never reads a query as fact (its answer section lists what the asker knows about *others*). Called by the mDNS source.

use core::fmt::Write;
use core::net::{IpAddr, Ipv6Addr};

use super::txt::{TxtKey, split};
use crate::Mac;
use crate::names::Malformed;
use crate::names::dns::{Message, Name, RData, Record};
use crate::names::text::{Text, clean};

/// A host name as text, with its domain, at most as long as DNS allows.
pub type HostText = Text<255>;
/// The instance label of a service (RFC 6763 section 4.1.1): one label.
pub type InstanceText = Text<63>;
/// A service type such as `_http._tcp`.
pub type ServiceText = Text<40>;
/// A TXT value, cut: longer ones are URLs and lists.
pub type ValueText = Text<128>;

/// What one record of an answer says.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum MdnsFact {
    /// A host name has this address.
    HostAddress {
        /// Name with domain, such as `nas.local`.
        host: HostText,
        /// Its address.
        #[cfg_attr(feature = "defmt", defmt(Debug2Format))]
        ip: IpAddr,
    },
    /// An address has this host name.
    ReverseName {
        /// The address asked about.
        #[cfg_attr(feature = "defmt", defmt(Debug2Format))]
        ip: IpAddr,
        /// Its name.
        host: HostText,
    },
    /// This type of service exists on the link; ask for it (`ask::browse`).
    ServiceType {
        /// Such as `_http._tcp`.
        service: ServiceText,
    },
    /// An instance of a service exists. From a PTR record host and port are unknown; the SRV record, often in the same
    /// packet, repeats the instance with both.
    ServiceInstance {
        /// Such as `_http._tcp`.
        service: ServiceText,
        /// The name people see.
        instance: InstanceText,
        /// The host that offers it.
        host: Option<HostText>,
        /// The port; 0 when unknown, or when the service only announces itself.
        port: u16,
    },
    /// A TXT record says something about the device.
    Txt {
        /// Such as `_hap._tcp`.
        service: ServiceText,
        /// The name people see.
        instance: InstanceText,
        /// What is said.
        key: TxtKey,
        /// In the device's words.
        value: ValueText,
    },
    /// The model published under a host's name (`_device-info._tcp`). The name is that of the computer, not of a service.
    DeviceInfo {
        /// Computer name, without domain.
        name: InstanceText,
        /// Such as `Macmini9,1`, `RackMac`, `Xserve` (Samba's and netatalk's choice of icon).
        model: ValueText,
    },
    /// Processor and system of a host (avahi with `publish-hinfo`).
    HostInfo {
        /// Name with domain.
        host: HostText,
        /// Such as `X86_64`.
        cpu: Text<32>,
        /// Such as `LINUX`.
        os: Text<32>,
    },
    /// A host takes an address back (TTL 0, RFC 6762 section 10.1).
    GoodbyeHost {
        /// Name with domain.
        host: HostText,
        /// The address.
        #[cfg_attr(feature = "defmt", defmt(Debug2Format))]
        ip: IpAddr,
    },
    /// A service instance goes away (TTL 0).
    GoodbyeService {
        /// Such as `_http._tcp`.
        service: ServiceText,
        /// The name people see.
        instance: InstanceText,
    },
}

/// Reads a datagram and calls `visit` for each fact, in order of the records; returns how many there were.
///
/// Queries give none, and count 0. At most 512 records are read. Errors: the header is short, or a record is malformed
/// (facts of the records before it have been visited).
pub fn digest(message: &[u8], mut visit: impl FnMut(MdnsFact)) -> Result<usize, Malformed> {
    let message = Message::parse(message)?;
    // RFC 6762 section 18.3 and 18.11: other opcodes and any error code are to be ignored.
    if !message.header.is_response() || message.header.opcode() != 0 || message.header.rcode() != 0 {
        return Ok(0);
    }
    let mut facts = 0;
    for record in message.records() {
        read(&record?, &mut |fact| {
            facts += 1;
            visit(fact);
        });
    }
    Ok(facts)
}

fn read(record: &Record<'_>, visit: &mut dyn FnMut(MdnsFact)) {
    let goodbye = record.ttl_s == 0;
    if record.class != 1 {
        return;
    }
    match &record.data {
        RData::A(ip) => address(&record.name, (*ip).into(), goodbye, visit),
        RData::Aaaa(ip) => address(&record.name, unmapped(*ip), goodbye, visit),
        RData::Ptr(target) => pointer(record, target, goodbye, visit),
        RData::Srv { port, target } => {
            if let Some((service, instance)) = instance_of(&record.name) {
                visit(if goodbye {
                    MdnsFact::GoodbyeService { service, instance }
                } else {
                    let host = Some(target.to_text()).filter(|host: &HostText| !host.is_empty());
                    MdnsFact::ServiceInstance { service, instance, host, port: *port }
                });
            }
        }
        RData::Txt(strings) if !goodbye => {
            if let Some((service, instance)) = instance_of(&record.name) {
                let pairs = strings.clone().filter_map(split);
                if let Some(value) = mac_in(&record.name) {
                    visit(MdnsFact::Txt {
                        service: service.clone(),
                        instance: instance.clone(),
                        key: TxtKey::Mac,
                        value,
                    });
                }
                texts(&record.name, &service, &instance, pairs, visit);
            }
        }
        RData::HInfo { cpu, os } if !goodbye => {
            let fact = MdnsFact::HostInfo { host: record.name.to_text(), cpu: clean(cpu), os: clean(os) };
            visit(fact);
        }
        RData::Txt(_) | RData::HInfo { .. } | RData::Cname(_) | RData::Other(_) => {}
    }
}

/// An IPv4 address in IPv6 clothes is the IPv4 address.
fn unmapped(ip: Ipv6Addr) -> IpAddr {
    ip.to_ipv4_mapped().map_or(IpAddr::V6(ip), IpAddr::V4)
}

fn address(owner: &Name, ip: IpAddr, goodbye: bool, visit: &mut dyn FnMut(MdnsFact)) {
    let host: HostText = owner.to_text();
    // An address record that names a group or nothing at all says nothing about a host.
    if host.is_empty() || ip.is_multicast() || ip.is_unspecified() {
        return;
    }
    visit(if goodbye { MdnsFact::GoodbyeHost { host, ip } } else { MdnsFact::HostAddress { host, ip } });
}

fn pointer(record: &Record<'_>, target: &Name, goodbye: bool, visit: &mut dyn FnMut(MdnsFact)) {
    if let Some(ip) = record.name.to_ip() {
        let host: HostText = target.to_text();
        if !goodbye && !host.is_empty() {
            visit(MdnsFact::ReverseName { ip, host });
        }
        return;
    }
    if record.name.is(&[b"_services", b"_dns-sd", b"_udp", b"local"]) {
        if let Some(service) = service_of(target).filter(|_| !goodbye) {
            visit(MdnsFact::ServiceType { service });
        }
        return;
    }
    // `_printer._sub._http._tcp.local` points to instances of `_http._tcp` as well (RFC 6763 section 7.1).
    let owner_is_type = record.name.labels().next().is_some_and(|label| label.starts_with(b"_"));
    if let Some((service, instance)) = instance_of(target).filter(|_| owner_is_type) {
        visit(if goodbye {
            MdnsFact::GoodbyeService { service, instance }
        } else {
            MdnsFact::ServiceInstance { service, instance, host: None, port: 0 }
        });
    }
}

fn texts<'a>(
    owner: &Name,
    service: &ServiceText,
    instance: &InstanceText,
    pairs: impl Iterator<Item = (&'a [u8], &'a [u8])>,
    visit: &mut dyn FnMut(MdnsFact),
) {
    let label = owner.labels().nth(1).unwrap_or_default();
    let device_info = label.eq_ignore_ascii_case(b"_device-info");
    for (key, value) in pairs {
        let Some(key) = TxtKey::of(label, key) else { continue };
        // Printers write `product=(HP LaserJet)`, in brackets by the PostScript convention.
        let bare = value.strip_prefix(b"(").and_then(|value| value.strip_suffix(b")")).unwrap_or(value);
        let value: ValueText = clean(bare);
        if value.is_empty() {
            continue;
        }
        visit(if device_info && key == TxtKey::Model {
            MdnsFact::DeviceInfo { name: instance.clone(), model: value }
        } else {
            MdnsFact::Txt { service: service.clone(), instance: instance.clone(), key, value }
        });
    }
}

/// The MAC address some put in the instance name: avahi's `nas [76:4d:d4:c3:54:8b]._workstation`, AirPlay's
/// `F81A67AABBCC@Salon._raop`. Told with the TXT record, which both always send.
fn mac_in(name: &Name) -> Option<ValueText> {
    let mut labels = name.labels();
    let (instance, service) = (labels.next()?, labels.next()?);
    let digits = if service.eq_ignore_ascii_case(b"_workstation") {
        instance.strip_suffix(b"]")?.rsplit(|byte| *byte == b'[').next()?
    } else if service.eq_ignore_ascii_case(b"_raop") {
        instance.split(|byte| *byte == b'@').next()?
    } else {
        return None;
    };
    let mac: Mac = core::str::from_utf8(digits).ok()?.parse().ok()?;
    let mut text = ValueText::new();
    write!(text, "{mac}").ok()?;
    mac.is_station().then_some(text)
}

/// `_http._tcp` of `_http._tcp.local`; `None` for a name that is no service type.
fn service_of(name: &Name) -> Option<ServiceText> {
    let mut labels = name.labels();
    let (service, transport) = (labels.next()?, labels.next()?);
    let plausible =
        service.starts_with(b"_") && [&b"_tcp"[..], b"_udp"].iter().any(|t| t.eq_ignore_ascii_case(transport));
    if !plausible || !service.iter().all(u8::is_ascii_graphic) {
        return None;
    }
    let mut text: ServiceText = clean(service);
    text.push('.').ok()?;
    text.push_str(core::str::from_utf8(transport).ok()?).ok()?;
    text.make_ascii_lowercase();
    Some(text)
}

/// Service and instance of `Salon._http._tcp.local`.
fn instance_of(name: &Name) -> Option<(ServiceText, InstanceText)> {
    let service = service_of(&name.parent())?;
    let instance: InstanceText = clean(name.labels().next()?);
    (!instance.is_empty()).then_some((service, instance))
}

#[cfg(test)]
#[path = "digest_tests.rs"]
mod tests;
