//! Holds the way of a request: guard, route, caller, body, handler, answer.
//! It never lets a handler see a request that has not passed every rule, and denies what no route allows.
//! The listener gives it every request of a connection.

use std::net::IpAddr;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::{Body, Incoming};
use hyper::header::{ACCEPT, ALLOW, AUTHORIZATION, CONNECTION, COOKIE, HeaderValue, TRANSFER_ENCODING};
use hyper::{HeaderMap, Method, Request, Response};
use tokio::time::timeout;
use vigie_core::audit::{Actor, Kind, Object, Theme};

use crate::accounts::journal::Act;
use crate::accounts::role::{Access, Role};
use crate::accounts::{LASTING_MARK, Principal};

use super::body::Payload;
use super::budget::Seat;
use super::call::{Call, parse_query};
use super::context::Platform;
use super::guard::{check_content_type, check_framing, is_change, protect, straighten};
use super::idempotency::{Owner, Retry, Ticket};
use super::language::Language;
use super::plain;
use super::problem::{Fault, Problem, faults};
use super::reply::{Concern, Reply};
use super::route::{BodyRule, Found, Outcome, Route, RouteTable, Turned};
use super::stall::Turns;

/// Name of the page's cookie over TLS; the prefix binds it to this host and to TLS (RFC 6265bis, 4.1.3.2).
pub const SECURE_COOKIE: &str = "__Host-vigie";

/// Its name on plain HTTP, where browsers do not accept the prefix.
pub const PLAIN_COOKIE: &str = "vigie";

/// Cookie in which the page keeps the language a person switched to.
pub const LANGUAGE_COOKIE: &str = "vigie_language";

/// Field with which the page marks what it asks for by itself, so that it does not count as somebody at the desk.
const BACKGROUND_FIELD: &str = "x-vigie-background";

/// What is known about the connection of a request.
#[derive(Clone)]
pub struct Link {
    /// Address of the other side.
    pub peer: IpAddr,
    /// Whether it is TLS.
    pub secure: bool,
    /// Its place in the budget.
    pub seat: Arc<Seat>,
    /// Whose turn it is.
    pub turns: Turns,
}

/// Answers requests.
pub struct Dispatcher {
    /// What handlers may use.
    pub platform: Arc<Platform>,
    /// What there is.
    pub table: Arc<RouteTable>,
}

/// Where a request wants to go, and how it came.
struct Arrival<'a> {
    host: &'a str,
    path: &'a str,
    /// The workstation its path names.
    station: Option<&'a str>,
    secure: bool,
    language: Language,
}

/// How somebody said who they are.
enum Proof {
    None,
    Cookie(Principal),
    Bearer(Principal),
    /// The fixed token of a metrics collector.
    Collector,
    /// Something that is not, or no longer, good.
    Bad,
}

