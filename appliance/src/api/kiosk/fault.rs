//! Holds the ways in which the routes and sockets of the kiosk say no, in English and French.
//! Never decides when. Called by the handlers of this folder and by the page.

use std::time::Duration;

use vigie_core::kiosk::desk::Refusal;
use vigie_core::limits::{MAX_KIOSK_GROUPS, MAX_KIOSK_SESSIONS, MAX_KIOSK_STATIONS};

use crate::api::network::fault::{NOT_A_MAC, NOT_AN_IP, TOO_LONG};
use crate::http::problem::{Fault, Problem, faults};
use crate::shell::kiosk::{
    BadField, BadPhoto, Ended, Fault as Refused, MAX_BATCH, MAX_KNOCKING, MAX_KNOCKING_FROM_ONE, MAX_MINUTES,
    MAX_PEOPLE, MAX_PHOTO_BYTES, MAX_VALID_MINUTES, NoPhoto, PersonDraft, Table, Why, words,
};

faults! { pub(crate),
    /// No person of that number.
    NO_PERSON = "no_such_user", Missing, "There is no such user. Perhaps they were erased.", "Cet usager n'existe pas. Il a peut-être été effacé.";
    /// No workstation of that number.
    NO_STATION = "no_such_workstation", Missing, "There is no such workstation.", "Ce poste n'existe pas.";
    /// No session of that number.
    NO_SESSION = "no_such_session", Missing, "There is no such session. Past ones are forgotten after a while.", "Cette session n'existe pas. Les sessions passées sont oubliées au bout d'un temps.";
    /// No group of that number.
    NO_GROUP = "no_such_group", Missing, "There is no such group of workstations.", "Ce groupe de postes n'existe pas.";
    /// No machine shows this number.
    NO_ENROLMENT = "no_such_enrolment", Missing, "No machine that shows this number is waiting. Look at its screen again: after 15 minutes it shows a new one.", "Aucune machine affichant ce numéro n'attend. Regardez de nouveau son écran : après 15 minutes, il en affiche un autre.";
    /// No such message.
    NO_MESSAGE = "no_such_message", Missing, "No such message or command is waiting.", "Ce message ou cette commande n'attend pas.";
    /// No photo.
    NO_PHOTO = "no_photo", Missing, "There is no photo of this user.", "Il n'y a pas de photo de cet usager.";
    /// Nothing is known of that day.
    NO_REPORT = "no_report", Missing, "Nothing was counted on this day, or it is more than thirteen months ago.", "Rien n'a été compté ce jour-là, ou il remonte à plus de treize mois.";
    /// Not a day.
    BAD_DAY = "bad_day", Invalid, "Write the day as 2026-03-01, or “today”.", "Écrivez le jour sous la forme 2026-03-01, ou « today ».";
    /// Two cards of one number.
    CARD_TAKEN = "card_taken", Conflict, "Another user has this card number.", "Un autre usager a ce numéro de carte.";
    /// Two workstations of one MAC.
    MAC_TAKEN = "mac_taken", Conflict, "Another workstation has this MAC address.", "Un autre poste a cette adresse MAC.";
    /// Two workstations of one address.
    IP_TAKEN = "ip_taken", Conflict, "Another workstation has this IP address.", "Un autre poste a cette adresse IP.";
    /// A group with workstations.
    GROUP_IN_USE = "group_in_use", Conflict, "There are workstations in this group. Move them to another one first.", "Il y a des postes dans ce groupe. Déplacez-les d'abord dans un autre.";
    /// No consent.
    NO_CONSENT = "no_consent", Conflict, "This user has not agreed to what is kept. Record the consent first, or give a code without a user.", "Cet usager n'a pas accepté ce qui est conservé. Enregistrez d'abord son accord, ou donnez un code sans usager.";
    /// People.
    USERS_FULL = "users_full", Conflict, "There are {limit} users already, the most this appliance keeps. Erase some who no longer come.", "Il y a déjà {limit} usagers, le maximum de cet appareil. Effacez-en qui ne viennent plus.";
    /// Workstations.
    STATIONS_FULL = "workstations_full", Conflict, "There are {limit} workstations already, the most this appliance looks after. Remove one that is gone.", "Il y a déjà {limit} postes, le maximum de cet appareil. Supprimez-en un qui n'existe plus.";
    /// Groups.
    GROUPS_FULL = "groups_full", Conflict, "There are {limit} groups already, the most this appliance keeps. Remove one that is empty.", "Il y a déjà {limit} groupes, le maximum de cet appareil. Supprimez-en un qui est vide.";
    /// Machines that wait.
    ENROLMENT_FULL = "enrolment_full", Unavailable, "{limit} machines are waiting to be let in already. Approve or refuse some of them first.", "{limit} machines attendent déjà d'être admises. Acceptez-en ou refusez-en d'abord.";
    /// Machines that wait, from one address.
    ENROLMENT_FROM_ONE = "enrolment_full_here", Unavailable, "{limit} machines at this address are waiting to be let in already. Approve or refuse some of them first.", "{limit} machines à cette adresse attendent déjà d'être admises. Acceptez-en ou refusez-en d'abord.";
    /// Sessions.
    SESSIONS_FULL = "sessions_full", Conflict, "There are {limit} sessions and unused codes already, the most at one time. Take back codes that nobody will use.", "Il y a déjà {limit} sessions et codes inutilisés, le maximum à la fois. Reprenez des codes que personne n'utilisera.";
    /// Messages.
    MESSAGES_FULL = "messages_full", Conflict, "Too much waits for this workstation already. Look whether it is switched on.", "Trop de choses attendent déjà ce poste. Vérifiez qu'il est allumé.";
    /// A number out of its range.
    OUT_OF_RANGE = "out_of_range", Invalid, "This must be {least} to {most}.", "Il faut de {least} à {most}.";
    /// A text with control characters.
    BAD_TEXT = "bad_text", Invalid, "This must be plain text on one line.", "Il faut un texte simple, sur une ligne.";
    /// Not an e-mail address.
    BAD_EMAIL = "bad_email", Invalid, "This is not an e-mail address such as ada@example.org.", "Ce n'est pas une adresse électronique comme ada@example.org.";
    /// Not a phone number.
    BAD_PHONE = "bad_phone", Invalid, "A phone number has digits, spaces, dots, dashes, brackets and a plus sign.", "Un numéro de téléphone compte des chiffres, espaces, points, tirets, parenthèses et un signe plus.";
    /// Not a date.
    BAD_DATE = "bad_date", Invalid, "Write the date as 2008-02-29.", "Écrivez la date sous la forme 2008-02-29.";
    /// A day that has not come.
    FUTURE_DATE = "future_date", Invalid, "This day has not come yet.", "Ce jour n'est pas encore venu.";
    /// Opening hours that overlap.
    BAD_HOURS = "bad_hours", Invalid, "Opening hours are at most two stretches a day, such as 09:00 to 12:00; each must end after it begins, the later one after the earlier.", "Les horaires comptent au plus deux plages par jour, comme 09:00 à 12:00 ; chacune finit après son début, la seconde après la première.";
    /// The storage takes nothing.
    NOT_STORING = "not_storing", Storage, "Not done: the storage takes nothing at the moment, so it would be forgotten at a power cut. See System.", "Non effectué : le stockage n'accepte rien en ce moment, ce serait donc oublié à la première coupure. Voir Système.";
    /// No randomness.
    NO_RANDOMNESS = "no_randomness", Unavailable, "No code can be drawn yet: the appliance has just started. Try again in a moment.", "Aucun code ne peut être tiré pour l'instant : l'appareil vient de démarrer. Réessayez dans un instant.";
    /// Another machine.
    OTHER_MAC = "other_mac", Conflict, "The machine that waits has another MAC address than this workstation. Approve it as a new one, or correct the workstation first.", "La machine qui attend a une autre adresse MAC que ce poste. Acceptez-la comme nouveau poste, ou corrigez d'abord celui-ci.";
    /// Never heard.
    NOT_HEARD = "workstation_not_heard", Conflict, "This workstation has not been heard since it was taken in. Switch it on and wait for half a minute.", "Ce poste ne s'est pas manifesté depuis son ajout. Allumez-le et attendez une demi-minute.";
    /// Silent at the moment.
    NOT_REACHED = "workstation_not_reached", Conflict, "This workstation cannot be reached at the moment, and the time would run with nobody there. Switch it on and wait for half a minute.", "Ce poste est injoignable en ce moment, et le temps s'écoulerait sans personne. Allumez-le et attendez une demi-minute.";
    /// The code is no good here.
    WRONG_CODE = "wrong_code", Forbidden, "This code is not good here. Look whether it is typed as it stands on the slip; if so, ask at the desk.", "Ce code n'est pas valable ici. Vérifiez qu'il est saisi comme sur le ticket ; sinon, demandez à l'accueil.";
    /// Too many wrong codes.
    TOO_SOON = "too_soon", TooMany, "Too many wrong codes. Try again in {seconds} seconds.", "Trop de codes incorrects. Réessayez dans {seconds} secondes.";
    /// The seat is not free.
    NOT_FREE = "not_free", Conflict, "This workstation is not free. Choose another, or wait until it is.", "Ce poste n'est pas libre. Choisissez-en un autre, ou attendez qu'il le soit.";
    /// The person sits elsewhere.
    ELSEWHERE = "elsewhere", Conflict, "This user has a session at another workstation. End that one first.", "Cet usager a une session à un autre poste. Terminez-la d'abord.";
    /// The day's share is used.
    QUOTA_USED = "quota_used", Conflict, "This user has had what a day allows. It is free again tomorrow.", "Cet usager a eu tout ce qu'un jour permet. Il pourra revenir demain.";
    /// Wrong state.
    NOT_NOW = "not_now", Conflict, "This cannot be done with the session as it stands now.", "Impossible dans l'état actuel de la session.";
    /// A code of digits.
    DIGITS_NEED_SEAT = "digits_need_workstation", Invalid, "A code of digits only is good for one workstation and for 15 minutes at most, because it is easier to guess. Name the workstation.", "Un code composé de chiffres ne vaut que pour un poste et 15 minutes au plus, car il se devine plus facilement. Indiquez le poste.";
    /// Nothing to grant, or more than a day.
    BAD_LENGTH = "bad_length", Invalid, "A session lasts from 1 minute to 24 hours in all.", "Une session dure de 1 minute à 24 heures en tout.";
    /// Closed.
    CLOSED = "closed", Conflict, "The place is closed, or closes now. Allow the session to go past closing time if it should.", "L'établissement est fermé, ou ferme maintenant. Autorisez la session à dépasser la fermeture s'il le faut.";
    /// More than an operator may add.
    BEYOND_LIMIT = "beyond_limit", Forbidden, "With this the session would exceed {minutes} minutes, what a day allows. An administrator may add more.", "La session dépasserait {minutes} minutes, ce qu'un jour permet. Un administrateur peut en ajouter davantage.";
    /// Nothing to change.
    NO_TIME = "time_needed", Invalid, "Say how much: “minutes” or “ms”, and one of them only.", "Indiquez combien : « minutes » ou « ms », l'un des deux seulement.";
    /// Which workstation?
    STATION_NEEDED = "workstation_needed", Invalid, "Say at which workstation: by its number or its address.", "Indiquez le poste : par son numéro ou son adresse.";
    /// A picture of billions of dots.
    TOO_MANY_PIXELS = "too_many_pixels", Invalid, "This picture has too many pixels. Take one of at most 24 megapixels.", "Cette image a trop de pixels. Prenez-en une de 24 mégapixels au plus.";
    /// Not a photo.
    NOT_A_PHOTO = "not_a_photo", Invalid, "This is neither a JPEG nor a PNG picture, or it is damaged.", "Ce n'est pas une image JPEG ou PNG, ou elle est abîmée.";
    /// Too many machines knock.
    KNOCKS_TOO_OFTEN = "too_many_machines", TooMany, "Too many machines ask to be let in at this moment. This one tries again by itself.", "Trop de machines demandent à être admises en ce moment. Celle-ci réessaiera d'elle-même.";
    /// A frame that cannot be read.
    BAD_FRAME = "bad_frame", Malformed, "This frame cannot be read: {why}", "Cette trame est illisible : {why}";
    /// A frame this client may not send.
    FRAME_FORBIDDEN = "frame_forbidden", Forbidden, "You may not say “{kind}”: what happens at a workstation its agent tells, and sessions are begun by operators.", "Vous ne pouvez pas dire « {kind} » : l'agent d'un poste dit ce qui s'y passe, et les sessions sont ouvertes par les opérateurs.";
    /// As many sockets as there may be.
    SOCKETS_FULL = "sockets_full", Unavailable, "There are {limit} sockets already. Try again in a moment.", "Il y a déjà {limit} connexions. Réessayez dans un instant.";
    /// As many sockets as one client may have.
    SOCKETS_OF_ONE_FULL = "too_many_sockets", TooMany, "You have {limit} sockets open already. Close one first.", "Vous avez déjà {limit} connexions ouvertes. Fermez-en une d'abord.";
}

