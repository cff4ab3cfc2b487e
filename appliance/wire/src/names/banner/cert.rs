//! Holds the names in an X.509 certificate (RFC 5280): subject, issuer, alternative names; and its dates.
//! Never verifies a signature or a date: the certificate of a device on a LAN is a label here, not a proof.
//! Called by the port source, which got the DER bytes out of a TLS handshake, and for the appliance's own certificates.

use core::net::IpAddr;

use crate::names::Malformed;
use crate::names::text::{Cleaner, Text, clean};
use crate::names::tlv::{self, Tlv, Tlvs};

/// Alternative names kept of each kind; public sites have hundreds, devices a few.
const MAX_ALT_NAMES: usize = 8;
/// Attributes read of one distinguished name.
const MAX_ATTRIBUTES: usize = 32;
/// Alternative names looked at.
const MAX_GENERAL_NAMES: usize = 64;

/// SET.
const SET: u8 = 0x31;
/// UTCTime and GeneralizedTime.
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
/// Attribute types (X.520).
const COMMON_NAME: &[u8] = &[0x55, 4, 3];
const ORGANIZATION: &[u8] = &[0x55, 4, 10];
const UNIT: &[u8] = &[0x55, 4, 11];
const SERIAL_NUMBER: &[u8] = &[0x55, 4, 5];
/// subjectAltName.
const ALT_NAME: &[u8] = &[0x55, 0x1d, 17];

/// The parts of a distinguished name that say something about a device. Of an attribute that stands twice the first counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct DistinguishedName {
    /// CN: host name, model, or anything.
    pub common_name: Text<96>,
    /// O: maker.
    pub organization: Text<64>,
    /// OU.
    pub unit: Text<64>,
    /// serialNumber (of the subject, not of the certificate).
    pub serial_number: Text<64>,
}

/// The names in a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct CertificateNames {
    /// Whom it is for.
    pub subject: DistinguishedName,
    /// Who says so.
    pub issuer: DistinguishedName,
    /// DNS alternative names, at most eight; more are dropped.
    pub dns_names: heapless::Vec<Text<128>, MAX_ALT_NAMES>,
    /// IP alternative names, at most eight; more are dropped.
    #[cfg_attr(feature = "defmt", defmt(Debug2Format))]
    pub ips: heapless::Vec<IpAddr, MAX_ALT_NAMES>,
    /// Subject and issuer are the same name: made by the device itself, or by a person. The signature is not checked.
    pub self_issued: bool,
    /// First and last second it says it is good for, counted from 1970 in UTC; `None` when the dates cannot be read, for
    /// the names are worth having all the same.
    pub valid: Option<(i64, i64)>,
}

/// Reads one certificate. Errors: no certificate, or malformed.
pub fn read(der: &[u8]) -> Result<CertificateNames, Malformed> {
    let mut certificate = Tlvs::new(Tlvs::new(der).expect(tlv::SEQUENCE)?);
    let mut signed = Tlvs::new(certificate.expect(tlv::SEQUENCE)?);
    signed.optional(0xa0)?; // version
    signed.expect(tlv::INTEGER)?; // serial number
    signed.expect(tlv::SEQUENCE)?; // signature algorithm
    let issuer = signed.expect(tlv::SEQUENCE)?;
    let valid = read_validity(signed.expect(tlv::SEQUENCE)?).ok();
    let subject = signed.expect(tlv::SEQUENCE)?;
    signed.expect(tlv::SEQUENCE)?; // public key
    signed.optional(0x81)?;
    signed.optional(0x82)?;
    let mut names = CertificateNames {
        subject: read_name(subject)?,
        issuer: read_name(issuer)?,
        dns_names: heapless::Vec::new(),
        ips: heapless::Vec::new(),
        self_issued: subject == issuer,
        valid,
    };
    if let Some(extensions) = signed.optional(0xa3)? {
        let mut list = Tlvs::new(Tlvs::new(extensions).expect(tlv::SEQUENCE)?);
        while !list.is_empty() {
            read_extension(list.expect(tlv::SEQUENCE)?, &mut names)?;
        }
    }
    Ok(names)
}

fn read_validity(body: &[u8]) -> Result<(i64, i64), Malformed> {
    let mut both = Tlvs::new(body);
    Ok((read_time(both.read()?)?, read_time(both.read()?)?))
}

