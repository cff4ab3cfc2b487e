//! Holds the texts of the seats: how each is, what may be done there, computers that ask to join.
//! It never holds those of codes or people. The pages of the workstations speak through it.

use vigie_core::kiosk::station::StationState;

use crate::http::language::{Language, Text};

use super::{both, plural};

pub(in crate::page) const TITLE: Text = both("Workstations", "Postes");
pub(in crate::page) const PART_SEATS: Text = both("Seats", "Places");
pub(in crate::page) const PART_USERS: Text = both("Users", "Usagers");
pub(in crate::page) const PART_REPORTS: Text = both("Reports", "Bilans");
pub(in crate::page) const PART_GROUPS: Text = both("Groups", "Groupes");
pub(in crate::page) const PART_RULES: Text = both("Settings", "Réglages");

pub(in crate::page) const GROUP: Text = both("Group", "Groupe");
pub(in crate::page) const NO_GROUP: Text = both("No group", "Sans groupe");
pub(in crate::page) const GUEST: Text = both("Guest", "Invité");
pub(in crate::page) const TIME_LEFT: Text = both("Time left", "Temps restant");
pub(in crate::page) const AT_LEAST: Text = both("at most", "au plus");
pub(in crate::page) const OF_MINUTES: Text = both("of {n}\u{a0}min", "sur {n}\u{a0}min");
/// Told aloud at the thresholds by the script.
pub(in crate::page) const ALOUD: Text = both("{name}: {n} left", "{name}\u{a0}: encore {n}");
pub(in crate::page) const ALOUD_OVER: Text = both("{name}: time is up", "{name}\u{a0}: temps écoulé");
pub(in crate::page) const ALOUD_STEPS: Text =
    both("5 minutes|2 minutes|1 minute|30 seconds|10 seconds", "5 minutes|2 minutes|1 minute|30 secondes|10 secondes");

pub(in crate::page) const PAUSED: Text = both("Paused", "En pause");
pub(in crate::page) const HELD: Text = both("Restarted, seat held", "Redémarré, place gardée");
pub(in crate::page) const HELD_HELP: Text = both(
    "The computer was restarted. Whoever sat here types the ticket shown at the start, or you let the session go on.",
    "L'ordinateur a redémarré. La personne tape le ticket affiché au début, ou vous reprenez la session.",
);
pub(in crate::page) const SILENT: Text =
    both("Not heard {when}; it counts on by itself", "Sans nouvelles {when}\u{a0}; il continue de compter");
pub(in crate::page) const HEARD: Text = both("Heard {when}", "Entendu {when}");
pub(in crate::page) const NEVER_HEARD: Text =
    both("Not heard since Vigie started", "Jamais entendu depuis le démarrage de Vigie");
pub(in crate::page) const NOT_ENROLLED: Text =
    both("No computer was let in here yet", "Aucun ordinateur accepté ici pour l'instant");

pub(in crate::page) const GIVE_CODE: Text = both("Give a code", "Donner un code");
pub(in crate::page) const ADD: Text = both("+15 min", "+15 min");
pub(in crate::page) const PAUSE: Text = both("Pause", "Pause");
pub(in crate::page) const GO_ON: Text = both("Go on", "Reprendre");
pub(in crate::page) const END: Text = both("End…", "Terminer…");
pub(in crate::page) const MESSAGE: Text = both("Message", "Message");
pub(in crate::page) const WAKE: Text = both("Switch on", "Allumer");
pub(in crate::page) const BACK_IN: Text = both("Back into service", "Remettre en service");
/// Names an act with its seat, for those who hear it.
pub(in crate::page) const ACT_AT: Text = both("{act}: {name}", "{act}\u{a0}: {name}");

pub(in crate::page) const CODES_FOR_MANY: Text = both("Codes for many", "Plusieurs codes");
pub(in crate::page) const MESSAGE_ALL: Text = both("Message to all", "Message à tous");
pub(in crate::page) const ADD_STATION: Text = both("Add a workstation", "Ajouter un poste");

