//! Holds the texts of the list of devices, and the words for kinds, states and trust.
//! It never holds those of a single device's page.
//! Rows, filters and names speak through it.

use vigie_core::lan::{Kind, Presence, Trust};

use crate::http::language::{Language, Text};

use super::{both, percent, plural};

pub(in crate::page) const NAMELESS: Text = both("Device without a name", "Appareil sans nom");
pub(in crate::page) const STATE: Text = both("State", "État");
pub(in crate::page) const NAME: Text = both("Name", "Nom");
pub(in crate::page) const ADDRESS: Text = both("Address", "Adresse");
pub(in crate::page) const MAKER: Text = both("Maker", "Fabricant");
pub(in crate::page) const LAST_DAY: Text = both("Last 24 hours", "Dernières 24\u{a0}h");
pub(in crate::page) const NEVER: Text = both("never", "jamais");
pub(in crate::page) const SEEN: Text = both("Seen", "Vu");
pub(in crate::page) const PORTS: Text = both("Ports", "Ports");
pub(in crate::page) const KIND: Text = both("Kind", "Type");
pub(in crate::page) const ANY_KIND: Text = both("All kinds", "Tous les types");
pub(in crate::page) const SEARCH: Text = both("Search", "Rechercher");
pub(in crate::page) const SEARCH_HINT: Text = both("Name, address, maker…", "Nom, adresse, fabricant…");
pub(in crate::page) const SORT: Text = both("Sort by", "Trier par");
pub(in crate::page) const APPLY: Text = both("Apply", "Appliquer");
pub(in crate::page) const SHOW_WHICH: Text = both("Which devices", "Quels appareils");
pub(in crate::page) const ALL: Text = both("All", "Tous");
pub(in crate::page) const ONLINE: Text = both("Online", "En ligne");
pub(in crate::page) const AWAY: Text = both("Away", "Absents");
pub(in crate::page) const NEW: Text = both("New today", "Nouveaux");
pub(in crate::page) const UNKNOWN: Text = both("Not known", "Inconnus");
pub(in crate::page) const KNOWN: Text = both("Known", "Connus");
pub(in crate::page) const BLOCKED: Text = both("Unwanted", "Indésirables");
pub(in crate::page) const WATCHED: Text = both("Watched", "Surveillés");
pub(in crate::page) const CHIP_NEW: Text = both("New", "Nouveau");
pub(in crate::page) const CHIP_WATCHED: Text = both("Watched", "Surveillé");
pub(in crate::page) const CHIP_MYSELF: Text = both("This appliance", "Cet appareil");
pub(in crate::page) const CHIP_FLAPPING: Text = both("Comes and goes", "Va et vient");
pub(in crate::page) const PREVIOUS: Text = both("Previous page", "Page précédente");
pub(in crate::page) const NEXT: Text = both("Next page", "Page suivante");
pub(in crate::page) const PAGES: Text = both("Pages", "Pages");
pub(in crate::page) const NOTHING_FITS: Text =
    both("No device fits this search.", "Aucun appareil ne correspond à cette recherche.");
pub(in crate::page) const SHOW_ALL: Text = both("Show all devices", "Afficher tous les appareils");
pub(in crate::page) const NONE_YET: Text = both("No device found yet", "Aucun appareil trouvé pour l'instant");
pub(in crate::page) const NONE_YET_HELP: Text = both(
    "Vigie looks around by itself every few minutes. Look now, and what answers appears here within seconds.",
    "Vigie explore le réseau d'elle-même toutes les quelques minutes. Explorez maintenant\u{a0}: ce qui répond s'affiche ici en quelques secondes.",
);
pub(in crate::page) const SORTED_UP: Text = both("ascending", "croissant");
pub(in crate::page) const SORTED_DOWN: Text = both("descending", "décroissant");

