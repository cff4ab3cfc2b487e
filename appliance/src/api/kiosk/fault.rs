//! Holds the ways in which workstations, sessions and people say no, in English and French.
//! Never decides when. Called by the API, the sockets and the page.

use std::time::Duration;

use vigie_core::kiosk::desk::Refusal;
use vigie_core::limits::{MAX_KIOSK_GROUPS, MAX_KIOSK_SESSIONS, MAX_KIOSK_STATIONS};

use crate::http::language::Text;
use crate::http::problem::{ErrorKind, Fault, Problem, faults};
use crate::shell::kiosk::{self, BadField, BadPhoto, Ended, MAX_KNOCKING, MAX_PEOPLE, NoPhoto, Table, Why};

macro_rules! faults {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $kind:ident, $en:literal, $fr:literal;)*) => {
        $($(#[$doc])* pub(crate) static $name: Fault =
            Fault { code: $code, kind: ErrorKind::$kind, text: Text { en: $en, fr: $fr } };)*
        /// Every fault above, for the tests.
        #[cfg(test)]
        pub(super) static ALL: &[&Fault] = &[$(&$name),*];
    };
}

faults! {
    /// Nobody of that number.
    NO_PERSON = "no_such_user", Missing, "No such person is in the list.", "Cette personne n'est pas dans la liste.";
    /// No workstation of that number.
    NO_STATION = "no_such_workstation", Missing, "There is no such workstation.", "Ce poste n'existe pas.";
    /// No session of that number.
    NO_SESSION = "no_such_session", Missing, "There is no such session, or it has been over for so long that it is forgotten.", "Cette session n'existe pas, ou elle est finie depuis si longtemps qu'elle est oubliée.";
    /// No group of that number.
    NO_GROUP = "no_such_group", Invalid, "There is no such group of workstations.", "Ce groupe de postes n'existe pas.";
    /// Nobody shows that number.
    NO_ENROLMENT = "no_such_enrolment", Missing, "No computer that shows this number waits. It waits for a quarter of an hour; restart it to get a new number.", "Aucun ordinateur n'attend avec ce numéro. Il attend un quart d'heure ; redémarrez-le pour obtenir un nouveau numéro.";
    /// Nothing of that number waits.
    NO_MESSAGE = "no_such_message", Missing, "No such message or command waits for this workstation.", "Aucun message ni ordre de ce numéro n'attend ce poste.";
    /// Two people with one card.
    CARD_TAKEN = "card_taken", Conflict, "Somebody else has this card number.", "Quelqu'un d'autre a déjà ce numéro de carte.";
    /// Two workstations with one MAC.
    MAC_TAKEN = "mac_taken", Conflict, "Another workstation has this MAC address.", "Un autre poste a déjà cette adresse MAC.";
    /// Two workstations with one address.
    IP_TAKEN = "ip_taken", Conflict, "Another workstation has this IP address.", "Un autre poste a déjà cette adresse IP.";
    /// The group is not empty.
    GROUP_IN_USE = "group_in_use", Conflict, "Workstations are still in this group. Move them to another one first.", "Il reste des postes dans ce groupe. Déplacez-les d'abord.";
    /// No consent, no session.
    NO_CONSENT = "no_consent", Conflict, "This person has not agreed to what is kept. Write down the consent first, or give a guest's code.", "Cette personne n'a pas consenti à la conservation de ses données. Notez d'abord son consentement, ou donnez un code d'invité.";
    /// As many people as there may be.
    PEOPLE_FULL = "users_full", Conflict, "The list of people is full: it holds {limit}. Erase those who no longer come.", "La liste des personnes est pleine : elle en contient {limit}. Effacez celles qui ne viennent plus.";
    /// As many workstations as there may be.
    STATIONS_FULL = "workstations_full", Conflict, "There are {limit} workstations already, the most this appliance looks after.", "Il y a déjà {limit} postes, le maximum de cet appareil.";
    /// As many groups as there may be.
    GROUPS_FULL = "groups_full", Conflict, "There are {limit} groups already, the most there may be.", "Il y a déjà {limit} groupes, le maximum possible.";
    /// As many machines wait as there may.
    ENROLMENT_FULL = "enrolment_full", TooMany, "{limit} computers wait to be let in already. Answer for some of them first.", "{limit} ordinateurs attendent déjà d'être acceptés. Répondez d'abord pour quelques-uns.";
    /// As many sessions and codes as there may be.
    SESSIONS_FULL = "sessions_full", Conflict, "There are {limit} sessions and codes already, the most there may be. Take codes back that nobody will use.", "Il y a déjà {limit} sessions et codes, le maximum possible. Reprenez les codes dont personne ne se servira.";
    /// Too much waits at a workstation.
    MESSAGES_FULL = "messages_full", Conflict, "Too many messages wait at this workstation: it has not taken them. Is it switched on?", "Trop de messages attendent à ce poste : il ne les a pas pris. Est-il allumé ?";
    /// Nothing there.
    EMPTY = "empty", Invalid, "Something must stand here.", "Ce champ doit être rempli.";
    /// Longer than is kept.
    TOO_LONG = "too_long", Invalid, "This is too long: at most {limit} bytes are kept, about as many letters.", "C'est trop long : {limit} octets au plus sont conservés, soit à peu près autant de lettres.";
    /// Less or more than may be.
    OUT_OF_RANGE = "out_of_range", Invalid, "This number is too small or too large.", "Ce nombre est trop petit ou trop grand.";
    /// Not of its form.
    MALFORMED = "malformed", Invalid, "This is not written as it should be.", "Ce n'est pas écrit comme il faut.";
    /// The storage takes nothing.
    NOT_STORING = "not_storing", Storage, "Nothing can be stored at the moment, so this was not done: after a power cut it would be forgotten. See the System page.", "Rien ne peut être enregistré pour le moment, donc rien n'a été fait : une coupure de courant l'effacerait. Voyez la page Système.";
    /// The kernel gives no random numbers.
    NO_RANDOMNESS = "no_randomness", Unavailable, "No code that nobody can guess could be drawn. Try again in a minute.", "Aucun code imprévisible n'a pu être tiré. Réessayez dans une minute.";
    /// Another machine than the workstation it is to be.
    OTHER_MAC = "other_mac", Conflict, "The computer that waits is another one than that workstation.", "L'ordinateur qui attend n'est pas celui de ce poste.";
    /// Never heard.
    NOT_HEARD = "not_heard", Conflict, "This workstation has never been heard. Switch it on first.", "Ce poste ne s'est jamais manifesté. Allumez-le d'abord.";
    /// Unknown, used, too old, of another seat: all alike.
    WRONG_CODE = "wrong_code", Forbidden, "This code is not good here. Look at it again, or ask at the desk.", "Ce code n'est pas valable ici. Relisez-le, ou demandez à l'accueil.";
    /// Too many wrong ones.
    TOO_SOON = "too_soon", TooMany, "Too many wrong codes. Wait {seconds} seconds.", "Trop de codes erronés. Attendez {seconds} secondes.";
    /// Somebody sits there, or it is not there.
    NOT_FREE = "not_free", Conflict, "This workstation is not free.", "Ce poste n'est pas libre.";
    /// The person sits elsewhere.
    ELSEWHERE = "elsewhere", Conflict, "This person has a session at another workstation. End that one first.", "Cette personne a une session à un autre poste. Terminez-la d'abord.";
    /// What a day allows is used.
    QUOTA_USED = "quota_used", Conflict, "This person has had what a day allows.", "Cette personne a utilisé tout ce qu'une journée permet.";
    /// The session is not in a state for this.
    NOT_NOW = "not_now", Conflict, "That cannot be done with the session as it stands now.", "Ce n'est pas possible dans l'état actuel de la session.";
    /// Drawn twice.
    TAKEN = "number_taken", Conflict, "This number is given away already. Try again.", "Ce numéro est déjà attribué. Réessayez.";
    /// Digits alone can be guessed.
    DIGITS_NEED_SEAT = "digits_need_seat", Invalid, "A code of digits needs a workstation, and is good for at most 15 minutes.", "Un code de chiffres vaut pour un seul poste, et 15 minutes au plus.";
    /// Nothing, or more than a day.
    BAD_LENGTH = "bad_length", Invalid, "Between a minute and a day can be granted.", "On peut accorder entre une minute et une journée.";
    /// The place is closed.
    CLOSED = "closed", Conflict, "The place is closed, or closes now. Allow the session to outlast the hours if that is meant.", "L'établissement est fermé, ou ferme maintenant. Autorisez la session à dépasser les horaires si c'est voulu.";
    /// Not a picture.
    PHOTO_KIND = "photo_kind", Invalid, "This is not a JPEG or PNG picture that can be read.", "Ce n'est pas une image JPEG ou PNG lisible.";
    /// Too many pixels.
    PHOTO_PIXELS = "photo_pixels", Invalid, "The photo has too many pixels to be taken in. Make it smaller first.", "La photo a trop de pixels. Réduisez-la d'abord.";
    /// Too many bytes.
    PHOTO_TOO_LARGE = "photo_too_large", Invalid, "The photo is too large: at most 5 MB.", "La photo est trop lourde : 5 Mo au plus.";
}

