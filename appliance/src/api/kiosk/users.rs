//! Holds the routes of the people who use workstations: list, one, changes, consent, what is held of them.
//! Never shows a person to a viewer but by initials, and lets nobody search by a name they may not see.
//! The route table holds them; the room decides.

use std::sync::Arc;

use data_encoding::BASE64;
use hyper::StatusCode;
use hyper::header::{CONTENT_DISPOSITION, LOCATION};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use vigie_core::audit::Object;
use vigie_core::kiosk::{GroupId, PersonId};
use vigie_core::order::sort_by_key;

use super::desk::{Desk, Seen, person_in, staff};
use super::fault::{self, refused, refused_in_body};
use super::sessions::newest_first;
use super::view::Lens;
use super::view::person::{AskedUser, AskedUserChange, UserView};
use super::view::session::SessionView;
use crate::accounts::clock::format_utc;
use crate::accounts::role::{Access, Role};
use crate::api::logs::view::{EntryView, Names};
use crate::api::network::fault::TOO_LONG;
use crate::http::call::Call;
use crate::http::etag;
use crate::http::list::{Page, Window};
use crate::http::problem::{Problem, faults};
use crate::http::reply::Reply;
use crate::http::route::{Holds, Outcome, Route};
use crate::shell::kiosk::{MAX_PEOPLE, MAX_VERSION_BYTES, Person, PersonDraft, Room, Staff};

/// Entries of the journal in what is exported of a person: years of coming every day.
const MAX_EXPORTED_ENTRIES: usize = 10_000;

/// People in numbers.
#[derive(Serialize, JsonSchema)]
struct Stats {
    /// Users in the list.
    total: usize,
    /// Of them: who agreed to what is kept.
    with_consent: usize,
    /// Of them: who have not, or not yet; no session of theirs may begin.
    without_consent: usize,
    /// Of them: with a photo.
    with_photo: usize,
    /// Users the list can hold.
    limit: usize,
}

/// Whether a person may begin a session now.
#[derive(Serialize, JsonSchema)]
struct AllowanceView {
    allowed: bool,
    /// Why not, as the stable code of a problem; `null` when allowed.
    reason: Option<&'static str>,
    /// The same in words.
    detail: Option<String>,
    /// Sessions that may still begin today.
    sessions_left: u8,
    /// Minutes that may still be granted today.
    minutes_left: u64,
}

/// That a person agrees to what is kept.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = serde_json::json!({ "text_version": "2026-1" }))]
struct AskedConsent {
    /// Which version of the text: its name, or a hash of it; at most 64 bytes.
    text_version: String,
}

/// What became of a person who took the consent back.
#[derive(Serialize, JsonSchema)]
struct Revoked {
    /// Everything kept of the person is erased.
    erased: bool,
    /// Sessions and codes that ended with it.
    sessions_ended: usize,
}

/// Everything held of a person (GDPR, articles 15 and 20).
#[derive(Serialize, JsonSchema)]
struct Export {
    /// When it was put together; `null` while nobody has set the clock.
    exported_at: Option<String>,
    user: UserView,
    /// What the journal calls the person: a random number, 16 hex digits.
    subject: String,
    /// Sessions, newest first.
    sessions: Vec<SessionView>,
    /// Sessions that may still begin today.
    sessions_left: u8,
    /// Minutes that may still be granted today.
    minutes_left: u64,
    /// Entries of the journal about the person, newest first.
    journal: Vec<EntryView>,
    /// The photo, a JPEG in base64; `null` without one.
    photo_jpeg: Option<String>,
}

