//! Holds how an entry of the journal looks: in JSON, as a line of a spreadsheet, with names looked up as it is read.
//! Never stores a name: when an account is gone, its number is what is left.
//! The routes, the page and the export of the command line use it.

use std::collections::BTreeMap;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;
use vigie_core::audit::{Actor, Entry, Kind, Object};

use crate::accounts::Accounts;
use crate::accounts::clock::format_utc;
use crate::accounts::record::AccountRecord;
use crate::shell::clocks::Clocks;

/// What accounts are called now.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names {
    by_number: BTreeMap<u32, String>,
    /// For who may see what was done, but neither by whom nor from where.
    hidden: bool,
}

impl Names {
    /// The names of a running service.
    pub(crate) fn of(accounts: &Accounts) -> Self {
        let all = accounts.list().into_iter().map(|account| (account.number, account.username));
        Self { by_number: all.collect(), hidden: false }
    }

    /// None, and no addresses either.
    pub(crate) fn hidden() -> Self {
        Self { hidden: true, ..Self::default() }
    }

    /// The address of an entry, for who may know.
    pub(crate) fn address(&self, entry: &Entry) -> Option<String> {
        entry.what.from.filter(|_| !self.hidden).map(|from| from.to_string())
    }

    /// The names in stored records.
    pub(crate) fn of_records<'a>(records: impl Iterator<Item = &'a [u8]>) -> Self {
        let all = records.filter_map(AccountRecord::from_bytes).map(|record| (record.number, record.username));
        Self { by_number: all.collect(), hidden: false }
    }

    /// The number of a name, compared without case.
    pub(crate) fn number_of(&self, name: &str) -> Option<u32> {
        self.by_number.iter().find(|(_, known)| known.eq_ignore_ascii_case(name)).map(|(number, _)| *number)
    }

    /// The name of a number; `None` once the account is gone.
    pub(crate) fn of_number(&self, number: u32) -> Option<&str> {
        self.by_number.get(&number).map(String::as_str)
    }
}

/// Somebody or something, with its name if it has one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Party {
    /// `system`, `account`, `stranger`, `console`, `device`, `session`, `workstation`, `person`, `thing` or `nothing`.
    pub(crate) kind: &'static str,
    /// Number of the account, session or workstation, id of the device, pseudonym of the person.
    pub(crate) id: Option<String>,
    /// What the account is called now, or the thing; `null` for an account that is gone.
    pub(crate) name: Option<String>,
}

/// An entry of the journal.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct EntryView {
    /// Its number, without gaps.
    pub(crate) id: u64,
    /// When, RFC 3339 in UTC; `null` when the wall clock was never set in that boot.
    pub(crate) time: Option<String>,
    /// Number of the boot.
    pub(crate) boot: u32,
    /// Milliseconds since that boot.
    pub(crate) boot_ms: u64,
    /// What, by a stable name; `kind_…` with a number for one of a newer version.
    pub(crate) kind: String,
    /// Whether it tells that something was refused or went wrong.
    pub(crate) failure: bool,
    /// Who.
    pub(crate) actor: Party,
    /// To what.
    pub(crate) object: Party,
    /// The address it came from.
    pub(crate) from: Option<String>,
    /// How many alike it stands for.
    pub(crate) count: u32,
    /// Particulars.
    pub(crate) detail: String,
    /// Hash of the entry, hexadecimal.
    pub(crate) hash: String,
}

/// Columns of the spreadsheet.
const COLUMNS: [&str; 13] = [
    "id",
    "time",
    "boot",
    "boot_ms",
    "kind",
    "actor",
    "actor_name",
    "object",
    "object_name",
    "from",
    "count",
    "detail",
    "hash",
];

impl EntryView {
    /// An entry as it looks now.
    pub(crate) fn render(entry: &Entry, names: &Names, clocks: &Clocks) -> Self {
        let what = &entry.what;
        let kind = Kind::of_code(what.kind);
        Self {
            id: entry.number,
            time: time_of(entry, clocks).map(format_utc),
            boot: what.at.boot,
            boot_ms: what.at.ms,
            kind: kind.map_or_else(|| format!("kind_{}", what.kind), |kind| kind.name().to_owned()),
            failure: kind.is_some_and(Kind::is_failure),
            actor: actor(what.actor, names),
            object: object(&what.object, names),
            from: names.address(entry),
            count: what.count,
            detail: what.detail.to_string(),
            hash: data_encoding::HEXLOWER.encode(&vigie_core::audit::hash(&entry.to_bytes())),
        }
    }
}

