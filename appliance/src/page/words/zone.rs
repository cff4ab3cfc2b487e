//! Holds the texts of the site's zone, and the zones to choose from, each by the rule that says it on any machine.
//! It never knows which one counts. `zone` speaks through it.

use crate::http::language::Text;

use super::both;

pub(in crate::page) const TITLE: Text = both("Time zone", "Fuseau horaire");
pub(in crate::page) const LABEL: Text = both("The clocks here are those of", "L'heure d'ici est celle de");
pub(in crate::page) const HINT: Text = both(
    "Opening hours, slips, reports and what is done at night go by it. It is {x} there now.",
    "Horaires, tickets, bilans et travaux de nuit la suivent. Il y est {x}.",
);
pub(in crate::page) const UNSET: Text = both(
    "Opening hours, slips, reports and what is done at night go by it. Nobody has set the clock yet.",
    "Horaires, tickets, bilans et travaux de nuit la suivent. L'horloge n'est pas encore à l'heure.",
);
pub(in crate::page) const FIXED: Text = both(
    "VIGIE_SYSTEM_ZONE says it, so it cannot be chosen here.",
    "VIGIE_SYSTEM_ZONE le fixe\u{a0}; il ne se choisit donc pas ici.",
);
pub(in crate::page) const CHOOSE: Text = both("Choose this zone", "Choisir ce fuseau");
pub(in crate::page) const CHANGE: Text = both("Another zone", "Changer de fuseau");

/// What may be chosen: how it is stored, and how it is called. From west to east.
pub(in crate::page) const ZONES: &[(&str, Text)] = &[
    (crate::shell::zone::MACHINE, both("this machine", "cette machine")),
    ("UTC", both("nowhere: UTC", "nulle part\u{a0}: UTC")),
    ("<-10>10", both("Tahiti", "Tahiti")),
    ("PST8PDT,M3.2.0,M11.1.0", both("Vancouver, Los Angeles", "Vancouver, Los Angeles")),
    ("MST7MDT,M3.2.0,M11.1.0", both("Edmonton, Denver", "Edmonton, Denver")),
    ("CST6CDT,M3.2.0,M11.1.0", both("Winnipeg, Chicago", "Winnipeg, Chicago")),
    ("EST5EDT,M3.2.0,M11.1.0", both("Montreal, New York", "Montréal, New York")),
    ("AST4", both("Guadeloupe, Martinique", "Guadeloupe, Martinique")),
    ("<-03>3", both("French Guiana, Buenos Aires", "Guyane, Buenos Aires")),
    ("GMT0", both("Abidjan, Dakar", "Abidjan, Dakar")),
    ("GMT0BST,M3.5.0/1,M10.5.0", both("London, Dublin, Lisbon", "Londres, Dublin, Lisbonne")),
    ("CET-1", both("Algiers, Tunis, Kinshasa", "Alger, Tunis, Kinshasa")),
    ("CET-1CEST,M3.5.0,M10.5.0/3", both("Paris, Brussels, Geneva, Berlin", "Paris, Bruxelles, Genève, Berlin")),
    ("EET-2EEST,M3.5.0/3,M10.5.0/4", both("Athens, Bucharest, Helsinki", "Athènes, Bucarest, Helsinki")),
    ("<+03>-3", both("Istanbul, Mayotte", "Istanbul, Mayotte")),
    ("<+04>-4", both("Réunion, Mauritius", "La Réunion, Maurice")),
    ("IST-5:30", both("Mumbai, Delhi", "Bombay, Delhi")),
    ("CST-8", both("Beijing, Singapore", "Pékin, Singapour")),
    ("JST-9", both("Tokyo, Seoul", "Tokyo, Séoul")),
    ("AEST-10AEDT,M10.1.0,M4.1.0/3", both("Sydney, Melbourne", "Sydney, Melbourne")),
    ("<+11>-11", both("Nouméa", "Nouméa")),
    ("NZST-12NZDT,M9.5.0,M4.1.0/3", both("Auckland", "Auckland")),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_zone_to_choose_can_be_read_and_stands_once() {
        for (place, (value, _)) in ZONES.iter().enumerate() {
            assert!(crate::shell::zone::read(value).is_ok(), "{value}");
            assert!(!ZONES[..place].iter().any(|(other, _)| other == value), "{value}");
        }
    }
}