/// The routes.
pub(super) fn routes(desk: &Arc<Desk>) -> Vec<Route> {
    let one = "/api/utilisateurs/{id}";
    vec![
        Route::get("/api/utilisateurs", Access::Viewer, "The people who use workstations; viewers see initials")
            .lists()
            .query("q", "Only with each of these words in a name, or at the start of the card number; not for viewers.")
            .answers::<Page<UserView>>(200)
            .run_with(desk, list),
        Route::post("/api/utilisateurs", Access::Operator, "Take a person in, with or without consent yet")
            .reads::<AskedUser>()
            .answers::<UserView>(201)
            .run_with(desk, create),
        Route::get("/api/utilisateurs/stats", Access::Viewer, "How many people, how many with consent")
            .answers::<Stats>(200)
            .run_with(desk, stats),
        Route::get(one, Access::Viewer, "One person, with an ETag for a change")
            .answers::<UserView>(200)
            .run_with(desk, show),
        Route::put(one, Access::Operator, "Replace what the form says; what is left out is emptied")
            .reads::<AskedUser>()
            .answers::<UserView>(200)
            .run_with(desk, replace),
        Route::patch(one, Access::Operator, "Change some of what the form says")
            .reads::<AskedUserChange>()
            .answers::<UserView>(200)
            .run_with(desk, change),
        Route::delete(one, Access::Admin, "Erase a person: sessions end, the key of what was kept is destroyed")
            .run_with(desk, erase),
        Route::get("/api/utilisateurs/{id}/sessions", Access::Viewer, "Sessions of a person, newest first")
            .lists()
            .answers::<Page<SessionView>>(200)
            .run_with(desk, sessions),
        Route::get("/api/utilisateurs/{id}/can_create_session", Access::Viewer, "Whether a session may begin now")
            .query_of("group", Holds::Number(1, 255), "Number of the group of workstations it is for.")
            .answers::<AllowanceView>(200)
            .run_with(desk, may_begin),
        Route::post("/api/utilisateurs/{id}/consent", Access::Operator, "Write down that a person agrees")
            .reads::<AskedConsent>()
            .answers::<UserView>(200)
            .run_with(desk, consent),
        Route::post(
            "/api/utilisateurs/{id}/revoke_consent",
            Access::Operator,
            "Write down that a person takes the consent back: sessions end, everything kept is erased",
        )
        .answers::<Revoked>(200)
        .run_with(desk, revoke),
        Route::get(
            "/api/utilisateurs/{id}/export",
            Access::Operator,
            "Everything held of a person; the journal notes it",
        )
        .answers::<Export>(200)
        .run_with(desk, export),
    ]
}

/// The tag of a person's row.
pub(super) fn tag_of(person: &Person) -> String {
    etag::of_version(person.revision.into())
}

/// A person as the caller sees it, with the tag; without one for who sees initials and may change nothing.
fn shown(room: &Room, lens: &Lens, id: PersonId) -> Result<(UserView, Option<String>), Problem> {
    let person = room.person(id).ok_or_else(|| Problem::from(&fault::NO_PERSON))?;
    Ok((UserView::of(person, lens), (!lens.masked).then(|| tag_of(person))))
}

fn answer((view, tag): (UserView, Option<String>)) -> Outcome {
    let reply = Reply::json(&view)?;
    Ok(match tag {
        Some(tag) => reply.tag(&tag),
        None => reply,
    })
}

async fn list(desk: Arc<Desk>, call: Call) -> Outcome {
    let window = Window::<u32>::of(&call)?;
    let query = call.query("q").map(str::trim).filter(|query| !query.is_empty()).map(str::to_owned);
    if query.is_some() && call.caller()?.role == Role::Viewer {
        // Who may not see a name must not find out by asking for it.
        return Err((&faults::FORBIDDEN).into());
    }
    let page = desk.look(&call, move |room, lens| {
        let page = match query {
            Some(query) => {
                let mut found = room.find_people(&query);
                sort_by_key(&mut found, |person| person.id);
                window.cut(found, |person| person.id)
            }
            None => window.cut(room.people(), |person| person.id),
        };
        let items = page.items.iter().map(|person| UserView::of(person, lens)).collect();
        Ok(Page { items, count: page.count, next: page.next })
    });
    Reply::json(&page.await?)
}

async fn stats(desk: Arc<Desk>, _call: Call) -> Outcome {
    let stats = desk.visit(|room| {
        let (mut total, mut with_consent, mut with_photo) = (0, 0, 0);
        for person in room.people() {
            total += 1;
            with_consent += usize::from(person.consent.is_some());
            with_photo += usize::from(person.photo);
        }
        Ok(Stats { total, with_consent, without_consent: total - with_consent, with_photo, limit: MAX_PEOPLE })
    });
    Reply::json(&stats.await?)
}