pub(in crate::page) const MORE_ACTS: Text = both("List", "Liste");
pub(in crate::page) const ADD: Text = both("Add a device", "Ajouter un appareil");
pub(in crate::page) const ADD_TITLE: Text = both("Add a device by hand", "Ajouter un appareil à la main");
pub(in crate::page) const ADD_HELP: Text = both(
    "For one that is switched off, or not delivered yet. Vigie waits for it and knows it when it comes.",
    "Pour un appareil éteint, ou pas encore livré. Vigie l'attend et le reconnaîtra à son arrivée.",
);
pub(in crate::page) const MAC: Text = both("Hardware address (MAC)", "Adresse matérielle (MAC)");
pub(in crate::page) const MAC_HINT: Text = both(
    "On a label of the device, such as 00:11:22:33:44:55. It recognises the device best.",
    "Sur une étiquette de l'appareil, par exemple 00:11:22:33:44:55. C'est elle qui le fait le mieux reconnaître.",
);
pub(in crate::page) const IP_HINT: Text = both(
    "If it always has the same one, such as 192.168.1.7. One of the two is enough.",
    "S'il garde toujours la même, par exemple 192.168.1.7. L'une des deux suffit.",
);
pub(in crate::page) const SEGMENT: Text = both("Network", "Réseau");
pub(in crate::page) const SEGMENT_FOUND_OUT: Text = both("found out by the address", "déduit de l'adresse");
pub(in crate::page) const CANCEL: Text = both("Cancel", "Annuler");
pub(in crate::page) const SAVE_CSV: Text = both("Save as CSV", "Enregistrer en CSV");
pub(in crate::page) const SAVE_JSON: Text = both("Save as JSON", "Enregistrer en JSON");
pub(in crate::page) const TAKE_IN: Text = both("Take in a list", "Reprendre une liste");
pub(in crate::page) const TICK: Text = both("Tick", "Cocher");
pub(in crate::page) const TICK_ALL: Text = both("Tick all on this page", "Cocher toute la page");
pub(in crate::page) const TICKED: Text = both("Those ticked:", "Les cochés\u{a0}:");
pub(in crate::page) const MARK_KNOWN: Text = both("Belong here", "Ont leur place ici");
pub(in crate::page) const MARK_BLOCKED: Text = both("Not wanted", "Indésirables");
pub(in crate::page) const MARK_UNKNOWN: Text = both("Not known yet", "Pas encore connus");

/// The box of a row.
pub(in crate::page) fn tick(language: Language, name: &str) -> String {
    both("Tick {n}", "Cocher {n}").speak(language).replace("{n}", name)
}

/// How many were marked at once.
pub(in crate::page) fn marked(language: Language, count: usize) -> String {
    plural(
        language,
        count,
        both("{n} device marked.", "{n} appareil marqué."),
        both("{n} devices marked.", "{n} appareils marqués."),
    )
}

/// How many are again as they were before a mark.
pub(in crate::page) fn unmarked(language: Language, count: usize) -> String {
    plural(
        language,
        count,
        both("{n} device is marked as before.", "{n} appareil est marqué comme avant."),
        both("{n} devices are marked as before.", "{n} appareils sont marqués comme avant."),
    )
}

pub(in crate::page) const UNDO_LATE: Text = both(
    "This can no longer be undone: that is possible once, for an hour, until the appliance restarts.",
    "Ce n'est plus annulable\u{a0}: ça l'est une fois, pendant une heure, jusqu'au redémarrage de Vigie.",
);

/// A kind in words, capitalised.
pub(in crate::page) fn kind(kind: Kind) -> Text {
    match kind {
        Kind::Unknown => both("Not identified", "Non identifié"),
        Kind::Router => both("Router", "Routeur"),
        Kind::Switch => both("Switch", "Commutateur"),
        Kind::AccessPoint => both("Wi-Fi access point", "Borne Wi-Fi"),
        Kind::Computer => both("Computer", "Ordinateur"),
        Kind::Server => both("Server", "Serveur"),
        Kind::Phone => both("Phone", "Téléphone"),
        Kind::Tablet => both("Tablet", "Tablette"),
        Kind::Printer => both("Printer", "Imprimante"),
        Kind::Camera => both("Camera", "Caméra"),
        Kind::Tv => both("Television", "Télévision"),
        Kind::Speaker => both("Speaker", "Enceinte"),
        Kind::Nas => both("Network storage", "Stockage réseau"),
        Kind::Console => both("Games console", "Console de jeux"),
        Kind::Voip => both("Desk phone", "Téléphone de bureau"),
        Kind::Iot => both("Smart device", "Objet connecté"),
        Kind::Wearable => both("Watch", "Montre connectée"),
    }
}

/// A kind with its article, inside a sentence.
pub(in crate::page) fn a_kind(kind: Kind) -> Text {
    match kind {
        Kind::Unknown => both("a device of unknown kind", "un appareil non identifié"),
        Kind::Router => both("a router", "un routeur"),
        Kind::Switch => both("a network switch", "un commutateur réseau"),
        Kind::AccessPoint => both("a Wi-Fi access point", "une borne Wi-Fi"),
        Kind::Computer => both("a computer", "un ordinateur"),
        Kind::Server => both("a server", "un serveur"),
        Kind::Phone => both("a phone", "un téléphone"),
        Kind::Tablet => both("a tablet", "une tablette"),
        Kind::Printer => both("a printer", "une imprimante"),
        Kind::Camera => both("a camera", "une caméra"),
        Kind::Tv => both("a television", "une télévision"),
        Kind::Speaker => both("a speaker", "une enceinte"),
        Kind::Nas => both("a network storage", "un stockage réseau"),
        Kind::Console => both("a games console", "une console de jeux"),
        Kind::Voip => both("a desk phone", "un téléphone de bureau"),
        Kind::Iot => both("a smart device", "un objet connecté"),
        Kind::Wearable => both("a watch", "une montre connectée"),
    }
}

