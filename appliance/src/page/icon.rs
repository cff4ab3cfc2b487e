//! Holds how an icon of the sprite is shown.
//! It never carries meaning alone: a word stands beside every icon, so screen readers skip it.
//! Every view uses it.

use std::sync::LazyLock;

use maud::{Markup, html};
use vigie_core::lan::Kind;

use crate::http::assets;

/// The sprite's address with its version.
static SPRITE: LazyLock<String> = LazyLock::new(|| assets::address("vendor/icons.svg"));

/// An icon by its name in the sprite.
pub(super) fn icon(name: &str) -> Markup {
    html! { svg.icon aria-hidden="true" { use href={ (*SPRITE) "#" (name) } {} } }
}

/// The icon of a kind of device: the sprite has one of each kind's own name.
pub(super) fn kind(kind: Kind) -> Markup {
    icon(kind.name())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    #[test]
    fn every_kind_has_its_picture() {
        let mut sprite = String::new();
        let asset = assets::find("vendor/icons.svg").unwrap();
        flate2::read::GzDecoder::new(asset.gzip.unwrap()).read_to_string(&mut sprite).unwrap();
        for kind in Kind::ALL {
            assert!(sprite.contains(&format!("<symbol id=\"{}\"", kind.name())), "{kind}");
        }
    }
}
