//! Holds a LAN of real daemons that is up for one test, and what is true of it.
//! Never outlives the test, even a failing one, and shares nothing with the lab of another. Tests call it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::net::IpAddr;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};
use serde_json::Value;

use crate::program::{Said, binary, finish};

/// Labs of this process so far; part of the name of the next.
static LABS: AtomicU32 = AtomicU32::new(0);

/// A lab.
#[derive(Debug)]
pub struct Lab {
    prefix: String,
    place: Place,
}

/// What there is for the appliance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// A LAN.
    Lan,
    /// A loopback and nothing else.
    Bare,
    /// A namespace that somebody else made and takes down.
    Lent,
}

/// With which rights the program runs in the appliance's namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rights {
    /// As root.
    Root,
    /// As nobody, without any capability.
    User,
}

/// One host as it is in truth.
#[derive(Clone, Debug)]
pub struct Host {
    /// Its name in the lab.
    pub name: String,
    /// Its MAC.
    pub mac: String,
    /// What it is for.
    pub kind: String,
    /// Its type; `filler` for those that are only a kernel.
    pub typed: bool,
    /// Whether it is on and plugged in.
    pub online: bool,
    /// Every address it holds.
    pub ips: BTreeSet<IpAddr>,
    /// Its IPv4 addresses, its own first.
    pub ipv4: Vec<String>,
    /// TCP ports that accept connections.
    pub open_tcp: BTreeSet<u16>,
    /// Names it tells, by protocol: `mdns`, `nbns`, `dhcp`, `dns`, `snmp`.
    pub names: BTreeMap<String, String>,
}

fn tool() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("lab/lab")
}

/// Namespaces of a test that was killed are found by the number of its process.
fn next_prefix() -> String {
    format!("vt{}n{}", std::process::id(), LABS.fetch_add(1, Ordering::Relaxed))
}

fn run_ip(words: &[&str]) {
    let status = Command::new("ip").args(words).status();
    assert!(status.is_ok_and(|status| status.success()), "ip {words:?}");
}

impl Lab {
    /// Builds a lab: `small`, `ten`, `standard`, `fifty` or `full250`.
    ///
    /// # Panics
    /// When it cannot be built, with the words of the lab.
    #[must_use]
    pub fn up(set: &str) -> Self {
        Self::of(set, None)
    }

    /// The same with so many hosts: of a set of 20 those beyond are fillers, a kernel with an address and few ports.
    ///
    /// # Panics
    /// When it cannot be built, with the words of the lab.
    #[must_use]
    pub fn of(set: &str, hosts: Option<usize>) -> Self {
        let lab = Self { prefix: next_prefix(), place: Place::Lan };
        let hosts = hosts.map(|hosts| hosts.to_string());
        let hosts = hosts.as_deref().map_or(Vec::new(), |hosts| vec!["--hosts", hosts]);
        lab.run(&[&["up", "--set", set], hosts.as_slice()].concat());
        lab
    }

    /// Builds a place with a loopback and nothing else, for what needs no devices.
    ///
    /// # Panics
    /// When the namespace cannot be made.
    #[must_use]
    pub fn bare() -> Self {
        let lab = Self { prefix: next_prefix(), place: Place::Bare };
        let name = lab.namespace();
        run_ip(&["netns", "add", &name]);
        run_ip(&["-n", &name, "link", "set", "lo", "up"]);
        lab
    }

    /// A namespace that the caller made, and takes down after this: the program and its API there, no devices to change.
    #[must_use]
    pub fn lent(namespace: &str) -> Self {
        Self { prefix: namespace.to_owned(), place: Place::Lent }
    }

    /// Name of the namespace the appliance is in.
    #[must_use]
    pub fn namespace(&self) -> String {
        if self.place == Place::Lent { self.prefix.clone() } else { format!("{}-appliance", self.prefix) }
    }

    /// Runs a command of the lab's tool and gives what it printed.
    ///
    /// # Panics
    /// When it fails, with its words.
    pub fn run(&self, words: &[&str]) -> String {
        let mut command = Command::new(tool());
        command.args(["--prefix", &self.prefix]).args(words);
        let said = finish(command);
        assert_eq!(said.code, Some(0), "lab {words:?}: {}{}", said.out, said.err);
        said.out
    }

    /// The folder of the lab.
    #[must_use]
    pub fn state(&self) -> PathBuf {
        Path::new("/run/vigie-lab").join(&self.prefix)
    }

    /// The folder of a host: its configuration, what its daemons keep, its log.
    #[must_use]
    pub fn folder(&self, host: &str) -> PathBuf {
        self.state().join("hosts").join(host)
    }

