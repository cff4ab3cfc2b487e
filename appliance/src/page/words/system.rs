//! Holds the texts of the System page.
//! It never holds a command: those come from the part that knows them.
//! `system` speaks through it.

use crate::shell::rights::LinkKind as Kind;
use crate::shell::rights::Need;
use vigie_core::lan::sweep::NotScanned;

use crate::http::language::Text;

use super::both;

pub(in crate::page) const ITSELF: Text = both("The appliance", "L'appareil");
pub(in crate::page) const VERSION: Text = both("Version", "Version");
pub(in crate::page) const CLOCK: Text = both("Its clock", "Son horloge");
pub(in crate::page) const CLOCK_UNSET: Text = both(
    "not set yet: times are counted from the start",
    "pas encore à l'heure\u{a0}: les durées sont comptées depuis le démarrage",
);
pub(in crate::page) const UP: Text = both("Running for", "En marche depuis");
pub(in crate::page) const MEMORY: Text = both("Memory used", "Mémoire utilisée");
pub(in crate::page) const UNKNOWN: Text = both("not known", "inconnu");
pub(in crate::page) const STORAGE: Text = both("Storage", "Stockage");
pub(in crate::page) const HEALTH: Text = both("State", "État");
pub(in crate::page) const HEALTH_GOOD: Text = both("Records reach the card", "Les données parviennent à la carte");
pub(in crate::page) const HEALTH_MEMORY: Text = both("In memory only: {x}", "En mémoire seulement\u{a0}: {x}");
pub(in crate::page) const WRITTEN: Text = both("Written since the start", "Écrit depuis le démarrage");
pub(in crate::page) const BUDGET: Text = both("Written today", "Écrit aujourd'hui");
pub(in crate::page) const WRITTEN_DAY: Text = both("{x} of {y} at most", "{x} sur {y} au plus");
pub(in crate::page) const PART_STATE: Text = both("How it is", "État");
pub(in crate::page) const PART_SETTINGS: Text = both("Settings", "Réglages");
pub(in crate::page) const PART_LOGS: Text = both("Log", "Journal technique");
pub(in crate::page) const WIRE: Text = both("On the wire", "Sur le câble");
pub(in crate::page) const FRAMES: Text = both("Frames heard", "Trames entendues");
pub(in crate::page) const BROKEN: Text = both("Malformed, and dropped", "Mal formées, ignorées");
pub(in crate::page) const OVERRUN: Text = both("Lost in a rush", "Perdues dans la foule");
pub(in crate::page) const COPY: Text = both("Backup", "Sauvegarde");
pub(in crate::page) const COPY_HELP: Text = both(
    "The devices alone, as a spreadsheet to read, print or change.",
    "Les appareils seuls, dans un tableau à lire, imprimer ou modifier.",
);
pub(in crate::page) const EVENTS: Text = both("Changes kept", "Changements conservés");
pub(in crate::page) const DROPPED: Text =
    both("Not stored: the card took nothing", "Non enregistrés\u{a0}: la carte n'acceptait rien");
pub(in crate::page) const NETWORKS: Text = both("Networks it looks at", "Réseaux observés");
pub(in crate::page) const INTERFACE: Text = both("Interface", "Interface");
pub(in crate::page) const OWN_ADDRESSES: Text = both("Own addresses", "Ses adresses");
pub(in crate::page) const SCANNED: Text = both("Scanned", "Exploré");
pub(in crate::page) const HOW: Text = both("How it sees", "Comment elle voit");
pub(in crate::page) const GATEWAY: Text = both("Router", "Routeur");
pub(in crate::page) const SEES_RAW: Text = both("everything on the wire", "tout ce qui passe sur le câble");
pub(in crate::page) const SEES_ECHO: Text = both("what the system knows, and ping", "ce que le système sait, et ping");
pub(in crate::page) const SEES_LITTLE: Text = both("what the system knows", "ce que le système sait");
pub(in crate::page) const YES: Text = both("yes", "oui");
pub(in crate::page) const NO_NETWORK: Text = both(
    "No network is connected. Plug in a cable or set up Wi-Fi; Vigie notices by itself.",
    "Aucun réseau n'est relié. Branchez un câble ou configurez le Wi-Fi\u{a0}; Vigie le remarque d'elle-même.",
);
pub(in crate::page) const RIGHTS: Text = both("What it may do", "Ce qu'elle a le droit de faire");
pub(in crate::page) const RIGHTS_ALL: Text = both("Everything it needs.", "Tout ce dont elle a besoin.");
pub(in crate::page) const RIGHTS_COMMAND: Text = both(
    "This command on the appliance grants it; then restart Vigie:",
    "Cette commande sur l'appareil l'accorde\u{a0}; redémarrez ensuite Vigie\u{a0}:",
);
pub(in crate::page) const CHECKS: Text = both("Parts", "Composants");
pub(in crate::page) const OK: Text = both("good", "bon");
pub(in crate::page) const NOT_OK: Text = both("needs a look", "à regarder");
pub(in crate::page) const SOURCES: Text = both("What it learns from", "Ses sources");
pub(in crate::page) const SOURCE: Text = both("Source", "Source");
pub(in crate::page) const SOURCES_SINCE: Text = both(
    "Questions and messages since the start. Most messages come unasked; a question is counted once, under the source it is for.",
    "Questions et messages depuis le démarrage. La plupart des messages viennent sans question ; une question est comptée une fois, à la source visée.",
);
pub(in crate::page) const ASKED: Text = both("Asked", "Questions");
pub(in crate::page) const HEARD: Text = both("Heard", "Entendus");
pub(in crate::page) const ALL_SOURCES: Text = both("All together", "Ensemble");
pub(in crate::page) const MALFORMED: Text = both("Malformed", "Illisibles");
pub(in crate::page) const SCANS: Text = both("Last looks around", "Dernières explorations");
pub(in crate::page) const WHEN: Text = both("When", "Quand");
pub(in crate::page) const WHAT_FOR: Text = both("Why", "Pourquoi");
pub(in crate::page) const FOUND: Text = both("Answered", "Réponses");
pub(in crate::page) const TOOK: Text = both("Took", "Durée");
pub(in crate::page) const NEXT: Text = both("Next one", "Prochaine");
pub(in crate::page) const IN: Text = both("in {x}", "dans {x}");

