//! Holds the tests that need a network of their own: each runs in a process and a network namespace made for it.
//! Never touches an interface of the machine, and never passes because it could not run: no namespace is a failure.
//! Called by the test runner; with `VIGIE_SYS_SCENARIO` set it is the inner process and runs that one scenario.

use std::process::Command;

use libtest_mimic::{Arguments, Failed, Trial};

mod fences;
mod lab;
mod raw;
mod rights;
mod tables;
mod talk;

const SCENARIO: &str = "VIGIE_SYS_SCENARIO";
/// The longest scenario takes about a second; a wait that is never answered must fail, not hang the run.
const LIMIT: &str = "60";

type Scenario = (&'static str, fn());

const SCENARIOS: &[Scenario] = &[
    ("an_arp_request_crosses_the_wire", raw::an_arp_request_crosses_the_wire),
    ("a_checksum_not_filled_in_yet_is_told", raw::a_checksum_not_filled_in_yet_is_told),
    ("the_kernel_filters_as_the_interpreter_does", raw::the_kernel_filters_as_the_interpreter_does),
    ("other_networks_frames_stay_out", raw::other_networks_frames_stay_out),
    ("a_long_frame_is_cut_and_says_so", raw::a_long_frame_is_cut_and_says_so),
    ("more_frames_than_a_batch_come_in_order", raw::more_frames_than_a_batch_come_in_order),
    ("a_full_queue_tells_how_many_went", raw::a_full_queue_tells_how_many_went),
    ("a_frame_too_long_to_send_is_refused", raw::a_frame_too_long_to_send_is_refused),
    ("frames_nobody_reads_are_counted", raw::frames_nobody_reads_are_counted),
    ("a_locked_filter_cannot_be_lifted", raw::a_locked_filter_cannot_be_lifted),
    ("down_is_told_and_up_heals", raw::down_is_told_and_up_heals),
    ("an_interface_deleted_while_receiving_is_gone", raw::an_interface_deleted_while_receiving_is_gone),
    ("an_interface_deleted_after_down_is_gone", raw::an_interface_deleted_after_down_is_gone),
    ("what_is_no_raw_socket_is_not_adopted", raw::what_is_no_raw_socket_is_not_adopted),
    ("no_descriptor_leaks", raw::no_descriptor_leaks),
    ("interfaces_are_listed_as_they_are", tables::interfaces_are_listed_as_they_are),
    ("addresses_and_links_announce_their_changes", tables::addresses_and_links_announce_their_changes),
    ("leaving_a_bridge_is_no_end", tables::leaving_a_bridge_is_no_end),
    ("neighbours_are_listed_and_announced", tables::neighbours_are_listed_and_announced),
    ("gateways_are_listed_and_announced", tables::gateways_are_listed_and_announced),
    ("an_overrun_is_told_as_lost", tables::an_overrun_is_told_as_lost),
    ("a_large_table_is_listed_whole", tables::a_large_table_is_listed_whole),
    ("questions_leave_with_the_right_hops", talk::questions_leave_with_the_right_hops),
    ("announcements_are_heard_on_their_own_interface_only", talk::announcements_are_heard_on_their_own_interface_only),
    ("a_port_is_shared_with_a_responder", talk::a_port_is_shared_with_a_responder),
    ("a_low_port_taken_falls_back", talk::a_low_port_taken_falls_back),
    ("netbios_reaches_everyone", talk::netbios_reaches_everyone),
    ("echo_comes_back_in_both_families", talk::echo_comes_back_in_both_families),
    ("without_rights_the_rest_still_works", rights::without_rights_the_rest_still_works),
    ("a_socket_opened_before_the_drop_works_after_it", rights::a_socket_opened_before_the_drop_works_after_it),
    ("what_is_forbidden_is_refused", fences::what_is_forbidden_is_refused),
    ("what_is_in_force_is_told_and_seen_by_the_kernel", fences::what_is_in_force_is_told_and_seen_by_the_kernel),
    (
        "a_socket_opened_before_the_fences_works_behind_them",
        fences::a_socket_opened_before_the_fences_works_behind_them,
    ),
    (
        "a_command_that_sweeps_keeps_raw_sockets_and_nothing_else",
        fences::a_command_that_sweeps_keeps_raw_sockets_and_nothing_else,
    ),
    ("a_service_whose_broker_is_gone_is_not_left_behind", fences::a_service_whose_broker_is_gone_is_not_left_behind),
    ("rights_are_told_as_they_are", rights::rights_are_told_as_they_are),
];

fn main() {
    if let Ok(wanted) = std::env::var(SCENARIO) {
        let (_, scenario) = SCENARIOS.iter().find(|(name, _)| *name == wanted).expect("a scenario of this name");
        lab::assert_own_namespace();
        scenario();
        return;
    }
    let trials = SCENARIOS.iter().map(|(name, _)| Trial::test(*name, || run(name))).collect();
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}

/// Runs one scenario in a namespace of its own.
fn run(name: &str) -> Result<(), Failed> {
    let exe = std::env::current_exe()?;
    let mut command = Command::new("timeout");
    command.args(["--kill-after=5", LIMIT, "unshare", "--net"]);
    if !rustix::process::geteuid().is_root() {
        command.args(["--user", "--map-root-user"]);
    }
    let output = command.arg("--").arg(exe).env(SCENARIO, name).output()?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!(
        "{} (it needs `timeout`, `unshare`, `ip` and `tc`, and root or user namespaces)\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    )
    .into())
}
