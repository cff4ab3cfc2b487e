//! Holds the one fact that only the build knows: when it took place, the floor below which a wall clock is not believed.
//! Never looks at the network or at the repository. Called by cargo; `SOURCE_DATE_EPOCH` makes it reproducible.

use std::time::{SystemTime, UNIX_EPOCH};

/// 2026-01-01T00:00:00Z: older than this source, so a build machine without a clock still gives a useful floor.
const FLOOR_UNIX_S: u64 = 1_767_225_600;

fn main() {
    println!("cargo::rerun-if-env-changed=SOURCE_DATE_EPOCH");
    println!("cargo::rerun-if-changed=build.rs");
    let asked = std::env::var("SOURCE_DATE_EPOCH").ok().and_then(|text| text.trim().parse::<u64>().ok());
    let built = asked
        .or_else(|| SystemTime::now().duration_since(UNIX_EPOCH).ok().map(|since| since.as_secs()))
        .unwrap_or(FLOOR_UNIX_S)
        .max(FLOOR_UNIX_S);
    println!("cargo::rustc-env=VIGIE_BUILD_UNIX_S={built}");
}
