//! Holds the sentences of the journal about workstations, their sessions, and the people who use them.
//! Never holds a sentence about anything else. Called by the sentences of the journal.

use vigie_core::audit::Kind;

use super::{Text, both};

/// The sentence of a kind. Blanks: `{who}`, `{what}`.
pub(super) fn sentence(kind: Kind) -> Text {
    match kind {
        Kind::PersonCreated => both("{who} took {what} into the list", "{who} a inscrit {what}"),
        Kind::PersonUpdated => both("{who} changed what is kept of {what}", "{who} a modifié la fiche de {what}"),
        Kind::PersonErased => both("{who} erased {what}", "{who} a effacé {what}"),
        Kind::ConsentGiven => both("{who} wrote down the consent of {what}", "{who} a noté le consentement de {what}"),
        Kind::ConsentRevoked => both(
            "{who} wrote down that {what} takes back the consent: erased",
            "{who} a noté que {what} retire son consentement\u{a0}: effacement",
        ),
        Kind::PersonExported => both("{who} saved what is kept of {what}", "{who} a exporté la fiche de {what}"),
        Kind::StationCreated => both("{who} added {what}", "{who} a ajouté {what}"),
        Kind::StationUpdated => both("{who} changed {what}", "{who} a modifié {what}"),
        Kind::StationRemoved => both("{who} removed {what}", "{who} a supprimé {what}"),
        Kind::StationOnline => both("Heard of {what}", "Contact avec {what}"),
        Kind::StationUnreachable => both("No word from {what}", "Plus de nouvelles\u{a0}: {what}"),
        Kind::StationOffline => both("Switched off: {what}", "Hors ligne\u{a0}: {what}"),
        Kind::StationMaintenance => both("{who} took {what} out of service", "{who} a mis {what} en maintenance"),
        Kind::StationInService => both("{who} put {what} back into service", "{who} a remis {what} en service"),
        Kind::EnrolmentApproved => both("{who} let a machine in as {what}", "{who} a accepté une machine comme {what}"),
        Kind::EnrolmentRefused => both("{who} turned a machine away", "{who} a refusé une machine"),
        Kind::GroupChanged => both("{who} changed the group {what}", "{who} a modifié le groupe {what}"),
        Kind::GroupRemoved => both("{who} removed the group {what}", "{who} a supprimé le groupe {what}"),
        Kind::CodeIssued => both("{who} gave a code: {what}", "{who} a donné un code\u{a0}: {what}"),
        Kind::CodeRefused => both("A code was refused at {what}", "Code refusé\u{a0}: {what}"),
        Kind::CodeVoid => both("The code of {what} is no longer good", "Le code n'est plus valable\u{a0}: {what}"),
        Kind::SessionStarted => both("Began: {what}", "Début\u{a0}: {what}"),
        Kind::SessionSuspended => both("{who} stopped the time of {what}", "{who} a suspendu {what}"),
        Kind::SessionResumed => both("{who} let {what} go on", "{who} a repris {what}"),
        Kind::SessionInterrupted => both("The workstation was restarted: {what}", "Le poste a redémarré\u{a0}: {what}"),
        Kind::SessionExtended => both("{who} changed the time of {what}", "{who} a changé la durée\u{a0}: {what}"),
        Kind::SessionEnded => both("{who} ended {what}", "{who} a terminé {what}"),
        Kind::SessionExpired => both("Time is up: {what}", "Temps écoulé\u{a0}: {what}"),
        Kind::SessionClosed => both("Over and cleaned up: {what}", "Fermeture et nettoyage\u{a0}: {what}"),
        Kind::WarningShown => both("Warned of the end: {what}", "Avertissement de fin\u{a0}: {what}"),
        Kind::WipeConfirmed => both("Nothing of the person is left: {what}", "Plus rien de la personne\u{a0}: {what}"),
        Kind::WipeFailed => both("Could not clean up: {what}", "Nettoyage impossible\u{a0}: {what}"),
        Kind::CountWentBackwards => {
            both("Less use was reported than before: {what}", "Durée déclarée en baisse\u{a0}: {what}")
        }
        Kind::StationEvent => both("{who} told of something", "Signalement de {who}"),
        Kind::MessageSent => both("{who} sent a message to {what}", "{who} a envoyé un message\u{a0}: {what}"),
        Kind::CommandSent => both("{who} sent a command to {what}", "{who} a envoyé un ordre\u{a0}: {what}"),
        Kind::JournalArchived => both("Old entries were archived", "Les anciennes entrées ont été archivées"),
        // Every other kind has its sentence where this is called from.
        _ => both("{who}: {what}", "{who}\u{a0}: {what}"),
    }
}
