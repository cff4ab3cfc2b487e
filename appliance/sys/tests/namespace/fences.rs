//! Holds the scenarios that try what is forbidden, in a process that has been confined as the service is.
//! Never passes because a fence was missing: each attempt is made without fences first, where it must not be refused the
//! same way. Needs root and a kernel with Landlock and seccomp, which every supported one has. Called by `main`.

use std::ffi::CString;
use std::fs;
use std::io;
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::fd::AsRawFd;
use std::path::PathBuf;
use std::ptr;

use rustix::process::{Pid, WaitOptions, waitpid};
use vigie_sys::confine::{Identity, Landlock, Plan, confine};
use vigie_sys::interface::Index;
use vigie_sys::link::{self, Link, PROBE_PORTS};
use vigie_sys::multicast::{Family, Service, listen};

use crate::lab::{arp, cable, hear, say};

const NOBODY: Identity = Identity { uid: 84_443, gid: 84_443 };

/// Something to try.
type Attempt = Box<dyn Fn() -> io::Result<()>>;

/// What came of an attempt: it worked, or an errno, or a signal ended the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Worked,
    Errno(i32),
    Signal(i32),
}

const KILLED: Outcome = Outcome::Signal(libc::SIGSYS);

/// Runs `attempt` in a process of its own, which must have one thread, behind the fences of `plan` if there is one.
fn outcome(plan: Option<&Plan>, attempt: &dyn Fn() -> io::Result<()>) -> Outcome {
    // SAFETY: this process has one thread, and the child ends below without returning.
    let pid = unsafe { libc::fork() };
    assert!(pid >= 0, "a process can be made");
    if pid == 0 {
        let confined = plan.is_none_or(|plan| confine(plan).is_ok());
        let code = match confined.then(attempt) {
            None => 255,
            Some(Ok(())) => 0,
            // No errno of these attempts is above 250.
            Some(Err(error)) => error.raw_os_error().unwrap_or(254),
        };
        // SAFETY: ends the child at once, without what tests do at their end.
        unsafe { libc::_exit(code) };
    }
    let status = waitpid(Pid::from_raw(pid), WaitOptions::empty()).expect("a child").expect("it ended").1;
    match (status.exit_status(), status.terminating_signal()) {
        (Some(0), _) => Outcome::Worked,
        (Some(255), _) => panic!("it could not be confined"),
        (Some(errno), _) => Outcome::Errno(errno),
        (_, signal) => Outcome::Signal(signal.expect("a signal")),
    }
}

