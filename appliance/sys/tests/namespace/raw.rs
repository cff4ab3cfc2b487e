//! Holds the scenarios of the raw socket: what crosses a cable, what the filter stops, what deletion looks like.
//! Never sends a frame outside the namespace. Called by `main`.

use std::net::UdpSocket;
use std::os::fd::{AsFd, OwnedFd};

use socket2::{SockFilter, SockRef};
use vigie_sys::change::{Change, Changes};
use vigie_sys::link::{self, Batch, FRAME_BYTES, Link, MAX_FRAMES, PROBE_PORTS, PacketType, Rest};
use vigie_sys::multicast::{self, Family, Service};
use vigie_sys::{Error, interface};

use crate::lab::{
    NOWHERE, arp, cable, hear, ip, is_readable, join_ends, linked_cable, number_of, say, shell, syn_ack, udp,
    wait_counted, wait_readable,
};

pub(crate) fn an_arp_request_crosses_the_wire() {
    let (mut near, mut far) = linked_cable();
    say(&mut near, &[&arp(7)]);
    let heard = hear(&mut far, 1);
    assert_eq!(heard.len(), 1);
    assert_eq!(heard[0].bytes, arp(7));
    assert_eq!(heard[0].wire_bytes, 42);
    assert_eq!(heard[0].packet_type, PacketType::Broadcast);
    assert!(heard[0].checksum_ready, "ARP has no transport checksum to wait for");
    // Its own frame is not heard by the sender: the next it hears is the answer.
    say(&mut far, &[&arp(8)]);
    assert_eq!(hear(&mut near, 1).iter().map(number_of).collect::<Vec<_>>(), [8]);
}

pub(crate) fn a_checksum_not_filled_in_yet_is_told() {
    let (near, far) = cable();
    let mut far = Link::open(far.link.index).unwrap();
    // A cable within one kernel never computes the checksum of what its own stack sends.
    let ask = multicast::ask(Service::Mdns, Family::V4, near.link.index).unwrap();
    let to = multicast::destination(Service::Mdns, Family::V4, near.link.index).unwrap();
    ask.socket.send_to(b"question", to).unwrap();
    let heard = hear(&mut far, 1);
    assert!(!heard[0].checksum_ready);
    assert_eq!(heard[0].packet_type, PacketType::Multicast);
    // What comes from elsewhere is whole.
    let mut near = Link::open(near.link.index).unwrap();
    say(&mut near, &[&udp([1, 0, 0x5e, 0, 0, 0xfb], [224, 0, 0, 251], [5353, 5353], b"x")]);
    assert!(hear(&mut far, 1)[0].checksum_ready);
}

pub(crate) fn the_kernel_filters_as_the_interpreter_does() {
    let (mut near, mut far) = linked_cable();
    let tagged = |id: u8| {
        let mut frame = arp(u16::from(id));
        frame.splice(12..12, [0x81, 0, 0, id]);
        frame
    };
    let group = [1, 0, 0x5e, 0, 0, 0xfb];
    let refused = [
        udp([0xff; 6], [10, 0, 0, 1], [40_000, 53], b"no"),
        udp(group, [224, 0, 0, 251], [443, 443], b"no"),
        syn_ack(*PROBE_PORTS.start() - 1),
        syn_ack(*PROBE_PORTS.end() + 1),
        tagged(10),
        {
            let mut other = arp(1);
            other[13] = 0xcc;
            other
        },
    ];
    let passed = [
        syn_ack(*PROBE_PORTS.start()),
        syn_ack(*PROBE_PORTS.end()),
        udp(group, [224, 0, 0, 251], [5353, 5353], b"yes"),
        arp(99),
    ];
    let all: Vec<&[u8]> = refused.iter().chain(&passed).map(Vec::as_slice).collect();
    say(&mut near, &all);
    // In order on one cable: once the last has come, what is missing was stopped.
    let heard = hear(&mut far, passed.len());
    assert_eq!(heard.iter().map(|frame| &frame.bytes).collect::<Vec<_>>(), passed.iter().collect::<Vec<_>>());
    assert!(!is_readable(&far));
}

pub(crate) fn other_networks_frames_stay_out() {
    let (mut near, mut far) = linked_cable();
    let tagged = |tag: [u8; 2], number: u16| {
        let mut frame = arp(number);
        frame.splice(12..12, [0x81, 0, tag[0], tag[1]]);
        frame
    };
    // Network 10; then network 0 with a priority, which is no network.
    say(&mut near, &[&tagged([0, 10], 1), &tagged([0x60, 0], 2), &arp(3)]);
    assert_eq!(hear(&mut far, 2).iter().map(number_of).collect::<Vec<_>>(), [2, 3]);
}