/// `invalid` with one field.
pub(super) fn invalid(pointer: impl Into<String>, fault: &'static Fault) -> Problem {
    Problem::from(&faults::INVALID).at(pointer, fault)
}

/// The problem of what the room refuses.
pub(crate) fn refused(fault: Refused) -> Problem {
    let named = |fault: &'static Fault, pointer: &str| Problem::from(fault).at(pointer, fault);
    match fault {
        Refused::NoPerson => (&NO_PERSON).into(),
        Refused::NoStation => (&NO_STATION).into(),
        Refused::NoSession => (&NO_SESSION).into(),
        Refused::NoGroup => (&NO_GROUP).into(),
        Refused::NoEnrolment => (&NO_ENROLMENT).into(),
        Refused::NoMessage => (&NO_MESSAGE).into(),
        Refused::CardTaken => named(&CARD_TAKEN, "/card_number"),
        Refused::MacTaken => named(&MAC_TAKEN, "/mac"),
        Refused::IpTaken => named(&IP_TAKEN, "/ip"),
        Refused::GroupInUse => (&GROUP_IN_USE).into(),
        Refused::NoConsent => (&NO_CONSENT).into(),
        Refused::Full(table) => full(table),
        Refused::Field(field) => add_field(Problem::from(&faults::INVALID), field),
        Refused::NotStoring => (&NOT_STORING).into(),
        Refused::NoRandomness => Problem::from(&NO_RANDOMNESS).retry_after(Duration::from_secs(5)),
        Refused::OtherMac => (&OTHER_MAC).into(),
        Refused::NotHeard => (&NOT_HEARD).into(),
        Refused::NotReached => (&NOT_REACHED).into(),
        Refused::Desk(refusal) => refused_by_desk(refusal),
    }
}

