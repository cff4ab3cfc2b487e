//! Holds what is said of a JSON value that does not fit: where it is, and what would do, in the language asked for.
//! It never repeats a value: it may be a secret. It never shows the reader's own English words in French.
//! `json::read` calls it with the words of serde, which has no other way to tell kinds of mistakes apart.

use super::escape;
use crate::http::problem::{Fault, Problem, faults};

faults! { ,
    /// A field that no such object has.
    UNKNOWN_FIELD = "unknown_field", Invalid, "There is no such field. There are: {known}.", "Ce champ n'existe pas. Il y a : {known}.";
    /// A field that no such object has, since it has none.
    NO_FIELDS = "no_fields", Invalid, "There is no such field; no field is read here.", "Ce champ n'existe pas ; aucun champ n'est lu ici.";
    /// Two members of one name.
    TWICE = "field_twice", Invalid, "The field “{field}” stands here twice.", "Le champ « {field} » figure ici deux fois.";
    /// Not one of the words that may stand there.
    NO_SUCH_WORD = "not_a_choice", Invalid, "This must be one of: {known}.", "La valeur doit être parmi : {known}.";
    /// Something else than a text.
    NOT_A_TEXT = "not_a_text", Invalid, "This must be a text, in quotation marks.", "La valeur doit être un texte, entre guillemets.";
    /// Something else than a whole number, or one out of bounds.
    NOT_A_WHOLE_NUMBER = "not_a_whole_number", Invalid, "This must be a whole number from {least} to {most}.", "La valeur doit être un nombre entier de {least} à {most}.";
    /// Something else than a number.
    NOT_A_NUMBER = "not_a_number", Invalid, "This must be a number.", "La valeur doit être un nombre.";
    /// Something else than yes or no.
    NOT_A_BOOLEAN = "not_a_boolean", Invalid, "This must be true or false.", "La valeur doit être true ou false.";
    /// Something else than a list.
    NOT_A_LIST = "not_a_list", Invalid, "This must be a list, in square brackets.", "La valeur doit être une liste, entre crochets.";
    /// Something else than an object.
    NOT_AN_OBJECT = "not_an_object", Invalid, "This must be an object, in braces.", "La valeur doit être un objet, entre accolades.";
}

/// What fills the blanks of some words.
type Blanks = Vec<(&'static str, String)>;

/// The problem of what serde says in `words` about the value at `pointer`.
pub(super) fn tell(pointer: String, words: &str) -> Problem {
    let words = words.rsplit_once(" at line ").map_or(words, |(words, _)| words);
    let invalid = Problem::from(&faults::INVALID);
    let expected = words.rsplit_once(", expected ").map(|(_, expected)| expected);
    if let Some(field) = named(words, "missing field `") {
        return invalid.at(format!("{pointer}/{}", escape(field)), &faults::REQUIRED);
    }
    if let Some(field) = named(words, "duplicate field `") {
        return invalid.at_with(pointer, &TWICE, vec![("field", field.to_owned())]);
    }
    if words.starts_with("unknown field `") {
        return match expected {
            Some(known) => invalid.at_with(pointer, &UNKNOWN_FIELD, vec![("known", choices(known))]),
            None => invalid.at(pointer, &NO_FIELDS),
        };
    }
    if let (true, Some(known)) = (words.starts_with("unknown variant `"), expected) {
        return invalid.at_with(pointer, &NO_SUCH_WORD, vec![("known", choices(known))]);
    }
    let kind = expected.filter(|_| words.starts_with("invalid ")).and_then(kind);
    match kind {
        Some((fault, values)) => invalid.at_with(pointer, fault, values),
        // A reader's own words: they name no value.
        None => invalid.at_with(pointer, &faults::BAD_VALUE, vec![("why", words.to_owned())]),
    }
}

/// The name behind an opening, up to the closing mark.
fn named<'a>(words: &'a str, opening: &str) -> Option<&'a str> {
    words.strip_prefix(opening)?.strip_suffix('`')
}

/// The words to choose from, without what stands before and between them.
fn choices(known: &str) -> String {
    let known: Vec<_> = known.split('`').skip(1).step_by(2).collect();
    known.join(", ")
}

