//! Holds the part of the System page that shows the sources: how each does, what it was asked, what came of it.
//! It never switches one.
//! `system` shows it.

use maud::{Markup, html};

use crate::api::network::view::SourceView;
use crate::http::language::Language;

use super::icon::icon;
use super::words::{number, system as texts};

/// The table: the one place where questions and messages are counted.
pub(super) fn table(sources: &[SourceView], language: Language) -> Markup {
    let counts = |source: &SourceView| [source.asked, source.heard, source.malformed];
    let add = |sum: [u64; 3], source: &SourceView| {
        let [asked, heard, malformed] = counts(source);
        [sum[0] + asked, sum[1] + heard, sum[2] + malformed]
    };
    let sums = sources.iter().fold([0; 3], add);
    html! {
        p.hint { (texts::SOURCES_SINCE.speak(language)) }
        table.plain {
            caption.hush { (texts::SOURCES.speak(language)) }
            thead { tr {
                th scope="col" { (texts::SOURCE.speak(language)) }
                th scope="col" { (texts::HEALTH.speak(language)) }
                @for name in [texts::ASKED, texts::HEARD, texts::MALFORMED] {
                    th.roomy scope="col" { (name.speak(language)) }
                }
            } }
            tbody { @for source in sources {
                tr {
                    td { (source.title) }
                    td.free { (state(source, language)) }
                    @for count in counts(source) { td.roomy { (number(language, count)) } }
                }
            } }
            tfoot { tr.roomy {
                th scope="row" colspan="2" { (texts::ALL_SOURCES.speak(language)) }
                @for sum in sums { td.roomy { (number(language, sum)) } }
            } }
        }
    }
}

fn state(source: &SourceView, language: Language) -> Markup {
    let word = texts::source_state(source.state).speak(language);
    html! {
        @match source.state {
            "good" => span class="chip good" { (icon("check")) (word) },
            "trouble" => span class="chip bad" { (icon("bad")) (word) },
            _ => span class="chip" { (word) },
        }
        @if let Some(error) = &source.last_error {
            " " span.hint { (error.message) }
        } @else if source.state != "good" {
            " " span.hint { (source.reason) }
        }
    }
}
