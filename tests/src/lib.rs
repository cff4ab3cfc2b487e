//! Holds what tests of the whole product share: a lab to run it in, the program itself, its API, and patience.
//! Never part of the product and never near this machine's own interfaces: all runs in namespaces. `tests/` calls it.
//!
//! | file | duty |
//! | --- | --- |
//! | `lab` | a LAN of real daemons, up for one test |
//! | `appliance` | `vigie run` inside it, from start to end, however it ends |
//! | `api` | what it says over HTTP |
//! | `flood` | thousands of clients that mean no good, and one that does |
//! | `journal` | the changes it tells, compared with those expected |
//! | `program` | the binary, and commands that need no lab |
//! | `patience` | waiting for something to become true |

pub mod api;
pub mod appliance;
pub mod flood;
pub mod journal;
pub mod lab;
pub mod patience;
pub mod program;