/// Refuses a version that the room would not take, before anything is changed: nobody is taken in halfway.
fn check_version(version: Option<&str>) -> Result<(), Problem> {
    let Some(version) = version.map(str::trim) else { return Ok(()) };
    if version.is_empty() {
        return Err(fault::invalid("/consent_version", &faults::REQUIRED));
    }
    if version.len() > MAX_VERSION_BYTES {
        let limit = vec![("limit", MAX_VERSION_BYTES.to_string())];
        return Err(Problem::from(&faults::INVALID).at_with("/consent_version", &TOO_LONG, limit));
    }
    if version.chars().any(char::is_control) {
        return Err(fault::invalid("/consent_version", &fault::BAD_TEXT));
    }
    Ok(())
}

async fn create(desk: Arc<Desk>, call: Call) -> Outcome {
    let (asked, by): (AskedUser, Staff) = (call.json()?, staff(&call)?);
    let made = desk.look(&call, move |room, lens| {
        let consent = asked.consent_version.clone();
        check_version(consent.as_deref())?;
        let draft = asked.draft();
        let id = room.add_person(by, &draft).map_err(|why| fault::refused_form(why, &draft))?;
        if let Some(version) = consent {
            room.give_consent(by, id, &version).map_err(refused)?;
        }
        shown(room, lens, id)
    });
    let (view, tag) = made.await?;
    let place = format!("/api/utilisateurs/{}", view.id);
    Ok(answer((view, tag))?.status(StatusCode::CREATED).header(LOCATION, &place))
}

async fn show(desk: Arc<Desk>, call: Call) -> Outcome {
    let id = person_in(&call)?;
    let (view, tag) = desk.look(&call, move |room, lens| shown(room, lens, id)).await?;
    match tag {
        Some(tag) if call.holds(&tag) => Ok(Reply::not_modified(&tag)),
        tag => answer((view, tag)),
    }
}

async fn replace(desk: Arc<Desk>, call: Call) -> Outcome {
    let asked: AskedUser = call.json()?;
    let version = asked.consent_version.clone();
    put(&desk, &call, move |_| asked.draft(), version).await
}

async fn change(desk: Arc<Desk>, call: Call) -> Outcome {
    let asked: AskedUserChange = call.json()?;
    put(&desk, &call, move |form| asked.apply(form), None).await
}

async fn put(
    desk: &Desk,
    call: &Call,
    draft: impl FnOnce(&PersonDraft) -> PersonDraft + Send + 'static,
    consent: Option<String>,
) -> Outcome {
    let (id, by, seen) = (person_in(call)?, staff(call)?, Seen::of(call));
    let changed = desk.look(call, move |room, lens| {
        let person = room.person(id).ok_or_else(|| Problem::from(&fault::NO_PERSON))?;
        seen.check(&tag_of(person))?;
        check_version(consent.as_deref())?;
        let draft = draft(&person.form);
        room.edit_person(by, id, &draft).map_err(|why| fault::refused_form(why, &draft))?;
        if let Some(version) = consent {
            room.give_consent(by, id, &version).map_err(refused)?;
        }
        shown(room, lens, id)
    });
    answer(changed.await?)
}

async fn erase(desk: Arc<Desk>, call: Call) -> Outcome {
    let (id, by, seen) = (person_in(&call)?, staff(&call)?, Seen::of(&call));
    desk.visit(move |room| {
        let person = room.person(id).ok_or_else(|| Problem::from(&fault::NO_PERSON))?;
        seen.check(&tag_of(person))?;
        room.erase_person(by, id).map_err(refused)
    })
    .await?;
    Ok(Reply::empty())
}

