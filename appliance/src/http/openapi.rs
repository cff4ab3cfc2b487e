//! Holds the description of the API (OpenAPI 3.1), made from the route table, and a page to read it.
//! It never says anything the table does not: one source for both.
//! The route table points `/api/openapi.json` and `/api/docs` here.

use std::fmt::Write;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use hyper::Method;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use crate::accounts::role::Access;

use super::call::Call;
use super::reply::Reply;
use super::route::{BodyRule, Holds, Route, RouteTable, SchemaMaker};

/// Version of the API, not of the program: the description is public, and a stranger is not told what we run.
const API_VERSION: &str = "2";

/// The description of a table, written once when somebody first asks.
#[derive(Default)]
pub struct Description {
    table: OnceLock<std::sync::Weak<RouteTable>>,
    text: OnceLock<(Bytes, String)>,
}

/// The routes, and the description they tell. It has to be given the table once that is built.
#[must_use]
pub fn routes() -> (Arc<Description>, Vec<Route>) {
    let description = Arc::new(Description::default());
    let routes = vec![
        Route::get("/api/openapi.json", Access::Public, "This description").run_with(
            &description,
            async |description: Arc<Description>, call: Call| {
                let (bytes, tag) = description.text();
                Ok(if call.holds(tag) {
                    Reply::not_modified(tag)
                } else {
                    Reply::bytes_of("application/json", bytes.clone()).tag(tag)
                })
            },
        ),
        Route::get("/api/docs", Access::Public, "This description, to read").speaks(200, "text/html").run_with(
            &description,
            async |description: Arc<Description>, _| {
                let table = description.table.get().and_then(std::sync::Weak::upgrade);
                Ok(Reply::html(table.map(|table| write_page(table.routes())).unwrap_or_default()))
            },
        ),
    ];
    (description, routes)
}

impl Description {
    /// Says which table to describe. Only the first call counts.
    pub fn describe(&self, table: &Arc<RouteTable>) {
        let _ = self.table.set(Arc::downgrade(table));
    }

    fn text(&self) -> &(Bytes, String) {
        self.text.get_or_init(|| {
            let table = self.table.get().and_then(std::sync::Weak::upgrade);
            let document = table.map(|table| write_document(table.routes())).unwrap_or_default();
            let bytes = Bytes::from(document.to_string());
            let tag = super::etag::of(&bytes);
            (bytes, tag)
        })
    }
}

/// Writes the document.
#[must_use]
pub fn write_document(routes: &[Route]) -> Value {
    // JSON Schema 2020-12 is the dialect of OpenAPI 3.1, only the place of the definitions differs.
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.definitions_path = "/components/schemas".into();
        settings.meta_schema = None;
    });
    let mut generator = settings.into_generator();
    let mut paths: Map<String, Value> = Map::new();
    for route in routes {
        let mut make = |maker: SchemaMaker| maker(&mut generator).to_value();
        let mut operation = json!({
            "summary": route.summary,
            "operationId": name_operation(route),
            "tags": [tag_of(route.path)],
            "x-role": route.access.word(),
            "responses": { route.status.to_string(): write_answer(route, &mut make) },
        });
        // Pages say no in words for people.
        let no = if route.content_type == "text/html" { "Page" } else { "Problem" };
        operation["responses"]["default"] = json!({ "$ref": format!("#/components/responses/{no}") });
        let parameters = write_parameters(route);
        if !parameters.is_empty() {
            operation["parameters"] = parameters.into();
        }
        if let Some(maker) = route.request {
            let content = json!({ "application/json": { "schema": make(maker) } });
            operation["requestBody"] = json!({ "required": true, "content": content });
        }
        operation["security"] = match route.access {
            Access::Public | Access::Setup => json!([]),
            _ => json!([{ "bearer": [] }, { "page": [] }]),
        };
        let path = route.path.replace("{*", "{");
        if let Value::Object(place) = paths.entry(path).or_insert_with(|| json!({})) {
            place.insert(route.method.as_str().to_lowercase(), operation);
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": { "title": "Vigie", "version": API_VERSION, "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" } },
        "paths": paths,
        "components": {
            "schemas": generator.take_definitions(true),
            "responses": { "Problem": write_problem(), "Page": write_page_of_a_problem() },
            "securitySchemes": {
                "bearer": { "type": "http", "scheme": "bearer", "bearerFormat": "JWT" },
                "page": { "type": "apiKey", "in": "cookie", "name": super::dispatch::SECURE_COOKIE },
            },
        },
    })
}