impl Dispatcher {
    /// Answers one request.
    pub async fn answer(&self, request: Request<Incoming>, link: &Link) -> Response<Payload> {
        // Where a body in chunks ends, two readers can disagree (RFC 9112, 11.2): nothing is read after one.
        let last_of_its_connection = request.headers().contains_key(TRANSFER_ENCODING);
        let language = read_language(&request);
        let mut response = match self.walk(request, link, language).await {
            Ok(response) => response,
            Err(problem) => {
                self.count_refusal(&problem);
                problem.render(language)
            }
        };
        if last_of_its_connection {
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        protect(response.headers_mut(), link.secure);
        let class = match response.status().as_u16() / 100 {
            1 => "1xx",
            2 => "2xx",
            3 => "3xx",
            4 => "4xx",
            _ => "5xx",
        };
        self.platform.metrics.count("http_answers_total", "Answers by class of status.", "class", class, 1);
        response
    }

    async fn walk(
        &self,
        request: Request<Incoming>,
        link: &Link,
        language: Language,
    ) -> Result<Response<Payload>, Problem> {
        check_framing(request.headers())?;
        let host = self.platform.guard.check_host(&request)?;
        let path = straighten(request.uri().path());
        if let Some(tls) = self.platform.tls.as_ref().filter(|_| !link.secure)
            && let Some(elsewhere) = plain::judge(&request, &host, &path, link.peer, tls.port())?
        {
            return Ok(elsewhere.0);
        }
        let (route, parameters) = match self.table.find(request.method(), &path) {
            Found::Route(route, parameters) => (route, parameters),
            Found::Nothing => return Err((&faults::NOT_FOUND).into()),
            Found::OtherMethods(methods) if request.method() == Method::OPTIONS => {
                let allow = HeaderValue::from_str(&methods).map_err(|_| Problem::from(&faults::INTERNAL))?;
                let mut response = Reply::empty().0;
                response.headers_mut().insert(ALLOW, allow);
                return Ok(response);
            }
            Found::OtherMethods(methods) => {
                let problem = Problem::from(&faults::METHOD_NOT_ALLOWED).with("method", request.method());
                return Err(problem.allowing(methods));
            }
        };
        let proof = self.read_proof(request.headers(), link, route);
        let language = settle_language(&request, &proof).unwrap_or(language);
        let station = parameters.iter().find(|(name, _)| name == "station").map(|(_, value)| value.as_str());
        let arrival = Arrival { host: &host, path: &path, station, secure: link.secure, language };
        if let Err(problem) = self.admit(route, &request, &proof, &arrival) {
            return self.turn_away(problem, route, &request, &proof, &arrival);
        }
        let who = match proof {
            Proof::Cookie(who) | Proof::Bearer(who) => Some(who),
            Proof::None | Proof::Bad | Proof::Collector => None,
        };
        if let Some(who) = &who {
            link.seat.recognise(who.session);
        }
        let upgrade = hyper_tungstenite::is_upgrade_request(&request);
        let (parts, body) = request.into_parts();
        check_content_type(&parts.headers, route.body, !body.is_end_stream())?;
        let (body, stream) = match route.body {
            BodyRule::Stream => (Bytes::new(), Some(body)),
            rule => {
                // Who keeps us waiting for a body has not said all he has to say: in a full house he gives way.
                let _hearing = link.turns.hear();
                (self.collect(body, rule).await?, None)
            }
        };
        let query = parse_query(parts.uri.query().unwrap_or_default());
        let method = if parts.method == Method::HEAD { Method::GET } else { parts.method.clone() };
        let headers = parts.headers.clone();
        let request = upgrade.then(|| Request::from_parts(parts, ()));
        let call = Call {
            platform: self.platform.clone(),
            who,
            method,
            path,
            headers,
            body,
            stream,
            peer: link.peer,
            secure: link.secure,
            language,
            parameters,
            query,
            request,
            seat: link.seat.clone(),
        };
        self.carry_out(route, call).await
    }

    /// Whether the caller may use the route, and a browser sends it from our own page.
    fn admit<B>(
        &self,
        route: &Route,
        request: &Request<B>,
        proof: &Proof,
        arrival: &Arrival<'_>,
    ) -> Result<(), Problem> {
        let upgrade = hyper_tungstenite::is_upgrade_request(request);
        if is_change(request.method()) || upgrade {
            let ours = matches!(route.body, BodyRule::Form | BodyRule::Upload(_));
            let must_tell = ours || matches!(proof, Proof::Cookie(_));
            self.platform.guard.check_origin(request.headers(), arrival.host, arrival.secure, must_tell)?;
        }
        let who = match proof {
            Proof::Cookie(who) | Proof::Bearer(who) => Some(who),
            Proof::Collector => return Ok(()),
            Proof::None | Proof::Bad => None,
        };
        let role = who.map(|who| who.role);
        if route.access == Access::Setup && !self.platform.accounts.needs_setup() {
            return Err((&faults::ALREADY_SET_UP).into());
        }
        if let (Some(who), false) = (who, matches!(route.access, Access::Public | Access::Setup)) {
            if who.must_change && !route.before_change {
                return Err((&faults::PASSWORD_MUST_CHANGE).into());
            }
            // The rule about single objects, here for every route that names one: an agent is one workstation.
            if arrival.station.is_some_and(|station| !who.may_touch_station(station)) {
                return Err((&faults::FORBIDDEN).into());
            }
        }
        match (route.access.admits(role), role, proof) {
            (true, ..) => Ok(()),
            (false, Some(_), _) => Err((&faults::FORBIDDEN).into()),
            (false, None, Proof::Bad) => Err((&faults::TOKEN_INVALID).into()),
            (false, None, _) => Err((&faults::LOGIN_NEEDED).into()),
        }
    }

    /// Says no: a page to a browser that asks for one, a problem document to everybody else.
    fn turn_away<B>(
        &self,
        problem: Problem,
        route: &Route,
        request: &Request<B>,
        proof: &Proof,
        arrival: &Arrival<'_>,
    ) -> Result<Response<Payload>, Problem> {
        let background = request.headers().contains_key("hx-request");
        let Some(refuses) = route.refuses.filter(|_| background || wants_page(request.headers())) else {
            return Err(problem);
        };
        self.count_refusal(&problem);
        let turned = Turned {
            problem: &problem,
            path: arrival.path,
            looks: matches!(*request.method(), Method::GET | Method::HEAD),
            background,
            stranger: !matches!(proof, Proof::Cookie(_) | Proof::Bearer(_)),
            needs_setup: self.platform.accounts.needs_setup(),
            language: arrival.language,
        };
        Ok(refuses(&turned).0)
    }

    fn read_proof(&self, headers: &HeaderMap, link: &Link, route: &Route) -> Proof {
        let accounts = &self.platform.accounts;
        if let Some(field) = headers.get(AUTHORIZATION) {
            let token = field.to_str().ok().and_then(|field| field.split_once(' '));
            let Some((_, token)) = token.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")) else {
                return Proof::Bad;
            };
            let collector = self.platform.metrics_token.as_ref().is_some_and(|expected| expected.matches(token));
            if collector && route.path == "/metrics" {
                return Proof::Collector;
            }
            let token = token.trim();
            return self.platform.open_bearer(token, link.peer).map_or(Proof::Bad, Proof::Bearer);
        }
        let name = if link.secure { SECURE_COOKIE } else { PLAIN_COOKIE };
        match read_cookie(headers, name) {
            // A screen in a public room comes with its lasting token; a workstation's program has no cookies.
            Some(cookie) if cookie.starts_with(LASTING_MARK) => {
                let who = accounts.open_lasting(cookie, Some(link.peer)).filter(|who| who.role == Role::Screen);
                who.map_or(Proof::Bad, Proof::Cookie)
            }
            Some(cookie) => {
                let touch = !headers.contains_key(BACKGROUND_FIELD);
                accounts.open_cookie(cookie, touch).map_or(Proof::Bad, Proof::Cookie)
            }
            None => Proof::None,
        }
    }

