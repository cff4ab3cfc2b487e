//! Holds the data files of the network's knowledge as they lie in the binary, and the rules a person added.
//! Never decides: the engine in `core` does. Called by the engine at start.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;

use flate2::read::GzDecoder;
use vigie_core::lan::rule::{MAX_FILE_BYTES, RuleSet};

/// The packed IEEE registry of MAC prefixes.
pub(super) const VENDORS: &[u8] = include_bytes!("../../../profiles/vendors.bin");

/// The rules of the product, packed as gzip when the program was built: they are read once, and are mostly comments and words.
/// Their format is described at the top of the file.
const SHIPPED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/devices.rules.gz"));

/// The rules that tell kinds apart.
pub(crate) type Rules = RuleSet;

/// Our rules, and a person's after them if `user_file` is there. What is wrong comes back in words, each with its line, and
/// leaves only itself out: the rules are usable whatever the file holds. A file that does not exist is no problem.
pub(crate) fn load(user_file: Option<&Path>) -> (Rules, Vec<String>) {
    let mut words = Vec::new();
    let own = user_file.and_then(|path| match read(path) {
        Ok(text) => Some(text),
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => {
            words.push(format!("{} cannot be read: {error}", path.display()));
            None
        }
    });
    let mut shipped = String::new();
    let most = u64::try_from(MAX_FILE_BYTES).unwrap_or(u64::MAX);
    if let Err(error) = GzDecoder::new(SHIPPED).take(most).read_to_string(&mut shipped) {
        words.push(format!("shipped rules cannot be unpacked: {error}; the program is damaged, install it again"));
    }
    let (rules, problems) = RuleSet::read(&[&shipped, own.as_deref().unwrap_or_default()]);
    let owner = user_file.map(|path| path.display().to_string()).unwrap_or_default();
    words.extend(problems.iter().map(|problem| match problem.file {
        0 => format!("shipped rules, {problem}"),
        _ => format!("{owner}, {problem}"),
    }));
    (rules, words)
}

/// The file as text, one byte more than is taken at most, so that the rule reader sees that it is too long. A file in
/// another encoding is read as far as it is text: what is not becomes a problem of its line.
fn read(path: &Path) -> std::io::Result<String> {
    let most = u64::try_from(MAX_FILE_BYTES).unwrap_or(u64::MAX).saturating_add(1);
    let mut bytes = Vec::new();
    let file = File::open(path)?;
    // A pipe or a device by that name would keep the service from starting.
    if !file.metadata()?.is_file() {
        return Err(std::io::Error::new(ErrorKind::InvalidInput, "it is not a file"));
    }
    file.take(most).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file of its own for one test, gone afterwards.
    struct Scratch(std::path::PathBuf);

    impl Scratch {
        fn holding(name: &str, bytes: &[u8]) -> Self {
            let path = std::env::temp_dir().join(format!("vigie-rules-{}-{name}", std::process::id()));
            std::fs::write(&path, bytes).unwrap();
            Self(path)
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            let _gone = std::fs::remove_file(&self.0);
        }
    }

    #[test]
    fn ours_stand_alone_without_a_word() {
        let (rules, words) = load(None);
        assert!(rules.len() >= 200);
        assert_eq!(words, Vec::<String>::new());
        let (same, words) = load(Some(Path::new("/nowhere/devices.rules")));
        assert_eq!((same.len(), words), (rules.len(), Vec::new()));
    }

    #[test]
    fn a_persons_rules_come_on_top_and_their_faults_are_told_with_their_line() {
        let file = Scratch::holding(
            "own",
            b"# mine\niot 0.9 when name is gadget because it is mine\ntv 2 when name is x because y\n",
        );
        let (rules, words) = load(Some(&file.0));
        assert_eq!(rules.len(), load(None).0.len() + 1);
        let fault = "line 3: \"2\" is no weight: 0 to 0.99 with two decimals; nothing heard is certain";
        assert_eq!(words, [format!("{}, {fault}", file.0.display())]);
    }

    #[test]
    fn what_is_no_rule_file_leaves_ours_standing() {
        let ours = load(None).0.len();
        let binary = Scratch::holding("binary", &[0xff, 0xfe, 0x00, b'\n', 0x80]);
        let long = Scratch::holding("long", "# x\n".repeat(MAX_FILE_BYTES / 2).as_bytes());
        let (rules, words) = load(Some(&binary.0));
        assert!(rules.len() == ours && !words.is_empty());
        let (rules, words) = load(Some(&long.0));
        assert_eq!((rules.len(), words.len()), (ours, 1));
        let (rules, words) = load(Some(&std::env::temp_dir()));
        assert_eq!((rules.len(), words.len()), (ours, 1));
        assert!(words[0].ends_with("it is not a file"), "{words:?}");
    }
}
