//! Holds the watch over the lease file of a DHCP server on this machine: who was given which address, by which name.
//! Never takes a lease for presence, and reads the file only when it changed. One task; parsed by `vigie_wire`.

use std::cell::RefCell;
use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use embassy_time::Instant;
use vigie_core::lan::Source;
use vigie_wire::names::lease::{Lease, read_lease};

use super::access::LeaseFile;
use super::engine::{Engine, Shared};
use super::hear;
use super::sweeps::Sweeps;
use super::tally::Trouble;
use crate::shell::clocks::Clocks;
use crate::shell::tasks;

/// How often it is looked whether a look is due: the interval may have been changed.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// Longest file read: some 10,000 leases.
const MAX_FILE_BYTES: u64 = 1024 * 1024;
/// Leases kept, as many as devices; the file has the oldest first, so what follows is left out.
const MAX_LEASES: usize = vigie_core::limits::MAX_DEVICES;

/// What tells that a file has not changed.
type Stamp = (SystemTime, u64);

/// What a look at the file gave.
enum Look {
    /// It is as it was.
    Same,
    /// Its leases, how many of its lines are none, and its stamp.
    Fresh(Vec<Lease>, u64, Stamp),
}

/// Watches the file for as long as the service runs.
pub(super) async fn watch(engine: Shared, sweeps: Rc<RefCell<Sweeps>>, file: LeaseFile, clocks: Arc<Clocks>) {
    // The file may lie on the card, which may be busy with itself.
    let beat = tasks::watch("leases", tasks::STORAGE_LIMIT);
    let LeaseFile { path, is_named } = file;
    let mut held: (Vec<Lease>, Option<Stamp>) = (Vec::new(), None);
    let mut next = Instant::MIN;
    loop {
        let now = Instant::now();
        let on = engine.borrow().heard.is_on(Source::Lease);
        if on && next <= now {
            let pause = sweeps.borrow().rhythm.pause_of(Source::Lease);
            next = now + embassy_time::Duration::from_secs(pause.as_secs());
            let (file, before) = (path.clone(), held.1);
            // A card that hangs must not hold up the network.
            beat.tap();
            let read = tokio::task::spawn_blocking(move || look(&file, before)).await;
            let read = read.unwrap_or_else(|error| Err(io::Error::other(error)));
            take(&mut engine.borrow_mut(), &mut held, read, is_named, &clocks);
        }
        beat.idle(tokio::time::sleep(LOOK_EVERY)).await;
    }
}

/// Reads the file unless it is as it was.
fn look(path: &Path, before: Option<Stamp>) -> io::Result<Look> {
    let file = File::open(path)?;
    let about = file.metadata()?;
    // A pipe by that name would never end.
    if !about.is_file() {
        return Err(ErrorKind::InvalidInput.into());
    }
    let stamp = (about.modified()?, about.len());
    if before == Some(stamp) {
        return Ok(Look::Same);
    }
    if about.len() > MAX_FILE_BYTES {
        return Err(ErrorKind::FileTooLarge.into());
    }
    let mut bytes = Vec::new();
    file.take(MAX_FILE_BYTES).read_to_end(&mut bytes)?;
    let (leases, damaged) = parse(&bytes);
    Ok(Look::Fresh(leases, damaged, stamp))
}

/// The leases of a file, and how many of its lines are none.
fn parse(bytes: &[u8]) -> (Vec<Lease>, u64) {
    let (mut leases, mut damaged) = (Vec::new(), 0);
    for line in bytes.split(|byte| *byte == b'\n') {
        match read_lease(line) {
            Ok(Some(lease)) if leases.len() < MAX_LEASES => leases.push(lease),
            Ok(_) => {}
            Err(_) => damaged += 1,
        }
    }
    (leases, damaged)
}

