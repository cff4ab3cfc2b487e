//! Holds NetBIOS over UDP (RFC 1001, RFC 1002) and the browser announcements of Windows and Samba on top of it.
//! Never registers or defends a name. Called by the NetBIOS source of the service.

mod announcement;
mod name;
mod registration;
mod status;

pub use announcement::{Announcement, AnnouncementKind, ServerType, read_announcement};
pub use name::NbName;
pub use registration::{Claim, ClaimKind, read_claim};
pub use status::{NodeStatus, StatusName, ask_status, read_status};

/// UDP port of the name service: node status, registrations.
pub const NAME_PORT: u16 = 137;
/// UDP port of the datagram service: announcements.
pub const DATAGRAM_PORT: u16 = 138;
