//! Holds rule texts as people write them, good and bad. Tests of `grammar`.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::lan::rule::RuleSet;

/// The problems of a file, as people read them.
fn problems(file: &str) -> Vec<String> {
    RuleSet::read(&[file]).1.iter().map(ToString::to_string).collect()
}

#[test]
fn a_rule_may_use_the_whole_language() {
    let file = "\
# A comment.

printer 0.8, server 0.25, os Linux/Debian 0.3
  when service is _ipp._tcp or \"_ipps._tcp\"
  # in between
   and not model has \"Mac Book\"
   and port is 80 or 161/udp or 443/tcp and role is gateway
   and random-mac
  because it announces
    printing
tv 0 when name like *-tv-## because its name says so
";
    let (rules, problems) = RuleSet::read(&[file]);
    assert_eq!(problems, []);
    assert_eq!(rules.len(), 2);
    let rule = rules.rule(0).unwrap();
    assert_eq!(rules.tables.text(rule.reason), "it announces printing");
    assert_eq!(rule.conditions.len, 5);
}

#[test]
fn what_is_wrong_is_said_with_its_line_and_the_nearest_word() {
    for (file, wanted) in [
        ("pinter 0.8 when", "line 1: there is no kind \"pinter\"; did you mean \"printer\"?"),
        ("tv 0.8 when servce is x because y", "line 1: there is no field \"servce\"; did you mean \"service\"?"),
        (
            "\n\ntv 0.8\n when name beginns x because y",
            "line 4: there is no comparison \"beginns\"; one of is, starts, ends, has, contains, like",
        ),
        ("tv 0.8 when role is gatway because y", "line 1: there is no role \"gatway\"; did you mean \"gateway\"?"),
        (
            "tv 1.5 when name is x because y",
            "line 1: \"1.5\" is no weight: 0 to 0.99 with two decimals; nothing heard is certain",
        ),
        (
            "tv 0.8 when name is Google Nest because y",
            "line 1: \"Nest\" is out of place: here comes `or`, `and` or `because`; quote a value of several words",
        ),
        (
            "tv 0.8 when name is or because y",
            "line 1: \"or\" is out of place: here comes a value; quote one that is a word of the language",
        ),
        ("tv 0.8 when name is x", "line 1: the rule ends where `and` or `because` should follow"),
        ("tv 0.8 when name is x because", "line 1: say why behind `because`: people read it"),
        ("tv 0.8 when not name is x because y", "line 1: the first condition is the witness and cannot be `not`"),
        ("tv 0.8 when name is \"x\n because y", "line 1: the quote does not end in its line"),
        (
            "os Linux/\"Pi OS\" 0.8 when name is x because y",
            "line 1: quotes stand around the whole word: \"Linux/Raspberry Pi OS\"",
        ),
        ("  tv 0.8 when name is x because y", "line 1: a rule begins at the margin; this line is indented"),
        ("tv 0.8, tv 0.7 when name is x because y", "line 1: this rule concludes the same thing twice"),
        (
            "unknown 0.8 when name is x because y",
            "line 1: `unknown` is what remains when no rule is sure; it cannot be concluded",
        ),
        (
            "os a/b/c 0.8 when name is x because y",
            "line 1: a system is written `Linux`, or `Linux/Debian` for one of a family",
        ),
        (
            "tv 0.8 when port is 70000 because y",
            "line 1: \"70000\" is no port: 1 to 65535, with /udp behind it if it is one",
        ),
        (
            "tv 0.8 when port is 80/sctp because y",
            "line 1: \"80/sctp\" is no port: 1 to 65535, with /udp behind it if it is one",
        ),
        ("tv 0.8 when port like 8# because y", "line 1: a port is compared with `is` only"),
        (
            "tv 0.8 since name is x because y",
            "line 1: \"since\" is out of place: here comes `when`, or a comma and another conclusion",
        ),
    ] {
        assert_eq!(problems(file), [wanted], "{file}");
    }
}

#[test]
fn a_weight_has_at_most_two_decimals_and_stays_below_one() {
    let read = |weight: &str| problems(&alloc::format!("tv {weight} when name is x because y")).is_empty();
    for right in ["0", "0.8", "0.85", "0.05", "0.99"] {
        assert!(read(right), "{right}");
    }
    for wrong in ["1", "1.0", ".8", "0.", "0.855", "-0.1", "0.8e1", "NaN", "0.+8", "0,8"] {
        assert!(!read(wrong), "{wrong}");
    }
}

#[test]
fn each_bound_of_a_rule_is_a_problem_when_passed() {
    let values = alloc::format!("tv 0.8 when name is {} because y", ["x"; 49].join(" or "));
    let conditions = alloc::format!("tv 0.8 when {} because y", ["name is x"; 9].join(" and "));
    let long = alloc::format!("tv 0.8 when name is {} because y", "x".repeat(97));
    let reason = alloc::format!("tv 0.8 when name is x because {}", "y".repeat(97));
    let kinds = "tv 0.1, nas 0.1, iot 0.1, voip 0.1, phone 0.1, tablet 0.1, server 0.1 when name is x because y";
    for (file, wanted) in [
        (values.as_str(), "a condition has at most 48 values"),
        (&conditions, "a rule has at most 8 conditions"),
        (&long, "a value has at most 96 bytes"),
        (&reason, "a reason has at most 96 bytes"),
        (kinds, "a rule concludes at most 6 things"),
    ] {
        assert_eq!(problems(file), [alloc::format!("line 1: {wanted}")]);
    }
}