/// A part of the program by the name it reports under.
pub(in crate::page) fn check(name: &str) -> Option<Text> {
    Some(match name {
        "certificate" => both("Certificate", "Certificat"),
        "store" => both("Storage", "Stockage"),
        "data_partition" => both("Data partition", "Partition des données"),
        "first_sweep" => both("First look around", "Première exploration"),
        "scanner" => both("Scanner", "Exploration"),
        "privileges" => both("Rights", "Droits"),
        "tasks" => both("Tasks", "Tâches"),
        "restarts" => both("Restarts", "Redémarrages"),
        "device_table" => both("List of devices", "Liste des appareils"),
        _ => return None,
    })
}

/// What to do when a part of the program is not as it should be, and what goes on meanwhile.
pub(in crate::page) fn advice(name: &str) -> Option<Text> {
    Some(match name {
        "certificate" => both(
            "Browsers may warn; what is sent stays encrypted. Look at “Encryption” on this page.",
            "Les navigateurs peuvent avertir\u{a0}; les échanges restent chiffrés. Voyez «\u{a0}Chiffrement\u{a0}» sur cette page.",
        ),
        "store" => both(
            "The watch goes on in memory, and changes are refused. Check the card, or replace it and restore a backup.",
            "La surveillance continue en mémoire, les changements sont refusés. Vérifiez la carte, ou remplacez-la et restaurez une sauvegarde.",
        ),
        "data_partition" => both(
            "What was stored before is not there. Restore a backup, and replace the card if this comes again.",
            "Les données d'avant manquent. Restaurez une sauvegarde, et changez la carte si cela se répète.",
        ),
        "first_sweep" => both(
            "Nothing to do: the list fills by itself, and known devices are asked meanwhile.",
            "Rien à faire\u{a0}: la liste se remplit d'elle-même, et les appareils connus sont interrogés entre-temps.",
        ),
        "scanner" => both(
            "Nobody is called away meanwhile. Check this appliance's cable and the switch it leads to.",
            "Personne n'est dit absent entre-temps. Vérifiez le câble de l'appareil et le commutateur au bout.",
        ),
        "privileges" => both(
            "It finds fewer devices, more slowly. The command under “What it may do” grants the right.",
            "Elle trouve moins d'appareils, plus lentement. La commande sous «\u{a0}Ce qu'elle a le droit de faire\u{a0}» donne le droit.",
        ),
        "tasks" => both(
            "A part hangs; the service is started again by itself within a minute. If this stays, unplug it and plug it in again.",
            "Une partie est bloquée\u{a0}; le service redémarre de lui-même en une minute. Si cela dure, débranchez puis rebranchez.",
        ),
        "restarts" => both(
            "The service had to be started again several times. It works now; save the log and send it with a report.",
            "Le service a dû redémarrer plusieurs fois. Il marche à présent\u{a0}; joignez le journal technique à un signalement.",
        ),
        "device_table" => both(
            "The list is full, and newcomers are turned away. Forget devices that are no longer there.",
            "La liste est pleine, les nouveaux sont refusés. Oubliez des appareils qui ne sont plus là.",
        ),
        _ => return None,
    })
}

pub(in crate::page) const TASKS: Text =
    both("Tasks and when each last reported", "Tâches et leur dernier signe de vie");
