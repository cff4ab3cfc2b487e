//! Holds the texts of one device's page.
//! It never names a device: names are filled in by the view.
//! `sheet`, `person`, `acts` and `device` speak through it.

use vigie_core::lan::{Kind, Role, Source};

use crate::http::language::{Language, Text};

use super::devices::a_kind;
use super::{both, percent};

pub(in crate::page) const GONE: Text = both("There is no such device", "Cet appareil n'existe pas");
pub(in crate::page) const GONE_HELP: Text = both(
    "It may have been forgotten. If it is still on the network, it comes back to the list by itself.",
    "Il a peut-être été oublié. S'il est encore sur le réseau, il reviendra de lui-même dans la liste.",
);
pub(in crate::page) const WHO: Text = both("What it is", "Ce que c'est");
pub(in crate::page) const WHY: Text = both("Why we think so", "Pourquoi nous le pensons");
pub(in crate::page) const NO_REASON: Text =
    both("It has said nothing about itself so far.", "Il n'a encore rien dit de lui-même.");
pub(in crate::page) const NAMES: Text = both("Its names", "Ses noms");
pub(in crate::page) const SYSTEM: Text = both("System", "Système");
pub(in crate::page) const MAKER: Text = both("Maker", "Fabricant");
pub(in crate::page) const FIRST_SEEN: Text = both("First seen", "Vu la première fois");
pub(in crate::page) const LAST_SEEN: Text = both("Last seen", "Vu la dernière fois");
pub(in crate::page) const IDENTITY: Text = both("Told apart from others", "Distingué des autres");
pub(in crate::page) const HEARD_BY: Text = both("Heard by", "Entendu par");
pub(in crate::page) const ROLES: Text = both("Does for the network", "Rend au réseau");
pub(in crate::page) const ANSWERED_IN: Text = both("Answers in", "Répond en");
pub(in crate::page) const RANDOM_MAC: Text = both(
    "Its hardware address looks random, as phones and tablets do for privacy: it may come back under another one.",
    "Son adresse matérielle semble aléatoire, comme le font téléphones et tablettes par discrétion\u{a0}: il peut revenir sous une autre.",
);
pub(in crate::page) const PRESENCE: Text = both("Presence", "Présence");
pub(in crate::page) const DAY: Text = both("24 hours", "24 heures");
pub(in crate::page) const WEEK: Text = both("7 days", "7 jours");
pub(in crate::page) const MONTH: Text = both("30 days", "30 jours");
pub(in crate::page) const NOT_WATCHED: Text = both("not watched", "pas observé");
pub(in crate::page) const DAY_AGO: Text = both("24 h ago", "il y a 24 h");
pub(in crate::page) const NOW: Text = both("now", "maintenant");
pub(in crate::page) const INTERFACES: Text = both("Addresses over time", "Adresses au fil du temps");
pub(in crate::page) const ANSWERS_FOR: Text = both("Answers for:", "Répond pour\u{a0}:");
pub(in crate::page) const ANSWERS_FOR_WHY: Text = both(
    "These addresses belong to machines behind it (proxy ARP); none of them is its own.",
    "Ces adresses sont celles de machines situées derrière lui (proxy ARP)\u{a0}; aucune n'est la sienne.",
);
pub(in crate::page) const INTERFACES_CAPTION: Text =
    both("Addresses this device holds or held", "Adresses que cet appareil utilise ou a utilisées");
pub(in crate::page) const NO_MAC: Text = both("no hardware address known", "adresse matérielle inconnue");
pub(in crate::page) const FROM: Text = both("From", "Depuis");
pub(in crate::page) const UNTIL: Text = both("Until", "Jusqu'à");
pub(in crate::page) const CURRENT: Text = both("current", "actuelle");
pub(in crate::page) const PORTS: Text = both("Open ports", "Ports ouverts");
pub(in crate::page) const PORTS_CAPTION: Text = both("Ports open on this device", "Ports ouverts sur cet appareil");
pub(in crate::page) const PORT: Text = both("Port", "Port");
pub(in crate::page) const SERVICE: Text = both("Usually", "En général");
pub(in crate::page) const SINCE: Text = both("Open since", "Ouvert depuis");
pub(in crate::page) const NO_PORTS: Text =
    both("None of the ports asked for is open.", "Aucun des ports testés n'est ouvert.");