/// Reads a moment: UTCTime with two digits of the year, or GeneralizedTime with four, both to the second and in UTC
/// (RFC 5280, 4.1.2.5).
fn read_time(value: Tlv<'_>) -> Result<i64, Malformed> {
    let (year_digits, rest) = match value.tag {
        UTC_TIME => value.body.split_at_checked(2),
        GENERALIZED_TIME => value.body.split_at_checked(4),
        _ => return Err(Malformed::OtherKind),
    }
    .ok_or(Malformed::Truncated)?;
    let Some((rest, b"Z")) = rest.split_at_checked(10) else { return Err(Malformed::Invalid) };
    let mut parts = rest.chunks_exact(2).map(digits);
    let mut part = || parts.next().ok_or(Malformed::Truncated)?;
    let (month, day, hour, minute, second) = (part()?, part()?, part()?, part()?, part()?);
    let mut year = digits(year_digits)?;
    if value.tag == UTC_TIME {
        year += if year < 50 { 2_000 } else { 1_900 };
    }
    let in_range = (1..=12).contains(&month) && (1..=31).contains(&day) && hour < 24 && minute < 60 && second <= 60;
    if !in_range {
        return Err(Malformed::OutOfBounds);
    }
    // Civil date to days, by Howard Hinnant's algorithm: the year starts in March, eras are 400 years.
    let years = if month <= 2 { year - 1 } else { year };
    let (era, year_of_era) = (years.div_euclid(400), years.rem_euclid(400));
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let days = era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468;
    Ok(days * 86_400 + hour * 3_600 + minute * 60 + second)
}

fn digits(text: &[u8]) -> Result<i64, Malformed> {
    text.iter().try_fold(0, |number, digit| {
        if digit.is_ascii_digit() { Ok(number * 10 + i64::from(digit - b'0')) } else { Err(Malformed::Invalid) }
    })
}

fn read_name(body: &[u8]) -> Result<DistinguishedName, Malformed> {
    let mut name = DistinguishedName::default();
    let mut sets = Tlvs::new(body);
    let mut left = MAX_ATTRIBUTES;
    while !sets.is_empty() {
        let mut set = Tlvs::new(sets.expect(SET)?);
        while !set.is_empty() {
            left = left.checked_sub(1).ok_or(Malformed::OutOfBounds)?;
            let mut attribute = Tlvs::new(set.expect(tlv::SEQUENCE)?);
            let kind = attribute.expect(tlv::OID)?;
            let value = attribute.read()?;
            match kind {
                COMMON_NAME => fill(&mut name.common_name, value),
                ORGANIZATION => fill(&mut name.organization, value),
                UNIT => fill(&mut name.unit, value),
                SERIAL_NUMBER => fill(&mut name.serial_number, value),
                _ => {}
            }
        }
    }
    Ok(name)
}

/// Takes a string of any of the kinds RFC 5280 section 4.1.2.4 lists.
fn fill<const N: usize>(field: &mut Text<N>, value: Tlv<'_>) {
    if !field.is_empty() {
        return;
    }
    let mut cleaner = Cleaner::new();
    match value.tag {
        0x0c | 0x13 | 0x16 | 0x12 => cleaner.push_bytes(value.body), // UTF-8, printable, IA5, numeric
        0x14 => value.body.iter().for_each(|byte| cleaner.push(char::from(*byte))), // T.61, in practice Latin-1
        0x1e => {
            let units = value.body.chunks_exact(2).filter_map(|unit| unit.try_into().ok().map(u16::from_be_bytes));
            char::decode_utf16(units).filter_map(Result::ok).for_each(|c| cleaner.push(c)); // BMP
        }
        _ => return,
    }
    *field = cleaner.finish();
}

fn read_extension(body: &[u8], names: &mut CertificateNames) -> Result<(), Malformed> {
    let mut extension = Tlvs::new(body);
    if extension.expect(tlv::OID)? != ALT_NAME {
        return Ok(());
    }
    extension.optional(0x01)?; // critical
    let mut list = Tlvs::new(Tlvs::new(extension.expect(tlv::OCTET_STRING)?).expect(tlv::SEQUENCE)?);
    for _ in 0..MAX_GENERAL_NAMES {
        if list.is_empty() {
            break;
        }
        let general = list.read()?;
        // A full list drops the rest: eight names tell whose certificate it is.
        match (general.tag, general.body) {
            (0x82, name) => {
                let name = clean(name);
                if !name.is_empty() {
                    let _dropped = names.dns_names.push(name);
                }
            }
            (0x87, ip) => {
                let v4 = <[u8; 4]>::try_from(ip).map(IpAddr::from);
                if let Ok(ip) = v4.or_else(|_| <[u8; 16]>::try_from(ip).map(IpAddr::from)) {
                    let _dropped = names.ips.push(ip);
                }
            }
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
#[path = "cert_tests.rs"]
mod tests;
