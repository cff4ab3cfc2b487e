//! Holds how a text from the network is compared with a text of a rule.
//! Never allocates and never takes longer than the product of both lengths. Called by `trial`.

use super::clause::Op;

/// Whether `text` is as `op` and `pattern` say. ASCII letters compare without case; an empty pattern only `is` the empty text.
pub(super) fn matches(op: Op, pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    if pattern.is_empty() {
        return op == Op::Is && text.is_empty();
    }
    match op {
        Op::Is => text.eq_ignore_ascii_case(pattern),
        Op::Starts => text.get(..pattern.len()).is_some_and(|head| head.eq_ignore_ascii_case(pattern)),
        Op::Ends => text
            .len()
            .checked_sub(pattern.len())
            .and_then(|at| text.get(at..))
            .is_some_and(|tail| tail.eq_ignore_ascii_case(pattern)),
        Op::Contains => text.windows(pattern.len()).any(|window| window.eq_ignore_ascii_case(pattern)),
        Op::Has => has(pattern, text),
        Op::Like => like(pattern, text),
    }
}

/// Letters and digits make words; so does every character beyond ASCII.
const fn is_of_a_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte >= 0x80
}

fn has(pattern: &[u8], text: &[u8]) -> bool {
    let starts_word = pattern.first().copied().is_some_and(is_of_a_word);
    let ends_word = pattern.last().copied().is_some_and(is_of_a_word);
    text.windows(pattern.len()).enumerate().any(|(at, window)| {
        window.eq_ignore_ascii_case(pattern) && {
            let before = at.checked_sub(1).and_then(|before| text.get(before)).copied();
            let after = text.get(at + pattern.len()).copied();
            let runs_on = |edge: bool, next: Option<u8>| edge && next.is_some_and(is_of_a_word);
            !runs_on(starts_word, before) && !runs_on(ends_word, after)
        }
    })
}

/// Wildcards with one memory: when a literal fails, the last `*` takes one character more. At most length times length.
fn like(mut pattern: &[u8], mut text: &[u8]) -> bool {
    let mut last_star: Option<(&[u8], &[u8])> = None;
    loop {
        match (pattern.split_first(), text.split_first()) {
            (Some((b'*', rest)), _) => {
                pattern = rest;
                last_star = Some((rest, text));
                continue;
            }
            (Some((wanted, rest)), Some((letter, after))) if fits(*wanted, *letter) => {
                pattern = rest;
                text = if *wanted == b'?' { rest_of_character(after) } else { after };
                continue;
            }
            (None, None) => return true,
            _ => {}
        }
        let Some((after_star, from)) = last_star else { return false };
        let Some((_, shorter)) = from.split_first() else { return false };
        last_star = Some((after_star, shorter));
        pattern = after_star;
        text = shorter;
    }
}

const fn fits(wanted: u8, letter: u8) -> bool {
    match wanted {
        b'?' => true,
        b'#' => letter.is_ascii_digit(),
        _ => wanted.eq_ignore_ascii_case(&letter),
    }
}

/// Skips the bytes that continue a UTF-8 character.
fn rest_of_character(mut text: &[u8]) -> &[u8] {
    while let Some((0x80..=0xbf, rest)) = text.split_first() {
        text = rest;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_comparison_takes_what_it_says_and_no_more() {
        for (op, pattern, yes, no) in [
            (Op::Is, "_ipp._tcp", "_IPP._tcp", "_ipps._tcp"),
            (Op::Starts, "iphone", "iPhone14,5", "my iPhone"),
            (Op::Ends, "-tv", "Samsung-TV", "tv"),
            (Op::Contains, "laserjet", "HP LASERJET Pro", "Laser Jet"),
            (Op::Has, "tv", "[TV] Living room", "tvheadend"),
            (Op::Has, "tv", "Apple TV", "atv"),
            (Op::Has, "nest hub", "Google Nest Hub Max", "Nest  Hub"),
            (Op::Has, "[tv]", "x[TV]x", "(TV)"),
            (Op::Like, "desktop-???????", "DESKTOP-7F3K2QA", "DESKTOP-7F3K2QAB"),
            (Op::Like, "ds#*+", "DS220+", "DSx20+"),
            (Op::Like, "*-*-*", "a-b-c", "a-b"),
            (Op::Like, "caf?", "Café", "Cafés"),
            (Op::Like, "a*b*c", "aXbXbYc", "aXbXbY"),
        ] {
            assert!(matches(op, pattern, yes), "{op:?} {pattern} {yes}");
            assert!(!matches(op, pattern, no), "{op:?} {pattern} {no}");
        }
    }

    #[test]
    fn emptiness_matches_nothing_but_itself() {
        for op in [Op::Is, Op::Starts, Op::Ends, Op::Has, Op::Contains, Op::Like] {
            assert!(!matches(op, "", "x"), "{op:?}");
            assert!(!matches(op, "x", ""), "{op:?}");
        }
        assert!(matches(Op::Is, "", "") && matches(Op::Like, "*", ""));
    }

    #[test]
    fn a_hostile_text_costs_no_more_than_the_product() {
        // Exponential backtracking would never return from this.
        assert!(!matches(Op::Like, &"*a".repeat(40), &"a".repeat(39)));
        assert!(matches(Op::Like, &"*a".repeat(40), &"a".repeat(40)));
    }
}
