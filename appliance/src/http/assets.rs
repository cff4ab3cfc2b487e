//! Holds the files of the page, compressed and hashed when the program was built.
//! It never reads a disk.
//! The route table points `/assets/` here; the page asks for the address of a file.

use bytes::Bytes;
use hyper::StatusCode;
use hyper::header::{ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, HeaderMap, RANGE, VARY};

use crate::accounts::role::Access;

use super::call::Call;
use super::problem::{Problem, faults};
use super::range::cut;
use super::reply::Reply;
use super::route::{Outcome, Route};

/// One file under `appliance/web/`.
#[derive(Debug)]
pub struct Asset {
    /// Path below that folder.
    pub path: &'static str,
    /// Content type by its ending.
    pub content_type: &'static str,
    /// Entity tag of the content, quotes included.
    pub tag: &'static str,
    /// The content, or nothing when only the compressed form is kept.
    pub plain: Option<&'static [u8]>,
    /// The content compressed, when that is shorter.
    pub gzip: Option<&'static [u8]>,
}

/// Largest asset when unpacked for a client that does not take gzip.
const MAX_UNPACKED_BYTES: usize = 2 * 1024 * 1024;

include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// The asset of a path below `appliance/web/`.
#[must_use]
pub fn find(path: &str) -> Option<&'static Asset> {
    ASSETS.binary_search_by(|asset| asset.path.cmp(path)).ok().and_then(|at| ASSETS.get(at))
}

/// The address of an asset, with its tag in the query so that it may be kept for good. The bare address if there is no
/// such file, which the page's tests find.
#[must_use]
pub fn address(path: &str) -> String {
    find(path)
        .map_or_else(|| format!("/assets/{path}"), |asset| format!("/assets/{path}?v={}", asset.tag.trim_matches('"')))
}

/// The routes.
#[must_use]
pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/assets/{*path}", Access::Public, "A file of the page")
            .speaks(200, "application/octet-stream")
            .run(give),
    ]
}

async fn give(call: Call) -> Outcome {
    let asset = find(call.parameter("path")).ok_or_else(|| Problem::from(&faults::NOT_FOUND))?;
    answer(&call, asset)
}

/// Gives a file in the form the client takes, or says that it has it.
pub(super) fn answer(call: &Call, asset: &'static Asset) -> Outcome {
    let kept_for_good = call.query("v") == Some(asset.tag.trim_matches('"'));
    let caching = if kept_for_good { "public, max-age=31536000, immutable" } else { "no-cache" };
    let reply = if call.holds(asset.tag) {
        Reply::not_modified(asset.tag)
    } else {
        match (asset.gzip, asset.plain) {
            // A part is counted in the bytes of the file, not in those of its packing.
            (Some(gzip), _) if takes_gzip(&call.headers) && !call.headers.contains_key(RANGE) => {
                Reply::bytes_of(asset.content_type, Bytes::from_static(gzip)).header(CONTENT_ENCODING, "gzip")
            }
            (_, Some(plain)) => cut(call, Reply::bytes_of(asset.content_type, Bytes::from_static(plain)), asset.tag),
            (Some(gzip), None) => cut(call, Reply::bytes_of(asset.content_type, unpack(gzip)?), asset.tag),
            (None, None) => return Err((&faults::INTERNAL).into()),
        }
    };
    // That a part is not there may change with the next version.
    let caching = if reply.status_code() == StatusCode::RANGE_NOT_SATISFIABLE { "no-store" } else { caching };
    Ok(reply.tag(asset.tag).header(CACHE_CONTROL, caching).header(VARY, "Accept-Encoding"))
}

/// Unpacks for the rare client that does not take gzip, so that the binary carries each file once.
fn unpack(gzip: &[u8]) -> Result<Vec<u8>, Problem> {
    use std::io::Read;
    let mut plain = Vec::new();
    let reader = flate2::read::GzDecoder::new(gzip);
    reader.take(MAX_UNPACKED_BYTES as u64).read_to_end(&mut plain).map_err(|_| Problem::from(&faults::INTERNAL))?;
    Ok(plain)
}

/// Whether the client takes gzip (RFC 9110, 12.5.3).
pub(crate) fn takes_gzip(headers: &HeaderMap) -> bool {
    headers.get_all(ACCEPT_ENCODING).iter().filter_map(|field| field.to_str().ok()).flat_map(|f| f.split(',')).any(
        |one| {
            let (name, weight) = one.split_once(';').unwrap_or((one, ""));
            let refused =
                weight.trim().strip_prefix("q=").is_some_and(|q| q.trim().parse::<f32>().is_ok_and(|q| q <= 0.0));
            matches!(name.trim().to_ascii_lowercase().as_str(), "gzip" | "*") && !refused
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_whole_and_within_the_budget() {
        const MAX_COMPRESSED_BYTES: usize = 200 * 1024;
        assert!(ASSETS.is_sorted_by_key(|asset| asset.path));
        let mut total = 0;
        for asset in ASSETS {
            let unpacked = asset.gzip.map(|gzip| unpack(gzip).unwrap());
            let content = unpacked.as_deref().or(asset.plain).unwrap();
            assert!(asset.tag.len() > 10 && !content.is_empty(), "{}", asset.path);
            total += asset.gzip.or(asset.plain).unwrap().len();
            assert_eq!(find(asset.path).unwrap().tag, asset.tag);
        }
        assert!(total <= MAX_COMPRESSED_BYTES, "{total}");
        assert!(find("../Cargo.toml").is_none());
    }

    #[test]
    fn gzip_is_given_to_those_who_take_it() {
        for (field, expected) in [
            ("gzip, deflate, br", true),
            ("br;q=1.0, gzip;q=0.5", true),
            ("gzip;q=0", false),
            ("br", false),
            ("*", true),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT_ENCODING, field.parse().unwrap());
            assert_eq!(takes_gzip(&headers), expected, "{field}");
        }
        assert!(!takes_gzip(&HeaderMap::new()));
    }
}
