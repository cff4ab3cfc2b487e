//! Holds how the appliance says no: RFC 9457 problem documents with a stable code, in English and French.
//! It never repeats a secret or an inner error to the client.
//! Handlers return problems; the dispatcher renders them.

use std::fmt::Display;

use bytes::Bytes;
use hyper::header::{CONTENT_LANGUAGE, CONTENT_TYPE, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use hyper::{Response, StatusCode};
use serde_json::{Value, json};

use super::body::Payload;
use super::language::{Language, Text};

/// What kind of no it is. The one place where a kind becomes a status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The request cannot be read.
    Malformed,
    /// Nobody has said who they are, or the proof is over.
    Unauthenticated,
    /// They may not.
    Forbidden,
    /// There is no such thing.
    Missing,
    /// There is, but not with this method.
    Method,
    /// It does not fit the state of things now.
    Conflict,
    /// It was, and is no more.
    Gone,
    /// Somebody else has changed it since it was read.
    Stale,
    /// Too many bytes.
    TooLarge,
    /// Not the content type the route reads.
    MediaType,
    /// Sent to a name that is not ours.
    Misdirected,
    /// Readable, but the values do not do.
    Invalid,
    /// An `If-Match` is required.
    Precondition,
    /// Too often.
    TooMany,
    /// It did not come in time.
    Slow,
    /// Our fault.
    Internal,
    /// Not now.
    Unavailable,
    /// The medium is full or worn.
    Storage,
}

impl ErrorKind {
    /// The status of this kind.
    #[must_use]
    pub fn status(self) -> StatusCode {
        match self {
            Self::Malformed => StatusCode::BAD_REQUEST,
            Self::Unauthenticated => StatusCode::UNAUTHORIZED,
            Self::Forbidden => StatusCode::FORBIDDEN,
            Self::Missing => StatusCode::NOT_FOUND,
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::Conflict => StatusCode::CONFLICT,
            Self::Gone => StatusCode::GONE,
            Self::Stale => StatusCode::PRECONDITION_FAILED,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::MediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Misdirected => StatusCode::MISDIRECTED_REQUEST,
            Self::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Precondition => StatusCode::PRECONDITION_REQUIRED,
            Self::TooMany => StatusCode::TOO_MANY_REQUESTS,
            Self::Slow => StatusCode::REQUEST_TIMEOUT,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::Storage => StatusCode::INSUFFICIENT_STORAGE,
        }
    }
}

/// One way to say no: a stable code, its kind, and words. `{name}` in the words is filled by [`Problem::with`].
/// Each area declares its own as `static`s; the common ones are in [`faults`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Stable, snake_case; programs compare this one.
    pub code: &'static str,
    /// Decides the status.
    pub kind: ErrorKind,
    /// For people.
    pub text: Text,
}

/// One field that does not do.
#[derive(Clone, Debug)]
struct FieldFault {
    /// JSON pointer (RFC 6901).
    pointer: String,
    code: &'static str,
    text: Text,
    values: Vec<(&'static str, String)>,
}

/// Fields listed in one answer; the rest are found on the next try.
const MAX_FIELD_FAULTS: usize = 16;

/// Longest value filled into a text: hostile names must not fill a screen.
const MAX_VALUE_CHARS: usize = 120;

/// A no on its way out. Boxed, so that a good outcome does not carry the room of a bad one.
#[derive(Clone, Debug)]
pub struct Problem(Box<Particulars>);

#[derive(Clone, Debug)]
struct Particulars {
    fault: Fault,
    values: Vec<(&'static str, String)>,
    fields: Vec<FieldFault>,
    retry_after_s: Option<u64>,
    allow: Option<String>,
    extra: Option<(&'static str, Value)>,
}

impl From<&'static Fault> for Problem {
    fn from(fault: &'static Fault) -> Self {
        let (values, fields) = (Vec::new(), Vec::new());
        Self(Box::new(Particulars { fault: *fault, values, fields, retry_after_s: None, allow: None, extra: None }))
    }
}

impl Problem {
    /// Fills `{name}` in the words.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Display) -> Self {
        self.0.values.push((name, clean(&value.to_string())));
        self
    }

