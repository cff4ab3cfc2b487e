//! Holds the test of the description that the product carries against the routes it answers.
//! Never trusts the file: it is written anew from the whole table. `VIGIE_WRITE_OPENAPI=1` has it kept.

use std::path::Path;

use super::bench::with_bench;
use crate::http::build_table;
use crate::http::openapi::document::{lay_out, write_document};
use crate::jobs::Jobs;
use crate::run::areas;
use crate::shell::zone::SiteZone;

#[tokio::test]
async fn the_description_that_is_carried_is_that_of_the_table() {
    with_bench(async |bench| {
        let (jobs, _worker) = Jobs::new(bench.clock.clone(), SiteZone::default());
        let table = build_table(&bench.platform, areas(&bench.platform, &bench.deps, &jobs)).unwrap();
        let written = lay_out(&write_document(table.routes()));
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("web/openapi.json");
        if std::env::var_os("VIGIE_WRITE_OPENAPI").is_some() {
            std::fs::write(&file, &written).unwrap();
            return; // What is served was built in before.
        }
        let kept = std::fs::read_to_string(&file).unwrap_or_default();
        let other = kept.lines().zip(written.lines()).find(|(kept, written)| kept != written);
        assert!(
            kept == written,
            "appliance/web/openapi.json is not what the routes say, first at {other:?}; \
             run this test with VIGIE_WRITE_OPENAPI=1, look at what changed and commit it"
        );
        let served = bench.ask(None, "GET /api/openapi.json", "", b"").await;
        assert_eq!((served.status, served.field("content-type")), (200, Some("application/json")));
        assert_eq!(served.body, written);
    })
    .await;
}
