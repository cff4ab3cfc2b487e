//! Holds the way of a request: guard, route, caller, body, handler, answer.
//! It never lets a handler see a request that has not passed every rule, and denies what no route allows.
//! The listener gives it every request of a connection.

use std::net::IpAddr;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::{Body, Incoming};
use hyper::header::{ALLOW, AUTHORIZATION, CONNECTION, HeaderValue, RANGE, TRANSFER_ENCODING};
use hyper::{HeaderMap, Method, Request, Response};
use tokio::time::timeout;

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
use super::reply::Reply;
use super::route::{BodyRule, Found, Outcome, Route, RouteTable, Turned};
use super::stall::Turns;

mod act;
mod query;
mod wish;

use act::{begin_act, write_down};
pub(super) use wish::read_cookie;
pub use wish::{LANGUAGE_COOKIE, PLAIN_COOKIE, SECURE_COOKIE};
use wish::{read_language, settle_language, wants_page};

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
                count_refusal(&self.platform, &problem);
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
        let query = parse_query(request.uri().query().unwrap_or_default());
        query::check(route, &query)?;
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
        let method = if parts.method == Method::HEAD { Method::GET } else { parts.method.clone() };
        let mut headers = parts.headers.clone();
        if parts.method == Method::HEAD {
            // A part is for GET alone (RFC 9110, 14.2), as which a handler sees it.
            headers.remove(RANGE);
        }
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
        count_refusal(&self.platform, &problem);
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
}

fn count_refusal(platform: &Platform, problem: &Problem) {
    let help = "Requests turned away, by code.";
    platform.metrics.count("http_rejected_total", help, "why", problem.code(), 1);
}

/// Renders an outcome and remembers it for a retry.
fn settle(platform: &Platform, outcome: Outcome, ticket: Option<Ticket>, language: Language) -> Response<Payload> {
    let response = match outcome {
        Ok(reply) => reply.0,
        Err(problem) => {
            count_refusal(platform, &problem);
            problem.render(language)
        }
    };
    if let Some(ticket) = ticket {
        platform.retries.settle(&ticket, &response);
    }
    response
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
}
