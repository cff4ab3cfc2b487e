//! Holds the tests of the workstations' pages: what a person at the desk does, over a real kiosk and server.
//! It never reaches a network or a card. `cargo test` runs it.

use std::time::Duration;

use vigie_core::Mac;
use vigie_core::kiosk::desk::Beat;
use vigie_core::kiosk::{BootId, PersonId, SessionId, StationId};

use crate::accounts::role::Role;
use crate::page::tests::bench::{Bench, FORM, strip_markup, with_bench};
use crate::shell::kiosk::{Knock, Order, PersonDraft, Redeemed, Room, Said, Seat, Staff, StationDraft};

/// The day on which these tests play: a Tuesday.
pub(in crate::page) const TODAY: &str = "2026-12-01";
/// Ten o'clock on that day, since 1970.
const TEN: Duration = Duration::from_secs(20_788 * 86_400 + 10 * 3_600);

const STAFF: Staff = Staff { account: 2, from: None };

fn draft(name: &str, last: u8) -> StationDraft {
    StationDraft { name: name.to_owned(), mac: Mac([0, 0x1b, 0x21, 1, 0, last]), ip: None, group: None }
}

fn person(family: &str, given: &str, card: &str) -> PersonDraft {
    let (family_name, given_name, card_number) = (family.to_owned(), given.to_owned(), card.to_owned());
    PersonDraft { card_number, family_name, given_name, ..PersonDraft::default() }
}

/// A word of the agent of a workstation.
fn beat(room: &mut Room, station: StationId) {
    let beat = Beat { boot: BootId([7; 16]), nonce: [1; 16], lease_seq: 0, report: None };
    room.beat(Seat::by_staff(station), &beat, &Said::default()).unwrap();
}

/// One of everything: a workstation, a person and a session, each with the number 1, on a day with a date.
pub(in crate::page) async fn furnish(bench: &Bench) {
    bench.clock.set_wall(Some(TEN));
    let made = bench.kiosk.call(|room| {
        let station = room.add_station(STAFF, &draft("Seat 1", 1)).unwrap();
        beat(room, station);
        let person = room.add_person(STAFF, &person("<b>Curie", "Marie", "C-1")).unwrap();
        let session = room.issue(STAFF, &Order { station: Some(station), ..Order::default() }).unwrap().session;
        (station, person, session)
    });
    assert_eq!(made.await.unwrap(), (StationId(1), PersonId(1), SessionId(1)));
}

/// Types a code at a workstation.
async fn redeem(bench: &Bench, station: u32, code: &str) -> Redeemed {
    let code = code.to_owned();
    let typed = bench.kiosk.call(move |room| room.redeem(Seat::by_staff(StationId(station)), &code, 9));
    typed.await.unwrap().unwrap()
}

/// The code on the first slip of a page.
fn code_on(page: &str) -> String {
    page.split("code-large\"><code>").nth(1).and_then(|rest| rest.split('<').next()).expect(page).to_owned()
}

#[tokio::test]
async fn a_computer_shows_a_number_and_is_let_in_by_it() {
    with_bench(true, async |bench| {
        let operator = bench.cookie(Role::Operator);
        let empty = bench.get("/workstations", &operator).await.body;
        assert!(empty.contains("No workstation yet") && empty.contains("shows a number of six digits"), "{empty}");
        let knock = Knock {
            mac: Mac([0, 0x1b, 0x21, 1, 0, 9]),
            name: "pc-9 <i>".to_owned(),
            boot: BootId([7; 16]),
            agent_version: "1".to_owned(),
            question: [3; 32],
            from: [192, 0, 2, 9].into(),
        };
        bench.kiosk.call(move |room| room.knock(&knock).map(drop)).await.unwrap().unwrap();
        let number = bench.kiosk.call(|room| room.knocking()[0].number).await.unwrap();
        let page = bench.get("/workstations", &operator).await.body;
        let spelled = format!("{:03}\u{a0}{:03}", number / 1_000, number % 1_000);
        assert!(page.contains(&spelled) && page.contains("pc-9 &lt;i&gt;"), "{page}");
        assert!(bench.get("/", &operator).await.body.contains("A new computer asks to join the workstations."));
        let viewer = bench.get("/workstations", &bench.cookie(Role::Viewer)).await.body;
        assert!(!viewer.contains(&spelled), "the number is for those who may let it in");

        let wrong = (number + 1) % 1_000_000;
        let refused = bench.post("/workstations/approve", Role::Operator, &format!("number={wrong}&name=X")).await;
        assert!(refused.status == 404 && refused.body.contains("shows this number is waiting"), "{}", refused.body);
        let form = format!("number={number}&name=Seat+9&group=2");
        let approved = bench.post("/workstations/approve", Role::Operator, &form).await;
        assert_eq!(approved.text_of("location"), "/workstations?done=approved&station=1", "{}", approved.body);
        let page = bench.get(approved.text_of("location"), &operator).await.body;
        assert!(strip_markup(&page).contains("Seat 9 is in."), "{page}");
        assert!(page.contains("id=\"seat-1\"") && page.contains(">Children<"), "{page}");
        let again = bench.post("/workstations/turn-away", Role::Operator, &format!("number={number}")).await;
        assert_eq!(again.status, 404, "it is answered for");
    })
    .await;
}

