//! Holds how many weak witnesses make one belief: `1 - prod(1 - p)` over independent groups of sources, fading with age.
//! Never adds two witnesses of one group: what mDNS says ten times is still one protocol's word. Called by `Lan`.

use embassy_time::{Duration, Instant};

use super::device::Device;
use super::presence::Presence;
use super::sighting::Source;

/// Sources that fail together count as one witness.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Group {
    Link,
    Echo,
    Transport,
    Dhcp,
    Mdns,
    Ssdp,
    Netbios,
    Snmp,
    Dns,
    Web,
    Shell,
    Overlay,
    Person,
}

impl Group {
    pub(super) const COUNT: usize = 13;

    pub(super) const fn of(source: Source) -> Self {
        match source {
            Source::Arp | Source::Nd | Source::Neighbour => Self::Link,
            Source::Icmp => Self::Echo,
            Source::Tcp | Source::Banner => Self::Transport,
            Source::Dhcp | Source::Lease => Self::Dhcp,
            Source::Mdns => Self::Mdns,
            Source::Ssdp | Source::Wsd => Self::Ssdp,
            Source::Llmnr | Source::Nbns => Self::Netbios,
            Source::Snmp => Self::Snmp,
            Source::Dns => Self::Dns,
            Source::Http | Source::Rtsp | Source::Tls => Self::Web,
            Source::Ssh | Source::Inventory => Self::Shell,
            Source::Tailscale => Self::Overlay,
            Source::Person => Self::Person,
        }
    }
}

/// The belief of independent witnesses.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Belief {
    doubt: [f32; Group::COUNT],
}

impl Belief {
    pub(super) const fn none() -> Self {
        Self { doubt: [1.0; Group::COUNT] }
    }

    /// Hears one witness with weight `p`; only the strongest of each group counts.
    pub(super) fn hear(&mut self, group: Group, p: f32) {
        if let Some(doubt) = self.doubt.get_mut(group as usize) {
            *doubt = doubt.min(1.0 - p.clamp(0.0, 0.99));
        }
    }

    /// `1 - prod(1 - p)`.
    pub(super) fn confidence(&self) -> f32 {
        1.0 - self.doubt.iter().product::<f32>()
    }
}

/// What is left of a weight after `age`: one half after `half`, one third after twice as long. A rational curve: close
/// enough to a decay, and exact on every target.
pub(super) fn fade(age: Duration, half: Duration) -> f32 {
    #[allow(clippy::cast_precision_loss)] // Seconds to 24 bits are days exactly, and weights have two digits.
    let (age_s, half_s) = (age.as_secs() as f32, half.as_secs().max(1) as f32);
    half_s / (half_s + age_s)
}

/// How much a sign of life by one group proves presence when it is fresh.
const fn proves_presence(group: Group) -> f32 {
    match group {
        Group::Link => 0.95,
        Group::Echo | Group::Transport => 0.9,
        Group::Dhcp | Group::Mdns | Group::Ssdp | Group::Netbios => 0.85,
        Group::Snmp | Group::Web | Group::Shell => 0.9,
        Group::Dns | Group::Overlay | Group::Person => 0.0,
    }
}

const GROUPS: [Group; Group::COUNT] = [
    Group::Link,
    Group::Echo,
    Group::Transport,
    Group::Dhcp,
    Group::Mdns,
    Group::Ssdp,
    Group::Netbios,
    Group::Snmp,
    Group::Dns,
    Group::Web,
    Group::Shell,
    Group::Overlay,
    Group::Person,
];

/// A fresh sign of life counts half after this long: two sweeps.
const PRESENCE_HALF: Duration = Duration::from_secs(600);

/// How sure it is that a device is there: fresh witnesses, less a half for each miss; little once it is called gone.
pub(super) fn presence_confidence(device: &Device, now: Instant) -> f32 {
    if device.is_myself() {
        // Whoever asks is answered by it.
        return 1.0;
    }
    let mut belief = Belief::none();
    for (group, heard) in GROUPS.iter().zip(device.live.heard) {
        if let Some(heard) = heard {
            let fresh = fade(now.saturating_duration_since(heard), PRESENCE_HALF);
            belief.hear(*group, proves_presence(*group) * fresh);
        }
    }
    let vigil = &device.live.vigil;
    let misses = (0..vigil.misses.saturating_add(vigil.rounds_failed).min(8)).fold(1.0, |left, _| left * 0.5f32);
    match vigil.state {
        Presence::Offline => (belief.confidence() * misses).min(0.05),
        _ => belief.confidence() * misses,
    }
}
