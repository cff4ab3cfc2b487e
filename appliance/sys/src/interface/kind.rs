//! Holds what an interface is made of: a network card, Wi-Fi, a bridge, something virtual, as far as the kernel tells.
//! Never decides what to do with it. Called by `interface` for every link the kernel describes.

use std::path::Path;

use super::Flags;

/// What is behind an interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// The machine talking to itself.
    Loopback,
    /// Ethernet without a virtual driver: a network card, on a virtual machine the one it believes in.
    Wired,
    /// Wi-Fi.
    Wireless,
    /// A bridge of this machine's; its ports name it as their master.
    Bridge,
    /// Several cards as one (bonding, team).
    Bond,
    /// A tagged network on top of another interface.
    Vlan,
    /// A second station on the same wire (macvlan, ipvlan).
    Macvlan,
    /// One end of a cable between two network namespaces: containers, tests.
    Veth,
    /// A user-space driver with Ethernet frames or IP packets: virtual machines, VPNs.
    Tap,
    /// WireGuard, GRE, VXLAN, PPP and such.
    Tunnel,
    /// Goes nowhere.
    Dummy,
    /// None of these.
    Other,
}

impl Kind {
    /// Sorts a link by its flags, its hardware type (`ARPHRD_*`) and the name of its virtual driver, empty for none.
    pub(super) fn of(name: &str, flags: Flags, hardware: u16, driver: &[u8]) -> Self {
        match driver {
            _ if flags.is_loopback() => Self::Loopback,
            b"" if hardware == libc::ARPHRD_ETHER && is_wireless(name) => Self::Wireless,
            b"" if hardware == libc::ARPHRD_ETHER => Self::Wired,
            b"" => Self::Other,
            b"bridge" => Self::Bridge,
            b"bond" | b"team" => Self::Bond,
            b"vlan" => Self::Vlan,
            b"macvlan" | b"macvtap" | b"ipvlan" | b"ipvtap" => Self::Macvlan,
            b"veth" => Self::Veth,
            b"tun" => Self::Tap,
            b"wireguard" | b"ipip" | b"sit" | b"gre" | b"gretap" | b"ip6gre" | b"ip6gretap" | b"ip6tnl" | b"vti"
            | b"vti6" | b"xfrm" | b"vxlan" | b"geneve" | b"ppp" | b"erspan" | b"l2tpeth" | b"ovpn" => Self::Tunnel,
            b"dummy" | b"ifb" | b"nlmon" => Self::Dummy,
            _ => Self::Other,
        }
    }
}

/// Wi-Fi has no name of its own in rtnetlink; its directory in sysfs has. In a namespace with the wrong sysfs (or none)
/// Wi-Fi counts as wired.
fn is_wireless(name: &str) -> bool {
    // The kernel refuses '/' and the names "." and ".."; a name that lost bytes on the way to UTF-8 is not looked up.
    if name.is_empty() || name.contains(['/', char::REPLACEMENT_CHARACTER]) || name.starts_with('.') {
        return false;
    }
    let folder = Path::new("/sys/class/net").join(name);
    folder.join("wireless").exists() || folder.join("phy80211").exists()
}

/// The names that Docker, Podman, LXC, Incus, libvirt and Kubernetes give their bridges.
pub(super) fn is_container_bridge_name(name: &str) -> bool {
    let docker_network = |id: &str| id.len() == 12 && id.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    name.strip_prefix("br-").is_some_and(docker_network)
        || ["docker", "podman", "cni", "lxcbr", "lxdbr", "incusbr", "virbr", "flannel", "kube-"]
            .iter()
            .any(|prefix| name.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn virtual_drivers_are_named_and_hardware_has_none() {
        let up = Flags(1);
        assert_eq!(Kind::of("lo", Flags(0x49), libc::ARPHRD_LOOPBACK, b""), Kind::Loopback);
        assert_eq!(Kind::of("no-such-interface", up, libc::ARPHRD_ETHER, b""), Kind::Wired);
        assert_eq!(Kind::of("tailscale0", up, libc::ARPHRD_NONE, b"tun"), Kind::Tap);
        assert_eq!(Kind::of("wg0", up, libc::ARPHRD_NONE, b"wireguard"), Kind::Tunnel);
        assert_eq!(Kind::of("x", up, libc::ARPHRD_ETHER, b"from-the-future"), Kind::Other);
    }

    #[test]
    fn a_bridge_a_person_made_is_not_a_containers() {
        for name in ["docker0", "br-0123456789ab", "virbr0", "podman1", "cni0", "lxdbr0"] {
            assert!(is_container_bridge_name(name), "{name}");
        }
        for name in ["br0", "br-lan", "br-0123456789ag", "bridge0", "vmbr0"] {
            assert!(!is_container_bridge_name(name), "{name}");
        }
    }
}
