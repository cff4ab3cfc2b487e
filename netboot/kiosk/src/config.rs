//! Holds what the agent is told before it starts: command line, kernel's command line, file, and what is built in.
//! Never holds a secret; those are in the state folder. Guard and worker read it, each for itself.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::link::address::Address;
use crate::link::trust::{Fingerprint, read_fingerprint};
use crate::session::hold::PASSING;
use crate::words::Language;

/// The file that is read when it is there.
pub const FILE: &str = "/etc/vigie-kiosk.toml";
/// What the boot loader told the kernel; netboot puts the appliance's address there.
pub const KERNEL_LINE: &str = "/proc/cmdline";
/// Longest configuration, in bytes; a page of comments is two thousand.
const MAX_FILE_BYTES: u64 = 64 * 1024;
/// Longest name of a workstation, in characters; it stands in one line of the screen.
const MAX_NAME: usize = 40;

/// The settings in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Where the appliance is.
    pub server: Address,
    /// Only an authority with this fingerprint is trusted; `None`: the first one that is met, and then that one.
    pub pin: Option<Fingerprint>,
    /// Suggested to whoever approves the enrolment.
    pub name: String,
    /// Folder that keeps key, token and authority.
    pub state: PathBuf,
    /// Folder in memory that keeps what must outlive the agent but not the machine.
    pub run: PathBuf,
    /// The terminal to hold.
    pub terminal: PathBuf,
    /// Its number when it is a virtual one, which is then shown and kept.
    pub virtual_terminal: Option<u16>,
    /// The person's program and its arguments.
    pub program: Vec<String>,
    /// Language of the locked screen until somebody presses F2.
    pub language: Language,
    /// Most that a person may keep in the home and in the folders for passing things, in MiB each.
    pub home_mib: u32,
}

/// One place that settings come from. What is not said there is `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Layer {
    /// `server`
    pub server: Option<String>,
    /// `pin`
    pub pin: Option<String>,
    /// `name`
    pub name: Option<String>,
    /// `state`
    pub state: Option<PathBuf>,
    /// `run`
    pub run: Option<PathBuf>,
    /// `ui`
    pub ui: Option<String>,
    /// `vt`
    pub vt: Option<u16>,
    /// `tty`
    pub tty: Option<PathBuf>,
    /// `program`
    pub program: Option<Vec<String>>,
    /// `language`
    pub language: Option<String>,
    /// `home_mib`
    pub home_mib: Option<u32>,
}

/// Reads the file; nothing when there is none.
///
/// # Errors
/// What is wrong with it, and where.
pub fn read_file(path: &Path) -> Result<Layer, String> {
    match std::fs::metadata(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Layer::default()),
        Err(error) => return Err(format!("{}: {error}", path.display())),
        Ok(metadata) if metadata.len() > MAX_FILE_BYTES => {
            return Err(format!("{}: longer than {MAX_FILE_BYTES} bytes", path.display()));
        }
        Ok(_) => {}
    }
    let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    toml::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))
}

/// Reads what a boot loader told the kernel. Words of others are passed over.
#[must_use]
pub fn read_kernel_line(line: &str) -> Layer {
    let mut layer = Layer::default();
    for word in line.split_ascii_whitespace() {
        let Some((key, value)) = word.strip_prefix("vigie.").and_then(|word| word.split_once('=')) else { continue };
        match key {
            "server" => layer.server = Some(value.to_owned()),
            "pin" => layer.pin = Some(value.to_owned()),
            "name" => layer.name = Some(value.to_owned()),
            "language" => layer.language = Some(value.to_owned()),
            _ => {}
        }
    }
    layer
}

impl Layer {
    /// What this layer says, and where it says nothing, what `below` says.
    #[must_use]
    pub fn over(self, below: Self) -> Self {
        // A terminal is named in one way or the other: the upper layer's way wins as a whole.
        let (vt, tty) =
            if self.vt.is_some() || self.tty.is_some() { (self.vt, self.tty) } else { (below.vt, below.tty) };
        Self {
            server: self.server.or(below.server),
            pin: self.pin.or(below.pin),
            name: self.name.or(below.name),
            state: self.state.or(below.state),
            run: self.run.or(below.run),
            ui: self.ui.or(below.ui),
            vt,
            tty,
            program: self.program.or(below.program),
            language: self.language.or(below.language),
            home_mib: self.home_mib.or(below.home_mib),
        }
    }

