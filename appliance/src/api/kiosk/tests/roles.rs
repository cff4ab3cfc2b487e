//! Holds the walk of every role through every route of the kiosk, and what is open to strangers.
//! Never names a route: it takes them from the table, so that a new one is walked too. `cargo test` runs it.

use super::enrol;
use crate::accounts::role::{Access, Role};
use crate::api::tests::bench::with_bench;

const AREAS: [&str; 5] = ["/api/utilisateurs", "/api/postes", "/api/sessions", "/api/kiosk", "/api/reports"];

#[tokio::test]
async fn every_route_admits_whom_it_says_and_nobody_else() {
    with_bench(async |bench| {
        let (station, token) = enrol(bench, 9).await;
        let mut walked = 0;
        let own = |path: &str| AREAS.iter().any(|area| path.starts_with(area));
        for route in bench.table.routes().iter().filter(|route| own(route.path) && route.access != Access::Public) {
            let path = |station: u64| {
                let station = station.to_string();
                route
                    .path
                    .replace("{station}", &station)
                    .replace("{id}", "99")
                    .replace("{number}", "1")
                    .replace("{day}", "today")
            };
            // Nobody of that number, so that a good answer changes nothing.
            let line = format!("{} {}", route.method, path(99));
            let fields = if path(99).ends_with("/photo") { "image/png" } else { "application/json" };
            let fields = format!("Content-Type: {fields}\r\n");
            for role in std::iter::once(None).chain([Role::Viewer, Role::Operator, Role::Admin, Role::Screen].map(Some))
            {
                let answer = bench.ask(role, &line, &fields, b"").await;
                let denied = matches!(answer.status, 401 | 403);
                assert_eq!(denied, !route.access.admits(role), "{line} {role:?}: {}", answer.body);
                assert!(answer.status < 500, "{line}: {}", answer.body);
                walked += 1;
            }
            // An account that only calls itself an agent has no seat, and an agent none but its own.
            assert_eq!(bench.ask(Some(Role::Agent), &line, &fields, b"").await.status, 403, "{line}");
            let agent = bench.ask_with(Some(&token), &line, &fields, b"").await;
            if agent.status != 403 {
                assert_eq!(line, "POST /api/sessions/validate_code", "{}", agent.body);
            }
            if route.path.contains("{station}") {
                let line = format!("{} {}", route.method, path(station));
                let agent = bench.ask_with(Some(&token), &line, &fields, b"").await;
                assert_eq!(agent.status != 403, route.access.admits(Some(Role::Agent)), "{line}: {}", agent.body);
            }
        }
        assert!(walked >= 5 * 55, "{walked}");
    })
    .await;
}

#[tokio::test]
async fn strangers_may_knock_and_open_a_socket_and_nothing_else() {
    with_bench(async |bench| {
        let ours = |path: &str| path.starts_with("/ws/sessions") || AREAS.iter().any(|area| path.starts_with(area));
        let routes = bench.table.routes().iter().filter(|route| route.access == Access::Public && ours(route.path));
        let mut open: Vec<_> = routes.map(|route| format!("{} {}", route.method, route.path)).collect();
        open.sort();
        assert_eq!(
            open,
            [
                "GET /ws/sessions",
                "GET /ws/sessions/{id}",
                "POST /api/postes/enrolment",
                "POST /api/postes/enrolment/status"
            ]
        );
    })
    .await;
}
