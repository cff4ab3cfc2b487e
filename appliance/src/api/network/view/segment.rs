//! Holds how the appliance's legs look in JSON: what is scanned, what is not and why, and with which means.
//! Never decides what may be scanned. Called by the segments route and the page.

use crate::shell::rights::LinkKind as Kind;
use schemars::JsonSchema;
use serde::Serialize;
use vigie_core::lan::sweep::{Block, NotScanned};

use crate::http::language::{Language, Text};
use crate::shell::network::LegView;

/// What the appliance can do on a leg.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
pub(crate) struct MeansView {
    /// Raw frames: ARP, neighbour discovery and SYN probes of its own, MACs of everybody heard.
    pub(crate) raw: bool,
    /// ICMP echo.
    pub(crate) icmp: bool,
}

/// A block of addresses on a leg.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct BlockView {
    /// Such as `192.168.1.0/24`.
    pub(crate) block: String,
    /// Whether it is swept.
    pub(crate) scanned: bool,
    /// `public`, `large` or `above_sixteen`; `null` when it is swept.
    pub(crate) code: Option<&'static str>,
    /// Why it is not swept and what allows it, in words; `null` when it is swept.
    pub(crate) reason: Option<&'static str>,
}

/// A leg.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct SegmentView {
    /// Its number, stable.
    pub(crate) id: u8,
    /// The interface's name, as devices and changes give it.
    pub(crate) segment: String,
    /// `wired`, `wireless`, `bridge` and so on.
    pub(crate) kind: &'static str,
    /// Own MAC; `null` for `remote`, which stands for the networks behind routers.
    pub(crate) mac: Option<String>,
    /// Own addresses with prefix lengths.
    pub(crate) addresses: Vec<String>,
    /// The default gateway on it.
    pub(crate) gateway: Option<String>,
    /// What the appliance can do there.
    pub(crate) means: MeansView,
    /// Address blocks, those that are not scanned with the reason.
    pub(crate) blocks: Vec<BlockView>,
    /// Whether the scanner doubts itself there: half the network vanished at once, nobody is called offline.
    pub(crate) degraded: bool,
    /// Devices with a leg there.
    pub(crate) devices: usize,
    /// Those of them that are online.
    pub(crate) online: usize,
}

const PUBLIC: Text = Text {
    en: "Its addresses are public; name it in the network settings, under segments, to allow it.",
    fr: "Ses adresses sont publiques ; pour l'autoriser, indiquez-la dans les réglages du réseau, sous « segments ».",
};
const LARGE: Text = Text {
    en: "It is larger than a /22; name it, or a part of it, in the network settings, under segments, to allow it.",
    fr: "Elle dépasse un /22 ; pour l'autoriser, indiquez-la en tout ou en partie dans les réglages du réseau, sous « segments ».",
};
const ABOVE_SIXTEEN: Text = Text {
    en: "It is larger than a /16; name the parts to scan in the network settings, under segments.",
    fr: "Elle dépasse un /16 ; indiquez les parties à explorer dans les réglages du réseau, sous « segments ».",
};

impl BlockView {
    fn render(block: Block, verdict: Result<(), NotScanned>, language: Language) -> Self {
        let why = verdict.err().map(|why| match why {
            NotScanned::Public => ("public", PUBLIC),
            NotScanned::Large => ("large", LARGE),
            NotScanned::AboveSixteen => ("above_sixteen", ABOVE_SIXTEEN),
        });
        Self {
            block: block.to_string(),
            scanned: verdict.is_ok(),
            code: why.map(|(code, _)| code),
            reason: why.map(|(_, text)| text.speak(language)),
        }
    }
}

impl SegmentView {
    /// A leg, with the devices counted there.
    pub(crate) fn render(leg: &LegView, (devices, online): (usize, usize), language: Language) -> Self {
        Self {
            id: leg.segment.0,
            segment: leg.interface.clone(),
            kind: kind_name(leg.kind),
            mac: leg.mac.map(|mac| mac.to_string()),
            addresses: leg.addresses.iter().map(|(ip, prefix)| format!("{ip}/{prefix}")).collect(),
            gateway: leg.gateway.map(|ip| ip.to_string()),
            means: MeansView { raw: leg.raw, icmp: leg.icmp },
            blocks: leg.scope.iter().map(|(block, may)| BlockView::render(*block, *may, language)).collect(),
            degraded: leg.degraded,
            devices,
            online,
        }
    }
}

const fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Loopback => "loopback",
        Kind::Wired => "wired",
        Kind::Wireless => "wireless",
        Kind::Bridge => "bridge",
        Kind::Bond => "bond",
        Kind::Vlan => "vlan",
        Kind::Macvlan => "macvlan",
        Kind::Veth => "veth",
        Kind::Tap => "tap",
        Kind::Tunnel => "tunnel",
        Kind::Dummy => "dummy",
        _ => "other",
    }
}
