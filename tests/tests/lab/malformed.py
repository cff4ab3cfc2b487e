"""Sends frames that lie: cut short, flipped, looping, with lengths that do not fit. Prints how many.

It never sends more than told and waits for nothing. A test runs it inside a host of the lab.
"""

import fcntl
import random
import socket
import struct

random.seed(20261121)
MULTICAST = {5353: "224.0.0.251", 1900: "239.255.255.250", 3702: "239.255.255.250", 5355: "224.0.0.252"}
card = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
card.bind(("eth0", 0))
own = card.getsockname()[4]
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
    source = fcntl.ioctl(asked, 0x8915, struct.pack("256s", b"eth0"))[20:24]
sent = 0


def send(frame):
    global sent
    frame = frame[:1514].ljust(14, b"\0")
    card.send(frame)
    sent += 1


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def ipv4(payload, protocol, target):
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), 7, 0, 255, protocol, 0, source, target)
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + payload


def udp(port, payload, target=None):
    target = socket.inet_aton(target or MULTICAST.get(port, "255.255.255.255"))
    head = struct.pack("!HHHH", port, port, 8 + len(payload), 0)
    to = b"\xff" * 6 if target[0] < 224 or target[0] == 255 else b"\x01\x00\x5e" + bytes([target[1] & 127]) + target[2:]
    return to + own + b"\x08\x00" + ipv4(head + payload, 17, target)


def dns(answers, body, flags=0x8400):
    return struct.pack("!HHHHHH", 0, flags, 0, answers, 0, 0) + body


def record(name, kind, data, length=None):
    return name + struct.pack("!HHIH", kind, 0x8001, 120, len(data) if length is None else length) + data


def label(text):
    return bytes([len(text)]) + text


loops = [
    dns(1, record(b"\xc0\x0c", 1, b"\x0a\x4d\x00\x0b")),  # a name that points at itself
    dns(1, record(b"\xc0\x0e\xc0\x0c", 1, b"\x0a\x4d\x00\x0b")),  # two that point at each other
    dns(1, record(label(b"a") + b"\xc0\x0c", 1, b"\x0a\x4d\x00\x0b")),  # one that grows with each turn
    dns(1, record(b"\xff\xff", 12, b"\xc0\xff")),  # far outside
    dns(65535, record(label(b"x" * 63) * 4 + b"\0", 33, b"\0" * 6 + b"\xc0\x0c")),  # too many, too long
    dns(200, record(label(b"_http") + label(b"_tcp") + label(b"local") + b"\0", 12, b"\xc0\x0c", 65535) * 20),
    dns(1, record(label(b"\x1b[31m\n\0evil") + label(b"local") + b"\0", 1, source)),  # a name for a terminal
    dns(1, b"\x40" * 600) + b"\x80" * 200,  # reserved kinds of label
    dns(3, b"".join(bytes([0xC0, 12 + number % 40]) for number in range(600))),
]
netbios = struct.pack("!HHHHHH", 1, 0x8400, 0, 1, 0, 0) + b"\x20" + b"CK" + b"A" * 30 + b"\0" + struct.pack("!HHIHB", 33, 1, 0, 65, 255)
ssdp = b"NOTIFY * HTTP/1.1\r\nNTS: ssdp:alive\r\nLOCATION: http://" + b"9" * 1200 + b"/\r\n\r\n"
wsd = b"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b '&c;&c;'><!ENTITY c '&b;&b;'>]><a>" + b"<x>" * 400
dhcp = b"\1\1\6\0" + b"\0" * 24 + own + b"\0" * 202 + b"\x63\x82\x53\x63" + b"\x35\1\3\x0c\xffabc"
snmp = b"\x30\x84\xff\xff\xff\xff\x02\x01\x00"
arp = b"\xff" * 6 + own + b"\x08\x06" + struct.pack("!HHBBH", 1, 0x0800, 6, 4, 2) + own + source + own + source
nd = (
    b"\x33\x33\0\0\0\1" + own + b"\x86\xdd" + struct.pack("!IHBB", 6 << 28, 32, 58, 255) + b"\xfe\x80" + b"\0" * 13 + b"\x09"
    + b"\xff\x02" + b"\0" * 13 + b"\1" + b"\x88\0\0\0\x20\0\0\0\xfe\x80" + b"\0" * 13 + b"\x09" + b"\x02\x00" + own
)  # fmt: skip

whole = [udp(5353, body) for body in loops] + [udp(5355, body) for body in loops]
whole += [udp(137, netbios), udp(138, netbios), udp(1900, ssdp), udp(3702, wsd), udp(67, dhcp), udp(68, dhcp), udp(161, snmp)]
whole += [nd, b"\xff" * 6 + own + b"\x81\x00\x00\x01" * 300, own + own + b"\x88\xcc" + b"\xff" * 100]
for frame in whole:
    send(frame)
# Cut at every length, ARP as well; what is whole of it says nothing new.
for frame in [*whole, arp]:
    for end in range(14, min(len(frame), 240)):
        send(frame[:end])
# With random octets changed behind the addresses, never in the ARP: that would be a claim, not a mistake.
for _ in range(3000):
    frame = bytearray(random.choice(whole))
    for _ in range(random.randint(1, 8)):
        frame[random.randrange(42, len(frame))] = random.randrange(256)
    send(bytes(frame))
print(sent)