/// What a person is told when a visit did not come to a good end.
pub(crate) fn ended(why: Ended) -> Problem {
    match why {
        Ended::Stopping => (&faults::UNAVAILABLE).into(),
        Ended::NotKept => (&faults::NOT_KEPT).into(),
    }
}

/// The problem of something that was not done.
pub(crate) fn refused(fault: kiosk::Fault) -> Problem {
    use kiosk::Fault as F;
    let plain = |fault: &'static Fault| Problem::from(fault);
    match fault {
        F::NoPerson => plain(&NO_PERSON),
        F::NoStation => plain(&NO_STATION),
        F::NoSession => plain(&NO_SESSION),
        F::NoGroup => at("group", &NO_GROUP, Vec::new()),
        F::NoEnrolment => plain(&NO_ENROLMENT),
        F::NoMessage => plain(&NO_MESSAGE),
        F::CardTaken => taken(&CARD_TAKEN, "/card_number"),
        F::MacTaken => taken(&MAC_TAKEN, "/mac"),
        F::IpTaken => taken(&IP_TAKEN, "/ip"),
        F::GroupInUse => plain(&GROUP_IN_USE),
        F::NoConsent => plain(&NO_CONSENT),
        F::Full(table) => full(table),
        F::Field(BadField { field, why }) => match why {
            Why::Empty => at(field, &EMPTY, Vec::new()),
            Why::TooLong(limit) => at(field, &TOO_LONG, vec![("limit", limit.to_string())]),
            Why::OutOfRange => at(field, &OUT_OF_RANGE, Vec::new()),
            Why::Malformed => at(field, &MALFORMED, Vec::new()),
        },
        F::NotStoring => plain(&NOT_STORING),
        F::NoRandomness => plain(&NO_RANDOMNESS),
        F::OtherMac => plain(&OTHER_MAC),
        F::NotHeard => plain(&NOT_HEARD),
        F::Desk(refusal) => of_desk(refusal),
    }
}

