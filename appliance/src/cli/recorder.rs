//! Holds what `vigie recorder` prints: the lines of the flight recorder, for people or as JSON.
//! It never starts the service and never writes. The command line calls it.

use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

use super::{Ending, Exit};
use crate::recorder::{Position, Record, Told, read};

/// How often a ring in use is looked at; it is written at most once a second.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Prints what is there, and with `follow` what comes, until interrupted or nobody reads.
pub(super) fn print(data: &Path, json: bool, follow: bool) -> Result<Exit, Ending> {
    let record = load(data, Position::default())?;
    let mut position = record.end;
    if !show(&record.lines, json)? {
        return Ok(Exit::Ok);
    }
    explain(&record);
    if record.lines.is_empty() && record.damaged > 0 {
        return Err(Ending::new(Exit::Data, "the recorder's ring is damaged: no page of it can be read"));
    }
    if !record.lines.is_empty() && record.lines.iter().all(|line| line.text.is_none()) {
        let why = format!(
            "every line was written by a version whose words are not there ({}); read it with that version",
            record.unknown.join(", ")
        );
        return Err(Ending::new(Exit::Data, why));
    }
    if !follow {
        return Ok(Exit::Ok);
    }
    loop {
        std::thread::sleep(LOOK_EVERY);
        let record = load(data, position)?;
        position = record.end;
        if !show(&record.lines, json)? {
            return Ok(Exit::Ok);
        }
    }
}

fn load(data: &Path, after: Position) -> Result<Record, Ending> {
    read(data, after).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => {
            let why =
                format!("there is no flight recorder in {}; name the service's folder with --data", data.display());
            Ending::new(Exit::Unavailable, why)
        }
        _ => Ending::from(error),
    })
}

/// False when nobody reads any more.
fn show(lines: &[Told], json: bool) -> Result<bool, Ending> {
    let mut out = io::stdout().lock();
    let mut text = String::new();
    for line in lines {
        if json {
            // Text, numbers and nothing else: it serialises.
            text.push_str(&serde_json::to_string(line).unwrap_or_default());
        } else {
            let words = match (&line.text, &line.why) {
                (Some(text), _) => text.clone(),
                (None, why) => format!("({})", why.as_deref().unwrap_or("cannot be read")),
            };
            let (seconds, ms) = (line.at_ms / 1_000, line.at_ms % 1_000);
            let when = line.ts.clone().unwrap_or_else(|| format!("boot {} +{seconds}.{ms:03} s", line.boot));
            text.push_str(&format!("{when}  run {}  {words}", line.run));
        }
        text.push('\n');
    }
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        other => other.map(|()| true).map_err(Ending::from),
    }
}

/// Says on standard error what is missing, so that a pipe gets lines only.
fn explain(record: &Record) {
    let mut words = Vec::new();
    if record.damaged > 0 {
        words.push(format!("{} places hold no readable page (one is usual after a power cut)", record.damaged));
    }
    if record.missing > 0 {
        words.push(format!("{} pages between the oldest and the newest are missing", record.missing));
    }
    if record.lost > 0 {
        words.push(format!("{} lines were not kept when they were said", record.lost));
    }
    for version in &record.unknown {
        words.push(format!("the words of version {version} are not there; read its lines with that version"));
    }
    for word in words {
        let _nobody_reads = writeln!(io::stderr(), "vigie: {word}");
    }
}
