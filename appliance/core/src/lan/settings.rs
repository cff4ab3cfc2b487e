//! Holds what a person may change of the machine `Lan`, with the defaults and why they are what they are.
//! Never holds a capacity: those are in `limits`. Called by the configuration and by `Lan`.

use core::net::{IpAddr, Ipv4Addr};

use embassy_time::Duration;

use super::sweep::{Block, MAX_EXCLUDED};
use crate::limits::{MAX_DHCP_SERVERS, MAX_STEADY_PREFIXES};

/// Settings of [`Lan`](super::Lan).
#[derive(Clone, Debug, PartialEq)]
pub struct LanSettings {
    /// Misses before a device that is surely wired is confirmed gone. One miss is a lost frame; with three tries in each
    /// sweep and six in each confirmation, two leave far less than one wrong word a day at 20 % loss.
    pub wired_misses: u8,
    /// The same for Wi-Fi and for what is not known.
    pub other_misses: u8,
    /// Silence before a wired device may be called gone.
    pub wired_silence: Duration,
    /// The same for Wi-Fi and for what is not known.
    pub other_silence: Duration,
    /// The same for phones, tablets and random MACs: they sleep for many minutes.
    pub phone_silence: Duration,
    /// However long a device usually sleeps, it is called gone after this much silence.
    pub longest_silence: Duration,
    /// Pause between two confirmations of one device: Wi-Fi losses come in bursts, so asking at once proves nothing.
    pub confirm_pause: Duration,
    /// What is merely observed is asked to be saved at most this often for each device.
    pub save_pause: Duration,
    /// A device of which nothing but the time of its last sign of life changed is saved again after this long, when something
    /// else is written; while nothing is, not at all.
    pub refresh_pause: Duration,
    /// DHCP servers that are known and wanted, beside the gateway, this appliance and trusted devices.
    pub dhcp_servers: heapless::Vec<IpAddr, MAX_DHCP_SERVERS>,
    /// Prefixes of locally administered MACs that do not change: virtual machines, repeaters, containers.
    pub steady_prefixes: heapless::Vec<[u8; 3], MAX_STEADY_PREFIXES>,
    /// What is never asked anything. Whoever is there is known by what is heard of it alone.
    pub excluded: heapless::Vec<Block, MAX_EXCLUDED>,
}

impl LanSettings {
    /// Whether a person said that this address is never to be asked. IPv6 addresses cannot be named, see
    /// [`Lan::is_spared`](super::Lan::is_spared).
    #[must_use]
    pub fn is_excluded(&self, ip: Ipv4Addr) -> bool {
        self.excluded.iter().any(|block| block.contains(ip))
    }
}

impl Default for LanSettings {
    fn default() -> Self {
        let mut steady_prefixes = heapless::Vec::new();
        // QEMU and KVM; there is room, so it cannot fail.
        let _full = steady_prefixes.push([0x52, 0x54, 0x00]);
        Self {
            wired_misses: 2,
            other_misses: 3,
            wired_silence: Duration::from_secs(2 * 60),
            other_silence: Duration::from_secs(10 * 60),
            phone_silence: Duration::from_secs(15 * 60),
            longest_silence: Duration::from_secs(60 * 60),
            confirm_pause: Duration::from_secs(45),
            save_pause: Duration::from_secs(15 * 60),
            refresh_pause: Duration::from_secs(6 * 60 * 60),
            dhcp_servers: heapless::Vec::new(),
            steady_prefixes,
            excluded: heapless::Vec::new(),
        }
    }
}
