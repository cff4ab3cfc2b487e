//! Holds what programs may ask about workstations, their sessions and the people who use them.
//! Never decides: the room of the kiosk does. The page shares its words for refusals.

pub(crate) mod fault;
