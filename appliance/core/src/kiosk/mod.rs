//! Holds timed sessions on public computers: codes, the ledger of time, leases, warnings, quotas, and two machines.
//! Never reads a clock, draws a random number or signs: time, randomness and keys are arguments; absolute times are
//! labels and never part of the arithmetic. [`Desk`] runs in the appliance, [`Seat`] in the agent on the workstation.
//!
//! The seat counts and locks by itself under a [`Lease`](lease::Lease); the desk keeps the ledger. What the desk wants
//! saved by one call is one batch: it is on the medium before the call is answered.
//!
//! Time runs whenever the person can use the machine, with the network down and the lid closed too; it does not run
//! while staff has suspended the session or while the machine was off.

pub mod code;
pub mod desk;
pub mod lease;
pub mod ledger;
pub mod quota;
pub mod seat;
pub mod session;
pub mod station;
pub mod throttle;
pub mod warning;

#[cfg(test)]
mod sim;

pub use code::{Code, CodeDigest};
pub use desk::Desk;
pub use seat::Seat;

/// Number of a session; never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct SessionId(pub u64);

/// Number of a workstation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct StationId(pub u32);

/// Number of a person who uses workstations. Who that is stands elsewhere, under a key that can be destroyed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct PersonId(pub u32);

/// Number of a group of workstations: adults, children, catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct GroupId(pub u8);

/// Linux's `/proc/sys/kernel/random/boot_id`: drawn anew at every boot of a workstation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct BootId(pub [u8; 16]);

/// A day of the calendar in the site's zone, counted from 1970-01-01; `None` while nobody has set the clock, and then
/// all of that time counts as one day.
pub type LocalDay = Option<u32>;

/// Who wanted it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Actor {
    /// Nobody: time went by.
    Clock,
    /// A member of staff, by the number of the account.
    Staff(u32),
    /// The person at a workstation, or its agent.
    Station(StationId),
}