pub(in crate::page) const EMPTY: Text = both("No workstation yet", "Aucun poste pour l'instant");
pub(in crate::page) const EMPTY_HELP: Text = both(
    "Start a computer with the workstation program: it shows a number of six digits, and asks to join here.",
    "Démarrez un ordinateur avec le programme de poste\u{a0}: il affiche un numéro à six chiffres et demande ici à rejoindre.",
);
pub(in crate::page) const NOT_STORING: Text = both(
    "Nothing can be stored at the moment, so no code is given: after a power cut it would be forgotten. See the System page.",
    "Rien ne peut être enregistré pour le moment, donc aucun code n'est donné\u{a0}: une coupure de courant l'effacerait. Voyez la page Système.",
);
pub(in crate::page) const CLOSED: Text = both(
    "By the opening hours the place is closed now. A code is good only with “may outlast the opening hours”.",
    "D'après les horaires, c'est fermé en ce moment. Un code ne vaut qu'avec «\u{a0}peut dépasser les horaires\u{a0}».",
);

pub(in crate::page) const WAITING_CODES: Text = both("Codes that wait", "Codes en attente");
pub(in crate::page) const CODE_FOR: Text = both("For", "Pour");
pub(in crate::page) const CODE_WHERE: Text = both("Where", "Où");
pub(in crate::page) const CODE_LENGTH: Text = both("Length", "Durée");
pub(in crate::page) const CODE_GOOD: Text = both("Good for another", "Encore valable");
pub(in crate::page) const TAKE_BACK: Text = both("Take back", "Reprendre le code");
pub(in crate::page) const ANYWHERE: Text = both("any seat", "toutes les places");
pub(in crate::page) const MORE_CODES: Text = both("and {n} more", "et {n} de plus");

pub(in crate::page) const KNOCKS: Text = both("Ask to join", "Demandent à rejoindre");
pub(in crate::page) const KNOCK: Text = both("A new computer shows {number}", "Un nouvel ordinateur affiche {number}");
pub(in crate::page) const KNOCK_KNOWN: Text =
    both("{name} was set up again and shows {number}", "{name} a été réinstallé et affiche {number}");
pub(in crate::page) const KNOCK_HELP: Text = both(
    "Let it in only if you see this number on its screen.",
    "Ne l'acceptez que si vous voyez ce numéro sur son écran.",
);
pub(in crate::page) const APPROVE_AS: Text = both("Name of the workstation", "Nom du poste");
pub(in crate::page) const APPROVE: Text = both("Approve", "Accepter");
pub(in crate::page) const AS_BEFORE: Text = both("Approve as {name}", "Accepter comme {name}");
pub(in crate::page) const IN_PLACE_OF: Text = both("In place of", "À la place de");
pub(in crate::page) const A_NEW_ONE: Text = both("nobody: a new workstation", "aucun\u{a0}: un nouveau poste");
pub(in crate::page) const REFUSE: Text = both("Refuse", "Refuser");

pub(in crate::page) const DONE_ADDED: Text = both("{n} more at {name}.", "{n} de plus\u{a0}: {name}.");
pub(in crate::page) const DONE_TAKEN: Text = both("{n} less at {name}.", "{n} de moins\u{a0}: {name}.");
pub(in crate::page) const DONE_PAUSED: Text =
    both("The time of {name} stands still.", "Le temps est arrêté\u{a0}: {name}.");
pub(in crate::page) const DONE_RESUMED: Text =
    both("The time of {name} runs again.", "Le temps reprend\u{a0}: {name}.");
pub(in crate::page) const DONE_ENDED: Text = both(
    "The session at {name} is ended; the computer is being cleaned.",
    "La session est terminée\u{a0}: {name}. L'ordinateur est en cours de nettoyage.",
);
pub(in crate::page) const DONE_VOID: Text = both("The code is taken back.", "Le code est repris.");
pub(in crate::page) const DONE_APPROVED: Text = both("{name} is in.", "{name} est accepté.");
pub(in crate::page) const DONE_REFUSED: Text = both("The computer was turned away.", "L'ordinateur a été refusé.");
pub(in crate::page) const DONE_SENT: Text = both("The message is on its way.", "Le message est envoyé.");
pub(in crate::page) const DONE_REMOVED: Text = both("The workstation is removed.", "Le poste est supprimé.");
pub(in crate::page) const DONE_SERVICE: Text = both("{name} is back in service.", "{name} est remis en service.");
pub(in crate::page) const DONE_WOKEN: Text = both(
    "A wake-up call was sent to {name}. It takes a minute until it is heard.",
    "Un appel de réveil a été envoyé\u{a0}: {name}. Il faut une minute avant qu'il se manifeste.",
);
pub(in crate::page) const UNDO: Text = both("Undo", "Annuler");

