//! Holds which devices a person wants to see, and in which order: all of it in the address, so that links do it.
//! It never refuses an address: what it does not understand counts as not said.
//! The list and its live part use it.

use std::cmp::Ordering;
use std::net::IpAddr;

use vigie_core::lan::{Kind, Trust};
use vigie_core::order::{sort_by, sort_by_key};

use crate::http::language::{Language, Text};

use super::gate::encode;
use super::row::Row;
use super::words::devices as words;

/// Longest search, in letters.
const MAX_SEARCH_LETTERS: usize = 64;

/// Which part of the devices.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Show {
    #[default]
    All,
    Online,
    Away,
    New,
    Unknown,
    Known,
    Blocked,
    Watched,
}

impl Show {
    pub(super) const ALL: [Self; 8] =
        [Self::All, Self::Online, Self::Away, Self::New, Self::Unknown, Self::Known, Self::Blocked, Self::Watched];

    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Online => "online",
            Self::Away => "away",
            Self::New => "new",
            Self::Unknown => "unknown",
            Self::Known => "known",
            Self::Blocked => "blocked",
            Self::Watched => "watched",
        }
    }

    pub(super) const fn text(self) -> Text {
        match self {
            Self::All => words::ALL,
            Self::Online => words::ONLINE,
            Self::Away => words::AWAY,
            Self::New => words::NEW,
            Self::Unknown => words::UNKNOWN,
            Self::Known => words::KNOWN,
            Self::Blocked => words::BLOCKED,
            Self::Watched => words::WATCHED,
        }
    }

    pub(super) fn holds(self, row: &Row) -> bool {
        match self {
            Self::All => true,
            Self::Online => row.online,
            Self::Away => !row.online,
            Self::New => row.new,
            Self::Unknown => row.trust == Trust::Unknown && !row.myself,
            Self::Known => row.trust == Trust::Trusted || row.myself,
            Self::Blocked => row.trust == Trust::Blocked,
            Self::Watched => row.watch,
        }
    }
}

/// In which order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Sort {
    State,
    Name,
    #[default]
    Address,
    Maker,
    Seen,
    Ports,
}

impl Sort {
    pub(super) const ALL: [Self; 6] = [Self::State, Self::Name, Self::Address, Self::Maker, Self::Seen, Self::Ports];

    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::State => "state",
            Self::Name => "name",
            Self::Address => "ip",
            Self::Maker => "maker",
            Self::Seen => "seen",
            Self::Ports => "ports",
        }
    }

    pub(super) const fn text(self) -> Text {
        match self {
            Self::State => words::STATE,
            Self::Name => words::NAME,
            Self::Address => words::ADDRESS,
            Self::Maker => words::MAKER,
            Self::Seen => words::SEEN,
            Self::Ports => words::PORTS,
        }
    }
}

/// All of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Filter {
    pub(super) show: Show,
    pub(super) kind: Option<Kind>,
    pub(super) search: String,
    pub(super) sort: Sort,
    pub(super) down: bool,
    /// From 1.
    pub(super) page: usize,
}

