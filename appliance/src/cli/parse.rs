//! Holds how arguments become a command.
//! It never opens or reads anything.
//! The command line's `start` calls it.

use std::ffi::OsString;
use std::path::PathBuf;

use lexopt::{Arg, Parser, ValueExt};
use vigie_core::lan::probe::is_printing_port;
use vigie_core::lan::sweep::{MAX_SWEEP_PORTS, Pace};

use super::help::Topic;
use super::{Ending, Exit};
use crate::config::nearest;

/// What to do.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Command {
    Run(Options),
    /// What the broker starts; nobody else should, so the help does not name it.
    Serve(Options),
    SetUp {
        options: Options,
        admin: String,
    },
    Scan(ScanOptions),
    Check {
        file: PathBuf,
        json: bool,
    },
    Export {
        options: Options,
        csv: bool,
    },
    Restore {
        options: Options,
        file: PathBuf,
        yes: bool,
    },
    Recorder {
        options: Options,
        json: bool,
        follow: bool,
    },
    VerifyJournal {
        options: Options,
        json: bool,
    },
    ExportJournal {
        options: Options,
        form: ExportForm,
    },
    Version,
    Help(Topic),
}

/// How the journal is written out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ExportForm {
    /// A document a line.
    #[default]
    Json,
    /// A spreadsheet.
    Csv,
}

/// Options that belong to the configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// `--data`
    pub data: Option<PathBuf>,
    /// `--listen`
    pub listen: Option<String>,
    /// `--tls-listen`
    pub tls_listen: Option<String>,
    /// `--no-tls`
    pub no_tls: bool,
    /// `--config`
    pub config: Option<PathBuf>,
}

/// What `scan` was asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScanOptions {
    /// Where the configuration comes from.
    pub options: Options,
    /// `--json`
    pub json: bool,
    /// `--full`
    pub full: bool,
    /// `--ports`
    pub ports: Vec<u16>,
    /// `--interface`, as often as wanted.
    pub interfaces: Vec<String>,
    /// `--pace`
    pub pace: Option<Pace>,
    /// Segments; the machine's own when empty.
    pub targets: Vec<String>,
}

/// Sub-commands, for the nearest one.
const COMMANDS: [&str; 10] =
    ["run", "setup", "scan", "check", "export", "restore", "recorder", "audit", "version", "help"];

/// Reads arguments, the program's name left out.
pub(super) fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Command, Ending> {
    let mut parser = Parser::from_args(arguments);
    let first = parser.next().map_err(usage)?;
    let word = match first {
        None => return Ok(Command::Run(Options::default())),
        Some(Arg::Value(word)) => word.string().map_err(usage)?,
        Some(Arg::Short('h') | Arg::Long("help")) => return Ok(Command::Help(Topic::All)),
        Some(Arg::Short('V') | Arg::Long("version")) => return Ok(Command::Version),
        // `run` may be left out, its options may not be lost with it.
        Some(Arg::Long(name)) => {
            let name = name.to_owned();
            let mut options = Options::default();
            if !take_option(&mut parser, &name, &mut options, true)? {
                return Err(unknown_option(&name, "run"));
            }
            return parse_run(parser, options);
        }
        Some(Arg::Short(letter)) => return Err(unknown_option(&letter.to_string(), "run")),
    };
    match word.as_str() {
        "run" => parse_run(parser, Options::default()),
        "serve" => match parse_run(parser, Options::default())? {
            Command::Run(options) => Ok(Command::Serve(options)),
            other => Ok(other),
        },
        "setup" => parse_set_up(parser),
        "scan" => parse_scan(parser),
        "check" => parse_check(parser),
        "export" => parse_export(parser),
        "restore" => parse_restore(parser),
        "recorder" => parse_recorder(parser),
        "audit" => parse_audit(parser),
        "version" => Ok(Command::Version),
        "help" => parse_help(parser),
        other => {
            let hint = nearest(other, COMMANDS).map_or(String::new(), |meant| format!(" Did you mean “{meant}”?"));
            Err(Ending::new(
                Exit::Usage,
                format!("there is no command “{other}”.{hint} `vigie --help` lists them all."),
            ))
        }
    }
}