pub(in crate::page) const PORTS_UNKNOWN: Text = both(
    "Its ports have not been asked for yet. That happens by itself within minutes, or when you look around “with ports”.",
    "Ses ports n'ont pas encore été testés. Cela se fait tout seul en quelques minutes, ou quand vous explorez «\u{a0}avec les ports\u{a0}».",
);
pub(in crate::page) const HISTORY: Text = both("History", "Historique");
pub(in crate::page) const NO_HISTORY: Text = both("Nothing has changed yet.", "Rien n'a encore changé.");
pub(in crate::page) const ALL_CHANGES: Text = both("All its changes", "Tous ses changements");
pub(in crate::page) const YOURS: Text = both("What you know about it", "Ce que vous en savez");
pub(in crate::page) const LABEL: Text = both("Name", "Nom");
pub(in crate::page) const LABEL_HINT: Text =
    both("What you call it, such as “Back door”.", "Comment vous l'appelez, par exemple «\u{a0}Porte du fond\u{a0}».");
pub(in crate::page) const OWNER: Text = both("Belongs to", "Appartient à");
pub(in crate::page) const NOTES: Text = both("Notes", "Notes");
pub(in crate::page) const TAGS: Text = both("Tags", "Étiquettes");
pub(in crate::page) const TAGS_HINT: Text = both("Separated by commas.", "Séparées par des virgules.");
pub(in crate::page) const TRUST: Text = both("Do you know it?", "Le connaissez-vous\u{a0}?");
pub(in crate::page) const TRUST_UNKNOWN: Text = both("Not yet", "Pas encore");
pub(in crate::page) const TRUST_YES: Text = both("Yes, it belongs here", "Oui, il a sa place ici");
pub(in crate::page) const TRUST_NO: Text = both("No, it is not wanted", "Non, il est indésirable");
pub(in crate::page) const WATCH: Text =
    both("Tell me on the overview when it goes away", "Me prévenir dans l'aperçu quand il disparaît");
pub(in crate::page) const SAVE: Text = both("Save", "Enregistrer");
pub(in crate::page) const SAVED: Text = both("Saved.", "Enregistré.");
pub(in crate::page) const ACTS: Text = both("Act", "Agir");
pub(in crate::page) const CHECK: Text = both("Check now", "Vérifier maintenant");
pub(in crate::page) const WAKE: Text = both("Wake it up", "Réveiller");
pub(in crate::page) const FORGET: Text = both("Forget…", "Oublier…");
pub(in crate::page) const CHECK_LATE: Text = both(
    "No verdict yet: the check goes on, its result will be shown here.",
    "Pas encore de verdict\u{a0}: la vérification continue, son résultat s'affichera ici.",
);
pub(in crate::page) const ANSWERS: Text = both("It answers.", "Il répond.");
pub(in crate::page) const SILENT: Text = both("It does not answer.", "Il ne répond pas.");
pub(in crate::page) const FORGET_TITLE: Text = both("Forget {name}?", "Oublier {name}\u{a0}?");
pub(in crate::page) const FORGET_LOST: Text = both("This is lost:", "Ceci est perdu\u{a0}:");
pub(in crate::page) const LOST_NAME: Text =
    both("the name you gave it: {x}", "le nom que vous lui avez donné\u{a0}: {x}");
pub(in crate::page) const LOST_NOTES: Text =
    both("your notes, owner and tags", "vos notes, propriétaire et étiquettes");
pub(in crate::page) const LOST_TRUST: Text = both("that you said: {x}", "ce que vous en avez dit\u{a0}: {x}");
pub(in crate::page) const LOST_HISTORY: Text =
    both("its addresses, ports and presence since {x}", "ses adresses, ports et présence depuis {x}");
pub(in crate::page) const FORGET_KEPT: Text = both(
    "For an hour this can be undone. What happened stays in the list of changes. If the device is heard again, it is shown as new.",
    "Pendant une heure, cela peut être annulé. Ce qui s'est passé reste dans la liste des changements. Si l'appareil se manifeste à nouveau, il sera montré comme nouveau.",
);
pub(in crate::page) const FORGET_YES: Text = both("Forget it", "L'oublier");
pub(in crate::page) const FORGET_NO: Text = both("Keep it", "Le garder");

pub(in crate::page) const MONTH_TITLE: Text = both("Day by day", "Jour par jour");
pub(in crate::page) const MONTH_AGO: Text = both("30 days ago", "il y a 30 jours");
pub(in crate::page) const TODAY: Text = both("today", "aujourd'hui");
pub(in crate::page) const DAY_COLUMN: Text = both("Day", "Jour");
pub(in crate::page) const ANSWERS_TITLE: Text = both("Time to answer", "Temps de réponse");
pub(in crate::page) const ANSWERS_CURVE: Text = both("Time to answer", "Temps de réponse");
pub(in crate::page) const WAKING: Text = both(
    "The wake-up call was sent {s}\u{a0}s ago. Waiting for a sign of life, a minute at most…",
    "Le signal de réveil est parti il y a {s}\u{a0}s. En attente d'un signe de vie, une minute au plus…",
);
pub(in crate::page) const CAME_UP: Text = both(
    "It is up: it answered {s}\u{a0}s after the wake-up call.",
    "Il est réveillé\u{a0}: il a répondu {s}\u{a0}s après le signal.",
);
pub(in crate::page) const WAS_UP: Text =
    both("It was there already, and still answers.", "Il était déjà là, et répond toujours.");
