//! Holds which keys of DNS-SD TXT records say something about the device behind a service.
//! Never interprets a value: it is text of the device's choosing. Called by `digest`.

/// What a TXT value says. Keys differ by maker and by service; this is their common meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum TxtKey {
    /// Model: `model`, `md` (Cast, HomeKit, Matter), `ty` and `product` (printers), `am` (AirPlay audio), `rpMd` (Apple),
    /// `usb_MDL`, `board` (ESPHome), `modelname`.
    Model,
    /// Maker: `manufacturer`, `usb_MFG`, `mfg`, `vendor`, `integrator`.
    Maker,
    /// The name a person gave: `fn` (Cast), `n`, `friendly_name` (ESPHome), `name`, `displayname`.
    FriendlyName,
    /// An id that stays for the life of the device or its installation: `id` (HomeKit, Cast), `deviceid` (AirPlay: MAC),
    /// `UUID` and `DUUID` (printers), `pi` (AirPlay), `bridgeid` (Hue), `psi`.
    StableId,
    /// Serial number: `serialNumber`, `psn`, `serial`, `sn`.
    Serial,
    /// A MAC address in any spelling: `mac`, `macaddress`.
    Mac,
    /// Firmware or system version: `fv` (AirPlay), `srcvers`, `osxvers`, `version`, `firmware`, `vers`, `fw_version`.
    Version,
    /// Web page for people: `adminurl`, `internal_url`, `presentation_url`.
    AdminUrl,
    /// Where it stands, in a person's words: `note`.
    Place,
    /// Category of a HomeKit accessory, a number: `ci`.
    Category,
    /// Vendor and product number of Matter: `VP`.
    VendorProduct,
}

impl TxtKey {
    /// The meaning of a key (ASCII case ignored, RFC 6763 section 6.4) within a service label such as `_hap`.
    #[must_use]
    pub fn of(service: &[u8], key: &[u8]) -> Option<Self> {
        let is = |names: &[&str]| names.iter().any(|name| name.as_bytes().eq_ignore_ascii_case(key));
        let within = |names: &[&str]| names.iter().any(|name| name.as_bytes().eq_ignore_ascii_case(service));
        // Keys of one or two letters mean what their own protocol says, elsewhere anything.
        let cast = within(&["_googlecast", "_googlezone"]);
        let homekit = within(&["_hap", "_homekit"]);
        let printer =
            within(&["_ipp", "_ipps", "_printer", "_pdl-datastream", "_uscan", "_uscans", "_scanner", "_privet"]);
        let airplay = within(&["_airplay", "_raop"]);
        if is(&["model", "modelname", "product", "usb_MDL", "rpMd", "board", "platform_model"])
            || (is(&["md"]) && (cast || homekit))
            || (is(&["ty"]) && printer)
            || (is(&["am"]) && airplay)
        {
            return Some(Self::Model);
        }
        if is(&["id"]) && (cast || homekit) || is(&["pi", "psi"]) && airplay {
            return Some(Self::StableId);
        }
        let table: [(Self, &[&str]); 10] = [
            (Self::Maker, &["manufacturer", "usb_MFG", "mfg", "vendor", "integrator"]),
            (Self::FriendlyName, &["friendly_name", "friendlyname", "displayname", "fn"]),
            (Self::StableId, &["deviceid", "UUID", "DUUID", "bridgeid", "hwid"]),
            (Self::Serial, &["serialNumber", "psn", "serial", "sn", "serialno"]),
            (Self::Mac, &["mac", "macaddress", "mac_address"]),
            (Self::Version, &["fv", "srcvers", "osxvers", "version", "firmware", "fw_version", "vers", "fwver"]),
            (Self::AdminUrl, &["adminurl", "internal_url", "presentation_url"]),
            (Self::Place, &["note"]),
            (Self::Category, if homekit { &["ci"] } else { &[] }),
            (Self::VendorProduct, &["VP"]),
        ];
        table.iter().find(|(_, names)| is(names)).map(|(meaning, _)| *meaning)
    }
}

/// Takes `key=value` apart (RFC 6763 section 6.4). `None` for a key without value or an empty key.
pub(super) fn split(string: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = string.iter().position(|byte| *byte == b'=')?;
    let (key, value) = string.split_at_checked(at)?;
    let (_, value) = value.split_first()?;
    (!key.is_empty() && !value.is_empty()).then_some((key, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_keys_depend_on_the_service() {
        assert_eq!(TxtKey::of(b"_googlecast", b"md"), Some(TxtKey::Model));
        assert_eq!(TxtKey::of(b"_raop", b"md"), None, "there it lists metadata types");
        assert_eq!(TxtKey::of(b"_hap", b"ID"), Some(TxtKey::StableId));
        assert_eq!(TxtKey::of(b"_http", b"id"), None);
        assert_eq!(TxtKey::of(b"_ipp", b"usb_mfg"), Some(TxtKey::Maker));
    }

    #[test]
    fn splits_at_the_first_equals_sign() {
        assert_eq!(split(b"a=b=c"), Some((&b"a"[..], &b"b=c"[..])));
        assert_eq!(split(b"flag"), None);
        assert_eq!(split(b"=x"), None);
        assert_eq!(split(b"x="), None);
    }
}
