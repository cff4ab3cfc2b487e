//! Holds the texts of set-up and log-in.
//! It never says why a log-in failed.
//! `door` speaks through it.

use crate::http::language::Text;

use super::both;

pub(in crate::page) const SETUP_TITLE: Text = both("Set up Vigie", "Installer Vigie");
pub(in crate::page) const SETUP_WHY: Text = both(
    "Two minutes, once. You make the account that looks after this appliance.",
    "Deux minutes, une seule fois. Vous créez le compte qui s'occupera de cet appareil.",
);
pub(in crate::page) const CODE: Text = both("Set-up code", "Code d'installation");
pub(in crate::page) const CODE_HINT: Text = both(
    "Eight signs, on the appliance's screen or in its start-up messages. It proves that you are standing next to it.",
    "Huit signes, sur l'écran de l'appareil ou dans ses messages de démarrage. Il prouve que vous êtes à côté.",
);
pub(in crate::page) const USERNAME: Text = both("User name", "Nom d'utilisateur");
pub(in crate::page) const USERNAME_HINT: Text =
    both("Letters, digits, dots, dashes.", "Lettres sans accent, chiffres, points, tirets.");
pub(in crate::page) const PASSWORD: Text = both("Password", "Mot de passe");
pub(in crate::page) const PASSWORD_HINT: Text = both(
    "At least 12 characters. A short sentence is easy to remember.",
    "Au moins 12 caractères. Une courte phrase se retient bien.",
);
pub(in crate::page) const SHOW: Text = both("Show the password", "Afficher le mot de passe");
pub(in crate::page) const LANGUAGE: Text = both("Language", "Langue");
pub(in crate::page) const CREATE: Text = both("Create the account", "Créer le compte");
pub(in crate::page) const LOGIN_TITLE: Text = both("Log in", "Connexion");
pub(in crate::page) const LOG_IN: Text = both("Log in", "Se connecter");
pub(in crate::page) const LOGGED_OUT: Text = both("You are logged out.", "Vous êtes déconnecté.");
pub(in crate::page) const PLAIN_HTTP: Text = both(
    "This connection is not encrypted: anybody on this network could read the password.",
    "Cette connexion n'est pas chiffrée\u{a0}: quelqu'un sur ce réseau pourrait lire le mot de passe.",
);
