//! Holds the kinds of device the product tells apart, and their names on the wire and in rule files.
//! Never decides which kind a device is: `rule` does. Called by rules, fusion, the API and the page.

use core::fmt;
use core::str::FromStr;

macro_rules! kinds {
    ($($(#[$doc:meta])* $variant:ident = $name:literal),+ $(,)?) => {
        /// What a device is for, as its owner would say it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, serde::Serialize, serde::Deserialize)]
        #[cfg_attr(feature = "defmt", derive(defmt::Format))]
        #[serde(rename_all = "lowercase")]
        pub enum Kind { $($(#[$doc])* $variant),+ }

        impl Kind {
            /// Every kind, in the order they are listed to people.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The lower-case name used in JSON, rule files and filters.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }
        }

        impl FromStr for Kind {
            type Err = UnknownKind;

            fn from_str(text: &str) -> Result<Self, UnknownKind> {
                match text { $($name => Ok(Self::$variant),)+ _ => Err(UnknownKind) }
            }
        }
    };
}

kinds! {
    /// Not known, or the evidence disagrees: better said than guessed wrong.
    #[default]
    Unknown = "unknown",
    /// Forwards packets: router, gateway, firewall, modem.
    Router = "router",
    /// Bridges frames: managed switch.
    Switch = "switch",
    /// Gives Wi-Fi to others without routing.
    AccessPoint = "accesspoint",
    /// Desktop or laptop.
    Computer = "computer",
    /// Serves others: rack machine, virtual host, single-board server.
    Server = "server",
    /// Mobile phone.
    Phone = "phone",
    /// Tablet or reader.
    Tablet = "tablet",
    /// Printer, scanner or both. Never probed on its printing ports.
    Printer = "printer",
    /// Network camera or recorder.
    Camera = "camera",
    /// Television, streaming stick, set-top box, projector.
    Tv = "tv",
    /// Speaker, amplifier, voice assistant.
    Speaker = "speaker",
    /// Network storage.
    Nas = "nas",
    /// Games console.
    Console = "console",
    /// Desk telephone, intercom, VoIP adapter.
    Voip = "voip",
    /// Sensor, plug, lamp, thermostat, hub, appliance.
    Iot = "iot",
    /// Watch or other thing worn.
    Wearable = "wearable",
}

/// The text names no kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownKind;

impl fmt::Display for UnknownKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a kind of device; one of")?;
        Kind::ALL.iter().try_for_each(|kind| write!(f, " {}", kind.name()))
    }
}

impl core::error::Error for UnknownKind {}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_read_back_from_its_name() {
        for kind in Kind::ALL {
            assert_eq!(kind.name().parse(), Ok(*kind));
        }
        assert_eq!("toaster".parse::<Kind>(), Err(UnknownKind));
    }
}