    /// Lets something happen.
    pub fn change(&self, words: &[&str]) {
        self.run(&[&["change"], words].concat());
    }

    /// Loses this share of the frames, `off` for none; `arp` or `all`.
    pub fn lose(&self, percent: &str, what: &str) {
        self.run(&["loss", percent, "--what", what]);
    }

    /// What is true.
    #[must_use]
    pub fn truth(&self) -> Value {
        serde_json::from_str(&self.run(&["truth"])).expect("the truth is JSON")
    }

    /// What the appliance sent.
    #[must_use]
    pub fn counts(&self) -> Value {
        serde_json::from_str(&self.run(&["counts"])).expect("counters are JSON")
    }

    /// Every host.
    #[must_use]
    pub fn hosts(&self) -> Vec<Host> {
        self.truth()["hosts"].as_array().expect("hosts").iter().map(Host::read).collect()
    }

    /// One host.
    ///
    /// # Panics
    /// When there is none of that name.
    #[must_use]
    pub fn host(&self, name: &str) -> Host {
        let found = self.hosts().into_iter().find(|host| host.name == name);
        found.unwrap_or_else(|| panic!("no host {name}"))
    }

    /// A command inside the appliance's namespace.
    #[must_use]
    pub fn command(&self, rights: Rights, program: &Path) -> Command {
        if self.place != Place::Lan {
            let mut command = Command::new("ip");
            command.args(["netns", "exec", &self.namespace()]);
            if rights == Rights::User {
                command.args(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--no-new-privs"]);
            }
            command.arg(program);
            return command;
        }
        let mut command = Command::new(tool());
        command.args(["--prefix", &self.prefix, "appliance"]);
        if rights == Rights::User {
            command.arg("--user");
        }
        command.arg("--").arg(program);
        command
    }

    /// Runs the program under test in the appliance's namespace to its end.
    #[must_use]
    pub fn vigie(&self, arguments: &[&str]) -> Said {
        let mut command = self.command(Rights::Root, &binary());
        command.args(arguments);
        finish(command)
    }

    /// Runs a Python program of the tests inside a host.
    ///
    /// # Panics
    /// When it fails.
    pub fn python(&self, host: &str, text: &str, arguments: &[&str]) -> String {
        self.run(&[&["exec", host, "--", "/usr/bin/python3", "-c", text], arguments].concat())
    }

    /// Runs a function on a thread that is in the appliance's namespace.
    ///
    /// # Panics
    /// When the namespace cannot be entered, or the function panics.
    pub fn inside<T: Send>(&self, function: impl FnOnce() -> T + Send) -> T {
        let path = format!("/run/netns/{}", self.namespace());
        let place = File::open(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
        thread::scope(|scope| {
            let there = scope.spawn(move || {
                move_into_link_name_space(place.as_fd(), Some(LinkNameSpaceType::Network)).expect("root may enter");
                function()
            });
            there.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        match self.place {
            Place::Lan => {}
            Place::Bare => return run_ip(&["netns", "delete", &self.namespace()]),
            Place::Lent => return,
        }
        let down = Command::new(tool()).args(["--prefix", &self.prefix, "down"]).status();
        if !down.is_ok_and(|status| status.success()) {
            eprintln!("lab {} could not be taken down", self.prefix);
        }
    }
}

impl Host {
    fn read(value: &Value) -> Self {
        let text = |key: &str| value[key].as_str().unwrap_or_default().to_owned();
        let texts = |key: &str| {
            let items = value[key].as_array().map(Vec::as_slice).unwrap_or_default();
            items.iter().filter_map(|item| item.as_str().map(str::to_owned)).collect::<Vec<_>>()
        };
        let ports = value["open_tcp"].as_array().map(Vec::as_slice).unwrap_or_default();
        let names = value["names"].as_object().into_iter().flatten();
        Self {
            name: text("name"),
            mac: text("mac"),
            kind: text("kind"),
            typed: value["typed"].as_bool().unwrap_or_default(),
            online: value["online"].as_bool().unwrap_or_default(),
            ips: texts("ipv4").iter().chain(&texts("ipv6")).filter_map(|ip| ip.parse().ok()).collect(),
            ipv4: texts("ipv4"),
            open_tcp: ports.iter().filter_map(|port| u16::try_from(port.as_u64()?).ok()).collect(),
            names: names.filter_map(|(by, name)| Some((by.clone(), name.as_str()?.to_owned()))).collect(),
        }
    }
}
