//! Holds the texts of taking in a list of devices.
//! It never holds why a line is refused: the API says that.
//! `import` speaks through it.

use crate::http::language::{Language, Text};

use super::{both, plural};

pub(in crate::page) const TITLE: Text = both("Take in a list", "Reprendre une liste");
pub(in crate::page) const HELP: Text = both(
    "Bring names, owners, notes and tags back from a spreadsheet saved here, or over from NetAlertX. You see what would change before anything does.",
    "Reprenez noms, propriétaires, notes et étiquettes d'un tableau enregistré ici, ou de NetAlertX. Vous voyez ce qui changerait avant que rien ne change.",
);
pub(in crate::page) const FILE: Text = both("The list, as CSV", "La liste, en CSV");
pub(in crate::page) const FILE_HINT: Text = both(
    "One device a line, at most 1 MB. The first line names the columns; mac or ip must be among them.",
    "Un appareil par ligne, 1 Mo au plus. La première ligne nomme les colonnes\u{a0}; mac ou ip doit y figurer.",
);
pub(in crate::page) const BACKUP: Text = both(
    "“Save as CSV” on the list of devices makes such a file: keep one as a copy of what you have entered.",
    "«\u{a0}Enregistrer en CSV\u{a0}» sur la liste des appareils produit un tel fichier\u{a0}: gardez-en un comme copie de vos saisies.",
);
pub(in crate::page) const TOO_LATE: Text = both(
    "The list was waiting for ten minutes and was dropped. Nothing was changed; choose it again.",
    "La liste a attendu dix minutes et a été abandonnée. Rien n'a changé\u{a0}; choisissez-la de nouveau.",
);
pub(in crate::page) const WOULD: Text = both(
    "Nothing is changed yet. This is what the list would do:",
    "Rien n'est encore changé. Voici ce que ferait la liste\u{a0}:",
);
pub(in crate::page) const NOTHING: Text = both(
    "The list says nothing new: nothing is to be done.",
    "La liste n'apprend rien de nouveau\u{a0}: il n'y a rien à faire.",
);
pub(in crate::page) const IS_DONE: Text = both("The list is taken in.", "La liste est reprise.");
pub(in crate::page) const ADDED: Text = both("added", "ajoutés");
pub(in crate::page) const UPDATED: Text = both("changed", "modifiés");
pub(in crate::page) const UNCHANGED: Text = both("as they were", "inchangés");
pub(in crate::page) const REFUSED: Text = both("lines refused", "lignes refusées");
pub(in crate::page) const OTHER: Text = both("Another list", "Une autre liste");
pub(in crate::page) const LINES: Text = both("Line by line", "Ligne par ligne");
pub(in crate::page) const LINE: Text = both("Line", "Ligne");
pub(in crate::page) const DEVICE: Text = both("Device", "Appareil");
pub(in crate::page) const VERDICT: Text = both("Result", "Résultat");
pub(in crate::page) const WHAT: Text = both("What and why", "Quoi et pourquoi");
pub(in crate::page) const ADDED_ONE: Text = both("added", "ajouté");
pub(in crate::page) const UPDATED_ONE: Text = both("changed", "modifié");
pub(in crate::page) const UNCHANGED_ONE: Text = both("as it was", "inchangé");
pub(in crate::page) const REFUSED_ONE: Text = both("refused", "refusée");

/// The button that does it.
pub(in crate::page) fn do_it(language: Language, count: usize) -> String {
    plural(
        language,
        count,
        both("Take in {n} device", "Reprendre {n} appareil"),
        both("Take in {n} devices", "Reprendre {n} appareils"),
    )
}

/// Lines beyond the most that are read.
pub(in crate::page) fn left_out(language: Language, count: u64) -> String {
    plural(
        language,
        usize::try_from(count).unwrap_or(usize::MAX),
        both(
            "{n} line too many was not read; send it in a second list.",
            "{n} ligne en trop n'a pas été lue\u{a0}; envoyez-la dans une deuxième liste.",
        ),
        both(
            "{n} lines too many were not read; send them in a second list.",
            "{n} lignes en trop n'ont pas été lues\u{a0}; envoyez-les dans une deuxième liste.",
        ),
    )
}

/// A part of what a line says, by the word of the API.
pub(in crate::page) fn part(word: &str) -> Text {
    match word {
        "label" => both("name", "nom"),
        "owner" => both("owner", "propriétaire"),
        "notes" => both("notes", "notes"),
        "tags" => both("tags", "étiquettes"),
        "trust" => both("known or not", "connu ou non"),
        "watch" => both("watched or not", "surveillé ou non"),
        "kind" => both("kind", "type"),
        "hostname" => both("host name", "nom d'hôte"),
        _ => both("more", "autre"),
    }
}
