//! Holds the command line: which sub-command was meant, its options, and the exit code.
//! It never does the work itself and never takes a password as an argument, where every user of the machine could read it.
//! `main` calls [`start`].
//!
//! Read with `lexopt`, not `clap`: it adds about 30 KB to the binary instead of about 500, and the help is written by
//! hand, in whole sentences, below in `help`. What `clap` would add, the nearest sub-command, is one call.

mod help;
pub mod logging;
mod parse;
mod recorder;

use std::io::{BufRead, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use self::parse::{Command, Options, ScanOptions};
use crate::accounts::secret::{MAX_SECRET_BYTES, Secret};
use crate::config::{self, Config, Effective, Layer, Refused};
use crate::run;

pub use self::parse::{ExportForm, ScanOptions as ScanRequest};

/// The configuration file of the image, read when none is named and it is there.
const SYSTEM_FILE: &str = "/etc/vigie/vigie.toml";

/// Exit codes (sysexits.h), so that scripts and supervisors can tell mistakes from failures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Done.
    Ok = 0,
    /// The command line cannot be meant.
    Usage = 64,
    /// What was given is wrong: a name, a password, a target.
    Data = 65,
    /// A service is not there.
    Unavailable = 69,
    /// A fault of ours.
    Software = 70,
    /// The system refuses: a port is taken, a folder cannot be made.
    System = 71,
    /// Reading or writing failed.
    Io = 74,
    /// Somebody else holds it at this moment: another instance runs.
    Temporary = 75,
    /// Not allowed.
    Permission = 77,
    /// The configuration is wrong.
    Config = 78,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why a command ends early: words for a person, a code for a script.
#[derive(Debug)]
pub struct Ending {
    /// The code.
    pub exit: Exit,
    /// The words.
    pub why: String,
}

impl Ending {
    /// An ending with words.
    #[must_use]
    pub fn new(exit: Exit, why: impl Into<String>) -> Self {
        Self { exit, why: why.into() }
    }
}

impl From<Refused> for Ending {
    fn from(refused: Refused) -> Self {
        Self::new(Exit::Config, refused.to_string())
    }
}

impl From<std::io::Error> for Ending {
    fn from(error: std::io::Error) -> Self {
        let exit = match error.kind() {
            std::io::ErrorKind::PermissionDenied => Exit::Permission,
            std::io::ErrorKind::AddrInUse | std::io::ErrorKind::AddrNotAvailable => Exit::System,
            _ => Exit::Io,
        };
        Self::new(exit, error.to_string())
    }
}

/// Does what the command line says.
#[must_use]
pub fn start() -> ExitCode {
    let outcome = parse::parse(std::env::args_os().skip(1)).and_then(carry_out);
    match outcome {
        Ok(exit) => exit,
        Err(ending) => {
            let _ = writeln!(std::io::stderr(), "vigie: {}", ending.why);
            ending.exit.into()
        }
    }
}

fn carry_out(command: Command) -> Result<ExitCode, Ending> {
    let exit = match command {
        Command::Help(topic) => say(help::text(topic)),
        Command::Version => say(&format!("vigie {}\n", env!("CARGO_PKG_VERSION"))),
        Command::Check { file, json } => {
            let effective = settle(&Options { config: Some(file), ..Options::default() })?;
            say(&if json { effective.document() } else { effective.explain() })
        }
        Command::Run(options) => {
            let arguments = std::env::args_os().skip(1).collect();
            return run::run(settle(&options)?.config, arguments).map(ExitCode::from);
        }
        Command::Serve(options) => {
            return run::run_behind_broker(settle(&options)?.config).map(ExitCode::from);
        }
        Command::SetUp { options, admin } => {
            let password = read_password()?;
            run::set_up(&settle(&options)?.config, &admin, password)?;
            say(&format!("{admin} can log in now.\n"))
        }
        Command::Scan(scan) => scan_once(&scan),
        Command::Export { options, csv } => {
            run::export(&settle(&options)?.config, csv)?;
            Ok(Exit::Ok)
        }
        Command::Restore { options, file, yes } => {
            run::restore(&settle(&options)?.config, &file, yes)?;
            Ok(Exit::Ok)
        }
        Command::Recorder { options, json, follow } => {
            recorder::print(&settle(&options)?.config.data.dir, json, follow)
        }
        Command::VerifyJournal { options, json } => {
            run::verify_journal(&settle(&options)?.config, json)?;
            Ok(Exit::Ok)
        }
        Command::ExportJournal { options, form } => {
            run::export_journal(&settle(&options)?.config, form)?;
            Ok(Exit::Ok)
        }
    };
    exit.map(ExitCode::from)
}

fn scan_once(scan: &ScanOptions) -> Result<Exit, Ending> {
    let config = settle(&scan.options)?.config;
    run::scan(&config, scan)?;
    Ok(Exit::Ok)
}

/// Puts the configuration together from all its places.
fn settle(options: &Options) -> Result<Effective, Ending> {
    let mut command_line = Layer::default();
    if let Some(listen) = &options.listen {
        command_line.set("http.listen", listen, "--listen")?;
    }
    if let Some(listen) = &options.tls_listen {
        command_line.set("http.tls_listen", listen, "--tls-listen")?;
        // Whoever says where wants it, whatever the file says.
        command_line.set("http.tls", "true", "--tls-listen")?;
    }
    if options.no_tls {
        command_line.set("http.tls", "false", "--no-tls")?;
    }
    if let Some(data) = &options.data {
        let text = data.to_str().ok_or_else(|| Ending::new(Exit::Usage, "--data: the name is not valid UTF-8"))?;
        command_line.set("data.dir", text, "--data")?;
    }
    let file = match &options.config {
        Some(path) => config::read_file(path)?,
        None if Path::new(SYSTEM_FILE).exists() => config::read_file(&PathBuf::from(SYSTEM_FILE))?,
        None => Layer::default(),
    };
    let environment = config::read_environment(std::env::vars_os().filter_map(|(name, value)| {
        // What is not UTF-8 is none of ours.
        Some((name.into_string().ok()?, value.into_string().ok()?))
    }))?;
    // What was changed on the page is on the data partition, which is opened later and applied by the service then.
    Ok(config::resolve(&command_line, &environment, &Layer::default(), &file)?)
}

/// Reads one line from standard input.
fn read_password() -> Result<Secret, Ending> {
    let stdin = std::io::stdin();
    if stdin.is_terminal() {
        let _ = writeln!(std::io::stderr(), "Password (it will be shown; pipe it in to avoid that):");
    }
    let mut line = zeroize::Zeroizing::new(String::new());
    std::io::Read::take(stdin.lock(), MAX_SECRET_BYTES as u64 + 2).read_line(&mut line)?;
    let text = line.trim_end_matches(['\r', '\n']);
    if text.is_empty() || text.len() > MAX_SECRET_BYTES {
        return Err(Ending::new(Exit::Data, "standard input must hold one line with the password"));
    }
    Ok(Secret::new(text.to_owned()))
}

/// Writes to standard output. A reader that has gone (`| head`) is no failure.
fn say(text: &str) -> Result<Exit, Ending> {
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(Exit::Ok),
    }
}

/// The configuration as `check` would resolve it, for tests of shipped examples.
///
/// # Errors
/// What is wrong with it.
pub fn check_file(path: &Path) -> Result<Config, Refused> {
    let file = config::read_file(path)?;
    Ok(config::resolve(&Layer::default(), &Layer::default(), &Layer::default(), &file)?.config)
}