async fn sessions(desk: Arc<Desk>, call: Call) -> Outcome {
    let (id, window) = (person_in(&call)?, Window::<std::cmp::Reverse<u64>>::of(&call)?);
    let page = desk.look(&call, move |room, lens| {
        room.person(id).ok_or_else(|| Problem::from(&fault::NO_PERSON))?;
        let mut all = room.sessions_of(id);
        newest_first(&mut all);
        let page = window.cut(all, |view| std::cmp::Reverse(view.id.0));
        let items = page.items.iter().map(|view| SessionView::of(view, room, lens)).collect();
        Ok(Page { items, count: page.count, next: page.next })
    });
    Reply::json(&page.await?)
}

async fn may_begin(desk: Arc<Desk>, call: Call) -> Outcome {
    let id = person_in(&call)?;
    let group = call.query_as::<u8>("group")?.map(GroupId);
    let allowance = desk.visit(move |room| {
        if group.is_some_and(|group| !room.groups().contains_key(&group)) {
            return Err(Problem::from(&faults::BAD_PARAMETER).with("name", "group"));
        }
        room.allowance(id, group).map_err(refused)
    });
    let allowance = allowance.await?;
    let why = allowance.refused.map(refused);
    Reply::json(&AllowanceView {
        allowed: why.is_none(),
        reason: why.as_ref().map(Problem::code),
        detail: why.as_ref().map(|why| why.detail(call.language)),
        sessions_left: allowance.sessions_left,
        minutes_left: allowance.left_ms / 60_000,
    })
}

async fn consent(desk: Arc<Desk>, call: Call) -> Outcome {
    let (id, by): (PersonId, Staff) = (person_in(&call)?, staff(&call)?);
    let asked: AskedConsent = call.json()?;
    let given = desk.look(&call, move |room, lens| {
        room.give_consent(by, id, &asked.text_version).map_err(refused_in_body_of_person)?;
        shown(room, lens, id)
    });
    answer(given.await?)
}

/// The person is in the path here, not in the body.
fn refused_in_body_of_person(why: crate::shell::kiosk::Fault) -> Problem {
    if why == crate::shell::kiosk::Fault::NoPerson { refused(why) } else { refused_in_body(why) }
}

async fn revoke(desk: Arc<Desk>, call: Call) -> Outcome {
    let (id, by) = (person_in(&call)?, staff(&call)?);
    let sessions_ended = desk.visit(move |room| {
        let open = room.sessions().iter().filter(|view| view.person == Some(id) && !view.state.is_final()).count();
        room.revoke_consent(by, id).map_err(refused)?;
        Ok(open)
    });
    Reply::json(&Revoked { erased: true, sessions_ended: sessions_ended.await? })
}

async fn export(desk: Arc<Desk>, call: Call) -> Outcome {
    let (id, by) = (person_in(&call)?, staff(&call)?);
    let photo_jpeg = desk.kiosk.photo(id).await.map_err(fault::ended)?.map(|bytes| BASE64.encode(&bytes));
    let held = desk.look(&call, move |room, lens| {
        let person = room.export_person(by, id).map_err(refused)?;
        let allowance = room.allowance(id, None).map_err(refused)?;
        let sessions: Vec<_> = room.sessions_of(id).iter().map(|view| SessionView::of(view, room, lens)).collect();
        Ok((UserView::of(&person, lens), person.subject, allowance, sessions))
    });
    let (user, subject, allowance, sessions) = held.await?;
    let about = Box::new(move |entry: &vigie_core::audit::Entry| entry.what.object == Object::Person(subject));
    let kept = call.platform.journal.newest(u64::MAX, MAX_EXPORTED_ENTRIES, about).await;
    let names = Names::of(&call.platform.accounts);
    let export = Export {
        exported_at: call.platform.clock.wall().map(format_utc),
        user,
        subject: format!("{subject:016x}"),
        sessions,
        sessions_left: allowance.sessions_left,
        minutes_left: allowance.left_ms / 60_000,
        journal: kept.iter().map(|kept| EntryView::render(&kept.entry, &names, &desk.clocks)).collect(),
        photo_jpeg,
    };
    let name = format!("attachment; filename=\"user-{}.json\"", id.0);
    Ok(Reply::json(&export)?.header(CONTENT_DISPOSITION, &name))
}
