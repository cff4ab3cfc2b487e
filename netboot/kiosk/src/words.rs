//! Holds every word that a person at the workstation reads, in English and French side by side.
//! Never holds a layout. Called by the screens.

/// A language of the screen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// English.
    #[default]
    En,
    /// French.
    Fr,
}

impl Language {
    /// Reads `en` or `fr`, whatever region follows.
    #[must_use]
    pub fn read(word: &str) -> Option<Self> {
        match word.get(..2)? {
            "en" => Some(Self::En),
            "fr" => Some(Self::Fr),
            _ => None,
        }
    }

    /// The other one.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::En => Self::Fr,
            Self::Fr => Self::En,
        }
    }
}

/// A sentence in both languages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Words(pub &'static str, pub &'static str);

impl Words {
    /// In one of them.
    #[must_use]
    pub const fn in_language(self, language: Language) -> &'static str {
        match language {
            Language::En => self.0,
            Language::Fr => self.1,
        }
    }

    /// In one of them, with `{}` replaced.
    #[must_use]
    pub fn with(self, language: Language, value: impl std::fmt::Display) -> String {
        self.in_language(language).replacen("{}", &value.to_string(), 1)
    }
}

/// Switches to the other language; each speaks to those who read it.
pub const SWITCH: Words = Words("F2: Français", "F2 : English");
/// Above the code.
pub const TYPE_CODE: Words = Words("Type your code", "Tapez votre code");
/// Below it.
pub const THEN_ENTER: Words = Words("then press Enter", "puis appuyez sur Entrée");
/// The code was sent.
pub const CHECKING: Words = Words("One moment…", "Un instant…");
/// Too few symbols.
pub const INCOMPLETE: Words =
    Words("A code has eight letters or digits.", "Un code comporte huit lettres ou chiffres.");
/// Refused, and nothing more is told.
pub const WRONG_CODE: Words = Words("This code is not valid here.", "Ce code n’est pas valable ici.");
/// Refused for a while.
pub const WAIT: Words = Words("Too many wrong codes. Try again in {}.", "Trop de codes erronés. Réessayez dans {}.");
/// The day's quota.
pub const QUOTA_USED: Words = Words(
    "Today’s time is used up. Please ask at the desk.",
    "Le temps du jour est épuisé. Adressez-vous à l’accueil.",
);
/// In use elsewhere.
pub const ELSEWHERE: Words = Words(
    "You are using another computer. End that session first.",
    "Vous utilisez un autre poste. Terminez d’abord cette session.",
);
/// Out of service, or not clean yet.
pub const NOT_FREE: Words =
    Words("This computer is not free at the moment.", "Ce poste n’est pas libre pour l’instant.");
/// Outside the opening hours.
pub const CLOSED: Words =
    Words("The place is closed, or closes now.", "L’établissement est fermé, ou ferme maintenant.");
/// Any other refusal.
pub const REFUSED: Words =
    Words("This is not possible now. Please ask at the desk.", "Impossible pour l’instant. Adressez-vous à l’accueil.");
/// The appliance does not answer.
pub const NOT_REACHABLE: Words = Words(
    "The appliance cannot be reached. Please tell the staff.",
    "L’appareil n’est pas joignable. Prévenez le personnel.",
);
/// Before the first answer.
pub const LOOKING: Words = Words("Looking for the appliance…", "Recherche de l’appareil…");
/// It is a stranger's authority.
pub const STRANGER: Words =
    Words("This is not the appliance this computer trusts.", "Ce n’est pas l’appareil auquel ce poste fait confiance.");
/// The token is refused.
pub const NOT_KNOWN: Words = Words(
    "The appliance does not know this computer any more. Please tell the staff.",
    "L’appareil ne connaît plus ce poste. Prévenez le personnel.",
);

/// Above the enrolment number.
pub const ENROL: Words = Words("New computer: approve this number", "Nouveau poste : approuvez ce numéro");
/// The machine's card.
pub const MAC: Words = Words("Network card: {}", "Carte réseau : {}");
/// The authority's fingerprint.
pub const FINGERPRINT: Words = Words("Authority SHA-256:", "SHA-256 de l’autorité :");
/// It is as it was told.
pub const PINNED: Words =
    Words("It is the authority this computer was told to trust.", "C’est l’autorité indiquée à ce poste.");
/// It is believed.
pub const FIRST_USE: Words = Words(
    "Trusted on first use: compare it with the appliance before you approve.",
    "Acceptée à la première rencontre : comparez avec l’appareil avant d’approuver.",
);
/// No TLS at all.
pub const NOT_ENCRYPTED: Words = Words("Not encrypted.", "Non chiffré.");
/// The answer was no.
pub const ENROLMENT_REFUSED: Words = Words("The enrolment was refused.", "L’inscription a été refusée.");

