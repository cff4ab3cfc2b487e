//! Holds the routes of the network's credentials: give one, take it away, see when it was given.
//! Never gives one back: a person who does not know it any more sets another.
//! The route table holds them.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use vigie_core::audit::{Kind as Act, Object};

use super::desk::Desk;
use super::fault;
use crate::accounts::clock::format_utc;
use crate::accounts::role::Access;
use crate::accounts::sealed::{Credential, Place};
use crate::accounts::secret::Secret;
use crate::accounts::vault::{MAX_CREDENTIALS, NotPut};
use crate::http::call::Call;
use crate::http::problem::{Problem, faults};
use crate::http::reply::Reply;
use crate::http::route::{Outcome, Route};

/// Where the community rests.
pub(crate) const SNMP: Place<'static> = Place { kind: "snmp", id: "community" };

/// Longest community: what the encoder of a question takes (RFC 1157 sets no end).
const MAX_COMMUNITY_BYTES: usize = 64;

const PATH: &str = "/api/network/v2/credentials/snmp";

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct AskedCommunity {
    /// The community of SNMP version 2c, 1 to 64 visible characters.
    community: Secret,
}

/// What is known of a credential.
#[derive(Debug, Serialize, JsonSchema)]
struct CredentialView {
    /// Whether there is one.
    is_set: bool,
    /// When it was given; `null` without one, and when the clock was not set then.
    set_at: Option<String>,
    /// Whether it can be used; not after the device's key was replaced: then give it again.
    usable: bool,
}

/// The routes.
pub(super) fn routes(desk: &Arc<Desk>) -> Vec<Route> {
    vec![
        Route::get(PATH, Access::Admin, "Whether a community for SNMP was given, and when; never which")
            .answers::<CredentialView>(200)
            .run(async |call: Call| tell(&call)),
        Route::put(PATH, Access::Admin, "Give the community with which agents of SNMP are asked")
            .reads::<AskedCommunity>()
            .answers::<CredentialView>(200)
            .audits(Act::CredentialChanged)
            .run_with(desk, give),
        Route::delete(PATH, Access::Admin, "Take the community for SNMP away")
            .audits(Act::CredentialChanged)
            .run_with(desk, take_away),
    ]
}

fn tell(call: &Call) -> Outcome {
    let known = call.platform.vault.known(SNMP);
    let at = known.and_then(|known| known.at).map(std::time::Duration::from_secs);
    let usable = known.is_some_and(|known| known.opens);
    Reply::json(&CredentialView { is_set: known.is_some(), set_at: at.map(format_utc), usable })
}

async fn give(desk: Arc<Desk>, call: Call) -> Outcome {
    let asked: AskedCommunity = call.json()?;
    let text = asked.community.expose();
    let good = (1..=MAX_COMMUNITY_BYTES).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    let Some(credential) = Credential::of(&asked.community).filter(|_| good) else {
        return Err(fault::invalid(
            "/community",
            &fault::BAD_COMMUNITY,
            vec![("limit", MAX_COMMUNITY_BYTES.to_string())],
        ));
    };
    call.platform.vault.put(SNMP, &credential).await.map_err(refuse)?;
    apply(&desk, Some(asked.community)).await?;
    Ok(tell(&call)?.concerning(Object::Named("snmp".into())).telling("set"))
}

async fn take_away(desk: Arc<Desk>, call: Call) -> Outcome {
    let was_there = call.platform.vault.remove(SNMP).await.map_err(refuse)?;
    apply(&desk, None).await?;
    let reply = Reply::empty().concerning(Object::Named("snmp".into())).telling("removed");
    Ok(if was_there { reply } else { reply.unrecorded() })
}

/// From now on questions carry it.
async fn apply(desk: &Desk, community: Option<Secret>) -> Result<(), Problem> {
    let settings = desk.settings.lock().await.clone();
    desk.visit(move |hands, _| {
        hands.know_community(community.as_ref().map(Secret::expose));
        hands.obey(&settings);
    })
    .await
}

fn refuse(why: NotPut) -> Problem {
    match why {
        NotPut::Full => Problem::from(&fault::VAULT_FULL).with("limit", MAX_CREDENTIALS),
        NotPut::NotSaved => (&faults::NOT_SAVED).into(),
        NotPut::Machine => (&faults::INTERNAL).into(),
    }
}
