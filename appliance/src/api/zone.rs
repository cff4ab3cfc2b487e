//! Holds the routes of the site's zone: which it is and what its clocks show, and another one.
//! Never obeys what is not on the card: a power cut must not move the opening hours. The route table holds them; the page
//! changes the zone through it.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use vigie_core::audit::{Kind as Act, Object};

use super::network::Desk;
use crate::accounts::role::Access;
use crate::http::call::Call;
use crate::http::context::Platform;
use crate::http::etag;
use crate::http::problem::{Problem, faults};
use crate::http::reply::Reply;
use crate::http::route::{Outcome, Route};
use crate::shell::keeper::{Keeper, SETTINGS};
use crate::shell::zone;

faults! { ,
    /// It cannot be read.
    NO_SUCH_ZONE = "no_such_zone", Invalid, "This is no zone the appliance knows. Write a name such as Europe/Paris, or a rule such as CET-1CEST,M3.5.0,M10.5.0/3.", "L'appareil ne connaît pas ce fuseau. Écrivez un nom tel que Europe/Paris, ou une règle telle que CET-1CEST,M3.5.0,M10.5.0/3.";
    /// The environment says it.
    ZONE_FIXED = "zone_fixed", Conflict, "The environment variable VIGIE_SYSTEM_ZONE says the zone, and wins. Remove it and start the service again to choose here.", "La variable d'environnement VIGIE_SYSTEM_ZONE fixe le fuseau et l'emporte. Retirez-la et redémarrez le service pour choisir ici.";
}

/// The zone.
#[derive(Debug, Serialize, JsonSchema)]
struct ZoneView {
    /// `machine` (its own), a name of the IANA list, or a rule as POSIX writes it.
    zone: String,
    /// What the clocks there show now, without an offset; `null` while nobody has set the clock.
    local: Option<String>,
    /// Whether the environment says it, so that it cannot be changed here.
    fixed: bool,
}

/// Another zone.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ZoneWish {
    /// `machine`, a name of the IANA list where the machine has the list, or a rule as POSIX writes it; at most 64 bytes.
    zone: String,
}

/// The routes.
pub(crate) fn routes(desk: &Arc<Desk>) -> Vec<Route> {
    let path = "/api/system/zone";
    vec![
        Route::get(path, Access::Viewer, "The zone in which hours and days are meant, with an ETag for a change")
            .answers::<ZoneView>(200)
            .run_with(desk, tell),
        Route::put(path, Access::Admin, "Mean hours and days in another zone, at once")
            .reads::<ZoneWish>()
            .answers::<ZoneView>(200)
            .audits(Act::SettingsChanged)
            .run_with(desk, replace),
    ]
}

fn view(platform: &Platform) -> Outcome {
    let zone = &platform.zone;
    let local = platform.clock.wall().and_then(|wall| zone.local(wall));
    let local = local.and_then(|at| Some(at.with().subsec_nanosecond(0).build().ok()?.to_string()));
    let view = ZoneView { zone: zone.text(), local, fixed: zone.is_fixed() };
    Ok(Reply::json(&view)?.tag(&etag::of(view.zone.as_bytes())))
}

async fn tell(_desk: Arc<Desk>, call: Call) -> Outcome {
    view(&call.platform)
}

async fn replace(desk: Arc<Desk>, call: Call) -> Outcome {
    let wish: ZoneWish = call.json()?;
    call.check_match(&etag::of(call.platform.zone.text().as_bytes()))?;
    let changed = change(&call.platform, &desk.keeper, &wish.zone).await?;
    Ok(told(changed, view(&call.platform)?))
}

/// Checks a zone, stores it, obeys it, in this order, and tells whether that is a change.
///
/// # Errors
/// `invalid` at `/zone`, `zone_fixed`, `not_saved`.
pub(crate) async fn change(platform: &Platform, keeper: &Keeper, text: &str) -> Result<bool, Problem> {
    let site = &platform.zone;
    let _turn = site.turn().await;
    let bad = |_| Problem::from(&faults::INVALID).at("/zone", &NO_SUCH_ZONE);
    zone::read(text).map_err(bad)?;
    if site.is_fixed() {
        return Err((&ZONE_FIXED).into());
    }
    if site.text() == text {
        return Ok(false);
    }
    let stored = keeper.put_now(SETTINGS, zone::KEY, text.as_bytes().to_vec());
    stored.await.map_err(|_| Problem::from(&faults::NOT_SAVED))?;
    site.obey(text).map_err(bad)?;
    Ok(true)
}

/// Says in an answer what the journal is to hold of a choice: nothing, when it stood so already.
pub(crate) fn told(changed: bool, reply: Reply) -> Reply {
    if changed { reply.concerning(Object::Named("zone".into())) } else { reply.unrecorded() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounts::role::Role;
    use crate::api::tests::bench::with_bench;

    #[tokio::test]
    async fn another_zone_counts_at_once_and_what_is_none_is_refused() {
        with_bench(async |bench| {
            let put = async |zone: &str| {
                let body = format!("{{\"zone\":\"{zone}\"}}");
                bench.send_as(Role::Admin, "PUT /api/system/zone", "", &body).await
            };
            let changed = put("CET-1CEST,M3.5.0,M10.5.0/3").await;
            assert_eq!((changed.status, bench.platform.zone.text().as_str()), (200, "CET-1CEST,M3.5.0,M10.5.0/3"));
            let refused = put("Europe/Atlantis").await;
            assert_eq!(refused.status, 422);
            assert!(refused.body.contains("no_such_zone") && refused.body.contains("Europe/Paris"), "{}", refused.body);
            assert_eq!(bench.platform.zone.text(), "CET-1CEST,M3.5.0,M10.5.0/3");
            bench.clock.set_wall(Some(std::time::Duration::from_millis(1_782_907_200_750))); // noon in UTC
            let seen = bench.ask(Some(Role::Viewer), "GET /api/system/zone", "", b"").await;
            assert!(seen.body.contains("\"local\":\"2026-07-01T14:00:00\",\"fixed\":false"), "{}", seen.body);
        })
        .await;
    }

    #[test]
    fn codes_are_unique_and_both_languages_have_the_same_blanks() {
        faults::hold_together(ALL, faults::ALL.iter().copied());
    }
}
