//! Holds the routes of conflicts and of pairs that may be one device.
//! Never settles any. The route table holds them.

use std::sync::Arc;

use super::desk::{Desk, name_of};
use super::filter::read_switch;
use super::view::{ConflictView, ProposalView};
use crate::accounts::role::Access;
use crate::http::call::Call;
use crate::http::list::{Page, Window};
use crate::http::problem::{Problem, faults};
use crate::http::reply::Reply;
use crate::http::route::{Outcome, Route};
use vigie_core::order::{sort_by, sort_by_key};

/// The routes.
pub(super) fn routes(desk: &Arc<Desk>) -> Vec<Route> {
    vec![
        Route::get("/api/network/v2/conflicts", Access::Viewer, "Addresses and MACs used twice, open ones first")
            .lists()
            .switch("open", "Only those that go on.")
            .answers::<Page<ConflictView>>(200)
            .run_with(desk, list),
        Route::get("/api/network/v2/proposals", Access::Viewer, "Pairs of devices that may be one; a person decides")
            .lists()
            .answers::<Page<ProposalView>>(200)
            .run_with(desk, proposals),
    ]
}

async fn list(desk: Arc<Desk>, call: Call) -> Outcome {
    let bad = || Problem::from(&faults::BAD_PARAMETER).with("name", "open");
    let only_open = read_switch(call.query("open")).ok_or_else(bad)?;
    // Open ones first, then the newest; told apart by where they are.
    type Key = (bool, std::cmp::Reverse<(u32, u64)>, u8, String);
    let window = Window::<Key>::of(&call)?;
    let page = desk.visit(move |hands, lens| {
        let mut rows: Vec<_> = hands
            .lan()
            .conflicts()
            .iter()
            .filter(|conflict| !only_open || conflict.closed.is_none())
            .map(|conflict| {
                let opened = std::cmp::Reverse((conflict.opened.boot, conflict.opened.ms));
                let place = format!("{:?}{:?}", conflict.ips, conflict.macs);
                let key: Key = (conflict.closed.is_some(), opened, conflict.segment.0, place);
                (key, conflict)
            })
            .collect();
        sort_by(&mut rows, |one, other| one.0.cmp(&other.0));
        let page = window.cut(rows, |(key, _)| key.clone());
        let items = page.items.iter().map(|(_, conflict)| ConflictView::render(lens, conflict)).collect();
        Page { items, count: page.count, next: page.next }
    });
    Reply::json::<Page<ConflictView>>(&page.await?)
}

async fn proposals(desk: Arc<Desk>, call: Call) -> Outcome {
    let window = Window::<(u64, u64)>::of(&call)?;
    let page = desk.visit(move |hands, _| {
        let mut pairs: Vec<_> = hands.lan().proposals().collect();
        sort_by_key(&mut pairs, |(one, other)| (one.0, other.0));
        let page = window.cut(pairs, |(one, other)| (one.0, other.0));
        let row = |pair| ProposalView::render(pair, |id| name_of(hands, id));
        let items = page.items.into_iter().map(row).collect();
        Page { items, count: page.count, next: page.next }
    });
    Reply::json::<Page<ProposalView>>(&page.await?)
}
