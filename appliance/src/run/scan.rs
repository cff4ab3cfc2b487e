//! Holds `vigie scan`: one sweep of the machine's segments to the terminal, then the end. Nothing is stored.
//! Never listens on a port. The command line calls it.

use std::io::{IsTerminal, Write};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::LocalSet;
use vigie_core::lan::sweep::Block;

use super::{prepare, split};
use crate::api;
use crate::cli::{Ending, Exit, ScanRequest};
use crate::config::Config;
use crate::shell::clocks::Clocks;
use crate::shell::network::{self, News, NotStarted, Request};

/// Legs open within milliseconds; without one by then there is no network.
const LEG_TIME: Duration = Duration::from_secs(2);
/// Greetings and names that were asked for last need this long to come in after the sweep.
const LAST_ANSWERS: Duration = Duration::from_millis(700);
/// A sweep that takes longer than this is ended, and what it found is shown.
const LONGEST: Duration = Duration::from_secs(15 * 60);

/// Looks at the network once and prints what is there.
///
/// # Errors
/// When a target cannot be read or is not on a segment of this machine, or there is no network.
pub fn scan(config: &Config, request: &ScanRequest) -> Result<(), Ending> {
    let targets: Vec<Block> = request
        .targets
        .iter()
        .map(|text| text.parse::<Block>().map_err(|error| Ending::new(Exit::Data, format!("{text}: {error}"))))
        .collect::<Result<_, _>>()?;
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

async fn look(
    config: &Config,
    wanted: Request,
    interfaces: Vec<String>,
    progress: bool,
) -> Result<Vec<api::network::view::DeviceView>, Ending> {
    let clocks = Arc::new(Clocks::open(&[], None));
    let (rules, _) = network::load_rules(Some(&config.data.dir.join("devices.rules")));
    let ended = Rc::new(Notify::new());
    let told = ended.clone();
    let show = progress && std::io::stderr().is_terminal();
    let clear = if show { "\r\x1b[K" } else { "" };
    let start = network::Start {
        settings: config.network.settings(),
        interfaces,
        communities: config.network.snmp_community.iter().map(|secret| secret.expose().to_owned()).collect(),
        presence: config.network.presence,
        rules,
        keeper: None,
        stored: Vec::new(),
        clocks: clocks.clone(),
        watching: false,
        tell: Box::new(move |hands, news| match news {
            News::Swept(scan) => {
                // To the error stream: what a program reads is on the other one.
                let report = &scan.report;
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
    tokio::time::sleep(LAST_ANSWERS).await;
    if show {
        eprint!("\r{:60}\r", "");
    }
    network
        .call(move |hands| api::network::view::all_devices(hands, &clocks))
        .await
        .map_err(|_| Ending::new(Exit::Software, "the scan ended early"))
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
                "scan: {block} is on no segment of this machine; only networks the machine has a leg in are scanned"
            ),
        ),
        NotStarted::Targets(error) => Ending::new(Exit::Data, format!("scan: {error}")),
        NotStarted::Running => Ending::new(Exit::Temporary, "scan: one runs already"),
    }
}

/// Columns of the terminal, when there is one.
fn terminal_width() -> Option<usize> {
    std::io::stdout().is_terminal().then(|| std::env::var("COLUMNS").ok()?.parse().ok()).flatten()
}