/// The same for what a request names in its body: a number that is nobody's is a bad value there, not a bad address.
pub(crate) fn refused_in_body(fault: Refused) -> Problem {
    match fault {
        Refused::NoPerson => invalid("/user", &NO_PERSON),
        Refused::NoStation => invalid("/workstation", &NO_STATION),
        Refused::NoGroup => invalid("/group", &NO_GROUP),
        other => refused(other),
    }
}

fn full(table: Table) -> Problem {
    let (fault, limit) = match table {
        Table::People => (&USERS_FULL, MAX_PEOPLE),
        Table::Stations => (&STATIONS_FULL, MAX_KIOSK_STATIONS),
        Table::Groups => (&GROUPS_FULL, MAX_KIOSK_GROUPS),
        Table::Enrolment => (&ENROLMENT_FULL, MAX_KNOCKING),
        Table::EnrolmentFromOne => (&ENROLMENT_FROM_ONE, MAX_KNOCKING_FROM_ONE),
        Table::Sessions => (&SESSIONS_FULL, MAX_KIOSK_SESSIONS),
        Table::Messages => return (&MESSAGES_FULL).into(),
    };
    let problem = Problem::from(fault).with("limit", limit);
    match table {
        Table::Enrolment | Table::EnrolmentFromOne => problem.retry_after(Duration::from_secs(60)),
        _ => problem,
    }
}

