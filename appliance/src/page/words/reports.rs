//! Holds the texts of what the days came to.
//! It never holds a name: reports are numbers alone. The pages of reports speak through it.

use crate::http::language::{Language, Text};

use super::{both, plural};

pub(in crate::page) const ABOUT: Text = both(
    "What each day came to, in numbers without names, for thirteen months.",
    "Ce que chaque jour a donné, en nombres sans noms, sur treize mois.",
);
pub(in crate::page) const EMPTY: Text = both("Nothing to report yet", "Aucun bilan pour l'instant");
pub(in crate::page) const EMPTY_HELP: Text = both(
    "The first day appears with its first code. Vigie has to know the date for it.",
    "Le premier jour apparaît avec son premier code. Vigie doit connaître la date.",
);
pub(in crate::page) const DAYS: Text = both("Days", "Jours");
pub(in crate::page) const DAY: Text = both("Day", "Jour");
pub(in crate::page) const SESSIONS: Text = both("Sessions", "Sessions");
pub(in crate::page) const USED: Text = both("Time used", "Temps utilisé");
pub(in crate::page) const BUSIEST: Text = both("Fullest hour", "Heure de pointe");
pub(in crate::page) const REFUSED: Text = both("Refused", "Refus");
pub(in crate::page) const OLDER: Text = both("Older days", "Jours plus anciens");
pub(in crate::page) const NEWER: Text = both("Newer days", "Jours plus récents");
pub(in crate::page) const PAGES: Text = both("Pages", "Pages");
pub(in crate::page) const PRINT: Text = both("Print", "Imprimer");
pub(in crate::page) const CSV: Text = both("Save as a spreadsheet", "Enregistrer comme tableau");
pub(in crate::page) const NO_DAY: Text = both("Nothing is known of this day", "On ne sait rien de ce jour");
pub(in crate::page) const NO_DAY_HELP: Text = both(
    "No code was given that day, or it is more than thirteen months ago.",
    "Aucun code n'a été donné ce jour-là, ou c'était il y a plus de treize mois.",
);

pub(in crate::page) const STARTED: Text = both("sessions", "sessions");
pub(in crate::page) const USED_SHORT: Text = both("used", "utilisées");
pub(in crate::page) const ISSUED: Text = both("codes given", "codes donnés");
pub(in crate::page) const REFUSALS: Text = both("refusals", "refus");
pub(in crate::page) const CHART_SESSIONS: Text = both("Sessions begun in each hour", "Sessions commencées par heure");
pub(in crate::page) const CHART_FULL: Text = both("How full it was", "Taux d'occupation");
pub(in crate::page) const RUNNING: Text = both(
    "Time of sessions that still run is counted when they are over.",
    "Le temps des sessions en cours est compté quand elles sont finies.",
);
pub(in crate::page) const PLAN: Text = both("Seats over the day", "Les places au fil de la journée");
pub(in crate::page) const PLAN_HELP: Text = both(
    "Each bar is a session. One by one they are kept for a month.",
    "Chaque barre est une session. Elles sont conservées une par une pendant un mois.",
);
pub(in crate::page) const NO_PLAN: Text =
    both("No session of this day is kept one by one.", "Aucune session de ce jour n'est conservée une par une.");
pub(in crate::page) const SEAT: Text = both("Seat", "Place");
pub(in crate::page) const DETAIL: Text = both("In numbers", "En nombres");

/// The lines of the table of a day.
pub(in crate::page) const LINES: [Text; 9] = [
    both("Codes given", "Codes donnés"),
    both("Codes never used", "Codes jamais utilisés"),
    both("Sessions begun", "Sessions commencées"),
    both("Time used up", "Temps épuisé"),
    both("Ended early", "Terminées avant l'heure"),
    both("Interrupted by a restart", "Interrompues par un redémarrage"),
    both("Time granted", "Temps accordé"),
    both("Time used", "Temps utilisé"),
    both("Wrong codes typed", "Codes erronés"),
];
pub(in crate::page) const LINE_REFUSED: Text =
    both("Right codes refused (quota, hours, seat not free)", "Bons codes refusés (quota, horaires, place occupée)");
pub(in crate::page) const LINE_STATIONS: Text = both("Workstations", "Postes");

/// The days of the week, Monday first, as they stand before a date.
const WEEKDAYS: [Text; 7] = [
    both("Monday", "lundi"),
    both("Tuesday", "mardi"),
    both("Wednesday", "mercredi"),
    both("Thursday", "jeudi"),
    both("Friday", "vendredi"),
    both("Saturday", "samedi"),
    both("Sunday", "dimanche"),
];

/// `Tuesday 1 December 2026`, `mardi 1er décembre 2026`.
pub(in crate::page) fn date(language: Language, date: jiff::civil::Date) -> String {
    let weekday = usize::try_from(date.weekday().to_monday_zero_offset()).unwrap_or(0);
    let weekday = WEEKDAYS.get(weekday).map_or("", |day| day.speak(language));
    format!("{weekday} {} {}", super::codes::day(language, date), date.year())
}

/// `15:00–16:00`, `15 h–16 h`.
pub(in crate::page) fn hour(language: Language, hour: usize) -> String {
    match language {
        Language::En => format!("{hour}:00–{}:00", hour + 1),
        Language::Fr => format!("{hour}\u{a0}h–{}\u{a0}h", hour + 1),
    }
}

/// What a chart of a day shows, in a sentence.
pub(in crate::page) fn says(language: Language, sessions: u32, busiest: Option<usize>) -> String {
    let count = plural(
        language,
        usize::try_from(sessions).unwrap_or(usize::MAX),
        both("{n} session", "{n} session"),
        both("{n} sessions", "{n} sessions"),
    );
    match busiest {
        Some(at) => both("{n}; most of them {hour}.", "{n}\u{a0}; le plus entre {hour}.")
            .speak(language)
            .replace("{n}", &count)
            .replace("{hour}", &hour(language, at)),
        None => format!("{count}."),
    }
}

/// What the chart of how full it was shows, in a sentence.
pub(in crate::page) fn says_full(language: Language, busiest: Option<(usize, u8)>) -> String {
    match busiest {
        Some((at, percent)) => {
            both("Fullest {hour}: {n}\u{a0}% of the seats.", "Maximum {hour}\u{a0}: {n}\u{a0}% des places.")
                .speak(language)
                .replace("{hour}", &hour(language, at))
                .replace("{n}", &percent.to_string())
        }
        None => both("No seat was used.", "Aucune place n'a été utilisée.").speak(language).to_owned(),
    }
}