fn of_desk(refusal: Refusal) -> Problem {
    match refusal {
        Refusal::NoSession => (&NO_SESSION).into(),
        Refusal::NoStation => (&NO_STATION).into(),
        Refusal::WrongCode => (&WRONG_CODE).into(),
        Refusal::TooSoon(wait) => {
            let ms = wait.as_millis();
            let wait = Duration::from_millis(ms);
            let problem = Problem::from(&TOO_SOON).with("seconds", ms.div_ceil(1_000)).retry_after(wait);
            problem.carrying("retry_after_ms", ms.into())
        }
        Refusal::NotFree(state) => Problem::from(&NOT_FREE).carrying("state", kiosk::words::state(state).into()),
        Refusal::Elsewhere(station) => Problem::from(&ELSEWHERE).carrying("workstation", station.0.into()),
        Refusal::QuotaUsed => (&QUOTA_USED).into(),
        Refusal::NotNow(state) => {
            Problem::from(&NOT_NOW).carrying("session_status", kiosk::words::status(state).into())
        }
        Refusal::Taken => (&TAKEN).into(),
        Refusal::DigitsNeedSeat => at("digits", &DIGITS_NEED_SEAT, Vec::new()),
        Refusal::BadLength => at("minutes", &BAD_LENGTH, Vec::new()),
        Refusal::Closed => (&CLOSED).into(),
        Refusal::Full => full(Table::Sessions),
    }
}

fn full(table: Table) -> Problem {
    let (fault, limit) = match table {
        Table::People => (&PEOPLE_FULL, MAX_PEOPLE),
        Table::Stations => (&STATIONS_FULL, MAX_KIOSK_STATIONS),
        Table::Groups => (&GROUPS_FULL, MAX_KIOSK_GROUPS),
        Table::Enrolment => (&ENROLMENT_FULL, MAX_KNOCKING),
        Table::Sessions => (&SESSIONS_FULL, MAX_KIOSK_SESSIONS),
        Table::Messages => (&MESSAGES_FULL, 0),
    };
    Problem::from(fault).with("limit", limit)
}

/// The problem of a photo that is not kept.
pub(crate) fn no_photo(why: NoPhoto) -> Problem {
    match why {
        NoPhoto::Bad(BadPhoto::TooLarge) => (&PHOTO_TOO_LARGE).into(),
        NoPhoto::Bad(BadPhoto::TooManyPixels) => (&PHOTO_PIXELS).into(),
        NoPhoto::Bad(BadPhoto::NotAPhoto) => (&PHOTO_KIND).into(),
        NoPhoto::Fault(fault) => refused(fault),
        NoPhoto::Ended(why) => ended(why),
    }
}

/// `invalid` with one field.
fn at(field: &str, fault: &'static Fault, values: Vec<(&'static str, String)>) -> Problem {
    Problem::from(&faults::INVALID).at_with(format!("/{field}"), fault, values)
}

/// A conflict that a field makes.
fn taken(fault: &'static Fault, pointer: &str) -> Problem {
    Problem::from(fault).at(pointer, fault)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_both_languages_have_the_same_blanks() {
        let mut codes: Vec<_> = ALL.iter().chain(faults::ALL).map(|fault| fault.code).collect();
        codes.sort_unstable();
        let count = codes.len();
        codes.dedup();
        assert_eq!(codes.len(), count);
        for fault in ALL {
            let blanks = |text: &str| text.matches('{').count();
            assert_eq!(blanks(fault.text.en), blanks(fault.text.fr), "{}", fault.code);
        }
    }
}
