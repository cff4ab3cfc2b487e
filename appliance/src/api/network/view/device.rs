//! Holds how a device looks in JSON: the row of lists and events, and the detail with all that is known.
//! Never leaves out where a value comes from. Called by every route that shows devices, by events, the page and the terminal.

use schemars::JsonSchema;
use serde::Serialize;
use vigie_core::lan::device::Device;
use vigie_core::lan::field::Field;
use vigie_core::lan::interface::Interface;
use vigie_core::lan::record::PortRow;
use vigie_core::lan::uptime::{Quarter, Uptime};
use vigie_core::lan::{Clue, Role, StableId, Transport, Trust};
use vigie_core::order::{sort_by, sort_by_key};

use super::{Lens, Point, Span, ratio, service};

/// An address and when it was held.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct AddressView {
    /// IPv4 or IPv6.
    pub(crate) ip: String,
    /// When it was held.
    #[serde(flatten)]
    pub(crate) span: Span,
}

/// One leg of a device.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct InterfaceView {
    /// The appliance's interface to that network.
    pub(crate) segment: String,
    /// Six pairs of hex digits; `null` for a device known by its address only.
    pub(crate) mac: Option<String>,
    /// Whether the MAC looks random: a hint, never a proof.
    pub(crate) random_mac: bool,
    /// Addresses, past ones included, the one seen last first.
    pub(crate) ips: Vec<AddressView>,
    /// Addresses of others it answers for (proxy ARP): it has none of them. As seen since the start.
    pub(crate) answers_for: Vec<String>,
    /// When it was seen.
    #[serde(flatten)]
    pub(crate) span: Span,
}

/// A name by one source.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct NameView {
    /// Without domain.
    pub(crate) name: String,
    /// Who said so.
    pub(crate) source: &'static str,
    /// When it was said.
    #[serde(flatten)]
    pub(crate) span: Span,
}

/// A fused value and where it comes from.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct FieldView {
    /// What is believed.
    pub(crate) value: String,
    /// Who said so; `person` is never overruled.
    pub(crate) source: &'static str,
    /// 0 to 1, when it was last said.
    pub(crate) confidence: f64,
    /// When it was said.
    #[serde(flatten)]
    pub(crate) span: Span,
}

/// The fused values with their origin.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct FieldsView {
    /// The best name.
    pub(crate) hostname: Option<FieldView>,
    /// Who made it.
    pub(crate) vendor: Option<FieldView>,
    /// What it is for.
    pub(crate) kind: Option<FieldView>,
    /// Its operating system.
    pub(crate) os: Option<FieldView>,
}

/// An open port.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct PortView {
    /// The number.
    pub(crate) port: u16,
    /// `tcp` or `udp`.
    pub(crate) proto: &'static str,
    /// What usually listens there; `null` when nothing is usual.
    pub(crate) service: Option<&'static str>,
    /// Whether it is open now, as far as is known.
    pub(crate) open: bool,
    /// Who found it.
    pub(crate) source: &'static str,
    /// When it was seen open.
    #[serde(flatten)]
    pub(crate) span: Span,
}

/// The share of time present, 0 to 1, of the time watched; `null` when nobody watched.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
pub(crate) struct UptimeView {
    /// Of the last 24 hours.
    #[serde(rename = "24h")]
    pub(crate) day: Option<f64>,
    /// Of the last 7 days.
    #[serde(rename = "7d")]
    pub(crate) week: Option<f64>,
    /// Of the last 30 days.
    #[serde(rename = "30d")]
    pub(crate) month: Option<f64>,
}

