//! Holds the route of the appliance's legs.
//! Never decides what is scanned. The route table holds it.

use std::sync::Arc;

use super::desk::Desk;
use super::view::SegmentView;
use crate::accounts::role::Access;
use crate::http::call::Call;
use crate::http::list::Page;
use crate::http::reply::Reply;
use crate::http::route::{Outcome, Route};

/// The routes.
pub(super) fn routes(desk: &Arc<Desk>) -> Vec<Route> {
    vec![
        Route::get(
            "/api/network/v2/segments",
            Access::Viewer,
            "The networks the appliance has a leg in: what is scanned, with which means, what is not and why",
        )
        .answers::<Page<SegmentView>>(200)
        .run_with(desk, list),
    ]
}

async fn list(desk: Arc<Desk>, call: Call) -> Outcome {
    let language = call.language;
    // At most eight: one page.
    let items = desk.visit(move |hands, _| {
        let on = |leg: &crate::shell::network::LegView| {
            let here = hands
                .lan()
                .devices()
                .filter(|device| device.interfaces().iter().any(|interface| interface.segment == leg.segment));
            here.fold((0, 0), |(all, online), device| (all + 1, online + usize::from(device.online())))
        };
        hands.legs().iter().map(|leg| SegmentView::render(leg, on(leg), language)).collect::<Vec<_>>()
    });
    let items = items.await?;
    Reply::json(&Page { count: items.len(), items, next: None })
}
