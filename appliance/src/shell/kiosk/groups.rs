//! Holds the groups of workstations: adults, children, catalogue, each with its own hours, quota and length.
//! Never decides whether a session may begin: the desk does. The page and the API change them through the room.

use serde::{Deserialize, Serialize};
use vigie_core::kiosk::GroupId;
use vigie_core::kiosk::quota::Quota;

use super::fault::{Fault, line, some_line};
use super::hours::Hours;

/// Bytes of a name in one language.
pub const MAX_GROUP_NAME_BYTES: usize = 48;
/// Bytes of the name of an image.
pub const MAX_IMAGE_BYTES: usize = 64;
/// Longest session that may be the usual one, in minutes: a day has no more.
pub const MAX_MINUTES: u16 = 24 * 60;

/// A group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// In English.
    pub name_en: String,
    /// In French.
    pub name_fr: String,
    /// What a person may have in a day here; `None`: what the site allows.
    pub quota: Option<Quota>,
    /// When it is open; `None`: as the site is.
    pub hours: Option<Hours>,
    /// Length of a session nobody says a length of, in minutes; `None`: the site's.
    pub minutes: Option<u16>,
    /// The image its machines start, by name; empty: the usual one.
    pub image: String,
}

impl Group {
    /// The group, trimmed and checked.
    ///
    /// # Errors
    /// The first field that is not good.
    pub fn checked(&self) -> Result<Self, Fault> {
        if self.minutes.is_some_and(|minutes| minutes == 0 || minutes > MAX_MINUTES) {
            return Err(Fault::out_of_range("minutes"));
        }
        if let Some(hours) = &self.hours {
            hours.check()?;
        }
        Ok(Self {
            name_en: some_line("name_en", &self.name_en, MAX_GROUP_NAME_BYTES)?,
            name_fr: some_line("name_fr", &self.name_fr, MAX_GROUP_NAME_BYTES)?,
            image: line("image", &self.image, MAX_IMAGE_BYTES)?,
            ..self.clone()
        })
    }
}

/// The groups of a new appliance.
pub(super) fn usual() -> Vec<(GroupId, Group)> {
    let group = |number, en: &str, fr: &str, minutes| {
        let (name_en, name_fr, image) = (en.to_owned(), fr.to_owned(), String::new());
        (GroupId(number), Group { name_en, name_fr, quota: None, hours: None, minutes, image })
    };
    vec![
        group(1, "Adults", "Adultes", None),
        group(2, "Children", "Jeunesse", Some(30)),
        group(3, "Catalogue", "Catalogue", Some(15)),
    ]
}
