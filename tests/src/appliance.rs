//! Holds `vigie run` in the appliance's namespace of a lab: its start, its rights, its log, and every way it can end.
//! Never leaves a process behind. Tests call it.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::api::{ADMIN, Api, PASSWORD};
use crate::lab::{Lab, Rights};
use crate::patience::{check, eventually};
use crate::program::{binary, hide_environment};

/// From the start of the process to the first answer, on a machine that builds and runs other labs meanwhile.
const START_TIME: Duration = Duration::from_secs(90);
/// From SIGTERM to the end. The service gives itself four seconds; the rest is for a machine that builds meanwhile.
pub const END_TIME: Duration = Duration::from_secs(20);
/// Debian's and Ubuntu's user without rights.
const NOBODY: u32 = 65_534;
/// Lines of the log shown when a test fails.
const LOG_LINES: usize = 60;

/// A home for an appliance: data, configuration and log of one or several runs.
#[derive(Debug)]
pub struct Home {
    folder: TempDir,
    rights: Rights,
    config: String,
}

impl Home {
    /// A home with a configuration; `interval_minutes` and the like go into `[network]` of it.
    ///
    /// # Panics
    /// When the folder cannot be made.
    #[must_use]
    pub fn new(rights: Rights, config: &str) -> Self {
        let folder = tempfile::Builder::new().prefix("vigie-test-").tempdir().expect("a folder can be made");
        let home = Self { folder, rights, config: config.to_owned() };
        fs::write(home.config_file(), config).expect("a file can be written");
        fs::create_dir(home.data()).expect("a folder can be made");
        if rights == Rights::User {
            // The checkout may lie where only its owner may look.
            fs::copy(binary(), home.program()).expect("the program can be copied");
            for path in [home.path().to_owned(), home.data()] {
                chown(&path, Some(NOBODY), Some(NOBODY)).expect("root may give away");
            }
            fs::set_permissions(home.program(), fs::Permissions::from_mode(0o755)).expect("root may");
        }
        home
    }

    /// The folder of all.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The folder of the data.
    #[must_use]
    pub fn data(&self) -> PathBuf {
        self.path().join("data")
    }

    /// The configuration file.
    #[must_use]
    pub fn config_file(&self) -> PathBuf {
        self.path().join("vigie.toml")
    }

    /// The configuration's text.
    #[must_use]
    pub fn config(&self) -> &str {
        &self.config
    }

    fn program(&self) -> PathBuf {
        if self.rights == Rights::User { self.path().join("vigie") } else { binary() }
    }

    /// What the service wrote.
    #[must_use]
    pub fn log(&self) -> String {
        fs::read_to_string(self.path().join("log")).unwrap_or_default()
    }

    /// A command on this home, in the appliance's namespace.
    #[must_use]
    pub fn command(&self, lab: &Lab, name: &str) -> Command {
        let mut command = lab.command(self.rights, &self.program());
        command.arg(name).arg("--data").arg(self.data()).arg("--config").arg(self.config_file());
        hide_environment(&mut command);
        command
    }

    /// Makes the admin.
    ///
    /// # Panics
    /// When `vigie setup` fails.
    pub fn set_up(&self, lab: &Lab) {
        let mut command = self.command(lab, "setup");
        command.args(["--admin", ADMIN, "--password-stdin"]).stdin(Stdio::piped());
        let mut child = command.stdout(Stdio::null()).spawn().expect("setup starts");
        let mut pipe = child.stdin.take().expect("a pipe");
        writeln!(pipe, "{PASSWORD}").expect("setup reads the password");
        drop(pipe);
        let status = child.wait().expect("setup ends");
        assert!(status.success(), "vigie setup: {status}");
    }

    /// Starts the service and waits until it answers; logged in.
    ///
    /// # Panics
    /// When it ends or does not answer.
    #[must_use]
    pub fn start<'l>(&'l self, lab: &'l Lab) -> Appliance<'l> {
        let log = File::options().create(true).append(true).open(self.path().join("log")).expect("a log");
        let mut command = self.command(lab, "run");
        command.stdin(Stdio::null()).stdout(log.try_clone().expect("a log")).stderr(log);
        let child = command.spawn().expect("the service starts");
        let mut appliance = Appliance { home: self, child, api: Api::new(lab) };
        eventually("the service answers", START_TIME, || {
            if let Some(status) = appliance.child.try_wait().expect("a child can be waited for") {
                panic!("the service ended at once: {status}\n{}", self.log());
            }
            let answer = appliance.api.ask("GET", "/healthz", None).map_err(|error| error.to_string())?;
            check(answer.status == 200, answer.status)
        });
        appliance.api.log_in();
        appliance
    }
}

/// A service that runs.
#[derive(Debug)]
pub struct Appliance<'l> {
    home: &'l Home,
    child: Child,
    /// Its API, logged in.
    pub api: Api<'l>,
}