fn parse_run(mut parser: Parser, mut options: Options) -> Result<Command, Ending> {
    while let Some(argument) = parser.next().map_err(usage)? {
        match argument {
            Arg::Short('h') | Arg::Long("help") => return Ok(Command::Help(Topic::Run)),
            Arg::Long(name) => {
                let name = name.to_owned();
                if !take_option(&mut parser, &name, &mut options, true)? {
                    return Err(unknown_option(&name, "run"));
                }
            }
            other => return Err(usage(other.unexpected())),
        }
    }
    Ok(Command::Run(options))
}

fn parse_set_up(mut parser: Parser) -> Result<Command, Ending> {
    let (mut options, mut admin, mut from_stdin) = (Options::default(), None, false);
    while let Some(argument) = parser.next().map_err(usage)? {
        match argument {
            Arg::Short('h') | Arg::Long("help") => return Ok(Command::Help(Topic::SetUp)),
            Arg::Long("admin") => admin = Some(parser.value().and_then(ValueExt::string).map_err(usage)?),
            Arg::Long("password-stdin") => from_stdin = true,
            Arg::Long("password") => {
                let why = "a password on the command line can be read by every user of this machine; \
                           pipe it in with --password-stdin";
                return Err(Ending::new(Exit::Usage, why));
            }
            Arg::Long(name) => {
                let name = name.to_owned();
                if !take_option(&mut parser, &name, &mut options, false)? {
                    return Err(unknown_option(&name, "setup"));
                }
            }
            other => return Err(usage(other.unexpected())),
        }
    }
    match (admin, from_stdin) {
        (Some(admin), true) => Ok(Command::SetUp { options, admin }),
        (None, _) => Err(Ending::new(Exit::Usage, "setup needs --admin NAME")),
        (_, false) => Err(Ending::new(Exit::Usage, "setup needs --password-stdin, and the password on standard input")),
    }
}

fn parse_scan(mut parser: Parser) -> Result<Command, Ending> {
    let mut scan = ScanOptions::default();
    while let Some(argument) = parser.next().map_err(usage)? {
        match argument {
            Arg::Short('h') | Arg::Long("help") => return Ok(Command::Help(Topic::Scan)),
            Arg::Long("json") => scan.json = true,
            Arg::Long("full") => scan.full = true,
            Arg::Long("ports") => scan.ports = ports(&parser.value().and_then(ValueExt::string).map_err(usage)?)?,
            Arg::Long("interface") => {
                scan.interfaces.push(parser.value().and_then(ValueExt::string).map_err(usage)?);
            }
            Arg::Long("pace") => {
                let word = parser.value().and_then(ValueExt::string).map_err(usage)?;
                let pace = word.parse().map_err(|why| Ending::new(Exit::Usage, format!("--pace {word}: {why}")))?;
                scan.pace = Some(pace);
            }
            Arg::Long(name) => {
                let name = name.to_owned();
                if !take_option(&mut parser, &name, &mut scan.options, false)? {
                    return Err(unknown_option(&name, "scan"));
                }
            }
            Arg::Value(target) => scan.targets.push(target.string().map_err(usage)?),
            other => return Err(usage(other.unexpected())),
        }
    }
    Ok(Command::Scan(scan))
}

/// Reads `22,80,8000-8010`.
fn ports(text: &str) -> Result<Vec<u16>, Ending> {
    let wrong = |part: &str| {
        let why = format!("--ports: “{part}” is no port; write 22,80,8000-8010, at most {MAX_SWEEP_PORTS} in all");
        Ending::new(Exit::Usage, why)
    };
    let mut all = Vec::new();
    for part in text.split(',').map(str::trim) {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last): (u16, u16) = match (first.parse(), last.parse()) {
            (Ok(first), Ok(last)) if first <= last && first > 0 => (first, last),
            _ => return Err(wrong(part)),
        };
        if first == last && is_printing_port(first) {
            // In a range they are left out without a word: somebody who wants all ports does not mean these.
            let why = format!("--ports: printers print what is sent to port {first}, so it is never touched");
            return Err(Ending::new(Exit::Usage, why));
        }
        all.extend(first..=last);
    }
    if all.len() > MAX_SWEEP_PORTS { Err(wrong(text)) } else { Ok(all) }
}

