"""Who gets which address: MACs from real vendor prefixes, the split of the segment, IPv6 from the MAC.

It never asks the network; the same lab gets the same addresses each time, random MACs excepted.
`catalogue.py`, `changes.py` and `truth.py` call it.
"""

import hashlib
import ipaddress
import os

from .errors import LabError

# Prefix of the IPv6 addresses beyond link-local (RFC 4193, locally assigned).
ULA_PREFIX = "fd77:7676:7600:1::"
# Virtual router 51 (RFC 5798, 7.3).
VRRP_MAC = "00:00:5e:00:01:33"
# Static addresses of typed hosts start here, the DHCP pool and the fillers follow.
TYPED_FIRST = 10
POOL_FIRST = 40
# Three phones and consoles of the standard set and some to change to.
POOL_SIZE = 7
FILLER_FIRST = POOL_FIRST + POOL_SIZE


def vendor_mac(prefix, name):
    """A MAC with a real vendor prefix (6 hex digits) and a tail that depends on the host's name only."""
    tail = hashlib.sha256(name.encode()).hexdigest()[:6]
    digits = (prefix + tail).lower()
    return ":".join(digits[index : index + 2] for index in range(0, 12, 2))


def random_mac():
    """A MAC as phones make them up: random, locally administered, unicast."""
    octets = bytearray(os.urandom(6))
    octets[0] = (octets[0] & 0xFC) | 0x02
    return octets.hex(":")


def link_local(mac):
    """The link-local address the kernel derives from a MAC (RFC 4291, appendix A)."""
    return _from_mac("fe80::", mac)


def ula(mac):
    """An address under the lab's ULA prefix with the same interface id."""
    return _from_mac(ULA_PREFIX, mac)


def _from_mac(prefix, mac):
    octets = bytearray.fromhex(mac.replace(":", ""))
    octets[0] ^= 0x02
    interface = bytes(octets[:3]) + b"\xff\xfe" + bytes(octets[3:])
    return str(ipaddress.IPv6Address(int(ipaddress.IPv6Address(prefix)) + int.from_bytes(interface, "big")))


def pool(network):
    """First and last address the router leases."""
    return str(network[POOL_FIRST]), str(network[POOL_FIRST + POOL_SIZE - 1])


def filler_addresses(network, taken):
    """Addresses for fillers in order: behind the pool first, then the gaps in front of it."""
    leased = range(POOL_FIRST, POOL_FIRST + POOL_SIZE)
    last = network.num_addresses - 1  # the broadcast address
    for number in [*range(FILLER_FIRST, last), *range(3, POOL_FIRST)]:
        address = str(network[number])
        if number not in leased and address not in taken:
            yield address


def check_subnet(text):
    """The segment as a network; LabError unless it is a private IPv4 network of a usable size."""
    try:
        network = ipaddress.ip_network(text)
    except ValueError as problem:
        raise LabError(str(problem)) from problem
    if network.version != 4 or not network.is_private or not 16 <= network.prefixlen <= 25:
        raise LabError("the segment has to be a private IPv4 network between /16 and /25")
    return network
