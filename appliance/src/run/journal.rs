//! Holds how the journal is opened, and the commands that verify and export it while the service is not running.
//! Never mends what it finds. The command line and the start of the service call it.

use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

use serde_json::json;
use tokio::runtime::Builder;

use super::{key, prepare, store};
use crate::accounts::journal::{AT_ONCE, Journal, tell_finding};
use crate::accounts::token::DeviceKey;
use crate::api::logs::view::{EntryView, Names, write_csv, write_csv_head};
use crate::cli::{Ending, Exit, ExportForm};
use crate::config::Config;
use crate::shell::clocks::{BootClock, Clocks};
use crate::shell::keeper::{Keeper, KeptJournal, Stored};

/// Opens the journal over what the log held.
pub(super) fn open(keeper: &Keeper, stored: &mut Vec<Stored>, key: &Arc<DeviceKey>, clocks: &Clocks) -> Arc<Journal> {
    let store = Arc::new(KeptJournal::open(keeper.clone(), stored, key.clone()));
    Arc::new(Journal::new(store, Arc::new(BootClock), clocks.this_boot()))
}

/// The journal of a folder, and what it takes to read it.
struct Opened {
    keeper: Keeper,
    journal: Arc<Journal>,
    clocks: Clocks,
    names: Names,
}

/// Opens the journal of a folder nobody else has open.
fn open_folder(folder: &Path) -> Result<Opened, Ending> {
    if !folder.join("log").exists() {
        let why = format!("{}: there is no data of the service here; name its folder with --data", folder.display());
        return Err(Ending::new(Exit::Data, why));
    }
    let (keeper, mut stored) = store::open(folder).map_err(|ending| match ending.exit {
        Exit::Temporary => {
            let why =
                "; the service is running: ask it with GET /api/logs/verify or /api/logs/export, or stop it first";
            Ending::new(ending.exit, ending.why + why)
        }
        _ => ending,
    })?;
    // Without the key every seal looks forged, which is what somebody who took the card alone has to be told.
    let key = key::load(folder)?.unwrap_or_else(|| DeviceKey::from_seed(&[0; 32]));
    let names = Names::of_records(
        stored.iter().filter(|row| row.kind == crate::shell::keeper::ACCOUNT.id).map(|row| row.value.as_slice()),
    );
    let clocks = Clocks::open(&stored, None);
    let journal = open(&keeper, &mut stored, &Arc::new(key), &clocks);
    Ok(Opened { keeper, journal, clocks, names })
}

/// Verifies the journal of a folder and says what it found: in lines of text, or as one JSON object.
///
/// # Errors
/// When something is wrong with it, with what in words; when the folder has no data, or the service has it open.
pub fn verify_journal(config: &Config, json: bool) -> Result<(), Ending> {
    prepare()?;
    let report = Builder::new_current_thread().enable_all().build()?.block_on(async {
        let Opened { keeper, journal, .. } = open_folder(&config.data.dir)?;
        let verified = journal.verify().await;
        keeper.stop().await;
        Ok::<_, Ending>(verified.report)
    })?;
    let head = data_encoding::HEXLOWER.encode(&report.head.hash);
    let all = report.findings.len() as u64 + report.more;
    let findings: Vec<_> = report.findings.iter().map(|finding| tell_finding(*finding)).collect();
    if json {
        println!(
            "{}",
            json!({
                "good": report.is_good(), "entries": report.entries, "first": report.first,
                "last": report.head.number, "head": head, "findings": findings, "findings_in_all": all,
            })
        );
    } else {
        println!("{} entries, {} to {}", report.entries, report.first, report.head.number);
        println!("head {head}");
        for finding in &findings {
            println!("wrong: {finding}");
        }
    }
    if report.is_good() {
        if !json {
            println!("the chain is whole; keep the head elsewhere to prove that later");
        }
        return Ok(());
    }
    Err(Ending::new(Exit::Data, format!("audit: the journal is damaged or was changed: {all} findings, listed above")))
}

/// Writes the journal of a folder to standard output, oldest first.
///
/// # Errors
/// When the folder has no data, or the service has it open, or writing fails.
pub fn export_journal(config: &Config, form: ExportForm) -> Result<(), Ending> {
    prepare()?;
    Builder::new_current_thread().enable_all().build()?.block_on(async {
        let Opened { keeper, journal, clocks, names } = open_folder(&config.data.dir)?;
        let written = write_all(&journal, &names, &clocks, form).await;
        keeper.stop().await;
        match written {
            // A reader that has gone (`| head`) is no failure.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            written => Ok(written?),
        }
    })
}

async fn write_all(journal: &Journal, names: &Names, clocks: &Clocks, form: ExportForm) -> io::Result<()> {
    let mut out = io::stdout().lock();
    if form == ExportForm::Csv {
        out.write_all(&write_csv_head())?;
    }
    let mut after = 0;
    loop {
        let some = journal.after(after, AT_ONCE).await;
        let Some(last) = some.last() else { return out.flush() };
        after = last.cursor;
        for kept in &some {
            let view = EntryView::render(&kept.entry, names, clocks);
            match form {
                ExportForm::Csv => out.write_all(&write_csv(&view))?,
                ExportForm::Json => {
                    let mut line = serde_json::to_vec(&view).map_err(io::Error::other)?;
                    line.push(b'\n');
                    out.write_all(&line)?;
                }
            }
        }
    }
}
