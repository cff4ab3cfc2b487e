//! Holds the texts of the people who use workstations: the list, one of them, consent, photo, erasing.
//! It never holds those of people who log in to the appliance. The pages of users speak through it.

use crate::http::language::{Language, Text};

use super::{both, plural};

pub(in crate::page) const ABOUT: Text = both(
    "People with a quota of their own. Guests need none of this: give them a code.",
    "Les personnes qui ont leur propre quota. Un invité n'en a pas besoin\u{a0}: donnez-lui un code.",
);
pub(in crate::page) const MASKED: Text = both(
    "You see initials: names are for those at the desk.",
    "Vous voyez des initiales\u{a0}: les noms sont réservés à l'accueil.",
);
pub(in crate::page) const SEARCH: Text = both("Name or card number", "Nom ou numéro de carte");
pub(in crate::page) const FIND: Text = both("Find", "Chercher");
pub(in crate::page) const ADD: Text = both("Add a person", "Nouvel usager");
pub(in crate::page) const ADD_YES: Text = both("Add", "Inscrire");
pub(in crate::page) const NAME: Text = both("Name", "Nom");
pub(in crate::page) const CARD: Text = both("Card", "Carte");
pub(in crate::page) const CONSENT: Text = both("Consent", "Consentement");
pub(in crate::page) const TODAY: Text = both("Left today", "Reste aujourd'hui");
pub(in crate::page) const GIVEN: Text = both("given", "donné");
pub(in crate::page) const MISSING: Text = both("missing", "absent");
pub(in crate::page) const EMPTY: Text = both("Nobody in the list yet", "Personne dans la liste pour l'instant");
pub(in crate::page) const EMPTY_HELP: Text = both(
    "Add people who come often, so that each has a fair share of the day.",
    "Inscrivez les habitués, pour que chacun ait sa juste part de la journée.",
);
pub(in crate::page) const NOBODY: Text = both("Nobody fits this search.", "Personne ne correspond à cette recherche.");
pub(in crate::page) const SHOW_ALL: Text = both("Show everybody", "Afficher tout le monde");
pub(in crate::page) const NEXT: Text = both("Next page", "Page suivante");
pub(in crate::page) const BEFORE: Text = both("Page before", "Page précédente");
pub(in crate::page) const PAGES: Text = both("Pages", "Pages");

pub(in crate::page) const FAMILY_NAME: Text = both("Family name", "Nom de famille");
pub(in crate::page) const GIVEN_NAME: Text = both("Given name", "Prénom");
pub(in crate::page) const CARD_NUMBER: Text = both("Card number", "Numéro de carte");
pub(in crate::page) const EMAIL: Text = both("E-mail", "E-mail");
pub(in crate::page) const PHONE: Text = both("Phone", "Téléphone");
pub(in crate::page) const BIRTH_DATE: Text = both("Birth date", "Date de naissance");
pub(in crate::page) const ADDRESS: Text = both("Address", "Adresse");
pub(in crate::page) const NOTES: Text = both("Notes", "Notes");
pub(in crate::page) const ONLY_NAME: Text = both(
    "Only the family name is needed. Ask for no more than you use.",
    "Seul le nom de famille est nécessaire. Ne demandez que ce qui sert.",
);
pub(in crate::page) const AGREED: Text = both(
    "The person has read and agreed to the text about what is kept",
    "La personne a lu et accepté le texte sur les données conservées",
);
pub(in crate::page) const VERSION: Text = both("Version of that text", "Version de ce texte");
pub(in crate::page) const VERSION_HINT: Text =
    both("What stands on the paper, such as its date.", "Ce qui figure sur le papier, par exemple sa date.");
pub(in crate::page) const SAVE: Text = both("Save", "Enregistrer");
pub(in crate::page) const DETAILS: Text = both("Details", "Coordonnées");

pub(in crate::page) const DONE_ADDED: Text = both("Added.", "Inscription faite.");
pub(in crate::page) const DONE_SAVED: Text = both("Saved.", "Enregistré.");
pub(in crate::page) const DONE_CONSENT: Text = both("The consent is written down.", "Le consentement est noté.");
pub(in crate::page) const DONE_PHOTO: Text = both("The photo is kept.", "La photo est enregistrée.");
pub(in crate::page) const DONE_NO_PHOTO: Text = both("The photo is removed.", "La photo est supprimée.");
pub(in crate::page) const DONE_ERASED: Text = both(
    "Everything kept of this person is erased; the journal knows only a number that means nothing now.",
    "Tout ce qui était conservé de cette personne est effacé\u{a0}; le journal ne connaît qu'un numéro qui ne dit plus rien.",
);

