//! Holds the tests of the configuration: what is refused and how, what wins, and that key list and structs agree.
//! It never reads the real environment.
//! `cargo test` runs it.

use super::*;

fn empty() -> Layer {
    Layer::default()
}

fn environment(pairs: &[(&str, &str)]) -> Result<Layer, Refused> {
    read_environment(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
}

fn refusal(text: &str) -> String {
    let file = match read("vigie.toml", text) {
        Ok(file) => file,
        Err(refused) => return refused.to_string(),
    };
    resolve(&empty(), &empty(), &empty(), &file).map_or_else(|refused| refused.to_string(), |_| String::new())
}

#[test]
fn nothing_set_is_fine_and_has_the_promised_values() {
    let effective = resolve(&empty(), &empty(), &empty(), &read("x", "").unwrap()).unwrap();
    assert_eq!(effective.config.http.listen.port(), 8080);
    assert!(effective.config.http.tls && effective.config.http.tls_address().to_string() == "0.0.0.0:8443");
    assert_eq!(effective.config.network.settings(), NetworkSettings::default());
    assert_eq!(effective.origin("http.listen"), &Origin::Default);
    assert!(effective.config.check().is_empty());
}

#[test]
fn tls_stays_on_the_address_of_plain_http_unless_told_otherwise() {
    let address = |text| {
        let file = read("f", text).unwrap();
        resolve(&empty(), &empty(), &empty(), &file).unwrap().config.http.tls_address().to_string()
    };
    assert_eq!(address("http.listen = \"127.0.0.1:8080\""), "127.0.0.1:8443");
    assert_eq!(address("http.listen = \"[::1]:80\"\nhttp.tls_listen = \"[::]:443\""), "[::]:443");
    assert!(refusal("http.listen = \"0.0.0.0:8443\"").contains("each needs a port of its own"));
}

#[test]
fn unknown_keys_are_refused_with_their_place_and_the_nearest_one() {
    for (text, expected) in [
        ("[http]\nlistn = \"x\"", "vigie.toml:2:1: there is no key http.listn; did you mean http.listen?"),
        ("\n  [htp]\nx = 1", "vigie.toml:2:4: there is no key htp; did you mean http?"),
        ("[network]\nlisten = \"x\"", "vigie.toml:2:1: there is no key network.listen; did you mean http.listen?"),
        (
            "network.sources.arpp = true",
            "vigie.toml:1:17: there is no key network.sources.arpp; did you mean network.sources.arp?",
        ),
        ("zebra = 1", "vigie.toml:1:1: there is no key zebra"),
    ] {
        assert_eq!(refusal(text), expected, "{text}");
    }
}

#[test]
fn wrong_kinds_are_refused_with_their_place() {
    for (text, expected) in [
        (
            "[http]\nlisten = 80",
            "vigie.toml:2:10: http.listen must be an address with a port, such as 0.0.0.0:8080 or [::]:8080",
        ),
        ("[network]\npace = \"warp\"", "vigie.toml:2:8: network.pace must be one of gentle, background, fast"),
        (
            "[network]\ninterval_minutes = 300",
            "vigie.toml:2:20: network.interval_minutes must be a whole number from 0 to 255",
        ),
        (
            "[network.ports]\nquick = [70000]",
            "vigie.toml:2:9: network.ports.quick must be a list of ports from 0 to 65535",
        ),
        ("network = 3", "vigie.toml:1:11: network must be a table, such as [network]"),
        (
            "[http]\nlisten = 2020-01-01",
            "vigie.toml:2:10: http.listen must be an address with a port, such as 0.0.0.0:8080 or [::]:8080",
        ),
    ] {
        assert_eq!(refusal(text), expected, "{text}");
    }
    assert!(refusal("[http\n").starts_with("vigie.toml:1:"), "{}", refusal("[http\n"));
    assert!(refusal("[http]\n[http]\n").starts_with("vigie.toml:2:"));
}

#[test]
fn values_that_cannot_be_meant_are_refused_in_words() {
    for (text, expected) in [
        ("network.interval_minutes = 0", "network.interval_minutes is 0; it must be 1 to 60 minutes"),
        ("network.interval_minutes = 61", "it must be 1 to 60 minutes"),
        (
            "network.segments = [\"10.0.0.0/24\", \"10.0.0.0/8\"]",
            "network.segments, entry 2 “10.0.0.0/8” is too large to be swept; /16",
        ),
        ("network.segments = [\"192.168.1.5/24\"]", "the segment is 192.168.1.0/24"),
        ("network.segments = [\"8.8.8.0/24\"]", "set network.allow_public = true"),
        ("network.exclude = [\"printer\"]", "network.exclude, entry 1 “printer” is not an address"),
        ("network.ports.full = [80, 9100]", "network.ports.full, entry 2 is port 9100: printers"),
        ("http.host_names = [\"https://a.example\"]", "write the name alone"),
        ("http.host_names = [\"a.example:8080\"]", "has a port"),
        ("http.host_names = [\"*.example\"]", "wildcard"),
        ("http.host_names = [\"-a\"]", "is not a host name"),
        ("http.metrics_token = \"short\"", "shorter than 32 characters"),
        ("data.dir = \"\"", "data.dir is empty"),
        ("http.tls_listen = \"0.0.0.0:8080\"", "http.tls_listen is 0.0.0.0:8080 like http.listen"),
    ] {
        let refused = refusal(text);
        assert!(refused.starts_with("vigie.toml, line 1: ") && refused.contains(expected), "{text} -> {refused}");
    }
    assert_eq!(refusal("network.allow_public = true\nnetwork.segments = [\"8.8.8.0/24\"]"), "");
    assert_eq!(
        refusal("http.tls = false\nhttp.tls_listen = \"0.0.0.0:8080\""),
        "",
        "a port that is not used harms nobody"
    );
    assert_eq!(refusal("http.host_names = [\"a.example\", \"203.0.113.7\", \"fd00::1\"]"), "");
}

#[test]
fn the_command_line_beats_the_environment_beats_the_page_beats_the_file() {
    let file = read("f", "http.listen = \"0.0.0.0:1\"\nnetwork.interval_minutes = 1\nlog.level = \"warn\"").unwrap();
    let page = Layer::of_settings(&NetworkSettings { interval_minutes: 2, ..NetworkSettings::default() });
    let environment = environment(&[("VIGIE_HTTP_LISTEN", "0.0.0.0:3"), ("PATH", "/bin")]).unwrap();
    let mut options = empty();
    let only_environment = resolve(&options, &environment, &page, &file).unwrap();
    assert_eq!(only_environment.config.http.listen.port(), 3);
    options.set("http.listen", "0.0.0.0:4", "--listen").unwrap();
    let all = resolve(&options, &environment, &page, &file).unwrap();
    assert_eq!((all.config.http.listen.port(), all.origin("http.listen")), (4, &Origin::Option("--listen")));
    assert_eq!(all.config.network.settings().interval_minutes, 2);
    assert_eq!(all.origin("network.interval_minutes"), &Origin::Page);
    assert_eq!((all.config.log.level, all.origin("log.level")), (LogLevel::Warn, &Origin::File("f".into(), 3)));
    assert_eq!(all.origin("data.dir"), &Origin::Default);
}

#[test]
fn the_environment_is_read_as_strictly_as_a_file() {
    let good =
        environment(&[("VIGIE_NETWORK_SEGMENTS", "10.0.0.0/24, 10.0.1.0/24"), ("VIGIE_NETWORK_PORTS_QUICK", "80,443")]);
    let network = resolve(&empty(), &good.unwrap(), &empty(), &empty()).unwrap().config.network;
    assert_eq!((network.segments.len(), network.ports.quick), (2, vec![80, 443]));
    let refused = environment(&[("VIGIE_HTTP_LISTE", "x"), ("VIGIE_NETWORK_ALLOW_PUBLIC", "yes")]).unwrap_err();
    assert_eq!(refused.0.len(), 2);
    assert!(
        refused.0[0].ends_with("did you mean VIGIE_HTTP_LISTEN?") && refused.0[1].ends_with("must be true or false")
    );
}

#[test]
fn a_secret_is_neither_explained_nor_debugged() {
    let token = "0123456789abcdef0123456789abcdef";
    let file = read("f", &format!("http.metrics_token = \"{token}\"")).unwrap();
    let effective = resolve(&empty(), &empty(), &empty(), &file).unwrap();
    assert!(!effective.explain().contains(token) && effective.explain().contains("http.metrics_token = (set)"));
    assert!(!format!("{:?}", effective.config).contains(token));
}

/// A password that is long enough.
const LONG: &str = "\"correct horse\"";

#[test]
fn what_snmp_version_3_needs_goes_together() {
    let user = "network.snmp_user = \"ada\"\n";
    let auth = format!("network.snmp_auth_password = {LONG}\n");
    let privacy = format!("network.snmp_privacy_password = {LONG}\n");
    for (text, expected) in [
        (format!("{user}{auth}{privacy}"), ""),
        (format!("{user}{auth}network.snmp_privacy = \"none\""), ""),
        (format!("{user}network.snmp_auth = \"none\"\nnetwork.snmp_privacy = \"none\""), ""),
        (
            user.to_owned(),
            "network.snmp_auth_password is not set; set it, or do without by network.snmp_auth = \"none\"",
        ),
        (format!("{user}{auth}"), "network.snmp_privacy_password is not set"),
        (auth.clone(), "network.snmp_auth_password is set without network.snmp_user"),
        (format!("{user}{privacy}network.snmp_auth_password = \"short\""), "is shorter than 8 characters"),
        (format!("{user}{privacy}network.snmp_auth = \"none\""), "cannot be without a signature"),
        (format!("{user}{auth}{privacy}network.snmp_privacy = \"none\""), "is set although network.snmp_privacy"),
        (format!("network.snmp_user = \"{}\"\n{auth}{privacy}", "u".repeat(33)), "must have 1 to 32 bytes"),
        (format!("{user}{auth}{privacy}network.snmp_auth = \"md5\""), "must be one of sha1, sha224"),
    ] {
        let refused = refusal(&text);
        assert!(refused.contains(expected) && refused.is_empty() == expected.is_empty(), "{text} -> {refused}");
    }
    assert!(refusal("network.dhcp_leases = \"leases\"").contains("is not a whole path"));
}

#[test]
fn settings_stored_by_an_earlier_version_still_count() {
    let stored = br#"{"interval_minutes":7,"sources":{"ssh":true,"mdns":false}}"#;
    let settings = NetworkSettings::from_stored(stored).unwrap();
    assert_eq!((settings.interval_minutes, settings.sources.mdns, settings.sources.leases), (7, false, true));
    assert_eq!(NetworkSettings::from_stored(b"{\"nonsense\":1}"), None);
}

#[test]
fn every_key_is_explained_and_known_to_the_structs() {
    let explained = resolve(&empty(), &empty(), &empty(), &empty()).unwrap().explain();
    for key in KEYS {
        assert!(explained.contains(&format!("{} = ", key.path)), "{}", key.path);
        let sample = match key.kind {
            keys::Kind::Text => "\"/x\"".to_owned(),
            keys::Kind::Secret => format!("\"{}\"", "x".repeat(32)),
            keys::Kind::Listen => "\"127.0.0.1:1\"".to_owned(),
            keys::Kind::Switch => "false".to_owned(),
            keys::Kind::Small | keys::Kind::Seconds => "7".to_owned(),
            keys::Kind::Word(words) => format!("\"{}\"", words[0]),
            keys::Kind::Texts => "[\"10.0.0.0/24\"]".to_owned(),
            keys::Kind::Ports => "[80]".to_owned(),
        };
        // `host_names` takes names, not segments.
        let sample = match key.path {
            "http.host_names" => "[\"x\"]".to_owned(),
            "log.syslog" => "\"logs.example.org:514\"".to_owned(),
            "system.zone" => "\"Europe/Paris\"".to_owned(),
            _ => sample,
        };
        // A user and what it signs and encrypts with go together.
        let others = [("snmp_user", "\"ada\""), ("snmp_auth_password", LONG), ("snmp_privacy_password", LONG)];
        let others = others.iter().filter(|(name, _)| key.path.contains("snmp_") && !key.path.ends_with(name));
        let others: String = others.map(|(name, value)| format!("network.{name} = {value}\n")).collect();
        let text = format!("{others}{} = {sample}", key.path);
        assert_eq!(refusal(&text), "", "{text}");
    }
}

#[test]
fn every_field_of_the_settings_has_a_key() {
    let json = serde_json::to_value(NetworkSettings::default()).unwrap();
    let mut stack = vec![("network".to_owned(), &json)];
    while let Some((path, value)) = stack.pop() {
        match value {
            serde_json::Value::Object(fields) => {
                stack.extend(fields.iter().map(|(name, value)| (format!("{path}.{name}"), value)));
            }
            _ => assert!(KEYS.iter().any(|key| key.path == path), "{path}"),
        }
    }
}

#[test]
fn settings_of_the_page_are_strict_and_point_at_the_fault() {
    assert!(serde_json::from_str::<NetworkSettings>(r#"{"interfaces":["eth1"]}"#).is_err());
    let settings: NetworkSettings =
        serde_json::from_str(r#"{"segments":["10.0.0.0/24","x"],"ports":{"quick":[515]}}"#).unwrap();
    let pointers: Vec<String> = settings.check().iter().map(Fault::pointer).collect();
    assert_eq!(pointers, ["/segments/1", "/ports/quick/0"]);
}

#[test]
fn the_environment_wins_over_what_was_changed_on_the_page_later() {
    let said = environment(&[
        ("VIGIE_NETWORK_PACE", "gentle"),
        ("VIGIE_NETWORK_SNMP_COMMUNITY", "hush"),
        ("VIGIE_NETWORK_SNMP_USER", "ada"),
        ("VIGIE_SYSTEM_ZONE", "UTC"),
    ]);
    let file = read(
        "vigie.toml",
        "[network]\ninterval_minutes = 9\nsnmp_auth_password = \"12345678\"\nsnmp_privacy = \"none\"",
    )
    .unwrap();
    let config = resolve(&empty(), &said.unwrap(), &empty(), &file).unwrap().config;
    assert_eq!(config.network_settings(None).interval_minutes, 9, "nobody has changed anything");
    let page = NetworkSettings { pace: Pace::Fast, interval_minutes: 7, ..NetworkSettings::default() };
    let obeyed = config.network_settings(Some(page.clone()));
    assert_eq!((obeyed.pace, obeyed.interval_minutes), (Pace::Gentle, 7));
    assert_eq!(config.network_variables(), ["VIGIE_NETWORK_PACE"]);
    assert!(config.is_of_environment("system.zone") && !config.is_of_environment("network.interval_minutes"));
    assert!(!format!("{config:?}").contains("hush"), "a secret is not kept twice");
    let alone = resolve(&empty(), &empty(), &empty(), &empty()).unwrap().config;
    assert_eq!(alone.network_settings(Some(page.clone())), page);
}

#[test]
fn what_is_explained_is_there_for_programs_too_without_secrets() {
    let file = read("vigie.toml", "[network]\nsnmp_community = \"hush\"\ninterval_minutes = 9").unwrap();
    let document = resolve(&empty(), &empty(), &empty(), &file).unwrap().document();
    let all: Vec<serde_json::Value> = serde_json::from_str(&document).unwrap();
    let find = |key: &str| all.iter().find(|one| one["key"] == key).unwrap();
    assert_eq!((all.len(), find("network.interval_minutes")["value"].as_str()), (KEYS.len(), Some("9")));
    assert_eq!(find("network.interval_minutes")["from"], "vigie.toml, line 3");
    assert!(find("log.syslog")["value"].is_null());
    assert!(!document.contains("hush"), "{document}");
}
