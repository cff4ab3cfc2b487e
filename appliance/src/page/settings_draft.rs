//! Holds the settings as a person typed them, and how they are read.
//! It never drops what it cannot read: that is told beside its field, and the text stays.
//! The page of the settings uses it.

use crate::config::{NetworkSettings, Pace, PortLists, PresenceConfig, Sources};
use crate::http::language::Language;

use super::acts::field;
use super::words::settings as texts;

/// The sources in the order of the page, by the names of the settings.
pub(super) const SOURCES: [&str; 14] = [
    "arp",
    "nd",
    "icmp",
    "tcp",
    "mdns",
    "nbns",
    "ssdp",
    "wsd",
    "dhcp",
    "leases",
    "dns",
    "snmp",
    "banners",
    "tailscale",
];

/// The form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Draft {
    pub(super) interval: String,
    pub(super) pace: String,
    /// In the order of [`SOURCES`].
    pub(super) sources: Vec<bool>,
    pub(super) segments: String,
    pub(super) exclude: String,
    pub(super) allow_public: bool,
    pub(super) quick: String,
    pub(super) full: String,
    /// In minutes.
    pub(super) wired: String,
    pub(super) other: String,
    pub(super) phone: String,
    pub(super) confirm: String,
}

fn switches(sources: &mut Sources) -> [&mut bool; 14] {
    [
        &mut sources.arp,
        &mut sources.nd,
        &mut sources.icmp,
        &mut sources.tcp,
        &mut sources.mdns,
        &mut sources.nbns,
        &mut sources.ssdp,
        &mut sources.wsd,
        &mut sources.dhcp,
        &mut sources.leases,
        &mut sources.dns,
        &mut sources.snmp,
        &mut sources.banners,
        &mut sources.tailscale,
    ]
}

impl Draft {
    /// The settings as a form.
    pub(super) fn of(settings: &NetworkSettings, language: Language) -> Self {
        let minutes = |seconds| minutes(seconds, language);
        let ports = |ports: &[u16]| ports.iter().map(u16::to_string).collect::<Vec<_>>().join(", ");
        let mut sources = settings.sources;
        Self {
            interval: settings.interval_minutes.to_string(),
            pace: match settings.pace {
                Pace::Gentle => "gentle",
                Pace::Background => "background",
                Pace::Fast => "fast",
            }
            .to_owned(),
            sources: switches(&mut sources).into_iter().map(|on| *on).collect(),
            segments: settings.segments.join("\n"),
            exclude: settings.exclude.join("\n"),
            allow_public: settings.allow_public,
            quick: ports(&settings.ports.quick),
            full: ports(&settings.ports.full),
            wired: minutes(settings.presence.wired_seconds),
            other: minutes(settings.presence.other_seconds),
            phone: minutes(settings.presence.phone_seconds),
            confirm: minutes(settings.presence.confirm_seconds),
        }
    }

    /// What a form says.
    pub(super) fn read(form: &[(String, String)]) -> Self {
        let text = |name: &str| field(form, name).trim().to_owned();
        let on = |source: &str| form.iter().any(|(name, value)| name == "source" && value == source);
        Self {
            interval: text("interval_minutes"),
            pace: text("pace"),
            sources: SOURCES.iter().map(|source| on(source)).collect(),
            segments: text("segments"),
            exclude: text("exclude"),
            allow_public: field(form, "allow_public") == "on",
            quick: text("quick"),
            full: text("full"),
            wired: text("wired_seconds"),
            other: text("other_seconds"),
            phone: text("phone_seconds"),
            confirm: text("confirm_seconds"),
        }
    }

    /// The settings it means, or pointers and words for what cannot be read. Whether they do is for the API to say. What
    /// the form does not show stays as in `base`.
    pub(super) fn settings(
        &self,
        base: &NetworkSettings,
        language: Language,
    ) -> Result<NetworkSettings, Vec<(String, String)>> {
        let mut unread = Vec::new();
        let mut note = |pointer: &str, text: String| unread.push((pointer.to_owned(), text));
        let mut seconds = |name: &str, text: &str| {
            let seconds = read_minutes(text);
            if seconds.is_none() {
                note(&format!("/presence/{name}"), texts::NOT_MINUTES.speak(language).to_owned());
            }
            seconds.flatten()
        };
        let presence = PresenceConfig {
            wired_seconds: seconds("wired_seconds", &self.wired),
            other_seconds: seconds("other_seconds", &self.other),
            phone_seconds: seconds("phone_seconds", &self.phone),
            confirm_seconds: seconds("confirm_seconds", &self.confirm),
        };
        let mut ports = |name: &str, text: &str| {
            let (ports, wrong) = read_ports(text);
            if let Some(wrong) = wrong {
                note(&format!("/ports/{name}"), texts::NOT_A_PORT.speak(language).replace("{x}", &wrong));
            }
            ports
        };
        let ports = PortLists { quick: ports("quick", &self.quick), full: ports("full", &self.full) };
        let mut sources = base.sources;
        for (switch, on) in switches(&mut sources).into_iter().zip(&self.sources) {
            *switch = *on;
        }
        let mut settings = base.clone();
        // What is no number is out of bounds, and the check says which those are.
        settings.interval_minutes = self.interval.parse().unwrap_or(0);
        settings.pace = match self.pace.as_str() {
            "gentle" => Pace::Gentle,
            "fast" => Pace::Fast,
            _ => Pace::Background,
        };
        settings.sources = sources;
        settings.segments = lines(&self.segments);
        settings.exclude = lines(&self.exclude);
        settings.allow_public = self.allow_public;
        settings.ports = ports;
        settings.presence = presence;
        if unread.is_empty() { Ok(settings) } else { Err(unread) }
    }
}