fn parse_check(mut parser: Parser) -> Result<Command, Ending> {
    let (mut file, mut json) = (None, false);
    while let Some(argument) = parser.next().map_err(usage)? {
        match argument {
            Arg::Short('h') | Arg::Long("help") => return Ok(Command::Help(Topic::Check)),
            Arg::Long("json") => json = true,
            Arg::Value(path) if file.is_none() => file = Some(PathBuf::from(path)),
            other => return Err(usage(other.unexpected())),
        }
    }
    file.map(|file| Command::Check { file, json })
        .ok_or_else(|| Ending::new(Exit::Usage, "check needs the name of a file"))
}

fn parse_export(mut parser: Parser) -> Result<Command, Ending> {
    let (mut options, mut csv) = (Options::default(), false);
    while let Some(argument) = parser.next().map_err(usage)? {
        match argument {
            Arg::Short('h') | Arg::Long("help") => return Ok(Command::Help(Topic::Export)),
            Arg::Long("csv") => csv = true,
            Arg::Long(name) => {
                let name = name.to_owned();
                if !take_option(&mut parser, &name, &mut options, false)? {
                    return Err(unknown_option(&name, "export"));
                }
            }
            other => return Err(usage(other.unexpected())),
        }
    }
    Ok(Command::Export { options, csv })
}

fn parse_restore(mut parser: Parser) -> Result<Command, Ending> {
    let (mut options, mut file, mut yes) = (Options::default(), None, false);
    while let Some(argument) = parser.next().map_err(usage)? {
        match argument {
            Arg::Short('h') | Arg::Long("help") => return Ok(Command::Help(Topic::Restore)),
            Arg::Long("yes") => yes = true,
            Arg::Long(name) => {
                let name = name.to_owned();
                if !take_option(&mut parser, &name, &mut options, false)? {
                    return Err(unknown_option(&name, "restore"));
                }
            }
            Arg::Value(path) if file.is_none() => file = Some(PathBuf::from(path)),
            other => return Err(usage(other.unexpected())),
        }
    }
    let none = || Ending::new(Exit::Usage, "restore needs the name of a file: what `vigie export` wrote");
    file.map(|file| Command::Restore { options, file, yes }).ok_or_else(none)
}

fn parse_recorder(mut parser: Parser) -> Result<Command, Ending> {
    let (mut options, mut json, mut follow) = (Options::default(), false, false);
    while let Some(argument) = parser.next().map_err(usage)? {
        match argument {
            Arg::Short('h') | Arg::Long("help") => return Ok(Command::Help(Topic::Recorder)),
            Arg::Long("json") => json = true,
            Arg::Short('f') | Arg::Long("follow") => follow = true,
            Arg::Long(name) => {
                let name = name.to_owned();
                if !take_option(&mut parser, &name, &mut options, false)? {
                    return Err(unknown_option(&name, "recorder"));
                }
            }
            other => return Err(usage(other.unexpected())),
        }
    }
    Ok(Command::Recorder { options, json, follow })
}

