//! Holds the operating system's edge of Vigie, and with it all of its `unsafe` code: raw sockets, the kernel's tables of
//! interfaces and neighbours, clocks, capabilities, the watchdog.
//! Never decides anything, never knows an async runtime, never parses what comes from the network beyond sorting it.
//! Called by the shell of the service and by the kiosk agent; `vigie-core` and the HTTP side never see it.
//!
//! Whatever waits is a descriptor that never blocks and implements [`AsFd`](std::os::fd::AsFd) and
//! [`AsRawFd`](std::os::fd::AsRawFd), so any reactor can wait on it; reading "0" (or `None`) means that nothing is left
//! and the readiness may be cleared. With tokio that is `AsyncFd::new(link)`, then in a loop `readable_mut().await`,
//! `get_inner_mut().receive(..)`, and `clear_ready()` on 0. Make the descriptor and the `AsyncFd` again when an error
//! says that the interface is gone.
//!
//! | module | what for |
//! | --- | --- |
//! | [`interface`], [`neighbour`], [`gateway`] | the kernel's tables, bounded copies of them, without any right |
//! | [`change`] | what changes in these tables, as it happens |
//! | [`link`](mod@link) | raw frames of one interface, filtered in the kernel, in batches both ways |
//! | [`icmp`], [`multicast`] | what can be asked and heard without rights |
//! | [`broker`] | the process with rights, which opens sockets for the one without and watches over it |
//! | [`owner`] | whose the data folder is, and how root hands it over |
//! | [`confine`](mod@confine) | how a process gives up what its work does not need, and what of it the kernel enforces |
//! | [`privilege`] | what this process may do, what to grant, and how to give it up |
//! | [`clock`] | boot time, the time of day and whether to believe it, the driver of `embassy-time` |
//! | [`memory`], [`random`], [`watchdog`] | the process, secrets, the board |
//! | [`recorder`] | the lines of the flight recorder, before they are written |
//! | [`apart`], [`terminal`], [`signals`] | a person's session on a workstation, and the screen that is taken from it |
//!
//! Find the wired networks of this machine and open them, or say what is missing:
//!
//! ```no_run
//! use vigie_sys::link::{Batch, Link, Rest};
//! use vigie_sys::privilege::{self, Privileges};
//! use vigie_sys::{Error, change, gateway, interface, neighbour};
//!
//! # fn main() -> Result<(), Error> {
//! // Subscribe first and list after: nothing falls in between.
//! let mut changes = change::Changes::subscribe()?;
//! for line in Privileges::read()?.explain(&std::env::current_exe().unwrap_or_default()) {
//!     println!("{line}");
//! }
//! let mut links = Vec::new();
//! for interface in interface::list()?.items {
//!     let Some((ip, prefix)) = interface.ipv4() else { continue };
//!     if interface.link.flags.is_running() && interface.link.flags.is_broadcast() {
//!         println!("{} has {ip}/{prefix}", interface.link.name);
//!         match Link::open(interface.link.index) {
//!             Ok(link) => links.push(link),
//!             Err(Error::NoPermission(need)) => println!("without {}", need.name()),
//!             Err(Error::InterfaceGone) => {}
//!             Err(error) => return Err(error),
//!         }
//!     }
//! }
//! println!("{} gateways, {} neighbours", gateway::list()?.items.len(), neighbour::list()?.items.len());
//! // The sockets are open: nothing else needs a right.
//! privilege::drop_all()?;
//!
//! let mut batch = Batch::default();
//! let mut heard = Vec::new();
//! for link in &mut links {
//!     let frame = [0u8; 60];
//!     let sent = link.send(&[&frame, &frame])?;
//!     if sent.rest == Rest::Pause {
//!         println!("the card's queue is full after {} frames", sent.frames);
//!     }
//!     while link.receive(&mut batch)? > 0 {
//!         for frame in batch.frames().filter(|frame| frame.checksum_ready) {
//!             println!("{} bytes", frame.bytes.len());
//!         }
//!     }
//! }
//! while changes.read(&mut heard)? > 0 {
//!     for change in heard.drain(..) {
//!         println!("{change:?}");
//!     }
//! }
//! # Ok(())
//! # }
//! ```

#[cfg(not(target_os = "linux"))]
compile_error!("Vigie runs on Linux only: raw sockets, netlink and the boot clock have no portable form");

pub mod apart;
pub mod broker;
pub mod change;
pub mod clock;
pub mod confine;
mod error;
pub mod gateway;
pub mod icmp;
pub mod interface;
pub mod link;
pub mod memory;
pub mod multicast;
pub mod neighbour;
mod netlink;
pub mod owner;
pub mod privilege;
pub mod random;
pub mod recorder;
pub mod signals;
mod socket_option;
pub mod terminal;
pub mod watchdog;

pub use error::{Error, Need};
pub use netlink::Listing;
