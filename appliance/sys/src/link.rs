//! Holds the raw socket of one interface: frames out in batches, and in through the kernel's filter.
//! Never builds or reads a frame's content, never waits. Called by the shell's sweep, which waits on its descriptor;
//! the opening by whoever has `CAP_NET_RAW`, who may hand the descriptor to one who has not.
//!
//! Why not `pnet_datalink`: it would take a descriptor of ours, but then polls and reads one frame per call into its own
//! buffer, never asks for auxiliary data (so a checksum that is not there yet looks wrong), sends one frame per call, and
//! switches the card to promiscuous mode by default. A sweep wants `recvmmsg`, `PACKET_AUXDATA` and `sendmmsg`.

use std::io::{self, IoSlice};
use std::mem::{self, MaybeUninit, size_of};
use std::ops::RangeInclusive;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::ptr;

use rustix::io::Errno;
use rustix::net::{MMsgHdr, SendAncillaryBuffer, SendFlags};
use socket2::{Domain, Protocol, SockFilter, Socket, Type};

use crate::error::{Error, Need};
use crate::interface::Index;
use crate::socket_option;

pub mod batch;
pub mod filter;

pub use batch::{Batch, Frame, MAX_FRAMES, PacketType};
pub use filter::{FRAME_BYTES, PROBE_PORTS};

/// A /22 that answers at once is about a thousand frames of up to 2 kB of kernel memory each.
const RECEIVE_BUFFER_BYTES: usize = 4 * 1024 * 1024;
/// All protocols; which of them is the filter's business. In network byte order, as the kernel wants it.
const ALL_PROTOCOLS: u16 = (libc::ETH_P_ALL as u16).to_be();
/// `setsockopt` number since Linux 4.20, not in the `libc` crate for every target.
const PACKET_IGNORE_OUTGOING: libc::c_int = 23;
/// Room for one `tpacket_auxdata` with its header (36 bytes on 64 bits), aligned as control messages must be.
type Control = [u64; 8];

/// Why a batch was not sent to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rest {
    /// All went.
    None,
    /// The socket's buffer is full: wait until the descriptor is writable.
    WaitWritable,
    /// The card's queue is full, of which no descriptor tells: try again after some milliseconds.
    Pause,
}

/// How much of a batch went out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sent {
    /// This many, from the first on.
    pub frames: usize,
    /// What became of the others.
    pub rest: Rest,
}

/// What the kernel counted since it was last asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Counts {
    /// Frames that passed the filter, the dropped ones included.
    pub passed: u32,
    /// Of these, dropped because nobody read them in time.
    pub dropped: u32,
}

/// Opens the raw socket of an interface, ready to be handed to another process: filtered (and the filter locked, so that
/// a process which was taken over cannot lift it), bound, non-blocking, all multicast heard, not promiscuous.
///
/// `tcp_ports` are the ports that TCP probes will be sent from, see [`PROBE_PORTS`].
///
/// # Errors
/// [`Error::NoPermission`] without `CAP_NET_RAW`, [`Error::InterfaceGone`] when there is no such interface. One that is
/// down can be opened; receiving says [`Error::Down`] until it is up.
pub fn open(interface: Index, tcp_ports: &RangeInclusive<u16>) -> Result<OwnedFd, Error> {
    let sort = |source: io::Error| Error::sort("open a raw socket", Need::RawSockets, source);
    // Protocol 0 hears nothing until it is bound, by when the filter is in place.
    let kind = Type::RAW.nonblocking().cloexec();
    let socket = Socket::new(Domain::PACKET, kind, Some(Protocol::from(0))).map_err(sort)?;
    let program: Vec<SockFilter> = filter::program(tcp_ports)
        .iter()
        .map(|step| SockFilter::new(step.code, step.yes, step.no, step.value))
        .collect();
    socket.attach_filter(&program).map_err(sort)?;
    socket_option::set(&socket, libc::SOL_SOCKET, libc::SO_LOCK_FILTER, &1).map_err(sort)?;
    socket_option::set(&socket, libc::SOL_PACKET, libc::PACKET_AUXDATA, &1).map_err(sort)?;
    // Spares the kernel a copy of each frame we send; an old kernel without it leaves that to the filter.
    let _ = socket_option::set(&socket, libc::SOL_PACKET, PACKET_IGNORE_OUTGOING, &1);
    // With CAP_NET_ADMIN beyond the system's limit, else as much as that allows.
    if rustix::net::sockopt::set_socket_recv_buffer_size_force(&socket, RECEIVE_BUFFER_BYTES).is_err() {
        socket.set_recv_buffer_size(RECEIVE_BUFFER_BYTES).map_err(sort)?;
    }
    bind(&socket, interface).map_err(sort)?;
    hear_all_groups(&socket, interface).map_err(sort)?;
    Ok(socket.into())
}

