//! Holds the filter of system calls (seccomp): how the lists of `calls` become a program of the kernel's, and its start.
//! Never lists a call itself. Called by `confine`, last: from here on even the other fences cannot be touched.
//!
//! Three answers. What only an intruder would ask for ends the process: the broker starts a clean one and tells a person.
//! An argument out of place is refused (`EPERM`). Every other call "does not exist" (`ENOSYS`): a newer C library tries its
//! newer calls first and falls back on exactly this answer, so an update of it cannot bring an appliance down, and an
//! intruder gets no more from it.
//!
//! Why no crate: `seccompiler` knows no 32-bit ARM, for which this product is built.

use std::io;

use libc::{BPF_ABS, BPF_JEQ, BPF_JMP, BPF_JSET, BPF_K, BPF_LD, BPF_RET, BPF_W, sock_filter};

use super::calls::{ALLOWED, CLONE_NAMESPACES, FATAL, Rule, rules};
use crate::error::Error;

/// `AUDIT_ARCH_…` of `linux/audit.h`: machine, 64 bits, little-endian. The filter ends a process that calls through another
/// table, where the same numbers mean other calls.
#[cfg(target_arch = "x86_64")]
const ARCH: u32 = 0xc000_003e;
#[cfg(target_arch = "aarch64")]
const ARCH: u32 = 0xc000_00b7;
#[cfg(target_arch = "arm")]
const ARCH: u32 = 0x4000_0028;
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64", target_arch = "arm")))]
compile_error!("the system calls of this processor are not listed in confine/calls.rs");

/// Calls of the x32 table carry this bit (`__X32_SYSCALL_BIT`).
#[cfg(target_arch = "x86_64")]
const X32: u32 = 0x4000_0000;

/// Offsets in `struct seccomp_data`: the call, the table, the low half of the first argument (little-endian).
const NUMBER_AT: u32 = 0;
const ARCH_AT: u32 = 4;
const ARGUMENTS_AT: u32 = 16;

const ALLOW: u32 = libc::SECCOMP_RET_ALLOW;
const END: u32 = libc::SECCOMP_RET_KILL_PROCESS;
const REFUSE: u32 = libc::SECCOMP_RET_ERRNO | libc::EPERM as u32;
const UNKNOWN: u32 = libc::SECCOMP_RET_ERRNO | libc::ENOSYS as u32;

const fn step(code: u32, yes: u8, no: u8, value: u32) -> sock_filter {
    sock_filter { code: code as u16, jt: yes, jf: no, k: value }
}

const fn load(offset: u32) -> sock_filter {
    step(BPF_LD | BPF_W | BPF_ABS, 0, 0, offset)
}

const fn answer(value: u32) -> sock_filter {
    step(BPF_RET | BPF_K, 0, 0, value)
}

/// Goes on with the next step when equal, else leaves `over` steps out.
const fn unless_equal(value: u32, over: u8) -> sock_filter {
    step(BPF_JMP | BPF_JEQ | BPF_K, 0, over, value)
}

const fn unless_any_bit(bits: u32, over: u8) -> sock_filter {
    step(BPF_JMP | BPF_JSET | BPF_K, 0, over, bits)
}

/// The whole program.
fn program(raw_sockets: bool) -> Vec<sock_filter> {
    let mut steps = vec![load(ARCH_AT), step(BPF_JMP | BPF_JEQ | BPF_K, 1, 0, ARCH), answer(END), load(NUMBER_AT)];
    #[cfg(target_arch = "x86_64")]
    steps.extend([unless_any_bit(X32, 1), answer(END)]);
    let mut on = |call: libc::c_long, block: Vec<sock_filter>| {
        let length = u8::try_from(block.len()).unwrap_or(u8::MAX);
        debug_assert!(usize::from(length) == block.len(), "a jump reaches 255 steps");
        steps.push(unless_equal(call as u32, length));
        steps.extend(block);
    };
    for call in FATAL {
        on(*call, vec![answer(END)]);
    }
    for (call, rule) in rules(raw_sockets) {
        on(call, block(rule));
    }
    for call in ALLOWED {
        on(*call, vec![answer(ALLOW)]);
    }
    steps.push(answer(UNKNOWN));
    steps
}

fn block(rule: Rule) -> Vec<sock_filter> {
    let argument = |number: u8| load(ARGUMENTS_AT + 8 * u32::from(number));
    match rule {
        Rule::OneOf(number, values) => {
            let mut steps = vec![argument(number)];
            for value in values {
                steps.extend([unless_equal(*value, 1), answer(ALLOW)]);
            }
            steps.push(answer(REFUSE));
            steps
        }
        Rule::Without(number, bits) => {
            vec![argument(number), unless_any_bit(bits, 1), answer(REFUSE), answer(ALLOW)]
        }
        Rule::ThreadsOnly => vec![
            argument(0),
            unless_any_bit(CLONE_NAMESPACES, 1),
            answer(REFUSE),
            unless_any_bit(libc::CLONE_THREAD as u32, 1),
            answer(ALLOW),
            answer(REFUSE),
        ],
    }
}