pub(crate) fn a_long_frame_is_cut_and_says_so() {
    let (near, far) = cable();
    ip("link set near mtu 9000");
    ip("link set far mtu 9000");
    let (mut near, mut far) = (Link::open(near.link.index).unwrap(), Link::open(far.link.index).unwrap());
    let long = udp([1, 0, 0x5e, 0, 0, 0xfb], [224, 0, 0, 251], [5353, 5353], &[7; 4_000]);
    say(&mut near, &[&long, &arp(1)]);
    let heard = hear(&mut far, 2);
    assert_eq!(heard[0].bytes, long[..FRAME_BYTES]);
    assert_eq!(heard[0].wire_bytes, long.len());
    assert_eq!(number_of(&heard[1]), 1);
}

pub(crate) fn more_frames_than_a_batch_come_in_order() {
    let (mut near, mut far) = linked_cable();
    let count = u16::try_from(MAX_FRAMES * 3 + 5).unwrap();
    let frames: Vec<Vec<u8>> = (0..count).map(arp).collect();
    let slices: Vec<&[u8]> = frames.iter().map(Vec::as_slice).collect();
    say(&mut near, &slices);
    let mut batch = Batch::default();
    // All are there, and one call takes no more than a batch.
    assert_eq!(wait_counted(&far, u32::from(count)), link::Counts { passed: u32::from(count), dropped: 0 });
    assert_eq!(far.receive(&mut batch).unwrap(), MAX_FRAMES);
    assert_eq!(batch.frames().count(), MAX_FRAMES);
    let rest = hear(&mut far, usize::from(count) - MAX_FRAMES);
    let numbers: Vec<u16> = rest.iter().map(number_of).collect();
    assert_eq!(numbers, (MAX_FRAMES as u16..count).collect::<Vec<_>>());
    assert_eq!(far.receive(&mut batch).unwrap(), 0);
    assert_eq!(batch.frames().count(), 0, "an empty receive leaves no old frames to be seen");
}

pub(crate) fn a_full_queue_tells_how_many_went() {
    let (mut near, mut far) = linked_cable();
    // A card that takes a thousand bytes a second and lets three thousand wait.
    shell("tc", "qdisc add dev near root tbf rate 8kbit burst 1600 limit 3000");
    let frames: Vec<Vec<u8>> = (0..500).map(arp).collect();
    let slices: Vec<&[u8]> = frames.iter().map(Vec::as_slice).collect();
    let sent = near.send(&slices).unwrap();
    assert_eq!(sent.rest, Rest::Pause);
    assert!(sent.frames > 20 && sent.frames < 200, "{sent:?}");
    // With the queue gone the rest goes from where it stopped; nothing is lost between but what the queue still held.
    shell("tc", "qdisc del dev near root");
    say(&mut near, &slices[sent.frames..]);
    let heard = hear(&mut far, 500 - sent.frames);
    assert_eq!(number_of(heard.last().unwrap()), 499);
    assert!(heard.iter().map(number_of).any(|number| usize::from(number) == sent.frames));
    // A send buffer smaller than what waits in the queue: now the descriptor itself is full.
    shell("tc", "qdisc add dev near root tbf rate 8kbit burst 1600 limit 1000000");
    SockRef::from(&near).set_send_buffer_size(4_096).unwrap();
    let sent = near.send(&slices).unwrap();
    assert_eq!(sent.rest, Rest::WaitWritable);
    assert!(sent.frames > 0 && sent.frames < 500, "{sent:?}");
}

pub(crate) fn a_frame_too_long_to_send_is_refused() {
    let (mut near, mut far) = linked_cable();
    let long = vec![0xff; 4_000];
    let good = arp(1);
    assert!(matches!(near.send(&[&long]), Err(Error::Other { .. })));
    // In the middle it stops the batch, and the next call says why.
    let sent = near.send(&[&good, &long, &good]).unwrap();
    assert_eq!(sent.frames, 1);
    assert_ne!(sent.rest, Rest::None);
    assert!(matches!(near.send(&[&long, &good]), Err(Error::Other { .. })));
    assert_eq!(near.send(&[]).unwrap().frames, 0);
    assert_eq!(hear(&mut far, 1).len(), 1);
}

