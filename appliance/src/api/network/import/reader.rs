//! Holds how a list of devices is read: which columns it has, what their words mean, what cannot be taken.
//! Never fails as a whole for one bad line. Called by the import.

use vigie_core::lan::{DeviceId, Kind};
use vigie_core::limits::{MAX_DEVICES, MAX_NAME_BYTES, MAX_NOTES_BYTES, MAX_TAGS};

use super::line::Line;
use crate::api::network::edit::{AskedTrust, Patch};
use crate::api::network::{fault, sheet};
use crate::http::language::{Language, Text};
use crate::http::problem::Problem;

/// Lines read: twice a full table.
pub const MAX_LINES: usize = MAX_DEVICES * 2;

/// A list as it was read.
#[derive(Debug, Default)]
pub struct List {
    /// Who writes such lists: `vigie` or `netalertx`.
    pub format: &'static str,
    /// Its lines.
    pub lines: Vec<Line>,
    /// Lines beyond [`MAX_LINES`].
    pub left_out: u64,
}

const UNREADABLE: Text = Text { en: "The line cannot be read.", fr: "La ligne est illisible." };
const LEFT_OUT: Text = Text { en: "Left out: {parts}.", fr: "Laissé de côté : {parts}." };

/// Where each column is.
#[derive(Debug, Default)]
struct Columns {
    is_foreign: bool,
    names: Vec<String>,
}

impl Columns {
    fn read(head: &csv::StringRecord) -> Option<Self> {
        // `dev_MAC` in old versions, `devMac` in new ones.
        let plain = |name: &str| name.trim().trim_start_matches('\u{feff}').to_lowercase();
        let names: Vec<String> = head.iter().map(plain).collect();
        let foreign: Vec<String> = names.iter().map(|name| name.replace('_', "")).collect();
        if foreign.iter().any(|name| name == "devmac") {
            return Some(Self { is_foreign: true, names: foreign });
        }
        let known = ["mac", "ip", "id"].iter().any(|wanted| names.iter().any(|name| name == wanted));
        known.then_some(Self { is_foreign: false, names })
    }

    /// The cell of a column, without the apostrophe of a safe export; nothing when it is empty.
    fn cell<'r>(&self, record: &'r csv::StringRecord, name: &str) -> Option<&'r str> {
        let place = self.names.iter().position(|has| has == name)?;
        let cell = record.get(place)?;
        let cell = if self.is_foreign { cell } else { sheet::read_back(cell) };
        Some(cell.trim()).filter(|cell| !cell.is_empty())
    }
}

/// The line a record begins on, from 1. The reader stops behind the CR of a CR LF, whose LF it has not counted yet.
fn line_of(text: &str, place: &csv::Position) -> u64 {
    let at = usize::try_from(place.byte()).unwrap_or(usize::MAX);
    place.line() + u64::from(text.as_bytes().get(at) == Some(&b'\n'))
}

/// Reads a list.
///
/// # Errors
/// `not_utf8`, or `not_a_device_list` when its first line names no column we know.
pub fn read(body: &[u8], language: Language) -> Result<List, Problem> {
    let text = std::str::from_utf8(body).map_err(|_| Problem::from(&fault::NOT_UTF8))?;
    let text = text.trim_start_matches('\u{feff}');
    let mut reader = csv::ReaderBuilder::new().delimiter(separator(text)).flexible(true).from_reader(text.as_bytes());
    let not_a_sheet = || Problem::from(&fault::NOT_A_SHEET);
    let columns = reader.headers().ok().and_then(Columns::read).ok_or_else(not_a_sheet)?;
    let mut list =
        List { format: if columns.is_foreign { "netalertx" } else { "vigie" }, lines: Vec::new(), left_out: 0 };
    for record in reader.records() {
        if list.lines.len() >= MAX_LINES {
            list.left_out += 1;
            continue;
        }
        let line = match record {
            Ok(record) if record.iter().all(|cell| cell.trim().is_empty()) => continue,
            Ok(record) => {
                let number = record.position().map_or(0, |place| line_of(text, place));
                let line = Line { number, is_good: true, ..Line::default() };
                let fill = if columns.is_foreign { fill_foreign } else { fill_own };
                fill(line, &columns, &record, language)
            }
            Err(error) => {
                let number = error.position().map_or(0, |place| line_of(text, place));
                Line { number, remark: Some(UNREADABLE.speak(language).to_owned()), ..Line::default() }
            }
        };
        list.lines.push(line);
    }
    Ok(list)
}

