//! Holds the reading of UPnP device descriptions (UPnP Device Architecture 2.0, section 2.3): who made this, which model, what name.
//! Never follows the URLs inside and never takes an embedded device for the root device. Called by the SSDP source after it fetched one.

use super::Malformed;
use super::text::Text;
use super::xml::{Scanner, Token};

/// Largest description worth reading, bytes; the shell stops its download there. Routers send about 10 KiB.
pub const MAX_DESCRIPTION_BYTES: usize = 65_536;

/// The root device of a description. Empty where nothing was said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Description {
    /// Kind, such as `urn:schemas-upnp-org:device:MediaRenderer:1`.
    pub device_type: Text<96>,
    /// The name people see.
    pub friendly_name: Text<96>,
    /// Maker.
    pub manufacturer: Text<64>,
    /// Model, as sold.
    pub model_name: Text<64>,
    /// Model in words.
    pub model_description: Text<128>,
    /// Model number, often the firmware's.
    pub model_number: Text<64>,
    /// Serial number. Many firmwares ship one for all devices (`00000000`, `12345678`): never an identity alone.
    pub serial_number: Text<64>,
    /// Unique device name without `uuid:`.
    pub udn: Text<64>,
    /// Web page for people, as written: absolute or relative.
    pub presentation_url: Text<128>,
}

/// Reads a description. Of a field that stands twice the first counts. What was read before damage or a cut is kept when
/// it holds a name, model or UDN, as many devices send broken XML in their service lists.
///
/// Errors: not XML, or XML without any of these.
pub fn read(document: &[u8]) -> Result<Description, Malformed> {
    let mut scanner = Scanner::new(document);
    let mut found = Description::default();
    let ended = read_fields(&mut scanner, &mut found);
    let named = !(found.friendly_name.is_empty() && found.model_name.is_empty() && found.udn.is_empty());
    match ended {
        _ if named => Ok(found),
        Ok(()) => Err(Malformed::OtherKind),
        Err(why) => Err(why),
    }
}

fn read_fields(scanner: &mut Scanner<'_>, found: &mut Description) -> Result<(), Malformed> {
    while let Some(token) = scanner.advance()? {
        let Token::Start(name) = token else { continue };
        let in_root_device =
            scanner.depth() == 3 && scanner.open_at(1) == Some(b"root") && scanner.open_at(2) == Some(b"device");
        if !in_root_device {
            continue;
        }
        match name {
            b"deviceType" => fill(scanner, &mut found.device_type)?,
            b"friendlyName" => fill(scanner, &mut found.friendly_name)?,
            b"manufacturer" => fill(scanner, &mut found.manufacturer)?,
            b"modelName" => fill(scanner, &mut found.model_name)?,
            b"modelDescription" => fill(scanner, &mut found.model_description)?,
            b"modelNumber" => fill(scanner, &mut found.model_number)?,
            b"serialNumber" => fill(scanner, &mut found.serial_number)?,
            b"presentationURL" => fill(scanner, &mut found.presentation_url)?,
            b"UDN" => {
                let text: Text<80> = scanner.text()?.finish();
                if found.udn.is_empty() {
                    found.udn = super::text::clean(text.strip_prefix("uuid:").unwrap_or(&text).as_bytes());
                }
            }
            _ => {}
        }
    }
    Ok(())
}

fn fill<const N: usize>(scanner: &mut Scanner<'_>, field: &mut Text<N>) -> Result<(), Malformed> {
    let text = scanner.text()?.finish();
    if field.is_empty() {
        *field = text;
    }
    Ok(())
}

#[cfg(test)]
#[path = "upnp_tests.rs"]
mod tests;
