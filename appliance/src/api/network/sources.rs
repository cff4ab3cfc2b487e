//! Holds the route of the sources: which are on, how each does, and why one tells nothing.
//! Never switches one: the settings do. The route table holds it.

use std::sync::Arc;

use super::desk::Desk;
use super::view::SourceView;
use crate::accounts::role::Access;
use crate::http::call::Call;
use crate::http::list::Page;
use crate::http::reply::Reply;
use crate::http::route::{Outcome, Route};

/// The routes.
pub(super) fn routes(desk: &Arc<Desk>) -> Vec<Route> {
    vec![
        Route::get(
            "/api/network/v2/sources",
            Access::Viewer,
            "Each source: on or off, how it does, why not, its interval, what it was asked and what came of it",
        )
        .answers::<Page<SourceView>>(200)
        .run_with(desk, list),
    ]
}

async fn list(desk: Arc<Desk>, call: Call) -> Outcome {
    let language = call.language;
    // A dozen: one page.
    let items = desk.visit(move |hands, lens| SourceView::all(hands, lens, language)).await?;
    Reply::json(&Page { count: items.len(), items, next: None })
}
