"""The network card of a sleeping host: waits for its magic packet and then runs a command.

It never answers; it reads what the appliance sends at the bridge's port.
`change sleep` starts it: wake_listener.py PORT MAC PASSWORD|- COMMAND...
"""

import os
import socket
import sys

ETH_P_ALL = 0x0003


def main():
    """Looks for six times ff and sixteen times the MAC anywhere in a frame, then the password when there is one."""
    port, mac, password, command = sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4:]
    magic = b"\xff" * 6 + bytes.fromhex(mac.replace(":", "")) * 16
    if password != "-":
        magic += bytes.fromhex(password.replace(":", ""))
    card = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    card.bind((port, 0))
    while True:
        try:
            frame = card.recv(65536)
        except OSError:
            continue  # the appliance's cable is out for the moment
        if magic in frame:
            os.execv(command[0], command)


main()
