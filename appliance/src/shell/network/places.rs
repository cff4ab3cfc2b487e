//! Holds which networks the appliance knows by number, and what a person said about which to look at.
//! Never looks at an interface itself. Called by `legs`; the numbers are stored by `keeper`, so that they last.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use tokio::sync::Notify;
use vigie_core::lan::SegmentId;
use vigie_core::lan::sweep::Block;
use vigie_core::limits::MAX_SEGMENTS;

/// What a person said about interfaces and blocks. Empty lists say nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Choice {
    /// Only these interfaces; also ones that would be left out, such as a bridge to containers.
    pub(crate) interfaces: Vec<String>,
    /// Blocks to sweep although they are large or public, or parts of such.
    pub(crate) blocks: Vec<Block>,
    /// Whether networks behind routers may be looked at.
    pub(crate) beyond: bool,
}

/// The name of what is behind routers, where the others have that of an interface. An interface of that name is no leg.
pub(super) const BEYOND: &str = "remote";

/// The networks.
#[derive(Debug, Default)]
pub(crate) struct Places {
    choice: RefCell<Choice>,
    numbers: RefCell<BTreeMap<String, SegmentId>>,
    chosen: Rc<Notify>,
}

impl Places {
    /// Places with numbers given earlier.
    pub(crate) fn new(choice: Choice, numbers: BTreeMap<String, SegmentId>) -> Self {
        Self { choice: RefCell::new(choice), numbers: RefCell::new(numbers), chosen: Rc::default() }
    }

    /// Takes a new choice; that of interfaces is the command line's and stays.
    pub(super) fn choose(&self, new: Choice) {
        let mut choice = self.choice.borrow_mut();
        let interfaces = std::mem::take(&mut choice.interfaces);
        *choice = Choice { interfaces, ..new };
        drop(choice);
        self.chosen.notify_one();
    }

    /// Wakes whoever arranges legs when the choice changed.
    pub(super) fn chosen(&self) -> Rc<Notify> {
        self.chosen.clone()
    }

    /// The numbers given so far, by interface name.
    pub(crate) fn numbers(&self) -> BTreeMap<String, SegmentId> {
        self.numbers.borrow().clone()
    }

    /// Whether an interface of this name may be a leg.
    pub(super) fn allows(&self, interface: &str) -> bool {
        let choice = self.choice.borrow();
        interface != BEYOND && (choice.interfaces.is_empty() || choice.interfaces.iter().any(|name| name == interface))
    }

    /// Whether a person named this interface.
    pub(super) fn names(&self, interface: &str) -> bool {
        self.choice.borrow().interfaces.iter().any(|name| name == interface)
    }

    /// Blocks a person named that lie within `block`.
    pub(super) fn blocks_within(&self, block: Block) -> impl Iterator<Item = Block> + use<> {
        let within = |named: &Block| named.prefix() >= block.prefix() && block.contains(named.network());
        self.choice.borrow().blocks.iter().copied().filter(within).collect::<Vec<_>>().into_iter()
    }

    /// Whether networks behind routers may be looked at.
    pub(super) fn allows_beyond(&self) -> bool {
        self.choice.borrow().beyond
    }

    /// Private blocks a person named that lie in none of `own`.
    pub(super) fn blocks_beyond(&self, own: &[Block]) -> Vec<Block> {
        let is_own =
            |named: &Block| own.iter().any(|block| named.prefix() >= block.prefix() && block.contains(named.network()));
        let choice = self.choice.borrow();
        choice.blocks.iter().copied().filter(|named| named.is_private() && !is_own(named)).collect()
    }

    /// The number of the network behind an interface, given once and kept: the network may come back. `None` when all
    /// numbers are given.
    pub(super) fn segment(&self, interface: &str) -> Option<SegmentId> {
        let mut numbers = self.numbers.borrow_mut();
        if let Some(number) = numbers.get(interface) {
            return Some(*number);
        }
        let taken = |number: &u8| numbers.values().any(|segment| segment.0 == *number);
        let free = (0..u8::try_from(MAX_SEGMENTS).unwrap_or(u8::MAX)).find(|number| !taken(number))?;
        numbers.insert(interface.to_owned(), SegmentId(free));
        Some(SegmentId(free))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_keeps_its_number_and_the_ninth_gets_none() {
        let places = Places::default();
        let first = places.segment("eth0");
        for number in 1..MAX_SEGMENTS {
            assert!(places.segment(&format!("eth{number}")).is_some());
        }
        assert_eq!(places.segment("wlan0"), None);
        assert_eq!(places.segment("eth0"), first);
        let again = Places::new(Choice::default(), places.numbers());
        assert_eq!(again.segment("eth0"), first);
    }

    #[test]
    fn what_a_person_names_is_what_counts() {
        let blocks = vec!["10.0.4.0/24".parse().unwrap(), "192.168.0.0/16".parse().unwrap()];
        let places = Places::new(Choice { interfaces: vec!["docker0".into()], blocks, beyond: false }, BTreeMap::new());
        assert!(places.allows("docker0") && places.names("docker0") && !places.allows("eth0"));
        let within: Vec<_> =
            places.blocks_within("10.0.0.0/8".parse().unwrap()).map(|block| block.to_string()).collect();
        assert_eq!(within, ["10.0.4.0/24"]);
        let behind = places.blocks_beyond(&["10.0.0.0/16".parse().unwrap()]);
        assert_eq!(behind, ["192.168.0.0/16".parse().unwrap()]);
    }
}