pub(in crate::page) const STAYED_SILENT: Text = both(
    "It gave no sign of life within a minute. Is “Wake on LAN” switched on in its settings, and is it on a cable?",
    "Aucun signe de vie en une minute. Le réveil par le réseau (Wake-on-LAN) est-il activé dans ses réglages, et est-il branché par câble\u{a0}?",
);
pub(in crate::page) const RELOAD: Text = both("Look again", "Actualiser");
pub(in crate::page) const MERGE: Text = both("Same as another…", "Le même qu'un autre…");
pub(in crate::page) const MERGE_TITLE: Text =
    both("Which one is {name} really?", "Lequel est en réalité {name}\u{a0}?");
pub(in crate::page) const MERGE_HELP: Text = both(
    "Choose the entry that is the same device. {name} stays and takes over its addresses, names and history. You can undo it on its page.",
    "Choisissez la fiche du même appareil. {name} reste et reprend ses adresses, ses noms et son historique. Vous pourrez l'annuler depuis sa page.",
);
pub(in crate::page) const MERGE_WITH: Text = both("Same as this one", "C'est celui-ci");
pub(in crate::page) const MERGE_NONE: Text = both("No other device fits.", "Aucun autre appareil ne correspond.");
pub(in crate::page) const MERGED: Text = both("The two entries are one now.", "Les deux fiches n'en font plus qu'une.");
pub(in crate::page) const SPLIT: Text = both("Undo the merge", "Annuler la fusion");
pub(in crate::page) const SPLIT_DONE: Text = both("They are two devices again.", "Ce sont de nouveau deux appareils.");
pub(in crate::page) const SPLIT_OTHER: Text = both("Look at the other one", "Voir l'autre");
pub(in crate::page) const FORGOTTEN_UNDO: Text = both(
    "The device is forgotten. For an hour it can be brought back.",
    "L'appareil est oublié. Pendant une heure, il peut être rétabli.",
);
pub(in crate::page) const BRING_BACK: Text = both("Bring it back", "Le rétablir");
pub(in crate::page) const BACK_AGAIN: Text =
    both("It is back, with all that was known of it.", "Il est rétabli, avec tout ce qu'on en savait.");

/// How many days ago.
pub(in crate::page) fn days_ago(language: Language, days: usize) -> String {
    match days {
        0 => TODAY.speak(language).to_owned(),
        1 => both("yesterday", "hier").speak(language).to_owned(),
        days => both("{n} days ago", "il y a {n} jours").speak(language).replace("{n}", &days.to_string()),
    }
}

/// The bars of the month in words.
pub(in crate::page) fn month_says(language: Language, watched: usize, whole: usize) -> String {
    let text = both(
        "Watched on {w} of the last 30 days, there all day on {a}",
        "Observé {w} des 30 derniers jours, présent toute la journée {a} jours",
    );
    text.speak(language).replace("{w}", &watched.to_string()).replace("{a}", &whole.to_string())
}

/// How fast it answered over the last day, in words.
pub(in crate::page) fn answers_say(language: Language, least: &str, most: &str) -> String {
    let text = both(
        "It answered within {a} to {b} over the last 24 hours",
        "Il a répondu en {a} à {b} ces dernières 24 heures",
    );
    text.speak(language).replace("{a}", least).replace("{b}", most)
}

/// What it is, with how sure that is in words.
pub(in crate::page) fn verdict(language: Language, kind: Kind, confidence: f32) -> String {
    let kind_words = a_kind(kind).speak(language);
    let sentence = match (kind, confidence) {
        (Kind::Unknown, _) => both("We cannot tell yet what it is.", "Nous ne savons pas encore ce que c'est."),
        (_, 0.9..) => both("Almost certainly {k}.", "Presque certainement {k}."),
        (_, 0.6..) => both("Probably {k}.", "Probablement {k}."),
        _ => both("Perhaps {k}.", "Peut-être {k}."),
    };
    sentence.speak(language).replace("{k}", kind_words)
}

/// The same when a person said so.
pub(in crate::page) fn said(language: Language, kind: Kind) -> String {
    both("You said it is {k}.", "Vous avez dit que c'est {k}.")
        .speak(language)
        .replace("{k}", a_kind(kind).speak(language))
}

/// How sure it is, for the small print.
pub(in crate::page) fn sure(language: Language, confidence: f32) -> String {
    both("{p} sure", "sûr à {p}").speak(language).replace("{p}", &percent(confidence))
}