fn checked(result: impl Into<i64>) -> io::Result<()> {
    if result.into() < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// A data folder of the service's, and one that everybody may write to but not it.
struct Place {
    data: PathBuf,
    outside: PathBuf,
}

impl Place {
    fn new() -> Self {
        let base = std::env::temp_dir().join(format!("vigie-fences-{}", std::process::id()));
        let place = Self { data: base.join("data"), outside: base.join("outside") };
        for folder in [&place.data, &place.outside] {
            fs::create_dir_all(folder).expect("a folder");
            let path = CString::new(folder.to_str().expect("plain")).expect("plain");
            // SAFETY: a string that ends with 0 and lives on.
            assert_eq!(unsafe { libc::chmod(path.as_ptr(), 0o777) }, 0);
        }
        fs::write(place.outside.join("secret"), "x").expect("a file");
        place
    }

    fn plan(&self) -> Plan {
        let read = vec![PathBuf::from("/proc/self"), PathBuf::from("/nowhere/at/all")];
        Plan { identity: Some(NOBODY), read, write: vec![self.data.clone()], ..Plan::default() }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _left = fs::remove_dir_all(self.data.parent().expect("a parent"));
    }
}

/// System calls that end the process; each is made with arguments that do no harm where it is allowed.
fn fatal_calls() -> Vec<(&'static str, Attempt)> {
    let call = |number: libc::c_long, arguments: [libc::c_long; 3]| {
        // SAFETY: every pointer among the arguments is null; nothing of it changes this machine.
        move || checked(unsafe { libc::syscall(number, arguments[0], arguments[1], arguments[2], 0, 0) })
    };
    let program = || {
        let (name, none) = (c"/bin/true", [ptr::null::<libc::c_char>()]);
        // SAFETY: a name that lives on, and an empty list.
        checked(unsafe { libc::execv(name.as_ptr(), none.as_ptr()) })
    };
    vec![
        ("execve", Box::new(program)),
        ("ptrace", Box::new(call(libc::SYS_ptrace, [0, 0, 0]))),
        ("mount", Box::new(call(libc::SYS_mount, [0, 0, 0]))),
        ("umount2", Box::new(call(libc::SYS_umount2, [0, 0, 0]))),
        ("bpf", Box::new(call(libc::SYS_bpf, [0, 0, 0]))),
        ("init_module", Box::new(call(libc::SYS_init_module, [0, 0, 0]))),
        ("finit_module", Box::new(call(libc::SYS_finit_module, [-1, 0, 0]))),
        ("delete_module", Box::new(call(libc::SYS_delete_module, [0, 0, 0]))),
        ("keyctl", Box::new(call(libc::SYS_keyctl, [0, 0, 0]))),
        ("setuid", Box::new(call(libc::SYS_setuid, [0, 0, 0]))),
        ("setresuid", Box::new(call(libc::SYS_setresuid, [0, 0, 0]))),
        ("setgroups", Box::new(call(libc::SYS_setgroups, [0, 0, 0]))),
        ("capset", Box::new(call(libc::SYS_capset, [0, 0, 0]))),
        ("unshare", Box::new(call(libc::SYS_unshare, [libc::CLONE_NEWUTS.into(), 0, 0]))),
        ("setns", Box::new(call(libc::SYS_setns, [-1, 0, 0]))),
        ("chroot", Box::new(call(libc::SYS_chroot, [0, 0, 0]))),
        ("process_vm_readv", Box::new(call(libc::SYS_process_vm_readv, [0, 0, 0]))),
        ("perf_event_open", Box::new(call(libc::SYS_perf_event_open, [0, 0, 0]))),
        ("settimeofday", Box::new(call(libc::SYS_settimeofday, [0, 0, 0]))),
        ("sethostname", Box::new(call(libc::SYS_sethostname, [0, -1, 0]))),
    ]
}

pub(crate) fn what_is_forbidden_is_refused() {
    let place = Place::new();
    let plan = place.plan();
    for (name, attempt) in fatal_calls() {
        assert_ne!(outcome(None, &*attempt), KILLED, "{name} without fences");
        assert_eq!(outcome(Some(&plan), &*attempt), KILLED, "{name}");
    }
    let (secret, inside) = (place.outside.join("secret"), place.data.join("own"));
    let attempts: Vec<(&str, Outcome, Attempt)> = vec![
        ("read a secret of root's", Outcome::Errno(libc::EACCES), Box::new(|| fs::read("/etc/shadow").map(|_| ()))),
        ("read what everybody may", Outcome::Errno(libc::EACCES), { Box::new(move || fs::read(&secret).map(|_| ())) }),
        ("write outside", Outcome::Errno(libc::EACCES), {
            let path = place.outside.join("new");
            Box::new(move || fs::write(&path, "x"))
        }),
        ("remove outside", Outcome::Errno(libc::EACCES), {
            let folder = place.outside.clone();
            Box::new(move || fs::remove_dir(&folder))
        }),
        ("open a raw socket", Outcome::Errno(libc::EPERM), {
            // SAFETY: integers only.
            Box::new(|| checked(unsafe { libc::socket(libc::AF_PACKET, libc::SOCK_RAW, 0) }))
        }),
        ("open a raw socket of the internet", Outcome::Errno(libc::EPERM), {
            // SAFETY: integers only.
            Box::new(|| checked(unsafe { libc::socket(libc::AF_INET, libc::SOCK_RAW, 1) }))
        }),
        ("make a process", Outcome::Errno(libc::EPERM), {
            // SAFETY: `clone` without a stack and with SIGCHLD is `fork`; the child ends at once.
            Box::new(|| match unsafe { libc::syscall(libc::SYS_clone, libc::SIGCHLD, 0, 0, 0, 0) } {
                // SAFETY: ends the child.
                0 => unsafe { libc::_exit(0) },
                pid => checked(pid),
            })
        }),
        ("listen", Outcome::Errno(libc::EACCES), Box::new(|| TcpListener::bind("127.0.0.1:0").map(|_| ()))),
        (
            "listen at a low port",
            Outcome::Errno(libc::EACCES),
            Box::new(|| UdpSocket::bind("127.0.0.1:99").map(|_| ())),
        ),
        ("make memory a program", Outcome::Errno(libc::EPERM), {
            let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
            let rights = libc::PROT_READ | libc::PROT_EXEC;
            // SAFETY: a fresh page of nobody's.
            Box::new(move || match unsafe { libc::mmap(ptr::null_mut(), 4_096, rights, flags, -1, 0) } {
                libc::MAP_FAILED => Err(io::Error::last_os_error()),
                _ => Ok(()),
            })
        }),
        ("type into a terminal", Outcome::Errno(libc::EPERM), {
            // SAFETY: on a descriptor that is none; the pointer is looked at for terminals only.
            Box::new(|| checked(unsafe { libc::ioctl(-1, libc::TIOCSTI, c"x".as_ptr()) }))
        }),
        ("signal the parent", Outcome::Signal(libc::SIGSYS), {
            // SAFETY: integers only; 0 is no signal.
            Box::new(|| checked(unsafe { libc::kill(libc::getppid(), 0) }))
        }),
    ];
    for (name, expected, attempt) in &attempts {
        assert_ne!(outcome(None, &**attempt), *expected, "{name} without fences");
        assert_eq!(outcome(Some(&plan), &**attempt), *expected, "{name}");
    }
    // Its own work goes on.
    let own = move || {
        fs::create_dir_all(inside.join("log"))?;
        fs::write(inside.join("log/a"), "x")?;
        fs::rename(inside.join("log/a"), inside.join("log/b"))?;
        fs::File::open(inside.join("log/b"))?.sync_all()?;
        fs::read_dir(&inside)?.next().expect("an entry")?;
        vigie_sys::memory::read().map_err(io::Error::from)?;
        fs::remove_dir_all(&inside)?;
        std::thread::spawn(|| UdpSocket::bind("127.0.0.1:0")).join().expect("a thread")?;
        assert!(TcpStream::connect("127.0.0.1:1").is_err_and(|error| error.raw_os_error() == Some(libc::ECONNREFUSED)));
        Ok(())
    };
    assert_eq!(outcome(Some(&plan), &own), Outcome::Worked);
}

pub(crate) fn what_is_in_force_is_told_and_seen_by_the_kernel() {
    let place = Place::new();
    let plan = place.plan();
    let sandbox = confine(&plan).expect("confined");
    assert_eq!((sandbox.uid, sandbox.no_capabilities, sandbox.bounding_empty), (NOBODY.uid, true, true));
    assert!(sandbox.seccomp, "this kernel has no seccomp");
    assert!(matches!(sandbox.landlock, Landlock::Enforced(1..=6)), "{:?}", sandbox.landlock);
    let status = fs::read_to_string("/proc/self/status").expect("its own status");
    let line = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_else(|| panic!("no {name}"));
        line.split_ascii_whitespace().collect::<Vec<_>>().join(" ")
    };
    for set in ["CapInh:", "CapPrm:", "CapEff:", "CapBnd:", "CapAmb:"] {
        assert_eq!(line(set), "0000000000000000", "{set}");
    }
    assert_eq!((line("NoNewPrivs:"), line("Seccomp:")), ("1".into(), "2".into()));
    assert_eq!((line("Uid:"), line("Groups:")), (["84443"; 4].join(" "), String::new()));
}

