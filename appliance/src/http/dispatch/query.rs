//! Holds the look at the names in a query: one that the route does not know is refused, since a mistyped filter would give an
//! answer that looks right.
//! Never for pages, to whose links others add names of their own. Called by the dispatcher.

use crate::http::problem::{Problem, faults};
use crate::http::route::Route;

/// Names that may stand in every query: the language, and what clients add to get past caches.
const EVERYWHERE: [&str; 2] = ["lang", "_"];

/// # Errors
/// `unknown_parameter` with what the route takes, `no_parameters` when that is nothing.
pub(super) fn check(route: &Route, query: &[(String, String)]) -> Result<(), Problem> {
    let is_api = route.path.starts_with("/api/") || route.path == "/machines";
    if !is_api || route.content_type == "text/html" {
        return Ok(());
    }
    let known: Vec<&str> = route.query.iter().map(|parameter| parameter.name).collect();
    match query.iter().find(|(name, _)| !EVERYWHERE.contains(&name.as_str()) && !known.contains(&name.as_str())) {
        None => Ok(()),
        Some((name, _)) if known.is_empty() => Err(Problem::from(&faults::NO_PARAMETERS).with("name", name)),
        Some((name, _)) => {
            Err(Problem::from(&faults::UNKNOWN_PARAMETER).with("name", name).with("known", known.join(", ")))
        }
    }
}
