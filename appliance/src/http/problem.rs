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

pub mod faults;

pub(crate) use faults::faults;

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
        assert!(!detail.contains('\u{1b}') && detail.len() < 240 && detail.contains("a[31mbb"), "{detail}");
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
        faults::hold_together(faults::ALL, None);
    }
}
