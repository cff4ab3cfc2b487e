//! Holds how a person takes in a file: choosing it, seeing what would change, confirming; and the files that wait meanwhile.
//! It never changes anything, and never knows what is in a file. `import` and `restore` do, and call it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use hyper::StatusCode;
use maud::{Markup, html};
use tokio::time::Instant;

use crate::http::call::Call;
use crate::http::language::{Language, Text};
use crate::http::multipart;
use crate::http::problem::Problem;
use crate::http::reply::Reply;

use super::frame::{self, Section};
use super::gate::Desk;
use super::words::{devices::CANCEL, frame::DEVICES, upload as texts};

/// What a form adds to a file, in bytes.
pub(super) const FORM_BYTES: usize = 4 * 1024;
/// How long a file waits to be confirmed.
const WAITS: Duration = Duration::from_secs(10 * 60);

/// When a file came, and what is in it.
type Kept = (Instant, Bytes);

/// Files sent in and not confirmed yet, by the person who sent them. Of one person it is the last, and it is taken once.
pub(super) struct Waiting {
    files: Mutex<BTreeMap<Arc<str>, Kept>>,
    most: usize,
}

impl Waiting {
    /// Room for so many files of different people; the oldest makes room for one more.
    pub(super) fn of(most: usize) -> Self {
        Self { files: Mutex::default(), most }
    }

    pub(super) fn keep(&self, who: Arc<str>, file: Bytes) {
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        files.retain(|_, (at, _)| at.elapsed() < WAITS);
        if files.len() >= self.most && !files.contains_key(&who) {
            let oldest = files.iter().min_by_key(|(_, (at, _))| *at).map(|(who, _)| who.clone());
            oldest.and_then(|oldest| files.remove(&oldest));
        }
        files.insert(who, (Instant::now(), file));
    }

    pub(super) fn take(&self, who: &str) -> Option<Bytes> {
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        files.remove(who).filter(|(at, _)| at.elapsed() < WAITS).map(|(_, file)| file)
    }
}

/// The file that was sent: a part of the body, which is kept instead of being copied. None when none was chosen.
pub(super) fn sent(call: &Call) -> Option<Bytes> {
    let file = multipart::part(&call.headers, &call.body, "file").filter(|file| !file.is_empty())?;
    Some(call.body.slice_ref(file))
}

/// What one sort of file needs on its views.
pub(super) struct Upload {
    /// Where its views are: the form posts there, and to `confirm` to have it done.
    pub(super) place: &'static str,
    pub(super) confirm: &'static str,
    pub(super) section: Section,
    /// The view above.
    pub(super) above: (&'static str, Text),
    pub(super) title: Text,
    pub(super) help: Text,
    /// The field, what stands under its name, and what a browser offers to choose.
    pub(super) file: Text,
    pub(super) hint: Text,
    pub(super) accept: &'static str,
    pub(super) about: Text,
    pub(super) too_late: Text,
    /// What would be done, or nothing, or was.
    pub(super) would: Text,
    pub(super) nothing: Text,
    pub(super) is_done: Text,
    pub(super) other: Text,
}

/// How far it came, and how much of it is news.
#[derive(Clone, Copy)]
pub(super) struct Stage {
    pub(super) dry_run: bool,
    pub(super) news: usize,
}

impl Upload {
    /// The view to choose a file.
    pub(super) fn choose(&self, call: &Call, desk: &Desk) -> Reply {
        self.reply(call, desk, &self.form(None, desk.language))
    }

    /// The same again, with what is wrong with the file.
    pub(super) fn refuse(&self, call: &Call, desk: &Desk, problem: &Problem) -> Reply {
        let why = frame::why(problem, desk.language);
        self.reply(call, desk, &self.form(Some(&why), desk.language)).status(problem.status())
    }

    /// The same again, since no file was chosen.
    pub(super) fn refuse_none(&self, call: &Call, desk: &Desk) -> Reply {
        let form = self.form(Some(texts::NO_FILE.speak(desk.language)), desk.language);
        self.reply(call, desk, &form).status(StatusCode::UNPROCESSABLE_ENTITY)
    }

    /// The same again, since the file waits no longer.
    pub(super) fn refuse_late(&self, call: &Call, desk: &Desk) -> Reply {
        let form = self.form(Some(self.too_late.speak(desk.language)), desk.language);
        self.reply(call, desk, &form).status(StatusCode::CONFLICT)
    }

    /// A view of it.
    pub(super) fn reply(&self, call: &Call, desk: &Desk, content: &Markup) -> Reply {
        let (title, (above, name)) = (self.title.speak(desk.language), self.above);
        let content = html! {
            p.back { a href=(above) { (name.speak(desk.language)) } }
            h1 { (title) }
            (content)
        };
        frame::reply(call, frame::page(desk, self.section, title, &content))
    }

    fn form(&self, fault: Option<&str>, language: Language) -> Markup {
        html! {
            p.lead { (self.help.speak(language)) }
            form.sheet.narrow method="post" action=(self.place) enctype="multipart/form-data" {
                (frame::field("file", self.file.speak(language), Some(self.hint.speak(language)), fault, &html! {
                    input #file type="file" name="file" accept=(self.accept) required
                        aria-describedby=[frame::described("file", true, fault.is_some())] aria-invalid=[fault.map(|_| "true")];
                }))
                div.pair {
                    button.primary type="submit" { (texts::LOOK.speak(language)) }
                    a.button href=(self.above.0) { (CANCEL.speak(language)) }
                }
            }
            p.hint { (self.about.speak(language)) }
        }
    }

    /// Whether it is done, or what would be.
    pub(super) fn verdict(&self, at: Stage, language: Language) -> Markup {
        html! {
            @if at.dry_run {
                p.lead role="status" { (if at.news > 0 { self.would } else { self.nothing }.speak(language)) }
            } @else {
                (frame::notice(true, self.is_done.speak(language)))
            }
        }
    }

    /// The button that does it, called `do_it`, or where to go now.
    pub(super) fn onward(&self, at: Stage, do_it: &str, language: Language) -> Markup {
        let other = html! { a.button href=(self.place) { (self.other.speak(language)) } };
        html! {
            @if at.dry_run && at.news > 0 {
                form.pair method="post" action=(self.confirm) {
                    button.primary type="submit" { (do_it) }
                    (other)
                }
            } @else {
                p.pair {
                    a.button href="/devices" { (DEVICES.speak(language)) }
                    (other)
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_file_waits_ten_minutes_for_its_person_and_only_a_few_wait() {
        let files = Waiting::of(2);
        for (who, text) in [("ada", "1"), ("bob", "2"), ("ada", "3")] {
            files.keep(who.into(), Bytes::from_static(text.as_bytes()));
            tokio::time::advance(Duration::from_secs(1)).await;
        }
        files.keep("eve".into(), Bytes::from_static(b"4"));
        assert_eq!(files.take("bob"), None, "the oldest made room");
        assert_eq!(files.take("ada"), Some(Bytes::from_static(b"3")), "a person has one file, the last");
        assert_eq!(files.take("ada"), None, "it is taken once");
        tokio::time::advance(WAITS).await;
        assert_eq!(files.take("eve"), None);
    }
}
