//! Holds how a JSON body is read, so that a mistake is pointed at.
//! It never guesses: unknown fields and wrong kinds are refused with a JSON pointer, and words from `mistake`.
//! Calls read their bodies with it.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, DeserializeOwned, Deserializer, MapAccess, Visitor};
use serde_path_to_error::{Path, Segment};

use super::problem::{Problem, faults};

mod mistake;

/// Reads a body, which is an object.
///
/// # Errors
/// `bad_json` with line and column, or `invalid` with a pointer to the value of the wrong kind.
pub fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    let mut reader = serde_json::Deserializer::from_slice(body);
    let Object(value) = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let pointer = point(error.path());
        let error = error.into_inner();
        if error.is_data() { mistake::tell(pointer, &error.to_string()) } else { syntax(&error) }
    })?;
    reader.end().map_err(|error| syntax(&error))?;
    Ok(value)
}

/// An object and nothing else: by itself serde takes the values of a struct as a list too, in the order they are written in.
struct Object<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        object(deserializer).map(Self)
    }
}

/// Reads a value that must be an object; for `#[serde(deserialize_with)]`.
///
/// # Errors
/// When it is something else, or not the object that is wanted.
pub fn object<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<T, D::Error> {
    struct Fields<T>(PhantomData<T>);

    impl<'de, T: Deserialize<'de>> Visitor<'de> for Fields<T> {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
            T::deserialize(MapAccessDeserializer::new(map))
        }
    }

    deserializer.deserialize_map(Fields(PhantomData))
}

fn syntax(error: &serde_json::Error) -> Problem {
    Problem::from(&faults::BAD_JSON).with("line", error.line()).with("column", error.column())
}

/// The JSON pointer (RFC 6901) of a path.
fn point(path: &Path) -> String {
    let mut pointer = String::new();
    for segment in path {
        let name = match segment {
            Segment::Seq { index } => index.to_string(),
            Segment::Map { key } => escape(key),
            Segment::Enum { variant } => variant.clone(),
            Segment::Unknown => continue,
        };
        pointer.push('/');
        pointer.push_str(&name);
    }
    pointer
}

/// A member's name as it stands in a JSON pointer.
fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;
    use crate::http::language::Language;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Sample {
        #[allow(dead_code, reason = "only its reading is tested")]
        items: Vec<Item>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Item {
        #[allow(dead_code, reason = "only its reading is tested")]
        minutes: u8,
    }

    fn refusal(text: &str) -> (u16, &'static str, String) {
        let problem = read::<Sample>(text.as_bytes()).unwrap_err();
        let pointer = problem.field_details(Language::En).first().map_or(String::new(), |(p, _)| (*p).to_owned());
        (problem.status().as_u16(), problem.code(), pointer)
    }

    #[test]
    fn mistakes_are_pointed_at() {
        assert!(read::<Sample>(br#"{"items":[{"minutes":3}]}"#).is_ok());
        assert_eq!(
            refusal(r#"{"items":[{"minutes":3},{"minutes":"x"}]}"#),
            (422, "invalid", "/items/1/minutes".into())
        );
        assert_eq!(refusal(r#"{"items":[{"minutes":300}]}"#).2, "/items/0/minutes");
        assert_eq!(refusal(r#"{"items":[{"minutes":3,"a/b~c":1}]}"#).2, "/items/0/a~1b~0c");
        assert_eq!(refusal(r#"{"itms":[]}"#).1, "invalid");
        assert_eq!(refusal(r#"[[{"minutes":3}]]"#).1, "invalid", "a list of values is no object");
        for broken in ["", "{", r#"{"items":[]} x"#, "\u{0}", "{'a':1}"] {
            assert_eq!((refusal(broken).0, refusal(broken).1), (400, "bad_json"), "{broken:?}");
        }
    }

    #[test]
    fn deep_nesting_is_refused_not_followed() {
        let deep = format!(r#"{{"items":{}"#, "[".repeat(60_000));
        assert!(matches!(refusal(&deep).1, "bad_json" | "invalid"));
    }
}
