//! Holds the texts around every chart.
//! It never holds what one chart shows: that is said by whoever draws it.
//! `chart` and `month` speak through it.

use crate::http::language::Text;

use super::both;

pub(in crate::page) const TOO_LITTLE: Text = both(
    "Nothing was measured yet; a curve begins here within a minute or two.",
    "Rien n'a encore été mesuré\u{a0}; une courbe commencera ici d'ici une ou deux minutes.",
);
pub(in crate::page) const AS_TABLE: Text = both("As a table", "En tableau");
pub(in crate::page) const FROM: Text = both("From", "À partir de");
pub(in crate::page) const BETWEEN: Text = both("{a} to {b}", "de {a} à {b}");
pub(in crate::page) const NOT_WATCHED: Text = both("not watched", "non observé");
pub(in crate::page) const KEYS: Text = both(
    "Left and right arrow keys read the values one by one",
    "Les flèches gauche et droite lisent les valeurs une à une",
);
pub(in crate::page) const RANGE: Text = both("Period", "Période");
pub(in crate::page) const DAY: Text = both("24 hours", "24 heures");
pub(in crate::page) const WEEK: Text = both("7 days", "7 jours");
pub(in crate::page) const MONTH: Text = both("30 days", "30 jours");
