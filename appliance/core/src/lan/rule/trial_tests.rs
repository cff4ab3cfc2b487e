//! Holds devices and the kind they must be taken for. Tests of `trial`.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::super::clause::{FIELDS, ROLES};
use super::super::numbers::Numbers;
use super::super::words::statements;
use super::*;
use crate::lan::sighting::Clue;

const SHIPPED: &str = include_str!("../../../../profiles/devices.rules");
const CASES: &str = include_str!("../../../../profiles/devices.cases");

/// A device written down.
#[derive(Clone, Debug, Default)]
struct Sketch {
    clues: Vec<(Source, Clue, String)>,
    names: Vec<(Source, String)>,
    ports: Vec<Port>,
    roles: Vec<Role>,
    random: bool,
}

impl Subject for Sketch {
    fn clues(&self) -> impl Iterator<Item = (Source, Clue, &str)> {
        self.clues.iter().map(|(source, clue, text)| (*source, *clue, text.as_str()))
    }

    fn names(&self) -> impl Iterator<Item = (Source, &str)> {
        self.names.iter().map(|(source, name)| (*source, name.as_str()))
    }

    fn open_ports(&self) -> impl Iterator<Item = Port> {
        self.ports.iter().copied()
    }

    fn roles(&self) -> impl Iterator<Item = Role> {
        self.roles.iter().copied()
    }

    fn random_mac(&self) -> bool {
        self.random
    }
}

/// Where a clue usually comes from.
fn usual(field: &str) -> Source {
    match field.split('-').next().unwrap() {
        "upnp" => Source::Ssdp,
        "wsd" => Source::Wsd,
        "dhcp" => Source::Dhcp,
        "netbios" | "workgroup" => Source::Nbns,
        "snmp" => Source::Snmp,
        "ssh" => Source::Ssh,
        "http" => Source::Http,
        "rtsp" => Source::Rtsp,
        "tls" => Source::Tls,
        "greeting" => Source::Banner,
        "mac" => Source::Arp,
        "name" => Source::Dns,
        _ => Source::Mdns,
    }
}

impl Sketch {
    /// Takes one line: `model@ssdp UE55AU7179`.
    fn learn(&mut self, line: &str) {
        let (field, value) = line.split_once(' ').unwrap_or((line, ""));
        let (field, source) = field.split_once('@').unwrap_or((field, ""));
        let named = Source::ALL.iter().find(|known| known.name() == source).copied();
        assert!(named.is_some() || source.is_empty(), "no source {source}");
        let source = named.unwrap_or_else(|| usual(field));
        let (_, known) = FIELDS.iter().find(|(name, _)| *name == field).unwrap_or_else(|| panic!("no field {field}"));
        match known {
            Field::Clue(clue) => self.clues.push((source, *clue, value.to_string())),
            Field::Name => self.names.push((source, value.to_string())),
            Field::Port => self.ports.push(Port { transport: Transport::Tcp, number: value.parse().unwrap() }),
            Field::Role => self.roles.push(ROLES.iter().find(|(name, _)| *name == value).unwrap().1),
            Field::RandomMac => self.random = true,
        }
    }

    fn of(lines: &[&str]) -> Self {
        let mut sketch = Self::default();
        lines.iter().for_each(|line| sketch.learn(line));
        sketch
    }

    fn judged(&self, rules: &RuleSet) -> Verdict {
        let mut verdict = Verdict::default();
        rules.judge(self, &mut verdict);
        verdict
    }
}

/// Name, device, expected kind and, where told, system.
type Case = (&'static str, Sketch, Kind, Option<&'static str>);

fn cases() -> Vec<Case> {
    let case = |text: &'static str| {
        let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        let name = lines.next().unwrap();
        let mut sketch = Sketch::default();
        let mut wanted = None;
        for line in lines {
            match line.strip_prefix("= ") {
                Some(answer) => {
                    wanted = Some(answer.split_once(" os ").map_or((answer, None), |(kind, os)| (kind, Some(os))));
                }
                None => sketch.learn(line),
            }
        }
        let (kind, os) = wanted.unwrap_or_else(|| panic!("{name} expects nothing"));
        (name, sketch, kind.parse().unwrap(), os)
    };
    statements(CASES).map(|statement| case(statement.text)).collect()
}

fn shipped() -> RuleSet {
    RuleSet::read(&[SHIPPED]).0
}

impl Numbers {
    fn shuffle<T>(&mut self, things: &mut [T]) {
        for place in (1..things.len()).rev() {
            things.swap(place, self.below(place + 1));
        }
    }

