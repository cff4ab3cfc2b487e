//! Holds one line of a list of devices, and what of it is news.
//! Never touches the table. Called by the reader, which makes lines, and by the import, which carries them out.

use std::net::IpAddr;

use vigie_core::lan::DeviceId;
use vigie_core::lan::device::Device;
use vigie_wire::Mac;

use crate::api::network::edit::Patch;

/// One line.
#[derive(Clone, Debug, Default)]
pub struct Line {
    /// Its number in the file, from 1.
    pub number: u64,
    /// Whether something can be done with it.
    pub is_good: bool,
    /// Why not, or what of it was left out.
    pub remark: Option<String>,
    /// The id it had where it was exported.
    pub id: Option<DeviceId>,
    /// Its MAC.
    pub mac: Option<Mac>,
    /// Its address.
    pub ip: Option<IpAddr>,
    /// Its segment, by name.
    pub segment: Option<String>,
    /// What it says of the device; only what says something is there.
    pub(super) said: Patch,
}

impl Patch {
    /// What of it differs from what is known, and the names of those parts.
    pub(super) fn news(&self, device: &Device) -> (Self, Vec<&'static str>) {
        let person = |source| source == vigie_core::lan::Source::Person;
        let kind = device.kind_field().filter(|field| person(field.source)).map(|field| field.value.name());
        let hostname = device.hostname().filter(|field| person(field.source)).map(|field| field.value.as_str());
        let mut fresh = self.clone();
        let differs = |said: &Option<String>, is: &str| said.as_deref().is_some_and(|said| said.trim() != is);
        if !differs(&fresh.label, device.label()) {
            fresh.label = None;
        }
        if !differs(&fresh.owner, device.owner()) {
            fresh.owner = None;
        }
        if !differs(&fresh.notes, device.notes()) {
            fresh.notes = None;
        }
        fresh.tags =
            fresh.tags.filter(|tags| !tags.iter().map(String::as_str).eq(device.tags().iter().map(|tag| &**tag)));
        fresh.trust = fresh.trust.filter(|trust| vigie_core::lan::Trust::from(*trust) != device.trust());
        fresh.watch = fresh.watch.filter(|watch| *watch != device.watch());
        fresh.kind = fresh.kind.filter(|said| said.as_deref() != kind);
        fresh.hostname = fresh.hostname.filter(|said| said.as_deref() != hostname);
        let words = fresh.words();
        (fresh, words)
    }

    /// The names of the parts that are there.
    pub(super) fn words(&self) -> Vec<&'static str> {
        let parts = [
            ("label", self.label.is_some()),
            ("owner", self.owner.is_some()),
            ("notes", self.notes.is_some()),
            ("tags", self.tags.is_some()),
            ("trust", self.trust.is_some()),
            ("watch", self.watch.is_some()),
            ("kind", self.kind.is_some()),
            ("hostname", self.hostname.is_some()),
        ];
        parts.into_iter().filter(|(_, there)| *there).map(|(word, _)| word).collect()
    }
}
