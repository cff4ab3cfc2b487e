//! Holds the benchmark of flash writes: the same workload on each engine, counted by the block device.
//! It never measures two engines at once and never trusts an engine's own numbers.
//! `sudo cargo run --release` in this folder prints a Markdown table (`-- sparse`: the cost of single records,
//! `-- cuts`: power cuts of a real file system); it needs loop devices and `mkfs.ext4`.

mod device;
mod engine;
mod workload;

use std::error::Error;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use device::{Counters, Device};
use workload::{Pace, Workload};

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        [] => compare(),
        ["sparse"] => sparse(),
        ["cuts"] => cut_power(),
        ["stream", engine, path] => stream(engine, Path::new(path)),
        ["verify-prefix", engine, path, acknowledged] => verify_prefix(engine, Path::new(path), acknowledged.parse()?),
        ["write", engine, pace, path] => write(engine, pace.parse()?, Path::new(path)),
        ["verify", engine, path] => verify(engine, Path::new(path)),
        _ => Err("without arguments; `write` and `verify` are for its own children".into()),
    }
}

/// Every engine at every pace, each on a fresh file system.
fn compare() -> Outcome<()> {
    let logical = Workload.logical_bytes();
    println!("Workload: 10,000 steps of one event (64-200 B) and one update of 1,000 devices (100-150 B), {logical}");
    println!(
        "bytes. ext4 on a loop device; bytes and flushes from the device's counters, after a sync. Each writer is"
    );
    println!("killed with SIGKILL after its last acknowledgement, then everything is read back and compared.\n");
    println!("| engine | commits | MB | amplification | flushes | peak RSS kB | s | reopen ms | MB read |");
    println!("| --- | --- | --- | --- | --- | --- | --- | --- | --- |");
    for (engine, pace) in [
        ("vigie-store", Pace::TenSteps),
        ("redb", Pace::TenSteps),
        ("sqlite", Pace::TenSteps),
        ("vigie-store", Pace::Step),
        ("sqlite", Pace::Step),
        ("redb", Pace::Step),
        ("vigie-store", Pace::Record),
    ] {
        measure(engine, pace, logical)?;
    }
    Ok(())
}

fn measure(engine: &str, pace: Pace, logical: u64) -> Outcome<()> {
    let mut device = Device::make("noatime")?;
    let before = device.settle()?;
    let started = Instant::now();
    let child = Command::new(std::env::current_exe()?)
        .args(["write", engine, &pace.to_string()])
        .arg(device.path())
        .stdout(Stdio::piped())
        .output()?;
    let seconds = started.elapsed().as_secs_f64();
    if child.status.code().is_some() {
        return Err(format!("{engine} should have died by its own SIGKILL: {}", child.status).into());
    }
    let flushes = device.counters()?.flushes - before.flushes;
    let written = device.settle()?.written_bytes - before.written_bytes;
    let rss = String::from_utf8(child.stdout)?.trim().to_owned();
    device.remount()?;
    let Counters { read_bytes, .. } = device.counters()?;
    let check = Command::new(std::env::current_exe()?).args(["verify", engine]).arg(device.path()).output()?;
    if !check.status.success() {
        return Err(format!("{engine} lost records: {}", String::from_utf8_lossy(&check.stderr)).into());
    }
    let read = device.counters()?.read_bytes - read_bytes;
    println!(
        "| {engine} | {} | {:.1} | {:.2} | {flushes} | {rss} | {seconds:.1} | {} | {:.1} |",
        pace.words(),
        written as f64 / 1e6,
        written as f64 / logical as f64,
        String::from_utf8(check.stdout)?.trim(),
        read as f64 / 1e6,
    );
    Ok(())
}

/// What one record now and then costs. A file's time of change is metadata: ext4 commits it with its journal every five
/// seconds when there was a write, or as seldom as the mount option `commit` says. The log does not need it.
fn sparse() -> Outcome<()> {
    const RECORDS: u32 = 10;
    println!("| mount options | bytes per record, one every 7 s |\n| --- | --- |");
    for options in ["noatime", "noatime,commit=600"] {
        let mut device = Device::make(options)?;
        let mut engine = engine::open("vigie-store", &device.path())?;
        let workload = Workload;
        for step in 0..10 {
            engine.append(&workload.event(step))?;
            engine.commit()?;
        }
        let before = device.settle()?;
        for step in 10..10 + u64::from(RECORDS) {
            engine.append(&workload.event(step))?;
            engine.commit()?;
            std::thread::sleep(Duration::from_secs(7));
        }
        let written = device.counters()?.written_bytes - before.written_bytes;
        println!("| {options} | {} |", written / u64::from(RECORDS));
    }
    Ok(())
}

