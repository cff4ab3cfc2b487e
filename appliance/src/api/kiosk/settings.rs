//! Holds the routes of the site's choices about its workstations: read them, replace them.
//! Never obeys what is not on the card. The route table holds them; the room decides.

use std::sync::Arc;

use super::desk::{Desk, Seen, staff};
use super::fault::refused;
use super::view::settings::SettingsView;
use crate::accounts::role::Access;
use crate::http::call::Call;
use crate::http::etag;
use crate::http::reply::Reply;
use crate::http::route::{Outcome, Route};

/// The routes.
pub(super) fn routes(desk: &Arc<Desk>) -> Vec<Route> {
    let path = "/api/kiosk/settings";
    vec![
        Route::get(path, Access::Viewer, "Quota, lengths, hours and house rules, with an ETag for a change")
            .answers::<SettingsView>(200)
            .run_with(desk, tell),
        Route::put(path, Access::Admin, "Choose anew; what is left out gets its default")
            .reads::<SettingsView>()
            .answers::<SettingsView>(200)
            .run_with(desk, replace),
    ]
}

async fn tell(desk: Arc<Desk>, call: Call) -> Outcome {
    call.tagged(&desk.visit(|room| Ok(SettingsView::of(room.settings()))).await?)
}

async fn replace(desk: Arc<Desk>, call: Call) -> Outcome {
    let (by, seen) = (staff(&call)?, Seen::of(&call));
    let asked: SettingsView = call.json()?;
    let settings = asked.read()?;
    let chosen = desk.visit(move |room| {
        seen.check(&tag_of(&SettingsView::of(room.settings())))?;
        room.set_settings(by, &settings).map_err(refused)?;
        Ok(SettingsView::of(room.settings()))
    });
    let chosen = chosen.await?;
    Ok(Reply::json(&chosen)?.tag(&tag_of(&chosen)))
}

fn tag_of(view: &SettingsView) -> String {
    etag::of(&serde_json::to_vec(view).unwrap_or_default())
}
