//! Holds the one route table: method, path, access, schemas and handler of everything the appliance answers.
//! It never lets a route be reached that is not in it, and never a second one on the same place.
//! Areas bring their routes, `run` builds the table, the dispatcher and the API description read it.

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use hyper::Method;
use schemars::JsonSchema;
#[cfg(test)]
use schemars::{Schema, SchemaGenerator};

use crate::accounts::role::Access;

use super::call::Call;
use super::language::Language;
use super::limits::MAX_BODY_BYTES;
use super::problem::Problem;
use super::reply::Reply;

/// What a handler comes to.
pub type Outcome = Result<Reply, Problem>;

type Handler = Arc<dyn Fn(Call) -> Pin<Box<dyn Future<Output = Outcome> + Send>> + Send + Sync>;

/// Turns a refusal into a page, or sends the browser to the door.
pub type Refuser = fn(&Turned<'_>) -> Reply;

/// A request that was turned away, as far as a page about it needs to know.
pub struct Turned<'a> {
    /// Why.
    pub problem: &'a Problem,
    /// Where it wanted to go.
    pub path: &'a str,
    /// Whether it only looks.
    pub looks: bool,
    /// Whether it is a part of a page asked for in the background.
    pub background: bool,
    /// Whether nobody has logged in.
    pub stranger: bool,
    /// Whether the first account has yet to be made.
    pub needs_setup: bool,
    /// The language to speak.
    pub language: Language,
}

/// Makes a schema. Only the tests, which write the description, keep it: the product would carry the schemas for nothing.
#[cfg(test)]
pub(crate) type SchemaMaker = fn(&mut SchemaGenerator) -> Schema;

/// What body a route reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyRule {
    /// None; one that comes is refused.
    None,
    /// `application/json`.
    Json,
    /// A form of our own page; demands that the browser says it comes from our own page.
    Form,
    /// A form of our own page with a file in it, at most this many bytes in all; the same demand.
    Upload(usize),
    /// Some other content, whole, at most this many bytes.
    Bytes(usize),
    /// Read by the handler with [`super::intake::Intake`]; the only way past the body's time limit.
    Stream,
}

/// A query parameter in the description.
#[derive(Clone, Copy, Debug)]
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// What it does.
    pub about: &'static str,
    /// What it may hold.
    pub holds: Holds,
}

/// What a query parameter may hold.
#[derive(Clone, Copy, Debug)]
pub enum Holds {
    /// Text, of which the handler says what it makes of it.
    Text,
    /// A number from here to there.
    Number(u64, u64),
    /// One of these words.
    Word(&'static [&'static str]),
}

/// The words that turn a switch on or off; the name of the parameter alone turns it on.
const SWITCH: [&str; 7] = ["", "true", "1", "yes", "false", "0", "no"];

/// One route.
pub struct Route {
    /// `GET` answers `HEAD` too.
    pub method: Method,
    /// Such as `/api/things/{id}`; `{*rest}` takes the rest.
    pub path: &'static str,
    /// Who may.
    pub access: Access,
    /// One line.
    pub summary: &'static str,
    /// What it reads.
    pub body: BodyRule,
    /// Status of the good answer.
    pub status: u16,
    /// Content type of the good answer.
    pub content_type: &'static str,
    /// Another content type of the good answer, for who asks for it. A schema is that of the first.
    pub other_content_type: Option<&'static str>,
    /// Schema of the request body.
    #[cfg(test)]
    pub(crate) request: Option<SchemaMaker>,
    /// Schema of the good answer.
    #[cfg(test)]
    pub(crate) answer: Option<SchemaMaker>,
    /// Query parameters.
    pub query: Vec<Parameter>,
    /// Longer than the handler's time limit.
    pub patient: bool,
    /// A retry with the same `Idempotency-Key` gets the first answer.
    pub once: bool,
    /// What is written in the journal when it is done.
    pub audits: Option<vigie_core::audit::Kind>,
    /// Open to somebody who must change a temporary password first.
    pub before_change: bool,
    /// How a browser is told that it may not; without one, everybody gets a problem document.
    pub refuses: Option<Refuser>,
    pub(super) handler: Handler,
}

/// A route without its handler.
pub struct Draft(Route);

impl Route {
    /// A route that reads.
    #[must_use]
    pub fn get(path: &'static str, access: Access, summary: &'static str) -> Draft {
        Draft::new(Method::GET, path, access, summary, BodyRule::None, 200)
    }

    /// A route that creates or does something. It reads JSON unless told otherwise, and honours `Idempotency-Key`.
    #[must_use]
    pub fn post(path: &'static str, access: Access, summary: &'static str) -> Draft {
        let mut draft = Draft::new(Method::POST, path, access, summary, BodyRule::Json, 200);
        draft.0.once = !matches!(access, Access::Public | Access::Setup);
        draft
    }

    /// A route that replaces.
    #[must_use]
    pub fn put(path: &'static str, access: Access, summary: &'static str) -> Draft {
        Draft::new(Method::PUT, path, access, summary, BodyRule::Json, 200)
    }

