//! Holds the groups of workstations: the list, and the form of one with its own length, quota, hours and image.
//! It never removes one that still has workstations: the kiosk refuses, and its words are shown. The route table holds its
//! routes.

use std::sync::Arc;

use maud::{Markup, html};
use vigie_core::kiosk::GroupId;

use super::{
    Amount, Beside, Line, Part, act, back, form, group_name, head, hours, look, number_of, page, refusal, rules, visit,
};
use crate::accounts::role::Access;
use crate::http::call::Call;
use crate::http::language::{Language, Text};
use crate::http::problem::{Problem, faults};
use crate::http::reply::Reply;
use crate::http::route::{Outcome, Route};
use crate::page::House;
use crate::page::acts::field;
use crate::page::frame;
use crate::page::gate::{Desk, guard};
use crate::page::words::{rules as texts, seats, users};
use crate::shell::kiosk::{Group, MAX_GROUP_NAME_BYTES, MAX_IMAGE_BYTES, MAX_MINUTES, Room};

const PATH: &str = "/workstations/groups";
/// The word of a group that is not there yet, in its path.
const NEW: &str = "new";

/// The routes.
pub(super) fn routes(house: &Arc<House>) -> Vec<Route> {
    let list = look(PATH, "The page of the groups of workstations").query("done", "`saved` after a change.");
    let one = look("/workstations/groups/{id}", "The page of one group, or of a new one");
    let need = Access::Admin;
    vec![
        guard(list, need, house, show),
        guard(one, need, house, show_one),
        guard(form("/workstations/groups/{id}", "Change a group, or make one"), need, house, save),
        guard(form("/workstations/groups/{id}/remove", "Remove a group of workstations"), need, house, remove),
    ]
}

async fn show(house: Arc<House>, call: Call, desk: Desk) -> Outcome {
    let said = if call.query("done").is_some() {
        frame::notice(true, texts::SAVED.speak(desk.language))
    } else {
        html! {}
    };
    let content = list(&house, &said, &desk).await?;
    Ok(frame::reply(&call, page(&desk, seats::PART_GROUPS.speak(desk.language), &content)))
}

async fn list(house: &House, said: &Markup, desk: &Desk) -> Result<Markup, Problem> {
    let language = desk.language;
    let groups = visit(house, |room| {
        let seats = |id: GroupId| room.stations().iter().filter(|station| station.group == Some(id)).count();
        room.groups().iter().map(|(id, group)| (*id, group.clone(), seats(*id))).collect::<Vec<_>>()
    });
    let groups = groups.await?;
    let as_site = || texts::AS_SITE.speak(language).to_owned();
    let quota = |group: &Group| group.quota.map(|quota| users::left(language, quota.sessions, quota.time_ms / 60_000));
    Ok(html! {
        (head(Part::Groups, desk))
        (said)
        p.lead { (texts::GROUPS_ABOUT.speak(language)) }
        div.wide tabindex="0" role="group" aria-label=(seats::PART_GROUPS.speak(language)) {
            table.plain {
                caption.hush { (seats::PART_GROUPS.speak(language)) }
                thead { tr { @for name in [texts::GROUP_NAME, texts::GROUP_SEATS, texts::GROUP_LENGTH, texts::GROUP_QUOTA] { th scope="col" { (name.speak(language)) } } } }
                tbody { @for (id, group, count) in &groups {
                    tr {
                        th scope="row" { a href={ (PATH) "/" (id.0) } { bdi { (group_name(group, language)) } } }
                        td { (count) }
                        td { (group.minutes.map_or_else(as_site, |minutes| seats::minutes(language, minutes.into()))) }
                        td { (quota(group).unwrap_or_else(as_site)) }
                    }
                } }
            }
        }
        p { a.button href={ (PATH) "/" (NEW) } { (texts::GROUP_ADD.speak(language)) } }
    })
}

/// The group a path names; `None` for a new one.
fn id_of(call: &Call) -> Result<Option<GroupId>, Problem> {
    match call.parameter("id") {
        NEW => Ok(None),
        text => text.parse().map(|id| Some(GroupId(id))).map_err(|_| (&faults::NOT_FOUND).into()),
    }
}

async fn kept(house: &House, id: Option<GroupId>) -> Result<Option<Group>, Problem> {
    let Some(id) = id else { return Ok(None) };
    let group = visit(house, move |room| room.groups().get(&id).cloned()).await?;
    group.map(Some).ok_or_else(|| (&faults::NOT_FOUND).into())
}

async fn show_one(house: Arc<House>, call: Call, desk: Desk) -> Outcome {
    let id = id_of(&call)?;
    let group = kept(&house, id).await?;
    let filled = group.as_ref().map(|group| fill_in(group, desk.language)).unwrap_or_default();
    let content = view(id, &filled, None, &Beside::nothing(), desk.language);
    Ok(frame::reply(&call, page(&desk, seats::GROUP.speak(desk.language), &content)))
}

