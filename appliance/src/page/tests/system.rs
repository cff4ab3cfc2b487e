//! Holds the tests of the views about the appliance itself: its sources, settings, journal and backup.
//! It never reaches a network. `cargo test` runs it.

use super::bench::{FORM, strip_markup, with_bench};
use crate::accounts::role::Role;
use crate::page::gate;

#[tokio::test]
async fn the_journal_is_filtered_and_shows_that_the_chain_was_verified() {
    with_bench(true, async |bench| {
        let id = bench.add(7, "laser").await;
        bench.post(&format!("/devices/{id}/trust"), Role::Operator, "trust=trusted").await;
        bench.ask("POST /login", FORM, "username=Admin&password=wrong").await;
        let all = bench.get("/journal?verify", &bench.cookie(Role::Admin)).await.body;
        assert!(strip_markup(&all).contains("Operator edited laser") && all.contains("Chain verified"), "{all}");
        assert!(all.contains(&format!("href=\"/devices/{id}\"")) && all.contains("192.168.1.20"));
        let wrong = strip_markup(&bench.get("/journal?errors=true", &bench.cookie(Role::Admin)).await.body);
        assert!(wrong.contains("A log-in as Admin was refused") && !wrong.contains("edited"), "{wrong}");
        let own = strip_markup(&bench.get("/journal?lang=fr", &bench.cookie(Role::Operator)).await.body);
        assert!(own.contains("Operator a modifié laser") && !own.contains("refusée"), "{own}");
        assert!(own.contains("Vous voyez ce que vous avez fait") && !own.contains("Chaîne vérifiée"));
        let viewer = bench.get("/changes", &bench.cookie(Role::Viewer)).await.body;
        assert!(!viewer.contains("href=\"/journal\"") && viewer.contains("href=\"/my-account\""));
    })
    .await;
}

#[tokio::test]
async fn the_system_page_says_how_each_source_does_in_both_languages() {
    with_bench(true, async |bench| {
        bench.add(7, "laser").await;
        let cookie = bench.cookie(Role::Viewer);
        for (language, words) in [
            ("en", ["What it learns from", "Nobody gave credentials", "waiting", "IPv6 neighbours"]),
            ("fr", ["Ses sources", "Aucun accès n'est donné", "en attente", "Voisins IPv6"]),
        ] {
            let page = bench.get(&format!("/system?lang={language}"), &cookie).await;
            assert_eq!(page.status, 200);
            let plain = page.body.replace("&#39;", "'");
            for word in words {
                assert!(plain.contains(word), "{word} in {plain}");
            }
            // Heard here, so it tells something; the device's own row of the table comes from the engine.
            let row = plain.split("<tr>").find(|row| row.contains("mDNS, LLMNR")).unwrap_or_default();
            assert!(row.contains("chip good") && row.contains("<td class=\"roomy\">1</td>"), "{row}");
            // Questions are counted here and nowhere else.
            let (foot, asked) = (plain.split("<tfoot>").nth(1).unwrap_or_default(), [">Asked<", ">Questions<"]);
            assert!(foot.contains("<td class=\"roomy\">"), "{foot}");
            assert_eq!(asked.iter().map(|words| plain.matches(words).count()).sum::<usize>(), 1, "{plain}");
        }
    })
    .await;
}

#[tokio::test]
async fn settings_are_changed_and_what_does_not_do_is_told_beside_its_field() {
    with_bench(true, async |bench| {
        let cookie = bench.cookie(Role::Admin);
        let page = bench.get("/system/settings", &cookie).await.body;
        assert!(page.contains("wins at every start: VIGIE_NETWORK_PACE."), "{page}");
        let seen = |page: &str| {
            page.split("name=\"seen\" value=\"")
                .nth(1)
                .and_then(|rest| rest.split("\">").next())
                .unwrap()
                .replace("&quot;", "\"")
        };
        let first = gate::encode(&seen(&page));
        let bad = format!("seen={first}&interval_minutes=61&pace=gentle&segments=nonsense&quick=80,http");
        let refused = bench.post("/system/settings", Role::Admin, &bad).await;
        assert_eq!(refused.status, 422);
        assert!(
            refused.body.contains("id=\"quick-fault\"") && refused.body.contains("“http” is no port"),
            "{}",
            refused.body
        );
        assert!(refused.body.contains("value=\"61\"") && refused.body.contains(">nonsense<"), "what was typed is kept");
        let bad = bad.replace(",http", "");
        let refused = bench.post("/system/settings", Role::Admin, &bad).await;
        assert!(
            refused.body.contains("interval_minutes-fault") && refused.body.contains("segments-fault"),
            "{}",
            refused.body
        );
        let good = format!(
            "seen={first}&interval_minutes=7&pace=gentle&source=arp&source=tcp&quick=80&full=80&wired_seconds=3"
        );
        let saved = bench.post("/system/settings", Role::Admin, &good).await;
        assert_eq!(saved.text_of("location"), "/system/settings?done=saved", "{}", saved.body);
        let page = bench.get("/system/settings", &cookie).await.body;
        assert!(page.contains("name=\"interval_minutes\" value=\"7\"") && page.contains("value=\"3\""), "{page}");
        let late = bench.post("/system/settings", Role::Admin, &good.replace("=7&", "=8&")).await;
        assert_eq!(late.status, 412, "{}", late.body);
        assert!(late.body.contains("value=\"8\"") && late.body.contains("Somebody has changed this"));
        let again = gate::encode(&seen(&late.body));
        let meant =
            bench.post("/system/settings", Role::Admin, &good.replace(&first, &again).replace("=7&", "=8&")).await;
        assert_eq!(meant.status, 303, "who saves again after having been told means it");
        let paused = bench.post("/system/watching", Role::Operator, "watching=on&next=%2Fsystem%2Fsettings").await;
        assert_eq!(paused.text_of("location"), "/system/settings");
        assert!(bench.network.call(|hands| hands.sweeps().watching).await.unwrap());
    })
    .await;
}

