"""Announces machines with names nobody should have: by mDNS, DHCP, NetBIOS and SSDP. Takes the names as arguments.

It never answers anybody. A test runs it inside a host of the lab.
"""

import json
import socket
import struct
import sys

names = json.loads(sys.argv[1])
card = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
card.bind(("eth0", 0))


def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def send(mac, source, port, target, payload, from_port=None):
    """One datagram, in as many frames as it needs: names may be long, frames may not."""
    to = socket.inet_aton(target)
    datagram = struct.pack("!HHHH", from_port or port, port, 8 + len(payload), 0) + payload
    datagram = datagram[:1480]
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(datagram), 7, 0, 255, 17, 0) + source + to
    head = head[:10] + struct.pack("!H", checksum(head)) + head[12:]
    group = b"\xff" * 6 if to[0] == 255 or to[3] == 255 else b"\x01\x00\x5e" + bytes([to[1] & 127]) + to[2:]
    card.send(group + mac + b"\x08\x00" + head + datagram)


def labels(*parts):
    return b"".join(bytes([len(part[:63])]) + part[:63] for part in parts) + b"\0"


for number, name in enumerate(names):
    text = name.encode()
    mac, source = bytes([0x00, 0x1B, 0x63, 0, 1, number]), bytes([10, 77, 0, 210 + number])
    # It is there, and says so: an ARP announcement (RFC 5227), and again, so that it is taken for a device.
    for _ in range(3):
        arp = b"\xff" * 6 + mac + b"\x08\x06" + struct.pack("!HHBBH", 1, 0x0800, 6, 4, 2)
        card.send(arp + mac + source + b"\xff" * 6 + source)
    # mDNS: an address record and a text record under the name (RFC 6762).
    host = labels(text, b"local")
    address = host + struct.pack("!HHIH", 1, 0x8001, 120, 4) + source
    words = b"".join(bytes([len(word)]) + word for word in (b"fn=" + text[:200], b"md=" + text[:200]))
    service = labels(text, b"_http", b"_tcp", b"local")
    said = service + struct.pack("!HHIH", 16, 0x8001, 120, len(words)) + words
    place = struct.pack("!HHH", 0, 0, 80) + host
    where = service + struct.pack("!HHIH", 33, 0x8001, 120, len(place)) + place
    pointer = labels(b"_http", b"_tcp", b"local") + struct.pack("!HHIH", 12, 1, 120, len(service)) + service
    for record in (address, said, where, pointer):
        send(mac, source, 5353, "224.0.0.251", struct.pack("!HHHHHH", 0, 0x8400, 0, 1, 0, 0) + record)
    # DHCP: a request with the name and a vendor class (RFC 2131, RFC 2132).
    options = b"\x63\x82\x53\x63\x35\x01\x03\x0c" + bytes([len(text[:255])]) + text[:255]
    options += b"\x3c" + bytes([len(text[:255])]) + text[:255] + b"\xff"
    bootp = struct.pack("!BBBBIHH", 1, 1, 6, 0, 9, 0, 0x8000) + b"\0" * 16 + mac + b"\0" * 10 + b"\0" * 192
    send(mac, b"\0" * 4, 67, "255.255.255.255", bootp + options, 68)
    # NetBIOS: it registers the name (RFC 1002, 4.2.2).
    short = (text[:15].ljust(15) + b"\0")[:16]
    coded = labels(b"".join(bytes([0x41 + (octet >> 4), 0x41 + (octet & 15)]) for octet in short))
    question = coded + struct.pack("!HH", 32, 1)
    extra = b"\xc0\x0c" + struct.pack("!HHIHH", 32, 1, 300, 6, 0) + source
    send(mac, source, 137, "10.77.0.255", struct.pack("!HHHHHH", number, 0x2910, 1, 0, 0, 1) + question + extra)
    # SSDP: it is alive, in its own words.
    notify = b"NOTIFY * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nCACHE-CONTROL: max-age=1800\r\nNT: upnp:rootdevice\r\n"
    notify += b"NTS: ssdp:alive\r\nUSN: uuid:" + text[:100] + b"::upnp:rootdevice\r\nSERVER: " + text[:1000] + b"\r\n\r\n"
    send(mac, source, 1900, "239.255.255.250", notify)
print(len(names))