impl Appliance<'_> {
    /// Waits for the first sweep, with all ports.
    pub fn await_first_sweep(&self) {
        eventually("the first sweep", Duration::from_secs(180), || {
            let (ok, words) = self.api.readiness("first_sweep");
            check(ok, words)
        });
    }

    /// The first process: the broker where the program has rights, else the service itself.
    #[must_use]
    pub fn broker(&self) -> u32 {
        self.child.id()
    }

    /// The process that does the work; `None` while there is none, between two starts.
    #[must_use]
    pub fn service(&self) -> Option<u32> {
        if self.home.rights == Rights::User {
            return Some(self.child.id());
        }
        let path = format!("/proc/{0}/task/{0}/children", self.child.id());
        fs::read_to_string(path).unwrap_or_default().split_whitespace().next()?.parse().ok()
    }

    /// What the kernel says of a process of it under a name of `/proc/PID/status`, spaces made one.
    ///
    /// # Panics
    /// When the process is gone.
    #[must_use]
    pub fn status(&self, process: u32, name: &str) -> String {
        let status = fs::read_to_string(format!("/proc/{process}/status")).expect("it runs");
        let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).expect("a known name");
        line.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// Bytes of its memory that are in RAM, those of the broker left out.
    ///
    /// # Panics
    /// When the process is gone.
    #[must_use]
    pub fn resident_bytes(&self) -> u64 {
        let text = self.status(self.service().expect("the service runs"), "VmRSS");
        let kib: u64 = text.trim_end_matches(" kB").parse().expect("a number");
        kib * 1_024
    }

    /// Number of its process: the broker's, where there is one.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal to the process that does the work, without asking the broker.
    ///
    /// # Panics
    /// When there is none.
    pub fn signal_service(&self, signal: Signal) {
        let pid = self.service().and_then(|pid| Pid::from_raw(pid.cast_signed())).expect("the service runs");
        kill_process(pid, signal).expect("the service runs");
    }

    /// Waits until another process than `before` does the work, and answers; logged in to it.
    pub fn await_service_after(&mut self, before: u32) {
        eventually("another service answers", START_TIME * 2, || {
            let now = self.service();
            check(now.is_some_and(|now| now != before), format!("{now:?} after {before}"))?;
            let answer = self.api.ask("GET", "/healthz", None).map_err(|error| error.to_string())?;
            check(answer.status == 200, answer.status)
        });
        self.api.log_in();
    }

    fn signal(&self, signal: Signal) {
        let pid = Pid::from_child(&self.child);
        kill_process(pid, signal).expect("the service runs");
    }

    fn wait(&mut self) -> (ExitStatus, Duration) {
        let began = Instant::now();
        let status = eventually("the service ends", Duration::from_secs(20), || {
            self.child.try_wait().expect("a child can be waited for").ok_or("it still runs")
        });
        (status, began.elapsed())
    }

    /// Asks it to end, as a supervisor does; it must, in time and well.
    ///
    /// # Panics
    /// When it takes longer than it may or ends badly.
    pub fn stop(mut self) {
        self.signal(Signal::TERM);
        let (status, took) = self.wait();
        assert!(status.success(), "SIGTERM: {status}\n{}", self.home.log());
        assert!(took <= END_TIME, "SIGTERM took {took:?}");
    }

    /// Ends it as a power cut would.
    ///
    /// # Panics
    /// When it was gone already.
    pub fn kill(mut self) {
        let service = self.service();
        self.signal(Signal::KILL);
        let (status, _) = self.wait();
        assert_eq!(status.signal(), Some(9), "it ended by itself before: {status}");
        // With the broker the kernel ends the service, a moment later.
        eventually("the service is gone with its broker", Duration::from_secs(10), || {
            check(service.is_none_or(|pid| !is_alive(pid)), format!("{service:?} still runs"))
        });
    }

    /// Checks that it still serves; it was started once, so this is the same process.
    ///
    /// # Panics
    /// When it does not, with the end of its log.
    pub fn assert_serves(&self) {
        let answer = self.api.ask("GET", "/healthz", None);
        assert!(answer.is_ok_and(|answer| answer.status == 200), "{}", self.home.log());
    }
}

/// Whether there is such a process, and not only its remains.
fn is_alive(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit(')').next().is_some_and(|rest| !rest.is_empty() && !rest.trim_start().starts_with(['Z', 'X']))
}

impl Drop for Appliance<'_> {
    fn drop(&mut self) {
        let _gone_already = self.child.kill();
        let _reaped = self.child.wait();
        if std::thread::panicking() {
            let log = self.home.log();
            let lines: Vec<&str> = log.lines().collect();
            eprintln!("the end of its log:\n{}", lines[lines.len().saturating_sub(LOG_LINES)..].join("\n"));
        }
    }
}