/// Puts the filter in force. `false`: the kernel has none.
pub(super) fn install(raw_sockets: bool) -> Result<bool, Error> {
    let action = "filter system calls";
    let steps = program(raw_sockets);
    let len = u16::try_from(steps.len()).map_err(|_| Error::unreadable(action))?;
    let filter = libc::sock_fprog { len, filter: steps.as_ptr().cast_mut() };
    // SAFETY: `filter` points at `len` steps that live until the end of this function; the kernel copies and checks them.
    let result = unsafe {
        libc::prctl(libc::PR_SET_SECCOMP, libc::c_ulong::from(libc::SECCOMP_MODE_FILTER), &raw const filter, 0, 0)
    };
    if result == 0 {
        // SAFETY: no pointer is passed.
        let mode = unsafe { libc::prctl(libc::PR_GET_SECCOMP, 0, 0, 0, 0) };
        // Believed only when read back.
        return if mode == libc::SECCOMP_MODE_FILTER as libc::c_int {
            Ok(true)
        } else {
            Err(Error::unreadable(action))
        };
    }
    let error = io::Error::last_os_error();
    // SAFETY: no pointer is passed.
    let mode = unsafe { libc::prctl(libc::PR_GET_SECCOMP, 0, 0, 0, 0) };
    // A kernel without seccomp knows neither of the two; one that has it refused this filter, which is a fault.
    if mode < 0 { Ok(false) } else { Err(Error::other(action, error)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the kernel would answer: the steps of a filter, done one after the other.
    fn answered(program: &[sock_filter], arch: u32, number: u32, arguments: [u32; 3]) -> u32 {
        let (mut at, mut value) = (0, 0);
        loop {
            let step = program[at];
            at += 1;
            match u32::from(step.code) {
                code if code == BPF_LD | BPF_W | BPF_ABS => {
                    value = match step.k {
                        NUMBER_AT => number,
                        ARCH_AT => arch,
                        offset => arguments[(offset - ARGUMENTS_AT) as usize / 8],
                    };
                }
                code if code == BPF_JMP | BPF_JEQ | BPF_K => {
                    at += usize::from(if value == step.k { step.jt } else { step.jf });
                }
                code if code == BPF_JMP | BPF_JSET | BPF_K => {
                    at += usize::from(if value & step.k != 0 { step.jt } else { step.jf });
                }
                code if code == BPF_RET | BPF_K => return step.k,
                code => panic!("step {code:#x}"),
            }
        }
    }

    fn asked(number: libc::c_long, arguments: [u32; 3]) -> u32 {
        answered(&program(false), ARCH, number as u32, arguments)
    }

    #[test]
    fn work_goes_on_and_an_intruder_ends() {
        for call in [libc::SYS_read, libc::SYS_openat, libc::SYS_fdatasync, libc::SYS_sendmmsg, libc::SYS_exit_group] {
            assert_eq!(asked(call, [0; 3]), ALLOW, "{call}");
        }
        for call in [libc::SYS_execve, libc::SYS_ptrace, libc::SYS_mount, libc::SYS_bpf, libc::SYS_setresuid] {
            assert_eq!(asked(call, [0; 3]), END, "{call}");
        }
        for call in [libc::SYS_clone3, libc::SYS_io_uring_setup, libc::SYS_memfd_create, 4_000] {
            assert_eq!(asked(call, [0; 3]), UNKNOWN, "{call}");
        }
    }

    #[test]
    fn another_table_of_calls_ends_the_process() {
        assert_eq!(answered(&program(false), ARCH ^ 1, libc::SYS_read as u32, [0; 3]), END);
        #[cfg(target_arch = "x86_64")]
        assert_eq!(answered(&program(false), ARCH, libc::SYS_read as u32 | X32, [0; 3]), END);
    }

    #[test]
    fn arguments_decide_where_a_call_is_more_than_one_thing() {
        let packet = libc::AF_PACKET as u32;
        assert_eq!(asked(libc::SYS_socket, [libc::AF_INET6 as u32, 0, 0]), ALLOW);
        assert_eq!(asked(libc::SYS_socket, [packet, 0, 0]), REFUSE);
        assert_eq!(answered(&program(true), ARCH, libc::SYS_socket as u32, [packet, 0, 0]), ALLOW);
        let thread = libc::CLONE_THREAD as u32 | libc::CLONE_VM as u32;
        assert_eq!(asked(libc::SYS_clone, [thread, 0, 0]), ALLOW);
        assert_eq!(asked(libc::SYS_clone, [libc::SIGCHLD as u32, 0, 0]), REFUSE);
        assert_eq!(asked(libc::SYS_clone, [thread | libc::CLONE_NEWUSER as u32, 0, 0]), REFUSE);
        let (read, execute) = (libc::PROT_READ as u32, libc::PROT_EXEC as u32);
        assert_eq!(asked(libc::SYS_mprotect, [0, 0, read]), ALLOW);
        assert_eq!(asked(libc::SYS_mprotect, [0, 0, read | execute]), REFUSE);
        assert_eq!(asked(libc::SYS_ioctl, [1, libc::TIOCSTI as u32, 0]), REFUSE);
    }

    #[test]
    fn the_program_is_of_a_size_the_kernel_takes() {
        // BPF_MAXINSNS.
        assert!(program(true).len() <= 4_096);
    }
}
