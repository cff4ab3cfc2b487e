//! Holds `vigie scan`: one sweep of the machine's segments to the terminal, then the end. Nothing is stored.
//! Never listens on a port. The command line calls it.

use std::cell::Cell;
use std::io::{IsTerminal, Write};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::LocalSet;
use vigie_core::lan::sweep::{Block, NotScanned};

use super::{prepare, split};
use crate::api;
use crate::cli::{Ending, Exit, ScanRequest};
use crate::config::Config;
use crate::shell::clocks::Clocks;
use crate::shell::network::{self, News, NotStarted, Request};

/// Legs open within milliseconds; without one by then there is no network.
const LEG_TIME: Duration = Duration::from_secs(2);
/// Greetings and names that were asked for last may take this long to come in after the sweep. When nothing more is on
/// its way, nobody waits.
const LAST_ANSWERS: Duration = Duration::from_millis(700);
/// A neighbour that has not said anything for this long is hardly going to: it is not waited for.
const YOUNG: vigie_core::Duration = vigie_core::Duration::from_millis(500);
/// How often that is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(10);
/// A sweep that takes longer than this is ended, and what it found is shown.
const LONGEST: Duration = Duration::from_secs(15 * 60);

/// Looks at the network once and prints what is there.
///
/// # Errors
/// When a target cannot be read or is not on a segment of this machine, or there is no network.
pub fn scan(config: &Config, request: &ScanRequest) -> Result<(), Ending> {
    let targets: Vec<Block> = request.targets.iter().map(|text| read_target(text)).collect::<Result<_, _>>()?;
    split::confine_scan(config)?;
    prepare()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let everything = LocalSet::new();
    let chosen = &request.interfaces;
    let interfaces = if chosen.is_empty() { config.network.interfaces.clone() } else { chosen.clone() };
    let ports = request.ports.clone();
    let wanted = Request { full: request.full || !ports.is_empty(), targets, ports, pace: request.pace };
    let rows = runtime.block_on(everything.run_until(look(config, wanted, interfaces, !request.json)))?;
    let mut out = std::io::stdout().lock();
    if request.json {
        serde_json::to_writer_pretty(&mut out, &rows).map_err(std::io::Error::from)?;
        writeln!(out)?;
    } else {
        write!(out, "{}", api::table::scan_table(&rows, terminal_width()))?;
    }
    Ok(())
}

/// Reads a segment to look at. One above a /16 is never taken, wherever it is.
fn read_target(text: &str) -> Result<Block, Ending> {
    let block = text.parse::<Block>().map_err(|error| Ending::new(Exit::Data, format!("scan: {text}: {error}")))?;
    if block.may_be_swept() == Err(NotScanned::AboveSixteen) {
        let why = format!("scan: {text} is larger than a /16, the largest that can be taken; scan its parts");
        return Err(Ending::new(Exit::Data, why));
    }
    Ok(block)
}

async fn look(
    config: &Config,
    wanted: Request,
    interfaces: Vec<String>,
    progress: bool,
) -> Result<Vec<api::network::view::DeviceView>, Ending> {
    let clocks = Arc::new(Clocks::open(&[], None));
    let (rules, complaints) = network::load_rules(Some(&config.data.dir.join("devices.rules")));
    for complaint in complaints {
        eprintln!("{complaint}");
    }
    let ended = Rc::new(Notify::new());
    let told = ended.clone();
    let hosts = Rc::new(Cell::new(0_u32));
    let counted = hosts.clone();
    let show = progress && std::io::stderr().is_terminal();
    let clear = if show { "\r\x1b[K" } else { "" };
    let start = network::Start {
        settings: config.network.settings(),
        interfaces,
        access: network::Access::of(&config.network),
        community: None,
        rules,
        keeper: None,
        stored: Vec::new(),
        clocks: clocks.clone(),
        watching: false,
        tell: Box::new(move |hands, news| match news {
            News::Swept(scan) => {
                // To the error stream: what a program reads is on the other one.
                let report = &scan.report;
                counted.set(counted.get().saturating_add(report.hosts));
                let seconds = |length: vigie_core::Duration| length.as_millis() as f64 / 1_000.0;
                eprintln!(
                    "{clear}{} hosts in {:.2} s, {} frames, {} rounds, discovered after {:.3} s, ports after {:.3} s",
                    report.hosts,
                    seconds(report.took),
                    report.frames,
                    report.rounds,
                    seconds(report.discovered_after),
                    seconds(report.ports_after),
                );
                if !hands.sweeps().is_running() {
                    told.notify_one();
                }
            }
            News::Progress(progress) if show => {
                eprint!("\r{:3.0} %  {} hosts, {} frames ", progress.share * 100.0, progress.hosts, progress.frames);
            }
            _ => {}
        }),
    };
    let network = network::start(start).map_err(|error| Ending::new(Exit::System, error.to_string()))?;
    wait_for_leg(&network).await?;
    let started = network.call(move |hands| hands.sweep(&wanted)).await;
    started.map_err(|_| Ending::new(Exit::Software, "the scan ended early"))?.map_err(|why| not_started(&why))?;
    let _shown_anyway = tokio::time::timeout(LONGEST, ended.notified()).await;
    let _shown_as_it_is = tokio::time::timeout(LAST_ANSWERS, wait_for_errands(&network)).await;
    if show {
        eprint!("\r{:60}\r", "");
    }
    let rows = network
        .call(move |hands| api::network::view::all_devices(hands, &clocks))
        .await
        .map_err(|_| Ending::new(Exit::Software, "the scan ended early"))?;
    let own = rows.iter().filter(|row| row.roles.contains(&"myself")).count();
    eprintln!("{}", summary(rows.len(), own, hosts.get()));
    Ok(rows)
}