/// Says no to a form of a person, with all that is to be corrected.
pub(crate) fn refused_form(fault: Refused, form: &PersonDraft) -> Problem {
    let Refused::Field(first) = fault else { return refused(fault) };
    let others = form.faults().into_iter().filter(|bad| bad.field != first.field);
    others.fold(add_field(Problem::from(&faults::INVALID), first), add_field)
}

fn add_field(problem: Problem, BadField { field, why }: BadField) -> Problem {
    let pointer = format!("/{}", field.replace('.', "/"));
    match why {
        Why::Empty => problem.at(pointer, &faults::REQUIRED),
        Why::TooLong(most) => problem.at_with(pointer, &TOO_LONG, vec![("limit", most.to_string())]),
        Why::OutOfRange if field == "birth_date" => problem.at(pointer, &FUTURE_DATE),
        Why::OutOfRange => {
            let (least, most) = range(field);
            problem.at_with(pointer, &OUT_OF_RANGE, vec![("least", least.to_string()), ("most", most.to_string())])
        }
        Why::Malformed => problem.at(
            pointer,
            match field {
                "mac" => &NOT_A_MAC,
                "ip" => &NOT_AN_IP,
                "email" => &BAD_EMAIL,
                "phone" => &BAD_PHONE,
                "birth_date" => &BAD_DATE,
                "hours" => &BAD_HOURS,
                _ => &BAD_TEXT,
            },
        ),
    }
}

