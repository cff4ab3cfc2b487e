//! Holds the texts of the overview: what needs attention, what to do, and how the day went.
//! It never blames: a sentence says what is, and what to do next.
//! `attention`, `day` and `overview` speak through it.

use crate::http::language::{Language, Text};

use super::{both, plural};

pub(in crate::page) const ALL_WELL: Text = both("All is well", "Tout va bien");
pub(in crate::page) const FIRST_LOOK: Text = both("Getting to know your network", "Vigie découvre votre réseau");
pub(in crate::page) const FIRST_LOOK_HELP: Text = both(
    "The first look around is under way. Devices appear as they answer.",
    "La première exploration est en cours. Les appareils apparaissent à mesure qu'ils répondent.",
);
pub(in crate::page) const TO_DO: Text = both("Needs your attention", "À regarder");
pub(in crate::page) const TODAY: Text = both("The last 24 hours", "Les dernières 24 heures");
pub(in crate::page) const CHART: Text = both("Devices on the network", "Appareils sur le réseau");
pub(in crate::page) const RECENT: Text = both("Lately", "Dernièrement");
pub(in crate::page) const ALL_CHANGES: Text = both("All changes", "Tous les changements");
pub(in crate::page) const NUM_ONLINE: Text = both("online now", "en ligne");
pub(in crate::page) const NUM_KNOWN: Text = both("in the list", "dans la liste");
pub(in crate::page) const NUM_NEW: Text = both("new", "nouveaux");
pub(in crate::page) const NUM_LEFT: Text = both("went away", "partis");
pub(in crate::page) const NUM_UNKNOWN: Text = both("not known yet", "pas encore connus");

pub(in crate::page) const LOOK: Text = both("Look at it", "Voir");
pub(in crate::page) const LOOK_ALL: Text = both("Look through them", "Les passer en revue");
pub(in crate::page) const LOOK_ALL_SEATS: Text = both("See the seats", "Voir les places");
pub(in crate::page) const KNOCKING_HELP: Text = both(
    "Let it in only if you see the number on its screen.",
    "Ne l'acceptez que si vous voyez le numéro sur son écran.",
);
pub(in crate::page) const SEAT_SILENT: Text = both(
    "{name}, where somebody sits, was last heard {when}.",
    "{name}, où quelqu'un est assis, s'est manifesté {when} pour la dernière fois.",
);
pub(in crate::page) const SEAT_SILENT_HELP: Text = both(
    "It counts the time by itself and locks when that is used up. Is its network cable plugged in?",
    "Le poste compte le temps lui-même et se verrouille à la fin. Son câble réseau est-il branché\u{a0}?",
);
pub(in crate::page) const KNOW_IT: Text = both("I know it", "Je le connais");
pub(in crate::page) const SYSTEM: Text = both("What to do", "Que faire");
pub(in crate::page) const BLOCK_IT: Text = both("Not wanted", "Indésirable");
pub(in crate::page) const CHECK: Text = both("Check now", "Vérifier");
pub(in crate::page) const WAKE: Text = both("Wake it", "Réveiller");
pub(in crate::page) const ARE_ONE: Text = both("They are one", "C'est le même");
pub(in crate::page) const ARE_TWO: Text = both("They are two", "Ce sont deux appareils");
pub(in crate::page) const LOOK_OTHER: Text = both("Look at the other", "Voir l'autre");
pub(in crate::page) const UNDO: Text = both("Undo", "Annuler");
pub(in crate::page) const DONE_KNOWN: Text = both("{name} is marked as known.", "{name} est marqué comme connu.");
pub(in crate::page) const DONE_BLOCKED: Text = both(
    "{name} is marked as not wanted. Vigie tells you whenever it is here.",
    "{name} est marqué comme indésirable. Vigie vous préviendra dès qu'il sera là.",
);
pub(in crate::page) const DONE_UNKNOWN: Text =
    both("Undone: {name} is not known yet.", "Annulé\u{a0}: {name} n'est pas encore connu.");
pub(in crate::page) const DONE_ONE: Text =
    both("The two entries are one now: {name}.", "Les deux fiches n'en font plus qu'une\u{a0}: {name}.");
pub(in crate::page) const DONE_TWO: Text = both(
    "{name} stays a device of its own. It is not proposed again.",
    "{name} reste un appareil à part. La question ne sera plus posée.",
);

pub(in crate::page) const NEW_ONE: Text =
    both("{name}, {kind}, joined the network {when}.", "{name}, {kind}, a rejoint le réseau {when}.");
