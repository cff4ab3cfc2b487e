//! Holds the texts of people and of the own account.
//! It never holds what a refusal says: the problems have their own words.
//! `people` and `my_account` speak through it.

use crate::accounts::role::Role;
use crate::accounts::session::Sort;
use crate::http::language::Text;

use super::both;

pub(in crate::page) const PEOPLE: Text = both("People", "Personnes");
pub(in crate::page) const ABOUT: Text = both(
    "Who may log in here, and what they may do. Public screens have an account too; workstations have none.",
    "Qui peut se connecter ici, et avec quels droits. Les écrans publics ont aussi un compte\u{a0}; les postes n'en ont pas.",
);
pub(in crate::page) const NAME: Text = both("Name", "Nom");
pub(in crate::page) const ROLE: Text = both("May", "Droits");
pub(in crate::page) const STATE: Text = both("State", "État");
pub(in crate::page) const OFF: Text = both("Switched off", "Désactivé");
pub(in crate::page) const MUST_CHANGE: Text =
    both("Has not chosen a password yet", "N'a pas encore choisi de mot de passe");
pub(in crate::page) const HERE: Text = both("Logged in", "Connecté");
pub(in crate::page) const AWAY: Text = both("Not logged in", "Non connecté");
pub(in crate::page) const YOU: Text = both("you", "vous");
pub(in crate::page) const ADD: Text = both("Add somebody", "Ajouter quelqu'un");
pub(in crate::page) const ADD_BUTTON: Text = both("Add", "Ajouter");
pub(in crate::page) const USERNAME: Text = both("Name for the log-in", "Nom de connexion");
pub(in crate::page) const DISPLAY_NAME: Text = both("Full name", "Nom complet");
pub(in crate::page) const OPTIONAL: Text = both("May stay empty.", "Peut rester vide.");
pub(in crate::page) const LANGUAGE: Text = both("Language", "Langue");
pub(in crate::page) const MAY_LOG_IN: Text = both("May log in", "Peut se connecter");
pub(in crate::page) const SAVE: Text = both("Save", "Enregistrer");
pub(in crate::page) const SAVED: Text = both("Saved.", "Enregistré.");
pub(in crate::page) const REMOVED: Text = both("The account has been removed.", "Le compte a été supprimé.");
pub(in crate::page) const BACK: Text = both("All people", "Toutes les personnes");
pub(in crate::page) const GIVE_PASSWORD: Text = both("Give a new password", "Donner un nouveau mot de passe");
pub(in crate::page) const GIVE_PASSWORD_HELP: Text = both(
    "For somebody who has forgotten theirs. They choose their own at the next log-in; their sessions end.",
    "Pour quelqu'un qui a oublié le sien. La personne choisira le sien à la prochaine connexion\u{a0}; ses sessions se ferment.",
);
pub(in crate::page) const GIVE_TOKEN: Text = both("Give a new token", "Donner un nouveau jeton");
pub(in crate::page) const GIVE_TOKEN_HELP: Text =
    both("The one before stops working at once.", "Le précédent cesse aussitôt de fonctionner.");
pub(in crate::page) const OF_STATION: Text = both(
    "An earlier version made this account for a workstation. It opens nothing any more: remove it, and let the machine in among the workstations.",
    "Une version antérieure a créé ce compte pour un poste. Il n'ouvre plus rien\u{a0}: supprimez-le, et admettez la machine parmi les postes.",
);
pub(in crate::page) const TOLD_PASSWORD: Text = both(
    "Temporary password of {name}. Write it down now: it is shown this once.",
    "Mot de passe provisoire de {name}. Notez-le maintenant\u{a0}: il n'est affiché qu'une fois.",
);
pub(in crate::page) const TOLD_TOKEN: Text = both(
    "Token of {name}. Copy it now: it is shown this once.",
    "Jeton de {name}. Copiez-le maintenant\u{a0}: il n'est affiché qu'une fois.",
);
pub(in crate::page) const LOG_OUT: Text = both("Log out everywhere", "Déconnecter partout");
pub(in crate::page) const REMOVE: Text = both("Remove the account…", "Supprimer le compte…");
pub(in crate::page) const REMOVE_TITLE: Text = both("Remove {name}?", "Supprimer {name}\u{a0}?");
pub(in crate::page) const REMOVE_HELP: Text = both(
    "The name and the password are erased and the sessions end. In the journal a number stays in its place. To keep \
     somebody out for a while, switch the account off instead.",
    "Le nom et le mot de passe sont effacés et les sessions se ferment. Dans le journal il reste un numéro. Pour \
     écarter quelqu'un un temps, désactivez plutôt le compte.",
);
pub(in crate::page) const REMOVE_YES: Text = both("Remove", "Supprimer");
pub(in crate::page) const REMOVE_NO: Text = both("Keep", "Garder");

pub(in crate::page) const MY_ACCOUNT: Text = both("My account", "Mon compte");
pub(in crate::page) const CHOOSE_PASSWORD: Text = both(
    "Choose your own password first. The one you were given is known to somebody else.",
    "Choisissez d'abord votre propre mot de passe. Celui qu'on vous a donné est connu de quelqu'un d'autre.",
);
pub(in crate::page) const MY_NAME: Text = both("Name and language", "Nom et langue");
pub(in crate::page) const PASSWORD: Text = both("Password", "Mot de passe");
pub(in crate::page) const OLD_PASSWORD: Text = both("Present password", "Mot de passe actuel");
pub(in crate::page) const NEW_PASSWORD: Text = both("New password", "Nouveau mot de passe");
pub(in crate::page) const CHANGE_PASSWORD: Text = both("Change the password", "Changer le mot de passe");
pub(in crate::page) const PASSWORD_CHANGED: Text = both(
    "The password has been changed. Your other sessions have ended.",
    "Le mot de passe est changé. Vos autres sessions sont fermées.",
);
pub(in crate::page) const SESSIONS: Text = both("Where I am logged in", "Où je suis connecté");
pub(in crate::page) const THIS_ONE: Text = both("this browser", "ce navigateur");
pub(in crate::page) const SINCE: Text = both("Logged in", "Connexion");
pub(in crate::page) const FROM: Text = both("From", "Depuis");
pub(in crate::page) const WITH: Text = both("With", "Avec");
pub(in crate::page) const END: Text = both("End", "Fermer");
pub(in crate::page) const END_OTHERS: Text = both("Log out everywhere else", "Me déconnecter partout ailleurs");
pub(in crate::page) const ENDED: Text = both("Those sessions have ended.", "Ces sessions sont fermées.");

/// A role, as what it may do.
pub(in crate::page) fn role(role: Option<Role>) -> Text {
    match role {
        Some(Role::Admin) => both("Administrator: everything", "Administrateur\u{a0}: tout"),
        Some(Role::Operator) => both("Operator: the daily work", "Opérateur\u{a0}: le travail quotidien"),
        Some(Role::Viewer) => both("Viewer: look only", "Lecteur\u{a0}: regarder seulement"),
        Some(Role::Agent) => both("Workstation", "Poste public"),
        Some(Role::Screen) => both("Public screen", "Écran public"),
        None => both("Unknown to this version", "Inconnu de cette version"),
    }
}

/// What a session is held with.
pub(in crate::page) fn sort(sort: Sort) -> Text {
    match sort {
        Sort::Page => both("a browser", "un navigateur"),
        Sort::Program => both("a program", "un programme"),
        Sort::Lasting => both("a lasting token", "un jeton durable"),
    }
}
