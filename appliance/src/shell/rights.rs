//! Holds what this process may do, as the page shows it, and what memory it takes.
//! Never gains or gives up a right. Called by the page.

use std::path::PathBuf;

pub use vigie_sys::Need;
pub use vigie_sys::interface::Kind as LinkKind;
use vigie_sys::privilege::Privileges;

use super::broker;

/// What is missing for the whole of the product, most important first, and the one command that grants the first of it.
#[must_use]
pub fn missing() -> (Vec<Need>, Option<String>) {
    let Some(privileges) = read() else { return (Vec::new(), None) };
    // One command grants all that a command can; the explanation has it.
    let lines = privileges.explain(&program());
    let command = lines.iter().find_map(|line| line.strip_prefix("to grant it: ")).map(str::to_owned);
    (privileges.missing(), command)
}

/// What is missing and what to do about it, in English, for a terminal. Empty when all is there.
pub(crate) fn explain() -> Vec<String> {
    read().map(|privileges| privileges.explain(&program())).unwrap_or_default()
}

/// What can be had: by this process itself, or from its broker.
fn read() -> Option<Privileges> {
    let mut privileges = Privileges::read().ok()?;
    if let Some(greeting) = broker::greeting() {
        privileges.raw_sockets |= greeting.raw_sockets;
        privileges.bind_service |= greeting.low_ports;
    }
    Some(privileges)
}

fn program() -> PathBuf {
    std::env::current_exe().unwrap_or_else(|_| "vigie".into())
}

/// Bytes of this process in memory now and at most; `None` where the kernel does not tell.
#[must_use]
pub fn memory() -> Option<(u64, u64)> {
    vigie_sys::memory::read().ok().map(|memory| (memory.resident_bytes, memory.peak_bytes))
}
