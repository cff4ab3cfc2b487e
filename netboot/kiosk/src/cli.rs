//! Holds the command line: what was meant, its options, the help, the exit code.
//! Never does the work itself. `main` calls [`start`].

use std::convert::Infallible;
use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use lexopt::{Arg, Parser, ValueExt};

use crate::config::{self, Layer, Settings};
use crate::session::hold::Orders;
use crate::{guard, session, worker};

/// Exit codes (sysexits.h).
const USAGE: u8 = 64;
/// See [`USAGE`].
const SYSTEM: u8 = 71;
/// See [`USAGE`].
const CONFIG: u8 = 78;

const HELP: &str = "\
The agent on a public computer: locked until a code opens a session, counts by
itself, and leaves nothing of a person behind.

Usage: vigie-kiosk run [OPTIONS]
       vigie-kiosk check [OPTIONS]   Print the settings in force, and end.
       vigie-kiosk version

Options:
  --server URL     The appliance, such as https://192.0.2.1:8443
  --pin SHA256     Trust only the authority with this fingerprint. Without it
                   the first one that is met is trusted from then on.
  --name NAME      Suggested to whoever approves this computer. [host name]
  --ui tui         Text on a terminal; the only user interface there is.
  --vt N           Hold this virtual terminal. [1]
  --tty PATH       Hold this terminal instead.
  --state DIR      Keeps token and authority. [/var/lib/vigie-kiosk]
  --run DIR        Keeps what lasts until the next boot. [/run/vigie-kiosk]
  --language L     en or fr; F2 changes it. [en]
  --home-mib N     Most that a session may store, in MiB. [256]
  --config FILE    Read this file. [/etc/vigie-kiosk.toml]
  --program CMD... The person's program and its arguments; last of all options.
                   [/bin/sh -l]
  -h, --help       Print this.

The first place that has a value wins: these options, the kernel's command line
(vigie.server=, vigie.pin=, vigie.name=, vigie.language=), the file.

It runs as root and gives every session a user of its own. Exit codes: 0 asked
to end, 64 wrong command line, 71 refused by the system, 78 wrong configuration.
";

/// Why it ends early: a code and words.
struct Ending(u8, String);

/// Does what the command line says.
#[must_use]
pub fn start() -> ExitCode {
    match carry_out(std::env::args_os().skip(1).collect()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Ending(code, why)) => {
            let _nobody_reads = writeln!(std::io::stderr(), "vigie-kiosk: {why}");
            code.into()
        }
    }
}

fn carry_out(arguments: Vec<OsString>) -> Result<(), Ending> {
    let system = |why: String| Ending(SYSTEM, why);
    let mut rest = arguments.into_iter();
    let first = rest.next();
    let rest: Vec<OsString> = rest.collect();
    match first.as_ref().and_then(|word| word.to_str()) {
        None | Some("help" | "-h" | "--help") => say(HELP),
        Some("version" | "-V" | "--version") => say(concat!("vigie-kiosk ", env!("CARGO_PKG_VERSION"), "\n")),
        Some("run") => match read(&rest)? {
            Some(settings) => guard::run(&settings, &rest).map_err(system),
            None => say(HELP),
        },
        Some("check") => match read(&rest)? {
            Some(settings) => say(&format!("{settings:#?}\n")),
            None => say(HELP),
        },
        // What these processes are to each other stands in `lib.rs`; nobody else starts them, so the help does not name them.
        Some("work") => match read(&rest)? {
            Some(settings) => worker::run(&settings).map_err(system),
            None => say(HELP),
        },
        Some("hold") => session::hold::run(&orders(&rest)?).map_err(system),
        Some("become") => {
            let number = rest.first().and_then(|word| word.to_str()?.parse().ok());
            let uid = number.filter(|uid| *uid != 0).ok_or_else(usage)?;
            let outcome: Result<Infallible, String> = session::program::run(uid, rest.get(1..).unwrap_or_default());
            outcome.map(|never| match never {}).map_err(|why| Ending(session::program::NOT_STARTED, why))
        }
        Some(other) => {
            Err(Ending(USAGE, format!("there is no command “{other}”; `vigie-kiosk --help` lists them all")))
        }
    }
}

fn usage() -> Ending {
    Ending(USAGE, "this command is for vigie-kiosk itself".to_owned())
}

/// `hold UID HOME MIB PROGRAM...`
fn orders(words: &[OsString]) -> Result<Orders, Ending> {
    let [uid, home, mib, program @ ..] = words else { return Err(usage()) };
    let number = |word: &OsString| word.to_str().and_then(|word| word.parse().ok());
    let (Some(uid), Some(home_mib)) = (number(uid), number(mib)) else { return Err(usage()) };
    if uid == 0 || program.is_empty() || std::process::id() != 1 {
        return Err(usage());
    }
    Ok(Orders { uid, home: home.into(), home_mib, program: program.to_vec() })
}