fn write_answer(route: &Route, make: &mut impl FnMut(SchemaMaker) -> Value) -> Value {
    let description = hyper::StatusCode::from_u16(route.status).ok().and_then(|status| status.canonical_reason());
    let mut answer = json!({ "description": description.unwrap_or("Done") });
    let silent = matches!(route.status, 101 | 204 | 303);
    if let Some(maker) = route.answer.filter(|_| !silent) {
        answer["content"] = json!({ route.content_type: { "schema": make(maker) } });
    } else if !silent {
        answer["content"] = json!({ route.content_type: {} });
    }
    answer
}

fn write_parameters(route: &Route) -> Vec<Value> {
    let in_path = route.path.split('{').skip(1).filter_map(|part| part.split('}').next()).map(|name| {
        json!({ "name": name.trim_start_matches('*'), "in": "path", "required": true, "schema": { "type": "string" } })
    });
    let in_query = route.query.iter().map(|parameter| {
        let (name, about) = (parameter.name, parameter.about);
        let schema = match parameter.holds {
            Holds::Text => json!({ "type": "string" }),
            Holds::Number(from, to) => json!({ "type": "integer", "minimum": from, "maximum": to }),
            Holds::Word(words) => json!({ "type": "string", "enum": words }),
        };
        json!({ "name": name, "in": "query", "description": about, "schema": schema })
    });
    let in_fields = route.once.then(|| {
        let about = "A retry with the same key within ten minutes gets the first answer.";
        json!({ "name": "Idempotency-Key", "in": "header", "description": about, "schema": { "type": "string", "maxLength": 128 } })
    });
    in_path.chain(in_query).chain(in_fields).collect()
}

fn write_problem() -> Value {
    let text = || json!({ "type": "string" });
    let field = json!({ "type": "object", "required": ["pointer", "code", "detail"],
        "properties": { "pointer": text(), "code": text(), "detail": text() } });
    let schema = json!({ "type": "object", "required": ["type", "title", "status", "code", "detail"],
        "properties": { "type": text(), "title": text(), "status": { "type": "integer" }, "code": text(), "detail": text(),
            "errors": { "type": "array", "items": field } } });
    json!({ "description": "Why not (RFC 9457)", "content": { "application/problem+json": { "schema": schema } } })
}

fn write_page_of_a_problem() -> Value {
    let mut answer = write_problem();
    answer["description"] = "Why not, in words for people; what no page could say, as a problem".into();
    answer["content"]["text/html"] = json!({});
    answer
}

fn tag_of(path: &str) -> &str {
    let mut parts = path.split('/').filter(|part| !part.is_empty());
    match (parts.next(), parts.next()) {
        (Some("api"), Some(area)) => area,
        (Some(first), _) => first,
        (None, _) => "page",
    }
}

fn name_operation(route: &Route) -> String {
    let mut name = route.method.as_str().to_lowercase();
    for part in route.path.split(|c: char| !c.is_ascii_alphanumeric()).filter(|part| !part.is_empty()) {
        name.push('_');
        name.push_str(part);
    }
    name
}

/// The readable page: the table as a table. No script, no foreign asset.
fn write_page(routes: &[Route]) -> String {
    let mut page = String::from(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>Vigie API</title><h1>Vigie API</h1><p>The full description, with schemas, is \
         <a href=\"/api/openapi.json\">openapi.json</a> (OpenAPI 3.1).</p>\
         <table><caption>Every route</caption><thead><tr><th scope=\"col\">Method<th scope=\"col\">Path\
         <th scope=\"col\">For<th scope=\"col\">What<th scope=\"col\">Reads<tbody>",
    );
    for route in routes {
        let reads = match route.body {
            BodyRule::None if route.method == Method::GET => "",
            BodyRule::None => "nothing",
            BodyRule::Json => "JSON",
            BodyRule::Form | BodyRule::Upload(_) => "form",
            BodyRule::Bytes(_) | BodyRule::Stream => "file",
        };
        let (path, summary) = (escape(route.path), escape(route.summary));
        let _ = write!(
            page,
            "<tr><td>{}<td><code>{path}</code><td>{}<td>{summary}<td>{reads}",
            route.method,
            route.access.word()
        );
    }
    page.push_str("</table></html>");
    page
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