/// The raw socket of one interface, in use. Closing it is dropping it.
#[derive(Debug)]
pub struct Link {
    fd: OwnedFd,
    interface: Index,
    /// After "down" may follow "gone", of which the socket does not wake anybody: then it is looked at.
    was_down: bool,
}

impl AsFd for Link {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

impl AsRawFd for Link {
    fn as_raw_fd(&self) -> RawFd {
        self.fd.as_raw_fd()
    }
}

impl Link {
    /// [`open`] and use it in the same process, with the usual probe ports.
    ///
    /// # Errors
    /// As [`open`].
    pub fn open(interface: Index) -> Result<Self, Error> {
        Self::adopt(open(interface, &PROBE_PORTS)?)
    }

    /// Takes over a descriptor that [`open`] made, here or in another process.
    ///
    /// # Errors
    /// [`Error::Other`] when it is no raw socket, [`Error::InterfaceGone`] when its interface went meanwhile.
    pub fn adopt(fd: OwnedFd) -> Result<Self, Error> {
        match bound_to(&fd)? {
            Some(interface) => Ok(Self { fd, interface, was_down: false }),
            None => Err(Error::InterfaceGone),
        }
    }

    /// The interface it belongs to.
    #[must_use]
    pub fn interface(&self) -> Index {
        self.interface
    }

    /// Receives what is waiting, at most [`MAX_FRAMES`] frames, into `batch`, in one system call. Tells how many; 0 means
    /// that nothing is waiting and a reactor may sleep. Never blocks.
    ///
    /// # Errors
    /// [`Error::Down`], once each time the interface goes down: keep the socket, and call again when [`crate::change`]
    /// tells of the interface (the kernel wakes nobody when a downed one vanishes). [`Error::InterfaceGone`] from then
    /// on when it is gone: drop the socket.
    pub fn receive(&mut self, batch: &mut Batch) -> Result<usize, Error> {
        batch.filled = 0;
        match receive_into(&self.fd, batch) {
            Ok(frames) => {
                self.was_down = false;
                Ok(frames)
            }
            Err(Errno::AGAIN) if self.was_down => bound_to(&self.fd)?.map(|_| 0).ok_or(Error::InterfaceGone),
            Err(Errno::AGAIN) => Ok(0),
            Err(errno) => Err(self.sort("receive frames", errno)),
        }
    }

    /// Sends frames, each with its Ethernet header, in order, with as few system calls as may be. Never blocks; a full
    /// queue is no error, see [`Sent`].
    ///
    /// # Errors
    /// [`Error::Down`], [`Error::InterfaceGone`], and [`Error::Other`] for a frame the card refuses (too long, shorter
    /// than a header). An error after some frames went is told by the next call, which starts with the frame at fault.
    pub fn send(&mut self, frames: &[&[u8]]) -> Result<Sent, Error> {
        let mut sent = 0;
        while let Some(part) = frames.get(sent..).filter(|part| !part.is_empty()) {
            let part = part.get(..MAX_FRAMES).unwrap_or(part);
            match send_some(&self.fd, part) {
                Ok(0) => return Ok(Sent { frames: sent, rest: Rest::WaitWritable }),
                Ok(count) => sent += count,
                Err(Errno::AGAIN) => return Ok(Sent { frames: sent, rest: Rest::WaitWritable }),
                Err(Errno::NOBUFS) => return Ok(Sent { frames: sent, rest: Rest::Pause }),
                Err(_) if sent > 0 => return Ok(Sent { frames: sent, rest: Rest::WaitWritable }),
                Err(errno) => return Err(self.sort("send frames", errno)),
            }
        }
        Ok(Sent { frames: sent, rest: Rest::None })
    }

    /// How many frames passed and how many were dropped since the last call.
    ///
    /// # Errors
    /// [`Error::Other`] when the kernel does not tell.
    pub fn counts(&self) -> Result<Counts, Error> {
        let mut counts = libc::tpacket_stats { tp_packets: 0, tp_drops: 0 };
        let mut length = size_of::<libc::tpacket_stats>() as libc::socklen_t;
        // SAFETY: the descriptor is open; pointer and length describe `counts`, plain integers the kernel fills.
        let result = unsafe {
            libc::getsockopt(
                self.fd.as_raw_fd(),
                libc::SOL_PACKET,
                libc::PACKET_STATISTICS,
                ptr::from_mut(&mut counts).cast(),
                &raw mut length,
            )
        };
        if result == 0 {
            Ok(Counts { passed: counts.tp_packets, dropped: counts.tp_drops })
        } else {
            Err(Error::other("read a raw socket's counts", io::Error::last_os_error()))
        }
    }

