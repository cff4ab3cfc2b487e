//! Holds what a person's programs try to leave behind: processes that hide, files where anybody may write, memory of System V.
//! Never trusts the agent's own proof: looks from outside. Needs root and VIGIE_KIOSK_BIN.

use std::fs;

use sha2::{Digest, Sha256};
use vigie_core::kiosk::desk::Event;

use crate::arrive::enrolled;
use crate::seat::PATIENCE;

/// Does everything a shell can do to stay.
const STUBBORN: &str = "trap '' TERM HUP INT QUIT; \
    (setsid sh -c 'trap \"\" TERM HUP INT; while :; do sleep 0.05; done' &) ; \
    (setsid sh -c 'setsid sleep 1000 & exec sleep 1000' &) ; \
    for folder in /tmp /var/tmp /dev/shm \"$HOME\"; do mkdir -p $folder/deep/er && echo secret > $folder/deep/er/file; done; \
    echo no > /run/mine 2>/dev/null && echo BAD; echo no > /etc/mine 2>/dev/null && echo BAD; \
    ipcmk -M 4096 >/dev/null 2>&1; ipcmk -S 3 >/dev/null 2>&1; ipcmk -Q >/dev/null 2>&1; \
    kill -9 1 2>/dev/null; kill -9 -1 2>/dev/null; \
    mount -t tmpfs tmpfs \"$HOME\" 2>/dev/null && echo BAD; \
    grep -E 'CapEff|NoNewPrivs' /proc/self/status; ls /proc | grep -c '^[0-9]'; echo settled; while :; do sleep 0.05; done";

#[test]
#[ignore = "needs root"]
fn nothing_of_a_session_is_left_whatever_it_tried() {
    // Everything that a `kill -9 -1` of its own ends is started after it.
    let (seat, appliance) = enrolled(&STUBBORN.replace("kill -9 -1 2>/dev/null; ", ""));
    let (code, id) = appliance.code(600_000);
    seat.types(&format!("{code}\r"));
    seat.sees("settled");
    let text = seat.text();
    assert!(!text.contains("BAD"), "{text}");
    assert!(
        text.contains("CapEff:\t0000000000000000")
            || text.contains("CapEff: 0000000000000000")
            || text.contains("0000000000000000"),
        "{text}"
    );
    assert!(seat.session_processes().len() >= 4, "{:?}", seat.session_processes());
    // From outside none of its folders is seen: they are mounted in its own place.
    assert_eq!(seat.session_files(), Vec::<std::path::PathBuf>::new());
    appliance.end(id);
    appliance.journal("a clean workstation", |event| matches!(event, Event::Closed(_)));
    assert!(seat.session_processes().is_empty(), "{:?}", seat.session_processes());
    assert!(seat.session_files().is_empty());
    let mounts = fs::read_to_string(seat.path("/proc/self/mountinfo")).unwrap_or_default();
    assert!(!mounts.contains("vigie-kiosk/home"), "{mounts}");
    for table in ["shm", "sem", "msg"] {
        let text = fs::read_to_string(seat.path(&format!("/proc/sysvipc/{table}"))).unwrap_or_default();
        assert!(text.lines().count() <= 1, "{table}: {text}");
    }
    // The proof is what anybody can work out who knows the question.
    let acks = vigie_tests::patience::eventually("a proof", PATIENCE, || {
        let acks = appliance.heard("wipe_ack");
        if acks.is_empty() { Err("none") } else { Ok(acks) }
    });
    let beats = appliance.heard("heartbeat");
    let nonces = beats.iter().filter(|beat| beat["report"]["done"] == "wiped").map(|beat| beat["nonce"].as_str());
    let proofs: Vec<String> = nonces
        .map(|nonce| {
            let nonce = data_encoding::HEXLOWER.decode(nonce.expect("a nonce").as_bytes()).expect("hex digits");
            let bytes = [&b"vigie kiosk wipe 1\0"[..], &nonce, &[0; 16]].concat();
            data_encoding::HEXLOWER.encode(&Sha256::digest(bytes))
        })
        .collect();
    assert!(proofs.contains(&acks[0]["proof"].as_str().expect("a proof").to_owned()), "{proofs:?} {acks:?}");
}

/// More than any session may have, and what is left of the machine for it to be seen.
const TASKS: usize = 2_100;

#[test]
#[ignore = "needs root"]
fn a_session_that_multiplies_is_bounded_and_ends() {
    let (seat, appliance) =
        enrolled("trap '' TERM HUP INT; while :; do (while :; do sleep 1000 & done) 2>/dev/null; echo full; done");
    let (code, id) = appliance.code(600_000);
    seat.types(&format!("{code}\r"));
    seat.sees("full");
    let count = seat.session_processes().len();
    assert!((1_000..TASKS).contains(&count), "{count}");
    // The agent has room beside it: it hears, draws and ends all of it.
    appliance.add(id, 600_000);
    seat.sees("Time added to your session: 10 minutes");
    appliance.end(id);
    appliance.journal("a clean workstation", |event| matches!(event, Event::Closed(_)));
    seat.sees("Type your code");
    assert!(seat.session_processes().is_empty());
}

#[test]
#[ignore = "needs root"]
fn a_full_home_hurts_nobody_else() {
    let (seat, appliance) = enrolled(
        "head -c 100000000 /dev/zero > \"$HOME/big\" 2>/dev/null; head -c 100000000 /dev/zero > /tmp/big 2>/dev/null; \
        stat -c 'size %s' \"$HOME/big\" /tmp/big; read line",
    );
    let (code, id) = appliance.code(600_000);
    seat.types(&format!("{code}\r"));
    seat.sees("size 16777216\nsize 16777216");
    appliance.end(id);
    appliance.journal("a clean workstation", |event| matches!(event, Event::Closed(_)));
    seat.sees("Type your code");
}
