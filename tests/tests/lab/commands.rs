//! Holds the promise of clear words: a command line or configuration that is wrong is told where, and what was meant.
//! Never starts anything that is wrong. Needs the program, not the lab.

use vigie_tests::appliance::Home;
use vigie_tests::lab::Rights;
use vigie_tests::program::{Said, vigie};

/// What `vigie check` and `vigie run` say of a configuration.
fn judge(config: &str) -> [Said; 2] {
    let home = Home::new(Rights::Root, config);
    let (file, data) = (home.config_file(), home.data());
    let (file, data) = (file.to_str().expect("a plain path"), data.to_str().expect("a plain path"));
    [vigie(&["check", file]), vigie(&["run", "--data", data, "--config", file])]
}

#[test]
#[ignore = "needs the program"]
fn a_wrong_configuration_is_told_with_its_place_and_what_was_meant() {
    for (config, words) in [
        ("[network]\ninterval_minuets = 5\n", &["vigie.toml:2:1", "interval_minuets", "network.interval_minutes"][..]),
        ("[netwrok]\npace = \"fast\"\n", &["vigie.toml:1:2", "netwrok"]),
        ("[http]\nlisten = 8080\n", &["vigie.toml:2:10", "0.0.0.0:8080"]),
        ("[network]\npace = \"hasty\"\n", &["vigie.toml:2:8", "gentle, background, fast"]),
        ("[network]\ninterval_minutes = 0\n", &["vigie.toml", "line 2", "1 to 60"]),
        ("[network]\nsegments = [\"192.168.1.7/24\"]\n", &["vigie.toml", "line 2", "192.168.1.0/24"]),
        ("[network]\nsegments = [\"10.0.0.0/8\"]\n", &["vigie.toml", "line 2", "/16"]),
        ("[network]\nsegments = [\"8.8.8.0/24\"]\n", &["vigie.toml", "line 2", "allow_public"]),
        ("[network]\nexclude = [\"10.0.0.300\"]\n", &["vigie.toml", "line 2", "10.0.0.300"]),
        ("[network.ports]\nquick = [22, 9100]\n", &["vigie.toml", "line 2", "9100", "never touched"]),
        ("[http]\nlisten = \"0.0.0.0:8080\nx = 1\n", &["vigie.toml:2:"]),
        ("[http]\nmetrics_token = \"short\"\n", &["vigie.toml", "line 2", "32"]),
    ] {
        for said in judge(config) {
            assert_eq!(said.code, Some(78), "{config}{}", said.err);
            for word in words {
                assert!(said.err.contains(word), "{config}{word} is not in: {}", said.err);
            }
            assert!(!said.err.contains("panicked"), "{}", said.err);
        }
    }
}

#[test]
#[ignore = "needs the program"]
fn a_right_configuration_is_explained_and_secrets_are_not_shown() {
    let token = "0123456789abcdef0123456789abcdef";
    let home =
        Home::new(Rights::Root, &format!("[network]\ninterval_minutes = 7\n[http]\nmetrics_token = \"{token}\"\n"));
    let said = vigie(&["check".as_ref(), home.config_file().as_os_str()]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert!(said.out.contains("network.interval_minutes = 7") && said.out.contains("line 2"), "{}", said.out);
    assert!(!said.out.contains(token), "a secret is shown");
}

#[test]
#[ignore = "needs the program"]
fn every_command_explains_itself() {
    for command in ["", "run", "setup", "scan", "check"] {
        let arguments: Vec<&str> = [command, "--help"].into_iter().filter(|word| !word.is_empty()).collect();
        let said = vigie(&arguments);
        assert_eq!((said.code, said.err.as_str()), (Some(0), ""), "{command}");
        assert!(said.out.contains("Usage: vigie") && said.out.contains(command), "{}", said.out);
        assert!(said.out.lines().all(|line| line.chars().count() <= 80), "help fits a terminal: {}", said.out);
    }
    let version = vigie(&["--version"]);
    assert_eq!(version.code, Some(0));
    assert!(version.out.starts_with("vigie "), "{}", version.out);
}

#[test]
#[ignore = "needs the program"]
fn slips_of_the_finger_are_understood() {
    for (arguments, code, word) in [
        (&["scna"][..], 64, "scan"),
        (&["run", "--listne", "x"], 64, "--listen"),
        (&["run", "--listen", "nowhere"], 78, "--listen"),
        (&["scan", "10.0.0.300/24"], 65, "10.0.0.300/24"),
        (&["check", "/no/such/file"], 78, "/no/such/file"),
        (&["setup", "--admin", "ada", "--password", "secret"], 64, "--password-stdin"),
    ] {
        let said = vigie(arguments);
        assert_eq!(said.code, Some(code), "{arguments:?}: {}", said.err);
        assert!(said.err.contains(word) && said.err.starts_with("vigie: "), "{arguments:?}: {}", said.err);
    }
}

#[test]
#[ignore = "needs the program"]
fn a_scan_without_a_network_says_so() {
    let said = vigie(&["scan"]);
    assert_eq!(said.code, Some(69), "{}", said.err);
    assert!(said.err.contains("no network"), "{}", said.err);
}
