//! Holds the tests of the door: what strangers and browsers of strangers may send to the real program, byte by byte.
//! Never run by a bare `cargo test`: they need root and VIGIE_BIN. `tests/run 45-door` calls them.
//!
//! | file | promise |
//! | --- | --- |
//! | `wire` | a client that says exactly what it is told, and reads what comes |
//! | `rebinding` | names, origins and forms that are not ours |
//! | `tokens` | tokens that are forged, over, somebody else's or in the wrong place |
//! | `paths` | ways round the route table |
//! | `framing` | requests that two readers would read differently |
//! | `sizes` | too much of everything |
//! | `kiosk` | workstations, their sockets and the people who use them |
//! | `sockets` | WebSockets and event streams that misbehave |
//! | `crowd` | thousands of clients that mean no good, and one that does |
//! | `secrets` | what must never be seen in clear, and what every answer must carry |

mod crowd;
mod framing;
mod kiosk;
mod paths;
mod rebinding;
mod secrets;
mod sizes;
mod sockets;
mod tokens;
mod wire;