    /// A device mixed from what all cases say.
    fn mixture(&mut self, cases: &[Case]) -> Sketch {
        let mut mixed = Sketch { random: self.below(4) == 0, ..Sketch::default() };
        for _ in 0..1 + self.below(24) {
            let (_, from, ..) = &cases[self.below(cases.len())];
            let pick = |numbers: &mut Self, length: usize| (length > 0).then(|| numbers.below(length));
            match self.below(8) {
                0 => mixed.names.extend(pick(self, from.names.len()).map(|at| from.names[at].clone())),
                1 => mixed.ports.extend(pick(self, from.ports.len()).map(|at| from.ports[at])),
                2 => mixed.roles.extend(pick(self, from.roles.len()).map(|at| from.roles[at])),
                _ => mixed.clues.extend(pick(self, from.clues.len()).map(|at| from.clues[at].clone())),
            }
        }
        mixed
    }
}

#[test]
fn the_shipped_rules_are_without_fault_and_many() {
    let (rules, problems) = RuleSet::read(&[SHIPPED]);
    assert_eq!(problems, []);
    assert!(rules.len() >= 200, "{}", rules.len());
    assert!(SHIPPED.len() * 3 <= super::super::MAX_FILE_BYTES && rules.len() * 4 <= super::super::MAX_RULES);
}

#[test]
fn every_kind_and_every_sort_of_evidence_has_rules() {
    let rules = shipped();
    for kind in Kind::ALL.iter().skip(1) {
        let concluded =
            rules.tables.conclusions.iter().filter(|conclusion| conclusion.what == What::Kind(*kind)).count();
        assert!(concluded >= 4, "{kind}: {concluded}");
    }
    for (name, field) in FIELDS {
        assert!(rules.about(field).count() > 0 || name == "workgroup", "{name}");
    }
}

#[test]
fn every_maker_a_rule_names_is_in_the_registry() {
    let registry = crate::lan::vendor::Vendors::new(include_bytes!("../../../../profiles/vendors.bin")).unwrap();
    let registry = registry.all_names().to_ascii_lowercase();
    let rules = shipped();
    for condition in rules.tables.conditions.iter().filter(|condition| condition.field == Field::Clue(Clue::MacVendor))
    {
        for value in condition.values.of(&rules.tables.values) {
            let Value::Text(text) = value else { panic!("{value:?}") };
            let maker = rules.tables.text(*text).to_ascii_lowercase();
            assert!(registry.windows(maker.len()).any(|window| window == maker.as_bytes()), "{maker}");
        }
    }
}

