//! Holds where values come from and which of them wins.
//! It never takes a key it does not know, wherever it comes from.
//! `run`, `check` and `setup` resolve the configuration with it.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use toml::Value;
use toml::de::{DeTable, DeValue};

use super::keys::{KEYS, Key, Kind, find, nearest};
use super::network::NetworkSettings;
use super::{Config, Fault};

/// Largest configuration file, in bytes: ours documents every key in 6 KB.
const MAX_FILE_BYTES: u64 = 256 * 1024;

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Built in.
    Default,
    /// A file, with line.
    File(String, usize),
    /// Changed on the page, kept on the data partition.
    Page,
    /// An environment variable.
    Environment(String),
    /// An option on the command line.
    Option(&'static str),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("built in"),
            Self::File(name, line) => write!(f, "{name}, line {line}"),
            Self::Page => f.write_str("changed on the page"),
            Self::Environment(name) => write!(f, "environment variable {name}"),
            Self::Option(name) => write!(f, "option {name}"),
        }
    }
}

/// Why a configuration is refused, in words for a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused(pub Vec<String>);

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("\n"))
    }
}

impl std::error::Error for Refused {}

/// Values from one place, by key.
#[derive(Clone, Debug, Default)]
pub struct Layer(BTreeMap<&'static str, (Value, Origin)>);

impl Layer {
    /// Sets a key from an option of the command line.
    ///
    /// # Errors
    /// When the value does not fit the key.
    pub fn set(&mut self, path: &'static str, text: &str, option: &'static str) -> Result<(), Refused> {
        let Some(key) = find(path) else { return Err(Refused(vec![format!("{path}: there is no such key")])) };
        let value = read_text(key, text).map_err(|why| Refused(vec![format!("{option}: {why}")]))?;
        self.0.insert(key.path, (value, Origin::Option(option)));
        Ok(())
    }

    /// Whether it says this key.
    #[must_use]
    pub(super) fn has(&self, path: &str) -> bool {
        self.0.contains_key(path)
    }

    /// The environment variables that say its keys of the network.
    pub(super) fn network_variables(&self) -> Vec<String> {
        self.0
            .keys()
            .filter(|path| path.starts_with("network."))
            .filter_map(|path| Some(find(path)?.variable()))
            .collect()
    }

    /// Of these values those the page may change too.
    fn shared_with_page(&self) -> Self {
        let may =
            |path: &str| path == "system.zone" || path.starts_with("network.") && !path.starts_with("network.snmp_");
        let secret = |path: &str| find(path).is_none_or(|key| key.kind == Kind::Secret);
        Self(
            self.0
                .iter()
                .filter(|(path, _)| may(path) && !secret(path))
                .map(|(path, one)| (*path, one.clone()))
                .collect(),
        )
    }

    /// The network settings a person has changed on the page.
    #[must_use]
    pub fn of_settings(settings: &NetworkSettings) -> Self {
        let mut layer = Self::default();
        if let Ok(value) = Value::try_from(settings) {
            flatten("network", &value, &mut layer.0);
        }
        layer
    }
}

fn flatten(path: &str, value: &Value, into: &mut BTreeMap<&'static str, (Value, Origin)>) {
    if let Some(key) = find(path) {
        into.insert(key.path, (value.clone(), Origin::Page));
    } else if let Value::Table(table) = value {
        for (name, value) in table {
            flatten(&format!("{path}.{name}"), value, into);
        }
    }
}

/// A resolved configuration.
#[derive(Debug)]
pub struct Effective {
    /// The values.
    pub config: Config,
    /// Where each comes from; keys that are not here are built in.
    origins: BTreeMap<&'static str, Origin>,
    values: BTreeMap<&'static str, Value>,
}

/// Decides which value wins: the command line, then the environment, then what was changed on the page, then the file.
/// Lists are taken whole from the first that has them.
///
/// # Errors
/// Everything that does not do, each with the place it comes from.
pub fn resolve(options: &Layer, environment: &Layer, page: &Layer, file: &Layer) -> Result<Effective, Refused> {
    let (mut values, mut origins) = (BTreeMap::new(), BTreeMap::new());
    for key in KEYS {
        let winner = [options, environment, page, file].into_iter().find_map(|layer| layer.0.get(key.path));
        if let Some((value, origin)) = winner {
            values.insert(key.path, value.clone());
            origins.insert(key.path, origin.clone());
        }
    }
    let mut root = toml::Table::new();
    for (path, value) in &values {
        plant(&mut root, path, value.clone());
    }
    // The kinds have been checked key by key, so this can only fail if the key list and the structs differ.
    let mut config: Config =
        root.try_into().map_err(|error: toml::de::Error| Refused(vec![error.message().to_owned()]))?;
    let faults = config.check();
    if !faults.is_empty() {
        let tell = |fault: &Fault| {
            let origin = origins.get(fault.key.as_str()).unwrap_or(&Origin::Default);
            let place = fault.index.map_or(String::new(), |index| format!(", entry {}", index + 1));
            format!("{origin}: {}{place} {}", fault.key, fault.why)
        };
        return Err(Refused(faults.iter().map(tell).collect()));
    }
    config.environment = environment.shared_with_page();
    Ok(Effective { config, origins, values })
}

fn plant(table: &mut toml::Table, path: &str, value: Value) {
    match path.split_once('.') {
        None => {
            table.insert(path.to_owned(), value);
        }
        Some((first, rest)) => {
            let inner = table.entry(first).or_insert_with(|| Value::Table(toml::Table::new()));
            if let Value::Table(inner) = inner {
                plant(inner, rest, value);
            }
        }
    }
}

impl Effective {
    /// Where a key's value comes from.
    #[must_use]
    pub fn origin(&self, path: &str) -> &Origin {
        self.origins.get(path).unwrap_or(&Origin::Default)
    }

    /// Every key with its value as a file writes it, none where it is not set; a secret is not told.
    fn list(&self) -> impl Iterator<Item = (&'static Key, Option<String>)> {
        let defaults = Config::default().list();
        KEYS.iter().map(move |key| {
            let value = match (key.kind, self.values.get(key.path)) {
                (Kind::Secret, Some(_)) => Some("(set)".to_owned()),
                (_, Some(value)) => Some(value.to_string()),
                (_, None) => defaults.get(key.path).cloned(),
            };
            (key, value)
        })
    }

    /// Every key with its value and where it comes from, secrets hidden, as lines of text.
    #[must_use]
    pub fn explain(&self) -> String {
        let tell = |(key, value): (&Key, Option<String>)| {
            let value = value.as_deref().unwrap_or("(not set)");
            format!("{} = {value}\n    {}; {}\n", key.path, key.about, self.origin(key.path))
        };
        self.list().map(tell).collect()
    }

    /// The same as a JSON list of objects, one line: `key`, `value` as a file writes it or `null`, `about`, `from`.
    #[must_use]
    pub fn document(&self) -> String {
        let tell = |(key, value): (&Key, Option<String>)| serde_json::json!({ "key": key.path, "value": value, "about": key.about, "from": self.origin(key.path).to_string() });
        format!("{}\n", serde_json::Value::Array(self.list().map(tell).collect()))
    }
}

impl Config {
    /// The built-in values, as they would be written in a file.
    fn list(&self) -> BTreeMap<&'static str, String> {
        let mut all = BTreeMap::new();
        let settings = Layer::of_settings(&self.network.settings());
        for (path, (value, _)) in settings.0 {
            all.insert(path, value.to_string());
        }
        all.insert("data.dir", Value::from(self.data.dir.display().to_string()).to_string());
        all.insert("http.listen", Value::from(self.http.listen.to_string()).to_string());
        all.insert("http.tls", Value::from(self.http.tls).to_string());
        all.insert("http.tls_listen", Value::from(self.http.tls_address().to_string()).to_string());
        all.insert("http.host_names", Value::from(self.http.host_names.clone()).to_string());
        for (path, word) in [("network.snmp_auth", "sha256"), ("network.snmp_privacy", "aes128")] {
            all.insert(path, Value::from(word).to_string());
        }
        all.insert("log.level", Value::from(self.log.level.word()).to_string());
        all.insert("system.zone", Value::from(self.system.zone.clone()).to_string());
        all
    }
}

