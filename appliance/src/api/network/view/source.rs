//! Holds how a source looks: in JSON and in words, whether it works, why not, what it was asked and what came of it.
//! Never decides how it is: the network shell does. Called by the sources route and the page.

use std::io::ErrorKind;

use schemars::JsonSchema;
use serde::Serialize;
use vigie_wire::names::snmp::Refusal;

use super::Lens;
use crate::http::language::{Language, Text};
use crate::shell::network::{Condition, Hands, SourceLook, Trouble};

/// A source.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct SourceView {
    /// Its switch in the settings.
    pub(crate) name: &'static str,
    /// What it is, in words.
    pub(crate) title: &'static str,
    /// Whether it is switched on.
    pub(crate) on: bool,
    /// `good`, `limited`, `silent`, `waiting`, `trouble`, `off`, `no_right`, `no_credentials`, `absent` or `no_network`.
    pub(crate) state: &'static str,
    /// The same in words, with what to do when it is not good.
    pub(crate) reason: &'static str,
    /// Seconds from one question to the next.
    pub(crate) interval_s: u64,
    /// Questions asked since the start.
    pub(crate) asked: u64,
    /// Questions that could not be sent, or were dropped because too many waited.
    pub(crate) unsent: u64,
    /// Messages heard.
    pub(crate) heard: u64,
    /// Messages dropped because they were malformed.
    pub(crate) malformed: u64,
    /// Times something went wrong.
    pub(crate) errors: u64,
    /// Devices it ever spoke of.
    pub(crate) devices: usize,
    /// When it was asked last; `null` if never, and while the clock is not set.
    pub(crate) last_asked: Option<String>,
    /// When something was heard last; `null` if never, and while the clock is not set.
    pub(crate) last_heard: Option<String>,
    /// What went wrong last; `null` when all is well.
    pub(crate) last_error: Option<ErrorView>,
}

/// What went wrong with a source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct ErrorView {
    /// Such as `wrong_password` or `unreadable`.
    pub(crate) code: &'static str,
    /// In words, with what to do.
    pub(crate) message: String,
    /// When; `null` while the clock is not set.
    pub(crate) at: Option<String>,
}

impl SourceView {
    /// Every source, in the order of the settings.
    pub(crate) fn all(hands: &Hands<'_>, lens: &Lens<'_>, language: Language) -> Vec<Self> {
        hands.sources().iter().map(|look| Self::render(hands, lens, look, language)).collect()
    }

    fn render(hands: &Hands<'_>, lens: &Lens<'_>, look: &SourceLook, language: Language) -> Self {
        let tally = &look.tally;
        let date = |at| lens.text(hands.moment_of(at));
        let last_error = tally.trouble.filter(|(_, trouble)| *trouble != Trouble::Absent).map(|(at, trouble)| {
            let (code, message) = explain(trouble, language);
            ErrorView { code, message, at: date(at) }
        });
        let (state, reason) = condition(look.condition);
        Self {
            name: look.name,
            title: title(look.name).speak(language),
            on: look.on,
            state,
            reason: reason.speak(language),
            interval_s: look.pause.as_secs(),
            asked: tally.asked,
            unsent: tally.unsent,
            heard: tally.heard,
            malformed: tally.malformed,
            errors: tally.errors,
            devices: look.devices,
            last_asked: tally.last_asked.and_then(date),
            last_heard: tally.last_heard.and_then(date),
            last_error,
        }
    }
}

const fn text(en: &'static str, fr: &'static str) -> Text {
    Text { en, fr }
}

/// What a source is.
fn title(name: &str) -> Text {
    match name {
        "arp" => text("ARP, heard and asked", "ARP, écouté et interrogé"),
        "nd" => text("IPv6 neighbours", "Voisins IPv6"),
        "icmp" => text("Ping", "Ping"),
        "tcp" => text("TCP ports", "Ports TCP"),
        "mdns" => text("Names and services: mDNS, LLMNR", "Noms et services : mDNS, LLMNR"),
        "nbns" => text("Windows names: NetBIOS", "Noms Windows : NetBIOS"),
        "ssdp" => text("UPnP", "UPnP"),
        "wsd" => text("WS-Discovery", "WS-Discovery"),
        "dhcp" => text("DHCP heard", "DHCP écouté"),
        "leases" => text("DHCP leases of this machine", "Baux DHCP de cette machine"),
        "dns" => text("Names from the network's DNS", "Noms du DNS du réseau"),
        "snmp" => text("SNMP", "SNMP"),
        "banners" => text("Greetings and certificates", "Messages d'accueil et certificats"),
        _ => text("Tailscale of this machine", "Tailscale de cette machine"),
    }
}

const fn condition(condition: Condition) -> (&'static str, Text) {
    match condition {
        Condition::Good => ("good", text("It tells something.", "Elle renseigne.")),
        Condition::Limited => (
            "limited",
            text(
                "It sees what the system knows, and no more: the appliance lacks CAP_NET_RAW.",
                "Elle voit ce que le système sait, pas plus : il manque CAP_NET_RAW à Vigie.",
            ),
        ),
        Condition::Silent => {
            ("silent", text("It was asked, and nobody has answered.", "Interrogée, mais personne n'a répondu."))
        }
        Condition::Waiting => {
            ("waiting", text("It has been neither asked nor heard yet.", "Ni interrogée ni entendue pour l'instant."))
        }
        Condition::Trouble => ("trouble", text("Something went wrong.", "Un problème est survenu.")),
        Condition::Off => {
            ("off", text("It is switched off in the settings.", "Elle est désactivée dans les réglages."))
        }
        Condition::NoRight => (
            "no_right",
            text("The appliance lacks the right for it: CAP_NET_RAW.", "Il manque à Vigie le droit CAP_NET_RAW."),
        ),
        Condition::NoCredentials => (
            "no_credentials",
            text(
                "Nobody gave credentials: network.snmp_user or network.snmp_community in the configuration file.",
                "Aucun accès n'est donné : network.snmp_user ou network.snmp_community dans le fichier de configuration.",
            ),
        ),
        Condition::Absent => (
            "absent",
            text("There is none on this machine, which is fine.", "Absente de cette machine, ce qui est normal."),
        ),
        Condition::NoNetwork => ("no_network", text("No network is connected.", "Aucun réseau n'est relié.")),
    }
}

