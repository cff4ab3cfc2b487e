//! Holds the texts of how sessions work here: quota, lengths, opening hours, house rules, groups.
//! It never holds those of the network's settings. The pages of rules and groups speak through it.

use crate::http::language::Text;

use super::both;

pub(in crate::page) const TITLE: Text = both("Settings of the workstations", "Réglages des postes");
pub(in crate::page) const SAVED: Text =
    both("Saved. It counts from now on.", "Enregistré. Cela compte dès maintenant.");
pub(in crate::page) const SAVE: Text = both("Save", "Enregistrer");
pub(in crate::page) const SECTION_DAY: Text =
    both("What a person may have in a day", "Ce qu'une personne peut avoir par jour");
pub(in crate::page) const QUOTA_SESSIONS: Text = both("Sessions a day", "Sessions par jour");
pub(in crate::page) const QUOTA_MINUTES: Text = both("Time a day", "Temps par jour");
pub(in crate::page) const SECTION_SESSION: Text = both("Sessions and codes", "Sessions et codes");
pub(in crate::page) const SESSION_MINUTES: Text = both("Usual length of a session", "Durée habituelle d'une session");
pub(in crate::page) const VALID_MINUTES: Text = both("A code is good for", "Un code est valable pendant");
pub(in crate::page) const VALID_HINT: Text =
    both("If nobody uses it in that time, it is void.", "Si personne ne l'utilise d'ici là, il est annulé.");
pub(in crate::page) const HOLD: Text =
    both("A seat is held after a restart for", "Après un redémarrage, la place est gardée");
pub(in crate::page) const HOLD_HINT: Text = both(
    "Whoever sat there types the ticket shown at the start within that time.",
    "La personne tape dans ce délai le ticket affiché au début.",
);
pub(in crate::page) const OFFLINE: Text =
    both("Without a word from Vigie a seat goes on for", "Sans contact avec Vigie, un poste continue");
pub(in crate::page) const OFFLINE_HINT: Text = both(
    "Its time runs on all the same; after this it locks.",
    "Son temps continue de s'écouler\u{a0}; ensuite il se verrouille.",
);
pub(in crate::page) const FRENCH: Text =
    both("The screens of the workstations speak French", "Les écrans des postes sont en français");
pub(in crate::page) const SECTION_HOURS: Text = both("Opening hours", "Horaires d'ouverture");
pub(in crate::page) const HOURS_ON: Text =
    both("No session outlasts the opening hours", "Aucune session ne dépasse les horaires");
pub(in crate::page) const HOURS_CLOCK: Text =
    both("By the clock of this place, which says {x} now.", "À l'heure d'ici\u{a0}: il est {x}.");
pub(in crate::page) const HOURS_OWN: Text = both("Hours of its own", "Horaires propres");
pub(in crate::page) const HOURS_HINT: Text = both(
    "Such as 9:00-12:00, 14:00-18:30. Empty: closed all day.",
    "Par exemple 9h-12h, 14h-18h30. Vide\u{a0}: fermé toute la journée.",
);
pub(in crate::page) const HOURS_BAD: Text = both(
    "Up to two times of the day in order, such as 9:00-12:00, 14:00-18:30.",
    "Au plus deux plages dans l'ordre, par exemple 9h-12h, 14h-18h30.",
);
pub(in crate::page) const SECTION_SLIP: Text = both("House rules on slips", "Règlement sur les tickets");
pub(in crate::page) const RULES_EN: Text = both("In English", "En anglais");
pub(in crate::page) const RULES_FR: Text = both("In French", "En français");
pub(in crate::page) const RULES_HINT: Text =
    both("A few short lines; they stand under the code.", "Quelques lignes courtes, sous le code.");
pub(in crate::page) const SECTION_KEEP: Text = both("What is kept", "Ce qui est conservé");
pub(in crate::page) const DETAIL_DAYS: Text = both("Past sessions one by one", "Sessions passées, une par une");
pub(in crate::page) const CODE_DAYS: Text = both("Codes nobody used", "Codes jamais utilisés");
pub(in crate::page) const DETAIL_HINT: Text = both(
    "After that only numbers without names are left, for the reports.",
    "Ensuite il ne reste que des nombres sans noms, pour les bilans.",
);
pub(in crate::page) const MINUTES: Text = both("minutes", "minutes");
pub(in crate::page) const SESSIONS: Text = both("sessions", "sessions");
pub(in crate::page) const DAYS: Text = both("days", "jours");

pub(in crate::page) const GROUPS_ABOUT: Text = both(
    "Workstations in a group share a length, a quota, hours and an image: those of children close earlier, the catalogue is short.",
    "Les postes d'un groupe partagent durée, quota, horaires et image\u{a0}: la jeunesse ferme plus tôt, le catalogue est court.",
);
pub(in crate::page) const GROUP_ADD: Text = both("Add a group", "Ajouter un groupe");
pub(in crate::page) const GROUP_NAME: Text = both("Name", "Nom");
pub(in crate::page) const GROUP_SEATS: Text = both("Seats", "Places");
pub(in crate::page) const GROUP_LENGTH: Text = both("Usual length", "Durée habituelle");
pub(in crate::page) const GROUP_QUOTA: Text = both("Quota", "Quota");
pub(in crate::page) const AS_SITE: Text = both("as everywhere", "comme partout");
pub(in crate::page) const NAME_EN: Text = both("Name in English", "Nom en anglais");
pub(in crate::page) const NAME_FR: Text = both("Name in French", "Nom en français");
pub(in crate::page) const OWN_MINUTES_HINT: Text = both("Empty: as everywhere.", "Vide\u{a0}: comme partout.");
pub(in crate::page) const QUOTA_OWN: Text = both("A quota of its own", "Un quota propre");
pub(in crate::page) const IMAGE: Text = both("Image its computers start", "Image que ses ordinateurs démarrent");
pub(in crate::page) const IMAGE_HINT: Text = both("Empty: the usual one.", "Vide\u{a0}: l'image habituelle.");
pub(in crate::page) const GROUP_REMOVE: Text = both("Remove the group", "Supprimer le groupe");
pub(in crate::page) const GROUP_REMOVE_HELP: Text = both(
    "Only a group without workstations can be removed. Codes for it are no longer good then.",
    "Seul un groupe sans poste peut être supprimé. Les codes donnés pour lui ne valent alors plus.",
);

/// The days of the week, Monday first.
pub(in crate::page) const WEEKDAYS: [Text; 7] = [
    both("Monday", "Lundi"),
    both("Tuesday", "Mardi"),
    both("Wednesday", "Mercredi"),
    both("Thursday", "Jeudi"),
    both("Friday", "Vendredi"),
    both("Saturday", "Samedi"),
    both("Sunday", "Dimanche"),
];