impl super::LogLevel {
    /// The word of the file.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
            Self::Trace => "trace",
        }
    }
}

/// Reads a file.
///
/// # Errors
/// When it cannot be read, is larger than 256 KiB, or [`read`] refuses it.
pub fn read_file(path: &Path) -> Result<Layer, Refused> {
    let name = path.display();
    let refuse = |why: String| Refused(vec![format!("{name}: {why}")]);
    let size = std::fs::metadata(path).map_err(|error| refuse(error.to_string()))?.len();
    if size > MAX_FILE_BYTES {
        return Err(refuse(format!("is larger than {MAX_FILE_BYTES} bytes")));
    }
    let text = std::fs::read_to_string(path).map_err(|error| refuse(error.to_string()))?;
    read(&name.to_string(), &text)
}

/// Reads the text of a file; `name` is for the words of a refusal.
///
/// # Errors
/// Every unknown key and every value of the wrong kind, with line and column.
pub fn read(name: &str, text: &str) -> Result<Layer, Refused> {
    let table = DeTable::parse(text).map_err(|error| {
        let (line, column) = locate(text, error.span().map_or(0, |span| span.start));
        Refused(vec![format!("{name}:{line}:{column}: {}", error.message())])
    })?;
    let mut walk = Walk { name, text, layer: Layer::default(), refusals: Vec::new() };
    walk.descend("", table.get_ref());
    if walk.refusals.is_empty() { Ok(walk.layer) } else { Err(Refused(walk.refusals)) }
}

