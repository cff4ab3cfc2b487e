"""A LAN of real daemons in network namespaces, with ground truth.

This package never touches the machine's own interfaces, addresses or packet filter.
The command `tests/lab/lab` and the Python tests import it.
"""
