//! Holds sets of rules and their bounds. Tests of `set`.

use alloc::string::ToString;

use super::super::numbers::Numbers;
use super::*;
use crate::lan::sighting::Clue;

const RULE: &str = "tv 0.8 when name is x because y\n";

#[test]
fn a_wrong_rule_leaves_no_trace_and_the_others_stand() {
    let file = "os Plan9 0.5 when name is x and prot is 1 because y\ntv 0.8 when service is z because w\n";
    let (rules, problems) = RuleSet::read(&[file]);
    assert_eq!(problems.len(), 1);
    assert_eq!(rules.len(), 1);
    assert_eq!(rules.tables.lengths(), [2, 1, 1, 1, 0]);
}

#[test]
fn rules_are_found_by_what_their_witness_looks_at() {
    let file = "tv 0.8 when random-mac because a\ntv 0.8 when service is x because b\ntv 0.8 when name is x because c
iot 0.8 when service is y and name is x because d\n";
    let (rules, problems) = RuleSet::read(&[file]);
    assert_eq!(problems, []);
    let about = |field| rules.about(field).map(|(_, rule)| rules.tables.text(rule.reason)).collect::<Vec<_>>().concat();
    assert_eq!(about(Field::Clue(Clue::Service)), "bd");
    assert_eq!(about(Field::Name), "c");
    assert_eq!(about(Field::RandomMac), "a");
    assert_eq!(about(Field::Port), "");
    assert!(
        FIELDS.iter().flat_map(|(_, field)| rules.about(*field)).zip(0..).all(|((number, _), wanted)| number == wanted)
    );
}

#[test]
fn a_rule_said_twice_in_a_file_is_a_problem_and_in_a_later_file_takes_its_place() {
    let again = "nas 0.5 when name is X because z\n";
    let (rules, problems) = RuleSet::read(&[&[RULE, again].concat()]);
    assert_eq!(rules.len(), 1);
    let problem = "line 2: this rule asks the same as the one in line 1; one rule can conclude several things";
    assert_eq!(problems[0].to_string(), problem);
    let (rules, problems) = RuleSet::read(&[RULE, again]);
    assert_eq!((rules.len(), problems), (1, Vec::new()));
    assert_eq!(rules.tables.text(rules.rule(0).unwrap().reason), "z");
}

#[test]
fn rules_beyond_the_bound_are_left_out_and_told() {
    let file: String =
        (0..MAX_RULES + 2).map(|number| alloc::format!("tv 0.8 when name is x{number} because y\n")).collect();
    let (rules, problems) = RuleSet::read(&[&file]);
    assert_eq!(rules.len(), MAX_RULES);
    assert_eq!(problems[0].to_string(), "line 2049: only 2048 rules are kept; this one is not");
    assert_eq!(problems.len(), 2);
}

#[test]
fn a_file_beyond_the_bound_is_read_up_to_it() {
    let file = [RULE, &"# é\n".repeat(MAX_FILE_BYTES / 4), "nas 0.8 when name is z because y\n"].concat();
    let (rules, problems) = RuleSet::read(&["", &file]);
    assert_eq!(rules.len(), 1);
    assert_eq!((problems[0].file, problems[0].line, problems.len()), (1, 0, 1));
    assert_eq!(problems[0].to_string(), "the file is longer than 262144 bytes; the rest is not read");
}

#[test]
fn systems_have_a_bound_and_families_do_not_mix() {
    let mut tables = Tables::default();
    let linux = tables.system("Linux", None).unwrap();
    let debian = tables.system("Debian", Some(linux)).unwrap();
    assert_eq!(tables.system("LINUX", None), Ok(linux));
    assert_eq!(tables.system("debian", Some(linux)), Ok(debian));
    assert_ne!(tables.system("Debian", None), Ok(debian));
    for number in 3..MAX_OS {
        tables.system(&alloc::format!("os{number}"), None).unwrap();
    }
    assert!(tables.system("one more", None).is_err());
    assert_eq!(tables.system("Linux", None), Ok(linux));
}

#[test]
fn problems_are_counted_beyond_those_told() {
    let (rules, problems) = RuleSet::read(&[&"x\n".repeat(100)]);
    assert!(rules.is_empty());
    assert_eq!(problems.len(), MAX_PROBLEMS + 1);
    assert_eq!(problems[MAX_PROBLEMS].to_string(), "and 68 problems more");
}

#[test]
fn no_file_however_broken_breaks_the_reader() {
    let words = [
        "tv",
        "os",
        "0.8",
        ",",
        "when",
        "service",
        "is",
        "like",
        "*#?",
        "\"",
        "\"a b\"",
        "or",
        "and",
        "not",
        "because",
        "\n",
        "\n ",
        "#",
        "port",
        "80",
        "80/udp",
        "role",
        "gateway",
        "random-mac",
        "é",
        "\u{feff}",
        "\r",
        "Linux/Debian",
        "/",
        "",
    ];
    let mut numbers = Numbers(0x1234_5678_9abc_def1);
    let mut number = |bound| numbers.below(bound);
    let mut read = 0;
    for _ in 0..20_000 {
        let mut file = String::new();
        for _ in 0..number(60) {
            file.push_str(words[number(words.len())]);
            file.push_str(if number(8) == 0 { "" } else { " " });
        }
        if number(3) == 0 {
            // A whole rule somewhere: what stands around it must not take it along.
            file = [&file, "\n", RULE].concat();
            let (rules, _) = RuleSet::read(&[&file]);
            assert!(!rules.is_empty(), "{file}");
            read += rules.len();
        }
        let (rules, problems) = RuleSet::read(&[&file]);
        let lines = u32::try_from(file.matches('\n').count()).unwrap() + 1;
        assert!(problems.iter().all(|problem| problem.line <= lines), "{file}");
        assert!(rules.len() <= lines as usize, "{file}");
    }
    assert!(read > 6_000);
}
