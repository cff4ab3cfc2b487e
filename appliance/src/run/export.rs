//! Holds `vigie export`: the devices, what people said of them and of the network, and the names of accounts, out of a data
//! folder nobody uses at the moment.
//! Never opens a network socket and never gives away a secret: passwords, keys and tokens stay where they are.
//! The command line calls it.

use std::io::{self, Write};
use std::time::Duration;

use serde_json::{Value, json};

use super::lookout::stored_settings;
use super::{prepare, store};
use std::sync::Arc;

use crate::accounts::clock::{Clock, format_utc};
use crate::accounts::record::AccountRecord;
use crate::api::network::csv_of;
use crate::api::network::view::{DeviceView, Lens};
use crate::cli::{Ending, Exit};
use crate::config::Config;
use crate::shell::clocks::{BootClock, Clocks};
use crate::shell::keeper::{ACCOUNT, Stored};
use crate::shell::network;

/// Stopping the log waits for the card this long.
const LAST_FLUSH: Duration = Duration::from_secs(4);

/// Writes everything to standard output: as JSON, or the devices alone as the spreadsheet that the import takes.
///
/// # Errors
/// When there is no data, the service has it open, or nobody reads.
pub fn export(config: &Config, csv: bool) -> Result<(), Ending> {
    let folder = &config.data.dir;
    if !folder.join("log").is_dir() {
        let why = format!("there is no data in {}; name the service's folder with --data", folder.display());
        return Err(Ending::new(Exit::Unavailable, why));
    }
    prepare()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (keeper, stored) = store::open(folder).map_err(|ending| match ending.exit {
        Exit::Temporary => Ending::new(
            Exit::Temporary,
            format!("{}; while the service runs, ask it: GET /api/system/backup", ending.why),
        ),
        _ => ending,
    })?;
    runtime
        .block_on(async { tokio::time::timeout(LAST_FLUSH, keeper.stop()).await })
        .map_err(|_| Ending::new(Exit::Io, "the card takes too long"))?;
    let clocks = Arc::new(Clocks::open(&stored, None));
    let (rules, _) = network::load_rules(Some(&folder.join("devices.rules")));
    let devices = network::Shelf::open(&stored, &clocks, rules, None).visit(|hands| {
        let lens = Lens::of(hands, &clocks);
        hands.lan().devices().map(|device| DeviceView::render(&lens, device)).collect::<Vec<_>>()
    });
    let bytes = if csv { csv_of(&devices) } else { everything(config, &stored, &devices)? };
    match io::stdout().write_all(&bytes) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

fn everything(config: &Config, stored: &[Stored], devices: &[DeviceView]) -> Result<Vec<u8>, Ending> {
    let settings = config.network_settings(stored_settings(stored));
    let accounts: Vec<Value> = stored
        .iter()
        .filter(|row| row.kind == ACCOUNT.id)
        .filter_map(|row| AccountRecord::from_bytes(&row.value))
        .map(|account| {
            let role = account.role().map(|role| format!("{role:?}").to_lowercase());
            json!({ "username": account.username, "role": role, "enabled": account.enabled })
        })
        .collect();
    let document = json!({
        "version": 1,
        "exported": BootClock.wall().map(format_utc),
        "program": env!("CARGO_PKG_VERSION"),
        "settings": settings,
        "accounts": accounts,
        "items": devices,
    });
    let mut bytes = serde_json::to_vec_pretty(&document).map_err(io::Error::from)?;
    bytes.push(b'\n');
    Ok(bytes)
}
