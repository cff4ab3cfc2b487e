//! Holds the texts of the backup and of taking one in.
//! It never promises what a backup does not hold.
//! `restore` and `system` speak through it.

use crate::http::language::{Language, Text};

use super::{both, plural};

pub(in crate::page) const ABOUT: Text = both(
    "What people entered, in one file: devices with names, notes and tags, the settings of the network, the names of accounts. \
     Not in it: passwords, keys, tokens, history; the users of public computers, workstations, their groups, rules and hours; the zone.",
    "Ce que vous avez saisi, en un fichier\u{a0}: appareils avec noms, notes et étiquettes, réglages du réseau, noms des \
     comptes. N'y sont pas\u{a0}: mots de passe, clés, jetons, historique\u{a0}; usagers, postes publics, leurs groupes, règles et horaires\u{a0}; le fuseau.",
);
pub(in crate::page) const SAVE: Text = both("Save a backup", "Enregistrer une sauvegarde");
pub(in crate::page) const RESTORE: Text = both("Restore a backup", "Restaurer une sauvegarde");
pub(in crate::page) const HELP: Text = both(
    "You see first what would change; nothing is done before you say so. Devices that are not in the backup stay as they are.",
    "Vous voyez d'abord ce qui changerait\u{a0}; rien n'est fait avant votre accord. Les appareils absents de la sauvegarde \
     restent tels quels.",
);
pub(in crate::page) const FILE: Text = both("Backup", "Sauvegarde");
pub(in crate::page) const FILE_HINT: Text =
    both("A file such as vigie-2026-03-01.json.", "Un fichier comme vigie-2026-03-01.json.");
pub(in crate::page) const TOO_LATE: Text = both(
    "The file is no longer waiting: it does for ten minutes. Choose it again.",
    "Le fichier n'attend plus\u{a0}: il attend dix minutes. Choisissez-le de nouveau.",
);
pub(in crate::page) const WOULD: Text = both("This is what would change:", "Voici ce qui changerait\u{a0}:");
pub(in crate::page) const NOTHING: Text =
    both("Nothing would change: all of it is here already.", "Rien ne changerait\u{a0}: tout y est déjà.");
pub(in crate::page) const IS_DONE: Text = both("The backup is restored.", "La sauvegarde est restaurée.");
pub(in crate::page) const WRITTEN: Text = both("Written", "Écrite");
pub(in crate::page) const BY: Text = both("By version", "Par la version");
pub(in crate::page) const SETTINGS: Text = both("Settings of the network", "Réglages du réseau");
pub(in crate::page) const SETTINGS_ABSENT: Text = both("none in it", "absents");
pub(in crate::page) const SETTINGS_SAME: Text = both("the same", "les mêmes");
pub(in crate::page) const SETTINGS_CHANGED: Text = both("taken from the backup", "repris de la sauvegarde");
pub(in crate::page) const SETTINGS_REFUSED: Text = both("left as they are", "laissés tels quels");
pub(in crate::page) const DEVICES: Text = both("Devices", "Appareils");
pub(in crate::page) const ACCOUNTS: Text = both("Accounts not here", "Comptes absents d'ici");
pub(in crate::page) const ACCOUNTS_WHY: Text = both(
    "They are not made: their passwords are in no backup. Add them under People.",
    "Ils ne sont pas créés\u{a0}: leurs mots de passe ne sont dans aucune sauvegarde. Ajoutez-les dans Personnes.",
);
pub(in crate::page) const OTHER: Text = both("Another file", "Un autre fichier");

/// The button that does it.
pub(in crate::page) fn do_it(language: Language, count: usize) -> String {
    plural(
        language,
        count,
        both("Restore {n} change", "Restaurer {n} changement"),
        both("Restore {n} changes", "Restaurer {n} changements"),
    )
}