    /// Tells "down" from "gone", which the kernel reports alike.
    fn sort(&mut self, action: &'static str, errno: Errno) -> Error {
        if errno == Errno::NETDOWN {
            self.was_down = true;
            if matches!(bound_to(&self.fd), Ok(None)) {
                return Error::InterfaceGone;
            }
        }
        Error::sort(action, Need::RawSockets, errno)
    }
}

/// Starts hearing one interface.
fn bind(socket: &Socket, interface: Index) -> io::Result<()> {
    // SAFETY: all zero is a valid `sockaddr_ll`: integers and an array of them.
    let mut address: libc::sockaddr_ll = unsafe { mem::zeroed() };
    address.sll_family = libc::AF_PACKET as libc::sa_family_t;
    address.sll_protocol = ALL_PROTOCOLS;
    address.sll_ifindex = kernel_index(interface)?;
    // SAFETY: the descriptor is open; pointer and length describe `address`, which the kernel only reads.
    let result = unsafe {
        libc::bind(
            socket.as_raw_fd(),
            ptr::from_ref(&address).cast(),
            size_of::<libc::sockaddr_ll>() as libc::socklen_t,
        )
    };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Has the card pass all multicast, so that neighbour discovery between others and announcements to groups nobody here
/// joined are heard. Promiscuous mode it is not: other stations' own traffic stays out.
fn hear_all_groups(socket: &Socket, interface: Index) -> io::Result<()> {
    let request = libc::packet_mreq {
        mr_ifindex: kernel_index(interface)?,
        mr_type: libc::PACKET_MR_ALLMULTI as libc::c_ushort,
        mr_alen: 0,
        mr_address: [0; 8],
    };
    socket_option::set(socket, libc::SOL_PACKET, libc::PACKET_ADD_MEMBERSHIP, &request)
}

/// An index as the kernel's structures have it. 0 would mean "all interfaces", which is never meant here.
fn kernel_index(interface: Index) -> io::Result<libc::c_int> {
    let index = libc::c_int::try_from(interface.0).ok().filter(|index| *index > 0);
    index.ok_or_else(|| io::Error::from_raw_os_error(libc::ENODEV))
}

/// The interface a raw socket is bound to; `None` when that is gone.
fn bound_to(fd: &OwnedFd) -> Result<Option<Index>, Error> {
    let action = "take over a raw socket";
    // SAFETY: all zero is a valid `sockaddr_ll`.
    let mut address: libc::sockaddr_ll = unsafe { mem::zeroed() };
    let mut length = size_of::<libc::sockaddr_ll>() as libc::socklen_t;
    // SAFETY: the descriptor is open; pointer and length describe `address`, and the kernel writes at most that much
    // (an address of another family is cut, its family is at the same place).
    let result = unsafe { libc::getsockname(fd.as_raw_fd(), ptr::from_mut(&mut address).cast(), &raw mut length) };
    if result != 0 {
        return Err(Error::other(action, io::Error::last_os_error()));
    }
    if i32::from(address.sll_family) != libc::AF_PACKET {
        return Err(Error::unreadable(action));
    }
    // The kernel writes -1 when the interface goes.
    Ok(u32::try_from(address.sll_ifindex).ok().filter(|index| *index != 0).map(Index))
}

/// One `sendmmsg`.
fn send_some(fd: &OwnedFd, frames: &[&[u8]]) -> Result<usize, Errno> {
    let slices: Vec<[IoSlice<'_>; 1]> = frames.iter().map(|frame| [IoSlice::new(frame)]).collect();
    let mut controls: Vec<SendAncillaryBuffer<'_, '_, '_>> =
        frames.iter().map(|_| SendAncillaryBuffer::default()).collect();
    let mut headers: Vec<MMsgHdr<'_>> =
        slices.iter().zip(&mut controls).map(|(slice, control)| MMsgHdr::new(slice, control)).collect();
    loop {
        match rustix::net::sendmmsg(fd, &mut headers, SendFlags::DONTWAIT) {
            Err(Errno::INTR) => {}
            result => return result,
        }
    }
}

/// One `recvmmsg`: fills `batch` and tells how many frames.
fn receive_into(fd: &OwnedFd, batch: &mut Batch) -> Result<usize, Errno> {
    let mut names: [MaybeUninit<libc::sockaddr_ll>; MAX_FRAMES] = [MaybeUninit::zeroed(); MAX_FRAMES];
    let mut controls: [Control; MAX_FRAMES] = [[0; 8]; MAX_FRAMES];
    let mut slices = [libc::iovec { iov_base: ptr::null_mut(), iov_len: 0 }; MAX_FRAMES];
    // SAFETY: all zero is a valid `mmsghdr`: null pointers with lengths of 0.
    let mut headers: [libc::mmsghdr; MAX_FRAMES] = unsafe { mem::zeroed() };
    let parts = batch.bytes.chunks_exact_mut(FRAME_BYTES).zip(&mut slices).zip(&mut names).zip(&mut controls);
    for ((((bytes, slice), name), control), header) in parts.zip(&mut headers) {
        *slice = libc::iovec { iov_base: bytes.as_mut_ptr().cast(), iov_len: bytes.len() };
        header.msg_hdr.msg_name = name.as_mut_ptr().cast();
        header.msg_hdr.msg_namelen = size_of::<libc::sockaddr_ll>() as libc::socklen_t;
        header.msg_hdr.msg_iov = ptr::from_mut(slice);
        header.msg_hdr.msg_iovlen = 1;
        header.msg_hdr.msg_control = control.as_mut_ptr().cast();
        header.msg_hdr.msg_controllen = size_of::<Control>() as _;
    }
    let flags = libc::MSG_DONTWAIT | libc::MSG_TRUNC;
    let count = loop {
        // SAFETY: `headers` holds MAX_FRAMES headers, each pointing at memory of its own in `batch.bytes`, `slices`,
        // `names` and `controls`, with its true length; all outlive the call and none is borrowed meanwhile.
        let result = unsafe {
            libc::recvmmsg(fd.as_raw_fd(), headers.as_mut_ptr(), MAX_FRAMES as u32, flags as _, ptr::null_mut())
        };
        match usize::try_from(result) {
            Ok(count) => break count.min(MAX_FRAMES),
            Err(_) => match Errno::from_io_error(&io::Error::last_os_error()) {
                Some(Errno::INTR) => {}
                errno => return Err(errno.unwrap_or(Errno::IO)),
            },
        }
    };
    for ((details, header), name) in batch.details.iter_mut().zip(&headers).zip(&names).take(count) {
        // SAFETY: zeroed at first and, if at all, written by the kernel: initialised integers either way.
        let name = unsafe { name.assume_init() };
        *details = read_details(header, name.sll_pkttype);
    }
    batch.filled = count;
    Ok(count)
}

/// What the kernel said beside the bytes of one frame.
fn read_details(header: &libc::mmsghdr, packet_type: u8) -> batch::Details {
    let received = header.msg_len as usize;
    let mut details = batch::Details {
        kept_bytes: received.min(FRAME_BYTES),
        wire_bytes: received,
        packet_type: PacketType::of(packet_type),
        checksum_ready: true,
    };
    // SAFETY: the header is as the kernel left it: `msg_control` points at the live control buffer of this frame (the
    // caller's), `msg_controllen` says how much of it the kernel wrote.
    let mut control = unsafe { libc::CMSG_FIRSTHDR(&raw const header.msg_hdr) };
    while !control.is_null() {
        // SAFETY: CMSG_FIRSTHDR and CMSG_NXTHDR only give pointers to whole headers inside the control buffer, which is
        // aligned for them.
        let found = unsafe { *control };
        // SAFETY: arithmetic on a size, no pointer.
        let whole = unsafe { libc::CMSG_LEN(size_of::<libc::tpacket_auxdata>() as libc::c_uint) } as usize;
        let is_aux = found.cmsg_level == libc::SOL_PACKET && found.cmsg_type == libc::PACKET_AUXDATA;
        if is_aux && found.cmsg_len as usize >= whole {
            // SAFETY: the header says that a whole `tpacket_auxdata` follows it inside the control buffer, and of its
            // integers any bits are valid; `read_unaligned` asks nothing of the place.
            let aux: libc::tpacket_auxdata = unsafe { ptr::read_unaligned(libc::CMSG_DATA(control).cast()) };
            details.checksum_ready = aux.tp_status & libc::TP_STATUS_CSUMNOTREADY == 0;
            details.wire_bytes = details.wire_bytes.max(aux.tp_len as usize);
        }
        // SAFETY: as for CMSG_FIRSTHDR; `control` came from it or from here.
        control = unsafe { libc::CMSG_NXTHDR(&raw const header.msg_hdr, control) };
    }
    details
}
