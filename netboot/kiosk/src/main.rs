//! Holds the door of the program.
//! It never decides anything.
//! The operating system calls it.

fn main() -> std::process::ExitCode {
    vigie_kiosk::cli::start()
}