pub(in crate::page) const NEW_ONE_HELP: Text = both(
    "If you know it, say so and it is no longer mentioned.",
    "Si vous le connaissez, dites-le\u{a0}: il ne sera plus signalé.",
);
pub(in crate::page) const UNKNOWN_HELP: Text = both(
    "Go through the list once and mark what belongs here. From then on only strangers are mentioned.",
    "Parcourez la liste une fois et marquez ce qui a sa place ici. Ensuite, seuls les inconnus seront signalés.",
);
pub(in crate::page) const BLOCKED_HERE: Text = both(
    "{name}, which you do not want here, is on the network.",
    "{name}, que vous ne voulez pas ici, est sur le réseau.",
);
pub(in crate::page) const BLOCKED_HELP: Text = both(
    "Vigie only watches: take it off the network, or change the Wi-Fi password.",
    "Vigie ne fait qu'observer\u{a0}: débranchez-le, ou changez le mot de passe du Wi-Fi.",
);
pub(in crate::page) const WATCHED_GONE: Text = both("{name} went away {when}.", "{name} a disparu {when}.");
pub(in crate::page) const WATCHED_GONE_HELP: Text = both(
    "You asked to be told. Is it switched on and plugged in?",
    "Vous vouliez être prévenu. Est-il allumé et branché\u{a0}?",
);
pub(in crate::page) const WATCHED_NEVER: Text =
    both("{name}, which you watch, has not been seen yet.", "{name}, que vous surveillez, n'a pas encore été vu.");
pub(in crate::page) const WATCHED_NEVER_HELP: Text = both(
    "You added it by hand. Switch it on, or check the address you gave it.",
    "Vous l'avez ajouté à la main. Allumez-le, ou vérifiez l'adresse que vous avez donnée.",
);
pub(in crate::page) const FLAPPING: Text = both("{name} keeps coming and going.", "{name} va et vient sans cesse.");
pub(in crate::page) const FLAPPING_HELP: Text = both(
    "A loose cable, weak Wi-Fi or a tired power supply does that.",
    "Un câble mal enfiché, un Wi-Fi faible ou une alimentation fatiguée en sont souvent la cause.",
);
pub(in crate::page) const SHARED_IP: Text =
    both("{one} and {other} use the same address, {ip}.", "{one} et {other} utilisent la même adresse, {ip}.");
pub(in crate::page) const SHARED_IP_HELP: Text = both(
    "Both will work badly. Restart one of them, or give it another address if it was set by hand.",
    "Les deux fonctionneront mal. Redémarrez l'un des deux, ou donnez-lui une autre adresse si elle a été fixée à la main.",
);
pub(in crate::page) const SHARED_MAC: Text = both(
    "Two machines use the same hardware address as {one}.",
    "Deux machines utilisent la même adresse matérielle que {one}.",
);
pub(in crate::page) const SHARED_MAC_HELP: Text = both(
    "Copies of a virtual machine do that, or somebody pretends to be it.",
    "Des copies d'une machine virtuelle font cela, ou quelqu'un se fait passer pour elle.",
);
pub(in crate::page) const ROGUE: Text = both(
    "{name} gives out network addresses, and nobody said it may.",
    "{name} distribue des adresses réseau sans que personne l'ait prévu.",
);
pub(in crate::page) const ROGUE_HELP: Text = both(
    "Often a router plugged in the wrong way round. Unplug it, or mark it as known if it is meant to.",
    "C'est souvent un routeur branché à l'envers. Débranchez-le, ou marquez-le comme connu si c'est voulu.",
);
pub(in crate::page) const DEGRADED: Text =
    both("Vigie sees only part of the network ({interface}).", "Vigie ne voit qu'une partie du réseau ({interface}).");
pub(in crate::page) const DEGRADED_HELP: Text = both(
    "Half the devices vanished at once, so nobody is called away. Check the appliance's own cable or Wi-Fi.",
    "La moitié des appareils a disparu d'un coup, donc aucun n'est déclaré absent. Vérifiez le câble ou le Wi-Fi de Vigie.",
);
pub(in crate::page) const NO_LEG: Text =
    both("Vigie is not connected to any network.", "Vigie n'est reliée à aucun réseau.");
pub(in crate::page) const NO_LEG_HELP: Text = both(
    "Plug in a network cable or set up Wi-Fi. What was known is kept.",
    "Branchez un câble réseau ou configurez le Wi-Fi. Ce qui est connu est conservé.",
);
pub(in crate::page) const BLIND: Text = both(
    "Vigie may not listen to the network directly, so it finds fewer devices, later.",
    "Vigie ne peut pas écouter le réseau directement\u{a0}: elle trouve moins d'appareils, plus tard.",
);
pub(in crate::page) const BLIND_HELP: Text = both(
    "One command on the appliance allows it, then restart Vigie:",
    "Une commande sur l'appareil l'y autorise, puis redémarrez Vigie\u{a0}:",
);
pub(in crate::page) const CLOCK: Text =
    both("Vigie does not know what time it is.", "Vigie ne sait pas quelle heure il est.");
