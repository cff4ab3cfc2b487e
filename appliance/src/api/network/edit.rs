//! Holds what a person may say of a device, how it is checked, and how it is done: all of it or nothing.
//! Never lets two people overwrite each other unseen: `If-Match` is compared in the same visit that changes.
//! Called by the routes that change and add devices, and by the import.

use std::sync::Arc;

use hyper::header::IF_MATCH;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};
use vigie_core::lan::device::Device;
use vigie_core::lan::{DeviceId, Edit, Kind, Trust};
use vigie_core::limits::{MAX_NAME_BYTES, MAX_NOTES_BYTES, MAX_TAGS};

use vigie_core::audit::Kind as Act;

use super::desk::Desk;
use super::fault;
use super::view::DeviceDetail;
use super::view::device::trust_name;
use crate::accounts::role::Access;
use crate::http::call::Call;
use crate::http::etag;
use crate::http::problem::{Problem, faults};
use crate::http::reply::Reply;
use crate::http::route::{Outcome, Route};
use crate::shell::network::Hands;

/// What a person thinks of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum AskedTrust {
    /// Nobody said.
    Unknown,
    /// Known and wanted.
    Trusted,
    /// Not wanted.
    Blocked,
}

impl From<AskedTrust> for Trust {
    fn from(asked: AskedTrust) -> Self {
        match asked {
            AskedTrust::Unknown => Self::Unknown,
            AskedTrust::Trusted => Self::Trusted,
            AskedTrust::Blocked => Self::Blocked,
        }
    }
}

/// What a person says of a device. What is left out stays; an empty text clears.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(example = serde_json::json!({ "label": "Till 2", "owner": "shop", "tags": ["till"], "trust": "trusted", "watch": true }))]
pub(crate) struct Patch {
    /// A name for it, at most 63 bytes.
    pub(crate) label: Option<String>,
    /// Whose it is, at most 63 bytes.
    pub(crate) owner: Option<String>,
    /// Notes, at most 512 bytes.
    pub(crate) notes: Option<String>,
    /// All tags, replacing those before: at most 8 of at most 63 bytes.
    pub(crate) tags: Option<Vec<String>>,
    /// What is thought of it.
    pub(crate) trust: Option<AskedTrust>,
    /// Whether its comings and goings matter.
    pub(crate) watch: Option<bool>,
    /// Its kind, over every rule; `null` gives it back to the rules.
    #[serde(deserialize_with = "there")]
    pub(crate) kind: Option<Option<String>>,
    /// Its host name, over every source; `null` or empty gives it back to the sources.
    #[serde(deserialize_with = "there")]
    pub(crate) hostname: Option<Option<String>>,
}

/// Tells `null` from what is left out.
fn there<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<String>>, D::Error> {
    Option::<String>::deserialize(deserializer).map(Some)
}

/// The routes.
pub(super) fn routes(desk: &Arc<Desk>) -> Vec<Route> {
    vec![
        Route::patch("/api/network/v2/devices/{id}", Access::Operator, "Say what a person knows of a device")
            .reads::<Patch>()
            .answers::<DeviceDetail>(200)
            .audits(Act::DeviceEdited)
            .run_with(desk, change),
    ]
}

/// The tag of what people edit of a device.
pub(super) fn tag_of(device: &Device) -> String {
    let person = |source| source == vigie_core::lan::Source::Person;
    let kind = device.kind_field().filter(|field| person(field.source)).map(|field| field.value.name());
    let hostname = device.hostname().filter(|field| person(field.source)).map(|field| field.value.as_str());
    let tags: Vec<&str> = device.tags().iter().map(std::ops::Deref::deref).collect();
    let said = (
        (device.id().0, device.label(), device.owner(), device.notes()),
        (tags, trust_name(device.trust()), device.watch(), kind, hostname),
    );
    etag::of(&serde_json::to_vec(&said).unwrap_or_default())
}

async fn change(desk: Arc<Desk>, call: Call) -> Outcome {
    let patch: Patch = call.json()?;
    let problem = patch.check(Problem::from(&faults::INVALID));
    if problem.has_fields() {
        return Err(problem);
    }
    let headers = call.headers.clone();
    let changed = desk.visit_device(call.parameter("id"), move |hands, lens, id| {
        let seen = hands.lan().device(id).map(tag_of).unwrap_or_default();
        if etag::matches(&headers, IF_MATCH, &seen, false) == Some(false) {
            return Err(Problem::from(&faults::CHANGED_SINCE));
        }
        patch.apply(hands, id)?;
        super::devices::detail(hands, lens, id)
    });
    let (device, tag) = changed.await?;
    Ok(Reply::json(&device)?.tag(&tag))
}

