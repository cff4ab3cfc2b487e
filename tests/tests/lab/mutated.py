"""Sends real frames with some octets changed: COUNT of them, made from MESSAGES, hexadecimal by protocol, from SEED on.

Prints how many were sent. It never waits for anything. A test runs it inside a host of the lab. The same seed and count
send the same frames, another seed sends others.
"""

import json
import random
import socket
import struct
import sys

count, messages, seed = int(sys.argv[1]), json.loads(sys.argv[2]), int(sys.argv[3])
random.seed(seed)
card = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
card.bind(("eth0", 0))
own = card.getsockname()[4]
# Port of what each folder of messages holds, and where it is heard.
HEARD = {
    "dhcp": (67, "255.255.255.255"),
    "mdns": (5353, "224.0.0.251"),
    "dns": (5353, "224.0.0.251"),
    "nbns": (137, "255.255.255.255"),
    "ssdp": (1900, "239.255.255.250"),
    "wsd": (3702, "239.255.255.250"),
}


def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def wrap(payload, port, target):
    address = socket.inet_aton(target)
    head = struct.pack("!BBHHHBBH", 0x45, 0, 28 + len(payload), 7, 0, 255, 17, 0)
    head += bytes([10, 77, 0, 200]) + address
    head = head[:10] + struct.pack("!H", checksum(head)) + head[12:]
    to = b"\xff" * 6 if address[0] == 255 else b"\x01\x00\x5e" + bytes([address[1] & 127]) + address[2:]
    return to + own + b"\x08\x00" + head + struct.pack("!HHHH", port, port, 8 + len(payload), 0) + payload


seeds = [bytes.fromhex(frame) for frame in messages["frame"]]
for name, (port, target) in HEARD.items():
    seeds += [wrap(bytes.fromhex(message)[:1400], port, target) for message in messages[name]]
seeds = [seed[:1514].ljust(60, b"\0") for seed in seeds]
send, roll = card.send, random.randrange
sent = 0
for number in range(count):
    frame = bytearray(seeds[number % len(seeds)])
    # Past the Ethernet header, or the kernel's filter is all that is tested; sometimes that too.
    first = 14 if number % 16 else 0
    for _ in range(1 + number % 4):
        frame[roll(first, len(frame))] = roll(256)
    if number % 32 == 0:
        del frame[roll(14, len(frame)) :]
    try:
        send(frame)
    except OSError:
        # The queue of the card is full: what is not sent is not counted.
        continue
    sent += 1
print(sent)