pub(in crate::page) const CLOCK_HELP: Text = both(
    "Nothing is lost: times are counted from the start and get their date as soon as the clock is set. That happens by itself when the internet is reached.",
    "Rien n'est perdu\u{a0}: les durées sont comptées depuis le démarrage et seront datées dès que l'horloge sera à l'heure, ce qui se fait tout seul une fois Internet joignable.",
);
pub(in crate::page) const FULL: Text = both(
    "The list of devices is full: {count} newcomers found no room.",
    "La liste des appareils est pleine\u{a0}: {count} nouveaux n'y ont pas trouvé place.",
);
pub(in crate::page) const FULL_HELP: Text = both(
    "Those in the list are watched as before. Forget some that are away for good, the oldest first, and there is room again.",
    "Ceux de la liste restent surveillés. Oubliez ceux qui ne reviendront pas, les plus anciens d'abord, et la place se libère.",
);
pub(in crate::page) const FULL_ACT: Text = both("Longest unseen first", "Les plus anciens d'abord");
pub(in crate::page) const MAY_BE_ONE: Text =
    both("{one} and {other} may be the same device.", "{one} et {other} sont peut-être le même appareil.");
pub(in crate::page) const MAY_BE_ONE_HELP: Text = both(
    "Both give the same lasting identifier, but something speaks against it. Joining them can be undone.",
    "Les deux donnent le même identifiant durable, mais quelque chose s'y oppose. Les réunir peut être annulé.",
);
pub(in crate::page) const PAUSED: Text = both(
    "Vigie only listens: looking around by the clock is switched off.",
    "Vigie ne fait qu'écouter\u{a0}: l'exploration régulière est arrêtée.",
);
pub(in crate::page) const PAUSED_HELP: Text = both(
    "Silent devices are not noticed when they leave. Switch it on again when you are done.",
    "Le départ d'un appareil silencieux passe inaperçu. Remettez-la en marche quand vous aurez fini.",
);
pub(in crate::page) const RESUME: Text = both("Switch it on", "Remettre en marche");
pub(in crate::page) const NOT_SCANNED: Text =
    both("{block} on {interface} is not scanned.", "{block} sur {interface} n'est pas exploré.");
pub(in crate::page) const STORAGE: Text =
    both("Nothing can be stored at the moment.", "Rien ne peut être enregistré pour le moment.");
pub(in crate::page) const STORAGE_HELP: Text = both(
    "Vigie goes on in memory and tries again by itself. Until then a power cut loses what happened since. Check the card or disk.",
    "Vigie continue en mémoire et réessaie d'elle-même. D'ici là, une coupure ferait perdre ce qui s'est passé depuis. Vérifiez la carte ou le disque.",
);
pub(in crate::page) const LOST: Text =
    both("The card lost some stored records.", "La carte a perdu des données enregistrées.");
pub(in crate::page) const LOST_HELP: Text = both(
    "Vigie works on with the rest. A card that does this should be replaced soon.",
    "Vigie continue avec le reste. Une carte qui fait cela est à remplacer bientôt.",
);

/// Nothing wrong, with how many are there.
pub(in crate::page) fn all_well(language: Language, online: usize) -> String {
    plural(
        language,
        online,
        both("{n} device is online and nothing needs you.", "{n} appareil est en ligne et rien ne vous attend."),
        both("{n} devices are online and nothing needs you.", "{n} appareils sont en ligne et rien ne vous attend."),
    )
}

/// How many things need attention.
pub(in crate::page) fn things(language: Language, count: usize) -> String {
    plural(
        language,
        count,
        both("{n} thing needs your attention", "{n} chose à regarder"),
        both("{n} things need your attention", "{n} choses à regarder"),
    )
}

/// Many devices nobody has said anything about.
pub(in crate::page) fn unknown_many(language: Language, count: usize) -> String {
    plural(
        language,
        count,
        both(
            "{n} device is new here and nobody has said yet whether it belongs.",
            "{n} appareil est nouveau ici et personne n'a encore dit s'il a sa place.",
        ),
        both(
            "{n} devices are new here and nobody has said yet whether they belong.",
            "{n} appareils sont nouveaux ici et personne n'a encore dit s'ils ont leur place.",
        ),
    )
}

/// How many devices may be one.
pub(in crate::page) fn proposals(language: Language, count: usize) -> String {
    plural(
        language,
        count,
        both("{n} pair of entries may be one device.", "{n} paire d'entrées pourrait être un seul appareil."),
        both(
            "{n} pairs of entries may each be one device.",
            "{n} paires d'entrées pourraient être chacune un seul appareil.",
        ),
    )
}

/// The chart in words.
pub(in crate::page) fn chart(language: Language, range: Text, least: usize, most: usize, now: usize) -> String {
    let text = match language {
        Language::En => "Between {a} and {b} devices on the network ({r}), {c} now",
        Language::Fr => "Entre {a} et {b} appareils sur le réseau ({r}), {c} maintenant",
    };
    let text = text.replace("{r}", range.speak(language));
    text.replace("{a}", &least.to_string()).replace("{b}", &most.to_string()).replace("{c}", &now.to_string())
}

/// How many computers ask to join.
pub(in crate::page) fn knocking(language: Language, count: usize) -> String {
    plural(
        language,
        count,
        both("A new computer asks to join the workstations.", "Un nouvel ordinateur demande à rejoindre les postes."),
        both(
            "{n} new computers ask to join the workstations.",
            "{n} nouveaux ordinateurs demandent à rejoindre les postes.",
        ),
    )
}
