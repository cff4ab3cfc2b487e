//! Holds the tests of what a person does with devices: one, two that are one, several, and a list taken in.
//! It never reaches a network. `cargo test` runs it.

use super::bench::with_bench;
use crate::accounts::role::Role;

#[tokio::test]
async fn what_a_person_says_is_kept_and_a_stale_form_is_refused() {
    with_bench(true, async |bench| {
        let id = bench.add(7, "laser").await;
        let cookie = bench.cookie(Role::Operator);
        let page = bench.get(&format!("/devices/{id}"), &cookie).await.body;
        let seen =
            page.split("name=\"seen\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap().to_owned();
        let form = format!("seen={seen}&label=%3Cb%3EFront&trust=trusted&watch=on");
        let saved = bench.post(&format!("/devices/{id}"), Role::Operator, &form).await;
        assert_eq!((saved.status, saved.text_of("location")), (303, format!("/devices/{id}?done=saved").as_str()));
        let list = bench.get("/devices", &cookie).await.body;
        assert!(list.contains("&lt;b&gt;Front") && !list.contains("<b>Front"), "{list}");
        let late = bench.post(&format!("/devices/{id}"), Role::Operator, &format!("seen={seen}&label=Mine")).await;
        assert_eq!(late.status, 409);
        assert!(
            late.body.contains("value=\"Mine\"") && late.body.contains("Somebody has changed this"),
            "{}",
            late.body
        );
        let lost = bench.get(&format!("/devices/{id}/forget"), &cookie).await.body;
        assert!(lost.contains("the name you gave it") && lost.contains("&lt;b&gt;Front"));
        let gone = bench.post(&format!("/devices/{id}/forget"), Role::Operator, "").await;
        assert_eq!(gone.text_of("location"), format!("/devices?done=forgotten&device={id}"));
        assert_eq!(bench.get(&format!("/devices/{id}"), &cookie).await.status, 404);
    })
    .await;
}

#[tokio::test]
async fn the_appliance_itself_is_neither_asked_nor_woken_nor_forgotten() {
    with_bench(true, async |bench| {
        let other = bench.add(7, "laser").await;
        let cookie = bench.cookie(Role::Operator);
        let list = bench.get("/devices", &cookie).await.body;
        let ids = list.split("href=\"/devices/").skip(1).filter_map(|rest| rest.get(..16));
        let mine = ids.filter(|id| id.bytes().all(|byte| byte.is_ascii_hexdigit())).find(|id| *id != other).unwrap();
        for (id, offered) in [(mine, false), (other.as_str(), true)] {
            let page = bench.get(&format!("/devices/{id}"), &cookie).await.body;
            for act in ["check", "wake", "forget"] {
                assert_eq!(page.contains(&format!("/devices/{id}/{act}\"")), offered, "{act}: {page}");
            }
        }
        let refused = bench.post(&format!("/devices/{mine}/check"), Role::Operator, "").await;
        assert!(refused.body.contains("nor need it be asked"), "{}", refused.body);
    })
    .await;
}

#[tokio::test]
async fn what_was_done_from_the_overview_can_be_undone_there() {
    with_bench(true, async |bench| {
        let id = bench.add(7, "laser").await;
        let cookie = bench.cookie(Role::Operator);
        let overview = bench.get("/", &cookie).await.body;
        assert!(overview.contains(&format!("action=\"/devices/{id}/trust\"")), "{overview}");
        let blocked = bench.post(&format!("/devices/{id}/trust"), Role::Operator, "trust=blocked").await;
        assert_eq!(blocked.text_of("location"), format!("/?done=blocked&device={id}"));
        let told = bench.get(blocked.text_of("location"), &cookie).await.body;
        assert!(told.contains("is marked as not wanted") && told.contains("value=\"unknown\""), "{told}");
        assert!(told.contains("which you do not want here"));
        let undone = bench.post(&format!("/devices/{id}/trust"), Role::Operator, "trust=unknown&next=%2F").await;
        let told = bench.get(undone.text_of("location"), &cookie).await.body;
        assert!(told.contains("is not known yet") && !told.contains("which you do not want here"), "{told}");
        let away =
            bench.post(&format!("/devices/{id}/trust"), Role::Operator, "trust=trusted&next=//evil.example").await;
        assert!(away.text_of("location").starts_with("/?done="), "{}", away.head);
    })
    .await;
}

#[tokio::test]
async fn two_entries_become_one_and_two_again() {
    with_bench(true, async |bench| {
        let (one, other) = (bench.add(7, "laser").await, bench.add(8, "laser-wifi").await);
        let cookie = bench.cookie(Role::Operator);
        let choose = bench.get(&format!("/devices/{one}/merge?q=wifi"), &cookie).await.body;
        assert!(choose.contains(&format!("name=\"with\" value=\"{other}\"")), "{choose}");
        let itself = bench.post(&format!("/devices/{one}/merge"), Role::Operator, &format!("with={one}")).await;
        assert_eq!(itself.status, 409);
        assert!(itself.body.contains("cannot be merged with itself"), "{}", itself.body);
        let merged = bench.post(&format!("/devices/{one}/merge"), Role::Operator, &format!("with={other}")).await;
        assert_eq!(merged.text_of("location"), format!("/devices/{one}?done=merged&device={one}"));
        assert_eq!(bench.get(&format!("/devices/{other}"), &cookie).await.status, 404);
        let page = bench.get(merged.text_of("location"), &cookie).await.body;
        assert!(page.contains(&format!("action=\"/devices/{one}/split\"")), "{page}");
        let split = bench.post(&format!("/devices/{one}/split"), Role::Operator, "").await;
        assert_eq!(split.text_of("location"), format!("/devices/{one}?done=split&device={other}"));
        assert_eq!(bench.get(&format!("/devices/{other}"), &cookie).await.status, 200);
    })
    .await;
}

#[tokio::test]
async fn several_are_marked_at_once_and_a_forgotten_one_comes_back() {
    with_bench(true, async |bench| {
        let (one, other) = (bench.add(7, "laser").await, bench.add(8, "phone").await);
        let cookie = bench.cookie(Role::Operator);
        let form = format!("id={one}&id={other}&id=zz&trust=trusted&next=%2Fdevices%3Fshow%3Dunknown");
        let marked = bench.post("/devices/many", Role::Operator, &form).await;
        assert_eq!(marked.text_of("location"), "/devices?show=unknown&marked=2&undo=1");
        let told = bench.get(marked.text_of("location"), &cookie).await.body;
        assert!(told.contains("2 devices marked.") && told.contains("name=\"undo\" value=\"1\""), "{told}");
        // One is said otherwise before the undo: that stays.
        bench.post(&format!("/devices/{other}/trust"), Role::Operator, "trust=blocked").await;
        let undo = |role| bench.post("/devices/many/undo", role, "undo=1&next=%2Fdevices");
        assert_eq!(undo(Role::Admin).await.text_of("location"), "/devices?unmarked=late", "another person's");
        let undone = undo(Role::Operator).await;
        assert_eq!(undone.text_of("location"), "/devices?unmarked=1");
        assert!(bench.get("/devices?unmarked=1", &cookie).await.body.contains("1 device is marked as before."));
        let page = bench.get(&format!("/devices/{other}"), &cookie).await.body;
        assert!(page.contains("value=\"blocked\" checked"), "{page}");
        assert_eq!(undo(Role::Operator).await.text_of("location"), "/devices?unmarked=late", "once");
        assert!(bench.get("/devices?unmarked=late", &cookie).await.body.contains("can no longer be undone"));
        let marked = bench.post("/devices/many", Role::Operator, &form).await;
        assert_eq!(marked.text_of("location"), "/devices?show=unknown&marked=2&undo=2");
        let again = bench.post("/devices/many", Role::Operator, &form).await;
        assert_eq!(again.text_of("location"), "/devices?show=unknown&marked=0", "who is known already is not counted");
        bench.post(&format!("/devices/{one}/forget"), Role::Operator, "").await;
        let list = bench.get(&format!("/devices?done=forgotten&device={one}"), &cookie).await.body;
        assert!(list.contains(&format!("action=\"/devices/{one}/recall\"")), "{list}");
        let back = bench.post(&format!("/devices/{one}/recall"), Role::Operator, "").await;
        assert_eq!(back.text_of("location"), format!("/devices/{one}?done=back"));
        assert!(bench.get(back.text_of("location"), &cookie).await.body.contains("value=\"trusted\" checked"));
        let late = bench.post(&format!("/devices/{other}/recall"), Role::Operator, "").await;
        assert_eq!(late.status, 404);
        assert!(late.body.contains("can no longer be brought back"), "{}", late.body);
    })
    .await;
}

#[tokio::test]
async fn a_list_is_shown_before_it_is_taken_in_and_bad_lines_say_why() {
    with_bench(true, async |bench| {
        bench.add(7, "laser").await;
        let list =
            "mac,label,trust\r\n00:1b:21:00:00:07,Front desk,trusted\r\n00:1b:21:00:00:99,New one,\r\nnonsense,x,\r\n";
        let body = format!(
            "--X\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.csv\"\r\n\r\n{list}\r\n--X--\r\n"
        );
        let fields = format!(
            "Content-Type: multipart/form-data; boundary=X\r\nSec-Fetch-Site: same-origin\r\n{}",
            bench.cookie(Role::Admin)
        );
        let look = bench.ask("POST /devices/import", &fields, &body).await;
        assert_eq!(look.status, 200, "{}", look.body);
        assert!(
            look.body.contains("Nothing is changed yet") && look.body.contains("Take in 2 devices"),
            "{}",
            look.body
        );
        assert!(look.body.contains("<td>4</td>") && look.body.contains("not a MAC address"), "{}", look.body);
        let label = |hands: &mut crate::shell::network::Hands<'_>| {
            hands.find("00:1b:21:00:00:07").map(|device| device.label().to_owned())
        };
        assert_eq!(bench.network.call(label).await.unwrap().as_deref(), Some(""), "nothing was changed yet");
        let taken = bench.post("/devices/import/do", Role::Admin, "x=1").await;
        assert!(taken.body.contains("The list is taken in."), "{}", taken.body);
        assert_eq!(bench.network.call(label).await.unwrap().as_deref(), Some("Front desk"));
        let twice = bench.post("/devices/import/do", Role::Admin, "x=1").await;
        assert_eq!(twice.status, 409, "it is taken in once");
        let empty = bench.ask("POST /devices/import", &fields, "--X--\r\n").await;
        assert!(empty.status == 422 && empty.body.contains("Choose a file first"), "{}", empty.body);
        let foreign = fields.replace("same-origin", "cross-site");
        assert_eq!(bench.ask("POST /devices/import", &foreign, &body).await.status, 403);
    })
    .await;
}

#[tokio::test]
async fn the_live_part_gives_the_rows_asked_for_that_fit() {
    with_bench(true, async |bench| {
        let (one, other) = (bench.add(7, "laser").await, bench.add(8, "phone").await);
        let cookie = bench.cookie(Role::Viewer);
        let rows = bench.get(&format!("/devices/rows?ids={one},{other},zz,&q=laser"), &cookie).await;
        assert!(rows.body.contains(&format!("id=\"d-{one}\"")) && !rows.body.contains(&format!("id=\"d-{other}\"")));
        assert!(rows.body.contains("id=\"parts\"") && !rows.body.contains("<html"));
        // A session that is over must not put the log-in into the middle of a list.
        let over = bench.get("/devices/rows?ids=1", "hx-request: true\r\n").await;
        assert_eq!((over.status, over.text_of("hx-redirect")), (204, "/login"));
    })
    .await;
}