#[test]
fn each_device_of_the_case_file_is_known_for_what_it_is() {
    let rules = shipped();
    let cases = cases();
    assert!(cases.len() >= 60);
    let mut wrong = Vec::new();
    for (name, sketch, kind, os) in &cases {
        let verdict = sketch.judged(&rules);
        if verdict.kind != *kind || os.is_some_and(|os| verdict.os != os) {
            let reasons: Vec<_> =
                verdict.reasons.iter().map(|reason| format!("    {} {}", reason.weight, reason.text)).collect();
            let (said, sure) = (verdict.kind, verdict.kind_confidence);
            wrong.push(format!("{name}: {said} {sure} {}\n{}", verdict.os, reasons.join("\n")));
        }
    }
    assert!(wrong.is_empty(), "{} of {} wrong\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

#[test]
fn a_device_of_which_less_is_known_is_unknown_rather_than_wrong() {
    let rules = shipped();
    let mut numbers = Numbers(0x1e55);
    let (mut right, mut unknown, mut wrong) = (0, 0, Vec::new());
    for (name, whole, kind, _) in cases().iter().filter(|(.., kind, _)| *kind != Kind::Unknown) {
        // One clue missing, each in turn; then half of everything, several times.
        let without = (0..whole.clues.len()).map(|missing| {
            let mut less = whole.clone();
            less.clues.remove(missing);
            less
        });
        let mut halves: Vec<Sketch> = without.collect();
        for _ in 0..8 {
            let mut half = whole.clone();
            half.clues.retain(|_| numbers.below(2) == 0);
            half.names.retain(|_| numbers.below(2) == 0);
            half.ports.retain(|_| numbers.below(2) == 0);
            half.roles.retain(|_| numbers.below(2) == 0);
            halves.push(half);
        }
        for less in halves {
            match less.judged(&rules).kind {
                Kind::Unknown => unknown += 1,
                said if said == *kind => right += 1,
                said => wrong.push(format!("{name} as {said}: {less:?}")),
            }
        }
    }
    // What misleads is what the device itself says, such as a Mac that shares a printer and hides all else.
    let all = right + unknown + wrong.len();
    assert!(
        wrong.len() * 50 <= all && right * 100 >= all * 75,
        "{right} right, {unknown} unknown\n{}",
        wrong.join("\n")
    );
}

#[test]
fn the_order_of_what_is_known_decides_nothing() {
    let rules = shipped();
    let cases = cases();
    let mut numbers = Numbers(0x0dde);
    for _ in 0..400 {
        let mut mixed = numbers.mixture(&cases);
        let before = mixed.judged(&rules);
        numbers.shuffle(&mut mixed.clues);
        numbers.shuffle(&mut mixed.names);
        numbers.shuffle(&mut mixed.ports);
        numbers.shuffle(&mut mixed.roles);
        assert_eq!(before, mixed.judged(&rules), "{mixed:?}");
    }
}

#[test]
fn verdicts_keep_their_bounds_and_reasons_their_order_whatever_is_known() {
    let rules = shipped();
    let cases = cases();
    let mut numbers = Numbers(0xb0bd);
    let mut unknown = 0;
    for _ in 0..400 {
        let verdict = numbers.mixture(&cases).judged(&rules);
        assert_eq!(verdict.kind == Kind::Unknown, verdict.kind_confidence == 0.0);
        assert_eq!(verdict.os.is_empty(), verdict.os_confidence == 0.0);
        for confidence in [verdict.kind_confidence, verdict.os_confidence] {
            assert!(confidence == 0.0 || (0.5..=0.99).contains(&confidence), "{confidence}");
        }
        assert!(verdict.reasons.iter().is_sorted_by(|a, b| a.weight >= b.weight));
        unknown += usize::from(verdict.kind == Kind::Unknown);
    }
    assert!((40..360).contains(&unknown), "contradictions are undecided, but not all mixtures contradict: {unknown}");
}

#[test]
fn reasons_say_what_was_seen_and_what_speaks_against() {
    let file = "printer 0.9, os Linux 0.6 when service is _ipp._tcp because it announces printing
computer 0.5 when port is 22 because it takes remote logins
phone 0.3 when random-mac because its MAC looks random
tv 0.2 when role is gateway because of its role\n";
    let rules = RuleSet::read(&[file]).0;
    let verdict = Sketch::of(&["port 22", "service _IPP._tcp", "random-mac", "role gateway"]).judged(&rules);
    let reasons: Vec<_> = verdict.reasons.iter().map(|reason| (reason.source, reason.text.as_str())).collect();
    let wanted = [
        (Source::Mdns, "it announces printing (_IPP._tcp)"),
        (Source::Tcp, "but like computer: it takes remote logins (port 22)"),
    ];
    assert_eq!((verdict.kind, verdict.os.as_str(), reasons.as_slice()), (Kind::Printer, "Linux", &wanted[..]));
    let verdict = Sketch::of(&["random-mac", "role gateway"]).judged(&rules);
    let reasons: Vec<_> = verdict.reasons.iter().map(|reason| reason.text.as_str()).collect();
    assert_eq!(verdict.kind, Kind::Unknown);
    assert_eq!(reasons, ["perhaps phone: its MAC looks random", "perhaps tv: of its role"]);
}

#[test]
fn all_conditions_must_hold_and_none_that_is_denied() {
    let rule =
        "iot 0.8 when port is 9999 or 9998 and mac-vendor contains tp-link and not service is _http._tcp or _ssh._tcp
  and name like kasa-* because it is one\n";
    let rules = RuleSet::read(&[rule]).0;
    let whole = ["port 9998", "mac-vendor TP-LINK TECHNOLOGIES", "name KASA-1", "service _hap._tcp"];
    assert_eq!(Sketch::of(&whole).judged(&rules).kind, Kind::Iot);
    for missing in 0..3 {
        let mut lines = whole.to_vec();
        lines.remove(missing);
        assert_eq!(Sketch::of(&lines).judged(&rules).kind, Kind::Unknown, "{lines:?}");
    }
    assert_eq!(Sketch::of(&[&whole[..], &["service _ssh._tcp"]].concat()).judged(&rules).kind, Kind::Unknown);
    let udp = Port { transport: Transport::Udp, number: 9998 };
    let elsewhere = Sketch { ports: [udp].to_vec(), ..Sketch::of(&whole[1..]) };
    assert_eq!(elsewhere.judged(&rules).kind, Kind::Unknown);
}

#[test]
fn a_system_is_told_as_exactly_as_the_evidence_allows() {
    let file = "os Linux/Debian 0.8 when ssh-version has Debian because a
os Linux/Ubuntu 0.8 when http-server has Ubuntu because b
os Linux 0.7 when service is _workstation._tcp because c
os Windows 0.6 when port is 135 because d
os Windows 0.5 when port is 5357 because e\n";
    let rules = RuleSet::read(&[file]).0;
    let (debian, ubuntu, linux, windows) =
        ("ssh-version OpenSSH 9 Debian", "http-server nginx Ubuntu", "service _workstation._tcp", "port 135");
    for (lines, wanted) in [
        (&[debian][..], "Debian"),
        (&[linux], "Linux"),
        (&[debian, linux, windows], "Debian"),
        // Two systems of one family: the family is sure, which of them is not.
        (&[debian, ubuntu], "Linux"),
        (&[linux, windows], ""),
    ] {
        assert_eq!(Sketch::of(lines).judged(&rules).os, wanted, "{lines:?}");
    }
    // Debian alone would be 0.8; that it may be Windows lowers the detail as it lowers the family.
    let verdict = Sketch::of(&[debian, "port 5357"]).judged(&rules);
    assert!(verdict.os == "Debian" && (verdict.os_confidence - 4.0 / 6.0).abs() < 1e-5, "{}", verdict.os_confidence);
}

#[test]
fn a_persons_rules_add_to_ours_and_can_silence_them() {
    let lines = ["service _ipp._tcp"];
    let ours = "printer 0.8 when service is _ipp._tcp because it announces printing\n";
    let silent = "printer 0 when service is _ipp._tcp because here a gadget does so\n";
    let more = "iot 0.9 when service is _ipp._tcp and not port is 80 because it is our gadget\n";
    let kind = |files: &[&str]| Sketch::of(&lines).judged(&RuleSet::read(files).0).kind;
    assert_eq!(kind(&[ours]), Kind::Printer);
    assert_eq!(kind(&[ours, silent]), Kind::Unknown);
    assert_eq!(kind(&[ours, &[silent, more].concat()]), Kind::Iot);
}

#[test]
fn more_of_the_same_is_no_more_evidence() {
    let rules = shipped();
    let once = Sketch::of(&["service _ipp._tcp"]).judged(&rules);
    let thrice = Sketch::of(&["service _ipp._tcp", "service _ipps._tcp", "service _printer._tcp"]).judged(&rules);
    assert_eq!(once.kind_confidence, thrice.kind_confidence);
    let two = Sketch::of(&["service _ipp._tcp", "mac-vendor Seiko Epson"]).judged(&rules);
    assert!(two.kind_confidence > once.kind_confidence);
}

#[test]
fn no_more_reasons_than_fit_and_the_weakest_leave() {
    let file: String = Witness::ALL
        .iter()
        .zip(["mac-vendor", "dhcp-vendor", "service", "upnp-server", "netbios-role", "snmp-object", "http-title"])
        .enumerate()
        .map(|(place, (_, field))| {
            format!("tv 0.{} when {field} is x because y\nos O{place} 0.1 when {field} is z because y\n", place + 20)
        })
        .chain(
            ["ssh-version", "rtsp-server", "greeting", "name", "model"]
                .map(|field| format!("tv 0.9 when {field} is x because y\n")),
        )
        .chain(["tv 0.15 when port is 1 because weakest\ntv 0.95 when role is gateway because best\n".to_string()])
        .chain(["tv 0.94 when random-mac because random\n".to_string()])
        .collect();
    let (rules, problems) = RuleSet::read(&[&file]);
    assert_eq!(problems, []);
    let mut sketch = Sketch::of(&[
        "mac-vendor x",
        "dhcp-vendor x",
        "service x",
        "upnp-server x",
        "netbios-role x",
        "snmp-object x",
        "http-title x",
        "ssh-version x",
        "rtsp-server x",
        "greeting x",
        "name x",
        "port 1",
        "role gateway",
    ]);
    let verdict = sketch.judged(&rules);
    assert!(verdict.reasons.is_full());
    assert_eq!(verdict.reasons[0].text, "best");
    assert!(verdict.reasons.iter().all(|reason| !reason.text.contains("weakest")));
    sketch.random = true;
    assert_eq!(sketch.judged(&rules).reasons[1].text, "random");
}
