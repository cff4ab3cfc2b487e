//! Holds the writer of the API's description (OpenAPI 3.1): the route table, said in another way.
//! Never part of the product, which carries what came of it: the schemas of everything are much code for one file.
//! The tests call it, and compare.

use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use crate::accounts::role::Access;
use crate::http::route::{Holds, Route, SchemaMaker};

/// Version of the API, not of the program: the description is public, and a stranger is not told what we run.
const API_VERSION: &str = "2";
/// Levels that get lines of their own: one operation or schema a line, so that a change is seen for what it is.
const LEVELS_OF_LINES: usize = 3;

/// The document as a file: the same for the same table.
pub(crate) fn lay_out(document: &Value) -> String {
    let mut text = String::new();
    lay(document, 0, &mut text);
    text + "\n"
}

fn lay(value: &Value, level: usize, text: &mut String) {
    let Value::Object(entries) = value else { return text.push_str(&value.to_string()) };
    if level == LEVELS_OF_LINES || entries.is_empty() {
        return text.push_str(&value.to_string());
    }
    let mut before = "{";
    for (name, value) in entries {
        text.push_str(before);
        text.push('\n');
        text.push_str(&" ".repeat(level + 1));
        text.push_str(&json!(name).to_string());
        text.push_str(": ");
        lay(value, level + 1, text);
        before = ",";
    }
    text.push('\n');
    text.push_str(&" ".repeat(level));
    text.push('}');
}

/// Writes the document.
pub(crate) fn write_document(routes: &[Route]) -> Value {
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
                "page": { "type": "apiKey", "in": "cookie", "name": crate::http::dispatch::SECURE_COOKIE },
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
    if let Some(other) = route.other_content_type {
        answer["content"][other] = json!({});
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
