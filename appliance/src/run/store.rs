//! Holds the opening of the store, with words for whatever stands in its way.
//! Never removes what it finds. Called by `run` and `setup`.

use std::path::Path;

use vigie_store::Error;

use super::now_ms;
use crate::cli::{Ending, Exit};
use crate::shell::keeper::{Keeper, Stored};

/// The folder of the log, in that of the data.
const LOG: &str = "log";

/// Opens the store in the data folder.
///
/// # Errors
/// When another process has it, newer software wrote it, or something else lies where its folders should.
pub(super) fn open(folder: &Path) -> Result<(Keeper, Vec<Stored>), Ending> {
    Keeper::open(&folder.join(LOG), now_ms).map_err(|error| {
        let exit = match error {
            Error::Locked { .. } => Exit::Temporary,
            Error::NewerFormat { .. } => Exit::Data,
            _ => Exit::Io,
        };
        let why = obstacle(folder).unwrap_or_else(|| format!("{}: {error}", folder.display()));
        Ending::new(exit, why)
    })
}

/// What lies where a folder should, if that is the reason; the system would only say that something exists.
fn obstacle(folder: &Path) -> Option<String> {
    let log = folder.join(LOG);
    let in_the_way = folder.ancestors().filter(|path| !path.as_os_str().is_empty()).chain([log.as_path()]);
    let in_the_way = in_the_way.filter(|path| path.exists()).find(|path| !path.is_dir())?;
    Some(format!(
        "{} is not a folder, and the data is kept in a folder of that name; move it away, or choose another place with \
         --data",
        in_the_way.display()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(folder: &Path) -> String {
        match open(folder) {
            Ok(_) => panic!("it opened"),
            Err(ending) => ending.why,
        }
    }

    #[test]
    fn a_file_in_the_way_is_named_and_kept() {
        let home = tempfile::tempdir().unwrap();
        let log = home.path().join("log");
        std::fs::write(&log, b"somebody's notes").unwrap();
        let why = refusal(home.path());
        assert!(why.contains(&format!("{} is not a folder", log.display())) && why.contains("--data"), "{why}");
        assert_eq!(std::fs::read(&log).unwrap(), b"somebody's notes");
        let why = refusal(&log);
        assert!(why.contains(&format!("{} is not a folder", log.display())), "{why}");
        let why = refusal(&log.join("deeper"));
        assert!(why.contains(&format!("{} is not a folder", log.display())), "{why}");
    }
}
