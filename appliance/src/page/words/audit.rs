//! Holds how the journal is told: one sentence a kind, with blanks for who and what.
//! It never holds what changed on the network: that is `changes`.
//! `audit` speaks through it.

use vigie_core::audit::{Kind, Theme};

use crate::http::language::{Language, Text};

use super::audit_kiosk;
use super::both;

pub(in crate::page) const TITLE: Text = both("Journal", "Journal");
pub(in crate::page) const ABOUT: Text = both(
    "Who did what with this appliance. What happens on the network by itself is under Changes.",
    "Qui a fait quoi avec cet appareil. Ce qui arrive de soi-même sur le réseau est sous Changements.",
);
pub(in crate::page) const OWN_ONLY: Text =
    both("You see what you did yourself.", "Vous voyez ce que vous avez fait vous-même.");
pub(in crate::page) const SHOW: Text = both("Show", "Afficher");
pub(in crate::page) const ALL: Text = both("Everything", "Tout");
pub(in crate::page) const ERRORS: Text = both("Refused or wrong", "Refus et erreurs");
pub(in crate::page) const SEARCH: Text = both("Name, address or device", "Nom, adresse ou appareil");
pub(in crate::page) const FIND: Text = both("Find", "Chercher");
pub(in crate::page) const SINCE: Text = both("From", "Du");
pub(in crate::page) const UNTIL: Text = both("Until before", "Jusqu'avant le");
pub(in crate::page) const EMPTY: Text = both("Nothing of that kind is written here", "Rien de tel n'est écrit ici");
pub(in crate::page) const OLDER: Text = both("Older entries", "Entrées plus anciennes");
pub(in crate::page) const NEWEST: Text = both("Back to the newest", "Revenir aux plus récentes");
pub(in crate::page) const PAGES: Text = both("Pages", "Pages");
pub(in crate::page) const GOOD: Text = both("Chain verified", "Chaîne vérifiée");
pub(in crate::page) const BROKEN: Text =
    both("Something was changed or lost: {x}", "Quelque chose a été modifié ou perdu\u{a0}: {x}");
pub(in crate::page) const VERIFY: Text = both("Verify again", "Vérifier à nouveau");
pub(in crate::page) const HEAD: Text = both("Last entry", "Dernière entrée");
pub(in crate::page) const HEAD_HELP: Text = both(
    "Copy this fingerprint somewhere else: it proves later that nothing up to entry {n} was changed.",
    "Copiez cette empreinte ailleurs\u{a0}: elle prouvera que rien n'a changé jusqu'à l'entrée {n}.",
);
pub(in crate::page) const EXPORT: Text = both("Save as a spreadsheet", "Enregistrer comme tableau");
pub(in crate::page) const TIMES: Text = both("{n} times", "{n} fois");
pub(in crate::page) const SYSTEM: Text = both("Vigie", "Vigie");
pub(in crate::page) const STRANGER: Text = both("Somebody", "Quelqu'un");
pub(in crate::page) const CONSOLE: Text = both("Somebody at the console", "Quelqu'un à la console");
pub(in crate::page) const GONE: Text = both("a removed account (no. {n})", "un compte supprimé (nº\u{a0}{n})");
pub(in crate::page) const FORGOTTEN: Text = both("a device since forgotten", "un appareil oublié depuis");
pub(in crate::page) const SOMETHING: Text = both("something", "quelque chose");
pub(in crate::page) const SEVERAL_DEVICES: Text = both("several devices", "plusieurs appareils");
pub(in crate::page) const SESSION: Text = both("session {n}", "la session {n}");
pub(in crate::page) const WORKSTATION: Text = both("workstation {n}", "le poste {n}");
pub(in crate::page) const PERSON: Text = both("a person", "une personne");
pub(in crate::page) const UNKNOWN: Text = both(
    "{who}: something a newer version wrote (kind {n})",
    "{who}\u{a0}: écrit par une version plus récente (genre {n})",
);

/// What stands beside an entry's sentence, in a reader's language.
pub(in crate::page) fn particulars(kind: Option<Kind>, text: &str, language: Language) -> String {
    audit_kiosk::particulars(kind, text, language)
}

