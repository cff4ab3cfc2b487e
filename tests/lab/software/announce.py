"""avahi as mDNS responder, with the services a host announces.

It never publishes on another interface than the host's one.
`catalogue.py` calls it.
"""

from xml.sax.saxutils import escape


def _group(name, kind, port, texts):
    records = "".join(f"<txt-record>{escape(text)}</txt-record>" for text in texts)
    return (
        '<?xml version="1.0" standalone="no"?><!DOCTYPE service-group SYSTEM "avahi-service.dtd">\n'
        f'<service-group><name replace-wildcards="yes">{escape(name)}</name>'
        f"<service><type>{kind}</type><port>{port}</port>{records}</service></service-group>\n"
    )


def avahi(files, host, services, bus=False, workstation=False):
    """avahi-daemon; `services` are (instance name, type, port, TXT strings). `%h` in a name is the host's name.

    Without a bus avahi is one process; ippeveprinter can only register its service over one.
    """
    for number, service in enumerate(services):
        files.write(f"avahi/{number}.service", _group(*service))
    path = files.write(
        "avahi.conf",
        f"""\
[server]
host-name={host.hostname.split(".")[0]}
domain-name=local
use-ipv4={"yes" if host.dhcp or host.ipv4 else "no"}
use-ipv6=yes
allow-interfaces=eth0
enable-dbus={"yes" if bus else "no"}
ratelimit-interval-usec=1000000
ratelimit-burst=1000
[publish]
publish-workstation={"yes" if workstation else "no"}
publish-hinfo=no
[reflector]
enable-reflector=no
[rlimits]
""",
    )
    prepare = "mkdir -p /mnt/avahi /run/avahi-daemon && mount --bind /mnt/avahi /etc/avahi/services"
    if bus:
        prepare += " && until [ -S /run/dbus/system_bus_socket ]; do sleep 0.05; done"
    commands = [f"{prepare} && exec avahi-daemon --no-drop-root --no-chroot --no-rlimits -f {path}"]
    if bus:
        commands.insert(0, "mkdir -p /run/dbus && exec dbus-daemon --system --nofork --nopidfile")
    return commands