/// The settings in force; `None`: help is wanted.
fn read(words: &[OsString]) -> Result<Option<Settings>, Ending> {
    let Some((options, file)) = parse(words)? else { return Ok(None) };
    let wrong = |why| Ending(CONFIG, why);
    let named = file.is_some();
    let path = file.unwrap_or_else(|| config::FILE.into());
    if named && !path.exists() {
        return Err(wrong(format!("{}: there is no such file", path.display())));
    }
    let file = config::read_file(&path).map_err(wrong)?;
    let kernel = std::fs::read_to_string(Path::new(config::KERNEL_LINE)).unwrap_or_default();
    options.over(config::read_kernel_line(&kernel).over(file)).settle().map(Some).map_err(wrong)
}

/// Options as a layer, and the file they name.
type Said = (Layer, Option<PathBuf>);

/// What the options say; `None`: help is wanted.
fn parse(words: &[OsString]) -> Result<Option<Said>, Ending> {
    let wrong = |error: lexopt::Error| Ending(USAGE, error.to_string());
    let mut parser = Parser::from_args(words);
    let (mut layer, mut file) = (Layer::default(), None);
    while let Some(argument) = parser.next().map_err(wrong)? {
        let name = match argument {
            Arg::Short('h') => return Ok(None),
            Arg::Long(name) => name.to_owned(),
            other => return Err(wrong(other.unexpected())),
        };
        let mut text = || parser.value().and_then(ValueExt::string).map_err(wrong);
        match name.as_str() {
            "help" => return Ok(None),
            "server" => layer.server = Some(text()?),
            "pin" => layer.pin = Some(text()?),
            "name" => layer.name = Some(text()?),
            "ui" => layer.ui = Some(text()?),
            "language" => layer.language = Some(text()?),
            "state" => layer.state = Some(text()?.into()),
            "run" => layer.run = Some(text()?.into()),
            "tty" => layer.tty = Some(text()?.into()),
            "config" => file = Some(text()?.into()),
            "vt" => layer.vt = Some(parser.value().and_then(|value| value.parse()).map_err(wrong)?),
            "home-mib" => layer.home_mib = Some(parser.value().and_then(|value| value.parse()).map_err(wrong)?),
            "program" => {
                let mut program = vec![text()?];
                let more = parser.raw_args().map_err(wrong)?.map(OsString::into_string);
                program.extend(
                    more.collect::<Result<Vec<_>, _>>()
                        .map_err(|_| Ending(USAGE, "--program: the arguments are not valid UTF-8".to_owned()))?,
                );
                layer.program = Some(program);
            }
            other => {
                return Err(Ending(
                    USAGE,
                    format!("there is no option --{other}; `vigie-kiosk --help` lists them all"),
                ));
            }
        }
    }
    Ok(Some((layer, file)))
}

/// Writes to standard output. A reader that has gone is no failure.
fn say(text: &str) -> Result<(), Ending> {
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(Ending(SYSTEM, error.to_string())),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layer(words: &[&str]) -> Result<Layer, u8> {
        let words: Vec<OsString> = words.iter().map(OsString::from).collect();
        parse(&words).map(|read| read.expect("no help").0).map_err(|ending| ending.0)
    }

    #[test]
    fn the_program_takes_the_rest_of_the_line() {
        let read = layer(&["--server", "https://a", "--vt", "7", "--program", "bash", "--norc", "-c", "x"]).unwrap();
        assert_eq!((read.server.as_deref(), read.vt), (Some("https://a"), Some(7)));
        assert_eq!(read.program.unwrap(), ["bash", "--norc", "-c", "x"]);
    }

    #[test]
    fn every_option_of_the_help_is_taken_and_no_other() {
        for line in HELP.lines().filter(|line| line.starts_with("  --")) {
            let name = line.split_whitespace().next().unwrap();
            assert!(layer(&[name, "1"]).is_ok(), "{name}");
        }
        assert!(HELP.lines().all(|line| line.chars().count() <= 80));
        for words in [&["--serve", "x"][..], &["x"], &["--server"], &["--vt", "x"], &["--vt", "70000"]] {
            assert_eq!(layer(words).err(), Some(USAGE), "{words:?}");
        }
        assert!(matches!(parse(&["-h".into()]), Ok(None)));
    }

    #[test]
    fn what_is_for_the_agent_itself_is_for_nobody_else() {
        for words in [
            &["hold"][..],
            &["hold", "0", "/x", "1", "sh"],
            &["hold", "70000", "/x", "1", "sh"],
            &["become", "0", "sh"],
            &["become"],
        ] {
            let words = words.iter().map(OsString::from).collect();
            assert_eq!(carry_out(words).err().map(|ending| ending.0), Some(USAGE));
        }
    }
}