    /// The settings in force, when everything that is needed was said and can be meant.
    ///
    /// # Errors
    /// What is missing or wrong, and what to do.
    pub fn settle(self) -> Result<Settings, String> {
        let server = self.server.ok_or(
            "the appliance's address is missing: --server https://ADDRESS:8443, `server` in /etc/vigie-kiosk.toml, or \
             vigie.server= on the kernel's command line",
        )?;
        let server = Address::read(&server)?;
        let pin = self.pin.as_deref().map(read_fingerprint).transpose()?;
        if let Some(ui) = self.ui.filter(|ui| ui != "tui") {
            return Err(format!("there is no user interface “{ui}”; there is: tui"));
        }
        let (terminal, virtual_terminal) = match (self.vt, self.tty) {
            (Some(_), Some(_)) => return Err("give either --vt or --tty, not both".to_owned()),
            (Some(number @ 1..=63), None) => (PathBuf::from(format!("/dev/tty{number}")), Some(number)),
            (Some(number), None) => return Err(format!("there is no virtual terminal {number}; there are 1 to 63")),
            (None, Some(path)) => (path, None),
            (None, None) => (PathBuf::from("/dev/tty1"), Some(1)),
        };
        let program = self.program.unwrap_or_else(|| vec!["/bin/sh".to_owned(), "-l".to_owned()]);
        if program.first().is_none_or(String::is_empty) || program.iter().any(|word| word.contains('\0')) {
            return Err("the program is empty".to_owned());
        }
        let home_mib = self.home_mib.unwrap_or(256);
        if !(1..=1024 * 1024).contains(&home_mib) {
            return Err("home_mib must be at least 1 and at most 1048576".to_owned());
        }
        let run = self.run.unwrap_or_else(|| "/run/vigie-kiosk".into());
        // A session has its own of these, which would cover what is kept there.
        if let Some(passing) = PASSING.iter().find(|passing| run.starts_with(passing)) {
            return Err(format!(
                "--run {}: every session has a {passing} of its own, so nothing can be kept there; the usual place is \
                 /run/vigie-kiosk",
                run.display()
            ));
        }
        let name: String = self.name.unwrap_or_else(host_name).chars().filter(|c| !c.is_control()).collect();
        let language = self.language.map_or(Ok(Language::default()), |word| {
            Language::read(&word).ok_or_else(|| format!("there is no language “{word}”; there are: en, fr"))
        })?;
        Ok(Settings {
            server,
            pin,
            name: name.chars().take(MAX_NAME).collect(),
            state: self.state.unwrap_or_else(|| "/var/lib/vigie-kiosk".into()),
            run,
            terminal,
            virtual_terminal,
            program,
            language,
            home_mib,
        })
    }
}

fn host_name() -> String {
    let name = rustix::system::uname().nodename().to_string_lossy().into_owned();
    if name.is_empty() { "workstation".to_owned() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layer(text: &str) -> Layer {
        toml::from_str(text).unwrap()
    }

    #[test]
    fn the_shipped_example_is_good() {
        let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("vigie-kiosk.toml");
        let settings = read_file(&example).unwrap().settle().unwrap();
        assert_eq!(settings.server.to_string(), "https://192.0.2.1:8443");
    }

    #[test]
    fn what_is_nearer_wins() {
        let options = layer("server = 'https://10.0.0.1'\ntty = '/dev/ttyS0'");
        let kernel = read_kernel_line("quiet vigie.server=https://10.0.0.2:9000 vigie.name=desk-3 root=/dev/ram0");
        let file = layer("server = 'http://10.0.0.3'\nname = 'x'\nvt = 5\nhome_mib = 32\nlanguage = 'fr'");
        let settings = options.over(kernel.clone().over(file.clone())).settle().unwrap();
        assert_eq!(settings.server.to_string(), "https://10.0.0.1:8443");
        assert_eq!((settings.name.as_str(), settings.home_mib, settings.language), ("desk-3", 32, Language::Fr));
        assert_eq!((settings.terminal.to_str(), settings.virtual_terminal), (Some("/dev/ttyS0"), None));
        let settings = kernel.over(file).settle().unwrap();
        assert_eq!(settings.server.to_string(), "https://10.0.0.2:9000");
        assert_eq!(settings.virtual_terminal, Some(5));
    }

    #[test]
    fn what_cannot_be_meant_is_said() {
        for (text, word) in [
            ("", "--server"),
            ("server = 'ftp://a'", "https"),
            ("server = 'https://a'\nvt = 64", "64"),
            ("server = 'https://a'\nvt = 1\ntty = '/dev/x'", "either"),
            ("server = 'https://a'\npin = 'abc'", "pin"),
            ("server = 'https://a'\nui = 'gtk'", "gtk"),
            ("server = 'https://a'\nprogram = []", "program"),
            ("server = 'https://a'\nlanguage = 'de'", "de"),
            ("server = 'https://a'\nhome_mib = 0", "home_mib"),
            ("server = 'https://a'\nrun = '/tmp/kiosk'", "/run/vigie-kiosk"),
        ] {
            let why = layer(text).settle().unwrap_err();
            assert!(why.contains(word), "{text}: {why}");
        }
        assert!(toml::from_str::<Layer>("sever = 'https://a'").is_err());
    }
}