#[tokio::test]
async fn a_code_is_given_told_once_used_and_its_time_is_looked_after() {
    with_bench(true, async |bench| {
        furnish(bench).await;
        let operator = bench.cookie(Role::Operator);
        let ask = bench.get("/workstations/1/code", &operator).await.body;
        let first = ask.find("type=\"submit\" name=\"minutes\" value=\"60\"").expect("the usual length");
        assert!(first < ask.find("name=\"minutes\" value=\"15\"").unwrap(), "Enter gives the usual one");
        let slip = bench.post("/workstations/1/code", Role::Operator, "who=&minutes=30").await;
        assert_eq!(slip.status, 200, "{}", slip.body);
        let (code, text) = (code_on(&slip.body), strip_markup(&slip.body));
        assert!(code.len() == 9 && text.contains("30 minutes") && text.contains("Seat 1"), "{text}");
        assert!(text.contains("Good until12:00"), "two hours from ten: {text}");
        let seats = bench.get("/workstations", &operator).await.body;
        assert!(!seats.contains(&code) && seats.contains("Codes that wait"), "told once");

        let session = redeem(bench, 1, &code).await.session.0;
        let page = bench.get("/workstations", &operator).await.body;
        assert!(page.contains("data-left=\"1800000\" data-granted=\"1800000\" data-runs"), "{page}");
        assert!(
            page.contains(">30:00</b>") && page.contains("In use") && page.contains("stroke-dasharray=\"1000 1000\"")
        );
        let added = bench.post(&format!("/sessions/{session}/add"), Role::Operator, "minutes=15").await;
        let led = added.text_of("location").to_owned();
        assert_eq!(led, format!("/workstations?done=added&session={session}&ms=900000"));
        let told = bench.get(&led, &operator).await.body;
        assert!(strip_markup(&told).contains("15 minutes more at Seat 1."), "{told}");
        assert!(told.contains("name=\"ms\" value=\"-900000\"") && told.contains("data-left=\"2700000\""), "{told}");
        bench.post(&format!("/sessions/{session}/add"), Role::Operator, "ms=-900000").await;
        bench.clock.advance(Duration::from_secs(600));
        let paused = bench.post(&format!("/sessions/{session}/pause"), Role::Operator, "").await;
        let page = bench.get(paused.text_of("location"), &operator).await.body;
        assert!(page.contains("data-left=\"1200000\" data-granted=\"1800000\" data-name"), "it does not run: {page}");
        assert!(page.contains(&format!("action=\"/sessions/{session}/go-on\"")) && page.contains("Paused"));
        let unused = bench.post("/sessions/1/pause", Role::Operator, "").await;
        assert_eq!(unused.status, 409, "{}", unused.body);
        assert!(unused.body.contains("as it stands now") && unused.body.contains("id=\"seat-1\""), "{}", unused.body);
        bench.post(&format!("/sessions/{session}/go-on"), Role::Operator, "").await;
        let much = bench.post(&format!("/sessions/{session}/add"), Role::Operator, "minutes=600").await;
        assert!(much.status == 403 && much.body.contains("An administrator may add more"), "{}", much.body);

        let ask = bench.get(&format!("/sessions/{session}/end"), &operator).await.body;
        let text = strip_markup(&ask);
        assert!(text.contains("End the session at Seat 1?") && text.contains("Guest has 20:00 left"), "{text}");
        bench.kiosk.call(|room| beat(room, StationId(1))).await.unwrap();
        let ended = bench.post(&format!("/sessions/{session}/end"), Role::Operator, "").await;
        let page = bench.get(ended.text_of("location"), &operator).await.body;
        assert!(page.contains("is ended; the computer is being cleaned") && page.contains("Being cleaned"), "{page}");
        let again = bench.post(&format!("/sessions/{session}/end"), Role::Operator, "").await;
        assert_eq!(again.status, 303, "two may press the same button");
        let void = bench.post("/sessions/1/end", Role::Operator, "").await;
        assert!(bench.get(void.text_of("location"), &operator).await.body.contains("The code is taken back."));

        let journal = strip_markup(&bench.get("/journal?theme=kiosk", &bench.cookie(Role::Admin)).await.body);
        for sentence in ["Operator gave a code: session 2", "Operator stopped the time of session 2", "Operator ended"]
        {
            assert!(journal.contains(sentence), "{sentence}: {journal}");
        }
        assert!(!journal.contains(&code));
    })
    .await;
}

