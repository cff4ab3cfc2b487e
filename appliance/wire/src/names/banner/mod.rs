//! Holds what a service says first: SSH identification, HTTP head and title, greetings, the names in a TLS certificate.
//! Never speaks to the service and never concludes what the device is. Called by the port sources of the service.

pub mod cert;
pub mod greeting;
pub mod http;
pub mod rtsp;
pub mod ssh;