/// What went wrong, as a code and in words.
fn explain(trouble: Trouble, language: Language) -> (&'static str, String) {
    let (code, words) = match trouble {
        Trouble::Refused(_, refusal) => refused(refusal),
        Trouble::Forged(_) => (
            "forged",
            text(
                "An answer in the name of {ip} is not signed with the password: somebody else wrote it, or the agent's password is another.",
                "Une réponse au nom de {ip} n'est pas signée avec le mot de passe : quelqu'un d'autre l'a écrite, ou l'agent a un autre mot de passe.",
            ),
        ),
        Trouble::Unreadable(ErrorKind::PermissionDenied) => (
            "no_permission",
            text(
                "The appliance may not read it; let its user read it.",
                "Vigie n'a pas le droit de la lire ; donnez-le à son utilisateur.",
            ),
        ),
        Trouble::Unreadable(ErrorKind::NotFound) => (
            "not_found",
            text("It is not where the configuration says.", "Elle n'est pas là où l'indique la configuration."),
        ),
        Trouble::Unreadable(_) => ("unreadable", text("It cannot be read: {why}.", "Lecture impossible : {why}.")),
        Trouble::Absent => ("absent", condition(Condition::Absent).1),
        Trouble::TooLong => ("too_long", text("It is longer than is read.", "Elle dépasse la taille lue.")),
        Trouble::NotUnderstood => (
            "not_understood",
            text(
                "What it says is not understood; it may be of another version.",
                "Sa réponse n'est pas comprise ; sa version est peut-être autre.",
            ),
        ),
    };
    let ip = match trouble {
        Trouble::Refused(ip, _) | Trouble::Forged(ip) => ip.to_string(),
        _ => String::new(),
    };
    let why = match trouble {
        Trouble::Unreadable(kind) => kind.to_string(),
        _ => String::new(),
    };
    (code, words.speak(language).replace("{ip}", &ip).replace("{why}", &why))
}

/// Why an SNMP agent refuses. It is not asked again for hours, so what to do is said.
const fn refused(refusal: Refusal) -> (&'static str, Text) {
    match refusal {
        Refusal::Signature => (
            "wrong_password",
            text(
                "{ip} refuses the password, or signs by another algorithm: compare network.snmp_auth_password and network.snmp_auth with the agent. It is asked again in six hours or after a restart.",
                "{ip} refuse le mot de passe, ou signe avec un autre algorithme : comparez network.snmp_auth_password et network.snmp_auth avec l'agent. Il sera de nouveau interrogé dans six heures ou après un redémarrage.",
            ),
        ),
        Refusal::Seal => (
            "wrong_privacy_password",
            text(
                "{ip} cannot open what is encrypted: compare network.snmp_privacy_password with the agent. It is asked again in six hours or after a restart.",
                "{ip} ne peut pas déchiffrer : comparez network.snmp_privacy_password avec l'agent. Il sera de nouveau interrogé dans six heures ou après un redémarrage.",
            ),
        ),
        Refusal::User => (
            "unknown_user",
            text(
                "{ip} does not know the user of network.snmp_user. It is asked again in six hours or after a restart.",
                "{ip} ne connaît pas l'utilisateur de network.snmp_user. Il sera de nouveau interrogé dans six heures ou après un redémarrage.",
            ),
        ),
        Refusal::Level => (
            "level",
            text(
                "{ip} does not offer this kind of signature or encryption to the user: compare network.snmp_auth and network.snmp_privacy with the agent. It is asked again in six hours or after a restart.",
                "{ip} n'offre pas ce type de signature ou de chiffrement à l'utilisateur : comparez network.snmp_auth et network.snmp_privacy avec l'agent. Il sera de nouveau interrogé dans six heures ou après un redémarrage.",
            ),
        ),
        Refusal::Time | Refusal::Engine | Refusal::Other => (
            "refused",
            text(
                "{ip} refuses to answer; its own log says why. It is asked again in six hours or after a restart.",
                "{ip} refuse de répondre ; son journal dit pourquoi. Il sera de nouveau interrogé dans six heures ou après un redémarrage.",
            ),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_trouble_has_words_in_both_languages_and_no_blank_left() {
        let ip = "10.0.0.7".parse().unwrap();
        let refusals = [
            Refusal::Signature,
            Refusal::Seal,
            Refusal::User,
            Refusal::Level,
            Refusal::Time,
            Refusal::Engine,
            Refusal::Other,
        ];
        let others = [
            Trouble::Forged(ip),
            Trouble::Unreadable(ErrorKind::PermissionDenied),
            Trouble::Unreadable(ErrorKind::NotFound),
            Trouble::Unreadable(ErrorKind::InvalidInput),
            Trouble::TooLong,
            Trouble::NotUnderstood,
        ];
        for trouble in refusals.map(|why| Trouble::Refused(ip, why)).into_iter().chain(others) {
            let (english, french) = (explain(trouble, Language::En), explain(trouble, Language::Fr));
            assert_ne!(english.1, french.1);
            assert!(!english.1.contains('{') && !french.1.contains('{'), "{english:?} {french:?}");
        }
    }
}
