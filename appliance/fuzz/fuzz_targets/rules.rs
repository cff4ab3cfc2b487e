//! Holds the fuzz target of the rule files a person may write.
//! Never lets one be read beyond its bounds, or a problem point at a line that is not there.
//! Called by `run`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vigie_core::lan::rule::{MAX_RULES, RuleSet};

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let (rules, problems) = RuleSet::read(&[text]);
    assert!(rules.len() <= MAX_RULES && problems.len() <= 33);
    // What a person writes stands beside what the product ships, and may only take the place of a rule that asks the same.
    let (both, _) = RuleSet::read(&[text, text]);
    assert_eq!(both.len(), rules.len(), "the same file twice is the same rules");
});
