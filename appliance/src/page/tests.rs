//! Holds the tests of whole views.
//! It never opens a socket.
//! `cargo test` runs it.
