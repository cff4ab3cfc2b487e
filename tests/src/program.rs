//! Holds the program under test: where it is, commands that need no lab, and what they left behind.
//! Never runs it in this machine's own network: each command gets an empty namespace. Called by tests and by `appliance`.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// Longer than any command here takes on a loaded machine; shorter than the patience of a person.
const COMMAND_TIME: Duration = Duration::from_secs(60);

/// The program under test.
///
/// # Panics
/// When `VIGIE_BIN` does not name it.
#[must_use]
pub fn binary() -> PathBuf {
    let named = std::env::var_os("VIGIE_BIN").expect("VIGIE_BIN names the program: run `tests/run 40-lab`");
    std::path::absolute(named).expect("VIGIE_BIN is a path")
}

/// Takes what tests are told in the environment away from a child: the program refuses variables it does not know.
pub fn hide_environment(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("VIGIE_") {
            command.env_remove(name);
        }
    }
}

/// What a command said.
#[derive(Clone, Debug)]
pub struct Said {
    /// Exit code; `None` when a signal ended it.
    pub code: Option<i32>,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl Said {
    fn of(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Self { code: output.status.code(), out: text(&output.stdout), err: text(&output.stderr) }
    }
}

/// Runs the program with these arguments where there is no network at all.
///
/// # Panics
/// When it cannot be started or does not end by itself.
pub fn vigie<A: AsRef<OsStr>>(arguments: &[A]) -> Said {
    let mut command = Command::new("unshare");
    command.arg("--net").arg("--").arg(binary()).args(arguments);
    finish(command)
}

/// Runs a command to its end.
///
/// # Panics
/// When it cannot be started or takes longer than a minute; then it is ended.
#[must_use]
pub fn finish(mut command: Command) -> Said {
    hide_environment(&mut command);
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let (out, err) = (child.stdout.take(), child.stderr.take());
    let began = Instant::now();
    thread::scope(|scope| {
        let read = |pipe: Option<Box<dyn std::io::Read + Send>>| {
            scope.spawn(move || {
                let mut bytes = Vec::new();
                let _cut_short = pipe.map(|mut pipe| pipe.read_to_end(&mut bytes));
                bytes
            })
        };
        let out = read(out.map(|pipe| Box::new(pipe) as _));
        let err = read(err.map(|pipe| Box::new(pipe) as _));
        let status = loop {
            if let Some(status) = child.try_wait().expect("a child can be waited for") {
                break status;
            }
            if began.elapsed() > COMMAND_TIME {
                let _gone = child.kill();
                let _reaped = child.wait();
                panic!("{command:?} did not end within {COMMAND_TIME:?}");
            }
            thread::sleep(Duration::from_millis(10));
        };
        let [stdout, stderr] = [out, err].map(|reader| reader.join().expect("reading a pipe does not fail"));
        Said::of(&Output { status, stdout, stderr })
    })
}