/// What separates cells: programs set to French write semicolons.
fn separator(text: &str) -> u8 {
    let head = text.lines().next().unwrap_or_default();
    let count = |separator: char| head.matches(separator).count();
    [(';', b';'), ('\t', b'\t')].into_iter().find(|(it, _)| count(*it) > count(',')).map_or(b',', |(_, byte)| byte)
}

/// Reads the addresses of a line; says what is wrong with them.
pub(super) fn read_addresses(line: &mut Line, mac: Option<&str>, ip: Option<&str>, language: Language) {
    let refuse = |line: &mut Line, fault: &'static crate::http::problem::Fault| {
        line.is_good = false;
        line.remark = Some(fault.text.speak(language).to_owned());
    };
    match mac.map(str::parse) {
        Some(Ok(mac)) => line.mac = Some(mac),
        Some(Err(_)) => refuse(line, &fault::NOT_A_MAC),
        None => {}
    }
    match ip.map(str::parse) {
        Some(Ok(ip)) => line.ip = Some(ip),
        // With a MAC the address is but a hint, and old lists write words there.
        Some(Err(_)) if line.mac.is_none() && line.is_good => refuse(line, &fault::NOT_AN_IP),
        _ => {}
    }
    if line.is_good && line.mac.is_none() && line.ip.is_none() && line.id.is_none() {
        refuse(line, &fault::ADDRESS_NEEDED);
    }
}

fn fill_own(mut line: Line, columns: &Columns, record: &csv::StringRecord, language: Language) -> Line {
    let cell = |name: &str| columns.cell(record, name);
    let mut left_out = Vec::new();
    line.id = cell("id").and_then(|id| id.parse::<DeviceId>().ok());
    line.segment = cell("segment").and_then(|segments| segments.split(';').next()).map(|name| name.trim().to_owned());
    // What a source or a rule said is not a person's word, and must not become one.
    let by_person = |source: &str| cell(source).is_none_or(|source| source == "person");
    let kind = cell("kind").filter(|kind| by_person("kind_source") && *kind != "unknown");
    let kind = kind.filter(|kind| kind.parse::<Kind>().is_ok() || note(&mut left_out, "kind"));
    let trust = match cell("trust") {
        None | Some("unknown") => None,
        Some("trusted") => Some(AskedTrust::Trusted),
        Some("blocked") => Some(AskedTrust::Blocked),
        Some(_) => {
            left_out.push("trust");
            None
        }
    };
    line.said = Patch {
        label: take(cell("label").or_else(|| cell("name")), MAX_NAME_BYTES, "label", &mut left_out),
        owner: take(cell("owner"), MAX_NAME_BYTES, "owner", &mut left_out),
        notes: take(cell("notes"), MAX_NOTES_BYTES, "notes", &mut left_out),
        tags: take_tags(cell("tags").into_iter().flat_map(|tags| tags.split(';')), &mut left_out),
        trust,
        watch: cell("watch").and_then(read_yes).filter(|watch| *watch),
        kind: kind.map(|kind| Some(kind.to_owned())),
        hostname: take(
            cell("hostname").filter(|_| by_person("hostname_source") && cell("hostname_source").is_some()),
            MAX_NAME_BYTES,
            "hostname",
            &mut left_out,
        )
        .map(Some),
    };
    read_addresses(&mut line, cell("mac"), cell("ip"), language);
    remark(line, &left_out, language)
}

/// Notes a part that was left out; `false`, so that a filter can end with it.
pub(super) fn note(left_out: &mut Vec<&'static str>, part: &'static str) -> bool {
    left_out.push(part);
    false
}