fn parse_audit(mut parser: Parser) -> Result<Command, Ending> {
    let (mut options, mut form, mut word, mut json) = (Options::default(), None, None, false);
    while let Some(argument) = parser.next().map_err(usage)? {
        match argument {
            Arg::Short('h') | Arg::Long("help") => return Ok(Command::Help(Topic::Audit)),
            Arg::Long("json") => json = true,
            Arg::Long("format") => {
                form = Some(match parser.value().and_then(ValueExt::string).map_err(usage)?.as_str() {
                    "jsonl" => ExportForm::Json,
                    "csv" => ExportForm::Csv,
                    other => {
                        return Err(Ending::new(Exit::Usage, format!("--format: “{other}” is neither jsonl nor csv")));
                    }
                });
            }
            Arg::Long(name) => {
                let name = name.to_owned();
                if !take_option(&mut parser, &name, &mut options, false)? {
                    return Err(unknown_option(&name, "audit"));
                }
            }
            Arg::Value(value) if word.is_none() => word = Some(value.string().map_err(usage)?),
            other => return Err(usage(other.unexpected())),
        }
    }
    match (word.as_deref(), form) {
        (Some("verify"), None) => Ok(Command::VerifyJournal { options, json }),
        (Some("verify"), Some(_)) => Err(Ending::new(Exit::Usage, "--format belongs to audit export")),
        (Some("export"), _) if json => {
            Err(Ending::new(Exit::Usage, "--json belongs to audit verify; audit export has --format jsonl"))
        }
        (Some("export"), form) => Ok(Command::ExportJournal { options, form: form.unwrap_or_default() }),
        _ => Err(Ending::new(Exit::Usage, "audit needs a word: audit verify, or audit export")),
    }
}

fn parse_help(mut parser: Parser) -> Result<Command, Ending> {
    let Some(argument) = parser.next().map_err(usage)? else { return Ok(Command::Help(Topic::All)) };
    let Arg::Value(word) = argument else { return Err(usage(argument.unexpected())) };
    let word = word.string().map_err(usage)?;
    Topic::of(&word).map(Command::Help).ok_or_else(|| Ending::new(Exit::Usage, format!("there is no command “{word}”")))
}

/// Takes an option that belongs to the configuration; false when it is none.
fn take_option(parser: &mut Parser, name: &str, options: &mut Options, listens: bool) -> Result<bool, Ending> {
    match name {
        "data" => options.data = Some(parser.value().map_err(usage)?.into()),
        "config" => options.config = Some(parser.value().map_err(usage)?.into()),
        "listen" if listens => options.listen = Some(parser.value().and_then(ValueExt::string).map_err(usage)?),
        "no-tls" if listens => options.no_tls = true,
        "tls-listen" if listens => {
            options.tls_listen = Some(parser.value().and_then(ValueExt::string).map_err(usage)?);
        }
        _ => return Ok(false),
    }
    if options.no_tls && options.tls_listen.is_some() {
        return Err(Ending::new(Exit::Usage, "--no-tls and --tls-listen contradict each other; give one of them"));
    }
    Ok(true)
}

fn unknown_option(name: &str, command: &str) -> Ending {
    let known = [
        "data",
        "listen",
        "tls-listen",
        "no-tls",
        "config",
        "admin",
        "password-stdin",
        "json",
        "full",
        "ports",
        "interface",
        "pace",
        "csv",
        "yes",
        "follow",
        "format",
        "help",
        "version",
    ];
    let hint = nearest(name, known).map_or(String::new(), |meant| format!(" Did you mean --{meant}?"));
    let dashes = if name.chars().count() == 1 { "-" } else { "--" };
    let why = format!("{command} has no option {dashes}{name}.{hint} `vigie {command} --help` lists them.");
    Ending::new(Exit::Usage, why)
}

