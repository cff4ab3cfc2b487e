//! Holds `vigie restore`: a backup into a data folder nobody uses at the moment, an empty one too.
//! Never changes anything unless told to, and never lets anybody in: accounts are only named.
//! The command line calls it.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;
use std::sync::Arc;

use tokio::runtime::Builder;
use vigie_core::audit::{Actor, Kind};

use super::lookout::stored_settings;
use super::{journal, key, prepare, split, store};
use crate::accounts::journal::Act;
use crate::accounts::record::AccountRecord;
use crate::api::backup::{RestoreView, SettingsFate, why};
use crate::api::network::import::backup::{Backup, read};
use crate::api::network::import::{Done, carry_out_stored};
use crate::api::network::settings;
use crate::cli::{Ending, Exit};
use crate::config::{Config, NetworkSettings};
use crate::http::language::Language;
use crate::shell::clocks::Clocks;
use crate::shell::keeper::{ACCOUNT, Keeper, SETTINGS, Stored};
use crate::shell::network::{Shelf, load_rules};

/// Longest file read: some ten times a full table with all that is known of each device, as `vigie export` writes it.
const MAX_FILE_BYTES: u64 = 256 * 1024 * 1024;
/// Lines with trouble printed one by one; all are counted.
const MAX_TOLD: usize = 20;

