"""Sends ARP requests of invented machines that claim random addresses of the segment: COUNT machines, PASSES times.

It never answers anybody. A test runs it inside a host of the lab.
"""

import random
import socket
import struct
import sys

count, passes = int(sys.argv[1]), int(sys.argv[2])
random.seed(count)
card = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
card.bind(("eth0", 0))
storm = []
for _ in range(count):
    mac = bytes([random.choice((0x02, 0x00, 0xB8))]) + random.randbytes(5)
    claimed, wanted = (bytes([10, 77, 0, random.randint(1, 254)]) for _ in range(2))
    head = b"\xff" * 6 + mac + b"\x08\x06" + struct.pack("!HHBBH", 1, 0x0800, 6, 4, 1)
    storm.append(head + mac + claimed + b"\0" * 6 + wanted)
for _ in range(passes):
    for frame in storm:
        card.send(frame)