pub(in crate::page) const END_TITLE: Text = both("End the session at {name}?", "Terminer la session de {name}\u{a0}?");
pub(in crate::page) const END_HELP: Text = both(
    "{who} has {left} left. What is open there is lost, and the computer is cleaned for the next person.",
    "Il reste {left} ({who}). Ce qui est ouvert est perdu, et l'ordinateur est nettoyé pour la personne suivante.",
);
pub(in crate::page) const END_YES: Text = both("End it", "Terminer");
pub(in crate::page) const END_NO: Text = both("Let it run", "Laisser continuer");

pub(in crate::page) const NOT_A_NUMBER: Text =
    both("This is no whole number that does here.", "Ce n'est pas un nombre entier qui convienne ici.");

/// A state in words with its picture and colour.
pub(in crate::page) const fn state(state: StationState) -> (&'static str, &'static str, Text) {
    match state {
        StationState::Available => ("check", "good", both("Free", "Libre")),
        StationState::Reserved => ("lock", "accent", both("Free, a code is out", "Libre, code donné")),
        StationState::Busy => ("clock", "accent", both("In use", "Occupé")),
        StationState::Wiping => ("system", "quiet", both("Being cleaned", "En nettoyage")),
        StationState::Maintenance => ("settings", "warn", both("Out of service", "En maintenance")),
        StationState::Offline => ("lost", "quiet", both("Not heard", "Hors ligne")),
    }
}

/// How many seats there are, are up, and are free, in a sentence.
pub(in crate::page) fn summary(language: Language, all: usize, up: usize, free: usize) -> String {
    let free = match free {
        0 => both("none is free", "aucun n'est libre").speak(language).to_owned(),
        _ => plural(language, free, both("{n} is free", "{n} est libre"), both("{n} are free", "{n} sont libres")),
    };
    let up = if up == all {
        let all_up = both("All {n} workstations are up", "Les {n} postes sont allumés");
        plural(language, all, both("The workstation is up", "Le poste est allumé"), all_up)
    } else {
        let some = plural(
            language,
            up,
            both("{n} of {all} workstations is up", "{n} poste sur {all} est allumé"),
            both("{n} of {all} workstations are up", "{n} postes sur {all} sont allumés"),
        );
        some.replace("{all}", &all.to_string())
    };
    match language {
        Language::En => format!("{up}; {free}."),
        Language::Fr => format!("{up}\u{a0}; {free}."),
    }
}

/// Minutes in words, seconds below one.
pub(in crate::page) fn length(language: Language, ms: u64) -> String {
    match ms.div_ceil(1_000) {
        seconds @ 0..60 => plural(
            language,
            usize::try_from(seconds).unwrap_or(0),
            both("{n} second", "{n} seconde"),
            both("{n} seconds", "{n} secondes"),
        ),
        seconds => minutes(language, seconds.div_ceil(60)),
    }
}

/// Whole minutes in words, hours from two on.
pub(in crate::page) fn minutes(language: Language, minutes: u64) -> String {
    let count = |count: u64| usize::try_from(count).unwrap_or(usize::MAX);
    if minutes < 120 {
        return plural(language, count(minutes), both("{n} minute", "{n} minute"), both("{n} minutes", "{n} minutes"));
    }
    let hours = plural(language, count(minutes / 60), both("{n} hour", "{n} heure"), both("{n} hours", "{n} heures"));
    match minutes % 60 {
        0 => hours,
        rest => format!("{hours} {rest:02}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary_counts_in_both_languages() {
        assert_eq!(summary(Language::En, 12, 12, 3), "All 12 workstations are up; 3 are free.");
        assert_eq!(summary(Language::Fr, 12, 1, 0), "1 poste sur 12 est allumé\u{a0}; aucun n'est libre.");
        assert_eq!(summary(Language::En, 1, 1, 1), "The workstation is up; 1 is free.");
    }

    #[test]
    fn lengths_are_said_as_people_say_them() {
        assert_eq!(length(Language::En, 30_000), "30 seconds");
        assert_eq!(length(Language::Fr, 60_001), "2 minutes");
        assert_eq!(minutes(Language::En, 60), "60 minutes");
        assert_eq!(minutes(Language::Fr, 150), "2 heures 30");
    }
}