#[tokio::test]
async fn a_code_is_for_whoever_the_card_or_the_name_says() {
    with_bench(true, async |bench| {
        furnish(bench).await;
        let added = bench.kiosk.call(|room| {
            for (family, given, card) in [("Durand", "Ada", "42"), ("Durand", "Alan", "43")] {
                let id = room.add_person(STAFF, &person(family, given, card)).unwrap();
                room.give_consent(STAFF, id, "2026").unwrap();
            }
        });
        added.await.unwrap();
        let post = async |body: &str| bench.post("/workstations/1/code", Role::Operator, body).await;
        let nobody = post("who=zzz&minutes=30").await;
        assert!(
            nobody.status == 422 && nobody.body.contains("Nobody in the list") && nobody.body.contains("value=\"zzz\"")
        );
        let several = post("who=durand&minutes=30").await;
        assert_eq!(several.status, 422);
        assert!(several.body.contains("Several people fit") && several.body.contains("name=\"person\" value=\"3\""));
        let unwilling = post("who=curie&minutes=30").await;
        assert!(unwilling.status == 409 && unwilling.body.contains("has not agreed"), "{}", unwilling.body);
        let chosen = post("who=durand&person=3&minutes=30").await;
        assert!(strip_markup(&chosen.body).contains("ForAlan Durand"), "{}", chosen.body);
        let by_card = post("who=42&minutes=other&other=20").await;
        let text = strip_markup(&by_card.body);
        assert!(text.contains("ForAda Durand") && text.contains("20 minutes"), "{text}");
        let long = post("minutes=other&other=2000").await;
        assert!(long.status == 403 && long.body.contains("An administrator may add more"), "{}", long.body);
        assert!(long.body.contains("<details open") && long.body.contains("value=\"2000\""), "what was typed stays");
        let digits = post("minutes=30&digits=on").await;
        assert!(code_on(&digits.body).chars().all(|sign| sign.is_ascii_digit() || sign == '-'), "{}", digits.body);
    })
    .await;
}

#[tokio::test]
async fn forty_codes_fit_a_sheet_and_forty_one_are_refused_beside_the_field() {
    with_bench(true, async |bench| {
        furnish(bench).await;
        let form = |count: u32| format!("count={count}&minutes=45&valid_minutes=&group=2&paper=sheet");
        let many = bench.post("/workstations/codes", Role::Operator, &form(41)).await;
        assert!(many.status == 422 && many.body.contains("count-fault") && many.body.contains("value=\"41\""));
        let made = bench.post("/workstations/codes", Role::Operator, &form(40)).await;
        assert_eq!(made.body.matches("class=\"slip\"").count(), 40, "{}", made.body);
        assert!(made.body.contains("slips sheets") && made.body.contains("Children") && made.body.contains("40 codes"));
        let mut codes: Vec<&str> = made.body.split("code-large\"><code>").skip(1).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), 40, "no two alike");
        let list = bench.get("/workstations", &bench.cookie(Role::Viewer)).await.body;
        assert!(list.contains("and 1 more") && !list.contains("Take back"), "{list}");
    })
    .await;
}