    /// Names a field that does not do. `pointer` is a JSON pointer into the request, such as `/segments/0`.
    #[must_use]
    pub fn at(self, pointer: impl Into<String>, fault: &'static Fault) -> Self {
        self.at_with(pointer, fault, Vec::new())
    }

    /// The same, filling `{name}`s in the field's words.
    #[must_use]
    pub fn at_with(
        mut self,
        pointer: impl Into<String>,
        fault: &'static Fault,
        values: Vec<(&'static str, String)>,
    ) -> Self {
        if self.0.fields.len() < MAX_FIELD_FAULTS {
            let values = values.into_iter().map(|(name, value)| (name, clean(&value))).collect();
            self.0.fields.push(FieldFault { pointer: pointer.into(), code: fault.code, text: fault.text, values });
        }
        self
    }

    /// Says when to try again, in whole seconds, rounded up.
    #[must_use]
    pub fn retry_after(mut self, wait: std::time::Duration) -> Self {
        self.0.retry_after_s = Some(wait.as_secs() + u64::from(wait.subsec_nanos() > 0));
        self
    }

    /// Adds one member to the document.
    #[must_use]
    pub fn carrying(mut self, name: &'static str, value: Value) -> Self {
        self.0.extra = Some((name, value));
        self
    }

    /// Sets the `Allow` field of a 405.
    #[must_use]
    pub(super) fn allowing(mut self, methods: String) -> Self {
        self.0.allow = Some(methods);
        self
    }

    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.0.fault.code
    }

    /// The status it will have.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.0.fault.kind.status()
    }

    /// Whether it has faulty fields.
    #[must_use]
    pub fn has_fields(&self) -> bool {
        !self.0.fields.is_empty()
    }

    /// The words, in one language.
    #[must_use]
    pub fn detail(&self, language: Language) -> String {
        fill(self.0.fault.text.speak(language), &self.0.values)
    }

    /// The faulty fields as (pointer, words), for forms rendered on the server.
    #[must_use]
    pub fn field_details(&self, language: Language) -> Vec<(&str, String)> {
        self.0.fields.iter().map(|f| (f.pointer.as_str(), fill(f.text.speak(language), &f.values))).collect()
    }

    /// The document (RFC 9457), as it stands in an answer or in a frame.
    #[must_use]
    pub fn document(&self, language: Language) -> Value {
        let status = self.status();
        let mut document = json!({
            "type": "about:blank",
            "title": status.canonical_reason().unwrap_or_default(),
            "status": status.as_u16(),
            "code": self.0.fault.code,
            "detail": self.detail(language),
        });
        if !self.0.fields.is_empty() {
            let field = |f: &FieldFault| json!({ "pointer": f.pointer, "code": f.code, "detail": fill(f.text.speak(language), &f.values) });
            document["errors"] = self.0.fields.iter().map(field).collect();
        }
        if let Some((name, value)) = &self.0.extra {
            document[*name] = value.clone();
        }
        document
    }

    /// The answer.
    #[must_use]
    pub fn render(&self, language: Language) -> Response<Payload> {
        let status = self.status();
        let document = self.document(language);
        let mut response = Response::new(Payload::whole(Bytes::from(document.to_string())));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(CONTENT_LANGUAGE, HeaderValue::from_static(language.tag()));
        if let Some(seconds) = self.0.retry_after_s {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        if let Some(Ok(allow)) = self.0.allow.as_deref().map(HeaderValue::from_str) {
            headers.insert(hyper::header::ALLOW, allow);
        }
        if status == StatusCode::UNAUTHORIZED {
            // Without this field a 401 is not valid (RFC 9110, 15.5.2). `Bearer` opens no dialogue in a browser.
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"vigie\""));
        }
        response
    }
}

