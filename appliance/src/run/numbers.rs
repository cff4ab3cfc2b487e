//! Holds the numbers of the flash log for Prometheus, by kind of record.
//! Never writes. Called at start.

use vigie_store::{Health, Kind};

use crate::http::metrics::Metrics;
use crate::shell::keeper::{
    ACCOUNT, AUDIT, BOOT, CHANGE, DEVICE, KEPT_SCAN, KIOSK_DAY, KIOSK_PERSON, KIOSK_PROVED, KIOSK_SESSION,
    KIOSK_STATION, KIOSK_USAGE, KIOSK_WORKSTATION, Keeper, SEGMENT, SETTINGS, WATCH,
};

/// Kinds by name; what is not here counts as `other`.
const KINDS: [(Kind, &str); 16] = [
    (DEVICE, "device"),
    (CHANGE, "change"),
    (ACCOUNT, "account"),
    (BOOT, "boot"),
    (SEGMENT, "segment"),
    (SETTINGS, "settings"),
    (WATCH, "watch"),
    (KEPT_SCAN, "scan"),
    (AUDIT, "audit"),
    (KIOSK_SESSION, "kiosk_session"),
    (KIOSK_STATION, "kiosk_station"),
    (KIOSK_WORKSTATION, "kiosk_workstation"),
    (KIOSK_PERSON, "kiosk_person"),
    (KIOSK_USAGE, "kiosk_usage"),
    (KIOSK_DAY, "kiosk_day"),
    (KIOSK_PROVED, "kiosk_proved"),
];

/// Has the store's numbers read before each scrape.
pub(super) fn collect(metrics: &Metrics, keeper: &Keeper) {
    let keeper = keeper.clone();
    metrics.collect(move |metrics| {
        let status = keeper.status();
        let counters = &status.counters;
        let (mut other, mut given_way) = (0, 0);
        for (id, counts) in &counters.kinds {
            given_way += counts.dropped;
            match KINDS.iter().find(|(kind, _)| kind.id == *id) {
                Some((_, name)) => {
                    let help = "Records made durable, by kind.";
                    metrics.count_to("store_records_total", help, "kind", name, counts.written);
                }
                None => other += counts.written,
            }
        }
        metrics.count_to("store_records_total", "Records made durable, by kind.", "kind", "other", other);
        for (name, help, total) in [
            ("store_events_given_way_total", "Kept events that had to go for newer ones.", given_way),
            ("store_dropped_total", "Records that were not stored because the card took none.", status.dropped),
            ("store_page_bytes_total", "Bytes of 4 KiB pages the card saw.", counters.page_bytes_written),
            ("store_flushes_total", "Flushes asked of the card.", counters.flushes),
            ("store_failures_total", "Attempts to write that failed.", counters.failures),
            ("store_lost_total", "Records found damaged.", counters.lost),
        ] {
            metrics.count_to(name, help, "", "", total);
        }
        let good = f64::from(u8::from(matches!(status.health, Health::Good)));
        metrics.gauge("store_good", "1 while records reach the card.", "", "", good);
    });
}
