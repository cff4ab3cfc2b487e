"""Printer, SNMP switch, MQTT broker, DHCP client and the lab's own small daemons.

The small daemons stand in where Debian has no server for the device; they are plain Python.
`catalogue.py` calls it.
"""

import json
import shlex

PYTHON = "/usr/bin/python3"


def printer(files, host):
    """ippeveprinter on 631 (announced over the bus by avahi) and listeners on 9100 and 515 that count what they get."""
    path = files.daemon("printer_sink.py")
    # No -n: the printer would announce a host name that avahi does not hold.
    wait = "until [ -S /run/avahi-daemon/socket ]; do sleep 0.05; done; sleep 0.3"
    return [
        f"mkdir -p /run/spool && {wait}; exec ippeveprinter -p 631 -d /run/spool -f application/pdf,image/pwg-raster"
        f" -M HP -m {shlex.quote('LaserJet Pro M404n')} -s 38,38 {shlex.quote(host.options['instance'])}",
        f"exec {PYTHON} -S {path} /mnt/printer_sink.json 9100 515",
    ]


def snmpd(files, host):
    """snmpd: community `public` for version 2c, user `lab` (authentication and privacy) for version 3."""
    path = files.write(
        "snmpd.conf",
        f"""\
agentaddress udp:161
sysname {host.hostname}
sysdescr {host.options["description"]}
sysobjectid 1.3.6.1.4.1.4526.100.4.10
syslocation rack 1
syscontact admin@lan
sysservices 2
rocommunity public
createUser lab SHA lab-authentication AES lab-privacy
rouser lab authpriv
""",
        0o600,
    )
    return [f"mkdir -p /run/snmp && SNMP_PERSISTENT_DIR=/run/snmp exec snmpd -f -LO w -C -c {path}"]


def mosquitto(files):
    """The MQTT broker on 1883, open to everyone on the LAN as most home brokers are."""
    path = files.write(
        "mosquitto.conf", "listener 1883\nallow_anonymous true\nuser root\npersistence false\nlog_dest stderr\n"
    )
    return [f"exec mosquitto -c {path}"]


def dhcp_client(files, host):
    """udhcpc, naming itself with the host's name and the vendor class of its kind (RFC 2132, options 12 and 60)."""
    script = files.write(
        "lease.sh",
        """\
#!/bin/sh
case $1 in
deconfig) ip addr flush dev "$interface" scope global; ip link set "$interface" up ;;
bound|renew)
  ip addr replace "$ip/$mask" broadcast + dev "$interface"
  for other in $(ip -o -4 addr show dev "$interface" | sed -n 's/.*inet \\([^ ]*\\).*/\\1/p'); do
    [ "$other" = "$ip/$mask" ] || ip addr del "$other" dev "$interface"
  done
  for gateway in $router; do ip route replace default via "$gateway"; break; done ;;
esac
""",
        0o755,
    )
    vendor = host.options.get("vendor_class", "")
    more = f" -V {shlex.quote(vendor)}" if vendor else ""
    if host.options.get("wanted_ip"):
        more += f" -r {host.options['wanted_ip']}"
    return [
        f"exec busybox udhcpc -i eth0 -f -t 20 -T 1 -A 1 -s {script} -p /mnt/udhcpc.pid"
        f" -x hostname:{shlex.quote(host.hostname)}{more}"
    ]


def own(files, name, settings, site=False):
    """One of the lab's small daemons with its settings; `site` when it needs installed Python packages."""
    path = files.daemon(f"{name}.py")
    values = files.write(f"{name}.json", json.dumps(settings))
    return [f"exec {PYTHON} {'' if site else '-S'} -u {path} {values}"]
