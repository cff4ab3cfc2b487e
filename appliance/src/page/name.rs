//! Holds what a device is called on the page, and how names from the network are shown.
//! It never shows a sign that turns or hides text: such a sign becomes a visible one.
//! Rows, sheets and the journal use it.

use std::net::IpAddr;

use maud::{Markup, html};
use vigie_core::Mac;
use vigie_core::lan::{Device, Kind, Role};

use crate::http::language::Language;

use super::words::devices as words;

/// What there is to call a device by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Name {
    label: String,
    hostname: String,
    vendor: String,
    kind: Kind,
    mac: Option<Mac>,
    ip: Option<IpAddr>,
    /// It is this appliance.
    myself: bool,
}

impl Name {
    pub(super) fn of(device: &Device) -> Self {
        Self {
            label: clean(device.label()),
            hostname: device.hostname().map(|name| clean(&name.value)).unwrap_or_default(),
            vendor: device.vendor().map(|vendor| clean(&vendor.value)).unwrap_or_default(),
            kind: device.kind(),
            mac: device.mac(),
            ip: device.ip(),
            myself: device.roles().any(|role| role == Role::Myself),
        }
    }

    /// The best name: a person's, its own, else what it is and who made it, else its address.
    pub(super) fn text(&self, language: Language) -> String {
        if !self.label.is_empty() {
            return self.label.clone();
        }
        if !self.hostname.is_empty() {
            return self.hostname.clone();
        }
        if self.myself {
            return "Vigie".to_owned();
        }
        match (self.kind, self.vendor.as_str()) {
            (Kind::Unknown, "") => {
                let address = self.ip.map(|ip| ip.to_string()).or_else(|| self.mac.map(|mac| mac.to_string()));
                address.unwrap_or_else(|| words::NAMELESS.speak(language).to_owned())
            }
            (Kind::Unknown, vendor) => words::device_of(language, vendor),
            (kind, "") => words::kind(kind).speak(language).to_owned(),
            (kind, vendor) => words::kind_of(language, kind, vendor),
        }
    }

    /// Whether the name is made of kind and maker, for want of another.
    pub(super) fn is_made_up(&self) -> bool {
        self.label.is_empty() && self.hostname.is_empty() && !self.myself && self.kind != Kind::Unknown
    }

    /// The host name, when the device is shown under another one.
    pub(super) fn second(&self) -> Option<&str> {
        (!self.label.is_empty() && !self.hostname.is_empty() && self.label != self.hostname).then_some(&*self.hostname)
    }

    /// The name, kept apart from the text around it (its letters may run from right to left).
    pub(super) fn show(&self, language: Language) -> Markup {
        html! { bdi { (self.text(language)) } }
    }

    /// Whether any part of it holds `wanted`, in lower case.
    pub(super) fn holds(&self, wanted: &str) -> bool {
        [&self.label, &self.hostname, &self.vendor].into_iter().any(|text| text.to_lowercase().contains(wanted))
    }
}

/// A text of somebody else's, without signs that steer how the text around them reads: controls, and the marks of
/// Unicode's bidirectional algorithm (UAX 9).
pub(super) fn clean(text: &str) -> String {
    let steers = |letter: char| {
        letter.is_control()
            || matches!(letter, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
    };
    text.chars().map(|letter| if steers(letter) { '\u{fffd}' } else { letter }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_name_wins_and_there_is_always_one() {
        let mut name = Name::default();
        assert_eq!(name.text(Language::En), "Device without a name");
        name.ip = Some("10.0.0.7".parse().unwrap());
        assert_eq!(name.text(Language::En), "10.0.0.7");
        name.vendor = "HP".into();
        assert_eq!(name.text(Language::Fr), "Appareil HP");
        name.kind = Kind::Printer;
        assert_eq!(name.text(Language::Fr), "Imprimante HP");
        name.hostname = "laser".into();
        assert_eq!((name.text(Language::En).as_str(), name.second()), ("laser", None));
        name.label = "Front desk".into();
        assert_eq!((name.text(Language::En).as_str(), name.second()), ("Front desk", Some("laser")));
    }

    #[test]
    fn signs_that_turn_text_are_made_visible() {
        assert_eq!(clean("gpj\u{202e}exe.\u{0}\u{1b}[1m"), "gpj\u{fffd}exe.\u{fffd}\u{fffd}[1m");
        assert_eq!(clean("Büro 東京 مكتبة"), "Büro 東京 مكتبة");
        let name = Name { label: "<script>alert(1)</script>".into(), ..Name::default() };
        assert_eq!(name.show(Language::En).into_string(), "<bdi>&lt;script&gt;alert(1)&lt;/script&gt;</bdi>");
    }
}
