//! Holds the fuzz target of SSH, HTTP, RTSP, FTP, SMTP and telnet banners.
//! Never connects to anything. Called by libFuzzer.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vigie_wire::names::banner::{greeting, http, rtsp, ssh};

fn check(text: &str) {
    assert!(!text.chars().any(char::is_control) && text.trim() == text);
}

fuzz_target!(|bytes: &[u8]| {
    if let Ok(read) = ssh::read(bytes) {
        [&*read.software, &*read.version, &*read.comment].into_iter().for_each(check);
    }
    if let Ok(read) = http::read(bytes) {
        [&*read.server, &*read.title, &*read.location].into_iter().for_each(check);
        read.challenges.iter().for_each(|challenge| check(&challenge.realm));
    }
    if let Ok(read) = rtsp::read(bytes) {
        check(&read.server);
    }
    if let Ok(read) = greeting::read(bytes) {
        check(&read.text);
    }
    check(&http::title_of(bytes));
    check(&greeting::read_telnet(bytes));
});