pub(crate) fn frames_nobody_reads_are_counted() {
    let (mut near, mut far) = linked_cable();
    assert_eq!(far.counts().unwrap(), link::Counts::default());
    SockRef::from(&far).set_recv_buffer_size(4_096).unwrap();
    let frames: Vec<Vec<u8>> = (0..1_000).map(arp).collect();
    say(&mut near, &frames.iter().map(Vec::as_slice).collect::<Vec<_>>());
    let counts = wait_counted(&far, 1_000);
    assert_eq!(counts.passed, 1_000);
    assert!(counts.dropped > 900 && counts.dropped < 1_000, "{counts:?}");
    let mut batch = Batch::default();
    assert_eq!(far.receive(&mut batch).unwrap(), 1_000 - counts.dropped as usize);
    assert_eq!(far.counts().unwrap(), link::Counts::default(), "since it was last asked");
}

pub(crate) fn a_locked_filter_cannot_be_lifted() {
    let (near, _far) = cable();
    let fd = link::open(near.link.index, &PROBE_PORTS).unwrap();
    let everything = [SockFilter::new(0x06, 0, 0, 0xffff)];
    assert!(SockRef::from(&fd).attach_filter(&everything).is_err());
    assert!(SockRef::from(&fd).detach_filter().is_err());
}

pub(crate) fn down_is_told_and_up_heals() {
    let (mut near, mut far) = linked_cable();
    let mut batch = Batch::default();
    ip("link set far down");
    wait_readable(&far);
    assert!(matches!(far.receive(&mut batch), Err(Error::Down)));
    assert_eq!(far.receive(&mut batch).unwrap(), 0, "told once, then there is nothing to read");
    assert!(matches!(far.send(&[&arp(1)]), Err(Error::Down)));
    join_ends();
    say(&mut near, &[&arp(2)]);
    assert_eq!(hear(&mut far, 1).iter().map(number_of).collect::<Vec<_>>(), [2]);
}

pub(crate) fn an_interface_deleted_while_receiving_is_gone() {
    let (mut near, mut far) = linked_cable();
    let waiting = std::thread::spawn(move || {
        let mut batch = Batch::default();
        wait_readable(&far);
        loop {
            match far.receive(&mut batch) {
                Err(Error::InterfaceGone) => return far,
                // Between going down and going away the kernel says "down"; it wakes nobody for the second.
                Err(Error::Down) | Ok(0) => std::thread::yield_now(),
                other => panic!("neither gone nor down: {other:?}"),
            }
        }
    });
    ip("link del near");
    let mut far = waiting.join().unwrap();
    assert!(matches!(far.send(&[&arp(1)]), Err(Error::InterfaceGone)));
    assert!(matches!(near.send(&[&arp(1)]), Err(Error::InterfaceGone)));
    assert!(matches!(near.receive(&mut Batch::default()), Err(Error::InterfaceGone)));
    assert!(matches!(Link::open(far.interface()), Err(Error::InterfaceGone)));
    assert!(matches!(Link::open(NOWHERE), Err(Error::InterfaceGone)));
    let fd: OwnedFd = far.as_fd().try_clone_to_owned().unwrap();
    assert!(matches!(Link::adopt(fd), Err(Error::InterfaceGone)));
}

pub(crate) fn an_interface_deleted_after_down_is_gone() {
    let (_near, mut far) = linked_cable();
    let mut changes = Changes::subscribe().unwrap();
    let mut batch = Batch::default();
    ip("link set far down");
    wait_readable(&far);
    assert!(matches!(far.receive(&mut batch), Err(Error::Down)));
    ip("link del far");
    // The socket stays silent; the change stream is what wakes the owner.
    assert!(!is_readable(&far));
    let mut heard = Vec::new();
    while !heard.contains(&Change::LinkGone(far.interface())) {
        wait_readable(&changes);
        changes.read(&mut heard).unwrap();
    }
    assert!(matches!(far.receive(&mut batch), Err(Error::InterfaceGone)));
}

pub(crate) fn what_is_no_raw_socket_is_not_adopted() {
    let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
    assert!(matches!(Link::adopt(udp.into()), Err(Error::Other { .. })));
    let file = std::fs::File::open("/proc/self/status").unwrap();
    assert!(matches!(Link::adopt(file.into()), Err(Error::Other { .. })));
}

pub(crate) fn no_descriptor_leaks() {
    let (near, far) = cable();
    let open = || std::fs::read_dir("/proc/self/fd").unwrap().count();
    let before = open();
    for _ in 0..200 {
        drop(Link::open(near.link.index).unwrap());
        assert!(Link::open(NOWHERE).is_err());
        assert!(multicast::listen(Service::Mdns, Family::V4, NOWHERE).is_err());
        drop(multicast::listen(Service::Mdns, Family::V4, far.link.index).unwrap());
        drop(Changes::subscribe().unwrap());
        interface::list().unwrap();
        assert!(interface::find("no-such").is_err());
    }
    assert_eq!(open(), before);
}
