//! Holds the description of the API (OpenAPI 3.1), written from the route table, and a page to read it.
//! It never says anything the table does not: a test writes the file anew and compares.
//! The route table points `/api/openapi.json` and `/api/docs` here.

use std::fmt::Write;
use std::sync::{Arc, OnceLock};

use hyper::Method;

use crate::accounts::role::Access;

use super::assets;
use super::call::Call;
use super::problem::{Problem, faults};
use super::reply::Reply;
use super::route::{BodyRule, Route, RouteTable};

#[cfg(test)]
pub(crate) mod document;

/// The description among the files of the page.
const FILE: &str = "openapi.json";

/// The table the readable page is written from.
#[derive(Default)]
pub struct Description {
    table: OnceLock<std::sync::Weak<RouteTable>>,
}

/// The routes, and the description they tell. It has to be given the table once that is built.
#[must_use]
pub fn routes() -> (Arc<Description>, Vec<Route>) {
    let description = Arc::new(Description::default());
    let routes = vec![
        Route::get("/api/openapi.json", Access::Public, "This description").run(async |call: Call| {
            let asset = assets::find(FILE).ok_or_else(|| Problem::from(&faults::NOT_FOUND))?;
            assets::answer(&call, asset)
        }),
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
