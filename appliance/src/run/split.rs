//! Holds the split of `vigie run` in two: the broker with the rights and the service without, or one process where there are
//! none to split. Whose the data folder is is settled here, while this still is root. Called by the command line.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::{fs, io};

use vigie_sys::broker::{self, Client};
use vigie_sys::confine::{Identity, Landlock, Plan, Sandbox, confine};
use vigie_sys::owner;
use vigie_sys::privilege::{Privileges, other_threads_run};

use super::serve;
use crate::cli::{Ending, Exit};
use crate::config::Config;
use crate::http::supervision::Fences;
use crate::shell::broker as hand;

/// The user made for the service, where somebody made one.
const USER: &str = "vigie";
/// Otherwise this number: the word "vigie" on a telephone. It lies where neither distributions nor containers give out
/// numbers (65,536 to 99,999), so that no other program runs as it.
const NUMBER: u32 = 84_443;

/// What a confined process may read beside its data: the clock of the place, facts about this machine and about itself.
/// Folders of `/sys` and `/proc` hold no secrets of other processes, but for those of `/proc/PID`, of which only its own
/// is here. The Tailscale daemon's socket is not among them: connecting to it is no reading, and the rules this program
/// enforces leave it to the socket's own permissions.
const READABLE: [&str; 20] = [
    // Where crates look for randomness in a static program: they find getrandom(2) by the dynamic loader, or not at all.
    "/dev/random",
    "/dev/urandom",
    "/etc/localtime",
    "/etc/timezone",
    "/etc/hosts",
    "/etc/vigie",
    "/usr/share/zoneinfo",
    "/proc/self",
    // This program's own file, in which the flight recorder finds the words of its lines.
    "/proc/self/exe",
    // Who else has the data open.
    "/proc/locks",
    "/proc/sys/kernel",
    "/proc/sys/net",
    "/proc/meminfo",
    "/proc/loadavg",
    "/proc/stat",
    "/proc/uptime",
    "/sys/class/net",
    "/sys/class/thermal",
    "/sys/devices",
    "/run/vigie",
];
/// Without a broker the list of resolvers is read here, and it is replaced with every lease: the folder, then. A user's
/// own rights keep secrets in it out of reach, which root's would not.
const READABLE_ALONE: [&str; 2] = ["/etc", "/run/systemd/resolve"];

/// Runs the service as the rights of this process ask for. `arguments`: those of this program, without its name. Gives the
/// exit code.
///
/// # Errors
/// What keeps the service from running.
pub fn run(config: Config, arguments: Vec<OsString>) -> Result<u8, Ending> {
    if other_threads_run()? {
        return unconfined(config);
    }
    let rights = Privileges::read().map_err(|error| system(&error))?;
    if !(rights.root || rights.raw_sockets || rights.bind_service) {
        return alone(config);
    }
    if rights.root {
        settle_data(&config, &mut |line| println!("{line}"))?;
    }
    let rest = arguments.into_iter().skip_while(|word| word == "run");
    let plan = broker::Plan {
        arguments: ["vigie".into(), "serve".into()].into_iter().chain(rest).collect(),
        interfaces: config.network.interfaces.clone(),
        listens: listens(&config),
        watchdog: config.system.watchdog.clone(),
    };
    broker::run(plan, &mut |line| println!("broker: {line}")).map_err(|error| system(&error))
}

/// The addresses the service serves at.
fn listens(config: &Config) -> Vec<SocketAddr> {
    let tls = config.http.tls.then(|| config.http.tls_address());
    [config.http.listen].into_iter().chain(tls).collect()
}

/// What may be read beside the data. A lease file comes with the first lease, and some servers put another in its place
/// each time: so its folder, unless that would be everything.
fn readable(config: &Config) -> Vec<PathBuf> {
    let mut all: Vec<PathBuf> = READABLE.iter().map(PathBuf::from).collect();
    let leases = config.network.leases_file();
    match leases.parent().filter(|folder| folder.parent().is_some()) {
        Some(folder) => all.push(folder.to_owned()),
        None => all.push(leases.to_owned()),
    }
    all
}

/// Runs the service as the child of a broker.
///
/// # Errors
/// As [`run`]; when no broker started this process.
pub fn run_behind_broker(mut config: Config) -> Result<u8, Ending> {
    let client = Client::inherited().map_err(|_| {
        Ending::new(Exit::Usage, "serve: this is started by `vigie run` with the rights it may not have; start that")
    })?;
    let greeting = client.greeting().map_err(|error| system(&error))?;
    let identity = enter_data(&mut config)?;
    let plan = Plan {
        identity,
        read: readable(&config),
        write: vec![config.data.dir.clone()],
        parent: std::os::unix::process::parent_id().into(),
        ..Plan::default()
    };
    let sandbox = confine(&plan).map_err(|error| confined(&error))?;
    hand::take(client, greeting);
    serve(config, fences(&sandbox, true))
}

/// The service as it is, where threads of somebody else's (user emulation) would keep what it gives up for itself.
fn unconfined(config: Config) -> Result<u8, Ending> {
    println!("other threads run in this process already, as under user emulation: it keeps the rights it has");
    make_folder(&config.data.dir)?;
    let fences = Fences { uid: owner::myself(), ..Fences::default() };
    serve(config, fences)
}

