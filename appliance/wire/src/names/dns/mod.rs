//! Holds the DNS message format (RFC 1035) as DNS, mDNS, LLMNR and DNS-SD use it: names, messages, questions.
//! Never follows a name in circles and never answers a question. Called by `mdns` and by the reverse-DNS source of the service.

mod message;
mod name;
mod question;

pub use message::{Header, MAX_RECORDS, Message, Question, RData, Record, Section, TxtStrings, kind};
pub use name::{Labels, Name};
pub use question::{MAX_QUERY_BYTES, Packet, Query, packets, reverse};