struct Walk<'t> {
    name: &'t str,
    text: &'t str,
    layer: Layer,
    refusals: Vec<String>,
}

impl Walk<'_> {
    fn descend(&mut self, above: &str, table: &DeTable<'_>) {
        for (name, value) in table {
            let path =
                if above.is_empty() { name.get_ref().to_string() } else { format!("{above}.{}", name.get_ref()) };
            let is_folder =
                KEYS.iter().any(|key| key.path.strip_prefix(path.as_str()).is_some_and(|r| r.starts_with('.')));
            if let Some(key) = find(&path) {
                let (line, _) = locate(self.text, name.span().start);
                match convert(value.get_ref()).filter(|value| fits(key.kind, value).is_ok()) {
                    Some(value) => {
                        self.layer.0.insert(key.path, (value, Origin::File(self.name.to_owned(), line)));
                    }
                    None => self.refuse(value.span().start, &format!("{path} must be {}", describe(key.kind))),
                }
            } else if let (true, DeValue::Table(inner)) = (is_folder, value.get_ref()) {
                self.descend(&path, inner);
            } else if is_folder {
                self.refuse(value.span().start, &format!("{path} must be a table, such as [{path}]"));
            } else {
                self.refuse(name.span().start, &tell_unknown(&path));
            }
        }
    }

    fn refuse(&mut self, at: usize, why: &str) {
        let (line, column) = locate(self.text, at);
        self.refusals.push(format!("{}:{line}:{column}: {why}", self.name));
    }
}

/// Says that a key is not known, and which one was most likely meant.
fn tell_unknown(path: &str) -> String {
    let folders = KEYS.iter().filter_map(|key| key.path.rsplit_once('.').map(|(folder, _)| folder));
    let paths = KEYS.iter().map(|key| key.path).chain(folders);
    // A key under the wrong table is as common as a slip of the finger.
    let leaf = |path: &'static str| path.rsplit('.').next().unwrap_or(path);
    let typed_leaf = path.rsplit('.').next().unwrap_or(path);
    let meant =
        nearest(path, paths).or_else(|| KEYS.iter().map(|key| key.path).find(|known| leaf(known) == typed_leaf));
    match meant {
        Some(meant) => format!("there is no key {path}; did you mean {meant}?"),
        None => format!("there is no key {path}"),
    }
}

