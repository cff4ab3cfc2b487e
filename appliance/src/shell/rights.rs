//! Holds what this process may do, as the page shows it, and what memory it takes.
//! Never gains or gives up a right. Called by the page.

pub use vigie_sys::Need;
pub use vigie_sys::interface::Kind as LinkKind;
use vigie_sys::privilege::Privileges;

/// What is missing for the whole of the product, most important first, and the one command that grants the first of it.
#[must_use]
pub fn missing() -> (Vec<Need>, Option<String>) {
    let Ok(privileges) = Privileges::read() else { return (Vec::new(), None) };
    let exe = std::env::current_exe().unwrap_or_else(|_| "vigie".into());
    // One command grants all that a command can; the explanation has it.
    let lines = privileges.explain(&exe);
    let command = lines.iter().find_map(|line| line.strip_prefix("to grant it: ")).map(str::to_owned);
    (privileges.missing(), command)
}

/// Bytes of this process in memory now and at most; `None` where the kernel does not tell.
#[must_use]
pub fn memory() -> Option<(u64, u64)> {
    vigie_sys::memory::read().ok().map(|memory| (memory.resident_bytes, memory.peak_bytes))
}