/// Cuts the power of a real file system: the writer is stopped at some moment, what the block device holds then is
/// copied, and the copy is mounted and read. What the kernel still had in memory is lost.
fn cut_power() -> Outcome<()> {
    const TRIALS: u64 = 20;
    let mut total = 0;
    for trial in 0..TRIALS {
        let device = Device::make("noatime")?;
        let mut child = Command::new(std::env::current_exe()?)
            .args(["stream", "vigie-store"])
            .arg(device.path())
            .stdout(Stdio::piped())
            .spawn()?;
        let pid = child.id().to_string();
        let mut lines = BufReader::new(child.stdout.take().ok_or("no pipe")?).lines();
        let stop_after = 50 + trial * 397 % 6000;
        let mut acknowledged = 0;
        while acknowledged < stop_after {
            acknowledged = lines.next().ok_or("the writer ended early")??.parse()?;
        }
        Command::new("kill").args(["-STOP", &pid]).status()?;
        let after = device.copy_as_cut()?;
        child.kill()?;
        for line in lines {
            // Said before the writer was stopped, so before the copy.
            acknowledged = line?.parse()?;
        }
        child.wait()?;
        let check = Command::new(std::env::current_exe()?)
            .args(["verify-prefix", "vigie-store"])
            .arg(after.path())
            .arg(acknowledged.to_string())
            .output()?;
        if !check.status.success() {
            return Err(format!("trial {trial}: {}", String::from_utf8_lossy(&check.stderr)).into());
        }
        total += acknowledged;
    }
    println!("{TRIALS} cuts of ext4 under the writer: all of {total} acknowledged steps present, nothing else");
    Ok(())
}

/// Child: says each step once it is durable.
fn stream(engine: &str, path: &Path) -> Outcome<()> {
    let mut engine = engine::open(engine, path)?;
    let workload = Workload;
    for step in 0..workload::STEPS {
        engine.append(&workload.event(step))?;
        let (key, value) = workload.update(step);
        engine.update(&key, &value)?;
        engine.commit()?;
        println!("{}", step + 1);
    }
    Ok(())
}

/// Child: what is there is a prefix of the workload, at least as long as what was acknowledged.
fn verify_prefix(engine: &str, path: &Path, acknowledged: u64) -> Outcome<()> {
    let mut engine = engine::open(engine, path)?;
    let workload = Workload;
    let events = engine.events()?;
    let found = events.len() as u64;
    if found != acknowledged && found != acknowledged + 1 {
        return Err(format!("{found} events, {acknowledged} acknowledged").into());
    }
    let mut devices = std::collections::BTreeMap::new();
    for (step, event) in (0..).zip(events) {
        if event != workload.event(step) {
            return Err(format!("event {step} is wrong").into());
        }
        let (key, value) = workload.update(step);
        devices.insert(key.to_vec(), value);
    }
    for (key, value) in devices {
        if engine.device(&key)? != Some(value) {
            return Err(format!("device {key:?} is wrong").into());
        }
    }
    Ok(())
}

/// Child: runs the workload, prints its peak memory, and dies without closing anything.
fn write(engine: &str, pace: Pace, path: &Path) -> Outcome<()> {
    let mut engine = engine::open(engine, path)?;
    let workload = Workload;
    for step in 0..workload::STEPS {
        engine.append(&workload.event(step))?;
        if pace == Pace::Record {
            engine.commit()?;
        }
        let (key, value) = workload.update(step);
        engine.update(&key, &value)?;
        if pace != Pace::TenSteps || step % 10 == 9 {
            engine.commit()?;
        }
    }
    let status = std::fs::read_to_string("/proc/self/status")?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.split_whitespace().next());
    println!("{}", peak.unwrap_or("?"));
    Command::new("kill").args(["-KILL", &std::process::id().to_string()]).status()?;
    Err("still alive".into())
}

/// Child: opens cold, prints the milliseconds of opening, and compares every record.
fn verify(engine: &str, path: &Path) -> Outcome<()> {
    let started = Instant::now();
    let mut engine = engine::open(engine, path)?;
    println!("{:.1}", started.elapsed().as_secs_f64() * 1e3);
    let workload = Workload;
    let mut events = engine.events()?.into_iter();
    let mut devices = std::collections::BTreeMap::new();
    for step in 0..workload::STEPS {
        if events.next() != Some(workload.event(step)) {
            return Err(format!("event {step} is wrong").into());
        }
        let (key, value) = workload.update(step);
        devices.insert(key.to_vec(), value);
    }
    if events.next().is_some() {
        return Err("more events than written".into());
    }
    for (key, value) in devices {
        if engine.device(&key)? != Some(value) {
            return Err(format!("device {key:?} is wrong").into());
        }
    }
    Ok(())
}
