//! Holds how a backup is read: the document of `vigie export` and of the backup route, as lines the import carries out.
//! Never keeps more of a document than its bounds, however long its lists, and never takes anything that would let somebody in.
//! Called by the restore, running or stopped.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, SeqAccess, Visitor};
use vigie_core::lan::{DeviceId, Kind};
use vigie_core::limits::{MAX_INTERFACES, MAX_NAME_BYTES, MAX_NOTES_BYTES, MAX_TAGS};

use super::line::Line;
use super::reader::{List, MAX_LINES, note, read_addresses, remark, take, take_tags};
use crate::accounts::MAX_ACCOUNTS;
use crate::api::network::edit::{AskedTrust, Patch};
use crate::api::network::fault;
use crate::config::NetworkSettings;
use crate::http::language::Language;
use crate::http::problem::Problem;

/// The form this version writes and reads.
pub(crate) const VERSION: u64 = 1;
/// Roles looked at; a device has a handful.
const MAX_ROLES: usize = 16;

/// A backup as it was read.
pub(crate) struct Backup {
    /// When it was written, in the words of the appliance that wrote it.
    pub(crate) exported: Option<String>,
    /// The version that wrote it.
    pub(crate) program: Option<String>,
    /// Its devices.
    pub(crate) list: List,
    /// How its network is watched; `None` where it does not say.
    pub(crate) settings: Option<NetworkSettings>,
    /// Names of its accounts.
    pub(crate) accounts: Vec<String>,
}

/// What every form has.
#[derive(Deserialize)]
struct Form {
    version: Option<u64>,
}

#[derive(Deserialize)]
struct Document {
    exported: Option<String>,
    program: Option<String>,
    settings: Option<NetworkSettings>,
    #[serde(default)]
    accounts: First<Account, MAX_ACCOUNTS>,
    items: First<Item, MAX_LINES>,
}

#[derive(Deserialize)]
struct Account {
    username: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Item {
    id: Option<String>,
    mac: Option<String>,
    ip: Option<String>,
    interfaces: First<Leg, MAX_INTERFACES>,
    label: String,
    owner: String,
    notes: String,
    tags: First<String, { MAX_TAGS + 1 }>,
    trust: String,
    watch: bool,
    kind: String,
    hostname: Option<String>,
    roles: First<String, MAX_ROLES>,
    fields: Fields,
}

#[derive(Deserialize)]
struct Leg {
    segment: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Fields {
    kind: Option<Field>,
    hostname: Option<Field>,
}

#[derive(Deserialize)]
struct Field {
    source: String,
}

impl Field {
    /// What a source or a rule said is not a person's word, and must not become one.
    fn is_by_person(field: Option<&Self>) -> bool {
        field.is_some_and(|field| field.source == "person")
    }
}

/// The first `MAX` of a list; the others are counted and not kept, so that no document costs more than its own length.
struct First<T, const MAX: usize> {
    kept: Vec<T>,
    left_out: u64,
}

impl<T, const MAX: usize> Default for First<T, MAX> {
    fn default() -> Self {
        Self { kept: Vec::new(), left_out: 0 }
    }
}

impl<'de, T: Deserialize<'de>, const MAX: usize> Deserialize<'de> for First<T, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Gather<T, const MAX: usize>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>, const MAX: usize> Visitor<'de> for Gather<T, MAX> {
            type Value = First<T, MAX>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
                let mut first = First::default();
                while first.kept.len() < MAX {
                    match list.next_element()? {
                        Some(one) => first.kept.push(one),
                        None => return Ok(first),
                    }
                }
                while list.next_element::<IgnoredAny>()?.is_some() {
                    first.left_out += 1;
                }
                Ok(first)
            }
        }
        deserializer.deserialize_seq(Gather(PhantomData))
    }
}

/// Reads a backup.
///
/// # Errors
/// `not_a_backup` with the place where it stops being one, `other_backup_form` for a form of another version.
pub(crate) fn read(body: &[u8], language: Language) -> Result<Backup, Problem> {
    let bad = |error: &serde_json::Error| {
        Problem::from(&fault::NOT_A_BACKUP).with("line", error.line()).with("column", error.column())
    };
    let form: Form = serde_json::from_slice(body).map_err(|error| bad(&error))?;
    let version = form.version.ok_or_else(|| Problem::from(&fault::NOT_A_BACKUP).with("line", 1).with("column", 1))?;
    if version != VERSION {
        return Err(Problem::from(&fault::OTHER_BACKUP_FORM).with("version", version).with("known", VERSION));
    }
    let document: Document = serde_json::from_slice(body).map_err(|error| bad(&error))?;
    // The appliance that wrote it is not a device here: this one knows itself.
    let is_other = |item: &&Item| !item.roles.kept.iter().any(|role| role == "myself");
    let lines = document.items.kept.iter().zip(1..).filter(|(item, _)| is_other(item));
    let lines = lines.map(|(item, number)| line(item, number, language)).collect();
    Ok(Backup {
        exported: document.exported,
        program: document.program,
        list: List { format: "backup", lines, left_out: document.items.left_out },
        settings: document.settings,
        accounts: document.accounts.kept.into_iter().map(|account| account.username).collect(),
    })
}