pub(in crate::page) const QUOTA: Text = both("Today", "Aujourd'hui");
pub(in crate::page) const MAY: Text = both("May begin a session now", "Peut commencer une session");
pub(in crate::page) const MAY_NOT: Text = both("May not begin a session now", "Ne peut pas commencer de session");
pub(in crate::page) const SESSIONS_LEFT: Text = both("Sessions left", "Sessions restantes");
pub(in crate::page) const TIME_LEFT: Text = both("Time left", "Temps restant");
pub(in crate::page) const CONSENT_GIVEN: Text =
    both("Agreed to version {version} {when}.", "A accepté la version {version} {when}.");
pub(in crate::page) const CONSENT_NEEDED: Text =
    both("No session can begin before the person has agreed.", "Aucune session ne peut commencer sans cet accord.");
pub(in crate::page) const WRITE_DOWN: Text = both("Write down the consent", "Noter le consentement");
pub(in crate::page) const REVOKE: Text = both("The person takes it back…", "La personne le retire…");
pub(in crate::page) const PHOTO: Text = both("Photo", "Photo");
pub(in crate::page) const PHOTO_OF: Text = both("Photo of {name}", "Photo de {name}");
pub(in crate::page) const PHOTO_HINT: Text = both(
    "JPEG or PNG, at most 5 MB. It is made small and kept without the details cameras write into pictures.",
    "JPEG ou PNG, 5\u{a0}Mo au plus. Elle est réduite et conservée sans les détails que les appareils y inscrivent.",
);
pub(in crate::page) const PHOTO_TAKE: Text = both("Take this photo", "Prendre cette photo");
pub(in crate::page) const PHOTO_REMOVE: Text = both("Remove the photo", "Supprimer la photo");
pub(in crate::page) const NO_FILE: Text = both("Choose a file first.", "Choisissez d'abord un fichier.");
pub(in crate::page) const SESSIONS: Text = both("Sessions", "Sessions");
pub(in crate::page) const NO_SESSIONS: Text = both("None that is still remembered.", "Aucune dont on se souvienne.");
pub(in crate::page) const WHERE: Text = both("Where", "Où");
pub(in crate::page) const RIGHTS: Text = both("What the person may ask for", "Ce que la personne peut demander");
pub(in crate::page) const EXPORT: Text = both("Everything kept, as a file", "Tout ce qui est conservé, en fichier");
pub(in crate::page) const ERASE: Text = both("Erase…", "Effacer…");
pub(in crate::page) const ADDED_BY: Text = both("Added {when} by {who}.", "Inscription {when} par {who}.");

pub(in crate::page) const ERASE_TITLE: Text = both("Erase {name}?", "Effacer {name}\u{a0}?");
pub(in crate::page) const REVOKE_TITLE: Text =
    both("{name} takes the consent back?", "{name} retire son consentement\u{a0}?");
pub(in crate::page) const ERASE_HELP: Text = both(
    "Running sessions end, and name, details and photo are destroyed for good, in backups made from now on too. This cannot be undone.",
    "Les sessions en cours se terminent, et nom, coordonnées et photo sont détruits pour de bon, y compris dans les sauvegardes à venir. C'est irréversible.",
);
pub(in crate::page) const TYPE_NAME: Text =
    both("Type the name to be sure: {name}", "Tapez le nom pour confirmer\u{a0}: {name}");
pub(in crate::page) const OTHER_NAME: Text = both("This is not the name.", "Ce n'est pas ce nom.");
pub(in crate::page) const ERASE_YES: Text = both("Erase everything", "Tout effacer");
pub(in crate::page) const ERASE_NO: Text = both("Keep", "Garder");

/// How many people.
pub(in crate::page) fn count(language: Language, count: usize) -> String {
    plural(language, count, both("{n} person", "{n} personne"), both("{n} people", "{n} personnes"))
}

/// What is left of a day: sessions and time.
pub(in crate::page) fn left(language: Language, sessions: u8, minutes: u64) -> String {
    let sessions =
        plural(language, sessions.into(), both("{n} session", "{n} session"), both("{n} sessions", "{n} sessions"));
    format!("{sessions}, {}", super::seats::minutes(language, minutes))
}