fn fill_foreign(mut line: Line, columns: &Columns, record: &csv::StringRecord, language: Language) -> Line {
    let cell = |name: &str| columns.cell(record, name);
    // Its words for "nothing known".
    let said = |name: &str| {
        cell(name).filter(|text| {
            !matches!(
                text.to_lowercase().as_str(),
                "(unknown)" | "unknown" | "null" | "none" | "undefined" | "(name not found)" | "(ip not found)"
            )
        })
    };
    let mut left_out = Vec::new();
    let sort = said("devtype");
    let kind = sort.and_then(kind_of);
    let tags = [said("devgroup"), said("devlocation"), sort.filter(|_| kind.is_none())];
    line.said = Patch {
        label: take(said("devname"), MAX_NAME_BYTES, "devName", &mut left_out),
        owner: take(said("devowner"), MAX_NAME_BYTES, "devOwner", &mut left_out),
        notes: take(said("devcomments"), MAX_NOTES_BYTES, "devComments", &mut left_out),
        tags: take_tags(tags.into_iter().flatten(), &mut left_out),
        watch: cell("devfavorite").and_then(read_yes).filter(|watch| *watch),
        kind: kind.map(|kind| Some(kind.name().to_owned())),
        ..Patch::default()
    };
    read_addresses(&mut line, cell("devmac"), cell("devlastip"), language);
    remark(line, &left_out, language)
}

pub(super) fn remark(mut line: Line, left_out: &[&str], language: Language) -> Line {
    if line.remark.is_none() && !left_out.is_empty() {
        line.remark = Some(LEFT_OUT.speak(language).replace("{parts}", &left_out.join(", ")));
    }
    line
}

/// A text that fits; one that does not is left out rather than cut.
pub(super) fn take(
    text: Option<&str>,
    most: usize,
    part: &'static str,
    left_out: &mut Vec<&'static str>,
) -> Option<String> {
    let text = text?;
    if text.len() > most {
        left_out.push(part);
        return None;
    }
    Some(text.to_owned())
}

pub(super) fn take_tags<'t>(
    tags: impl Iterator<Item = &'t str>,
    left_out: &mut Vec<&'static str>,
) -> Option<Vec<String>> {
    let mut taken: Vec<String> = Vec::new();
    for tag in tags.map(str::trim).filter(|tag| !tag.is_empty()) {
        if taken.len() >= MAX_TAGS || tag.len() > MAX_NAME_BYTES {
            left_out.push("tags");
            break;
        }
        if !taken.iter().any(|has| has == tag) {
            taken.push(tag.to_owned());
        }
    }
    (!taken.is_empty()).then_some(taken)
}

fn read_yes(text: &str) -> Option<bool> {
    match text.to_lowercase().as_str() {
        "1" | "true" | "yes" | "on" | "oui" | "vrai" => Some(true),
        "0" | "false" | "no" | "off" | "non" | "faux" => Some(false),
        _ => None,
    }
}