    /// A route that changes parts.
    #[must_use]
    pub fn patch(path: &'static str, access: Access, summary: &'static str) -> Draft {
        Draft::new(Method::PATCH, path, access, summary, BodyRule::Json, 200)
    }

    /// A route that removes.
    #[must_use]
    pub fn delete(path: &'static str, access: Access, summary: &'static str) -> Draft {
        Draft::new(Method::DELETE, path, access, summary, BodyRule::None, 204)
    }

    /// Runs the handler.
    pub(super) fn run(&self, call: Call) -> impl Future<Output = Outcome> + Send + use<> {
        (self.handler)(call)
    }
}

impl Draft {
    fn new(
        method: Method,
        path: &'static str,
        access: Access,
        summary: &'static str,
        body: BodyRule,
        status: u16,
    ) -> Self {
        Self(Route {
            method,
            path,
            access,
            summary,
            body,
            status,
            content_type: "application/json",
            other_content_type: None,
            #[cfg(test)]
            request: None,
            #[cfg(test)]
            answer: None,
            query: Vec::new(),
            patient: false,
            once: false,
            audits: None,
            before_change: false,
            refuses: None,
            handler: Arc::new(|_| Box::pin(async { Ok(Reply::empty()) })),
        })
    }

    /// Reads this as JSON.
    #[must_use]
    pub fn reads<T: JsonSchema>(mut self) -> Self {
        #[cfg(test)]
        {
            self.0.request = Some(SchemaGenerator::subschema_for::<T>);
        }
        self.0.body = BodyRule::Json;
        self
    }

    /// Reads something else than JSON, or nothing.
    #[must_use]
    pub fn takes(mut self, body: BodyRule) -> Self {
        self.0.body = body;
        self
    }

    /// Answers this as JSON, with this status.
    #[must_use]
    pub fn answers<T: JsonSchema>(mut self, status: u16) -> Self {
        #[cfg(test)]
        {
            self.0.answer = Some(SchemaGenerator::subschema_for::<T>);
        }
        self.0.status = status;
        self
    }

    /// Answers something else than JSON.
    #[must_use]
    pub fn speaks(mut self, status: u16, content_type: &'static str) -> Self {
        self.0.status = status;
        self.0.content_type = content_type;
        self
    }

    /// Answers in another form too, for who asks for it: the handler looks at what was asked.
    #[must_use]
    pub fn or_speaks(mut self, content_type: &'static str) -> Self {
        self.0.other_content_type = Some(content_type);
        self
    }

    /// Understands a query parameter.
    #[must_use]
    pub fn query(self, name: &'static str, about: &'static str) -> Self {
        self.query_of(name, Holds::Text, about)
    }

    /// Understands a query parameter that holds more than just any text.
    #[must_use]
    pub fn query_of(mut self, name: &'static str, holds: Holds, about: &'static str) -> Self {
        self.0.query.push(Parameter { name, about, holds });
        self
    }

    /// Understands a query parameter that is on or off.
    #[must_use]
    pub fn switch(self, name: &'static str, about: &'static str) -> Self {
        self.query_of(name, Holds::Word(&SWITCH), about)
    }

    /// Is a list, with `limit` and `cursor`.
    #[must_use]
    pub fn lists(self) -> Self {
        self.query_of("limit", Holds::Number(1, 1_000), "Items on a page, 1 to 1000; 100 if left out.")
            .query("cursor", "The `next` of the page before.")
    }

    /// Runs longer than other handlers: streams and sockets answer at once and are not meant, long uploads are.
    #[must_use]
    pub fn patient(mut self) -> Self {
        self.0.patient = true;
        self
    }

    /// Its answers are not kept for retries: it would keep secrets, or has its own rule.
    #[must_use]
    pub fn every_time(mut self) -> Self {
        self.0.once = false;
        self
    }

    /// Writes this in the journal when it is done: who, from where, and to what the `{id}` of its path says.
    #[must_use]
    pub fn audits(mut self, kind: vigie_core::audit::Kind) -> Self {
        self.0.audits = Some(kind);
        self
    }

    /// Is open to somebody who must change a temporary password first.
    #[must_use]
    pub fn before_change(mut self) -> Self {
        self.0.before_change = true;
        self
    }

    /// Asks for another role than the one it was begun with.
    #[must_use]
    pub fn needs(mut self, access: Access) -> Self {
        self.0.access = access;
        self
    }

    /// Is a page: a browser that may not see it gets a page that says so, a program a problem document.
    #[must_use]
    pub fn refuses_with(mut self, refuser: Refuser) -> Self {
        self.0.refuses = Some(refuser);
        self
    }

    /// Completes the route.
    #[must_use]
    pub fn run<F, Fut>(mut self, handler: F) -> Route
    where
        F: Fn(Call) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Outcome> + Send + 'static,
    {
        self.0.handler = Arc::new(move |call| Box::pin(handler(call)));
        self.0
    }

