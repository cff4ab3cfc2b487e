//! Holds the fetch of a UPnP description from the device that announced it.
//! Never leaves the host and never reads more than a description may hold. Called by errands.

use tokio::time::timeout;
use vigie_core::lan::{Clue, Fact, Source};
use vigie_wire::names::location::Location;
use vigie_wire::names::upnp::{self, MAX_DESCRIPTION_BYTES};

use super::{ERRAND_TIME, Visit, http};

/// Fetches and tells.
pub(super) async fn fetch(at: &Visit, location: &Location) {
    let Some(mut stream) = at.connect(location.port).await else { return };
    let host = at.ip.to_string();
    let answer = http::get(&mut stream, &host, &location.path, MAX_DESCRIPTION_BYTES);
    let Ok(Some(answer)) = timeout(ERRAND_TIME, answer).await else { return };
    let body = answer.windows(4).position(|window| window == b"\r\n\r\n").and_then(|end| answer.get(end + 4..));
    let Some(Ok(said)) = body.map(upnp::read) else { return };
    for (clue, text) in [
        (Clue::FriendlyName, said.friendly_name.as_str()),
        (Clue::Manufacturer, said.manufacturer.as_str()),
        (Clue::Model, said.model_name.as_str()),
        (Clue::UpnpType, said.device_type.as_str()),
    ] {
        if !text.is_empty() {
            at.tell(Source::Ssdp, Fact::Clue(clue, text));
        }
    }
    // Its identifier is not told from here: this came by address alone, and whoever takes an address for a moment would be
    // merged with its owner. The announcement says the same identifier, in a frame with a MAC.
    at.port(location.port, true);
}
