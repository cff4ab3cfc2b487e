//! Holds the texts around every page.
//! It never holds those of one view.
//! `frame` speaks through it.

use crate::http::language::Text;

use super::both;

pub(in crate::page) const SKIP: Text = both("Skip to the content", "Aller au contenu");
pub(in crate::page) const SECTIONS: Text = both("Sections", "Rubriques");
pub(in crate::page) const OVERVIEW: Text = both("Overview", "Aperçu");
pub(in crate::page) const DEVICES: Text = both("Devices", "Appareils");
pub(in crate::page) const CHANGES: Text = both("Changes", "Changements");
pub(in crate::page) const JOURNAL: Text = both("Journal", "Journal");
pub(in crate::page) const MY_ACCOUNT: Text = both("My account", "Mon compte");
pub(in crate::page) const SYSTEM: Text = both("System", "Système");
pub(in crate::page) const LOG_OUT: Text = both("Log out", "Se déconnecter");
/// The other language, in its own words.
pub(in crate::page) const OTHER_LANGUAGE: Text = both("Français", "English");
pub(in crate::page) const LIVE: Text = both("Live", "En direct");
pub(in crate::page) const NOT_LIVE: Text = both("Connection lost, trying again…", "Connexion perdue, nouvel essai…");
pub(in crate::page) const TROUBLE: Text = both("That did not work", "Cela n'a pas fonctionné");
pub(in crate::page) const BACK: Text = both("Back to the overview", "Retour à l'aperçu");
