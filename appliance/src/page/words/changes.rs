//! Holds how changes are told: one sentence a kind, with blanks for the name, what was and what is.
//! It never holds the evidence: that is `evidence`.
//! `told` and `journal` speak through it.

use vigie_core::lan::ChangeKind;

use crate::http::language::Text;

use super::both;

pub(in crate::page) const TITLE: Text = both("What changed", "Ce qui a changé");
pub(in crate::page) const OF_ONE: Text = both("What changed on {name}", "Ce qui a changé sur {name}");
pub(in crate::page) const EMPTY: Text = both("Nothing has changed yet", "Rien n'a encore changé");
pub(in crate::page) const EMPTY_HELP: Text = both(
    "Arrivals, departures, new addresses and ports are written down here as they happen.",
    "Arrivées, départs, nouvelles adresses et nouveaux ports sont notés ici au fur et à mesure.",
);
pub(in crate::page) const NONE_SUCH: Text = both("Nothing of this sort so far", "Rien de ce genre jusqu'ici");
pub(in crate::page) const OLDER: Text = both("Older changes", "Changements plus anciens");
pub(in crate::page) const NEWEST: Text = both("Back to the newest", "Revenir aux plus récents");
pub(in crate::page) const SHOW: Text = both("Show", "Afficher");
pub(in crate::page) const ALL: Text = both("Everything", "Tout");
pub(in crate::page) const ARRIVALS: Text = both("New devices", "Nouveaux appareils");
pub(in crate::page) const MOVES: Text = both("Comings and goings", "Allées et venues");
pub(in crate::page) const TROUBLE: Text = both("Trouble", "Problèmes");
pub(in crate::page) const FORGOTTEN: Text = both("a device since forgotten", "un appareil oublié depuis");

/// The sentence of a kind. Blanks: `{name}`, `{old}`, `{new}`.
pub(in crate::page) fn sentence(kind: ChangeKind) -> Text {
    match kind {
        ChangeKind::NewDevice => both("New on the network: {name}", "Nouveau sur le réseau\u{a0}: {name}"),
        ChangeKind::Online => both("{name} is back", "{name} est de retour"),
        ChangeKind::Offline => both("{name} has gone", "{name} n'est plus là"),
        ChangeKind::Flapping => both("{name} keeps coming and going", "{name} va et vient sans cesse"),
        ChangeKind::IpChanged => both("{name} moved from {old} to {new}", "{name} est passé de {old} à {new}"),
        ChangeKind::HostnameChanged => {
            both("{name} now calls itself {new}, before {old}", "{name} se nomme désormais {new}, avant {old}")
        }
        ChangeKind::VendorChanged => both(
            "The maker of {name} is now {new}, before {old}",
            "Le fabricant de {name} est désormais {new}, avant {old}",
        ),
        ChangeKind::KindChanged => both(
            "{name} is taken for: {new}, before: {old}",
            "{name} est identifié comme\u{a0}: {new}, avant\u{a0}: {old}",
        ),
        ChangeKind::PortOpened => both("{name} opened port {new}", "{name} a ouvert le port {new}"),
        ChangeKind::PortClosed => both("{name} closed port {old}", "{name} a fermé le port {old}"),
        ChangeKind::Conflict => both(
            "{name} shares an address with another machine: {new}",
            "{name} partage une adresse avec une autre machine\u{a0}: {new}",
        ),
        ChangeKind::ConflictCleared => {
            both("{name} no longer shares its address", "{name} ne partage plus son adresse")
        }
        ChangeKind::MergeProposed => {
            both("{name} may be the same device as another one", "{name} pourrait être le même appareil qu'un autre")
        }
        ChangeKind::Merged => {
            both("Two entries became one: {name}", "Deux entrées n'en font plus qu'une\u{a0}: {name}")
        }
        ChangeKind::Split => both("{name} is two devices again", "{name} redevient deux appareils"),
        ChangeKind::RogueDhcp => both(
            "{name} gives out addresses although nobody said it may",
            "{name} distribue des adresses sans que personne l'ait prévu",
        ),
        ChangeKind::ScannerDegraded => both(
            "Vigie itself saw badly: half the network vanished at once",
            "Vigie elle-même voyait mal\u{a0}: la moitié du réseau a disparu d'un coup",
        ),
        ChangeKind::ScannerRecovered => both("Vigie sees the network again", "Vigie voit de nouveau le réseau"),
        ChangeKind::TableFull => both("The list of devices is full", "La liste des appareils est pleine"),
    }
}