/// Where a piece of knowledge came from, in words.
pub(in crate::page) fn source(source: Source) -> Text {
    match source {
        Source::Arp => both("its frames on the network (ARP)", "ses trames sur le réseau (ARP)"),
        Source::Nd => both("its IPv6 announcements", "ses annonces IPv6"),
        Source::Neighbour => both("the system's neighbour table", "la table de voisinage du système"),
        Source::Icmp => both("ping", "ping"),
        Source::Tcp => both("its open ports", "ses ports ouverts"),
        Source::Mdns => both("its own announcements (mDNS)", "ses propres annonces (mDNS)"),
        Source::Llmnr => both("its own name service (LLMNR)", "son propre service de noms (LLMNR)"),
        Source::Nbns => both("Windows names (NetBIOS)", "les noms Windows (NetBIOS)"),
        Source::Ssdp => both("its description (UPnP)", "sa description (UPnP)"),
        Source::Wsd => both("device discovery (WS-Discovery)", "la découverte d'appareils (WS-Discovery)"),
        Source::Dhcp => both("its request for an address (DHCP)", "sa demande d'adresse (DHCP)"),
        Source::Lease => both("the addresses given out here", "les adresses attribuées ici"),
        Source::Snmp => both("network management (SNMP)", "la supervision réseau (SNMP)"),
        Source::Dns => both("the network's name server (DNS)", "le serveur de noms du réseau (DNS)"),
        Source::Ssh => both("its SSH greeting", "son message d'accueil SSH"),
        Source::Http => both("its web page", "sa page web"),
        Source::Rtsp => both("its video server (RTSP)", "son serveur vidéo (RTSP)"),
        Source::Tls => both("its certificate", "son certificat"),
        Source::Banner => both("a service's greeting", "le message d'accueil d'un service"),
        Source::Inventory => both("its inventory", "son inventaire"),
        Source::Tailscale => both("Tailscale", "Tailscale"),
        Source::Person => both("you", "vous"),
    }
}

/// What a device does for the network.
pub(in crate::page) fn role(role: Role) -> Text {
    match role {
        Role::Gateway => both("the way out to the internet", "la sortie vers Internet"),
        Role::Ipv6Router => both("routes IPv6", "le routage IPv6"),
        Role::DhcpServer => both("gives out addresses (DHCP)", "l'attribution des adresses (DHCP)"),
        Role::Resolver => both("answers for names (DNS)", "la résolution des noms (DNS)"),
        Role::Myself => both("this appliance itself", "cet appareil lui-même"),
    }
}

/// What a port is usually for; empty when there is no usual use. Registered uses (IANA) of the ports the product asks for.
pub(in crate::page) fn service(port: u16) -> Text {
    match port {
        21 => both("files (FTP)", "fichiers (FTP)"),
        22 => both("remote access (SSH)", "accès distant (SSH)"),
        23 | 2_323 => both("remote access, unencrypted (Telnet)", "accès distant, non chiffré (Telnet)"),
        25 | 587 => both("mail (SMTP)", "courrier (SMTP)"),
        53 => both("names (DNS)", "noms (DNS)"),
        80 | 81 | 8_000 | 8_008 | 8_080 | 8_081 | 8_888 => both("web page", "page web"),
        88 => both("log-ins (Kerberos)", "authentification (Kerberos)"),
        110 | 995 => both("mail (POP3)", "courrier (POP3)"),
        139 | 445 => both("Windows file sharing", "partage de fichiers Windows"),
        143 | 993 => both("mail (IMAP)", "courrier (IMAP)"),
        389 | 636 => both("directory (LDAP)", "annuaire (LDAP)"),
        443 | 8_443 | 9_443 => both("web page, encrypted", "page web chiffrée"),
        548 => both("Mac file sharing", "partage de fichiers Mac"),
        554 | 8_554 | 10_554 => both("video (RTSP)", "vidéo (RTSP)"),
        1_883 | 8_883 => both("home automation (MQTT)", "domotique (MQTT)"),
        2_049 => both("file sharing (NFS)", "partage de fichiers (NFS)"),
        3_306 | 5_432 | 1_433 | 27_017 => both("database", "base de données"),
        3_389 => both("remote desktop (Windows)", "bureau à distance (Windows)"),
        5_060 => both("telephony (SIP)", "téléphonie (SIP)"),
        5_900 => both("remote desktop (VNC)", "bureau à distance (VNC)"),
        7_000 => both("AirPlay", "AirPlay"),
        8_009 => both("Cast", "Cast"),
        8_123 => both("Home Assistant", "Home Assistant"),
        32_400 => both("media (Plex)", "médias (Plex)"),
        _ => both("", ""),
    }
}