pub(in crate::page) const TASK: Text = both("Task", "Tâche");
pub(in crate::page) const LAST_REPORT: Text = both("Last report", "Dernier signe");
pub(in crate::page) const STUCK: Text = both("stuck", "bloquée");
pub(in crate::page) const EVICTED: Text = both("Devices that made room for others", "Appareils ayant cédé leur place");

/// A long-lived task by its name.
pub(in crate::page) fn task(name: &str) -> Option<Text> {
    Some(match name {
        "storage" => both("writes to the card", "écrit sur la carte"),
        "http" => both("answers without encryption", "répond sans chiffrement"),
        "https" => both("answers encrypted", "répond avec chiffrement"),
        "kiosk" => both("workstations and sessions", "postes et sessions"),
        "legs" => both("network interfaces", "interfaces réseau"),
        "network" => both("knows the devices", "connaît les appareils"),
        "errands" => both("asks devices who they are", "demande aux appareils qui ils sont"),
        "leases" => both("reads DHCP leases", "lit les baux DHCP"),
        "tailscale" => both("asks Tailscale", "interroge Tailscale"),
        "sweeps" => both("looks around", "explore le réseau"),
        "news" => both("tells what changed", "annonce les changements"),
        "visits" => both("answers about the devices", "répond sur les appareils"),
        "jobs" => both("jobs by the clock", "travaux à heure fixe"),
        "clocks" => both("clock and own addresses", "horloge et adresses"),
        _ => return None,
    })
}

/// How a source is, in a word.
pub(in crate::page) fn source_state(state: &str) -> Text {
    match state {
        "good" => both("good", "bon"),
        "limited" => both("limited", "limité"),
        "silent" => both("no answer", "pas de réponse"),
        "waiting" => both("waiting", "en attente"),
        "trouble" => both("needs a look", "à regarder"),
        "off" => both("off", "désactivé"),
        "no_right" => both("not allowed", "droit manquant"),
        "no_credentials" => both("no access given", "aucun accès donné"),
        "absent" => both("not here", "absent d'ici"),
        _ => both("no network", "pas de réseau"),
    }
}

/// Why a sweep ran.
pub(in crate::page) fn purpose(purpose: &str) -> Text {
    match purpose {
        "asked" => both("somebody asked", "demandée"),
        "newcomers" => both("ports of new devices", "ports des nouveaux appareils"),
        _ => both("by the clock", "programmée"),
    }
}

/// Why a network is not scanned, and what allows it.
pub(in crate::page) fn not_scanned(why: NotScanned) -> Text {
    match why {
        NotScanned::Public => both(
            "its addresses are public and may be somebody else's; name it in network.segments to allow it",
            "ses adresses sont publiques et peut-être à quelqu'un d'autre\u{a0}; nommez-le dans network.segments pour l'autoriser",
        ),
        NotScanned::Large => both(
            "it is larger than a /22; name it, or a part of it, in network.segments to allow it",
            "il est plus grand qu'un /22\u{a0}; nommez-le, ou une partie, dans network.segments pour l'autoriser",
        ),
        NotScanned::AboveSixteen => both(
            "it is larger than a /16; name the parts to scan in network.segments",
            "il est plus grand qu'un /16\u{a0}; nommez les parties à explorer dans network.segments",
        ),
    }
}

/// What goes missing without a right.
pub(in crate::page) fn need(need: Need) -> Text {
    match need {
        Need::RawSockets => both(
            "Without CAP_NET_RAW it cannot ask every address itself: devices that stay silent are found late or not at all.",
            "Sans CAP_NET_RAW, elle ne peut pas interroger elle-même chaque adresse\u{a0}: les appareils silencieux sont trouvés tard ou pas du tout.",
        ),
        Need::LowPorts => both(
            "Without CAP_NET_BIND_SERVICE it cannot use ports 80 and 443, nor hear Windows names.",
            "Sans CAP_NET_BIND_SERVICE, elle ne peut utiliser les ports 80 et 443, ni entendre les noms Windows.",
        ),
        Need::Ping => both(
            "Without a group in net.ipv4.ping_group_range it cannot ping.",
            "Sans groupe dans net.ipv4.ping_group_range, elle ne peut pas envoyer de ping.",
        ),
        Need::Root => both(
            "Without root it cannot feed the hardware watchdog.",
            "Sans root, elle ne peut pas entretenir le chien de garde matériel.",
        ),
    }
}

/// What is behind an interface.
pub(in crate::page) fn interface(kind: Kind) -> Text {
    match kind {
        Kind::Wireless => both("Wi-Fi", "Wi-Fi"),
        Kind::Bridge => both("bridge", "pont"),
        Kind::Vlan => both("VLAN", "VLAN"),
        _ => both("", ""),
    }
}