/// The service in one process, with the fences that need no right.
fn alone(config: Config) -> Result<u8, Ending> {
    make_folder(&config.data.dir)?;
    let mut read = readable(&config);
    read.extend(READABLE_ALONE.iter().map(PathBuf::from));
    let plan = Plan { listens: true, read, write: vec![config.data.dir.clone()], ..Plan::default() };
    let sandbox = confine(&plan).map_err(|error| confined(&error))?;
    serve(config, fences(&sandbox, false))
}

/// Gives up what one look at the network does not need. Raw sockets it opens itself, as interfaces show.
pub(super) fn confine_scan(config: &Config) -> Result<(), Ending> {
    if other_threads_run()? {
        // As in `unconfined`; a scan ends by itself.
        return Ok(());
    }
    let mut read = readable(config);
    read.extend(READABLE_ALONE.iter().map(PathBuf::from));
    read.push(config.data.dir.join("devices.rules"));
    let rights = Privileges::read().map_err(|error| system(&error))?;
    let raw_sockets = rights.root || rights.raw_sockets;
    confine(&Plan { raw_sockets, read, ..Plan::default() }).map(|_| ()).map_err(|error| confined(&error))
}

/// Makes the data folder, and hands what is root's in it to the user of the service. For `vigie setup` as well: files that
/// the service cannot read are of no use.
///
/// Whoever owns the folder runs the service: started with `sudo` in somebody's home, it leaves nothing that this person
/// could not read the next day. A folder of root's becomes the service's, if nothing else is in it.
///
/// # Errors
/// When the folder cannot be made, or the configuration names a user who is not there.
pub(super) fn settle_data(config: &Config, tell: &mut dyn FnMut(&str)) -> Result<(), Ending> {
    let folder = &config.data.dir;
    let chosen = match &config.system.user {
        Some(name) => Some(owner::find(name).ok_or_else(|| {
            Ending::new(Exit::Config, format!("system.user: there is no user “{name}”; make it, or leave the key out"))
        })?),
        None => None,
    };
    let parent = nearest(folder).and_then(|parent| owner::of(&parent).ok()).filter(|owner| owner.uid != 0);
    let is_new = !folder.exists();
    make_folder(folder)?;
    let now = owner::of(folder)?;
    let service = Identity { uid: NUMBER, gid: NUMBER };
    let to = match (now.uid, chosen) {
        (0, Some(chosen)) => chosen,
        (0, None) => parent.filter(|_| is_new).or_else(|| owner::find(USER)).unwrap_or(service),
        (uid, Some(chosen)) if uid != chosen.uid => {
            let why = format!(
                "system.user is user {}, but {} belongs to user {uid}: change one of them",
                chosen.uid,
                folder.display()
            );
            return Err(Ending::new(Exit::Config, why));
        }
        _ => now,
    };
    if now.uid == 0 && to.uid != 0 && !owner::is_ours(folder)? {
        tell(&format!(
            "{} belongs to root and holds other things: it is not given away, and the service stays user 0 without any \
             capability; a folder of its own, such as --data /var/lib/vigie, lets it be nobody",
            folder.display()
        ));
        return Ok(());
    }
    match owner::hand_over(folder, to) {
        Ok(0) => {}
        Ok(count) => tell(&format!(
            "{}: {count} files and folders of root's now belong to user {}, as whom the service runs",
            folder.display(),
            to.uid
        )),
        Err(error) => tell(&format!("{}: {error}", folder.display())),
    }
    Ok(())
}

/// Finds out whom to become, which is whom the data belongs to, and goes where that one may not pass but must work.
fn enter_data(config: &mut Config) -> Result<Option<Identity>, Ending> {
    let folder = &config.data.dir;
    make_folder(folder)?;
    let rights = Privileges::read().map_err(|error| system(&error))?;
    let owner = owner::of(folder)?;
    if !rights.root || owner.uid == 0 {
        return Ok(None);
    }
    if !owner::may_reach(folder, owner) {
        // A home or a folder of root's that is closed to others: from inside, no way leads through it.
        std::env::set_current_dir(folder)?;
        config.data.dir = PathBuf::from(".");
    }
    Ok(Some(owner))
}

fn make_folder(folder: &Path) -> Result<(), Ending> {
    fs::create_dir_all(folder).map_err(|error| {
        let exit = if error.kind() == io::ErrorKind::PermissionDenied { Exit::Permission } else { Exit::Io };
        Ending::new(exit, format!("{}: {error}; name another folder with --data", folder.display()))
    })
}

/// The nearest folder above that is there.
fn nearest(folder: &Path) -> Option<PathBuf> {
    let whole = std::path::absolute(folder).ok()?;
    whole.ancestors().skip(1).find(|above| above.is_dir()).map(Path::to_owned)
}

fn fences(sandbox: &Sandbox, broker: bool) -> Fences {
    Fences {
        broker,
        uid: sandbox.uid,
        no_capabilities: sandbox.no_capabilities,
        bounding_empty: sandbox.bounding_empty,
        no_new_privileges: true,
        landlock: match sandbox.landlock {
            Landlock::Enforced(version) => Some(version),
            Landlock::Absent => None,
        },
        seccomp: sandbox.seccomp,
    }
}

fn system(error: &vigie_sys::Error) -> Ending {
    Ending::new(Exit::System, error.to_string())
}

fn confined(error: &vigie_sys::Error) -> Ending {
    Ending::new(Exit::System, format!("the service cannot be confined, so it does not start: {error}"))
}
