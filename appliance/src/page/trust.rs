//! Holds the page that says how to know this appliance from an impostor: its fingerprints, and how to install its authority.
//! It never asks for a log-in: people need it before they dare to type a password. It shows nothing that a handshake does
//! not show to everybody. The route table holds its route; the door and the system page lead to it.

use maud::{Markup, html};

use crate::accounts::role::Access;
use crate::http::call::Call;
use crate::http::language::Language;
use crate::http::route::{Outcome, Route};
use crate::http::tls::routes::{AUTHORITY_DER, AUTHORITY_PEM};
use crate::http::tls::{Shown, Tls, fingerprint};

use super::frame;
use super::icon::icon;
use super::times::{self, When};
use super::words::trust as words;

/// Where the page is.
const PATH: &str = "/trust";

/// The route.
pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get(PATH, Access::Public, "How to know this appliance from an impostor")
            .speaks(200, "text/html")
            .run(show),
    ]
}

async fn show(call: Call) -> Outcome {
    let language = call.language;
    let shown = call.platform.tls.as_ref().map(|tls| tls.shown());
    let content = html! {
        h1 { (words::TITLE.speak(language)) }
        @match &shown {
            None => p { (words::OFF.speak(language)) },
            Some(shown) => {
                p.lead { (words::WHY.speak(language)) }
                (fingerprints(shown, language))
                @if shown.uploaded.is_none() { (installing(language)) }
            }
        }
        p { a href="/" { (words::BACK.speak(language)) } }
    };
    let markup = frame::door(language, words::TITLE.speak(language), PATH, &content);
    Ok(frame::reply(&call, markup))
}

/// A line for the door: over TLS it leads to the proof of who this is.
pub(super) fn link(language: Language) -> Markup {
    html! { p.hint.aside { (icon("lock")) a href=(PATH) { (words::LINK.speak(language)) } } }
}

/// The certificate, for the page of the appliance itself.
pub(super) fn summary(tls: Option<&Tls>, language: Language) -> Markup {
    html! {
        @match tls.map(Tls::shown) {
            None => p { (words::OFF.speak(language)) },
            Some(shown) => {
                (fingerprints(&shown, language))
                p { a href=(PATH) { (words::LINK.speak(language)) } }
            }
        }
    }
}

fn fingerprints(shown: &Shown, language: Language) -> Markup {
    let facts = &shown.current().facts;
    let until = u64::try_from(facts.until).ok().map(std::time::Duration::from_secs);
    html! {
        dl.facts {
            (frame::fact(words::CERTIFICATE, &html! { code { (fingerprint(&facts.sha256)) } }, language))
            (frame::fact(words::UNTIL, &times::exact_time(When { unix: until, ago: None }, language), language))
            @if shown.uploaded.is_some() {
                (frame::fact(words::ISSUER, &html! { (facts.issuer) }, language))
            } @else {
                (frame::fact(words::AUTHORITY, &html! { code { (shown.authority_sha256()) } }, language))
            }
        }
    }
}

fn installing(language: Language) -> Markup {
    html! {
        h2 { (words::INSTALL.speak(language)) }
        p { (words::INSTALL_WHY.speak(language)) }
        p {
            a.button href=(AUTHORITY_DER) { (words::GET.speak(language)) } " "
            a href=(AUTHORITY_PEM) download="vigie-ca.pem" { (words::GET_PEM.speak(language)) }
        }
        dl.facts {
            @for (system, how) in words::SYSTEMS {
                (frame::fact(system, &html! { (how.speak(language)) }, language))
            }
        }
    }
}
