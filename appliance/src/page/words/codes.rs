//! Holds the texts of codes: asking for one, for many, and the slip that is handed out.
//! It never holds a code. The pages of codes and slips speak through it.

use crate::http::language::{Language, Text};

use super::both;

pub(in crate::page) const TITLE: Text = both("A code for {name}", "Un code pour {name}");
pub(in crate::page) const LENGTH: Text = both("How long?", "Combien de temps\u{a0}?");
pub(in crate::page) const USUAL: Text = both("{n} (usual)", "{n} (habituel)");
pub(in crate::page) const OTHER_LENGTH: Text = both("Another length", "Une autre durée");
pub(in crate::page) const MINUTES: Text = both("minutes", "minutes");
pub(in crate::page) const GIVE: Text = both("Give the code", "Donner le code");
pub(in crate::page) const WHO: Text = both("For whom", "Pour qui");
pub(in crate::page) const WHO_HINT: Text = both(
    "Card number or name; leave it empty for a guest.",
    "Numéro de carte ou nom\u{a0}; laissez vide pour un invité.",
);
pub(in crate::page) const NOBODY: Text = both(
    "Nobody in the list is called so and no card has this number.",
    "Personne ne porte ce nom et aucune carte n'a ce numéro.",
);
pub(in crate::page) const SEVERAL: Text = both(
    "Several people fit. Choose one, then the length again.",
    "Plusieurs personnes correspondent. Choisissez-en une, puis la durée.",
);
pub(in crate::page) const TOO_MANY: Text = both(
    "Too many people fit: write more of the name, or the card number.",
    "Trop de personnes correspondent\u{a0}: précisez le nom, ou donnez le numéro de carte.",
);
pub(in crate::page) const MORE_CHOICES: Text = both("More choices", "Autres choix");
pub(in crate::page) const DIGITS: Text = both(
    "Digits only, for a keypad (good for 15 minutes)",
    "Des chiffres seulement, pour un pavé numérique (valable 15 minutes)",
);
pub(in crate::page) const PAST_CLOSING: Text =
    both("May outlast the opening hours", "Peut dépasser les horaires d'ouverture");
pub(in crate::page) const VALID: Text = both("The code is good for", "Le code est valable pendant");
pub(in crate::page) const VALID_HINT: Text =
    both("Empty: as the settings say.", "Vide\u{a0}: comme le disent les réglages.");

pub(in crate::page) const MANY_TITLE: Text = both("Codes for many", "Plusieurs codes");
pub(in crate::page) const MANY_HELP: Text = both(
    "For a class or a busy day: codes for guests, good at any seat or in one group, on a sheet to cut.",
    "Pour une classe ou un jour d'affluence\u{a0}: des codes d'invités, valables partout ou dans un groupe, sur une feuille à découper.",
);
pub(in crate::page) const COUNT: Text = both("How many", "Combien");
pub(in crate::page) const CODES: Text = both("codes, at most 40", "codes, 40 au plus");
pub(in crate::page) const ANY_GROUP: Text = both("Any seat", "Toutes les places");
pub(in crate::page) const PAPER: Text = both("Paper", "Papier");
pub(in crate::page) const ROLL: Text = both("Receipt printer, 80\u{a0}mm", "Imprimante à tickets, 80\u{a0}mm");
pub(in crate::page) const SHEET: Text = both("Sheets of A4, to cut", "Feuilles A4, à découper");
pub(in crate::page) const MAKE: Text = both("Make the codes", "Créer les codes");

pub(in crate::page) const SLIP_TITLE: Text = both("The code", "Le code");
pub(in crate::page) const SLIPS_TITLE: Text = both("{n} codes", "{n} codes");
pub(in crate::page) const TOLD_ONCE: Text = both(
    "Told here only once: hand it out now, or take it back.",
    "Montré une seule fois\u{a0}: remettez-le maintenant, ou reprenez-le.",
);
pub(in crate::page) const SLIP_HEAD: Text = both("Your code", "Votre code");
pub(in crate::page) const SLIP_AT: Text = both("Seat", "Place");
pub(in crate::page) const SLIP_TIME: Text = both("Time", "Durée");
pub(in crate::page) const SLIP_UNTIL: Text = both("Good until", "Valable jusqu'à");
pub(in crate::page) const SLIP_FOR: Text = both("For", "Pour");
pub(in crate::page) const PRINT: Text = both("Print", "Imprimer");
pub(in crate::page) const PRINT_HINT: Text =
    both("Print with the browser's menu (Ctrl+P).", "Imprimez par le menu du navigateur (Ctrl+P).");
pub(in crate::page) const TAKE_BACK: Text = both("Take it back", "Reprendre ce code");
pub(in crate::page) const TO_SEATS: Text = both("Back to the seats", "Retour aux places");

/// `14:05`, with the day in front when it is not today's.
pub(in crate::page) fn until(language: Language, at: jiff::civil::DateTime, today: jiff::civil::Date) -> String {
    let clock = clock(language, at.hour().into(), at.minute().into());
    if at.date() == today {
        return clock;
    }
    format!("{}, {clock}", day(language, at.date()))
}

/// `14:05`, `14 h 05`.
pub(in crate::page) fn clock(language: Language, hour: i32, minute: i32) -> String {
    match language {
        Language::En => format!("{hour}:{minute:02}"),
        Language::Fr => format!("{hour}\u{a0}h\u{a0}{minute:02}"),
    }
}

/// `3 December`, `3 décembre`.
pub(in crate::page) fn day(language: Language, date: jiff::civil::Date) -> String {
    let month = usize::try_from(date.month()).unwrap_or(1).clamp(1, 12) - 1;
    let month = super::times::MONTHS.get(month).map_or("", |month| month.speak(language));
    let first = language == Language::Fr && date.day() == 1;
    format!("{}{} {month}", date.day(), if first { "er" } else { "" })
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn the_end_of_a_code_names_the_day_only_when_it_is_another() {
        let today = date(2026, 12, 1);
        assert_eq!(until(Language::En, today.at(9, 5, 0, 0), today), "9:05");
        assert_eq!(until(Language::Fr, date(2027, 1, 1).at(14, 0, 0, 0), today), "1er janvier, 14\u{a0}h\u{a0}00");
    }
}
