//! Holds how a no is declared, and the faults that every area shares.
//! Never decides when. Each area declares its own with the macro of this place, beside its handlers.

#[cfg(test)]
use super::Fault;

/// Declares faults as statics, each as `NAME = "code", Kind, "in English", "in French";` behind how far they are seen, and
/// `ALL` of them for the tests, which [`hold_together`] takes.
macro_rules! faults {
    ($seen:vis, $($(#[$doc:meta])* $name:ident = $code:literal, $kind:ident, $en:literal, $fr:literal;)*) => {
        $($(#[$doc])* $seen static $name: $crate::http::problem::Fault = $crate::http::problem::Fault {
            code: $code,
            kind: $crate::http::problem::ErrorKind::$kind,
            text: $crate::http::language::Text { en: $en, fr: $fr },
        };)*
        /// Every fault above, for the tests.
        #[cfg(test)]
        pub(crate) static ALL: &[&$crate::http::problem::Fault] = &[$(&$name),*];
    };
}

pub(crate) use faults;

faults! { pub,
    /// Not HTTP as we speak it.
    BAD_REQUEST = "bad_request", Malformed, "The request cannot be read.", "La requête est illisible.";
    /// The body is not JSON.
    BAD_JSON = "bad_json", Malformed, "The body is not valid JSON: line {line}, column {column}.", "Le corps n'est pas du JSON valide : ligne {line}, colonne {column}.";
    /// A value in the body has the wrong shape.
    BAD_VALUE = "bad_value", Invalid, "A value is not of the expected kind: {why}", "Une valeur n'est pas du genre attendu : {why}";
    /// One or more fields do not do.
    INVALID = "invalid", Invalid, "Some values cannot be accepted.", "Certaines valeurs ne peuvent pas être acceptées.";
    /// A needed field is empty.
    REQUIRED = "required", Invalid, "This value is needed.", "Cette valeur est nécessaire.";
    /// A query parameter does not do.
    BAD_PARAMETER = "bad_parameter", Invalid, "The parameter “{name}” cannot be accepted; /api/docs says what it takes.", "Le paramètre « {name} » ne peut pas être accepté ; /api/docs dit ce qu'il prend.";
    /// A query parameter that the route does not know.
    UNKNOWN_PARAMETER = "unknown_parameter", Invalid, "There is no parameter “{name}” here. These there are: {known}.", "Il n'y a pas de paramètre « {name} » ici. Il y a : {known}.";
    /// A query parameter where there are none.
    NO_PARAMETERS = "no_parameters", Invalid, "There is no parameter “{name}” here, nor any other.", "Il n'y a pas de paramètre « {name} » ici, ni aucun autre.";
    /// The cursor is not ours.
    BAD_CURSOR = "bad_cursor", Invalid, "This page of the list no longer exists. Start again from the first one.", "Cette page de la liste n'existe plus. Reprenez depuis la première.";
    /// Nobody has logged in.
    LOGIN_NEEDED = "login_needed", Unauthenticated, "Please log in.", "Veuillez vous connecter.";
    /// The token or session is over.
    TOKEN_INVALID = "token_invalid", Unauthenticated, "The session or token is over. Please log in again.", "La session ou le jeton n'est plus valable. Veuillez vous reconnecter.";
    /// Wrong name or password.
    WRONG_CREDENTIALS = "wrong_credentials", Unauthenticated, "The name or the password is wrong.", "Le nom ou le mot de passe est incorrect.";
    /// Wrong set-up code.
    WRONG_CODE = "wrong_code", Forbidden, "This is not the set-up code. It is on the appliance's console and changes at each start.", "Ce n'est pas le code d'installation. Il est affiché sur la console de l'appareil et change à chaque démarrage.";
    /// The role does not allow it.
    FORBIDDEN = "forbidden", Forbidden, "Your account may not do this.", "Votre compte n'a pas ce droit.";
    /// Another site sent the request.
    CROSS_SITE = "cross_site", Forbidden, "The request comes from another site and was not carried out.", "La requête vient d'un autre site et n'a pas été exécutée.";
    /// There is no such path or thing.
    NOT_FOUND = "not_found", Missing, "There is nothing here.", "Il n'y a rien ici.";
    /// There is, but not with this method.
    METHOD_NOT_ALLOWED = "method_not_allowed", Method, "This cannot be done here with {method}.", "Cela ne peut pas se faire ici avec {method}.";
    /// Sent to a name that is not ours.
    WRONG_HOST = "wrong_host", Misdirected, "This appliance does not answer to that name. Use its address, or add the name to http.host_names.", "Cet appareil ne répond pas à ce nom. Utilisez son adresse, ou ajoutez le nom à http.host_names.";
    /// The first account exists.
    ALREADY_SET_UP = "already_set_up", Conflict, "The appliance has already been set up.", "L'appareil est déjà installé.";
    /// The user name does not do.
    BAD_USERNAME = "bad_username", Invalid, "A name has 1 to 64 letters, digits, dots, dashes, underscores or @.", "Un nom compte de 1 à 64 lettres, chiffres, points, tirets, tirets bas ou @.";
    /// The language does not exist here.
    BAD_LANGUAGE = "bad_language", Invalid, "The language must be en or fr.", "La langue doit être en ou fr.";
    /// The password is short.
    PASSWORD_TOO_SHORT = "password_too_short", Invalid, "A password needs at least 12 characters. A sentence is easy to remember.", "Un mot de passe compte au moins 12 caractères. Une phrase se retient bien.";
    /// The password is guessed first.
    PASSWORD_TOO_COMMON = "password_too_common", Invalid, "This password is among the first that are tried. Please choose another.", "Ce mot de passe est parmi les premiers essayés. Choisissez-en un autre.";
    /// The password holds the name.
    PASSWORD_HOLDS_NAME = "password_holds_name", Invalid, "The password must not hold the user name.", "Le mot de passe ne doit pas contenir le nom d'utilisateur.";
    /// The password is the old one.
    PASSWORD_SAME = "password_same", Invalid, "This is the password you have now. Please choose another.", "C'est votre mot de passe actuel. Choisissez-en un autre.";
    /// A temporary password must be changed first.
    PASSWORD_MUST_CHANGE = "password_must_change", Forbidden, "Your password was given to you by somebody else. Please change it first.", "Votre mot de passe vous a été donné par quelqu'un d'autre. Veuillez d'abord le changer.";
    /// The own password that was typed is wrong.
    WRONG_PASSWORD = "wrong_password", Invalid, "This is not your present password.", "Ce n'est pas votre mot de passe actuel.";
    /// There is no such account.
    NO_ACCOUNT = "no_account", Missing, "There is no such account.", "Ce compte n'existe pas.";
    /// Two accounts cannot have one name.
    NAME_TAKEN = "name_taken", Conflict, "Another account has this name. Please choose another.", "Un autre compte porte déjà ce nom. Choisissez-en un autre.";
    /// The table of accounts is full.
    ACCOUNTS_FULL = "accounts_full", Conflict, "There are {limit} accounts already, the most this appliance keeps. Remove one that is no longer needed.", "Il y a déjà {limit} comptes, le maximum de cet appareil. Supprimez-en un qui ne sert plus.";
    /// Nobody would be left to change accounts.
    LAST_ADMIN = "last_admin", Conflict, "This is the last administrator who can log in. Make another one first.", "C'est le dernier administrateur qui puisse se connecter. Créez-en d'abord un autre.";
    /// The display name does not do.
    BAD_DISPLAY_NAME = "bad_display_name", Invalid, "This name is too long or holds signs that cannot be shown.", "Ce nom est trop long ou contient des signes qui ne s'affichent pas.";
    /// A workstation has no account.
    NO_ACCOUNT_ROLE = "no_account_role", Invalid, "A workstation has no account: let it in among the workstations, and it gets a token of its own.", "Un poste n'a pas de compte : admettez-le parmi les postes, il recevra son propre jeton.";
    /// People have passwords, screens have tokens.
    OTHER_SORT = "other_sort", Conflict, "People have passwords, screens have tokens, and an account cannot become the other. The account of a workstation, which earlier versions made, can only be removed.", "Les personnes ont un mot de passe, les écrans un jeton, et un compte ne peut pas passer de l'un à l'autre. Le compte d'un poste, créé par une version antérieure, ne peut qu'être supprimé.";
    /// There is no such session.
    NO_SESSION = "no_session", Missing, "This session is over.", "Cette session est terminée.";
    /// The log-in is throttled.
    TOO_MANY_TRIES = "too_many_tries", TooMany, "Too many tries. Please wait {seconds} s.", "Trop d'essais. Veuillez attendre {seconds} s.";
    /// More requests or sockets than allowed.
    TOO_MANY = "too_many", TooMany, "Too many requests at once. Please try again in a moment.", "Trop de requêtes à la fois. Veuillez réessayer dans un instant.";
    /// The body is too big.
    TOO_LARGE = "too_large", TooLarge, "The request is larger than the {limit} bytes allowed here.", "La requête dépasse les {limit} octets permis ici.";
    /// The body did not come in time.
    TOO_SLOW = "too_slow", Slow, "The request did not arrive in time.", "La requête n'est pas arrivée à temps.";
    /// Not JSON where JSON is needed.
    JSON_NEEDED = "json_needed", MediaType, "The body must be sent as application/json.", "Le corps doit être envoyé en application/json.";
    /// A file without a type, or with one that any page of the net could send.
    FILE_NEEDED = "file_needed", MediaType, "Say what the file is in Content-Type, such as image/jpeg; application/octet-stream is good for every file.", "Indiquez le type du fichier dans Content-Type, comme image/jpeg ; application/octet-stream convient à tous.";
    /// Not a form where a form is needed.
    FORM_NEEDED = "form_needed", MediaType, "The body must be sent as a form.", "Le corps doit être envoyé comme un formulaire.";
    /// The thing has changed since it was read.
    CHANGED_SINCE = "changed_since", Stale, "Somebody has changed this since you opened it. Load it again before saving.", "Quelqu'un a modifié ceci depuis que vous l'avez ouvert. Rechargez avant d'enregistrer.";
    /// An idempotency key was used for something else.
    KEY_REUSED = "idempotency_key_reused", Invalid, "This Idempotency-Key was used for another request.", "Cette Idempotency-Key a servi à une autre requête.";
    /// The same request is being carried out.
    IN_PROGRESS = "in_progress", Conflict, "The same request is being carried out at this moment.", "La même requête est en cours d'exécution.";
    /// A WebSocket was expected.
    UPGRADE_NEEDED = "upgrade_needed", Malformed, "This address speaks WebSocket only.", "Cette adresse ne parle que WebSocket.";
    /// The medium refused, after the fact.
    NOT_KEPT = "not_kept", Storage, "It is changed for now, but could not be stored: a power cut would undo it. The storage needs attention.", "C'est modifié pour l'instant, mais n'a pas pu être enregistré : une coupure de courant l'annulerait. Le stockage demande attention.";
    /// The medium refused.
    NOT_SAVED = "not_saved", Storage, "It could not be saved, so nothing has changed. The storage needs attention.", "L'enregistrement a échoué, donc rien n'a changé. Le stockage demande attention.";
    /// The service cannot do it now.
    UNAVAILABLE = "unavailable", Unavailable, "This is not possible at the moment. Please try again shortly.", "Ce n'est pas possible pour le moment. Veuillez réessayer bientôt.";
    /// A fault of ours.
    INTERNAL = "internal", Internal, "Something failed inside the appliance. The log on the System tab says more.", "Une erreur s'est produite dans l'appareil. Le journal, onglet Système, en dit plus.";
}

/// Checks what an area declares beside what it shares with others: no code stands twice, and both languages say something, with
/// the same blanks.
#[cfg(test)]
pub(crate) fn hold_together<'a>(own: &[&'a Fault], shared: impl IntoIterator<Item = &'a Fault>) {
    let mut codes: Vec<_> = own.iter().copied().chain(shared).map(|fault| fault.code).collect();
    codes.sort_unstable();
    for pair in codes.windows(2) {
        assert_ne!(pair[0], pair[1], "a code stands twice");
    }
    let blanks = |text: &str| {
        let parts = text.split('{').skip(1).filter_map(|part| part.split('}').next().map(str::to_owned));
        let mut found: Vec<String> = parts.collect();
        found.sort();
        found
    };
    for fault in own {
        assert_eq!(blanks(fault.text.en), blanks(fault.text.fr), "{}", fault.code);
        assert_ne!(fault.text.en, fault.text.fr, "{}", fault.code);
    }
}
