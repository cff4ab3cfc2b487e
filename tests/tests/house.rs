//! Holds the plan of the house against what is built: which crate may import which, where `unsafe` may stand, what the top
//! folder holds, how long files are, and how each of them opens.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap()
}

/// Files git knows or would add: what is built or ignored does not count.
fn files() -> Vec<PathBuf> {
    let listed =
        Command::new("git").current_dir(root()).args(["ls-files", "-co", "--exclude-standard"]).output().unwrap();
    assert!(listed.status.success());
    let names = String::from_utf8(listed.stdout).unwrap();
    names.lines().map(PathBuf::from).filter(|name| root().join(name).is_file()).collect()
}

fn sources() -> Vec<(PathBuf, String)> {
    let rust = files().into_iter().filter(|name| name.extension().is_some_and(|end| end == "rs"));
    rust.map(|name| (name.clone(), std::fs::read_to_string(root().join(name)).unwrap())).collect()
}

/// Normal dependencies of each workspace crate on another.
fn imports() -> Vec<(String, String)> {
    let metadata = Command::new(env!("CARGO"))
        .current_dir(root())
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .output()
        .unwrap();
    let metadata: serde_json::Value = serde_json::from_slice(&metadata.stdout).unwrap();
    let mut arrows = Vec::new();
    for package in metadata["packages"].as_array().unwrap() {
        let from = package["name"].as_str().unwrap();
        for dependency in package["dependencies"].as_array().unwrap() {
            let to = dependency["name"].as_str().unwrap();
            if dependency["kind"].is_null() {
                arrows.push((from.to_owned(), to.to_owned()));
            }
        }
    }
    assert!(arrows.len() > 10, "cargo metadata was read");
    arrows
}

#[test]
fn crates_import_only_in_the_directions_of_the_plan() {
    let allowed = BTreeSet::from([
        ("vigie-core", "vigie-wire"),
        ("vigie", "vigie-wire"),
        ("vigie", "vigie-core"),
        ("vigie", "vigie-store"),
        ("vigie", "vigie-sys"),
        ("vigie-kiosk", "vigie-core"),
        ("vigie-kiosk", "vigie-sys"),
    ]);
    for (from, to) in imports() {
        if to.starts_with("vigie") && from != "vigie-tests" {
            assert!(allowed.contains(&(from.as_str(), to.as_str())), "{from} must not import {to}");
        }
    }
}

#[test]
fn the_pure_crates_know_no_runtime_no_json_and_no_system() {
    let foreign = ["tokio", "hyper", "serde_json", "rustix", "libc", "socket2", "tracing", "chrono", "time"];
    for (from, to) in imports() {
        if ["vigie-core", "vigie-wire", "vigie-store"].contains(&from.as_str()) {
            assert!(
                !foreign.contains(&to.as_str()) || (from == "vigie-store" && to == "rustix"),
                "{from} imports {to}"
            );
        }
    }
}

#[test]
fn doors_and_areas_never_touch_the_operating_system() {
    for (name, text) in sources() {
        let inside = ["appliance/src/http", "appliance/src/api", "appliance/src/page", "appliance/src/accounts"];
        let is_test = name.iter().any(|part| part.to_string_lossy().starts_with("tests"));
        if !is_test && inside.iter().any(|folder| name.starts_with(folder)) {
            assert!(!text.contains("vigie_sys::"), "{} uses vigie_sys", name.display());
        }
    }
}

#[test]
fn unsafe_code_stands_in_one_crate() {
    for (name, text) in sources() {
        let may =
            name.starts_with("appliance/sys") || name.starts_with("appliance/fuzz") || name.ends_with("tests/house.rs");
        let has = text.lines().any(|line| {
            let code = line.split("//").next().unwrap_or_default();
            code.contains("unsafe {") || code.contains("unsafe fn") || code.contains("unsafe impl")
        });
        assert!(may || !has, "{} has unsafe code", name.display());
    }
    for crate_root in [
        "appliance/wire/src/lib.rs",
        "appliance/core/src/lib.rs",
        "appliance/store/src/lib.rs",
        "appliance/src/lib.rs",
        "netboot/kiosk/src/lib.rs",
    ] {
        let text = std::fs::read_to_string(root().join(crate_root)).unwrap();
        assert!(text.contains("#![forbid(unsafe_code)]"), "{crate_root} must forbid unsafe code");
    }
}

#[test]
fn the_top_folder_holds_what_the_readme_says_and_no_more() {
    let expected = BTreeSet::from([
        ".ci",
        ".gitignore",
        "BENCHMARKS.md",
        "CHANGELOG.md",
        "Cargo.lock",
        "Cargo.toml",
        "Cross.toml",
        "LICENSE-APACHE",
        "LICENSE-MIT",
        "PROMISES.md",
        "README.md",
        "SECURITY.md",
        "appliance",
        "buildroot",
        "clippy.toml",
        "deny.toml",
        "image",
        "netboot",
        "rustfmt.toml",
        "tests",
    ]);
    let top: BTreeSet<String> = files()
        .iter()
        .filter_map(|name| name.components().next().map(|first| first.as_os_str().to_string_lossy().into_owned()))
        .collect();
    assert_eq!(top.iter().map(String::as_str).collect::<BTreeSet<_>>(), expected);
}

#[test]
fn files_are_of_a_size_one_can_read() {
    let code = files().into_iter().filter(|name| {
        name.extension().is_some_and(|end| ["rs", "py", "js", "css", "sh"].iter().any(|kind| end == *kind))
            && !name.starts_with("appliance/web/vendor")
    });
    let mut lengths: Vec<(usize, PathBuf)> =
        code.map(|name| (std::fs::read_to_string(root().join(&name)).unwrap().lines().count(), name)).collect();
    lengths.sort();
    let (longest, name) = lengths.last().unwrap();
    assert!(*longest <= 1_000, "{} has {longest} lines", name.display());
    let median = lengths[lengths.len() / 2].0;
    assert!(median < 200, "the median file has {median} lines");
}

#[test]
fn every_source_file_says_what_it_holds() {
    for (name, text) in sources() {
        let first = text.lines().find(|line| !line.starts_with("#![") && !line.trim().is_empty()).unwrap_or_default();
        assert!(first.starts_with("//!"), "{} does not open with what it holds: {first}", name.display());
    }
}

#[test]
fn printing_ports_are_forbidden_where_packets_are_made() {
    for file in ["appliance/src/shell/network/send/frame.rs", "appliance/src/shell/network/errand/mod.rs"] {
        let text = std::fs::read_to_string(root().join(file)).unwrap();
        assert!(text.contains("is_printing_port"), "{file} must refuse printing ports by itself");
    }
}
