//! Holds the texts of the settings.
//! It never holds what is wrong with a value: the API says that.
//! `settings` speaks through it.

use crate::http::language::{Language, Text};

use super::both;

pub(in crate::page) const TITLE: Text = both("Settings", "Réglages");
pub(in crate::page) const SAVED: Text = both("Saved. It counts from now on.", "Enregistré. Cela vaut dès maintenant.");
pub(in crate::page) const NOT_SAVED: Text = both(
    "Nothing was saved: see the fields marked below. What you typed is still there.",
    "Rien n'a été enregistré\u{a0}: voyez les champs signalés ci-dessous. Votre saisie est conservée.",
);
pub(in crate::page) const SAVE: Text = both("Save", "Enregistrer");
pub(in crate::page) const ONLY_ADMIN: Text =
    both("Only an administrator can change these.", "Seul un administrateur peut les changer.");
pub(in crate::page) const RHYTHM: Text = both("Looking around", "Exploration");
pub(in crate::page) const WATCHING: Text =
    both("Vigie looks around by the clock.", "Vigie explore le réseau régulièrement.");
pub(in crate::page) const LISTENING: Text = both(
    "Vigie only listens: it looks around when somebody asks for it.",
    "Vigie ne fait qu'écouter\u{a0}: elle n'explore que si on le lui demande.",
);
pub(in crate::page) const PAUSE: Text = both("Only listen", "Seulement écouter");
pub(in crate::page) const RESUME: Text = both("Look around by the clock", "Explorer régulièrement");
pub(in crate::page) const INTERVAL: Text = both("A look around every", "Une exploration toutes les");
pub(in crate::page) const INTERVAL_HINT: Text = both(
    "From 1 to 60. Devices that are known are asked in between, at their own pace.",
    "De 1 à 60. Les appareils connus sont interrogés entre-temps, à leur propre rythme.",
);
pub(in crate::page) const MINUTES: Text = both("minutes", "minutes");
pub(in crate::page) const PACE: Text = both("How fast", "À quelle vitesse");
pub(in crate::page) const GENTLE: Text =
    both("Gently, for old switches and weak Wi-Fi", "Doucement, pour de vieux commutateurs et un Wi-Fi faible");
pub(in crate::page) const BACKGROUND: Text =
    both("As usual, at most 1,000 packets a second", "Comme d'habitude, 1\u{202f}000 paquets par seconde au plus");
pub(in crate::page) const FAST: Text =
    both("Fast, up to 20,000 packets a second", "Vite, jusqu'à 20\u{202f}000 paquets par seconde");
pub(in crate::page) const PATIENCE: Text =
    both("When is a device called away?", "Quand un appareil est-il dit absent\u{a0}?");
pub(in crate::page) const PATIENCE_HELP: Text = both(
    "After this much silence, and only when it does not answer either when asked by itself. Leave empty for the usual patience.",
    "Après ce temps de silence, et seulement s'il ne répond pas non plus quand on l'interroge. Laissez vide pour la patience habituelle.",
);
pub(in crate::page) const WIRED: Text = both("On a cable (usually 2)", "Par câble (2 d'habitude)");
pub(in crate::page) const OTHER: Text = both("Wi-Fi and others (10)", "Wi-Fi et autres (10)");
pub(in crate::page) const PHONE: Text = both("Phones, which sleep (15)", "Téléphones, qui dorment (15)");
pub(in crate::page) const CONFIRM: Text =
    both("Pause between two rounds of asking (0.75)", "Pause entre deux séries de questions (0,75)");