/// Reads the `VIGIE_…` variables. Lists are separated by commas.
///
/// # Errors
/// Every unknown variable that starts with `VIGIE_`, and every value that does not fit.
pub fn read_environment(variables: impl IntoIterator<Item = (String, String)>) -> Result<Layer, Refused> {
    let (mut layer, mut refusals) = (Layer::default(), Vec::new());
    for (name, text) in variables {
        if !name.starts_with("VIGIE_") {
            continue;
        }
        let Some(key) = KEYS.iter().find(|key| key.variable() == name) else {
            let known: Vec<String> = KEYS.iter().map(Key::variable).collect();
            let hint = nearest(&name, known.iter().map(String::as_str))
                .map_or(String::new(), |meant| format!("; did you mean {meant}?"));
            refusals.push(format!("environment variable {name} is not known{hint}"));
            continue;
        };
        match read_text(key, &text) {
            Ok(value) => {
                layer.0.insert(key.path, (value, Origin::Environment(name)));
            }
            Err(why) => refusals.push(format!("environment variable {name}: {why}")),
        }
    }
    if refusals.is_empty() { Ok(layer) } else { Err(Refused(refusals)) }
}

/// Reads the value of a key from bare text.
fn read_text(key: &Key, text: &str) -> Result<Value, String> {
    let parts = || text.split(',').map(str::trim).filter(|part| !part.is_empty());
    let value = match key.kind {
        Kind::Text | Kind::Secret | Kind::Listen | Kind::Word(_) => Some(Value::from(text)),
        Kind::Switch => text.parse::<bool>().ok().map(Value::from),
        Kind::Small | Kind::Seconds => text.parse::<i64>().ok().map(Value::from),
        Kind::Texts => Some(Value::Array(parts().map(Value::from).collect())),
        Kind::Ports => {
            parts().map(|part| part.parse::<i64>().ok().map(Value::from)).collect::<Option<Vec<_>>>().map(Value::Array)
        }
    };
    let value = value.ok_or_else(|| format!("must be {}", describe(key.kind)))?;
    fits(key.kind, &value).map(|()| value).map_err(|()| format!("must be {}", describe(key.kind)))
}

fn fits(kind: Kind, value: &Value) -> Result<(), ()> {
    let good = match (kind, value) {
        (Kind::Text | Kind::Secret, Value::String(_)) | (Kind::Switch, Value::Boolean(_)) => true,
        (Kind::Listen, Value::String(text)) => text.parse::<std::net::SocketAddr>().is_ok(),
        (Kind::Small, Value::Integer(number)) => u8::try_from(*number).is_ok(),
        (Kind::Seconds, Value::Integer(number)) => (1..=86_400).contains(number),
        (Kind::Word(words), Value::String(text)) => words.contains(&text.as_str()),
        (Kind::Texts, Value::Array(items)) => items.iter().all(Value::is_str),
        (Kind::Ports, Value::Array(items)) => {
            items.iter().all(|item| item.as_integer().is_some_and(|number| u16::try_from(number).is_ok()))
        }
        _ => false,
    };
    if good { Ok(()) } else { Err(()) }
}

fn describe(kind: Kind) -> String {
    match kind {
        Kind::Text | Kind::Secret => "a text in quotes".to_owned(),
        Kind::Listen => "an address with a port, such as 0.0.0.0:8080 or [::]:8080".to_owned(),
        Kind::Switch => "true or false".to_owned(),
        Kind::Small => "a whole number from 0 to 255".to_owned(),
        Kind::Seconds => "a whole number of seconds from 1 to 86400".to_owned(),
        Kind::Word(words) => format!("one of {}", words.join(", ")),
        Kind::Texts => "a list of texts".to_owned(),
        Kind::Ports => "a list of ports from 0 to 65535".to_owned(),
    }
}

/// The owned value of a parsed one; `None` for what no key takes (dates, tables, numbers beyond 64 bits).
fn convert(value: &DeValue<'_>) -> Option<Value> {
    match value {
        DeValue::String(text) => Some(Value::String(text.to_string())),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix()).ok().map(Value::Integer),
        DeValue::Boolean(switch) => Some(Value::Boolean(*switch)),
        DeValue::Array(items) => {
            items.iter().map(|item| convert(item.get_ref())).collect::<Option<Vec<_>>>().map(Value::Array)
        }
        DeValue::Float(_) | DeValue::Datetime(_) | DeValue::Table(_) => None,
    }
}

/// Line and column of a byte, both from 1, the column in characters.
fn locate(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    (before.matches('\n').count() + 1, before.get(line_start..).unwrap_or_default().chars().count() + 1)
}