    async fn collect(&self, body: Incoming, rule: BodyRule) -> Result<Bytes, Problem> {
        let limit = rule.limit_bytes();
        let too_large = || Problem::from(&faults::TOO_LARGE).with("limit", limit);
        if body.size_hint().lower() > limit as u64 {
            return Err(too_large());
        }
        match timeout(self.platform.limits.body_time, Limited::new(body, limit).collect()).await {
            Ok(Ok(whole)) => Ok(whole.to_bytes()),
            Ok(Err(error)) if error.is::<LengthLimitError>() => Err(too_large()),
            Ok(Err(_)) => Err((&faults::BAD_REQUEST).into()),
            Err(_) => Err((&faults::TOO_SLOW).into()),
        }
    }

    async fn carry_out(&self, route: &Route, call: Call) -> Result<Response<Payload>, Problem> {
        let ticket = match (&call.who, route.once) {
            (Some(who), true) => {
                let now = self.platform.clock.now();
                let owner = Owner {
                    account: who.account,
                    station: &who.station,
                    method: call.method.as_str(),
                    path: &call.path,
                };
                match self.platform.retries.begin(now, &call.headers, owner, &call.body)? {
                    Retry::None => None,
                    Retry::First(ticket) => Some(ticket),
                    Retry::Again(response) => return Ok(response),
                }
            }
            _ => None,
        };
        let (language, change) = (call.language, is_change(&call.method));
        let act = route.audits.map(|kind| begin_act(kind, &call));
        let work = route.run(call);
        let platform = self.platform.clone();
        let place = ticket.as_ref().map(Ticket::again);
        let settled = async move {
            let outcome = work.await;
            if let (Some(act), Ok(reply)) = (act, &outcome) {
                write_down(&platform, act, reply).await;
            }
            settle(&platform, outcome, ticket, language)
        };
        let too_long = || Problem::from(&faults::UNAVAILABLE);
        if !change {
            return match route.patient {
                true => Ok(settled.await),
                false => timeout(self.platform.limits.handler_time, settled).await.map_err(|_| too_long()),
            };
        }
        // A change goes on when the client hangs up or has waited too long: half of one would be worse than an answer
        // nobody hears. Its answer is kept for a retry.
        let Some((change, watch)) = self.platform.changes.begin() else {
            if let Some(place) = &place {
                self.platform.retries.forget(place);
            }
            return Err(too_long());
        };
        let job = tokio::spawn(async move {
            let _until_it_is_over = change;
            settled.await
        });
        let done = match route.patient {
            true => job.await,
            false => timeout(self.platform.limits.handler_time, job).await.map_err(|_| {
                watch.give_up();
                too_long()
            })?,
        };
        done.map_err(|error| {
            tracing::error!(%error, "a handler failed");
            if let Some(place) = place {
                self.platform.retries.forget(&place);
            }
            Problem::from(&faults::INTERNAL)
        })
    }