#[tokio::test]
async fn people_are_taken_in_changed_and_erased_by_name_and_masked_before_a_viewer() {
    with_bench(true, async |bench| {
        furnish(bench).await;
        let (operator, viewer) = (bench.cookie(Role::Operator), bench.cookie(Role::Viewer));
        let list = bench.get("/users?q=cur", &operator).await.body;
        assert!(list.contains("Marie &lt;b&gt;Curie") && list.contains("C-1") && list.contains("missing"), "{list}");
        let masked = bench.get("/users?q=cur", &viewer).await.body;
        assert!(masked.contains("M. &lt;.") && !masked.contains("Curie") && !masked.contains("C-1"), "{masked}");
        assert_eq!(bench.get("/users/1", &viewer).await.status, 403);

        let unnamed = "family_name=Byron&given_name=Ada&agreed=on&text_version=";
        let refused = bench.post("/users/add", Role::Operator, unnamed).await;
        assert!(refused.status == 422 && refused.body.contains("text_version-fault"), "{}", refused.body);
        assert!(
            refused.body.contains("value=\"Byron\"") && !bench.get("/users", &operator).await.body.contains("Byron")
        );
        let added = bench.post("/users/add", Role::Operator, &format!("{unnamed}2026-01&card_number=C-2")).await;
        assert_eq!(added.text_of("location"), "/users/2?done=added", "{}", added.body);
        let page = bench.get("/users/2", &operator).await.body;
        assert!(strip_markup(&page).contains("Agreed to version 2026-01"), "{page}");
        assert!(page.contains("May begin a session now") && page.contains("name=\"seen\" value=\"2\""), "{page}");
        let twin = bench.post("/users/add", Role::Operator, "family_name=Other&card_number=C-2").await;
        assert!(twin.status == 409 && twin.body.contains("card_number-fault"), "{}", twin.body);
        let stale = bench.post("/users/2", Role::Operator, "seen=1&family_name=Lovelace").await;
        assert!(stale.status == 412 && stale.body.contains("value=\"Lovelace\""), "{}", stale.body);
        let saved = bench.post("/users/2", Role::Operator, "seen=2&family_name=Lovelace&given_name=Ada").await;
        assert_eq!(saved.text_of("location"), "/users/2?done=saved");

        assert_eq!(bench.get("/users/2/erase", &operator).await.status, 403, "only administrators erase");
        let wrong = bench.post("/users/2/erase", Role::Admin, "name=Ada").await;
        assert!(wrong.status == 422 && wrong.body.contains("This is not the name"), "{}", wrong.body);
        let gone = bench.post("/users/2/erase", Role::Admin, "name=ada+lovelace").await;
        assert_eq!(gone.text_of("location"), "/users?done=erased");
        assert_eq!(bench.get("/users/2", &operator).await.status, 404);
        let journal = strip_markup(&bench.get("/journal", &bench.cookie(Role::Admin)).await.body);
        assert!(journal.contains("Admin erased a person") && !journal.contains("Lovelace"), "{journal}");
        let revoked = bench.post("/users/1/revoke", Role::Operator, "name=marie+%3Cb%3Ecurie").await;
        assert_eq!(revoked.text_of("location"), "/users?done=erased", "{}", revoked.body);
    })
    .await;
}

#[tokio::test]
async fn what_is_no_photo_is_refused_in_words() {
    with_bench(true, async |bench| {
        furnish(bench).await;
        let part = |content: &str| {
            format!("--X\r\nContent-Disposition: form-data; name=\"photo\"; filename=\"a.jpg\"\r\n\r\n{content}\r\n--X--\r\n")
        };
        let fields = FORM.replace("application/x-www-form-urlencoded", "multipart/form-data; boundary=X");
        let fields = format!("{fields}{}", bench.cookie(Role::Operator));
        let bad = bench.ask("POST /users/1/photo", &fields, &part("not a picture")).await;
        assert!(bad.status == 422 && bad.body.contains("neither a JPEG nor a PNG"), "{}", bad.body);
        let none = bench.ask("POST /users/1/photo", &fields, &part("")).await;
        assert!(none.status == 422 && none.body.contains("Choose a file first"), "{}", none.body);
        let foreign = fields.replace("same-origin", "cross-site");
        assert_eq!(bench.ask("POST /users/1/photo", &foreign, &part("x")).await.status, 403);
    })
    .await;
}

