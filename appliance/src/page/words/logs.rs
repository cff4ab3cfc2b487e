//! Holds the texts of the page of log lines.
//! It never translates a line: the program writes in English, for those who mend it.
//! `logs` speaks through it.

use crate::http::language::{Language, Text};

use super::{both, number};

pub(in crate::page) const TITLE: Text = both("Log", "Journal technique");
pub(in crate::page) const LEVEL: Text = both("Which lines", "Quelles lignes");
pub(in crate::page) const ERRORS: Text = both("Failures", "Échecs");
pub(in crate::page) const WARNINGS: Text = both("Warnings too", "Avertissements aussi");
pub(in crate::page) const NEWS: Text = both("What happens", "Ce qui se passe");
pub(in crate::page) const EVERYTHING: Text = both("Everything", "Tout");
pub(in crate::page) const NONE: Text = both(
    "No line of this sort since the start. That is good news.",
    "Aucune ligne de ce genre depuis le démarrage. C'est bon signe.",
);
pub(in crate::page) const SAVE: Text = both("Save as a file", "Enregistrer dans un fichier");
pub(in crate::page) const ERROR: Text = both("failure", "échec");
pub(in crate::page) const WARNING: Text = both("warning", "attention");
pub(in crate::page) const INFO: Text = both("news", "info");
pub(in crate::page) const DETAIL: Text = both("detail", "détail");

/// Lines not shown, and lines no longer there.
pub(in crate::page) fn more(language: Language, hidden: usize, dropped: u64) -> String {
    let text = both(
        "{a} older lines are in the file; {b} were pushed out of memory since the start.",
        "{a} lignes plus anciennes sont dans le fichier\u{a0}; {b} ont quitté la mémoire depuis le démarrage.",
    );
    let text = text.speak(language).replace("{a}", &number(language, hidden as u64));
    text.replace("{b}", &number(language, dropped))
}