impl Filter {
    /// Reads the address; `query` gives the value of a name.
    pub(super) fn read<'q>(query: impl Fn(&str) -> Option<&'q str>) -> Self {
        let word = |name| query(name).unwrap_or_default();
        Self {
            show: Show::ALL.into_iter().find(|show| show.word() == word("show")).unwrap_or_default(),
            kind: word("kind").parse().ok(),
            search: word("q").trim().chars().take(MAX_SEARCH_LETTERS).collect(),
            sort: Sort::ALL.into_iter().find(|sort| sort.word() == word("sort")).unwrap_or_default(),
            down: word("order") == "down",
            page: word("page").parse().unwrap_or(1).max(1),
        }
    }

    /// What the address holds, without the `?`; what is usual is left out.
    pub(super) fn query(&self) -> String {
        let mut parts = Vec::new();
        if self.show != Show::All {
            parts.push(format!("show={}", self.show.word()));
        }
        if let Some(kind) = self.kind {
            parts.push(format!("kind={kind}"));
        }
        if !self.search.is_empty() {
            parts.push(format!("q={}", encode(&self.search)));
        }
        if self.sort != Sort::default() {
            parts.push(format!("sort={}", self.sort.word()));
        }
        if self.down {
            parts.push("order=down".to_owned());
        }
        if self.page > 1 {
            parts.push(format!("page={}", self.page));
        }
        parts.join("&")
    }

    /// The address of the list with this filter.
    pub(super) fn path(&self) -> String {
        match self.query() {
            query if query.is_empty() => "/devices".to_owned(),
            query => format!("/devices?{query}"),
        }
    }

    /// The same, from the first page on, with another part shown.
    pub(super) fn showing(&self, show: Show) -> Self {
        Self { show, page: 1, ..self.clone() }
    }

    /// The same, sorted by a column; by the same one again, the other way round.
    pub(super) fn sorted(&self, sort: Sort) -> Self {
        Self { sort, down: self.sort == sort && !self.down, page: 1, ..self.clone() }
    }

    /// Whether a row fits kind and search, whatever part is shown: the counts beside the parts are of these.
    pub(super) fn fits_search(&self, row: &Row) -> bool {
        if self.kind.is_some_and(|kind| kind != row.kind) {
            return false;
        }
        if self.search.is_empty() {
            return true;
        }
        let wanted = self.search.to_lowercase();
        row.name.holds(&wanted)
            || row.ip.is_some_and(|ip| ip.to_string().contains(&wanted))
            || row.mac.is_some_and(|mac| mac.to_string().to_lowercase().contains(&wanted))
    }

    /// Whether a row is shown.
    pub(super) fn fits(&self, row: &Row) -> bool {
        self.show.holds(row) && self.fits_search(row)
    }

    /// Puts rows in order. Equal ones are ordered by address and identity, so that the order never flickers.
    pub(super) fn order(&self, rows: &mut [Row], language: Language) {
        let named = |row: &Row| row.name.text(language).to_lowercase();
        let steady = |a: &Row, b: &Row| address(a).cmp(&address(b)).then(a.id.cmp(&b.id));
        match self.sort {
            // Names are made, so they are made once.
            Sort::Name => sort_by_key(rows, |row| (named(row), address(row), row.id)),
            Sort::Maker => {
                sort_by_key(rows, |row| (row.vendor.is_empty(), row.vendor.to_lowercase(), address(row), row.id));
            }
            sort => sort_by(rows, |a, b| {
                let first = match sort {
                    Sort::State => b.online.cmp(&a.online),
                    Sort::Seen => b.last_moment.cmp(&a.last_moment),
                    Sort::Ports => b.ports.cmp(&a.ports),
                    Sort::Name | Sort::Maker | Sort::Address => Ordering::Equal,
                };
                first.then_with(|| steady(a, b))
            }),
        }
        if self.down {
            rows.reverse();
        }
    }
}

/// Addresses in the order of their numbers, IPv4 first, those without one last.
fn address(row: &Row) -> (bool, Option<IpAddr>) {
    (row.ip.is_none(), row.ip)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &[(&str, &str)]) -> Filter {
        Filter::read(|name| query.iter().find(|(key, _)| *key == name).map(|(_, value)| *value))
    }

    #[test]
    fn an_address_is_read_back_from_what_was_written() {
        let filter = read(&[
            ("show", "away"),
            ("kind", "printer"),
            ("q", " a&b "),
            ("sort", "seen"),
            ("order", "down"),
            ("page", "3"),
        ]);
        assert_eq!(filter.query(), "show=away&kind=printer&q=a%26b&sort=seen&order=down&page=3");
        assert_eq!(filter.showing(Show::All).query(), "kind=printer&q=a%26b&sort=seen&order=down");
        assert_eq!((filter.sorted(Sort::Seen).down, filter.sorted(Sort::Name).down), (false, false));
    }

    #[test]
    fn what_is_not_understood_counts_as_not_said() {
        let filter =
            read(&[("show", "<b>"), ("kind", "toaster"), ("sort", "x"), ("order", "sideways"), ("page", "-1")]);
        assert_eq!(filter, Filter { page: 1, ..Filter::default() });
        assert_eq!(filter.path(), "/devices");
        assert_eq!(read(&[("q", &"é".repeat(500))]).search.chars().count(), MAX_SEARCH_LETTERS);
    }
}