/// A device.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct DeviceView {
    /// Stable: 16 hex digits. It outlives changes of address, name and MAC.
    pub(crate) id: String,
    /// What to call it: the label, else the host name; `null` when there is neither.
    pub(crate) name: Option<String>,
    /// The MAC of the interface seen last.
    pub(crate) mac: Option<String>,
    /// Its legs.
    pub(crate) interfaces: Vec<InterfaceView>,
    /// The address to reach it at.
    pub(crate) ip: Option<String>,
    /// Every address it has or had, the one to reach it at first.
    pub(crate) ips: Vec<String>,
    /// The best host name.
    pub(crate) hostname: Option<String>,
    /// Every name, by source.
    pub(crate) hostnames: Vec<NameView>,
    /// Who made it.
    pub(crate) vendor: Option<String>,
    /// `router`, `phone`, `computer`, `printer`, `camera` and so on; `unknown` rather than a guess.
    pub(crate) kind: &'static str,
    /// Its operating system.
    pub(crate) os: Option<String>,
    /// Whether it is there.
    pub(crate) online: bool,
    /// `online`, `suspect`, `offline`, or `unknown` before anything was heard since the start.
    pub(crate) presence: &'static str,
    /// Whether it comes and goes too often to be told each time.
    pub(crate) flapping: bool,
    /// Whether it is being asked at this moment.
    pub(crate) checking: bool,
    /// How sure it is which device this is, 0 to 1.
    pub(crate) confidence: f64,
    /// How sure it is that the device is there now, 0 to 1.
    pub(crate) presence_confidence: f64,
    /// Why kind, name and maker are believed, in words, strongest first.
    pub(crate) reasons: Vec<String>,
    /// Who ever spoke of it.
    pub(crate) sources: Vec<&'static str>,
    /// Ports open now.
    pub(crate) open_ports: Vec<PortView>,
    /// What it does for the network: `gateway`, `dhcp-server`, `myself` and so on.
    pub(crate) roles: Vec<&'static str>,
    /// Whether its MAC looks random: a hint, never a proof.
    pub(crate) random_mac: bool,
    /// When it was seen.
    #[serde(flatten)]
    pub(crate) span: Span,
    /// Which start of the appliance `last_seen` belongs to, where that is `null`.
    #[serde(flatten)]
    pub(crate) at: Option<Point>,
    /// How long it took to answer last, in milliseconds; `null` when it did not in this start.
    pub(crate) response_ms: Option<f64>,
    /// The share of time present.
    pub(crate) uptime: UptimeView,
    /// A person's name for it; empty when there is none.
    pub(crate) label: String,
    /// Whose it is; empty when nobody said.
    pub(crate) owner: String,
    /// A person's notes.
    pub(crate) notes: String,
    /// A person's tags.
    pub(crate) tags: Vec<String>,
    /// `trusted`, `unknown` or `blocked`.
    pub(crate) trust: &'static str,
    /// Whether its comings and goings matter to somebody.
    pub(crate) watch: bool,
    /// Whether a person added it.
    pub(crate) by_hand: bool,
    /// Whether a merge of it can be undone.
    pub(crate) can_split: bool,
    /// Where fused values come from.
    pub(crate) fields: FieldsView,
}

/// A word the device said about itself.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct ClueView {
    /// What it is about, such as `model` or `http-server`.
    pub(crate) clue: &'static str,
    /// The word, cleaned and bounded.
    pub(crate) text: String,
    /// Who heard it.
    pub(crate) source: &'static str,
    /// When it was said.
    #[serde(flatten)]
    pub(crate) span: Span,
}

/// An identifier that survives a change of address.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct StableView {
    /// Of which sort, such as `ssh-host-key`.
    pub(crate) sort: &'static str,
    /// The identifier.
    pub(crate) text: String,
    /// Who heard it.
    pub(crate) source: &'static str,
}

/// Why something is believed.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct ReasonView {
    /// In words.
    pub(crate) text: String,
    /// Who said it.
    pub(crate) source: &'static str,
    /// How much it counts.
    pub(crate) weight: f64,
}

/// All that is known of a device.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct DeviceDetail {
    /// The device.
    #[serde(flatten)]
    pub(crate) device: DeviceView,
    /// Every port ever seen open, closed ones included.
    pub(crate) ports: Vec<PortView>,
    /// What it said about itself.
    pub(crate) clues: Vec<ClueView>,
    /// Identifiers that survive a change of address.
    pub(crate) identifiers: Vec<StableView>,
    /// Reasons with their source and weight.
    pub(crate) reason_details: Vec<ReasonView>,
    /// The last day in quarters of an hour, oldest first: `online`, `offline`, `mixed`, or `blind` when nobody looked.
    pub(crate) strip: Vec<&'static str>,
    /// Devices it may be one with.
    pub(crate) may_be: Vec<String>,
}