#[allow(clippy::needless_pass_by_value, reason = "it stands in map_err everywhere")]
fn usage(error: lexopt::Error) -> Ending {
    Ending::new(Exit::Usage, error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Command, (Exit, String)> {
        parse(line.split_whitespace().map(OsString::from)).map_err(|ending| (ending.exit, ending.why))
    }

    #[test]
    fn run_may_be_left_out() {
        assert_eq!(read(""), Ok(Command::Run(Options::default())));
        let options = Options {
            data: Some("d".into()),
            listen: Some("[::]:80".into()),
            config: Some("c".into()),
            ..Options::default()
        };
        for line in ["run --data d --listen [::]:80 --config=c", "--data=d --listen=[::]:80 --config c"] {
            assert_eq!(read(line), Ok(Command::Run(options.clone())), "{line}");
        }
        let options = Options { no_tls: true, ..Options::default() };
        assert_eq!(read("--no-tls"), Ok(Command::Run(options)));
        let options = Options { tls_listen: Some("[::]:443".into()), ..Options::default() };
        assert_eq!(read("run --tls-listen [::]:443"), Ok(Command::Run(options)));
    }

    #[test]
    fn the_other_commands_are_read() {
        let data = Options { data: Some("d".into()), ..Options::default() };
        let set_up = Command::SetUp { options: data, admin: "ada".into() };
        assert_eq!(read("setup --data d --admin ada --password-stdin"), Ok(set_up));
        assert_eq!(ports("22, 80,8000-8002").unwrap(), [22, 80, 8000, 8001, 8002]);
        for wrong in ["", "0", "80-22", "65536", "x", "1-1025", "9100", "80,631"] {
            assert!(ports(wrong).is_err(), "{wrong}");
        }
        let scan = ScanOptions { json: true, targets: vec!["10.0.0.0/24".into()], ..ScanOptions::default() };
        assert_eq!(read("scan --json 10.0.0.0/24"), Ok(Command::Scan(scan)));
        let data = Options { data: Some("d".into()), ..Options::default() };
        assert_eq!(read("audit verify --data d"), Ok(Command::VerifyJournal { options: data.clone(), json: false }));
        assert_eq!(
            read("audit export --format csv --data d"),
            Ok(Command::ExportJournal { options: data, form: ExportForm::Csv })
        );
        assert_eq!(read("check x.toml"), Ok(Command::Check { file: "x.toml".into(), json: false }));
        assert_eq!(read("check --json x.toml"), Ok(Command::Check { file: "x.toml".into(), json: true }));
        let verify = Command::VerifyJournal { options: Options::default(), json: true };
        assert_eq!(read("audit verify --json"), Ok(verify));
        assert_eq!(read("export --csv"), Ok(Command::Export { options: Options::default(), csv: true }));
        let restore = Command::Restore { options: Options::default(), file: "b.json".into(), yes: true };
        assert_eq!(read("restore b.json --yes"), Ok(restore));
        let recorder = Command::Recorder { options: Options::default(), json: true, follow: true };
        assert_eq!(read("recorder --json --follow"), Ok(recorder));
        assert_eq!(read("--version"), Ok(Command::Version));
        for line in ["help scan", "scan --help", "scan --json -h"] {
            assert_eq!(read(line), Ok(Command::Help(Topic::Scan)), "{line}");
        }
    }

    #[test]
    fn mistakes_are_told_with_what_was_meant() {
        for (line, expected) in [
            ("scna", "Did you mean “scan”?"),
            ("rnu", "Did you mean “run”?"),
            ("frobnicate", "`vigie --help` lists them all."),
            ("run --listne 1", "Did you mean --listen?"),
            ("scan --listen 1", "scan has no option --listen"),
            ("setup --admin ada", "--password-stdin"),
            ("setup --password-stdin", "--admin NAME"),
            ("setup --admin a --password x", "can be read by every user"),
            ("audit", "audit verify"),
            ("audit burn", "audit verify"),
            ("audit export --format xml", "neither jsonl nor csv"),
            ("audit export --json", "--format jsonl"),
            ("audit verify --format csv", "belongs to audit export"),
            ("check", "name of a file"),
            ("restore --yes", "what `vigie export` wrote"),
            ("check a b", "b"),
            ("run x", "x"),
            ("run --data", "--data"),
            ("run --no-tls --tls-listen 0.0.0.0:8443", "contradict"),
            ("run --tls-listn 0.0.0.0:8443", "Did you mean --tls-listen?"),
            ("scan --no-tls", "scan has no option --no-tls"),
        ] {
            let (exit, why) = read(line).unwrap_err();
            assert_eq!(exit, Exit::Usage, "{line}");
            assert!(why.contains(expected), "{line} -> {why}");
        }
    }
}
