//! Holds the flood benchmark: thousands of hostile connections against the service and its peers, a good client beside them.
//! Never touches this machine's own network: each server gets a namespace with a loopback and nothing else.
//! `bench/flood/run` calls it; people read its table.

mod peer;
mod report;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use vigie_tests::appliance::Home;
use vigie_tests::flood::{Flood, Plan, Service, ask_for};
use vigie_tests::lab::{Lab, Rights};

/// A person's browser asks no faster than this.
const ASK_EVERY: Duration = Duration::from_millis(50);
/// Before and after the flood: a hundred asks and more each.
const QUIET: Duration = Duration::from_secs(6);
/// The flood is looked at this often for its peak.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// What the product promises to run within.
const MEMORY_LIMIT_BYTES: u64 = 64 * 1024 * 1024;

/// One run: a server, from so many addresses.
pub(crate) struct Trial {
    server: &'static str,
    sources: usize,
    before: Service,
    during: Service,
    after: Service,
    resident: Resident,
    flood: [u64; 5],
}

/// Bytes of a process in RAM.
pub(crate) struct Resident {
    before: u64,
    peak: u64,
    after: u64,
}

/// A server that runs, and what it is asked for.
struct Running {
    server: &'static str,
    target: SocketAddr,
    path: &'static str,
    pid: u32,
}

struct Options {
    json: Option<PathBuf>,
    only: Vec<String>,
    hold: Duration,
}

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if words.first().is_some_and(|word| word == peer::BARE_HYPER_WORD) {
        peer::serve_bare_hyper();
    }
    let Some(options) = read_options(&words) else {
        eprintln!("usage: run [--json FILE] [--only vigie,bare-hyper,nginx,python] [--hold SECONDS]");
        return ExitCode::from(64);
    };
    let mut trials = Vec::new();
    for sources in [4, 200] {
        for server in ["vigie", "bare-hyper", "nginx", "python"] {
            if options.only.is_empty() || options.only.iter().any(|name| name == server) {
                eprintln!("{server}, from {sources} addresses");
                match try_server(server, sources, options.hold) {
                    Ok(trial) => trials.push(trial),
                    Err(why) => eprintln!("{server}: {why}"),
                }
            }
        }
    }
    print!("{}", report::write_table(&trials));
    if let Some(file) = options.json
        && let Err(error) = std::fs::write(&file, report::write_json(&trials))
    {
        eprintln!("{}: {error}", file.display());
        return ExitCode::from(74);
    }
    ExitCode::SUCCESS
}

fn read_options(words: &[String]) -> Option<Options> {
    let mut options = Options { json: None, only: Vec::new(), hold: Duration::from_secs(30) };
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let value = words.next()?;
        match word.as_str() {
            "--json" => options.json = Some(value.into()),
            "--only" => options.only = value.split(',').map(str::to_owned).collect(),
            "--hold" => options.hold = Duration::from_secs(value.parse().ok()?),
            _ => return None,
        }
    }
    Some(options)
}

fn try_server(server: &'static str, sources: usize, hold: Duration) -> Result<Trial, String> {
    let lab = Lab::bare();
    if server == "vigie" {
        let home = Home::new(Rights::Root, "");
        home.set_up(&lab);
        let appliance = home.start(&lab);
        let limit = limit_memory(appliance.pid());
        if let Err(error) = &limit {
            eprintln!("vigie runs without a memory limit: {error}");
        }
        let target = SocketAddr::from((Ipv4Addr::LOCALHOST, 8080));
        let running = Running { server, target, path: "/login", pid: appliance.pid() };
        let trial = measure(&lab, running, sources, hold);
        appliance.assert_serves();
        appliance.stop();
        if let Ok(group) = limit {
            let _busy = std::fs::remove_dir(group);
        }
        return Ok(trial);
    }
    let peer = peer::start(server, &lab)?;
    let target = SocketAddr::from((Ipv4Addr::LOCALHOST, peer::PORT));
    Ok(measure(&lab, Running { server, target, path: "/", pid: peer.pid() }, sources, hold))
}

/// Puts a process under the promised limit: a group of the old or the new hierarchy, whichever this machine has.
fn limit_memory(pid: u32) -> std::io::Result<PathBuf> {
    let name = format!("vigie-flood-{pid}");
    let old = Path::new("/sys/fs/cgroup/memory");
    let (group, file) = if old.is_dir() {
        (old.join(name), "memory.limit_in_bytes")
    } else {
        (Path::new("/sys/fs/cgroup").join(name), "memory.max")
    };
    std::fs::create_dir(&group)?;
    std::fs::write(group.join(file), MEMORY_LIMIT_BYTES.to_string())?;
    std::fs::write(group.join("cgroup.procs"), pid.to_string())?;
    Ok(group)
}

fn measure(lab: &Lab, Running { server, target, path, pid }: Running, sources: usize, hold: Duration) -> Trial {
    let ask = |lasting| lab.inside(move || ask_for(target, path, ASK_EVERY, lasting));
    let before = ask(QUIET);
    let resident_before = resident_bytes(pid);
    let plan = Plan { target, drips: 2_000, stalls: 500, silent: 500, sources };
    let flood = lab.inside(move || Flood::start(&plan));
    let mut peak = 0;
    let mut most_open = 0;
    let during = thread::scope(|scope| {
        let asking = scope.spawn(|| ask(hold));
        let began = Instant::now();
        while began.elapsed() < hold {
            peak = peak.max(resident_bytes(pid));
            most_open = most_open.max(flood.tally.open.load(Ordering::Relaxed));
            thread::sleep(LOOK_EVERY);
        }
        asking.join().expect("the good client does not panic")
    });
    let tally = flood.tally.clone();
    flood.stop();
    let after = ask(QUIET);
    let count = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed);
    let flood = [count(&tally.opened), count(&tally.refused), count(&tally.cut), count(&tally.failed), most_open];
    let resident = Resident { before: resident_before, peak, after: resident_bytes(pid) };
    Trial { server, sources, before, during, after, resident, flood }
}

/// Memory of a process and its children in RAM: nginx and others do their work in children.
fn resident_bytes(pid: u32) -> u64 {
    let own = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let kib = own.lines().find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    let children = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    let children: u64 = children.split_whitespace().filter_map(|pid| pid.parse().ok()).map(resident_bytes).sum();
    kib.unwrap_or_default() * 1024 + children
}
