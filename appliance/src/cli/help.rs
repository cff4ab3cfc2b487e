//! Holds the help of every command, in plain words.
//! It never names an option that does not exist: a test reads each one back.
//! The command line prints it.

/// What help is wanted about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Topic {
    All,
    Run,
    SetUp,
    Scan,
    Check,
    Export,
    Restore,
    Recorder,
    Audit,
}

impl Topic {
    /// The topic of a command.
    pub(super) fn of(word: &str) -> Option<Self> {
        match word {
            "run" => Some(Self::Run),
            "setup" => Some(Self::SetUp),
            "scan" => Some(Self::Scan),
            "check" => Some(Self::Check),
            "export" => Some(Self::Export),
            "restore" => Some(Self::Restore),
            "recorder" => Some(Self::Recorder),
            "audit" => Some(Self::Audit),
            "version" | "help" => Some(Self::All),
            _ => None,
        }
    }
}

/// The text of a topic.
pub(super) fn text(topic: Topic) -> &'static str {
    match topic {
        Topic::All => ALL,
        Topic::Run => RUN,
        Topic::SetUp => SET_UP,
        Topic::Scan => SCAN,
        Topic::Check => CHECK,
        Topic::Export => EXPORT,
        Topic::Restore => RESTORE,
        Topic::Recorder => RECORDER,
        Topic::Audit => AUDIT,
    }
}

const ALL: &str = "\
Vigie knows the devices of a network, its cameras and its public computers.

Usage: vigie [COMMAND] [OPTIONS]

Commands:
  run      Start the service. This is what happens without a command.
  setup    Make the first administrator without the page.
  scan     Look at the network once, print what is there, and end.
  check    Read a configuration file and explain the result.
  export   Print the devices and what people said of them, for a backup.
  restore  Take such a backup in again, and say first what it would do.
  recorder Print the flight recorder: the last events before a power cut.
  audit    Verify or export the journal of what people did.
  version  Print the version.
  help     Print this, or the help of a command: vigie help scan

Configuration, the first place that has a value wins:
  1. options on the command line
  2. environment variables: VIGIE_HTTP_LISTEN is the key http.listen
  3. what was changed on the page, kept on the data partition
  4. the file named by --config, else /etc/vigie/vigie.toml

Exit codes are those of sysexits: 0 done, 64 wrong command line, 65 wrong data,
69 not available, 71 refused by the system, 74 reading or writing failed,
77 not allowed, 78 wrong configuration.
";

const RUN: &str = "\
Start the service and keep running until SIGTERM or Ctrl-C.

Usage: vigie run [OPTIONS]