fn lines(text: &str) -> Vec<String> {
    text.split(['\n', ',', ' ']).map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

/// The ports of a list, and the first word that is none.
fn read_ports(text: &str) -> (Vec<u16>, Option<String>) {
    let (mut ports, mut wrong) = (Vec::new(), None);
    for word in text.split(|letter: char| letter == ',' || letter == ';' || letter.is_whitespace()) {
        match word.parse() {
            Ok(port) if !ports.contains(&port) => ports.push(port),
            Ok(_) => {}
            Err(_) if word.is_empty() => {}
            Err(_) => wrong = wrong.or_else(|| Some(word.chars().take(20).collect())),
        }
    }
    (ports, wrong)
}

/// Seconds as minutes, with as many decimals as are needed.
fn minutes(seconds: Option<u32>, language: Language) -> String {
    let Some(seconds) = seconds else { return String::new() };
    let text = format!("{:.2}", f64::from(seconds) / 60.0);
    let text = text.trim_end_matches('0').trim_end_matches('.');
    match language {
        Language::En => text.to_owned(),
        Language::Fr => text.replace('.', ","),
    }
}

/// Minutes as seconds, from 1 s to a day; empty is none given. Nothing for what is no such number.
fn read_minutes(text: &str) -> Option<Option<u32>> {
    if text.is_empty() {
        return Some(None);
    }
    let minutes: f64 = text.replace(',', ".").parse().ok()?;
    let seconds = (minutes * 60.0).round();
    (1.0..=f64::from(crate::config::MAX_PATIENCE_SECONDS)).contains(&seconds).then_some(Some(seconds as u32))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_survive_the_form() {
        let mut settings = NetworkSettings {
            interval_minutes: 7,
            pace: Pace::Gentle,
            segments: vec!["10.0.0.0/24".into(), "10.1.0.0/24".into()],
            exclude: vec!["10.0.0.9".into()],
            allow_public: true,
            presence: PresenceConfig { wired_seconds: Some(50), phone_seconds: Some(86_400), ..Default::default() },
            ..NetworkSettings::default()
        };
        settings.sources.ssdp = false;
        let french = Draft::of(&settings, Language::Fr);
        assert_eq!(
            (french.wired.as_str(), french.settings(&settings.clone(), Language::Fr)),
            ("0,83", Ok(settings.clone()))
        );
        let draft = Draft::of(&settings, Language::En);
        assert_eq!((draft.wired.as_str(), draft.phone.as_str(), draft.other.as_str()), ("0.83", "1440", ""));
        assert_eq!(draft.settings(&settings.clone(), Language::En), Ok(settings));
    }

    #[test]
    fn what_cannot_be_read_is_told_and_kept() {
        let form =
            [("quick", "80, http 443;80"), ("wired_seconds", "soon"), ("other_seconds", "0,5"), ("phone_seconds", "0")];
        let form: Vec<_> = form.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        let draft = Draft::read(&form);
        assert_eq!(draft.quick, "80, http 443;80");
        let unread = draft.settings(&NetworkSettings::default(), Language::Fr).unwrap_err();
        let pointers: Vec<&str> = unread.iter().map(|(pointer, _)| pointer.as_str()).collect();
        assert_eq!(pointers, ["/presence/wired_seconds", "/presence/phone_seconds", "/ports/quick"]);
        assert!(unread[2].1.contains("http"), "{unread:?}");
        assert_eq!(read_ports("80, http 443;80").0, [80, 443]);
        assert_eq!(read_minutes("0,5"), Some(Some(30)));
    }

    #[test]
    fn every_source_has_its_box() {
        let mut sources = Sources::default();
        let json = serde_json::to_value(sources).unwrap();
        let names: Vec<&String> = json.as_object().unwrap().keys().collect();
        // A switch that does nothing yet is not shown.
        let shown = |name: &&&String| name.as_str() != "ssh";
        assert_eq!(names.iter().filter(shown).count(), SOURCES.len());
        assert!(names.iter().filter(shown).all(|name| SOURCES.contains(&name.as_str())));
        for (place, name) in SOURCES.iter().enumerate() {
            *switches(&mut sources)[place] = false;
            assert_eq!(serde_json::to_value(sources).unwrap()[*name], false, "{name}");
        }
    }
}
