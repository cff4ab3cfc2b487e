//! Holds devices as a table of text: its columns, and how a cell is written so that no spreadsheet runs it.
//! Never trusts a name: hosts choose their own, and one that begins with `=` would be a formula in an office program.
//! Called by the export, which writes it, and by the import, which reads it back.

use super::view::DeviceView;

/// The columns, in their order.
pub(super) const COLUMNS: [&str; 23] = [
    "id",
    "mac",
    "ip",
    "ips",
    "label",
    "hostname",
    "hostname_source",
    "vendor",
    "kind",
    "kind_source",
    "os",
    "online",
    "presence",
    "trust",
    "watch",
    "owner",
    "tags",
    "notes",
    "segment",
    "open_ports",
    "sources",
    "first_seen",
    "last_seen",
];

/// One device, cell by cell.
pub(super) fn row(device: &DeviceView) -> [String; COLUMNS.len()] {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let switch = |on: bool| if on { "true" } else { "false" }.to_owned();
    let source = |field: &Option<super::view::FieldView>| field.as_ref().map_or("", |field| field.source).to_owned();
    let ports = device.open_ports.iter().map(|row| format!("{}/{}", row.port, row.proto)).collect::<Vec<_>>();
    // A tag with the separator in it would come back as two.
    let tags = device.tags.iter().map(|tag| tag.replace(';', ",")).collect::<Vec<_>>();
    let mut segments: Vec<&str> = device.segments().collect();
    segments.dedup();
    [
        device.id.clone(),
        text(&device.mac),
        text(&device.ip),
        device.ips.join("; "),
        device.label.clone(),
        text(&device.hostname),
        source(&device.fields.hostname),
        text(&device.vendor),
        device.kind.to_owned(),
        source(&device.fields.kind),
        text(&device.os),
        switch(device.online),
        device.presence.to_owned(),
        device.trust.to_owned(),
        switch(device.watch),
        device.owner.clone(),
        tags.join("; "),
        device.notes.clone(),
        segments.join("; "),
        ports.join("; "),
        device.sources.join("; "),
        text(&device.span.first_seen),
        text(&device.span.last_seen),
    ]
    .map(|cell| make_safe(&cell))
}

/// A cell that no spreadsheet takes for a formula: an apostrophe goes before what would begin one (OWASP, CSV
/// injection). An apostrophe that stands before such a thing already gets another, so that reading back is exact.
pub(super) fn make_safe(cell: &str) -> String {
    if is_dangerous(cell) { format!("'{cell}") } else { cell.to_owned() }
}

/// Undoes [`make_safe`].
pub(super) fn read_back(cell: &str) -> &str {
    cell.strip_prefix('\'').filter(|rest| is_dangerous(rest)).unwrap_or(cell)
}

fn is_dangerous(cell: &str) -> bool {
    let begun = cell.trim_start_matches('\'').trim_start_matches(' ');
    // The full-width forms are taken for the others by programs set to Japanese.
    begun.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_cell_comes_back_and_none_is_a_formula(cell in "[ '=+@\\-\t\r\na-z＝]{0,8}") {
            let safe = make_safe(&cell);
            prop_assert_eq!(read_back(&safe), cell.as_str());
            prop_assert!(!safe.trim_start_matches(' ').starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝']), "{:?}", safe);
        }
    }

    #[test]
    fn formulas_get_an_apostrophe_and_names_with_one_keep_theirs() {
        assert_eq!(make_safe("=cmd|' /C calc'!A0"), "'=cmd|' /C calc'!A0");
        assert_eq!(make_safe("-till-"), "'-till-");
        assert_eq!(make_safe("'s-Hertogenbosch"), "'s-Hertogenbosch");
        assert_eq!(read_back("'s-Hertogenbosch"), "'s-Hertogenbosch");
        assert_eq!(make_safe("till 2"), "till 2");
    }
}