impl DeviceView {
    /// The row of a device.
    pub(crate) fn render(lens: &Lens<'_>, device: &Device) -> Self {
        let ip = device.ip().map(|ip| ip.to_string());
        let hostname = device.hostname().map(|field| field.value.to_string());
        let label = device.label().to_owned();
        let name = if label.is_empty() { hostname.clone() } else { Some(label.clone()) };
        Self {
            id: device.id().to_string(),
            name,
            mac: device.mac().map(|mac| mac.to_string()),
            interfaces: device.interfaces().iter().map(|interface| InterfaceView::render(lens, interface)).collect(),
            ips: addresses(device, ip.as_deref()),
            ip,
            hostname,
            hostnames: names(lens, device),
            vendor: device.vendor().map(|field| field.value.to_string()),
            kind: device.kind().name(),
            os: device.os().map(|field| field.value.to_string()),
            online: device.online(),
            presence: device.presence().name(),
            flapping: device.flapping(),
            checking: device.checking(),
            confidence: ratio(device.confidence()),
            presence_confidence: ratio(device.presence_confidence(lens.now)),
            reasons: device.reasons().iter().map(|reason| reason.text.to_string()).collect(),
            sources: device.sources().map(vigie_core::lan::Source::name).collect(),
            open_ports: device.open_ports().map(|row| PortView::render(lens, row)).collect(),
            roles: device.roles().map(role_name).collect(),
            random_mac: device.random_mac(),
            span: Span::render(lens, device.first_seen(), device.last_seen()),
            at: lens.point(device.last_seen()),
            response_ms: device.answer().map(|(took, _)| milliseconds(took)),
            uptime: UptimeView::render(&device.uptime(lens.now)),
            label,
            owner: device.owner().to_owned(),
            notes: device.notes().to_owned(),
            tags: device.tags().iter().map(ToString::to_string).collect(),
            trust: trust_name(device.trust()),
            watch: device.watch(),
            by_hand: device.by_hand(),
            can_split: device.can_split(),
            fields: FieldsView {
                hostname: device.hostname().map(|field| field_view(lens, field)),
                vendor: device.vendor().map(|field| field_view(lens, field)),
                kind: device.kind_field().map(|field| field_view(lens, field)),
                os: device.os().map(|field| field_view(lens, field)),
            },
        }
    }

    /// The segments it has a leg in.
    pub(crate) fn segments(&self) -> impl Iterator<Item = &str> {
        self.interfaces.iter().map(|interface| interface.segment.as_str())
    }
}

impl DeviceDetail {
    /// All of a device. `may_be` are the devices it is proposed to be one with.
    pub(crate) fn render(lens: &Lens<'_>, device: &Device, may_be: Vec<String>) -> Self {
        let mut strip: Vec<_> = device.uptime(lens.now).strip().map(quarter_name).collect();
        strip.reverse();
        let clue = |row: &vigie_core::lan::record::ClueRow| ClueView {
            clue: clue_name(row.clue),
            text: row.text.to_string(),
            source: row.source.name(),
            span: Span::render(lens, row.first_seen, row.last_seen),
        };
        let stable = |row: &vigie_core::lan::record::StableRow| StableView {
            sort: stable_name(row.id),
            text: row.text.to_string(),
            source: row.source.name(),
        };
        let reason = |reason: &vigie_core::lan::rule::Reason| ReasonView {
            text: reason.text.to_string(),
            source: reason.source.name(),
            weight: ratio(reason.weight),
        };
        Self {
            device: DeviceView::render(lens, device),
            ports: device.ports().iter().map(|row| PortView::render(lens, row)).collect(),
            clues: device.clues().iter().map(clue).collect(),
            identifiers: device.stable_ids().iter().map(stable).collect(),
            reason_details: device.reasons().iter().map(reason).collect(),
            strip,
            may_be,
        }
    }
}

impl InterfaceView {
    fn render(lens: &Lens<'_>, interface: &Interface) -> Self {
        let mut rows: Vec<_> = interface.addresses.iter().collect();
        sort_by_key(&mut rows, |row| std::cmp::Reverse((Some(row.ip) == interface.ip(), row.last_seen)));
        let mut answers_for: Vec<_> = interface.answered_for().collect();
        sort_by(&mut answers_for, Ord::cmp);
        let address = |row: &vigie_core::lan::interface::Address| AddressView {
            ip: row.ip.to_string(),
            span: Span::render(lens, row.first_seen, row.last_seen),
        };
        Self {
            segment: lens.segment(interface.segment),
            mac: interface.mac.map(|mac| mac.to_string()),
            random_mac: interface.random,
            ips: rows.into_iter().map(address).collect(),
            answers_for: answers_for.iter().map(ToString::to_string).collect(),
            span: Span::render(lens, interface.first_seen, interface.last_seen),
        }
    }
}