#[tokio::test]
async fn a_day_is_told_by_the_hour_and_the_overview_counts_the_seats() {
    with_bench(true, async |bench| {
        let viewer = bench.cookie(Role::Viewer);
        assert!(bench.get("/reports", &viewer).await.body.contains("Nothing to report yet"));
        furnish(bench).await;
        let slip = bench.post("/workstations/1/code", Role::Operator, "minutes=30").await;
        redeem(bench, 1, &code_on(&slip.body)).await;
        let list = strip_markup(&bench.get("/reports", &viewer).await.body);
        assert!(list.contains("Tuesday 1 December 2026"), "{list}");
        let page = bench.get(&format!("/reports/{TODAY}"), &viewer).await.body;
        assert!(
            page.contains("data-values=\"0*10,1\"") && page.contains("1 session; most of them 10:00–11:00."),
            "{page}"
        );
        assert!(page.contains(&format!("href=\"/api/reports/{TODAY}?format=csv\"")), "{page}");
        assert!(page.contains("<th scope=\"row\">10:00</th><td>1</td>") && !page.contains("style="), "{page}");
        for nothing in ["2026-12-02", "yesterday", "2026-13-45", "0000-00-00"] {
            assert_eq!(bench.get(&format!("/reports/{nothing}"), &viewer).await.status, 404, "{nothing}");
        }
        let french = bench.get(&format!("/reports/{TODAY}?lang=fr"), &viewer).await.body;
        assert!(french.contains("mardi 1er décembre 2026"), "{french}");
        let overview = bench.get("/", &viewer).await.body;
        assert!(
            overview.contains("The workstation is up; none is free.") && overview.contains("id=\"by-hour\""),
            "{overview}"
        );
        bench.clock.advance(Duration::from_secs(40));
        bench.kiosk.call(|_| ()).await.unwrap();
        let missed = strip_markup(&bench.get("/", &viewer).await.body);
        assert!(missed.contains("Seat 1, where somebody sits, was last heard"), "{missed}");
    })
    .await;
}