pub(in crate::page) const NOT_MINUTES: Text = both(
    "Write a number of minutes, such as 10 or 0.5, a day (1440) at most, or leave it empty.",
    "Écrivez un nombre de minutes, par exemple 10 ou 0,5, un jour (1440) au plus, ou laissez vide.",
);
pub(in crate::page) const WHERE: Text = both("Where", "Où");
pub(in crate::page) const SEGMENTS: Text = both("Further networks to look at", "Autres réseaux à explorer");
pub(in crate::page) const SEGMENTS_HINT: Text = both(
    "One a line, such as 192.168.7.0/24. Its own networks are looked at anyway.",
    "Un par ligne, par exemple 192.168.7.0/24. Les siens sont explorés de toute façon.",
);
pub(in crate::page) const EXCLUDE: Text = both("Never to be asked", "À ne jamais interroger");
pub(in crate::page) const EXCLUDE_HINT: Text = both(
    "Addresses or networks, one a line: machines that must be left alone.",
    "Adresses ou réseaux, un par ligne\u{a0}: les machines à laisser tranquilles.",
);
pub(in crate::page) const PUBLIC: Text = both(
    "Public addresses too (only if they are yours)",
    "Les adresses publiques aussi (seulement si ce sont les vôtres)",
);
pub(in crate::page) const SOURCES: Text = both("What it listens to and asks", "Ce qu'elle écoute et demande");
pub(in crate::page) const SOURCES_HELP: Text = both(
    "Each one switched off leaves some devices unseen or without a name.",
    "Chaque source éteinte laisse des appareils invisibles ou sans nom.",
);
pub(in crate::page) const PORTS: Text = both("Ports", "Ports");
pub(in crate::page) const QUICK: Text = both("In every look around", "À chaque exploration");
pub(in crate::page) const QUICK_HINT: Text = both(
    "Numbers separated by commas. Printers' ports are never touched.",
    "Nombres séparés par des virgules. Les ports des imprimantes ne sont jamais touchés.",
);
pub(in crate::page) const FULL: Text = both("“With ports”", "«\u{a0}Avec les ports\u{a0}»");
pub(in crate::page) const FULL_HINT: Text =
    both("When somebody asks for it; at most 256.", "Quand quelqu'un le demande\u{a0}; 256 au plus.");
pub(in crate::page) const NOT_A_PORT: Text = both(
    "“{x}” is no port. Write numbers from 1 to 65535, such as 22, 80, 443.",
    "«\u{a0}{x}\u{a0}» n'est pas un port. Écrivez des nombres de 1 à 65535, par exemple 22, 80, 443.",
);

/// What is wrong with an entry of a list.
pub(in crate::page) fn entry(language: Language, number: usize, text: &str) -> String {
    both("Entry {n}: {t}", "Entrée {n}\u{a0}: {t}")
        .speak(language)
        .replace("{n}", &number.to_string())
        .replace("{t}", text)
}

/// What the environment says in place of the page.
pub(in crate::page) fn fixed(language: Language, variables: &[String]) -> String {
    both(
        "The environment of the service wins at every start: {v}. What is changed here for it counts until then.",
        "L'environnement du service l'emporte à chaque démarrage\u{a0}: {v}. Ce qui est changé ici à sa place vaut jusque-là.",
    )
    .speak(language)
    .replace("{v}", &variables.join(", "))
}

/// A source by its name in the settings.
pub(in crate::page) fn source(name: &str) -> Text {
    match name {
        "arp" => both("IPv4 neighbours (ARP)", "Voisins IPv4 (ARP)"),
        "nd" => both("IPv6 neighbours (ND)", "Voisins IPv6 (ND)"),
        "icmp" => both("Ping", "Ping"),
        "tcp" => both("Open ports (TCP)", "Ports ouverts (TCP)"),
        "mdns" => both("Announcements (mDNS, Bonjour)", "Annonces (mDNS, Bonjour)"),
        "nbns" => both("Windows names (NetBIOS)", "Noms Windows (NetBIOS)"),
        "ssdp" => both("Televisions and media (UPnP)", "Télévisions et médias (UPnP)"),
        "wsd" => both("Printers and cameras (WS-Discovery)", "Imprimantes et caméras (WS-Discovery)"),
        "dhcp" => both("Requests for addresses (DHCP)", "Demandes d'adresse (DHCP)"),
        "leases" => {
            both("Addresses this machine gives out (DHCP leases)", "Adresses que cette machine attribue (baux DHCP)")
        }
        "dns" => both("The network's name server (DNS)", "Serveur de noms du réseau (DNS)"),
        "snmp" => both("Network management (SNMP)", "Supervision réseau (SNMP)"),
        "banners" => both("Greetings of services", "Messages d'accueil des services"),
        "tailscale" => both("Tailscale", "Tailscale"),
        _ => both("", ""),
    }
}
