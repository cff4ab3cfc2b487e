//! Holds the texts of a screen in a public room and of its door.
//! It never says anything a passer-by should not read.
//! `screen` speaks through it.

use crate::http::language::Text;

use super::both;

pub(in crate::page) const TITLE: Text = both("Right now", "En ce moment");
pub(in crate::page) const HERE_ONE: Text = both("device is here", "appareil est là");
pub(in crate::page) const HERE_MANY: Text = both("devices are here", "appareils sont là");
pub(in crate::page) const KNOWN_ONE: Text = both("of {n} known", "sur {n} connu");
pub(in crate::page) const KNOWN_MANY: Text = both("of {n} known", "sur {n} connus");
pub(in crate::page) const WELL: Text = both("Everything is running.", "Tout fonctionne.");
pub(in crate::page) const NOT_WELL: Text =
    both("Something is wrong. Please tell the staff.", "Quelque chose ne va pas. Prévenez le personnel, merci.");
pub(in crate::page) const CLOCK_UNSET: Text =
    both("The clock is not set yet.", "L'horloge n'est pas encore à l'heure.");
pub(in crate::page) const LOST: Text = both(
    "No connection. What stands here is old; trying again.",
    "Connexion perdue. Ces chiffres datent\u{a0}; nouvel essai en cours.",
);
pub(in crate::page) const ENTER_TITLE: Text = both("Set up a screen", "Installer un écran");
pub(in crate::page) const TOKEN: Text = both("Token of the screen", "Jeton de l'écran");
pub(in crate::page) const TOKEN_HINT: Text = both(
    "An administrator finds it under System, People: make an account for a public screen, or give it a new token. \
     The link shown there fills it in by itself.",
    "Un administrateur le trouve dans Système, Personnes\u{a0}: créez un compte d'écran public, ou donnez-lui un nouveau \
     jeton. Le lien affiché là-bas le remplit tout seul.",
);
pub(in crate::page) const ENTER: Text = both("Show the screen", "Afficher l'écran");
pub(in crate::page) const WRONG_TOKEN: Text = both(
    "This is not the present token of a screen. It may have been replaced, or a sign is missing.",
    "Ce n'est pas le jeton actuel d'un écran. Il a peut-être été remplacé, ou il manque un signe.",
);
/// Under a token that was just given.
pub(in crate::page) const OPEN_THERE: Text = both(
    "Open this address on the screen, once. It stays in until it gets a new token or is switched off.",
    "Ouvrez cette adresse sur l'écran, une seule fois. Il y reste jusqu'à un nouveau jeton ou à sa désactivation.",
);