    fn count_refusal(&self, problem: &Problem) {
        let help = "Requests turned away, by code.";
        self.platform.metrics.count("http_rejected_total", help, "why", problem.code(), 1);
    }
}

/// What the route table and the path say of an act.
fn begin_act(kind: Kind, call: &Call) -> Act {
    let actor = call.who.as_ref().map_or(Actor::Stranger, Principal::actor);
    Act::new(kind, actor).from(call.peer).on(read_object(kind, call))
}

fn read_object(kind: Kind, call: &Call) -> Object {
    let id = call.parameter("id");
    match kind.theme() {
        _ if id.is_empty() => Object::Nothing,
        Theme::Accounts | Theme::Door => id.parse().map_or(Object::Nothing, Object::Account),
        Theme::Devices if id.len() == 16 => u64::from_str_radix(id, 16).map_or(Object::Nothing, Object::Device),
        Theme::Devices | Theme::Settings | Theme::System | Theme::Kiosk => {
            // A MAC or an address; nothing else finds a device.
            let clean: String = id.chars().filter(|sign| !sign.is_control()).collect();
            Object::Named(clean.as_str().into())
        }
    }
}

/// Writes down what was done, unless nothing was.
async fn write_down(platform: &Platform, mut act: Act, reply: &Reply) {
    let concern = reply.0.extensions().get::<Concern>().cloned().unwrap_or_default();
    if reply.0.status().as_u16() >= 400 || concern.unrecorded {
        return;
    }
    act.object = concern.object.unwrap_or(act.object);
    act.detail = concern.detail.as_str().into();
    match act.kind.theme() {
        // Whoever reads "done" about these must find it in the journal after a power cut too.
        Theme::Accounts | Theme::Settings | Theme::Door | Theme::Kiosk => {
            // What could not be written is in the log of the program; the act itself is done.
            let _told = platform.journal.write(act).await;
        }
        Theme::Devices | Theme::System => platform.journal.note(act),
    }
}

/// Renders an outcome and remembers it for a retry.
fn settle(platform: &Platform, outcome: Outcome, ticket: Option<Ticket>, language: Language) -> Response<Payload> {
    let response = match outcome {
        Ok(reply) => reply.0,
        Err(problem) => {
            let help = "Requests turned away, by code.";
            platform.metrics.count("http_rejected_total", help, "why", problem.code(), 1);
            problem.render(language)
        }
    };
    if let Some(ticket) = ticket {
        platform.retries.settle(&ticket, &response);
    }
    response
}

/// The value of a cookie; the first one of its name.
pub(super) fn read_cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|field| field.to_str().ok())
        .flat_map(|field| field.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value)
}

/// The language a person switched to, else the one the client asks for.
fn read_language<B>(request: &Request<B>) -> Language {
    switched(request).unwrap_or_else(|| Language::wanted(request.headers()))
}

/// The language a person switched to: in this very address, or earlier in this browser.
fn switched<B>(request: &Request<B>) -> Option<Language> {
    let query = parse_query(request.uri().query().unwrap_or_default());
    let here = query.iter().find(|(name, _)| name == "lang").and_then(|(_, tag)| Language::of_tag(tag));
    here.or_else(|| read_cookie(request.headers(), LANGUAGE_COOKIE).and_then(Language::of_tag))
}

/// The language for somebody who is known. In a browser what they switched to goes before what their account says, and
/// that before what the browser was installed with. A program asks for what it wants.
fn settle_language<B>(request: &Request<B>, proof: &Proof) -> Option<Language> {
    let own = |who: &Principal| std::str::from_utf8(&who.language).ok().and_then(Language::of_tag);
    switched(request).or_else(|| match proof {
        Proof::Cookie(who) => own(who),
        Proof::Bearer(who) => Language::asked(request.headers()).or_else(|| own(who)),
        Proof::None | Proof::Collector | Proof::Bad => None,
    })
}

