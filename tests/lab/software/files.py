"""samba, wsdd and minidlna: file and media servers and how Windows finds them.

They share nothing of the machine: the only share is an empty folder in memory.
`catalogue.py` calls it.
"""

import shutil

SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def samba(files, host, comment, netbios):
    """smbd on 445 (and 139), with nmbd when the host answers NetBIOS names."""
    path = files.write(
        "smb.conf",
        f"""\
[global]
workgroup = WORKGROUP
netbios name = {host.hostname.split(".")[0][:15]}
server string = {comment}
interfaces = eth0
server role = standalone server
disable netbios = {"no" if netbios else "yes"}
smb ports = {"445 139" if netbios else "445"}
load printers = no
printcap name = /dev/null
disable spoolss = yes
map to guest = bad user
log file = /dev/stderr
logging = file
max log size = 0
lock directory = /run/samba
state directory = /run/samba/state
cache directory = /run/samba/cache
private dir = /run/samba/private
pid directory = /run/samba
ncalrpc dir = /run/samba/ncalrpc
[public]
path = /run/samba/share
guest ok = yes
""",
    )
    # nmbd ends without a word when its run-time folder is missing.
    prepare = "mkdir -p /run/samba/nmbd /run/samba/state /run/samba/cache /run/samba/private /run/samba/share"
    commands = [f"{prepare} && exec smbd -F --no-process-group -s {path}"]
    if netbios:
        commands.append(f"{prepare} && exec nmbd -F --no-process-group -s {path}")
    return commands


def has_wsdd():
    """Whether Debian's wsdd is there (12, Ubuntu 24.04); Debian 13 has wsdd2 instead."""
    return shutil.which("wsdd", path=SYSTEM_PATH) is not None


def wsdd_ports():
    """TCP and UDP ports of the WS-Discovery daemon of this system; wsdd2 answers LLMNR as well."""
    return ([5357], [3702]) if has_wsdd() else ([3702, 5355], [3702, 5355])


def wsdd(host):
    """WS-Discovery and its metadata page, as Windows answers it."""
    if has_wsdd():
        return [f"exec wsdd -i eth0 -4 -s -p -w WORKGROUP -n {host.hostname} -U {host.options['uuid']}"]
    return [f"exec wsdd2 -4 -i eth0 -G WORKGROUP -N {host.hostname} -H {host.hostname}"]


def minidlna(files, host, name):
    """minidlnad: SSDP and a UPnP media server on 8200."""
    path = files.write(
        "minidlna.conf",
        f"""\
network_interface=eth0
port=8200
media_dir=/run/media
db_dir=/run/minidlna
log_dir=/run/minidlna
friendly_name={name}
uuid={host.options["uuid"]}
serial={host.mac.replace(":", "")}
model_number=1
notify_interval=300
inotify=no
""",
    )
    return [f"mkdir -p /run/media /run/minidlna && exec minidlnad -S -f {path}"]
