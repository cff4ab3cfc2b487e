"""sshd with a host key of its own, which stays the same for the host's whole life.

It never takes a password; only the lab's own key opens a session.
`catalogue.py` calls it.
"""

import os

from ..kernel import run


def make_key(path, comment):
    """Makes an Ed25519 key pair unless it is there already."""
    if not os.path.exists(path):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", path])


def client_key(lab):
    """Path of the key that opens sessions on the lab's sshd hosts."""
    return f"{lab.state}/client_key"


def sshd(files, lab, host):
    """sshd on port 22, IPv4 and IPv6."""
    make_key(f"{files.folder}/host_key", host.name)
    make_key(client_key(lab), "lab")
    with open(f"{client_key(lab)}.pub", encoding="ascii") as file:
        files.write("authorized_keys", file.read(), 0o600)
    path = files.write(
        "sshd_config",
        """\
Port 22
HostKey /mnt/host_key
PidFile /run/sshd.pid
AuthorizedKeysFile /mnt/authorized_keys
StrictModes no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
UsePAM no
PrintMotd no
MaxStartups 30
""",
    )
    return [f"mkdir -p /run/sshd && exec /usr/sbin/sshd -D -e -f {path}"]