/// Whether a client asks for pages, as browsers do; `*/*` is what programs send.
fn wants_page(headers: &HeaderMap) -> bool {
    let fields = headers.get_all(ACCEPT).iter().filter_map(|field| field.to_str().ok());
    fields.flat_map(|field| field.split(',')).any(|one| {
        let name = one.split(';').next().unwrap_or_default().trim();
        name.eq_ignore_ascii_case("text/html") || name.eq_ignore_ascii_case("application/xhtml+xml")
    })
}

/// The canned answer for a connection that finds no seat. No handler, no allocation.
pub(super) const FULL: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/problem+json\r\n\
content-length: 122\r\nretry-after: 5\r\nconnection: close\r\ncache-control: no-store\r\n\
x-content-type-options: nosniff\r\n\r\n\
{\"type\":\"about:blank\",\"title\":\"Service Unavailable\",\"status\":503,\"code\":\"busy\",\"detail\":\"Too many connections at once.\"  }";

/// What the canned answer says, as a fault, so that its code is part of the table.
pub static BUSY: Fault = Fault {
    code: "busy",
    kind: super::problem::ErrorKind::Unavailable,
    text: super::language::Text { en: "Too many connections at once.", fr: "Trop de connexions à la fois." },
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_canned_answer_is_valid() {
        let text = std::str::from_utf8(FULL).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
        assert_eq!(length.parse(), Ok(body.len()));
        let document: serde_json::Value = serde_json::from_str(body).unwrap();
        assert_eq!((document["code"].as_str(), document["status"].as_u64()), (Some(BUSY.code), Some(503)));
        assert_eq!(document["detail"], BUSY.text.en);
        assert!(head.starts_with(&format!("HTTP/1.1 {}\r\n", BUSY.kind.status())));
    }

    #[test]
    fn what_a_person_switched_to_goes_before_their_account_and_that_before_the_browser() {
        let who = |language: [u8; 2]| Principal {
            account: 1,
            username: "ada".into(),
            role: Role::Viewer,
            session: crate::accounts::session::SessionId(1),
            language,
            must_change: false,
            station: "".into(),
        };
        let settle = |path: &str, cookie: &str, asked: &str, proof: &Proof| {
            let mut request = Request::builder().uri(path);
            for (name, value) in [("cookie", cookie), ("accept-language", asked)] {
                request = if value.is_empty() { request } else { request.header(name, value) };
            }
            let request = request.body(()).unwrap();
            settle_language(&request, proof).unwrap_or_else(|| read_language(&request)).tag()
        };
        let page = Proof::Cookie(who(*b"fr"));
        assert_eq!(settle("/", "", "en", &page), "fr", "the account before the browser");
        assert_eq!(settle("/", "vigie_language=en", "fr", &page), "en", "the switch before the account");
        assert_eq!(settle("/?lang=fr", "vigie_language=en", "en", &Proof::Cookie(who(*b"en"))), "fr");
        assert_eq!(settle("/?lang=xx", "", "", &page), "fr");
        assert_eq!(settle("/", "", "fr", &Proof::None), "fr");
        assert_eq!(settle("/", "", "", &Proof::None), "en");
        let program = Proof::Bearer(who(*b"fr"));
        assert_eq!((settle("/", "", "en", &program), settle("/", "", "de", &program)), ("en", "fr"));
    }

    #[test]
    fn browsers_are_told_from_programs() {
        for (accept, page) in [
            ("text/html,application/xhtml+xml,*/*;q=0.8", true),
            ("application/json", false),
            ("*/*", false),
            ("Text/HTML;q=0.1", true),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT, HeaderValue::from_static(accept));
            assert_eq!(wants_page(&headers), page, "{accept}");
        }
        assert!(!wants_page(&HeaderMap::new()));
    }

    #[test]
    fn cookies_are_found_among_others() {
        let mut headers = HeaderMap::new();
        headers.append(COOKIE, HeaderValue::from_static("a=b; vigie=token; vigie_language=fr"));
        headers.append(COOKIE, HeaderValue::from_static("__Host-vigie=other"));
        assert_eq!(read_cookie(&headers, PLAIN_COOKIE), Some("token"));
        assert_eq!(read_cookie(&headers, SECURE_COOKIE), Some("other"));
        assert_eq!(read_cookie(&headers, "x"), None);
    }
}
