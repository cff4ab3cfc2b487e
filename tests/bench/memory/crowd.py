"""Invented machines that say a lot: each in several mDNS packets, with names, addresses, services and words.

It answers nobody, so all of it is hearsay; the machines are known to the appliance beforehand.
`cli.py` runs it inside a host of the lab: crowd.py MACHINES ROUND PER_SECOND.
"""

import socket
import struct
import sys
import time

GROUP_MAC = bytes.fromhex("3333000000fb")
GROUP = socket.inet_pton(socket.AF_INET6, "ff02::fb")
MDNS = 5353
PTR, TXT, AAAA, SRV = 12, 16, 28, 33
# Packets of one machine, each with a name, an address and services of its own: more than the tables of a device hold.
PACKETS = 16
SERVICES = 3


def mac_of(number):
    """The Ethernet address of a machine; also what the list that is imported says."""
    return bytes((0x00, 0x1B, 0x63, 0x40 | number >> 16 & 0x0F, number >> 8 & 0xFF, number & 0xFF))


def _name(text):
    return b"".join(bytes((len(part),)) + part.encode() for part in text.split(".")) + b"\0"


def _record(name, kind, data):
    return _name(name) + struct.pack("!HHIH", kind, 0x8001, 120, len(data)) + data


def _answer(number, packet, address, turn):
    host = f"machine-{number}-called-{packet}-in-turn-{turn}-and-a-long-tail-of-a-name.local"
    records = [_record(host, AAAA, address)]
    for service in range(SERVICES):
        port = 1024 + packet * SERVICES + service
        kind = f"_service{packet * SERVICES + service}._tcp.local"
        instance = f"Somebody's thing {number} {packet} {service}.{kind}"
        records.append(_record(kind, PTR, _name(instance)))
        records.append(_record(instance, SRV, struct.pack("!HHH", 0, 0, port) + _name(host)))
        words = (f"model=Model {packet}{service} of an invented maker with words", f"manufacturer=Maker {packet}")
        words += (f"fn=The friendly name {packet} {service} in turn {turn}",)
        records.append(_record(instance, TXT, b"".join(bytes((len(word),)) + word.encode() for word in words)))
    return struct.pack("!6H", 0, 0x8400, 0, len(records), 0, 0) + b"".join(records)


def _sum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data[: len(data) & ~1])) + (data[-1] << 8 if len(data) % 2 else 0)
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF or 0xFFFF


def frame(number, packet, turn):
    """One mDNS answer over IPv6, as the machine itself would send it."""
    mac = mac_of(number)
    address = bytes.fromhex("fe80000000000000") + struct.pack("!HIH", packet, number, turn)
    payload = _answer(number, packet, address, turn)
    length = 8 + len(payload)
    head = struct.pack("!HHHH", MDNS, MDNS, length, 0)
    checksum = _sum(address + GROUP + struct.pack("!II", length, 17) + head + payload)
    udp = struct.pack("!HHHH", MDNS, MDNS, length, checksum) + payload
    return GROUP_MAC + mac + b"\x86\xdd" + struct.pack("!IHBB", 6 << 28, length, 17, 255) + address + GROUP + udp


def main():
    machines, turn, pace = (int(word) for word in sys.argv[1:4])
    card = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    card.bind(("eth0", 0))
    sent, began = 0, time.monotonic()
    for packet in range(PACKETS):
        for number in range(machines):
            card.send(frame(number, packet, turn))
            sent += 1
            ahead = sent / pace - (time.monotonic() - began)
            if ahead > 0.01:
                time.sleep(ahead)
    print(sent)


if __name__ == "__main__":
    main()