/// The range of a field that the room found out of it.
fn range(field: &str) -> (u32, u32) {
    match field {
        "valid_minutes" => (1, MAX_VALID_MINUTES.into()),
        "count" => (1, u32::try_from(MAX_BATCH).unwrap_or(u32::MAX)),
        "quota_sessions" => (1, 255),
        "hold_minutes" => (1, 60),
        "detail_days" => (1, 90),
        "code_days" => (1, 30),
        // Minutes of a session, of a quota, of being out of reach: a day at most.
        _ => (1, MAX_MINUTES.into()),
    }
}

fn refused_by_desk(refusal: Refusal) -> Problem {
    match refusal {
        Refusal::NoSession => (&NO_SESSION).into(),
        Refusal::NoStation => (&NO_STATION).into(),
        Refusal::WrongCode => (&WRONG_CODE).into(),
        Refusal::TooSoon(wait) => {
            let wait = Duration::from_millis(wait.as_millis());
            let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            let ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
            let problem = Problem::from(&TOO_SOON).with("seconds", seconds).retry_after(wait);
            problem.carrying("retry_after_ms", ms.into())
        }
        Refusal::NotFree(state) => Problem::from(&NOT_FREE).carrying("state", words::state(state).into()),
        Refusal::Elsewhere(station) => Problem::from(&ELSEWHERE).carrying("workstation", station.0.into()),
        Refusal::QuotaUsed => (&QUOTA_USED).into(),
        Refusal::NotNow(state) => Problem::from(&NOT_NOW).carrying("session_status", words::status(state).into()),
        Refusal::Taken => Problem::from(&faults::UNAVAILABLE).retry_after(Duration::from_secs(1)),
        Refusal::DigitsNeedSeat => invalid("/workstation", &DIGITS_NEED_SEAT),
        Refusal::BadLength => invalid("/minutes", &BAD_LENGTH),
        Refusal::Closed => (&CLOSED).into(),
        Refusal::Full => full(Table::Sessions),
    }
}

/// The problem of a visit that did not come to a good end.
pub(crate) fn ended(why: Ended) -> Problem {
    match why {
        Ended::Stopping => (&faults::UNAVAILABLE).into(),
        Ended::NotKept => (&faults::NOT_KEPT).into(),
    }
}

/// The problem of a photo that is not kept.
pub(crate) fn no_photo(why: NoPhoto) -> Problem {
    match why {
        NoPhoto::Bad(BadPhoto::TooLarge) => Problem::from(&faults::TOO_LARGE).with("limit", MAX_PHOTO_BYTES),
        NoPhoto::Bad(BadPhoto::TooManyPixels) => (&TOO_MANY_PIXELS).into(),
        NoPhoto::Bad(BadPhoto::NotAPhoto) => (&NOT_A_PHOTO).into(),
        NoPhoto::Fault(fault) => refused(fault),
        NoPhoto::Ended(why) => ended(why),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_both_languages_have_the_same_blanks() {
        // The door's own code of that name says the same of another code: that it is not the one.
        let common = faults::ALL.iter().filter(|fault| fault.code != WRONG_CODE.code);
        faults::hold_together(ALL, common.copied());
    }
}