fn fill_in(group: &Group, language: Language) -> Vec<(String, String)> {
    let mut pairs = vec![
        ("name_en", group.name_en.clone()),
        ("name_fr", group.name_fr.clone()),
        ("minutes", group.minutes.map(|minutes| minutes.to_string()).unwrap_or_default()),
        ("image", group.image.clone()),
    ];
    if let Some(quota) = group.quota {
        pairs.push(("quota_on", "on".to_owned()));
        pairs.push(("quota_sessions", quota.sessions.to_string()));
        pairs.push(("quota_minutes", (quota.time_ms / 60_000).to_string()));
    }
    let mut form: Vec<_> = pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    form.extend(hours::fill_in(group.hours.as_ref(), language));
    form
}

fn read(form: &[(String, String)]) -> Result<Group, Problem> {
    Ok(Group {
        name_en: field(form, "name_en").to_owned(),
        name_fr: field(form, "name_fr").to_owned(),
        quota: if field(form, "quota_on") == "on" { Some(rules::quota(form)?) } else { None },
        hours: None,
        minutes: number_of(form, "minutes")?,
        image: field(form, "image").to_owned(),
    })
}

async fn save(house: Arc<House>, call: Call, desk: Desk) -> Outcome {
    let (id, filled, language) = (id_of(&call)?, call.form(), desk.language);
    let mut beside = Beside::nothing();
    let done = match (hours::read(&filled, &mut beside, language), read(&filled)) {
        (Err(problem), _) | (_, Err(problem)) => Err(problem),
        (Ok(hours), Ok(group)) => {
            let group = Group { hours, ..group };
            act(&house, &call, move |room: &mut Room, staff| room.put_group(staff, id, &group)).await
        }
    };
    match done {
        Ok(_) => Ok(Reply::see_other(&format!("{PATH}?done=saved"))),
        Err(problem) => {
            beside.0.extend(Beside::of(&problem, language).0);
            let content = view(id, &filled, Some(&problem), &beside, language);
            let again = page(&desk, seats::GROUP.speak(language), &content);
            Ok(frame::reply(&call, again).status(problem.status()))
        }
    }
}

async fn remove(house: Arc<House>, call: Call, desk: Desk) -> Outcome {
    let id = id_of(&call)?.ok_or_else(|| Problem::from(&faults::NOT_FOUND))?;
    match act(&house, &call, move |room: &mut Room, staff| room.remove_group(staff, id)).await {
        Ok(()) => Ok(Reply::see_other(&format!("{PATH}?done=saved"))),
        Err(problem) => {
            let said = frame::notice(false, &frame::why(&problem, desk.language));
            let content = list(&house, &said, &desk).await?;
            let again = page(&desk, seats::PART_GROUPS.speak(desk.language), &content);
            Ok(frame::reply(&call, again).status(problem.status()))
        }
    }
}

fn view(
    id: Option<GroupId>,
    form: &[(String, String)],
    problem: Option<&Problem>,
    beside: &Beside,
    language: Language,
) -> Markup {
    let say = |text: Text| text.speak(language);
    let path = format!("{PATH}/{}", id.map_or_else(|| NEW.to_owned(), |id| id.0.to_string()));
    let line = |name, label, hint, most, needed| {
        Line { name, label, hint, kind: "text", value: field(form, name), most, needed }.draw(beside, language)
    };
    html! {
        (back(PATH, say(seats::PART_GROUPS)))
        h1 { @if id.is_some() { bdi { (field(form, if language == Language::En { "name_en" } else { "name_fr" })) } } @else { (say(texts::GROUP_ADD)) } }
        (refusal(problem, language))
        form.settings method="post" action=(path) {
            section {
                h2.hush { (say(seats::GROUP)) }
                div.trio {
                    (line("name_fr", texts::NAME_FR, None, MAX_GROUP_NAME_BYTES, true))
                    (line("name_en", texts::NAME_EN, None, MAX_GROUP_NAME_BYTES, true))
                }
                (Amount { name: "minutes", label: texts::GROUP_LENGTH, hint: Some(texts::OWN_MINUTES_HINT), unit: texts::MINUTES, value: field(form, "minutes"), bounds: (1, MAX_MINUTES.into()) }.draw(beside, language))
                (line("image", texts::IMAGE, Some(texts::IMAGE_HINT), MAX_IMAGE_BYTES, false))
            }
            section {
                h2 { (say(texts::SECTION_DAY)) }
                label.check { input type="checkbox" name="quota_on" checked[field(form, "quota_on") == "on"]; span { (say(texts::QUOTA_OWN)) } }
                (rules::quota_fields(form, beside, language))
            }
            section {
                h2 { (say(texts::SECTION_HOURS)) }
                (hours::draw(form, texts::HOURS_OWN, beside, language))
            }
            button.primary type="submit" { (say(texts::SAVE)) }
        }
        @if let Some(id) = id {
            section.narrow {
                p.hint { (say(texts::GROUP_REMOVE_HELP)) }
                form method="post" action={ (PATH) "/" (id.0) "/remove" } { button.danger type="submit" { (say(texts::GROUP_REMOVE)) } }
            }
        }
    }
}
