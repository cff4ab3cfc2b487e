//! Holds what a person at the workstation sees: the locked screen, and a session with its time and what covers it.
//! Never writes to a terminal and never reads a clock: it makes cells of what it is told. Called by the worker.
//!
//! | file | duty |
//! | --- | --- |
//! | `grid` | cells, and the bytes that change one screen into another |
//! | `font` | big letters |
//! | `locked` | the locked screens |
//! | `running` | a session's screen, its status line, what covers it |
//! | `entry` | a code while it is typed |
//! | `keys` | bytes of a keyboard |
//! | `terminal` | the terminal of the session's program, in memory |

pub mod entry;
pub mod font;
pub mod grid;
pub mod keys;
pub mod locked;
pub mod running;
pub mod terminal;