#[tokio::test]
async fn the_zone_is_chosen_by_name_and_hours_say_by_which_clock_they_are_meant() {
    with_bench(true, async |bench| {
        bench.clock.set_wall(Some(std::time::Duration::from_secs(1_782_907_200))); // noon in UTC, the first of July
        let admin = bench.cookie(Role::Admin);
        let page = bench.get("/system/settings", &admin).await.body;
        assert!(
            strip_markup(&page).contains("It is 12:00 there now") && page.contains("value=\"UTC\" selected"),
            "{page}"
        );
        let chosen = bench.post("/system/zone", Role::Admin, "zone=CET-1CEST%2CM3.5.0%2CM10.5.0%2F3").await;
        assert_eq!(chosen.text_of("location"), "/system/settings?done=saved#zone", "{}", chosen.body);
        let page = bench.get("/system/settings?lang=fr", &admin).await.body;
        let selected = page.split(" selected>").nth(1).and_then(|rest| rest.split('<').next());
        assert_eq!(selected, Some("Paris, Bruxelles, Genève, Berlin"), "{page}");
        assert!(strip_markup(&page).contains("Il y est 14\u{a0}h\u{a0}00"), "{page}");
        let rules = bench.get("/workstations/settings", &admin).await.body;
        assert!(strip_markup(&rules).contains("the clock of this place, which says 14:00 now"), "{rules}");
        assert!(rules.contains("href=\"/system/settings#zone\""));
        let refused = bench.post("/system/zone", Role::Admin, "zone=Nowhere").await;
        assert_eq!(refused.status, 422, "{}", refused.body);
        assert_eq!(bench.post("/system/zone", Role::Operator, "zone=UTC").await.status, 403);
        let looker = bench.get("/system/settings", &bench.cookie(Role::Viewer)).await.body;
        assert!(!looker.contains("Choose this zone"), "{looker}");
        let journal = strip_markup(&bench.get("/journal", &admin).await.body);
        assert!(journal.contains("Admin changed the settings: the time zone"), "{journal}");
    })
    .await;
}

#[tokio::test]
async fn a_backup_is_shown_before_it_is_restored_and_brings_back_what_people_said() {
    with_bench(true, async |bench| {
        let id = bench.add(7, "laser").await;
        let admin = bench.cookie(Role::Admin);
        assert!(bench.get("/system", &admin).await.body.contains("href=\"/api/system/backup\""));
        assert!(!bench.get("/system", &bench.cookie(Role::Viewer)).await.body.contains("/api/system/backup"));
        let backup = r#"{"version":1,"exported":null,"program":"0.0.9","settings":{"interval_minutes":7},
            "accounts":[{"username":"<b>lost"},{"username":"Admin"}],
            "items":[{"mac":"00:1b:21:00:00:07","label":"Till"},{"mac":"00:1b:21:00:00:08","ip":"192.168.1.8","notes":"new"},{"mac":"x"}]}"#;
        let send = async |body: &str| {
            let fields = format!("Content-Type: multipart/form-data; boundary=XX\r\nSec-Fetch-Site: same-origin\r\n{admin}");
            let body = format!(
                "--XX\r\nContent-Disposition: form-data; name=\"file\"; filename=\"b.json\"\r\n\r\n{body}\r\n--XX--\r\n"
            );
            bench.ask("POST /system/restore", &fields, &body).await
        };
        for (wrong, words) in [("nothing", "not a backup"), (r#"{"version":2}"#, "of form 2"), ("", "Choose a file first")] {
            let answer = send(wrong).await;
            assert!(answer.status == 422 && answer.body.contains(words), "{wrong}: {}", answer.body);
        }
        let shown = send(backup).await;
        assert_eq!(shown.status, 200, "{}", shown.body);
        for words in ["Restore 3 changes", "&lt;b&gt;lost", "taken from the backup", "would change"] {
            assert!(shown.body.contains(words), "{words}: {}", shown.body);
        }
        assert!(!shown.body.contains("<bdi>Admin</bdi>, "), "who is here is not missing");
        let page = async || bench.get(&format!("/devices/{id}"), &admin).await.body;
        assert!(!page().await.contains("value=\"Till\""), "looking changes nothing");
        let done = bench.post("/system/restore/do", Role::Admin, "").await;
        assert!(done.status == 200 && done.body.contains("The backup is restored."), "{}", done.body);
        assert!(page().await.contains("value=\"Till\""));
        assert_eq!(bench.post("/system/restore/do", Role::Admin, "").await.status, 409, "once");
        assert!(send(backup).await.body.contains("Nothing would change"));
    })
    .await;
}