It answers over TLS, with a certificate that it makes at the first start and
renews by itself. Plain HTTP leads there; it answers by itself only /healthz and
whoever sits at this machine (http://localhost).

At the first start it prints a set-up code. Whoever has it makes the first
administrator on the page, or with POST /api/setup.

With rights (root, or capabilities of the file) it is two processes: one keeps
the rights and opens sockets, the other has none and does the work, as the owner
of the data folder. The first starts the second again when it ends or hangs.

Options:
  --data DIR          Keep the data in this folder. [data]
  --listen ADDR:PORT  Answer plain HTTP here. [0.0.0.0:8080]
  --tls-listen ADDR:PORT
                      Answer over TLS here. [port 8443 where --listen is]
  --no-tls            Plain HTTP only: everything, unencrypted.
  --config FILE       Read this configuration. [/etc/vigie/vigie.toml if there]
  -h, --help          Print this.
";

const SET_UP: &str = "\
Make the first administrator without the page, for instance from a script.

Usage: vigie setup --admin NAME --password-stdin [OPTIONS]

  printf %s \"$PASSWORD\" | vigie setup --data data --admin ada --password-stdin

The password needs at least 12 characters. The command refuses when there is an
administrator already.

Options:
  --admin NAME        1 to 64 letters, digits, dots, dashes, underscores or @.
  --password-stdin    Read the password from standard input, one line.
  --data DIR          The folder of the service. [data]
  --config FILE       Read this configuration. [/etc/vigie/vigie.toml if there]
  -h, --help          Print this.
";

const SCAN: &str = "\
Look at the network once, print a table of what is there, and end.

Usage: vigie scan [OPTIONS] [SEGMENT]...

Without a segment the machine's own networks are looked at, up to a /22 each and
only where the addresses are private. Printer ports are never touched.

Options:
  --json              Print JSON instead of a table.
  --full              Ask for open ports too, and what they say of themselves.
  --ports LIST        Ask for these ports only, such as 22,80,8000-8010.
  --pace WORD         gentle, background or fast. [fast]
  --interface NAME    Keep to this interface; may be given several times.
  --data DIR          The folder of the service. [data]
  --config FILE       Read this configuration. [/etc/vigie/vigie.toml if there]
  -h, --help          Print this.
";

const CHECK: &str = "\
Read a configuration file and explain the result: every key, its value, and
whether it comes from the file, the environment, or is built in.

Usage: vigie check [OPTIONS] FILE

A mistake is told with line and column, and the exit code is 78.

Options:
  --json              Print JSON instead of lines.
  -h, --help          Print this.
";

const EXPORT: &str = "\
Print the devices and what people said of them, out of a data folder: settings,
names of accounts, and every device with its label, notes, tags and addresses.
Not in it: passwords, keys, tokens; users, workstations, their groups and rules.

Usage: vigie export [OPTIONS] > backup.json

The service must not be running on the folder; while it is, save the backup on
its page, under System, or ask it: GET /api/system/backup. `vigie restore` takes
both in again.

Options:
  --csv               The devices alone, as the spreadsheet the import takes.
  --data DIR          The folder of the service. [data]
  --config FILE       Read this configuration. [/etc/vigie/vigie.toml if there]
  -h, --help          Print this.
";

const RESTORE: &str = "\
Take a backup into a data folder, an empty one too: devices with what people
said of them, and the settings of the network. Says what it would do, and does
it only with --yes. Devices that are not in the backup stay as they are.

Usage: vigie restore FILE [OPTIONS]

  vigie restore backup.json --data data
  vigie restore backup.json --data data --yes

Not in a backup, and so not brought back: passwords, keys, certificates, tokens,
credentials of devices, history. Accounts are named and not made: add them on
the page, or the first one with the set-up code.

The service must not be running on the folder; while it is, restore on its page,
under System, or post the file to /api/system/restore. A file of another form is
refused with words, and the exit code is 65.

Options:
  --yes               Do it.
  --data DIR          The folder of the service. [data]
  --config FILE       Read this configuration. [/etc/vigie/vigie.toml if there]
  -h, --help          Print this.
";

const RECORDER: &str = "\
Print the flight recorder, oldest line first: starts and ends, devices that came
and went, sweeps, legs, the store. It is kept through power cuts.

Usage: vigie recorder [OPTIONS]

The service may be running, and the folder may be a copy. What a damaged place
held is left out and said on standard error. The exit code is 69 when there is
no recorder, 65 when nothing of it can be read.

Options:
  --json              Print one JSON object a line.
  --follow            Go on with what is written from now on. Also -f.
  --data DIR          The folder of the service. [data]
  --config FILE       Read this configuration. [/etc/vigie/vigie.toml if there]
  -h, --help          Print this.
";

const AUDIT: &str = "\
Verify or export the journal: who did what with the appliance, and when.

Usage: vigie audit verify [OPTIONS]
       vigie audit export [OPTIONS]

The service must not be running on the same data; while it is, ask it with
GET /api/logs/verify and GET /api/logs/export.

verify reads every entry, checks that each links to the one before, and that
the seal at the end is signed by this device. What is wrong is named by the
numbers of entries, and the exit code is 65. The head it prints, kept somewhere
else, proves later that nothing up to that entry was changed.

Options:
  --json              verify: print one JSON object instead of lines.
  --format FORM       export: jsonl (a document a line) or csv. [jsonl]
  --data DIR          The folder of the service. [data]
  --config FILE       Read this configuration. [/etc/vigie/vigie.toml if there]
  -h, --help          Print this.
";

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::*;
    use crate::cli::Exit;
    use crate::cli::parse::parse;

    #[test]
    fn every_option_in_the_help_exists_and_every_line_fits_a_terminal() {
        for (word, topic) in [
            ("run", Topic::Run),
            ("setup", Topic::SetUp),
            ("scan", Topic::Scan),
            ("check", Topic::Check),
            ("export", Topic::Export),
            ("restore", Topic::Restore),
            ("recorder", Topic::Recorder),
            ("audit", Topic::Audit),
        ] {
            let lines = text(topic).lines();
            assert!(lines.clone().all(|line| line.chars().count() <= 80), "{word}");
            for line in lines.filter(|line| line.starts_with("  --")) {
                let option = line.split_whitespace().next().unwrap_or_default();
                let arguments = [word, option, "x", "--help"].map(OsString::from);
                let outcome = parse(arguments).map_err(|ending| (ending.exit, ending.why));
                // A switch leaves the `x`, which `run` and `setup` do not take; an unknown option is named as such.
                if let Err((exit, why)) = outcome {
                    assert_eq!(exit, Exit::Usage);
                    assert!(!why.contains("has no option"), "{word} {option}: {why}");
                }
            }
        }
    }

    #[test]
    fn every_command_has_help() {
        for line in ALL.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty()) {
            let word = line.split_whitespace().next().unwrap_or_default();
            assert!(Topic::of(word).is_some(), "{word}");
        }
    }
}
