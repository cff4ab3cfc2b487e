//! Holds the tests that need the lab: the real program against real daemons, one file a promise.
//! Never run by a bare `cargo test`: they need root, the lab's packages and VIGIE_BIN. `tests/run 40-lab` calls them.
//!
//! | file | promise |
//! | --- | --- |
//! | `discovery` | from nothing to every host, name, port and kind |
//! | `loss` | the same with a fifth of the ARP frames lost |
//! | `presence` | who is there, and when it is the scanner that is not |
//! | `addresses` | devices that move, and what looks like two devices |
//! | `disputes` | addresses and MACs used twice, and what only looks like it |
//! | `services` | names and ports that change, DHCP servers nobody ordered |
//! | `sources` | what each source tells, and what is said when it cannot |
//! | `remote` | networks behind a router, when they are allowed |
//! | `lasting` | what outlives restarts, kills, full and read-only cards |
//! | `split` | the process with rights and the one without, and what becomes of one when the other ends |
//! | `hostile` | packets made to break it |
//! | `logging` | the log, at a real log host |
//! | `commands` | what the command line says when it is wrong |

mod addresses;
mod commands;
mod discovery;
mod disputes;
mod hostile;
mod lasting;
mod logging;
mod loss;
mod presence;
mod remote;
mod services;
mod sources;
mod split;

use vigie_tests::appliance::Home;
use vigie_tests::lab::Rights;

/// A configuration for tests that wait for a device to be called gone: the same rules, shorter patience.
const HASTY: &str = "\
[network]
interval_minutes = 60
pace = \"fast\"
[network.presence]
wired_seconds = 10
other_seconds = 10
phone_seconds = 10
confirm_seconds = 5
";

/// A home whose appliance sweeps when it starts and when it is asked to, and is quick to call a device gone.
fn hasty_home() -> Home {
    Home::new(Rights::Root, HASTY)
}