/// Why there are as many devices as there are, beside the hosts the sweep counted.
fn summary(devices: usize, own: usize, hosts: u32) -> String {
    let others = devices - own.min(devices);
    let itself = if own > 0 { " and this machine" } else { "" };
    if u32::try_from(others) == Ok(hosts) {
        return format!("{devices} devices: {hosts} hosts{itself}");
    }
    // Both are right: a host is an address that answered, a device is a machine.
    format!(
        "{devices} devices: {others} others{itself}; {hosts} addresses answered, some devices have several or were only heard"
    )
}

async fn wait_for_errands(network: &network::Network) {
    while network.call(|hands| hands.errands(YOUNG)).await.is_ok_and(|errands| errands > 0) {
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

async fn wait_for_leg(network: &network::Network) -> Result<(), Ending> {
    let until = tokio::time::Instant::now() + LEG_TIME;
    loop {
        let legs = network.call(|hands| hands.legs().len()).await.unwrap_or(0);
        if legs > 0 {
            return Ok(());
        }
        if tokio::time::Instant::now() >= until {
            return Err(not_started(&NotStarted::NoLeg));
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn not_started(why: &NotStarted) -> Ending {
    match why {
        NotStarted::NoLeg => Ending::new(
            Exit::Unavailable,
            "scan: no network: no interface is up with a cable or Wi-Fi and a MAC address",
        ),
        NotStarted::Remote(block) => Ending::new(
            Exit::Data,
            format!(
                "scan: {block} is on no segment of this machine; network.allow_remote = true in the configuration, or VIGIE_NETWORK_ALLOW_REMOTE=true, allows private networks behind a router"
            ),
        ),
        NotStarted::RemotePublic(block) => Ending::new(
            Exit::Data,
            format!("scan: {block} is behind a router and public, so it is somebody else's; it is never scanned"),
        ),
        NotStarted::RemoteLarge(block) => Ending::new(
            Exit::Data,
            format!(
                "scan: {block} is behind a router and larger than a /22; scan its parts, or name it in network.segments"
            ),
        ),
        NotStarted::Excluded(block) => Ending::new(
            Exit::Data,
            format!("scan: all of {block} is among the exclusions (network.exclude); take it out of them to scan it"),
        ),
        NotStarted::Targets(error) => Ending::new(Exit::Data, format!("scan: {error}")),
        NotStarted::Running => Ending::new(Exit::Temporary, "scan: one runs already"),
    }
}

/// Columns of the terminal, when there is one.
fn terminal_width() -> Option<usize> {
    std::io::stdout().is_terminal().then(|| std::env::var("COLUMNS").ok()?.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::{read_target, summary};

    #[test]
    fn what_is_above_a_16_is_refused_as_such_and_not_for_where_it_is() {
        let wrong = |text: &str| read_target(text).err().map(|ending| ending.why).unwrap_or_default();
        assert_eq!(wrong("10.0.0.0/16"), "");
        assert!(wrong("10.0.0.0/15").contains("/16"), "{}", wrong("10.0.0.0/15"));
        assert!(wrong("10.0.0.1/24").contains("10.0.0.1/24"));
    }

    #[test]
    fn the_numbers_of_hosts_and_devices_are_told_so_that_they_agree() {
        assert_eq!(summary(51, 1, 50), "51 devices: 50 hosts and this machine");
        assert_eq!(summary(3, 0, 3), "3 devices: 3 hosts");
        assert!(summary(52, 1, 50).starts_with("52 devices: 51 others and this machine; 50 addresses answered"));
    }
}
