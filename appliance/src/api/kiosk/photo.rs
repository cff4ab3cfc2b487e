//! Holds the routes of a person's photo: take one in, show it, remove it.
//! Never keeps what came: it is drawn anew, small and without metadata. The route table holds them; the kiosk decides.

use std::sync::Arc;

use super::desk::{Desk, Seen, person_in, staff};
use super::fault;
use super::users::tag_of;
use crate::accounts::role::Access;
use crate::http::call::Call;
use crate::http::etag;
use crate::http::intake::Intake;
use crate::http::problem::{Problem, faults};
use crate::http::reply::Reply;
use crate::http::route::{BodyRule, Outcome, Route};
use crate::shell::kiosk::MAX_PHOTO_BYTES;

/// The routes.
pub(super) fn routes(desk: &Arc<Desk>) -> Vec<Route> {
    let path = "/api/utilisateurs/{id}/photo";
    vec![
        Route::get(path, Access::Operator, "The photo of a person, a JPEG of at most 512 pixels a side")
            .speaks(200, "image/jpeg")
            .run_with(desk, show),
        Route::put(path, Access::Operator, "Take a photo in: JPEG or PNG by its content, at most 5 MB")
            .takes(BodyRule::Stream)
            .speaks(204, "application/json")
            .patient()
            .run_with(desk, put),
        Route::delete(path, Access::Operator, "Remove the photo of a person").run_with(desk, remove),
    ]
}

async fn show(desk: Arc<Desk>, call: Call) -> Outcome {
    let id = person_in(&call)?;
    desk.visit(move |room| room.person(id).map(|_| ()).ok_or_else(|| Problem::from(&fault::NO_PERSON))).await?;
    let photo = desk.kiosk.photo(id).await.map_err(fault::ended)?.ok_or_else(|| Problem::from(&fault::NO_PHOTO))?;
    let tag = etag::of(&photo);
    Ok(if call.holds(&tag) { Reply::not_modified(&tag) } else { Reply::bytes_of("image/jpeg", photo).tag(&tag) })
}

async fn put(desk: Arc<Desk>, mut call: Call) -> Outcome {
    let (id, by, seen) = (person_in(&call)?, staff(&call)?, Seen::of(&call));
    // Before five megabytes are listened to.
    desk.visit(move |room| {
        let person = room.person(id).ok_or_else(|| Problem::from(&fault::NO_PERSON))?;
        seen.check(&tag_of(person))
    })
    .await?;
    let stream = call.stream.take().ok_or_else(|| Problem::from(&faults::BAD_REQUEST))?;
    let mut intake = Intake::new(stream, MAX_PHOTO_BYTES as u64);
    let mut bytes = Vec::new();
    while let Some(piece) = intake.next().await? {
        bytes.extend_from_slice(&piece);
        if bytes.len() >= HEAD_BYTES && !looks_like_a_photo(&bytes) {
            return Err((&fault::NOT_A_PHOTO).into());
        }
    }
    desk.kiosk.put_photo(by, id, bytes).await.map_err(fault::no_photo)?;
    Ok(Reply::empty())
}

/// Bytes by which a photo is told from the rest, so that what is none is not listened to till its end.
const HEAD_BYTES: usize = 4;

fn looks_like_a_photo(bytes: &[u8]) -> bool {
    matches!(bytes, [0xff, 0xd8, 0xff, ..] | [0x89, b'P', b'N', b'G', ..])
}

async fn remove(desk: Arc<Desk>, call: Call) -> Outcome {
    let (id, by) = (person_in(&call)?, staff(&call)?);
    let had = desk.kiosk.remove_photo(by, id).await.map_err(fault::no_photo)?;
    if had { Ok(Reply::empty()) } else { Err((&fault::NO_PHOTO).into()) }
}
