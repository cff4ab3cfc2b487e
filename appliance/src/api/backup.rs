//! Holds the backup: what people entered, out as one document and back in, with a look at what a restore would do.
//! Never gives out a secret, and never lets anybody in: passwords, keys and tokens are in no backup, accounts are only named.
//! The route table holds its routes; the page and `vigie restore` use the same.

use std::sync::Arc;

use bytes::Bytes;
use hyper::header::CONTENT_DISPOSITION;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};
use vigie_core::audit::Kind as Act;
use vigie_core::lan::Source;
use vigie_core::lan::device::Device;

use super::network::Desk;
use super::network::export::{pass, write_item};
use super::network::filter::Filter;
use super::network::filter::read_switch;
use super::network::import::backup::{Backup, VERSION, read};
use super::network::import::{ImportView, carry_out};
use super::network::settings;
use super::network::view::Lens;
use super::network::view::device::trust_name;
use crate::accounts::clock::format_utc;
use crate::accounts::role::Access;
use crate::config::NetworkSettings;
use crate::http::call::Call;
use crate::http::language::Language;
use crate::http::problem::{Problem, faults};
use crate::http::reply::Reply;
use crate::http::route::{BodyRule, Outcome, Route};

/// Longest backup taken over HTTP: a full table in which every note and tag is as long as it may be. `vigie restore` takes
/// longer ones.
pub(crate) const MAX_BYTES: usize = 6 * 1024 * 1024;

/// What is in no backup, for programs.
const LEFT_OUT: [&str; 5] = ["passwords", "keys_and_certificates", "tokens", "credentials", "history"];

/// What becomes of the settings in a backup.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum SettingsFate {
    /// There are none in it.
    Absent,
    /// They are those obeyed already.
    Same,
    /// They replace those obeyed.
    Changed,
    /// They do not do here, for the reason given; everything else is restored.
    Refused,
}

/// What was done with a backup, or would be.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct RestoreView {
    /// Whether this only tells what would be done.
    pub(crate) dry_run: bool,
    /// When the backup was written, as it says; `null` when its appliance had no clock.
    pub(crate) exported: Option<String>,
    /// The version that wrote it, as it says.
    pub(crate) program: Option<String>,
    /// Each device. Those not in the backup stay as they are.
    pub(crate) devices: ImportView,
    /// The network settings.
    pub(crate) settings: SettingsFate,
    /// Why they were refused, in words.
    pub(crate) settings_reason: Option<String>,
    /// Accounts that are named in it and are not here. They are not made: their passwords are not in it.
    pub(crate) accounts_missing: Vec<String>,
    /// What is in no backup.
    pub(crate) not_in_a_backup: [&'static str; 5],
}

impl RestoreView {
    pub(crate) fn new(
        backup: &Backup,
        devices: ImportView,
        settings: (SettingsFate, Option<String>),
        accounts: &[String],
    ) -> Self {
        let missing = backup.accounts.iter().filter(|name| !accounts.contains(name));
        Self {
            dry_run: devices.dry_run,
            exported: backup.exported.clone(),
            program: backup.program.clone(),
            devices,
            settings: settings.0,
            settings_reason: settings.1,
            accounts_missing: missing.cloned().collect(),
            not_in_a_backup: LEFT_OUT,
        }
    }

    /// How many things it changes.
    pub(crate) fn news(&self) -> usize {
        self.devices.added + self.devices.updated + usize::from(self.settings == SettingsFate::Changed)
    }

    /// What the journal is to hold of it, in words; nothing, when nothing was changed.
    pub(crate) fn words(&self) -> Option<String> {
        let settings = if self.settings == SettingsFate::Changed { ", settings" } else { "" };
        let words = format!("from a backup: {} added, {} updated{settings}", self.devices.added, self.devices.updated);
        (!self.dry_run && self.news() > 0).then_some(words)
    }

    /// Says so in an answer.
    pub(crate) fn tell(&self, reply: Reply) -> Reply {
        match self.words() {
            Some(words) => reply.telling(&words),
            None => reply.unrecorded(),
        }
    }
}

/// The routes.
pub(super) fn routes(desk: &Arc<Desk>) -> Vec<Route> {
    vec![
        Route::get(
            "/api/system/backup",
            Access::Admin,
            "All that people entered, as one document that a restore takes",
        )
        .speaks(200, "application/json")
        .run_with(desk, give),
        Route::post("/api/system/restore", Access::Admin, "Take a backup in: devices and network settings")
            .takes(BodyRule::Bytes(MAX_BYTES))
            .switch("dry_run", "`true`: only tell what would be done.")
            .answers::<RestoreView>(200)
            // Doing it again changes nothing, and the answer may be long.
            .every_time()
            .audits(Act::DevicesImported)
            .run_with(desk, take),
    ]
}