pub(crate) fn a_socket_opened_before_the_fences_works_behind_them() {
    let (near, far) = cable();
    let near = link::open(near.link.index, &PROBE_PORTS).expect("near's socket");
    let far = link::open(far.link.index, &PROBE_PORTS).expect("far's socket");
    let index = Link::adopt(near.try_clone().expect("a copy")).expect("near").interface();
    let place = Place::new();
    confine(&place.plan()).expect("confined");
    let (mut near, mut far) = (Link::adopt(near).expect("near"), Link::adopt(far).expect("far"));
    say(&mut near, &[&arp(5)]);
    assert_eq!(hear(&mut far, 1)[0].bytes, arp(5));
    assert!(Link::open(index).is_err());
    for service in [Service::Mdns, Service::Ssdp, Service::Llmnr, Service::WsDiscovery] {
        listen(service, Family::V4, index).expect("announcements are heard without a right");
    }
    assert_eq!(near.interface(), index);
    assert_ne!(index, Index(0));
    assert!(near.as_raw_fd() > 0);
}

pub(crate) fn a_command_that_sweeps_keeps_raw_sockets_and_nothing_else() {
    let (near, _far) = cable();
    let index = near.link.index;
    let place = Place::new();
    let plan = Plan { raw_sockets: true, read: vec!["/proc/self".into()], ..Plan::default() };
    assert_eq!(outcome(Some(&plan), &|| Link::open(index).map(|_| ()).map_err(io::Error::from)), Outcome::Worked);
    let path = place.data.join("new");
    assert_eq!(outcome(Some(&plan), &|| fs::write(&path, "x")), Outcome::Errno(libc::EACCES));
    assert_eq!(outcome(Some(&plan), &|| fs::read("/etc/shadow").map(|_| ())), Outcome::Errno(libc::EACCES));
    for (name, attempt) in fatal_calls() {
        assert_eq!(outcome(Some(&plan), &*attempt), KILLED, "{name}");
    }
}

pub(crate) fn a_service_whose_broker_is_gone_is_not_left_behind() {
    let place = Place::new();
    let plan = Plan { parent: Some(1), ..place.plan() };
    // Its parent is this process and not the first: the broker ended before it could be tied to it.
    // SAFETY: as in `outcome`.
    let pid = unsafe { libc::fork() };
    if pid == 0 {
        let code = i32::from(confine(&plan).is_ok());
        // SAFETY: as in `outcome`.
        unsafe { libc::_exit(code) };
    }
    let status = waitpid(Pid::from_raw(pid), WaitOptions::empty()).expect("a child").expect("it ended").1;
    assert_eq!(status.exit_status(), Some(0), "it was confined under a parent that is not its own");
}