/// What serde calls the kind it wants, as a fault and what fills its words.
fn kind(expected: &str) -> Option<(&'static Fault, Blanks)> {
    let whole = |least: &dyn ToString, most: &dyn ToString| {
        (&NOT_A_WHOLE_NUMBER, vec![("least", least.to_string()), ("most", most.to_string())])
    };
    Some(match expected {
        "a string" | "a borrowed string" | "a character" => (&NOT_A_TEXT, Vec::new()),
        "a boolean" => (&NOT_A_BOOLEAN, Vec::new()),
        "u8" => whole(&u8::MIN, &u8::MAX),
        "u16" => whole(&u16::MIN, &u16::MAX),
        "u32" => whole(&u32::MIN, &u32::MAX),
        "u64" | "usize" => whole(&u64::MIN, &u64::MAX),
        "i8" => whole(&i8::MIN, &i8::MAX),
        "i16" => whole(&i16::MIN, &i16::MAX),
        "i32" => whole(&i32::MIN, &i32::MAX),
        "i64" | "isize" => whole(&i64::MIN, &i64::MAX),
        "f32" | "f64" => (&NOT_A_NUMBER, Vec::new()),
        "a sequence" => (&NOT_A_LIST, Vec::new()),
        "a map" | "an object" => (&NOT_AN_OBJECT, Vec::new()),
        name if name.starts_with("struct ") => (&NOT_AN_OBJECT, Vec::new()),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;

    use super::*;
    use crate::http::json;
    use crate::http::language::Language;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code, reason = "only its reading is tested")]
    struct Sample {
        name: String,
        minutes: Option<u8>,
        on: Option<bool>,
        share: Option<f64>,
        word: Option<Word>,
        tags: Option<Vec<String>>,
        inner: Option<Inner>,
        table: Option<BTreeMap<String, u8>>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Word {
        Gentle,
        Fast,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Inner {
        #[allow(dead_code, reason = "only its reading is tested")]
        id: u64,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Nothing {}

    fn say<T: serde::de::DeserializeOwned>(body: &str, language: Language) -> (String, String) {
        let document = json::read::<T>(body.as_bytes()).err().unwrap().document(language);
        let text = |name: &str| document["errors"][0][name].as_str().unwrap().to_owned();
        (format!("{} {}", text("code"), text("pointer")), text("detail"))
    }

    #[test]
    fn each_kind_of_mistake_is_at_its_place_and_says_what_would_do() {
        for (body, expected, part) in [
            (r#"{}"#, "required /name", "needed"),
            (r#"{"name":"x","inner":{}}"#, "required /inner/id", "needed"),
            (r#"{"name":"x","nam":1}"#, "unknown_field /nam", "name, minutes, on"),
            (r#"{"name":"x","name":"y"}"#, "field_twice ", "“name”"),
            (r#"{"name":5}"#, "not_a_text /name", "text"),
            (r#"{"name":null}"#, "not_a_text /name", "text"),
            (r#"{"name":"x","minutes":300}"#, "not_a_whole_number /minutes", "from 0 to 255"),
            (r#"{"name":"x","minutes":-1}"#, "not_a_whole_number /minutes", "from 0 to 255"),
            (r#"{"name":"x","minutes":1.5}"#, "not_a_whole_number /minutes", "from 0 to 255"),
            (r#"{"name":"x","on":"yes"}"#, "not_a_boolean /on", "true or false"),
            (r#"{"name":"x","share":"1"}"#, "not_a_number /share", "number"),
            (r#"{"name":"x","word":"slow"}"#, "not_a_choice /word", "gentle, fast"),
            (r#"{"name":"x","tags":"a"}"#, "not_a_list /tags", "list"),
            (r#"{"name":"x","inner":3}"#, "not_an_object /inner", "object"),
            (r#"{"name":"x","table":[]}"#, "not_an_object /table", "object"),
            (r#"[]"#, "not_an_object ", "object"),
        ] {
            let (place, detail) = say::<Sample>(body, Language::En);
            assert_eq!(place, expected, "{body}");
            assert!(detail.contains(part) && !detail.contains('`'), "{body}: {detail}");
        }
        assert_eq!(say::<Nothing>(r#"{"x":1}"#, Language::En).0, "no_fields /x");
    }

    #[test]
    fn french_is_french_and_no_value_is_repeated() {
        for body in ["{}", r#"{"name":5}"#, r#"{"name":"x","z":1}"#, r#"{"name":"x","word":"hush"}"#, "[]"] {
            let (_, detail) = say::<Sample>(body, Language::Fr);
            for english in ["expected", "invalid", "unknown", "missing", "hush"] {
                assert!(!detail.contains(english), "{body}: {detail}");
            }
        }
    }

    #[test]
    fn codes_are_unique_and_both_languages_have_the_same_blanks() {
        faults::hold_together(ALL, faults::ALL.iter().copied());
    }
}
