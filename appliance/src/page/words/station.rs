//! Holds the texts of one workstation, and of words and commands sent to one or to all.
//! It never holds those of the seats at a glance. The pages of a workstation speak through it.

use vigie_core::kiosk::session::State;

use crate::http::language::{Language, Text};
use crate::shell::kiosk::Command;

use super::both;

pub(in crate::page) const ABOUT: Text = both("About it", "Ce poste");
pub(in crate::page) const DEVICE: Text = both("On the network", "Sur le réseau");
pub(in crate::page) const LOOK_DEVICE: Text = both("Its page as a device", "Sa fiche d'appareil");
pub(in crate::page) const MAC: Text = both("Hardware address (MAC)", "Adresse matérielle (MAC)");
pub(in crate::page) const MAC_HINT: Text = both("Such as 00:11:22:33:44:55.", "Par exemple 00:11:22:33:44:55.");
pub(in crate::page) const IP: Text = both("IP address", "Adresse IP");
pub(in crate::page) const IP_HINT: Text = both("Empty: where it is heard.", "Vide\u{a0}: là où on l'entend.");
pub(in crate::page) const VERSION: Text = both("Program", "Programme");
pub(in crate::page) const SCREEN: Text = both("Its screen", "Son écran");
pub(in crate::page) const LAST_HEARD: Text = both("Last heard", "Dernier signe");
pub(in crate::page) const ADDED: Text = both("Added", "Ajouté");
pub(in crate::page) const NAME: Text = both("Name", "Nom");
pub(in crate::page) const CHANGE: Text = both("Change it", "Modifier");
pub(in crate::page) const SAVE: Text = both("Save", "Enregistrer");
pub(in crate::page) const SAVED: Text = both("Saved.", "Enregistré.");
pub(in crate::page) const ADD_TITLE: Text = both("Add a workstation", "Ajouter un poste");
pub(in crate::page) const ADD_HELP: Text = both(
    "Normally a computer asks to join by itself and shows a number. Add one here to give it its name before it is switched on; then approve it in its place.",
    "Normalement un ordinateur demande lui-même à rejoindre et affiche un numéro. Ajoutez-le ici pour le nommer avant de l'allumer\u{a0}; acceptez-le ensuite à sa place.",
);
pub(in crate::page) const ADD: Text = both("Add it", "Ajouter");
pub(in crate::page) const ACTS: Text = both("What to do with it", "Actions");
pub(in crate::page) const MAINTENANCE: Text = both("Out of service", "Mettre en maintenance");
pub(in crate::page) const REMOVE: Text = both("Remove…", "Supprimer…");
pub(in crate::page) const REMOVE_TITLE: Text = both("Remove {name}?", "Supprimer {name}\u{a0}?");
pub(in crate::page) const REMOVE_HELP: Text = both(
    "A session there ends, and the computer is let in no more. What was done there stays in the journal.",
    "Une session en cours s'y termine, et l'ordinateur n'est plus accepté. Ce qui s'y est passé reste dans le journal.",
);
pub(in crate::page) const REMOVE_YES: Text = both("Remove it", "Supprimer");
pub(in crate::page) const REMOVE_NO: Text = both("Keep it", "Garder");
pub(in crate::page) const TOLD: Text = both("Sent to it", "Envoyé à ce poste");
pub(in crate::page) const TAKEN: Text = both("taken", "reçu");
pub(in crate::page) const NOT_TAKEN: Text = both("not taken yet", "pas encore reçu");
pub(in crate::page) const FAILED: Text = both("did not work: {why}", "échec\u{a0}: {why}");
pub(in crate::page) const HISTORY: Text = both("Sessions here", "Sessions à ce poste");
pub(in crate::page) const NO_HISTORY: Text = both("None yet.", "Aucune pour l'instant.");
pub(in crate::page) const BEGAN: Text = both("Began", "Début");
pub(in crate::page) const WHO: Text = both("Who", "Qui");
pub(in crate::page) const USED: Text = both("Used", "Utilisé");
pub(in crate::page) const ENDED_HOW: Text = both("How it ended", "Fin");
pub(in crate::page) const ERASED: Text = both("somebody since erased", "une personne effacée depuis");

pub(in crate::page) const MESSAGE_TO: Text = both("A message to {name}", "Un message à {name}");
pub(in crate::page) const MESSAGE_TO_ALL: Text = both("A message to all workstations", "Un message à tous les postes");
pub(in crate::page) const MESSAGE_HELP: Text = both(
    "It stands on the screen until the person has read it.",
    "Il reste à l'écran jusqu'à ce que la personne l'ait lu.",
);
pub(in crate::page) const READY: Text = both("Send one of these", "Envoyer un de ces messages");
pub(in crate::page) const OWN_WORDS: Text = both("Or your own words", "Ou vos propres mots");
pub(in crate::page) const SEND: Text = both("Send", "Envoyer");
/// Messages that are one press away, in the reader's language: that of the place.
pub(in crate::page) const READY_MESSAGES: [Text; 4] = [
    both(
        "We close in 15 minutes. Please save your work.",
        "Nous fermons dans 15 minutes. Merci d'enregistrer votre travail.",
    ),
    both("Please come to the desk.", "Merci de passer à l'accueil."),
    both("Please be a little quieter.", "Merci de faire un peu moins de bruit."),
    both("Somebody is waiting: please finish soon.", "Quelqu'un attend\u{a0}: merci de terminer bientôt."),
];

/// What a machine can be told, and what that means.
pub(in crate::page) const fn command(command: Command) -> Text {
    match command {
        Command::Reboot => both("Restart the computer", "Redémarrer l'ordinateur"),
        Command::Shutdown => both("Switch it off", "Éteindre l'ordinateur"),
        Command::Identify => both("Show which one it is", "Le faire se signaler"),
    }
}

/// What an agent says its screen shows.
pub(in crate::page) fn screen(word: &str, language: Language) -> String {
    let text = match word {
        "locked" => both("locked, asks for a code", "verrouillé, demande un code"),
        "running" => both("in use", "utilisé"),
        "grace" => both("time is nearly up", "temps presque écoulé"),
        "wiping" => both("being cleaned", "en nettoyage"),
        "paused" => both("paused", "en pause"),
        _ => return super::super::name::clean(word),
    };
    text.speak(language).to_owned()
}

/// How a session stands or ended.
pub(in crate::page) const fn status(state: State) -> Text {
    match state {
        State::Pending => both("code not used yet", "code pas encore utilisé"),
        State::Active => both("running", "en cours"),
        State::Suspended => both("paused", "en pause"),
        State::Interrupted => both("interrupted by a restart", "interrompue par un redémarrage"),
        State::Expired => both("time used up", "temps écoulé"),
        State::Ended => both("ended early", "terminée avant l'heure"),
        State::Closed => both("over", "finie"),
        State::Void => both("code never used", "code jamais utilisé"),
    }
}
