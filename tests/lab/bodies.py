"""What runs inside each type of host: the daemons and their configuration.

It starts nothing; it writes files and returns the commands of a body.
`lifecycle.py` asks it for one host at a time.
"""

from .software import announce, devices, router, shell, web
from .software import files as file_servers


def commands(lab, host, files):
    """Writes the configuration of a host's daemons and returns the shell commands of its body."""
    return _BODIES[host.type](lab, host, files)


def _router(lab, host, files):
    return router.dnsmasq(files, lab) + web.nginx(files, "FRITZ!Box 7590", server="box")


def _windows(_lab, host, files):
    return file_servers.samba(files, host, "Windows 11 Pro", netbios=True) + file_servers.wsdd(host)


def _mac(lab, host, files):
    owner = "Anna's MacBook Pro"
    services = [
        (owner, "_ssh._tcp", 22, []),
        (owner, "_sftp-ssh._tcp", 22, []),
        (owner, "_smb._tcp", 445, []),
        (owner, "_device-info._tcp", 0, [f"model={host.options['model']}", "osxvers=23"]),
    ]
    return (
        announce.avahi(files, host, services)
        + shell.sshd(files, lab, host)
        + file_servers.samba(files, host, owner, netbios=False)
    )


def _printer(_lab, host, files):
    page = web.nginx(files, "HP LaserJet Pro M404n", server="HP HTTP Server")
    return announce.avahi(files, host, [], bus=True) + devices.printer(files, host) + page


def _nas(_lab, host, files):
    services = [
        ("%h", "_http._tcp", 80, ["vendor=Synology", "model=DS220+", f"serial=21A0{host.mac[-5:].replace(':', '')}"]),
        ("%h", "_smb._tcp", 445, []),
    ]
    return (
        announce.avahi(files, host, services)
        + file_servers.samba(files, host, "DS220+", netbios=True)
        + file_servers.minidlna(files, host, f"{host.hostname} (DS220+)")
        + web.nginx(files, f"{host.hostname} - Synology DiskStation", tls_names=["diskstation.lan", "nas.example.org"])
    )


def _switch(_lab, host, files):
    return devices.snmpd(files, host)


def _web(_lab, _host, files):
    return web.nginx(files, "Intranet - Example Works", tls_names=["www.lan", "intranet.example.org", "*.apps.lan"])


def _arponly(_lab, _host, files):
    path = files.write(
        "arponly.nft",
        "table inet lab {\n chain in { type filter hook input priority 0; policy drop;\n }\n"
        " chain out { type filter hook output priority 0; policy drop;\n }\n}\n",
    )
    return [f"exec nft -f {path}"]


def _dhcp(_lab, host, files):
    return devices.dhcp_client(files, host)


def _speaker(_lab, host, files):
    return devices.own(
        files,
        "cast_speaker",
        {
            "host": host.hostname,
            "address": host.ipv4[0],
            "model": host.options["model"],
            "friendly": host.options["friendly"],
            "id": host.options["uuid"].replace("-", ""),
        },
        site=True,
    )


def _six(lab, host, files):
    return announce.avahi(files, host, [("%h", "_ssh._tcp", 22, [])]) + shell.sshd(files, lab, host)


def _tv(_lab, host, files):
    return devices.own(
        files,
        "upnp_tv",
        {
            "address": host.ipv4[0],
            "model": host.options["model"],
            "friendly": host.options["friendly"],
            "uuid": host.options["uuid"],
        },
    )


def _camera(_lab, host, files):
    return devices.own(
        files, "ip_camera", {"address": host.ipv4[0], "model": host.options["model"], "uuid": host.options["uuid"]}
    )


def _mqtt(_lab, host, files):
    return announce.avahi(files, host, [("MQTT on %h", "_mqtt._tcp", 1883, [])]) + devices.mosquitto(files)


def _plug(_lab, host, files):
    mac = host.mac.replace(":", "")
    services = [
        (
            host.hostname,
            "_esphomelib._tcp",
            6053,
            [f"mac={mac}", "platform=ESP32", "version=2026.9.1", f"board={host.options['model']}", "network=wifi"],
        )
    ]
    return announce.avahi(files, host, services) + devices.own(files, "esphome_plug", {"name": host.hostname})


def _raspberry(lab, host, files):
    return announce.avahi(files, host, [], workstation=True) + shell.sshd(files, lab, host)


def _linux(lab, host, files):
    return shell.sshd(files, lab, host)


def _voip(_lab, host, files):
    page = web.nginx(files, "Yealink T46S Phone", server="yealink")
    return page + devices.own(files, "sip_phone", {"model": host.options["model"], "address": host.ipv4[0]})


def _rogue(lab, host, files):
    return router.rogue(files, lab, host.ipv4[0])


def _proxy(lab, _host, files):
    path = files.write(
        "proxy.sh",
        f"""\
set -e
ip link show far >/dev/null 2>&1 || ip link add far type veth peer name away
ip link set away up
ip link set far up
ip route replace {lab.proxied} dev far
echo 0 > /proc/sys/net/ipv4/neigh/eth0/proxy_delay
echo 1 > /proc/sys/net/ipv4/conf/eth0/proxy_arp
echo 1 > /proc/sys/net/ipv4/ip_forward
""",
    )
    return [f"exec sh {path}"]


_BODIES = {
    "router": _router,
    "linux": _linux,
    "windows": _windows,
    "mac": _mac,
    "printer": _printer,
    "nas": _nas,
    "switch": _switch,
    "web": _web,
    "arponly": _arponly,
    "phone": _dhcp,
    "tablet": _dhcp,
    "console": _dhcp,
    "speaker": _speaker,
    "six": _six,
    "tv": _tv,
    "camera": _camera,
    "mqtt": _mqtt,
    "plug": _plug,
    "raspberry": _raspberry,
    "voip": _voip,
    "rogue": _rogue,
    "proxy": _proxy,
    "dual": _linux,
}