#[tokio::test]
async fn rules_and_groups_are_changed_and_what_does_not_do_is_told_beside_its_field() {
    with_bench(true, async |bench| {
        furnish(bench).await;
        let admin = bench.cookie(Role::Admin);
        let page = bench.get("/workstations/settings", &admin).await.body;
        let seen = page.split("name=\"seen\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
        let form = |hours: &str, quota: &str| {
            format!(
                "seen={seen}&quota_sessions={quota}&quota_minutes=90&session_minutes=45&valid_minutes=60&hold_minutes=5\
                 &max_offline_minutes=60&detail_days=30&code_days=7&french=on&rules_fr=Pas+de+bruit.%0D%0AMerci.&rules_en=\
                 &hours_on=on&hours_1={hours}"
            )
        };
        let bad = bench.post("/workstations/settings", Role::Admin, &form("18-9", "2")).await;
        assert!(bad.status == 422 && bad.body.contains("hours_1-fault") && bad.body.contains("value=\"18-9\""));
        let bad = bench.post("/workstations/settings", Role::Admin, &form("9-10:30", "0")).await;
        assert!(bad.status == 422 && bad.body.contains("quota_sessions-fault"), "{}", bad.body);
        let saved = bench.post("/workstations/settings", Role::Admin, &form("9-10:30", "2")).await;
        assert_eq!(saved.text_of("location"), "/workstations/settings?done=saved", "{}", saved.body);
        let again = bench.post("/workstations/settings", Role::Admin, &form("9-10:30", "3")).await;
        assert_eq!(again.status, 412, "another has changed it");
        let slip = bench.post("/workstations/1/code", Role::Operator, "minutes=45").await;
        assert!(slip.body.contains("Pas de bruit.\nMerci."), "the rules stand there in the language there is");
        let session = redeem(bench, 1, &code_on(&slip.body)).await.session.0;
        let closing = bench.post(&format!("/sessions/{session}/add"), Role::Operator, "minutes=15").await;
        assert!(closing.status == 409 && closing.body.contains("The place is closed, or closes now"), "{}", closing.body);

        let unnamed = bench.post("/workstations/groups/new", Role::Admin, "name_en=Study&name_fr=").await;
        assert!(unnamed.status == 422 && unnamed.body.contains("name_fr-fault"), "{}", unnamed.body);
        let new = "name_en=Study&name_fr=Etude&minutes=90&quota_on=on&quota_sessions=1&quota_minutes=30";
        let made = bench.post("/workstations/groups/new", Role::Admin, new).await;
        assert_eq!(made.text_of("location"), "/workstations/groups?done=saved", "{}", made.body);
        let list = strip_markup(&bench.get("/workstations/groups", &admin).await.body);
        assert!(list.contains("Study090 minutes1 session, 30 minutes"), "{list}");
        let moved = "seen=1&name=Seat+1&mac=00:1b:21:01:00:01&group=4";
        let moved = bench.post("/workstations/1", Role::Admin, moved).await;
        assert_eq!(moved.text_of("location"), "/workstations/1?done=saved", "{}", moved.body);
        let used = bench.post("/workstations/groups/4/remove", Role::Admin, "").await;
        assert!(used.status == 409 && used.body.contains("Move them to another one first"), "{}", used.body);
    })
    .await;
}

#[tokio::test]
async fn a_workstation_is_told_things_changed_and_removed() {
    with_bench(true, async |bench| {
        furnish(bench).await;
        let operator = bench.cookie(Role::Operator);
        let empty = bench.post("/workstations/message", Role::Operator, "to=1&text=").await;
        assert!(empty.status == 422 && empty.body.contains("text-fault"), "{}", empty.body);
        let sent =
            bench.post("/workstations/message", Role::Operator, "to=1&text=x&ready=Please+come+to+the+desk.").await;
        assert_eq!(sent.text_of("location"), "/workstations?done=sent&station=1");
        bench.post("/workstations/message", Role::Operator, "text=We+close+%3Cb%3E").await;
        bench.post("/workstations/1/command", Role::Operator, "command=reboot").await;
        bench.post("/workstations/1/command", Role::Operator, "command=explode").await;
        let page = bench.get("/workstations/1", &operator).await.body;
        assert!(page.contains("Please come to the desk.") && page.contains("We close &lt;b&gt;"), "{page}");
        assert!(page.contains("Restart the computer") && page.matches("not taken yet").count() == 3, "{page}");
        bench.post("/workstations/1/service", Role::Operator, "on=no&next=/workstations/1").await;
        let seats = bench.get("/workstations", &operator).await.body;
        assert!(seats.contains("Out of service") && seats.contains("Back into service"), "{seats}");
        bench.post("/workstations/1/service", Role::Operator, "on=yes").await;
        let asleep = bench.post("/workstations/1/wake", Role::Operator, "").await;
        assert!(asleep.status == 404 && asleep.body.contains("No device is known"), "{}", asleep.body);

        let stale = bench.post("/workstations/1", Role::Admin, "seen=9&name=X&mac=00:1b:21:01:00:01").await;
        assert!(stale.status == 412 && stale.body.contains("Somebody has changed this"), "{}", stale.body);
        let bad = bench.post("/workstations/add", Role::Admin, "name=Seat+2&mac=zz").await;
        assert!(bad.status == 422 && bad.body.contains("mac-fault") && bad.body.contains("value=\"Seat 2\""));
        let twin = bench.post("/workstations/add", Role::Admin, "name=Seat+2&mac=00:1b:21:01:00:01").await;
        assert!(twin.status == 409 && twin.body.contains("Another workstation has this MAC"), "{}", twin.body);
        let gone = bench.post("/workstations/1/remove", Role::Admin, "").await;
        assert_eq!(gone.text_of("location"), "/workstations?done=removed");
        assert_eq!(bench.get("/workstations/1", &operator).await.status, 404);
        for path in ["/workstations/1", "/workstations/zz", "/sessions/77/end", "/users/77", "/workstations/groups/77"]
        {
            assert_eq!(bench.get(path, &bench.cookie(Role::Admin)).await.status, 404, "{path}");
        }
    })
    .await;
}