/// The kind that a type of a NetAlertX list means; its users may write their own, which become tags.
fn kind_of(sort: &str) -> Option<Kind> {
    let sort = sort.to_lowercase();
    Some(match sort.as_str() {
        "smartphone" | "phone" | "mobile" => Kind::Phone,
        "tablet" => Kind::Tablet,
        "laptop" | "pc" | "desktop" | "computer" | "mini pc" => Kind::Computer,
        "server" | "singleboard computer (sbc)" | "hypervisor" | "vm" | "virtual machine" => Kind::Server,
        "printer" => Kind::Printer,
        "router" | "gateway" | "firewall" | "modem" => Kind::Router,
        "switch" => Kind::Switch,
        "ap" | "wlan" | "access point" => Kind::AccessPoint,
        "nas" => Kind::Nas,
        "smarttv" | "smart tv" | "tv" | "tv decoder" | "media player" => Kind::Tv,
        "game console" | "console" => Kind::Console,
        "camera" | "ip camera" | "surveillance camera" => Kind::Camera,
        "virtual assistance" | "virtual assistant" | "smart speaker" | "radio" | "speaker" => Kind::Speaker,
        "voip" | "voip phone" => Kind::Voip,
        "domotic" | "iot" | "house appliance" | "clock" | "smart plug" | "smart light" => Kind::Iot,
        "wearable" | "smartwatch" => Kind::Wearable,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<Line> {
        read(text.as_bytes(), Language::En).unwrap().lines
    }

    #[test]
    fn a_list_of_netalertx_is_understood() {
        let list = read(
            b"\"devMac\",\"devName\",\"devOwner\",\"devType\",\"devVendor\",\"devFavorite\",\"devGroup\",\"devComments\",\"devLastIP\"\n\
              \"AA:BB:CC:00:00:01\",\"Till, front\",\"shop\",\"PC\",\"ACME\",\"1\",\"tills\",\"line one\nline two\",\"192.168.1.9\"\n\
              \"Internet\",\"Internet\",\"House\",\"Router\",\"\",\"0\",\"\",\"\",\"203.0.113.1\"\n\
              \"aa-bb-cc-00-00-02\",\"(unknown)\",\"\",\"Espresso machine\",\"null\",\"0\",\"\",\"\",\"(ip not found)\"\n",
            Language::En,
        )
        .unwrap();
        assert_eq!((list.format, list.lines.len()), ("netalertx", 3));
        let [till, internet, machine] = &list.lines[..] else { panic!("three lines") };
        assert_eq!(till.mac.unwrap().to_string(), "aa:bb:cc:00:00:01");
        assert_eq!(till.said.label.as_deref(), Some("Till, front"));
        assert_eq!(till.said.notes.as_deref(), Some("line one\nline two"));
        assert_eq!((till.said.kind.clone(), till.said.watch), (Some(Some("computer".into())), Some(true)));
        assert_eq!(till.said.tags, Some(vec!["tills".into()]));
        assert!(!internet.is_good && internet.remark.as_deref().unwrap().contains("MAC"));
        assert!(machine.is_good && machine.said.label.is_none());
        assert_eq!(machine.said.tags, Some(vec!["Espresso machine".into()]));
        assert_eq!(machine.number, 5, "the line in the file, not the row");
    }

    #[test]
    fn old_names_of_columns_semicolons_and_a_mark_are_understood() {
        let list = read("\u{feff}dev_MAC;dev_Name\r\naabbcc000001;Café\r\n".as_bytes(), Language::Fr).unwrap();
        assert_eq!(list.lines.first().unwrap().said.label.as_deref(), Some("Café"));
        assert_eq!(lines("mac\tlabel\naabbcc000001\tx\n").first().unwrap().said.label.as_deref(), Some("x"));
    }

    #[test]
    fn what_does_not_fit_is_left_out_and_told() {
        let text = format!("mac,label,kind,trust\naabbcc000001,{},toaster,friend\n", "l".repeat(64));
        let line = &lines(&text)[0];
        assert!(line.is_good && line.said == Patch::default());
        assert_eq!(line.remark.as_deref(), Some("Left out: kind, trust, label."));
    }

    #[test]
    fn what_rules_and_sources_said_does_not_become_a_persons_word() {
        let line = &lines("mac,kind,kind_source,hostname,hostname_source\naabbcc000001,nas,mdns,box,mdns\n")[0];
        assert_eq!((&line.said.kind, &line.said.hostname), (&None, &None));
        let line = &lines("mac,kind,kind_source,hostname,hostname_source\naabbcc000001,nas,person,box,person\n")[0];
        assert_eq!(line.said.words(), ["kind", "hostname"]);
    }

    #[test]
    fn other_files_are_refused_and_long_ones_cut() {
        for (body, code) in [
            (&b"\xff\xfe"[..], "not_utf8"),
            (b"", "not_a_device_list"),
            (b"colour,size\nred,3\n", "not_a_device_list"),
            (b"\x89PNG\r\n\x1a\n", "not_utf8"),
        ] {
            assert_eq!(read(body, Language::En).unwrap_err().code(), code);
        }
        let many = format!("mac\n{}", "aabbcc000001\n".repeat(MAX_LINES + 3));
        let list = read(many.as_bytes(), Language::En).unwrap();
        assert_eq!((list.lines.len(), list.left_out), (MAX_LINES, 3));
    }
}
