//! Holds the tests of the kiosk agent: the real program at a real terminal, in a machine of its own, with an appliance at the
//! other end of a cable that can be pulled. Never run by a bare `cargo test`: they need root and VIGIE_KIOSK_BIN.
//! `tests/run 47-kiosk` calls them.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `seat` | a machine with a terminal, the agent on it, a cable |
//! | `stand_in` | an appliance: the product's own desk behind a small server, which can misbehave |
//! | `arrive` | enrolment, whom the agent trusts, codes |
//! | `stay` | a session from its code to its end |
//! | `fail` | pulled cables, killed processes, forged leases |
//! | `console` | a virtual terminal of this machine, where it has them |
//! | `leave` | what a person's programs try to leave behind |
//! | `service`, `whole` | the real service at the other end instead: what is done at the counter, and whatever fails, seen whole |

mod arrive;
mod console;
mod fail;
mod leave;
mod seat;
mod service;
mod stand_in;
mod stay;
mod whole;
