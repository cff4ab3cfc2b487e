//! Holds what a person said about a device: the form with it, and what comes back from the form.
//! It never cuts a text silently: what does not fit is refused next to its field.
//! The device page and its acts use it.

use maud::{Markup, html};
use vigie_core::lan::{Device, DeviceId, Trust};

use crate::api::network::edit::Patch;
use crate::http::etag;
use crate::http::language::{Language, Text};
use crate::http::problem::{Problem, faults};

use super::frame;
use super::icon::icon;
use super::words::device as texts;

/// What a person said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Person {
    pub(super) label: String,
    pub(super) owner: String,
    pub(super) notes: String,
    pub(super) tags: Vec<String>,
    pub(super) trust: Trust,
    pub(super) watch: bool,
}

/// What does not do, by field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Faults {
    label: Option<String>,
    owner: Option<String>,
    notes: Option<String>,
    tags: Option<String>,
}

impl Person {
    pub(super) fn of(device: &Device) -> Self {
        Self {
            label: device.label().to_owned(),
            owner: device.owner().to_owned(),
            notes: device.notes().to_owned(),
            tags: device.tags().iter().map(ToString::to_string).collect(),
            trust: device.trust(),
            watch: device.watch(),
        }
    }

    /// What a form says.
    pub(super) fn read(form: &[(String, String)]) -> Self {
        let value = |name: &str| form.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value.trim());
        let mut tags: Vec<String> = Vec::new();
        for tag in value("tags").split(',').map(str::trim).filter(|tag| !tag.is_empty()) {
            if !tags.iter().any(|known| known == tag) {
                tags.push(tag.to_owned());
            }
        }
        Self {
            label: value("label").to_owned(),
            owner: value("owner").to_owned(),
            // Browsers send line ends as CR LF.
            notes: value("notes").replace("\r\n", "\n"),
            tags,
            trust: match value("trust") {
                "trusted" => Trust::Trusted,
                "blocked" => Trust::Blocked,
                _ => Trust::Unknown,
            },
            watch: value("watch") == "on",
        }
    }

    /// What does not do of it, in the words of the API, which has the same rules.
    pub(super) fn judge(&self, language: Language) -> Result<(), Faults> {
        let said = Patch {
            label: Some(self.label.clone()),
            owner: Some(self.owner.clone()),
            notes: Some(self.notes.clone()),
            tags: Some(self.tags.clone()),
            ..Patch::default()
        };
        let problem = said.check(Problem::from(&faults::INVALID));
        let details = problem.field_details(language);
        let of = |name: &str| {
            let found = details.iter().find(|(pointer, _)| pointer.split('/').nth(1) == Some(name));
            found.map(|(_, words)| words.clone())
        };
        let faults = Faults { label: of("label"), owner: of("owner"), notes: of("notes"), tags: of("tags") };
        if faults == Faults::default() { Ok(()) } else { Err(faults) }
    }

    /// Names this state, so that a form filled in before somebody else's change is noticed.
    pub(super) fn version(&self) -> String {
        let text = format!("{self:?}");
        etag::of(text.as_bytes()).trim_matches('"').to_owned()
    }

    /// Whether a person said anything.
    pub(super) fn said_notes(&self) -> bool {
        !(self.owner.is_empty() && self.notes.is_empty() && self.tags.is_empty())
    }

    /// The form. `seen` is the version the person started from.
    pub(super) fn form(&self, id: DeviceId, seen: &str, faults: &Faults, language: Language) -> Markup {
        let say = |text: Text| text.speak(language);
        let text = |name: &'static str, label: Text, value: &str, hint: Option<Text>, fault: Option<&str>| {
            let input = html! {
                input id=(name) type="text" name=(name) value=(value) autocomplete="off"
                    aria-describedby=[frame::described(name, hint.is_some(), fault.is_some())] aria-invalid=[fault.map(|_| "true")];
            };
            frame::field(name, say(label), hint.map(say), fault, &input)
        };
        html! {
            form.sheet method="post" action={ "/devices/" (id) } {
                input type="hidden" name="seen" value=(seen);
                (text("label", texts::LABEL, &self.label, Some(texts::LABEL_HINT), faults.label.as_deref()))
                fieldset {
                    legend { (say(texts::TRUST)) }
                    @for (value, picture, words, trust) in [
                        ("trusted", "trusted", texts::TRUST_YES, Trust::Trusted),
                        ("unknown", "unknown", texts::TRUST_UNKNOWN, Trust::Unknown),
                        ("blocked", "blocked", texts::TRUST_NO, Trust::Blocked),
                    ] {
                        label.check { input type="radio" name="trust" value=(value) checked[self.trust == trust]; (icon(picture)) span { (say(words)) } }
                    }
                }
                label.check { input type="checkbox" name="watch" checked[self.watch]; (icon("watched")) span { (say(texts::WATCH)) } }
                (text("owner", texts::OWNER, &self.owner, None, faults.owner.as_deref()))
                (text("tags", texts::TAGS, &self.tags.join(", "), Some(texts::TAGS_HINT), faults.tags.as_deref()))
                (frame::field("notes", say(texts::NOTES), None, faults.notes.as_deref(), &html! {
                    textarea #notes name="notes" rows="3" aria-describedby=[frame::described("notes", false, faults.notes.is_some())] { (self.notes) }
                }))
                button.primary type="submit" { (say(texts::SAVE)) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(fields: &[(&str, &str)]) -> Person {
        let fields: Vec<_> = fields.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        Person::read(&fields)
    }

    #[test]
    fn a_form_is_read_and_an_unticked_box_is_a_no() {
        let person = form(&[
            ("label", " Back door "),
            ("tags", "a, b,,a"),
            ("trust", "trusted"),
            ("watch", "on"),
            ("notes", "x\r\ny"),
        ]);
        assert_eq!(person.label, "Back door");
        assert_eq!(person.tags, ["a", "b"]);
        assert_eq!((person.trust, person.watch, person.notes.as_str()), (Trust::Trusted, true, "x\ny"));
        assert_eq!(form(&[("trust", "king")]), Person::default());
    }

    #[test]
    fn what_does_not_fit_is_refused_at_its_field() {
        let long = "é".repeat(40);
        let person = form(&[("label", &long), ("tags", "1,2,3,4,5,6,7,8,9")]);
        let faults = person.judge(Language::Fr).unwrap_err();
        assert_eq!(
            faults.label.as_deref(),
            Some("C'est trop long : 63 octets au plus sont conservés, soit à peu près autant de lettres.")
        );
        assert_eq!(faults.tags.as_deref(), Some("Un appareil porte au plus 8 étiquettes."));
        assert_eq!((&faults.owner, &faults.notes), (&None, &None));
        let page = person.form(DeviceId(7), "v", &faults, Language::Fr).into_string();
        assert!(page.contains("aria-describedby=\"label-hint label-fault\"") && page.contains("aria-invalid=\"true\""));
        assert!(form(&[("label", "ok")]).judge(Language::En).is_ok());
    }

    #[test]
    fn every_part_of_it_changes_its_version() {
        let mut versions = vec![Person::default().version()];
        for fields in [
            [("label", "x")],
            [("owner", "x")],
            [("notes", "x")],
            [("tags", "x")],
            [("trust", "blocked")],
            [("watch", "on")],
        ] {
            versions.push(form(&fields).version());
        }
        let count = versions.len();
        versions.sort();
        versions.dedup();
        assert_eq!(versions.len(), count);
    }
}
