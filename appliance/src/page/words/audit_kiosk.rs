//! Holds the sentences of the journal about workstations, their sessions, and the people who use them.
//! Never holds a sentence about anything else. Called by the sentences of the journal.

use vigie_core::audit::{Kind, Theme};

use super::{Text, both};
use crate::http::language::Language;

/// What the journal keeps in English beside its sentences, and the same in French.
const PARTICULARS: [(&str, &str); 11] = [
    ("unknown code", "code inconnu"),
    ("another seat's code", "code d'une autre place"),
    (" s unused", "\u{a0}s non utilisées"),
    (" s left", "\u{a0}s restantes"),
    (" s back", "\u{a0}s en moins"),
    (" s workstation", "\u{a0}s workstation"),
    ("workstation ", "poste\u{a0}"),
    ("person ", "usager\u{a0}"),
    ("number ", "numéro\u{a0}"),
    ("message ", "message\u{a0}"),
    (", to ", ", postes\u{a0}: "),
];

/// What stands beside the sentence of an entry. What staff or an agent said in its own words stays as it is.
pub(super) fn particulars(kind: Option<Kind>, text: &str, language: Language) -> String {
    let ours = kind.is_some_and(|kind| {
        kind.theme() == Theme::Kiosk
            && !matches!(kind, Kind::WipeFailed | Kind::StationEvent | Kind::ConsentGiven | Kind::CommandSent)
    });
    if language == Language::En || !ours {
        return text.to_owned();
    }
    // A reason that staff gave comes after a colon.
    let (known, said) = text.split_once(": ").map_or((text, None), |(known, said)| (known, Some(said)));
    let known = PARTICULARS.iter().fold(known.to_owned(), |text, (english, french)| text.replace(english, french));
    said.map_or(known.clone(), |said| format!("{known}\u{a0}: {said}"))
}

/// The sentence of a kind. Blanks: `{who}`, `{what}`.
pub(super) fn sentence(kind: Kind) -> Text {
    match kind {
        Kind::PersonCreated => both("{who} took {what} into the list", "{who} a inscrit {what}"),
        Kind::PersonUpdated => both("{who} changed what is kept of {what}", "{who} a modifié une fiche\u{a0}: {what}"),
        Kind::PersonErased => both("{who} erased {what}", "{who} a effacé {what}"),
        Kind::ConsentGiven => {
            both("{who} wrote down the consent of {what}", "{who} a noté un consentement\u{a0}: {what}")
        }
        Kind::ConsentRevoked => both(
            "{who} wrote down that {what} takes back the consent: erased",
            "{who} a noté un retrait de consentement, tout est effacé\u{a0}: {what}",
        ),
        Kind::PersonExported => both("{who} saved what is kept of {what}", "{who} a exporté une fiche\u{a0}: {what}"),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn particulars_are_told_in_french_and_what_people_said_is_left_alone() {
        let french = |kind, text| particulars(Some(kind), text, Language::Fr);
        assert_eq!(french(Kind::CodeRefused, "another seat's code"), "code d'une autre place");
        assert_eq!(french(Kind::SessionExtended, "-2095 s workstation 4"), "-2095\u{a0}s poste\u{a0}4");
        assert_eq!(french(Kind::SessionClosed, "12 s unused workstation 4"), "12\u{a0}s non utilisées poste\u{a0}4");
        assert_eq!(french(Kind::WarningShown, "30 s left workstation 4"), "30\u{a0}s restantes poste\u{a0}4");
        assert_eq!(french(Kind::CodeIssued, "workstation 4 person 0a"), "poste\u{a0}4 usager\u{a0}0a");
        assert_eq!(french(Kind::MessageSent, "message 3, to 4"), "message\u{a0}3, postes\u{a0}: 4");
        let ended = french(Kind::SessionEnded, "workstation 4: one person left, number 7");
        assert_eq!(ended, "poste\u{a0}4\u{a0}: one person left, number 7");
        assert_eq!(french(Kind::StationEvent, "unknown code "), "unknown code ");
        assert_eq!(particulars(Some(Kind::CodeRefused), "unknown code", Language::En), "unknown code");
    }
}
