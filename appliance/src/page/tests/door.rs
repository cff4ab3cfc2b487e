//! Holds the tests of who comes in and may do what: set-up, roles, accounts, screens.
//! It never reaches a network. `cargo test` runs it.

use super::bench::{FORM, strip_markup, with_bench};
use crate::accounts::role::{Access, Role};

#[tokio::test]
async fn strangers_are_sent_to_the_door_and_roles_are_kept_apart_on_every_route() {
    with_bench(true, async |bench| {
        let device = bench.add(7, "laser").await;
        crate::page::kiosk::tests::furnish(bench).await;
        let door = ["/setup", "/login", "/logout", "/language", "/trust", "/screen/enter"];
        assert!(bench.paths.len() > 25);
        for (method, path, access) in bench.paths.iter().filter(|(_, path, _)| !door.contains(path)) {
            assert_ne!(*access, Access::Public, "{path} says who may see it");
            let id = if path.starts_with("/devices") { &device } else { "1" };
            let path =
                path.replace("{id}", id).replace("{session}", "999").replace("{day}", crate::page::kiosk::tests::TODAY);
            let line = format!("{method} {path}");
            let fields = if method == "POST" { FORM } else { "" };
            let stranger = bench.ask(&line, fields, "").await;
            assert_eq!(stranger.status, 303, "{line}");
            let to = if path == "/screen" { "/screen/enter" } else { "/login" };
            assert!(stranger.text_of("location").starts_with(to), "{line}: {}", stranger.head);
            let program = bench.ask(&line, &format!("{fields}Accept: application/json\r\n"), "").await;
            assert_eq!((program.status, program.text_of("content-type")), (401, "application/problem+json"), "{line}");
            for role in Role::ALL {
                if method == "POST" && access.admits(Some(role)) {
                    continue;
                }
                let answer = bench.ask(&line, &format!("{fields}{}", bench.cookie(role)), "").await;
                let expected = if access.admits(Some(role)) { 200 } else { 403 };
                assert_eq!(answer.status, expected, "{line} as {role:?}: {}", answer.body);
                if expected == 200 && line == "GET /system/logs/text" {
                    assert!(answer.text_of("content-type").starts_with("text/plain"), "{line}");
                    continue;
                }
                assert!(
                    answer.body.contains("<h1") || answer.body.contains("id=\"parts\"") || line == "GET /scan",
                    "{line}"
                );
                assert!(answer.text_of("content-type").starts_with("text/html"), "{line}");
            }
            if method == "POST" {
                let foreign = fields.replace("same-origin", "cross-site") + &bench.cookie(Role::Admin);
                assert_eq!(bench.ask(&line, &foreign, "").await.status, 403, "{line} from another site");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn an_administrator_adds_somebody_who_then_chooses_a_password() {
    with_bench(true, async |bench| {
        let page = bench.get("/people", &bench.cookie(Role::Admin)).await.body;
        assert!(page.contains("href=\"/people/3\"") && page.contains("(you)"), "{page}");
        let wrong = bench.post("/people", Role::Admin, "username=a+b&role=operator").await;
        assert!(
            wrong.status == 422 && wrong.body.contains("value=\"a b\"") && wrong.body.contains("A name has 1 to 64")
        );
        let made = bench.post("/people", Role::Admin, "username=eve&role=operator&language=fr").await;
        assert_eq!(made.status, 200);
        let temporary = made.body.split("tabindex=\"0\">").nth(1).and_then(|rest| rest.split('<').next()).unwrap();
        assert_eq!(temporary.len(), 19, "{temporary}");
        assert!(!bench.get("/people", &bench.cookie(Role::Admin)).await.body.contains(temporary), "told once");

        let login = bench.ask("POST /login", FORM, &format!("username=eve&password={temporary}")).await;
        let cookie = format!("Cookie: {}\r\n", login.text_of("set-cookie").split(';').next().unwrap());
        let sent = bench.get("/devices", &cookie).await;
        assert_eq!((sent.status, sent.text_of("location")), (303, "/my-account"));
        let page = bench.get("/my-account", &format!("{cookie}Accept-Language: en\r\n")).await.body;
        assert!(
            page.contains("lang=\"fr\"") && page.contains("votre propre mot de passe"),
            "the account's language: {page}"
        );
        let fields = format!("{FORM}{cookie}");
        let form = |old: &str, new: &str| format!("old={old}&new={new}");
        let wrong = bench.ask("POST /my-account/password", &fields, &form("x", "trois+petits+cochons")).await;
        assert!(wrong.status == 422 && wrong.body.contains("old-fault"), "{}", wrong.body);
        let done = bench.ask("POST /my-account/password", &fields, &form(temporary, "trois+petits+cochons")).await;
        assert_eq!((done.status, done.text_of("location")), (303, "/my-account?done=password"));
        assert_eq!(bench.get("/devices", &cookie).await.status, 200);
        let saved = bench.ask("POST /my-account", &fields, "display_name=%3Cb%3EEve&language=en").await;
        assert!(saved.status == 303 && saved.head.contains("vigie_language=en"), "{}", saved.head);

        let last = bench.post("/people/3", Role::Admin, "role=viewer&language=en&enabled=on").await;
        assert!(last.status == 409 && last.body.contains("Make another one first"), "{}", last.body);
        let seen = bench.get("/people/6", &bench.cookie(Role::Admin)).await.body;
        assert!(seen.contains("&lt;b&gt;Eve") && !seen.contains("<b>Eve"));
        let stale = bench.post("/people/6", Role::Admin, "seen=0&role=viewer&language=en&enabled=on").await;
        assert_eq!(stale.status, 412);
        let gone = bench.post("/people/6/remove", Role::Admin, "").await;
        assert_eq!((gone.status, gone.text_of("location")), (303, "/people?done"));
        assert_eq!(bench.get("/devices", &cookie).await.text_of("location"), "/login?next=/devices");

        let journal = bench.get("/journal", &bench.cookie(Role::Admin)).await.body;
        let text = strip_markup(&journal);
        for sentence in ["Admin removed a removed account (no. 6)", "Admin made the account of", "chose a new password"]
        {
            assert!(text.contains(sentence), "{sentence}: {text}");
        }
        assert!(!text.contains(temporary) && !text.contains("eve"), "no password, and no name of one who is gone");
    })
    .await;
}

#[tokio::test]
async fn the_first_person_sets_up_in_french_and_is_in() {
    with_bench(false, async |bench| {
        assert_eq!(bench.get("/devices", "").await.text_of("location"), "/setup");
        let page = bench.get("/setup", "Accept-Language: fr\r\n").await;
        assert!(
            page.body.contains("Code d'installation") || page.body.contains("Code d&#39;installation"),
            "{}",
            page.body
        );
        let form = |code: &str, password: &str| format!("code={code}&username=ada&password={password}&language=fr");
        let short = bench.ask("POST /setup", FORM, &form(&bench.code, "court")).await;
        assert_eq!(short.status, 422);
        assert!(short.body.contains("password-fault") && !short.body.contains("court\""), "{}", short.body);
        let done = bench.ask("POST /setup", FORM, &form(&bench.code, "trois+petits+cochons")).await;
        assert_eq!((done.status, done.text_of("location")), (303, "/"));
        assert!(done.head.contains("HttpOnly; SameSite=Strict") && done.head.contains("vigie_language=fr"));
        assert_eq!(bench.get("/setup", "").await.text_of("location"), "/");
    })
    .await;
}

#[tokio::test]
async fn a_screen_comes_in_with_its_token_stays_and_is_put_out_with_it() {
    with_bench(true, async |bench| {
        bench.add(7, "laser-of-ada").await;
        let accounts = &bench.platform.accounts;
        let token = accounts.renew_lasting(Role::Screen.byte().into(), None).await.map_err(|_| ()).unwrap();
        let wrong = bench.ask("POST /screen/enter", FORM, "token=vigie-lasting.5.AAAA").await;
        assert_eq!(wrong.status, 403, "{}", wrong.body);
        assert!(wrong.body.contains("aria-invalid=\"true\"") && wrong.text_of("set-cookie").is_empty());
        let person = accounts.open_tokens(Role::Viewer.byte().into()).map_err(|_| ()).unwrap().access;
        let entered = bench.ask("POST /screen/enter", FORM, &format!("token={}", person.expose())).await;
        assert_eq!(entered.status, 403, "a person's token is no screen's");

        let inside = bench.ask("POST /screen/enter", FORM, &format!("token={}", token.expose())).await;
        assert_eq!((inside.status, inside.text_of("location")), (303, "/screen"));
        let cookie = inside.text_of("set-cookie").to_owned();
        assert!(cookie.contains("HttpOnly; SameSite=Strict") && cookie.contains("Max-Age=34560000"), "{cookie}");
        let cookie = format!("Cookie: {}\r\n", cookie.split(';').next().unwrap());
        let page = bench.get("/screen", &cookie).await;
        assert!(page.status == 200 && page.body.contains("http-equiv=\"refresh\""), "{}", page.head);
        assert!(page.body.contains("<dd>2</dd>") && !page.body.contains("laser-of-ada"), "{}", page.body);
        assert!(page.text_of("set-cookie").contains("Max-Age=34560000"), "it stays in: {}", page.head);
        assert_eq!(bench.get("/devices", &cookie).await.status, 403, "and sees nothing else");
        let person = bench.get("/screen", &bench.cookie(Role::Viewer)).await;
        assert!(person.status == 200 && person.text_of("set-cookie").is_empty(), "{}", person.head);

        let _new = accounts.renew_lasting(Role::Screen.byte().into(), None).await.map_err(|_| ()).unwrap();
        assert_eq!(bench.get("/screen", &cookie).await.text_of("location"), "/screen/enter");
    })
    .await;
}

#[tokio::test]
async fn the_address_for_a_screen_is_handed_out_with_its_token_and_for_nobody_else() {
    with_bench(true, async |bench| {
        let made = bench.post("/people", Role::Admin, "username=hall&role=screen").await;
        let link = made.body.split("http://vigie.local/screen/enter#").nth(1).expect("an address");
        assert!(link.starts_with("vigie-lasting."), "{link}");
        let made = bench.post("/people", Role::Admin, "username=eve&role=viewer").await;
        assert!(made.status == 200 && !made.body.contains("/screen/enter"), "{}", made.body);
    })
    .await;
}

#[tokio::test]
async fn a_workstation_is_given_no_account_and_an_old_one_can_be_removed() {
    with_bench(true, async |bench| {
        let form = bench.get("/people", &bench.cookie(Role::Admin)).await;
        assert!(form.body.contains("value=\"screen\"") && !form.body.contains("value=\"agent\""), "{}", form.body);
        let refused = bench.post("/people", Role::Admin, "username=till&role=agent").await;
        assert_eq!(refused.status, 422);
        assert!(refused.body.contains("A workstation has no account"), "{}", refused.body);
        let old = format!("/people/{}", Role::Agent.byte());
        let page = bench.get(&old, &bench.cookie(Role::Admin)).await;
        assert!(
            page.status == 200 && page.body.contains("remove it") && !page.body.contains(&format!("{old}/token")),
            "{}",
            page.body
        );
        assert_eq!(bench.post(&format!("{old}/token"), Role::Admin, "").await.status, 409);
        assert_eq!(bench.post(&format!("{old}/remove"), Role::Admin, "").await.status, 303);
        assert_eq!(bench.get(&old, &bench.cookie(Role::Admin)).await.status, 404);
    })
    .await;
}

#[tokio::test]
async fn the_page_and_the_api_agree_on_who_may_do_what() {
    with_bench(true, async |bench| {
        assert!(bench.acts.len() > 40);
        for (act, access) in bench.acts.iter().filter(|(act, _)| act.theme() == vigie_core::audit::Theme::Devices) {
            let others = bench.acts.iter().filter(|(other, _)| other == act);
            let others: Vec<Access> = others.map(|(_, access)| *access).collect();
            assert!(others.iter().all(|other| other == access), "{}: {others:?}", act.name());
        }
    })
    .await;
}