/// Takes what a look gave. What is held is told again each time: a device may have come since.
fn take(
    engine: &mut Engine,
    held: &mut (Vec<Lease>, Option<Stamp>),
    read: io::Result<Look>,
    is_named: bool,
    clocks: &Clocks,
) {
    let now = Instant::now();
    engine.tallies.asked(Source::Lease, now);
    match read {
        Ok(Look::Same) => {}
        Ok(Look::Fresh(leases, damaged, stamp)) => {
            *held = (leases, Some(stamp));
            for _ in 0..damaged {
                engine.malformed(Source::Lease);
            }
        }
        Err(error) => {
            *held = (Vec::new(), None);
            return match error.kind() {
                ErrorKind::NotFound if !is_named => engine.tallies.absent(Source::Lease, now),
                ErrorKind::FileTooLarge => engine.tallies.failed(Source::Lease, now, Trouble::TooLong),
                kind => engine.tallies.failed(Source::Lease, now, Trouble::Unreadable(kind)),
            };
        }
    }
    engine.tallies.well(Source::Lease);
    engine.tallies.heard(Source::Lease, now);
    let today = clocks.unix(engine.moment(now)).map(|since| since.as_secs());
    for lease in held.0.iter().filter(|lease| is_good(lease, today)) {
        let here = |leg: &&super::leg::Leg| leg.footing.ground.is_neighbour(lease.ip);
        let Some(leg) = engine.legs.iter().find(here) else { continue };
        let segment = leg.segment();
        // Behind a router devices are known by their address only.
        let mac = lease.mac.filter(|_| !leg.footing.ground.is_beyond());
        hear::lease(segment, &Lease { mac, ..lease.clone() }, &mut |news| engine.take(now, segment, news));
    }
    engine.settle();
}

/// Whether a lease still counts. While nobody knows the date, all of them do.
fn is_good(lease: &Lease, today_s: Option<u64>) -> bool {
    lease.ends_s.zip(today_s).is_none_or(|(ends, today)| ends > today)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "1763703122 8e:3b:11:02:9d:7e 10.77.0.40 Galaxy-S23 *\nnonsense\n\n\
                        0 02:56:49:47:00:09 10.77.0.42 printer *\n";

    #[test]
    fn a_damaged_line_leaves_only_itself_out() {
        let (leases, damaged) = parse(FILE.as_bytes());
        assert_eq!((leases.len(), damaged), (2, 1));
        let many = "0 02:56:49:47:00:09 10.77.0.42 printer *\n".repeat(MAX_LEASES + 5);
        assert_eq!(parse(many.as_bytes()).0.len(), MAX_LEASES);
    }

    #[test]
    fn a_lease_counts_until_it_ends_or_while_nobody_knows_the_date() {
        let (leases, _) = parse(FILE.as_bytes());
        let good = |today| leases.iter().map(|lease| is_good(lease, today)).collect::<Vec<_>>();
        assert_eq!(good(Some(1_763_703_121)), [true, true]);
        assert_eq!(good(Some(1_763_703_122)), [false, true]);
        assert_eq!(good(None), [true, true]);
    }

    #[test]
    fn the_file_is_read_again_only_when_it_changed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("leases");
        assert_eq!(look(&path, None).err().map(|error| error.kind()), Some(ErrorKind::NotFound));
        std::fs::write(&path, FILE).unwrap();
        let Ok(Look::Fresh(leases, 1, stamp)) = look(&path, None) else { panic!("two leases") };
        assert_eq!(leases.len(), 2);
        assert!(matches!(look(&path, Some(stamp)), Ok(Look::Same)));
        std::fs::write(&path, &FILE[..FILE.len() / 2]).unwrap();
        assert!(matches!(look(&path, Some(stamp)), Ok(Look::Fresh(..))));
        assert!(look(folder.path(), None).is_err(), "a folder is no file");
        std::fs::write(&path, vec![b'x'; MAX_FILE_BYTES as usize + 1]).unwrap();
        assert_eq!(look(&path, None).err().map(|error| error.kind()), Some(ErrorKind::FileTooLarge));
    }
}