async fn give(desk: Arc<Desk>, call: Call) -> Outcome {
    let now = call.platform.clock.wall().map(format_utc);
    let accounts: Vec<Value> = call
        .platform
        .accounts
        .list()
        .into_iter()
        .map(|account| json!({ "username": account.username, "role": account.role, "enabled": account.enabled }))
        .collect();
    let (settings, _) = settings::now(&desk).await;
    let day = now.as_deref().and_then(|now| now.get(..10)).unwrap_or("undated").to_owned();
    let head = json!({
        "version": VERSION, "exported": now, "program": env!("CARGO_PKG_VERSION"), "settings": settings, "accounts": accounts,
    });
    let reply = Reply::stream("application/json", move |pieces| async move {
        // The list is written behind the other members, by hand, since it is never there as a whole.
        let head = head.to_string();
        let head = format!("{},\"items\":[", head.strip_suffix('}').unwrap_or(&head));
        if pieces.send(head.into()).await.is_err() {
            return;
        }
        if pass(&desk, Filter::default(), &pieces, write_device).await {
            let _gone = pieces.send(Bytes::from_static(b"]}\n")).await;
        }
    });
    Ok(reply.header(CONTENT_DISPOSITION, &format!("attachment; filename=\"vigie-{day}.json\"")))
}

fn write_device(lens: &Lens<'_>, device: &Device, first: bool, bytes: &mut Vec<u8>) {
    write_item(&said_of(lens, device), first, bytes);
}

/// A device as far as a person said something of it, and how to recognise it: named as in every other list, so that
/// `vigie export` and this are one form.
fn said_of(lens: &Lens<'_>, device: &Device) -> Value {
    let by_person = |source| if source == Source::Person { "person" } else { "other" };
    let legs: Vec<Value> =
        device.interfaces().iter().map(|leg| json!({ "segment": lens.segment(leg.segment) })).collect();
    json!({
        "id": device.id().to_string(),
        "mac": device.mac().map(|mac| mac.to_string()),
        "ip": device.ip().map(|ip| ip.to_string()),
        "interfaces": legs,
        "label": device.label(),
        "owner": device.owner(),
        "notes": device.notes(),
        "tags": device.tags().iter().map(ToString::to_string).collect::<Vec<_>>(),
        "trust": trust_name(device.trust()),
        "watch": device.watch(),
        "kind": device.kind().name(),
        "hostname": device.hostname().map(|field| field.value.to_string()),
        "roles": if device.roles().any(|role| role == vigie_core::lan::Role::Myself) { vec!["myself"] } else { Vec::new() },
        "fields": {
            "kind": device.kind_field().map(|field| json!({ "source": by_person(field.source) })),
            "hostname": device.hostname().map(|field| json!({ "source": by_person(field.source) })),
        },
    })
}

async fn take(desk: Arc<Desk>, call: Call) -> Outcome {
    let bad = || Problem::from(&faults::BAD_PARAMETER).with("name", "dry_run");
    let dry_run = read_switch(call.query("dry_run")).ok_or_else(bad)?;
    let view = restore(&desk, &call, &call.body, dry_run).await?;
    Ok(view.tell(Reply::json(&view)?))
}

/// Takes a backup in, or with `dry_run` only tells what would be done. Settings first: a device may be on a segment they add.
///
/// # Errors
/// `not_a_backup` and `other_backup_form`, before anything is changed; `not_saved` when the card takes nothing.
pub(crate) async fn restore(desk: &Desk, call: &Call, body: &[u8], dry_run: bool) -> Result<RestoreView, Problem> {
    let mut backup = read(body, call.language)?;
    let fate = match backup.settings.take() {
        None => (SettingsFate::Absent, None),
        Some(new) => restore_settings(desk, new, dry_run, call.language).await?,
    };
    let list = std::mem::take(&mut backup.list);
    let devices = carry_out(desk, list, dry_run, call.language).await?;
    let accounts: Vec<String> = call.platform.accounts.list().into_iter().map(|account| account.username).collect();
    Ok(RestoreView::new(&backup, devices, fate, &accounts))
}

async fn restore_settings(
    desk: &Desk,
    new: NetworkSettings,
    dry_run: bool,
    language: Language,
) -> Result<(SettingsFate, Option<String>), Problem> {
    let refused = |problem: &Problem| (SettingsFate::Refused, Some(why(problem, language)));
    if let Err(problem) = settings::encode(&new) {
        return Ok(refused(&problem));
    }
    if dry_run {
        let same = settings::now(desk).await.0 == new;
        return Ok((if same { SettingsFate::Same } else { SettingsFate::Changed }, None));
    }
    let (_, changed) = settings::change(desk, new, |_| Ok(())).await?;
    Ok((if changed { SettingsFate::Changed } else { SettingsFate::Same }, None))
}

/// The words of a refusal: those of its first field, with the field.
pub(crate) fn why(problem: &Problem, language: Language) -> String {
    let first = problem.field_details(language).into_iter().next();
    first.map_or_else(|| problem.detail(language), |(pointer, words)| format!("{pointer}: {words}"))
}