/// The program is being started.
pub const STARTING: Words = Words("Your session is starting…", "Votre session démarre…");
/// Cleaning.
pub const WIPING: Words = Words("This computer is being cleaned…", "Nettoyage du poste…");
/// Cleaning failed.
pub const WIPE_FAILED: Words = Words(
    "This computer could not be cleaned and stays locked. Please tell the staff: {}",
    "Le nettoyage a échoué, le poste reste verrouillé. Prévenez le personnel : {}",
);
/// Staff suspended.
pub const HELD: Words = Words("The staff has paused this session.", "Le personnel a suspendu cette session.");
/// The time stands still meanwhile.
pub const HELD_LEFT: Words = Words("Time left when it goes on: {}", "Temps restant à la reprise : {}");
/// Not heard too long.
pub const UNHEARD: Words = Words(
    "Locked: the appliance was not heard for too long.",
    "Verrouillé : appareil injoignable depuis trop longtemps.",
);
/// Locked by the person.
pub const USER_LOCKED: Words =
    Words("Locked. Type your ticket to go on.", "Verrouillé. Tapez votre ticket pour continuer.");
/// It runs on.
pub const TIME_RUNS: Words = Words("The time goes on: {} left", "Le temps continue : il reste {}");
/// A ticket that is not it.
pub const WRONG_TICKET: Words =
    Words("This is not the ticket of this session.", "Ce n’est pas le ticket de cette session.");

/// In the status line.
pub const LEFT: Words = Words("{} left", "reste {}");
/// In the status line.
pub const MENU_KEY: Words = Words("F12: lock or end", "F12 : verrouiller ou terminer");
/// In the status line, while the appliance is not heard.
pub const OFFLINE: Words = Words("appliance not reachable", "appareil injoignable");
/// A warning.
pub const WARNING: Words = Words("Your session ends in {}.", "Votre session se termine dans {}.");
/// The last minute.
pub const GRACE: Words = Words("Save your work now.", "Enregistrez votre travail maintenant.");
/// Time was added.
pub const ADDED: Words = Words("Time added to your session: {}.", "Temps ajouté à votre session : {}.");
/// Time was taken away.
pub const TAKEN: Words = Words("Your session was shortened by {}.", "Votre session a été raccourcie de {}.");
/// The ticket, told at the start.
pub const TICKET: Words =
    Words("Your ticket: {}  (opens this session again)", "Votre ticket : {}  (rouvre cette session)");
/// Whose session it is.
pub const WELCOME: Words = Words("Welcome, {}.", "Bienvenue, {}.");
/// How a banner goes.
pub const PRESS_ENTER: Words = Words("Press Enter", "Appuyez sur Entrée");
/// From staff.
pub const MESSAGE: Words = Words("Message from the staff", "Message du personnel");
/// The menu.
pub const MENU_LOCK: Words =
    Words("1  Lock the screen (the time goes on)", "1  Verrouiller l’écran (le temps continue)");
/// The menu.
pub const MENU_END: Words = Words("2  End my session now", "2  Terminer ma session maintenant");
/// The menu.
pub const MENU_BACK: Words = Words("Esc  Back", "Échap  Retour");
/// The person's program ended.
pub const PROGRAM_ENDED: Words = Words("The program has ended.", "Le programme s’est terminé.");
/// It cannot be started.
pub const PROGRAM_FAILED: Words = Words(
    "The program cannot be started. Please tell the staff.",
    "Le programme ne démarre pas. Prévenez le personnel.",
);
/// What then.
pub const PROGRAM_AGAIN: Words =
    Words("Enter: start it again    F12: lock or end", "Entrée : relancer    F12 : verrouiller ou terminer");
/// Which computer this is.
pub const IDENTIFY: Words = Words("This is {}", "Voici {}");

/// A length of time: `1:05:00`, `4:05`, or `42 s`.
#[must_use]
pub fn clock(ms: u64) -> String {
    // A person with half a second left is told one second, not none.
    let seconds = ms.div_ceil(1_000);
    match (seconds / 3_600, seconds / 60 % 60, seconds % 60) {
        (0, minutes, seconds) => format!("{minutes}:{seconds:02}"),
        (hours, minutes, seconds) => format!("{hours}:{minutes:02}:{seconds:02}"),
    }
}

/// A length of time in words, for sentences.
#[must_use]
pub fn length(ms: u64, language: Language) -> String {
    let seconds = ms.div_ceil(1_000);
    let plural = |count: u64, one: Words, many: Words| {
        format!("{count} {}", if count == 1 { one } else { many }.in_language(language))
    };
    let minutes = |count| plural(count, Words("minute", "minute"), Words("minutes", "minutes"));
    let in_seconds = |count| plural(count, Words("second", "seconde"), Words("seconds", "secondes"));
    match (seconds / 60, seconds % 60) {
        (0, seconds) => in_seconds(seconds),
        (count, 0) => minutes(count),
        (count, seconds) => format!("{} {}", minutes(count), in_seconds(seconds)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_told_as_people_say_them() {
        assert_eq!([0, 999, 1_000, 61_000, 3_600_000].map(clock), ["0:00", "0:01", "0:01", "1:01", "1:00:00"]);
        assert_eq!(length(300_000, Language::En), "5 minutes");
        assert_eq!(length(1_000, Language::Fr), "1 seconde");
        assert_eq!(length(90_000, Language::En), "1 minute 30 seconds");
        assert_eq!(
            WARNING.with(Language::Fr, length(30_000, Language::Fr)),
            "Votre session se termine dans 30 secondes."
        );
    }

    #[test]
    fn languages_are_read_with_any_region() {
        assert_eq!(
            ["en", "fr-CA", "fr", "de", "é"].map(|word| Language::read(word).is_some()),
            [true, true, true, false, false]
        );
        assert_eq!(Language::En.other().other(), Language::En);
    }
}