/// A state in words.
pub(in crate::page) fn presence(presence: Presence, online: bool) -> Text {
    match (presence, online) {
        (Presence::Online, _) => both("Online", "En ligne"),
        (Presence::Suspect, _) => both("Checking…", "Vérification…"),
        (Presence::Unknown, true) => both("Expected", "Attendu"),
        (Presence::Unknown, false) => both("Not seen yet", "Pas encore vu"),
        (Presence::Offline, _) => both("Away", "Absent"),
    }
}

/// What a person thinks of it.
pub(in crate::page) fn trust(trust: Trust) -> Text {
    match trust {
        Trust::Unknown => both("Not known yet", "Pas encore connu"),
        Trust::Trusted => both("Known", "Connu"),
        Trust::Blocked => both("Unwanted", "Indésirable"),
    }
}

/// A device of which only the maker is known.
pub(in crate::page) fn device_of(language: Language, vendor: &str) -> String {
    match language {
        Language::En => format!("{vendor} device"),
        Language::Fr => format!("Appareil {vendor}"),
    }
}

/// A device of which kind and maker are known.
pub(in crate::page) fn kind_of(language: Language, kind: Kind, vendor: &str) -> String {
    let name = self::kind(kind).speak(language);
    match language {
        Language::En if kind == Kind::AccessPoint => format!("{vendor} {name}"),
        Language::En => format!("{vendor} {}", name.to_lowercase()),
        Language::Fr => format!("{name} {vendor}"),
    }
}

/// How many open ports.
pub(in crate::page) fn ports(language: Language, count: usize) -> String {
    plural(language, count, both("{n} open port", "{n} port ouvert"), both("{n} open ports", "{n} ports ouverts"))
}

/// More than are shown.
pub(in crate::page) fn more_than_shown(language: Language, count: usize) -> String {
    plural(
        language,
        count,
        both("{n} more; search to narrow them down.", "{n} autre\u{a0}; cherchez pour préciser."),
        both("{n} more; search to narrow them down.", "{n} autres\u{a0}; cherchez pour préciser."),
    )
}

/// How much of the last day it was there.
pub(in crate::page) fn day_share(language: Language, share: Option<f32>) -> String {
    let text = match share {
        None => both("Not watched in the last 24 hours", "Pas observé ces dernières 24 heures"),
        Some(_) => both("There for {p} of the last 24 hours", "Présent {p} des dernières 24 heures"),
    };
    text.speak(language).replace("{p}", &share.map(percent).unwrap_or_default())
}

/// Which page of how many.
pub(in crate::page) fn page(language: Language, page: usize, pages: usize) -> String {
    match language {
        Language::En => format!("Page {page} of {pages}"),
        Language::Fr => format!("Page {page} sur {pages}"),
    }
}

/// Scanning, started by a person.
pub(in crate::page) mod scan {
    use super::{Language, Text, both, plural};

    pub(in crate::page) const QUICK: Text = both("Look now", "Explorer maintenant");
    pub(in crate::page) const FULL: Text = both("With ports", "Avec les ports");
    pub(in crate::page) const QUICK_HINT: Text = both("Who is there, a few seconds", "Qui est là, quelques secondes");
    pub(in crate::page) const FULL_HINT: Text = both(
        "Who is there and what each one offers, a minute or more",
        "Qui est là et ce que chacun propose, une minute ou plus",
    );
    pub(in crate::page) const STOP: Text = both("Stop", "Arrêter");
    pub(in crate::page) const LOOKING: Text = both("Looking around", "Exploration en cours");
    pub(in crate::page) const REFUSED: Text = both(
        "The look around could not start. The System tab says what is not scanned and why.",
        "L'exploration n'a pas pu démarrer. L'onglet Système dit ce qui n'est pas exploré et pourquoi.",
    );
    pub(in crate::page) const NEVER: Text =
        both("No look around is over yet", "Aucune exploration terminée pour l'instant");

    /// How many answered so far.
    pub(in crate::page) fn answered(language: Language, hosts: usize) -> String {
        plural(language, hosts, both("{n} answered", "{n} réponse"), both("{n} answered", "{n} réponses"))
    }

    /// What the last one came to.
    pub(in crate::page) fn last(language: Language, hosts: usize, addresses: usize) -> String {
        let text = match language {
            Language::En => "{h} of {a} addresses answered",
            Language::Fr => "{h} adresses sur {a} ont répondu",
        };
        text.replace("{h}", &hosts.to_string()).replace("{a}", &addresses.to_string())
    }

    /// How many of how many, in a column of its own.
    pub(in crate::page) fn of(hosts: u32, addresses: u32) -> String {
        format!("{hosts}\u{a0}/\u{a0}{addresses}")
    }
}