/// Restores `file`, or without `really` only says what it would do.
///
/// # Errors
/// When the file is no backup of this form, the service has the folder open, or the card takes nothing.
pub fn restore(config: &Config, file: &Path, really: bool) -> Result<(), Ending> {
    let backup = read_file(file)?;
    prepare()?;
    let folder = &config.data.dir;
    let view = Builder::new_current_thread().enable_all().build()?.block_on(async {
        if !really && !folder.join("log").is_dir() {
            // Nothing is made for a mere look.
            return look(config, backup, &[]).await;
        }
        let (keeper, mut stored) = store::open(folder).map_err(|ending| match ending.exit {
            Exit::Temporary => {
                let more = "; stop the service first, or restore on its page, or with POST /api/system/restore";
                Ending::new(Exit::Temporary, ending.why + more)
            }
            _ => ending,
        })?;
        let done = match really {
            true => change(config, backup, &keeper, &mut stored).await,
            false => look(config, backup, &stored).await,
        };
        keeper.stop().await;
        done
    })?;
    if really && vigie_sys::privilege::Privileges::read().is_ok_and(|rights| rights.root) {
        split::settle_data(config, &mut |_| {})?;
    }
    match io::stdout().write_all(words(&view).as_bytes()) {
        // A reader that has gone (`| head`) is no failure.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

fn read_file(file: &Path) -> Result<Backup, Ending> {
    let named = |error: io::Error| {
        let ending = Ending::from(error);
        Ending::new(ending.exit, format!("{}: {}", file.display(), ending.why))
    };
    let mut body = Vec::new();
    File::open(file).map_err(named)?.take(MAX_FILE_BYTES + 1).read_to_end(&mut body).map_err(named)?;
    if body.len() as u64 > MAX_FILE_BYTES {
        let why = format!("{}: longer than {} MiB, no backup is", file.display(), MAX_FILE_BYTES / 1_048_576);
        return Err(Ending::new(Exit::Data, why));
    }
    read(&body, Language::En)
        .map_err(|problem| Ending::new(Exit::Data, format!("{}: {}", file.display(), problem.detail(Language::En))))
}

/// What a restore would do.
async fn look(config: &Config, backup: Backup, stored: &[Stored]) -> Result<RestoreView, Ending> {
    let clocks = Arc::new(Clocks::open(stored, None));
    carry_out(config, backup, stored, &clocks, None).await
}

/// Restores, and writes so in the journal.
async fn change(
    config: &Config,
    backup: Backup,
    keeper: &Keeper,
    stored: &mut Vec<Stored>,
) -> Result<RestoreView, Ending> {
    let key = Arc::new(key::load_or_draw(&config.data.dir)?);
    let clocks = Arc::new(Clocks::open(stored, Some(keeper.clone())));
    let view = carry_out(config, backup, stored, &clocks, Some(keeper)).await?;
    if let Some(words) = view.words() {
        let act = Act::new(Kind::DevicesImported, Actor::Console).saying(&words);
        // What could not be written is told by the log; what was restored is kept.
        let _told = journal::open(keeper, stored, &key, &clocks).write(act).await;
    }
    Ok(view)
}

async fn carry_out(
    config: &Config,
    mut backup: Backup,
    stored: &[Stored],
    clocks: &Arc<Clocks>,
    keeper: Option<&Keeper>,
) -> Result<RestoreView, Ending> {
    let fate = match backup.settings.take() {
        None => (SettingsFate::Absent, None),
        Some(new) => restore_settings(config, &new, stored, keeper).await?,
    };
    let (rules, _) = load_rules(Some(&config.data.dir.join("devices.rules")));
    let shelf = Shelf::open(stored, clocks, rules, keeper.cloned());
    let list = std::mem::take(&mut backup.list);
    let devices = carry_out_stored(&shelf, keeper, list, Language::En).await?;
    let accounts = stored.iter().filter(|row| row.kind == ACCOUNT.id);
    let accounts = accounts.filter_map(|row| AccountRecord::from_bytes(&row.value));
    let accounts: Vec<String> = accounts.map(|account| account.username.to_string()).collect();
    Ok(RestoreView::new(&backup, devices, fate, &accounts))
}

async fn restore_settings(
    config: &Config,
    new: &NetworkSettings,
    stored: &[Stored],
    keeper: Option<&Keeper>,
) -> Result<(SettingsFate, Option<String>), Ending> {
    let value = match settings::encode(new) {
        Ok(value) => value,
        Err(problem) => return Ok((SettingsFate::Refused, Some(why(&problem, Language::En)))),
    };
    if stored_settings(stored).unwrap_or_else(|| config.network.settings()) == *new {
        return Ok((SettingsFate::Same, None));
    }
    if let Some(keeper) = keeper {
        keeper.put_now(SETTINGS, settings::KEY, value).await?;
    }
    Ok((SettingsFate::Changed, None))
}

/// What was done, or would be, for a terminal.
fn words(view: &RestoreView) -> String {
    let mut text = String::new();
    let mut say = |line: String| {
        text.push_str(&line);
        text.push('\n');
    };
    let by = view.program.as_deref().map(|program| format!(", by version {program}")).unwrap_or_default();
    say(format!("backup written {}{by}", view.exported.as_deref().unwrap_or("at an unknown time")));
    let devices = &view.devices;
    say(format!(
        "devices: {} added, {} changed, {} as they are, {} refused; those not in the backup stay",
        devices.added, devices.updated, devices.unchanged, devices.refused
    ));
    if devices.left_out > 0 {
        say(format!("  {} entries beyond the most that are read were left out", devices.left_out));
    }
    let troubled = devices.items.iter().filter(|line| line.action == Done::Refused || line.reason.is_some());
    for line in troubled.take(MAX_TOLD) {
        let name = line.mac.as_deref().or(line.ip.as_deref()).unwrap_or("no address");
        say(format!("  entry {} ({name}): {}", line.line, line.reason.as_deref().unwrap_or("refused")));
    }
    say(match (view.settings, &view.settings_reason) {
        (SettingsFate::Absent, _) => "network settings: none in it".to_owned(),
        (SettingsFate::Same, _) => "network settings: the same".to_owned(),
        (SettingsFate::Changed, _) => "network settings: taken from the backup".to_owned(),
        (SettingsFate::Refused, why) => {
            format!("network settings: left as they are: {}", why.as_deref().unwrap_or_default())
        }
    });
    if !view.accounts_missing.is_empty() {
        say(format!("accounts not made, since no password is in a backup: {}", view.accounts_missing.join(", ")));
    }
    say("not in a backup: passwords, keys, certificates, tokens, credentials of devices, history;".to_owned());
    say("  users of public computers, workstations, their groups, rules and opening hours, the zone".to_owned());
    if view.dry_run {
        say("nothing was changed; `vigie restore FILE --yes` does it".to_owned());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Layer;

    const BACKUP: &str = r#"{"version":1,"exported":null,"settings":{"interval_minutes":7},
        "accounts":[{"username":"ada"}],"items":[
        {"mac":"aa:bb:cc:00:00:01","ip":"192.168.1.9","interfaces":[{"segment":"eth0"}],"label":"Till","trust":"blocked"},
        {"ip":"10.9.0.4","interfaces":[{"segment":"remote"}],"notes":"far away"},
        {"mac":"01:00:5e:00:00:01","label":"a group is nobody"}]}"#;

    fn config(folder: &Path) -> Config {
        let mut line = Layer::default();
        line.set("data.dir", folder.to_str().unwrap(), "test").unwrap();
        crate::config::resolve(&line, &Layer::default(), &Layer::default(), &Layer::default()).unwrap().config
    }

    fn backup() -> Backup {
        read(BACKUP.as_bytes(), Language::En).unwrap_or_else(|problem| panic!("{}", problem.detail(Language::En)))
    }

    #[tokio::test]
    async fn an_empty_folder_gets_it_all_and_a_second_time_nothing() {
        let home = tempfile::tempdir().unwrap();
        let config = config(home.path());
        let looked = look(&config, backup(), &[]).await.unwrap();
        assert!(looked.dry_run && (looked.devices.added, looked.devices.refused) == (2, 1), "{}", words(&looked));
        assert!(
            words(&looked).contains("nothing was changed")
                && words(&looked).contains("no password is in a backup: ada")
        );
        assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 0, "a look leaves nothing behind");

        let (keeper, mut stored) = store::open(home.path()).map_err(|ending| ending.why).unwrap();
        let done = change(&config, backup(), &keeper, &mut stored).await.unwrap();
        assert!(
            (done.devices.added, done.settings) == (2, SettingsFate::Changed) && !words(&done).contains("--yes"),
            "{}",
            words(&done)
        );
        keeper.stop().await;
        drop(keeper);

        let (keeper, stored) = store::open(home.path()).map_err(|ending| ending.why).unwrap();
        assert_eq!(stored_settings(&stored).map(|settings| settings.interval_minutes), Some(7));
        assert!(stored.iter().all(|row| row.kind != ACCOUNT.id), "nobody was let in: the set-up code still waits");
        let (rules, _) = load_rules(None);
        let clocks = Arc::new(Clocks::open(&stored, None));
        Shelf::open(&stored, &clocks, rules, None).visit(|hands| {
            let till = hands.find("aa:bb:cc:00:00:01").expect("it is there");
            assert_eq!((till.label(), till.trust()), ("Till", vigie_core::lan::Trust::Blocked));
            assert_eq!(till.ip(), Some("192.168.1.9".parse().unwrap()));
            assert_eq!(hands.find("10.9.0.4").map(vigie_core::lan::Device::notes), Some("far away"));
            assert_eq!(hands.segment_names(), ["eth0", "remote"]);
        });
        let again = look(&config, backup(), &stored).await.unwrap();
        assert_eq!((again.devices.unchanged, again.news()), (2, 0), "{}", words(&again));
        keeper.stop().await;
    }

    #[test]
    fn a_file_that_is_no_backup_is_named_with_what_is_wrong() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("b.json");
        std::fs::write(&file, r#"{"version":9,"items":[]}"#).unwrap();
        let ending = read_file(&file).err().unwrap();
        assert!(
            ending.exit == Exit::Data && ending.why.contains("b.json") && ending.why.contains("form 9"),
            "{}",
            ending.why
        );
        assert!(read_file(&home.path().join("none")).err().unwrap().why.contains("none: "));
    }
}
