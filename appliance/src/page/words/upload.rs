//! Holds the texts that taking in a file shares, whatever is in it.
//! It never says what would change: the views of each sort of file do.
//! `upload` speaks through it.

use crate::http::language::Text;

use super::both;

pub(in crate::page) const NO_FILE: Text = both("Choose a file first.", "Choisissez d'abord un fichier.");
pub(in crate::page) const LOOK: Text = both("See what would change", "Voir ce qui changerait");
