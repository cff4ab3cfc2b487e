//! Holds the agent at a virtual terminal: the one it holds is shown, no key leads away from it, and it is given back.
//! Never leaves this machine's console another than it was. Needs root and VIGIE_KIOSK_BIN, and a kernel with virtual
//! terminals: where there is none nothing can be shown and nothing is tested.

use std::fs::{self, File};

use rustix::process::{Pid, Signal, kill_process};
use vigie_sys::terminal::{lock_keys, show, shown};
use vigie_tests::patience::{check, eventually};

use crate::seat::{APPLIANCE, PATIENCE, Seat};

/// One that nobody else here uses.
const NUMBER: u16 = 27;

#[test]
#[ignore = "needs root"]
fn a_virtual_terminal_is_shown_kept_and_given_back() {
    let Ok(console) = File::options().read(true).write(true).open("/dev/tty0") else { return };
    let Some(before) = shown(&console) else { return };
    let mut seat = Seat::new();
    let number = NUMBER.to_string();
    seat.start_at(["--vt", &number], &format!("https://{APPLIANCE}"), &[]);
    eventually("the terminal is shown", PATIENCE, || check(shown(&console) == Some(NUMBER), seat.log()));
    eventually("the locked screen is on it", PATIENCE, || {
        // What stands on a virtual terminal, without its looks.
        let text = fs::read(format!("/dev/vcs{NUMBER}")).unwrap_or_default();
        let text = String::from_utf8_lossy(&text).into_owned();
        check(text.contains("F2: Fran") && text.contains("appliance"), text)
    });
    // What the keys would do is refused by the kernel: it stays where it is.
    let tried = std::process::Command::new("python3")
        .args(["-c", "import fcntl; fcntl.ioctl(open('/dev/tty0'), 0x5606, 1)"])
        .status();
    assert!(tried.is_ok_and(|status| status.success()), "the question itself is allowed");
    assert_eq!(shown(&console), Some(NUMBER));
    let guard = seat.role("run").and_then(Pid::from_raw).expect("the guard runs");
    kill_process(guard, Signal::TERM).expect("it runs");
    eventually("the guard ends", PATIENCE, || check(seat.role("run").is_none(), seat.log()));
    // Given back: now it can be changed, here by the same order the keys give.
    let status = std::process::Command::new("python3")
        .args(["-c", &format!("import fcntl; fcntl.ioctl(open('/dev/tty0'), 0x5606, {before})")])
        .status();
    assert!(status.is_ok_and(|status| status.success()));
    eventually("it can be changed again", PATIENCE, || check(shown(&console) == Some(before), "it stays"));
    show(&console, before).expect("it is shown");
    lock_keys(&console, false).expect("root may");
}
