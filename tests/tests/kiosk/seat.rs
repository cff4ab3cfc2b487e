//! Holds a workstation: a network, processes, mounts and a terminal of its own, the agent on it, and a cable to pull.
//! Never outlives its test and never sees this machine's interfaces or folders. Called by the other files.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Write;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};
use vigie_kiosk::screen::terminal::Terminal;
use vigie_tests::patience::{check, eventually};
use vigie_tests::program::hide_environment;

/// Where the appliance is, at the other end of the cable.
pub(crate) const APPLIANCE: &str = "10.9.8.1";
/// Users of sessions; the agent's own numbers.
const SESSION_UIDS: std::ops::Range<u32> = 70_000..100_000;
/// Users that each machine of the tests has for itself. They share a kernel, which counts processes by user: the program that
/// multiplies at one seat would leave no room at another.
const UIDS_OF_A_SEAT: u32 = 50;
/// Longer than anything on the screen takes to come, on a machine that builds meanwhile.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// What the first process of the machine does: memory where a diskless workstation has memory, a folder that outlives it
/// where it has a disk, a number of its own for this boot, and the agent again until it ends in order, as a supervisor does.
const BOOT: &str = "mount --bind \"$BOOT_NUMBER\" /proc/sys/kernel/random/boot_id && mount -t tmpfs tmpfs /run \
    && mkdir /run/vigie-kiosk && printf %s \"$FIRST_UID\" > /run/vigie-kiosk/next-uid && cp \"$0\" /run/agent && mkdir /run/state && { [ -z \"$DISK\" ] || mount --bind \"$DISK\" /run/state; } \
    && mount -t tmpfs tmpfs /tmp && { [ \"$GROUPS_OF_2\" = no ] || mount -t cgroup2 cgroup2 /sys/fs/cgroup; } && mount -t tmpfs tmpfs /var/tmp && mount -t tmpfs tmpfs /dev/shm && chmod 1777 /tmp /var/tmp /dev/shm \
    && until /run/agent run \"$@\"; do sleep 0.2; done";

static SEATS: AtomicU32 = AtomicU32::new(0);

/// A workstation.
pub(crate) struct Seat {
    name: String,
    machine: Option<Child>,
    /// Whether it has control groups of version 2. Without, sessions are stopped by signals.
    pub(crate) has_groups: bool,
    /// Whether what it knows of itself is on a disk. Without, a restart leaves nothing of it.
    pub(crate) has_disk: bool,
    /// The user of its first session, the next one has the next number.
    pub(crate) first_uid: u32,
    boots: u32,
    terminal: OwnedFd,
    /// Held open, so that the terminal lives while nobody else has it.
    _far: File,
    screen: Arc<Mutex<Terminal>>,
    log: PathBuf,
    folder: tempfile::TempDir,
}

fn ip(words: &str) {
    let status = Command::new("ip").args(words.split(' ')).status();
    assert!(status.is_ok_and(|status| status.success()), "ip {words}");
}

/// The program under test.
fn binary() -> PathBuf {
    let named = std::env::var_os("VIGIE_KIOSK_BIN").expect("VIGIE_KIOSK_BIN names the agent: run `tests/run 47-kiosk`");
    std::path::absolute(named).expect("VIGIE_KIOSK_BIN is a path")
}

impl Seat {
    /// A machine and a network with an appliance's end of it; the agent is not started yet.
    pub(crate) fn new() -> Self {
        // The number of the test's process is in the name, so that what a killed test left can be found.
        let number = SEATS.fetch_add(1, Ordering::Relaxed);
        let name = format!("vk{}n{number}", std::process::id());
        for end in ["a", "w"] {
            ip(&format!("netns add {name}-{end}"));
            ip(&format!("-n {name}-{end} link set lo up"));
        }
        ip(&format!("-n {name}-a link add cable type veth peer name card netns {name}-w"));
        ip(&format!("-n {name}-a addr add {APPLIANCE}/24 dev cable"));
        ip(&format!("-n {name}-w addr add 10.9.8.2/24 dev card"));
        ip(&format!("-n {name}-a link set cable up"));
        ip(&format!("-n {name}-w link set card up"));
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY;
        let terminal = openpt(flags).expect("a terminal");
        grantpt(&terminal).expect("a terminal");
        unlockpt(&terminal).expect("a terminal");
        tcsetwinsize(&terminal, Winsize { ws_row: 25, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 }).expect("a size");
        let path = ptsname(&terminal, Vec::new()).expect("a name").into_string().expect("a path");
        let far = File::options().read(true).write(true).open(&path).expect("its other end");
        let screen = Arc::new(Mutex::new(Terminal::new(25, 80)));
        let (reads, shown) = (terminal.try_clone().expect("a descriptor"), screen.clone());
        thread::spawn(move || {
            let mut bytes = [0; 4096];
            // Ends with the terminal.
            while let Ok(count @ 1..) = rustix::io::read(&reads, &mut bytes) {
                shown.lock().expect("nobody panics with it").process(&bytes[..count]);
            }
        });
        let folder = tempfile::tempdir().expect("a folder");
        let log = folder.path().join("log");
        let (machine, has_groups, has_disk, boots) = (None, true, false, 0);
        let first_uid = SESSION_UIDS.start + number * UIDS_OF_A_SEAT;
        Self { name, machine, has_groups, has_disk, first_uid, boots, terminal, _far: far, screen, log, folder }
    }