    /// Completes the route with a handler that needs something shared beside the platform.
    #[must_use]
    pub fn run_with<S, F, Fut>(self, shared: &Arc<S>, handler: F) -> Route
    where
        S: Send + Sync + 'static,
        F: Fn(Arc<S>, Call) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Outcome> + Send + 'static,
    {
        let shared = shared.clone();
        self.run(move |call| handler(shared.clone(), call))
    }
}

/// Two routes on one place, or a pattern that cannot be read: a mistake in the program.
#[derive(Debug)]
pub struct BadTable(String);

impl fmt::Display for BadTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "route table: {}", self.0)
    }
}

impl std::error::Error for BadTable {}

/// The whole table.
pub struct RouteTable {
    routes: Vec<Route>,
    matcher: matchit::Router<Place>,
}

/// The routes of one path, by method.
type Place = Vec<(Method, usize)>;

/// What a path leads to.
pub(super) enum Found<'t> {
    Route(&'t Route, Vec<(String, String)>),
    /// The path is there, but not with this method; the methods that are.
    OtherMethods(String),
    Nothing,
}

impl RouteTable {
    /// Builds the table. The longest body of any one route counts as its own limit.
    ///
    /// # Errors
    /// For two routes on one place and for patterns that collide.
    pub fn build(routes: Vec<Route>) -> Result<Self, BadTable> {
        let mut places: BTreeMap<&'static str, Place> = BTreeMap::new();
        for (number, route) in routes.iter().enumerate() {
            if route.path.len() > 1 && route.path.ends_with('/') {
                return Err(BadTable(format!("{} ends in a slash, which is optional everywhere", route.path)));
            }
            let place = places.entry(route.path).or_default();
            if place.iter().any(|(method, _)| *method == route.method) {
                return Err(BadTable(format!("{} {} twice", route.method, route.path)));
            }
            place.push((route.method.clone(), number));
        }
        let mut matcher = matchit::Router::new();
        for (path, place) in places {
            matcher.insert(path, place).map_err(|error| BadTable(format!("{path}: {error}")))?;
        }
        Ok(Self { routes, matcher })
    }

    /// Every route, in the order brought.
    #[must_use]
    pub fn routes(&self) -> &[Route] {
        &self.routes
    }

    /// Finds the route of a method and a path.
    pub(super) fn find(&self, method: &Method, path: &str) -> Found<'_> {
        let Ok(matched) = self.matcher.at(path) else { return Found::Nothing };
        let wanted = if *method == Method::HEAD { &Method::GET } else { method };
        let number = matched.value.iter().find(|(method, _)| method == wanted).map(|(_, number)| *number);
        if let Some(route) = number.and_then(|number| self.routes.get(number)) {
            let parameters =
                matched.params.iter().map(|(key, value)| (key.to_owned(), super::call::decode(value, false))).collect();
            return Found::Route(route, parameters);
        }
        let mut methods: Vec<&str> = matched.value.iter().map(|(method, _)| method.as_str()).collect();
        if methods.contains(&"GET") {
            methods.push("HEAD");
        }
        methods.push("OPTIONS");
        Found::OtherMethods(methods.join(", "))
    }
}

impl BodyRule {
    /// Most bytes read before the handler runs.
    #[must_use]
    pub fn limit_bytes(self) -> usize {
        match self {
            Self::None => 0,
            Self::Json | Self::Form => MAX_BODY_BYTES,
            Self::Bytes(limit) | Self::Upload(limit) => limit,
            Self::Stream => usize::MAX,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(method: Method, path: &'static str) -> Route {
        Draft::new(method, path, Access::Public, "", BodyRule::None, 200).run(|_| async { Ok(Reply::empty()) })
    }

    #[test]
    fn mistakes_in_the_table_are_found_when_it_is_built() {
        assert!(RouteTable::build(vec![route(Method::GET, "/a"), route(Method::GET, "/a")]).is_err());
        assert!(RouteTable::build(vec![route(Method::GET, "/a/{x}"), route(Method::PUT, "/a/{y}")]).is_err());
        assert!(RouteTable::build(vec![route(Method::GET, "/a/")]).is_err());
    }

    #[test]
    fn paths_and_methods_are_told_apart() {
        let table = RouteTable::build(vec![
            route(Method::GET, "/"),
            route(Method::GET, "/a/{id}"),
            route(Method::DELETE, "/a/{id}"),
            route(Method::POST, "/a/{id}/wake"),
        ])
        .unwrap();
        let Found::Route(found, parameters) = table.find(&Method::HEAD, "/a/aa%3Abb") else { panic!("found") };
        assert_eq!((&found.method, parameters), (&Method::GET, vec![("id".to_owned(), "aa:bb".to_owned())]));
        let Found::OtherMethods(methods) = table.find(&Method::PUT, "/a/1") else { panic!("other methods") };
        assert_eq!(methods, "GET, DELETE, HEAD, OPTIONS");
        assert!(matches!(table.find(&Method::GET, "/a/1/2"), Found::Nothing));
        assert!(matches!(table.find(&Method::GET, "/"), Found::Route(..)));
    }
}