impl Patch {
    /// Adds to `problem` each value that does not do.
    pub(crate) fn check(&self, mut problem: Problem) -> Problem {
        let hostname = self.hostname.as_ref().and_then(Option::as_ref);
        let texts = [
            ("/label", self.label.as_ref(), MAX_NAME_BYTES),
            ("/owner", self.owner.as_ref(), MAX_NAME_BYTES),
            ("/notes", self.notes.as_ref(), MAX_NOTES_BYTES),
            ("/hostname", hostname, MAX_NAME_BYTES),
        ];
        let limit = |limit: usize| vec![("limit", limit.to_string())];
        for (pointer, text, most) in texts {
            if text.is_some_and(|text| text.trim().len() > most) {
                problem = problem.at_with(pointer, &fault::TOO_LONG, limit(most));
            }
        }
        let tags = self.tags.as_deref().unwrap_or_default();
        if tags.len() > MAX_TAGS {
            problem = problem.at_with("/tags", &fault::TOO_MANY_TAGS, limit(MAX_TAGS));
        }
        for (index, tag) in tags.iter().enumerate() {
            if tag.trim().len() > MAX_NAME_BYTES {
                problem = problem.at_with(format!("/tags/{index}"), &fault::TOO_LONG, limit(MAX_NAME_BYTES));
            }
        }
        if let Some(Some(kind)) = &self.kind
            && kind.parse::<Kind>().is_err()
        {
            problem = problem.at_with("/kind", &fault::BAD_KIND, vec![("kinds", kinds())]);
        }
        problem
    }

    /// Does it. After [`Patch::check`] nothing but the device being gone can stand in the way.
    ///
    /// # Errors
    /// `no_such_device`.
    pub(super) fn apply(&self, hands: &mut Hands<'_>, id: DeviceId) -> Result<(), Problem> {
        let mut edits: Vec<Edit<'_>> = Vec::new();
        let tags: Option<Vec<&str>> = self.tags.as_ref().map(|tags| tags.iter().map(String::as_str).collect());
        let clean = |text: &String| text.chars().map(|letter| if letter == '\r' { ' ' } else { letter }).collect();
        let [label, owner, notes]: [Option<String>; 3] =
            [&self.label, &self.owner, &self.notes].map(|text| text.as_ref().map(clean));
        edits.extend(label.as_deref().map(|text| Edit::Label(id, text)));
        edits.extend(owner.as_deref().map(|text| Edit::Owner(id, text)));
        edits.extend(notes.as_deref().map(|text| Edit::Notes(id, text)));
        edits.extend(tags.as_deref().map(|tags| Edit::Tags(id, tags)));
        edits.extend(self.trust.map(|trust| Edit::Trust(id, trust.into())));
        edits.extend(self.watch.map(|watch| Edit::Watch(id, watch)));
        let kind = self.kind.as_ref().map(|kind| kind.as_ref().and_then(|kind| kind.parse().ok()));
        edits.extend(kind.map(|kind| Edit::Kind(id, kind)));
        let hostname = self.hostname.as_ref().map(|name| name.as_deref().unwrap_or_default());
        edits.extend(hostname.map(|name| Edit::Hostname(id, name)));
        for edit in edits {
            hands.edit(edit).map_err(fault::refused)?;
        }
        Ok(())
    }
}

fn kinds() -> String {
    Kind::ALL.iter().map(|kind| kind.name()).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::language::Language;

    #[test]
    fn null_is_not_the_same_as_left_out() {
        let read = |text: &str| serde_json::from_str::<Patch>(text).unwrap();
        assert_eq!(read("{}").kind, None);
        assert_eq!(read(r#"{"kind":null}"#).kind, Some(None));
        assert_eq!(read(r#"{"kind":"nas"}"#).kind, Some(Some("nas".into())));
        assert!(serde_json::from_str::<Patch>(r#"{"colour":"red"}"#).is_err());
    }

    #[test]
    fn what_would_be_cut_is_refused_instead() {
        let patch = Patch {
            label: Some("é".repeat(32)),
            notes: Some("n".repeat(513)),
            tags: Some(vec!["x".into(); 9]),
            kind: Some(Some("toaster".into())),
            owner: Some("o".repeat(63)),
            ..Patch::default()
        };
        let problem = patch.check(Problem::from(&faults::INVALID));
        let details = problem.field_details(Language::Fr);
        let pointers: Vec<_> = details.iter().map(|(pointer, _)| *pointer).collect();
        assert_eq!(pointers, ["/label", "/notes", "/tags", "/kind"]);
        assert!(details[3].1.contains("router"), "the kinds are told: {}", details[3].1);
    }
}