/// When it was: as written, else as learnt later about that boot.
pub(crate) fn time_of(entry: &Entry, clocks: &Clocks) -> Option<Duration> {
    let written = Some(entry.what.wall_ms).filter(|ms| *ms > 0).map(Duration::from_millis);
    written.or_else(|| clocks.unix(entry.what.at))
}

fn actor(actor: Actor, names: &Names) -> Party {
    let party = |kind| Party { kind, id: None, name: None };
    match actor {
        Actor::System => party("system"),
        Actor::Account(number) => account(number, names),
        Actor::Stranger => party("stranger"),
        Actor::Console => party("console"),
        Actor::Workstation(number) => numbered("workstation", number),
    }
}

fn numbered(kind: &'static str, number: impl ToString) -> Party {
    Party { kind, id: Some(number.to_string()), name: None }
}

fn account(number: u32, names: &Names) -> Party {
    Party { kind: "account", id: Some(number.to_string()), name: names.of_number(number).map(str::to_owned) }
}

fn object(object: &Object, names: &Names) -> Party {
    match object {
        Object::Nothing => Party { kind: "nothing", id: None, name: None },
        Object::Account(number) => account(*number, names),
        Object::Device(id) => Party { kind: "device", id: Some(format!("{id:016x}")), name: None },
        Object::Session(number) => numbered("session", number),
        Object::Workstation(number) => numbered("workstation", number),
        Object::Person(subject) => numbered("person", format!("{subject:016x}")),
        Object::Named(name) => Party { kind: "thing", id: None, name: Some(name.to_string()) },
    }
}

/// The names of the columns.
pub(crate) fn write_csv_head() -> Vec<u8> {
    write_line(&COLUMNS.map(str::to_owned))
}

/// An entry as a line.
pub(crate) fn write_csv(view: &EntryView) -> Vec<u8> {
    let who =
        |party: &Party| party.id.as_ref().map_or_else(|| party.kind.to_owned(), |id| format!("{} {id}", party.kind));
    let or_empty = |text: &Option<String>| text.clone().unwrap_or_default();
    write_line(&[
        view.id.to_string(),
        or_empty(&view.time),
        view.boot.to_string(),
        view.boot_ms.to_string(),
        view.kind.clone(),
        who(&view.actor),
        or_empty(&view.actor.name),
        who(&view.object),
        or_empty(&view.object.name),
        or_empty(&view.from),
        view.count.to_string(),
        view.detail.clone(),
        view.hash.clone(),
    ])
}

fn write_line(cells: &[String; 13]) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    // A spreadsheet takes what begins so for a formula; names of accounts may begin with `-` or `@`.
    let harmless = cells.iter().map(|cell| match cell.starts_with(['=', '+', '-', '@', '\t']) {
        true => format!("'{cell}"),
        false => cell.clone(),
    });
    // Writing to memory fails for rows of different lengths only, and these have one.
    let _written = writer.write_record(harmless);
    writer.into_inner().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use vigie_core::Moment;
    use vigie_core::audit::Draft;

    #[test]
    fn names_are_looked_up_and_a_formula_stays_text() {
        let names = Names { by_number: BTreeMap::from([(1, "@ada".to_owned())]), hidden: false };
        let what = Draft {
            at: Moment { boot: 1, ms: 5 },
            wall_ms: 1_800_000_000_000,
            kind: Kind::AccountDeleted.code(),
            actor: Actor::Account(1),
            count: 1,
            from: Some([10, 0, 0, 9].into()),
            object: Object::Account(2),
            detail: "a, \"b\"".into(),
        };
        let entry = Entry { number: 9, previous: [0; 32], what };
        let view = EntryView::render(&entry, &names, &Clocks::open(&[], None));
        assert_eq!((view.actor.name.as_deref(), view.object.name.as_deref()), (Some("@ada"), None));
        let line = String::from_utf8(write_csv(&view)).unwrap();
        let start =
            "9,2027-01-15T08:00:00.000Z,1,5,account_deleted,account 1,'@ada,account 2,,10.0.0.9,1,\"a, \"\"b\"\"\",";
        assert!(line.starts_with(start) && line.ends_with("\r\n"), "{line}");
        let unknown = EntryView::render(&entry, &Names::hidden(), &Clocks::open(&[], None));
        assert_eq!((unknown.actor.name, unknown.from), (None, None), "who may not know is not told");
        let newer = Entry { what: Draft { kind: 200, ..entry.what.clone() }, ..entry };
        assert_eq!(EntryView::render(&newer, &names, &Clocks::open(&[], None)).kind, "kind_200");
    }
}