/// Settings by the name under which they are written down.
pub(in crate::page) fn setting(name: &str) -> Option<Text> {
    Some(match name {
        "network" => both("the watch over the network", "la surveillance du réseau"),
        "monitoring" => both("whether it looks around", "l'exploration régulière"),
        "kiosk" => both("how sessions work", "le déroulement des sessions"),
        "zone" => both("the time zone", "le fuseau horaire"),
        _ => return None,
    })
}

/// A theme, as a filter.
pub(in crate::page) const THEMES: [(&str, Theme, Text); 6] = [
    ("door", Theme::Door, both("Log-ins", "Connexions")),
    ("accounts", Theme::Accounts, both("People", "Personnes")),
    ("settings", Theme::Settings, both("Settings", "Réglages")),
    ("devices", Theme::Devices, both("Devices", "Appareils")),
    ("kiosk", Theme::Kiosk, both("Workstations", "Postes")),
    ("system", Theme::System, both("Appliance", "Vigie")),
];

/// The sentence of a kind. Blanks: `{who}`, `{what}`.
pub(in crate::page) fn sentence(kind: Kind) -> Text {
    match kind {
        Kind::SystemStarted => both("Vigie started", "Vigie a démarré"),
        Kind::SystemStopped => both("Vigie was stopped in good order", "Vigie a été arrêtée proprement"),
        Kind::JournalDamaged => both("The journal was found damaged", "Le journal a été trouvé endommagé"),
        Kind::EntriesLost => both("Entries could not be written", "Des entrées n'ont pas pu être écrites"),
        Kind::Login => both("{who} logged in", "Connexion de {who}"),
        Kind::LoginFailed => both("A log-in as {what} was refused", "Connexion refusée pour {what}"),
        Kind::Logout => both("{who} logged out", "Déconnexion de {who}"),
        Kind::SessionsEnded => both("{who} ended sessions of {what}", "{who} a fermé des sessions de {what}"),
        Kind::TokenStolen => both(
            "A token of {what} was used twice: its session was ended",
            "Un jeton de {what} a servi deux fois\u{a0}: sa session a été fermée",
        ),
        Kind::AccountCreated => both("{who} made the account of {what}", "{who} a créé le compte de {what}"),
        Kind::AccountChanged => both("{who} changed the account of {what}", "{who} a modifié le compte de {what}"),
        Kind::AccountDeleted => both("{who} removed {what}", "{who} a supprimé {what}"),
        Kind::PasswordChanged => both("{who} chose a new password", "{who} a choisi un nouveau mot de passe"),
        Kind::PasswordReset => {
            both("{who} gave {what} a new password", "{who} a donné un nouveau mot de passe à {what}")
        }
        Kind::TokenIssued => both("{who} gave {what} a new token", "{who} a donné un nouveau jeton à {what}"),
        Kind::SettingsChanged => {
            both("{who} changed the settings: {what}", "{who} a modifié les réglages\u{a0}: {what}")
        }
        Kind::CredentialChanged => {
            both("{who} changed a credential: {what}", "{who} a modifié un identifiant\u{a0}: {what}")
        }
        Kind::CertificateChanged => both("{who} replaced the certificate", "{who} a remplacé le certificat"),
        Kind::DeviceAdded => both("{who} added {what}", "{who} a ajouté {what}"),
        Kind::DeviceEdited => both("{who} edited {what}", "{who} a modifié {what}"),
        Kind::DevicesMerged => {
            both("{who} merged another device into {what}", "{who} a fusionné un autre appareil avec {what}")
        }
        Kind::DevicesSplit => both("{who} split {what} from another", "{who} a séparé {what} d'un autre"),
        Kind::DeviceForgotten => both("{who} forgot {what}", "{who} a oublié {what}"),
        Kind::DevicesImported => both("{who} took in a list of devices", "{who} a importé une liste d'appareils"),
        Kind::DeviceWoken => both("{who} woke {what}", "{who} a réveillé {what}"),
        Kind::DeviceChecked => both("{who} checked {what}", "{who} a vérifié {what}"),
        Kind::ConflictJudged => both("{who} judged a conflict of {what}", "{who} a tranché un conflit de {what}"),
        Kind::ScanStarted => both("{who} asked for a scan", "{who} a demandé une recherche"),
        Kind::ScanStopped => both("{who} stopped a scan", "{who} a arrêté une recherche"),
        kind => audit_kiosk::sentence(kind),
    }
}