impl PortView {
    fn render(lens: &Lens<'_>, row: &PortRow) -> Self {
        Self {
            port: row.port.number,
            proto: transport_name(row.port.transport),
            service: service::usual(row.port),
            open: row.open,
            source: row.source.name(),
            span: Span::render(lens, row.first_seen, row.last_seen),
        }
    }
}

impl UptimeView {
    fn render(uptime: &Uptime) -> Self {
        Self { day: uptime.day().map(ratio), week: uptime.week().map(ratio), month: uptime.month().map(ratio) }
    }
}

fn addresses(device: &Device, first: Option<&str>) -> Vec<String> {
    let mut all: Vec<String> = first.into_iter().map(str::to_owned).collect();
    for row in device.interfaces().iter().flat_map(|interface| interface.addresses.iter()) {
        let text = row.ip.to_string();
        if !all.contains(&text) {
            all.push(text);
        }
    }
    all
}

fn names(lens: &Lens<'_>, device: &Device) -> Vec<NameView> {
    let name = |row: &vigie_core::lan::record::NameRow| NameView {
        name: row.name.to_string(),
        source: row.source.name(),
        span: Span::render(lens, row.first_seen, row.last_seen),
    };
    device.names().iter().map(name).collect()
}

fn field_view<T: std::fmt::Display>(lens: &Lens<'_>, field: &Field<T>) -> FieldView {
    FieldView {
        value: field.value.to_string(),
        source: field.source.name(),
        confidence: ratio(field.confidence),
        span: Span::render(lens, field.first_seen, field.last_seen),
    }
}

/// Milliseconds with two decimals.
pub(super) fn milliseconds(took: embassy_time::Duration) -> f64 {
    (took.as_micros() as f64 / 10.0).round() / 100.0
}

/// The word of a trust in JSON and filters.
pub(crate) const fn trust_name(trust: Trust) -> &'static str {
    match trust {
        Trust::Unknown => "unknown",
        Trust::Trusted => "trusted",
        Trust::Blocked => "blocked",
    }
}

const fn transport_name(transport: Transport) -> &'static str {
    match transport {
        Transport::Tcp => "tcp",
        Transport::Udp => "udp",
    }
}

const fn quarter_name(quarter: Quarter) -> &'static str {
    match quarter {
        Quarter::Blind => "blind",
        Quarter::Offline => "offline",
        Quarter::Online => "online",
        Quarter::Mixed => "mixed",
    }
}

const fn role_name(role: Role) -> &'static str {
    match role {
        Role::Gateway => "gateway",
        Role::Ipv6Router => "ipv6-router",
        Role::DhcpServer => "dhcp-server",
        Role::Resolver => "resolver",
        Role::Myself => "myself",
    }
}

const fn stable_name(id: StableId) -> &'static str {
    match id {
        StableId::SshHostKey => "ssh-host-key",
        StableId::DhcpClient => "dhcp-client",
        StableId::Mdns => "mdns",
        StableId::Endpoint => "endpoint",
        StableId::Upnp => "upnp",
        StableId::Serial => "serial",
        StableId::Tailscale => "tailscale",
    }
}

const fn clue_name(clue: Clue) -> &'static str {
    match clue {
        Clue::Service => "service",
        Clue::FriendlyName => "friendly-name",
        Clue::Manufacturer => "manufacturer",
        Clue::Model => "model",
        Clue::UpnpType => "upnp-type",
        Clue::WsdType => "wsd-type",
        Clue::WsdScope => "wsd-scope",
        Clue::UpnpServer => "upnp-server",
        Clue::DhcpVendor => "dhcp-vendor",
        Clue::DhcpOptions => "dhcp-options",
        Clue::Workgroup => "workgroup",
        Clue::NetbiosRole => "netbios-role",
        Clue::SnmpDescription => "snmp-description",
        Clue::SnmpObject => "snmp-object",
        Clue::SnmpServices => "snmp-services",
        Clue::SshVersion => "ssh-version",
        Clue::HttpServer => "http-server",
        Clue::HttpTitle => "http-title",
        Clue::HttpRealm => "http-realm",
        Clue::RtspServer => "rtsp-server",
        Clue::TlsName => "tls-name",
        Clue::TlsIssuer => "tls-issuer",
        Clue::Greeting => "greeting",
        Clue::Os => "os",
        Clue::MacVendor => "mac-vendor",
        Clue::HomekitCategory => "homekit-category",
        Clue::MatterProduct => "matter-product",
    }
}