fn fill(text: &str, values: &[(&'static str, String)]) -> String {
    values.iter().fold(text.to_owned(), |text, (name, value)| text.replace(&format!("{{{name}}}"), value))
}

/// Values may come from the network: no control characters, not too long.
fn clean(value: &str) -> String {
    value.chars().filter(|c| !c.is_control()).take(MAX_VALUE_CHARS).collect()
}

/// The faults every area shares.
pub mod faults {
    use super::{ErrorKind, Fault, Text};

    macro_rules! faults {
        ($($(#[$doc:meta])* $name:ident = $code:literal, $kind:ident, $en:literal, $fr:literal;)*) => {
            $($(#[$doc])* pub static $name: Fault =
                Fault { code: $code, kind: ErrorKind::$kind, text: Text { en: $en, fr: $fr } };)*
            /// Every fault above, for the API description and the tests.
            pub static ALL: &[&Fault] = &[$(&$name),*];
        };
    }

    faults! {
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
        BAD_PARAMETER = "bad_parameter", Invalid, "The parameter “{name}” cannot be accepted.", "Le paramètre « {name} » ne peut pas être accepté.";
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
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(problem: &Problem, language: Language) -> Value {
        serde_json::from_slice(problem.render(language).body().as_whole().unwrap()).unwrap()
    }

    #[test]
    fn the_document_has_its_members_in_both_languages() {
        let problem = Problem::from(&faults::INVALID).at("/password", &faults::PASSWORD_TOO_SHORT);
        let english = body(&problem, Language::En);
        assert_eq!((english["status"].as_u64(), english["code"].as_str()), (Some(422), Some("invalid")));
        assert_eq!(english["errors"][0]["pointer"], "/password");
        assert_eq!(english["errors"][0]["code"], "password_too_short");
        let french = body(&problem, Language::Fr);
        assert_eq!(french["detail"], "Certaines valeurs ne peuvent pas être acceptées.");
        assert_eq!(problem.render(Language::Fr).headers()[CONTENT_TYPE], "application/problem+json");
    }

    #[test]
    fn values_are_filled_in_without_control_characters_and_cut() {
        let problem = Problem::from(&faults::BAD_PARAMETER).with("name", format!("a\u{1b}[31m{}", "b".repeat(500)));
        let detail = body(&problem, Language::En)["detail"].as_str().unwrap().to_owned();
        assert!(!detail.contains('\u{1b}') && detail.len() < 200 && detail.contains("a[31mbb"), "{detail}");
    }

    #[test]
    fn waiting_is_rounded_up_and_401_says_how_to_log_in() {
        let soon = Problem::from(&faults::TOO_MANY).retry_after(std::time::Duration::from_millis(1_001));
        assert_eq!(soon.render(Language::En).headers()[RETRY_AFTER], "2");
        let login = Problem::from(&faults::LOGIN_NEEDED).render(Language::En);
        assert!(login.headers().contains_key(WWW_AUTHENTICATE));
    }

    #[test]
    fn field_faults_are_bounded() {
        let mut problem = Problem::from(&faults::INVALID);
        for n in 0..100 {
            problem = problem.at(format!("/{n}"), &faults::REQUIRED);
        }
        assert_eq!(body(&problem, Language::En)["errors"].as_array().unwrap().len(), MAX_FIELD_FAULTS);
    }

    #[test]
    fn codes_are_unique_and_both_languages_have_the_same_blanks() {
        let mut codes: Vec<_> = faults::ALL.iter().map(|fault| fault.code).collect();
        codes.sort_unstable();
        let count = codes.len();
        codes.dedup();
        assert_eq!(codes.len(), count);
        let blanks = |text: &str| {
            let mut found: Vec<String> =
                text.split('{').skip(1).filter_map(|part| part.split('}').next().map(str::to_owned)).collect();
            found.sort();
            found
        };
        for fault in faults::ALL {
            assert_eq!(blanks(fault.text.en), blanks(fault.text.fr), "{}", fault.code);
            assert_ne!(fault.text.en, fault.text.fr, "{}", fault.code);
        }
    }
}