    /// Switches it on: the agent with these further options, the last of which is the person's program.
    pub(crate) fn start(&mut self, server: &str, options: &[&str]) {
        let path = ptsname(&self.terminal, Vec::new()).expect("a name").into_string().expect("a path");
        self.start_at(["--tty", &path], server, options);
    }

    /// The same, at a terminal of this machine.
    pub(crate) fn start_at(&mut self, terminal: [&str; 2], server: &str, options: &[&str]) {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &format!("{}-w", self.name), "unshare", "--mount", "--pid", "--fork", "--ipc"]);
        command.args(["--kill-child", "--mount-proc", "--propagation", "private", "sh", "-c", BOOT]).arg(binary());
        command.args(["--server", server, "--name", &self.name, "--state", "/run/state"]).args(terminal).args(options);
        hide_environment(&mut command);
        command.env("GROUPS_OF_2", if self.has_groups { "yes" } else { "no" });
        command.env("FIRST_UID", self.first_uid.to_string());
        self.boots += 1;
        let (number, disk) = (self.folder.path().join("boot_id"), self.folder.path().join("disk"));
        // As the kernel writes it: no boot has the number of another.
        let process = std::process::id();
        fs::write(&number, format!("{process:08x}-0000-4000-8000-{:012x}\n", self.boots)).expect("a file");
        fs::create_dir_all(&disk).expect("a folder");
        command.env("BOOT_NUMBER", number).env("DISK", if self.has_disk { disk.as_os_str() } else { "".as_ref() });
        let log = File::options().create(true).append(true).open(&self.log).expect("a log");
        let child = command.stdin(Stdio::null()).stdout(log.try_clone().expect("a log")).stderr(log).spawn();
        self.machine = Some(child.expect("unshare starts"));
    }

    /// The namespace at the appliance's end of the cable.
    pub(crate) fn far_end(&self) -> String {
        format!("{}-a", self.name)
    }

    /// Takes the power away. What was in memory is gone, and nobody is told: the cable is dead before the machine.
    pub(crate) fn switch_off(&mut self) {
        self.plug(false);
        self.end_machine();
        self.plug(true);
        // A terminal that was switched off shows nothing.
        self.screen.lock().expect("nobody panics with it").process(b"\x1bc");
    }

    fn end_machine(&mut self) {
        let note = self.role("run").map(|guard| format!("/proc/{guard}/root/run/vigie-kiosk/session"));
        let note = note.and_then(|path| fs::read_to_string(path).ok()).unwrap_or_default();
        if let Some(mut machine) = self.machine.take() {
            // The first process of the machine goes with `unshare`, and every other with it.
            let _gone = machine.kill();
            let _reaped = machine.wait();
        }
        remove_group(&note);
    }

    /// Runs something at the appliance's end of the cable.
    pub(crate) fn at_appliance<T: Send>(&self, function: impl FnOnce() -> T + Send) -> T {
        let place = File::open(format!("/run/netns/{}-a", self.name)).expect("a namespace");
        thread::scope(|scope| {
            let there = scope.spawn(move || {
                move_into_link_name_space(place.as_fd(), Some(LinkNameSpaceType::Network)).expect("root may enter");
                function()
            });
            there.join().expect("it does not panic")
        })
    }

    /// Pulls the cable, or plugs it in.
    pub(crate) fn plug(&self, plugged: bool) {
        ip(&format!("-n {}-a link set cable {}", self.name, if plugged { "up" } else { "down" }));
    }

    /// What is read on the screen.
    pub(crate) fn text(&self) -> String {
        self.screen.lock().expect("nobody panics with it").grid().text()
    }

    /// Waits until this is read on the screen.
    pub(crate) fn sees(&self, words: &str) {
        eventually(&format!("“{words}” on the screen"), PATIENCE, || {
            let text = self.text();
            check(text.contains(words), format!("\n{text}\n{}", self.log()))
        });
    }

    /// Waits until this is not read on the screen any more.
    pub(crate) fn sees_no_more(&self, words: &str) {
        eventually(&format!("no “{words}” on the screen"), PATIENCE, || {
            let text = self.text();
            check(!text.contains(words), format!("\n{text}\n{}", self.log()))
        });
    }

    /// Types this.
    pub(crate) fn types(&self, keys: &str) {
        let mut keyboard = File::from(self.terminal.try_clone().expect("a descriptor"));
        keyboard.write_all(keys.as_bytes()).expect("the terminal takes keys");
    }

    pub(crate) fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Processes of the machine with their user and their command line.
    fn processes(&self) -> Vec<(i32, u32, String)> {
        let own = fs::metadata(format!("/run/netns/{}-w", self.name)).expect("a namespace").ino();
        let mut found = Vec::new();
        for entry in fs::read_dir("/proc").expect("/proc is there").flatten() {
            let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
            let path = entry.path();
            let Ok(metadata) = fs::metadata(path.join("ns/net")) else { continue };
            let status = fs::read_to_string(path.join("status")).unwrap_or_default();
            let is_alive = !status.contains("State:\tZ") && !status.contains("State:\tX");
            if metadata.ino() != own || !is_alive {
                continue;
            }
            let uid = status.lines().find_map(|line| line.strip_prefix("Uid:\t")?.split('\t').next()?.parse().ok());
            let command = fs::read(path.join("cmdline")).unwrap_or_default();
            found.push((pid, uid.unwrap_or(0), String::from_utf8_lossy(&command).replace('\0', " ")));
        }
        found
    }

    /// The process of the agent with this role: `run`, `work` or `hold`.
    pub(crate) fn role(&self, role: &str) -> Option<i32> {
        let is = |command: &str| command.split(' ').nth(1) == Some(role);
        self.processes().into_iter().find(|(_, _, command)| is(command)).map(|(pid, _, _)| pid)
    }

    /// Waits for a process of the agent with this role, another than `before`.
    pub(crate) fn another(&self, role: &str, before: i32) -> i32 {
        eventually(&format!("another {role}"), PATIENCE, || {
            self.role(role).filter(|pid| *pid != before).ok_or_else(|| self.log())
        })
    }

    /// Processes of sessions.
    pub(crate) fn session_processes(&self) -> BTreeSet<i32> {
        let of_session = |uid: &u32| SESSION_UIDS.contains(uid);
        self.processes().into_iter().filter(|(_, uid, _)| of_session(uid)).map(|(pid, _, _)| pid).collect()
    }

    /// Waits until no process of a session is there.
    pub(crate) fn nobody_runs(&self) {
        eventually("no process of a session", PATIENCE, || {
            let left = self.session_processes();
            check(left.is_empty(), format!("{left:?}\n{}", self.log()))
        });
    }

    /// What a path of the machine is, seen from outside.
    pub(crate) fn path(&self, path: &str) -> PathBuf {
        let guard = self.role("run").expect("the guard runs");
        PathBuf::from(format!("/proc/{guard}/root{path}"))
    }

    /// Files anywhere in the machine's memory that belong to a session's user.
    pub(crate) fn session_files(&self) -> Vec<PathBuf> {
        let mut found = Vec::new();
        let mut folders: Vec<PathBuf> =
            ["/tmp", "/var/tmp", "/dev/shm", "/run"].iter().map(|folder| self.path(folder)).collect();
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
                let Ok(metadata) = fs::symlink_metadata(entry.path()) else { continue };
                if SESSION_UIDS.contains(&metadata.uid()) {
                    found.push(entry.path());
                }
                if metadata.is_dir() {
                    folders.push(entry.path());
                }
            }
        }
        found
    }
}

/// Ends a process, as the kernel does when memory is short.
pub(crate) fn kill(pid: i32) {
    kill_process(Pid::from_raw(pid).expect("a number"), Signal::KILL).expect("it runs");
}

/// Removes the control group of a session that went with its machine: a real machine takes its groups with it.
fn remove_group(note: &str) {
    let note: serde_json::Value = serde_json::from_str(note).unwrap_or_default();
    let Some(group) = note["cgroup"].as_str().and_then(|path| path.rsplit('/').next()) else { return };
    let folders = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"].map(|top| PathBuf::from(top).join(group));
    for folder in folders.iter().filter(|folder| folder.is_dir()) {
        eventually("the group of a session is empty", PATIENCE, || fs::remove_dir(folder));
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("the screen:\n{}\nthe log:\n{}", self.text(), self.log());
        }
        self.end_machine();
        for end in ["a", "w"] {
            ip(&format!("netns delete {}-{end}", self.name));
        }
    }
}