fn line(item: &Item, number: u64, language: Language) -> Line {
    let said = |text: &'_ str| Some(text.trim()).filter(|text| !text.is_empty()).map(str::to_owned);
    let mut left_out = Vec::new();
    let kind = Some(item.kind.as_str()).filter(|_| Field::is_by_person(item.fields.kind.as_ref()));
    let kind = kind.filter(|kind| kind.parse::<Kind>().is_ok() || note(&mut left_out, "kind"));
    let hostname = item.hostname.as_deref().filter(|_| Field::is_by_person(item.fields.hostname.as_ref()));
    let trust = match item.trust.as_str() {
        "" | "unknown" => None,
        "trusted" => Some(AskedTrust::Trusted),
        "blocked" => Some(AskedTrust::Blocked),
        _ => {
            left_out.push("trust");
            None
        }
    };
    let mut line = Line {
        number,
        is_good: true,
        id: item.id.as_deref().and_then(|id| id.parse::<DeviceId>().ok()),
        segment: item.interfaces.kept.first().and_then(|leg| said(&leg.segment)),
        said: Patch {
            label: take(said(&item.label).as_deref(), MAX_NAME_BYTES, "label", &mut left_out),
            owner: take(said(&item.owner).as_deref(), MAX_NAME_BYTES, "owner", &mut left_out),
            notes: take(said(&item.notes).as_deref(), MAX_NOTES_BYTES, "notes", &mut left_out),
            tags: take_tags(item.tags.kept.iter().map(String::as_str), &mut left_out),
            trust,
            watch: item.watch.then_some(true),
            kind: kind.map(|kind| Some(kind.to_owned())),
            hostname: take(hostname.and_then(said).as_deref(), MAX_NAME_BYTES, "hostname", &mut left_out).map(Some),
        },
        ..Line::default()
    };
    read_addresses(&mut line, item.mac.as_deref(), item.ip.as_deref(), language);
    remark(line, &left_out, language)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(body: &str) -> &'static str {
        read(body.as_bytes(), Language::En).err().map_or("", |problem| problem.code())
    }

    #[test]
    fn a_backup_of_another_form_is_refused_with_words() {
        for body in [
            "",
            "[]",
            "{}",
            "not json",
            r#"{"version":"one"}"#,
            r#"{"version":1}"#,
            r#"{"version":1,"items":{}}"#,
            "\u{feff}",
        ] {
            assert_eq!(code(body), "not_a_backup", "{body}");
        }
        assert_eq!(code(r#"{"version":2,"items":"whatever it will be"}"#), "other_backup_form");
        let problem = read(b"{\"version\":1,\n\"items\":[{\"watch\":\"yes\"}]}", Language::Fr).err().unwrap();
        assert!(problem.detail(Language::Fr).contains("ligne 2"), "{}", problem.detail(Language::Fr));
        assert_eq!(
            code(r#"{"version":1,"items":[],"settings":{"interval_minuets":3}}"#),
            "not_a_backup",
            "nothing is guessed"
        );
    }

    #[test]
    fn what_people_said_is_taken_and_what_machines_said_is_not() {
        let body = r#"{"version":1,"exported":"2026-01-02T03:04:05.000Z","program":"0.1.0","settings":{"interval_minutes":7},
            "accounts":[{"username":"ada","role":"admin","enabled":true}],
            "items":[{"id":"00000000000000aa","mac":"aa:bb:cc:00:00:01","ip":"192.168.1.9","interfaces":[{"segment":"eth0","mac":null}],
              "label":" Till ","owner":"","notes":"by the\ndoor","tags":["a","a"," "],"trust":"blocked","watch":true,
              "kind":"nas","hostname":"box","fields":{"kind":{"value":"nas","source":"person"},"hostname":{"value":"box","source":"mdns"}},
              "unheard_of":{"deep":[1]}},
             {"mac":"02:00:00:00:00:02","roles":["myself"],"label":"this box"},
             {"mac":"nonsense"},{}]}"#;
        let backup =
            read(body.as_bytes(), Language::En).unwrap_or_else(|problem| panic!("{}", problem.detail(Language::En)));
        assert_eq!(
            (backup.accounts, backup.settings.map(|settings| settings.interval_minutes)),
            (vec!["ada".into()], Some(7))
        );
        let [till, nonsense, nobody] = &backup.list.lines[..] else { panic!("{:?}", backup.list.lines) };
        assert_eq!(till.said.words(), ["label", "notes", "tags", "trust", "watch", "kind"]);
        assert_eq!((till.said.label.as_deref(), till.segment.as_deref()), (Some("Till"), Some("eth0")));
        assert_eq!(till.said.tags, Some(vec!["a".into()]));
        assert!(!nonsense.is_good && nonsense.number == 3 && !nobody.is_good);
    }

    #[test]
    fn long_lists_are_counted_not_kept() {
        let many = format!(
            r#"{{"version":1,"items":[{}{{}}],"accounts":[{}{{"username":"z"}}]}}"#,
            "{},".repeat(MAX_LINES + 2),
            r#"{"username":"x"},"#.repeat(5_000)
        );
        let backup =
            read(many.as_bytes(), Language::En).unwrap_or_else(|problem| panic!("{}", problem.detail(Language::En)));
        assert_eq!(
            (backup.list.lines.len(), backup.list.left_out, backup.accounts.len()),
            (MAX_LINES, 3, MAX_ACCOUNTS)
        );
        let tags = format!(
            r#"{{"version":1,"items":[{{"mac":"aa:bb:cc:00:00:01","tags":[{}"z"]}}]}}"#,
            (0..4_000).map(|n| format!("\"t{n}\",")).collect::<String>()
        );
        let backup =
            read(tags.as_bytes(), Language::En).unwrap_or_else(|problem| panic!("{}", problem.detail(Language::En)));
        assert_eq!(backup.list.lines[0].said.tags.as_ref().map(Vec::len), Some(MAX_TAGS));
        assert_eq!(backup.list.lines[0].remark.as_deref(), Some("Left out: tags."));
    }
}
