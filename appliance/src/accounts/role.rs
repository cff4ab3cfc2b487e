//! Holds the roles: who may do what, from a passer-by to the administrator.
//! It never looks at a request; it only compares two roles.
//! The route table states the role a route asks for, accounts state the role a person has.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What an account may do. The byte values are part of the stored record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Reads.
    Viewer,
    /// Reads, and does the daily work: codes, time, labels, checks.
    Operator,
    /// Everything, settings and accounts included.
    Admin,
    /// One workstation: its own seat and nothing else.
    Agent,
    /// A screen in a public room: a few numbers without names.
    Screen,
}

/// What a route asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Access {
    /// Anybody who can reach the appliance.
    Public,
    /// Anybody, but only while the first account has not been made.
    Setup,
    /// An account with `Viewer`, `Operator` or `Admin`.
    Viewer,
    /// An account with `Operator` or `Admin`.
    Operator,
    /// An account with `Admin`.
    Admin,
    /// A workstation.
    Agent,
    /// A workstation, or an account with `Operator` or `Admin` that acts for it.
    AgentOrOperator,
    /// A workstation, or an account with `Viewer`, `Operator` or `Admin` that looks at it.
    AgentOrViewer,
    /// A screen, or a person who looks at what it shows.
    Screen,
    /// Anybody who has logged in, whatever they are.
    Anyone,
}

impl Access {
    /// Whether somebody with this role may pass. `None` is somebody who has not logged in.
    #[must_use]
    pub fn admits(self, role: Option<Role>) -> bool {
        match self {
            Self::Public | Self::Setup => true,
            Self::Viewer => matches!(role, Some(Role::Viewer | Role::Operator | Role::Admin)),
            Self::Operator => matches!(role, Some(Role::Operator | Role::Admin)),
            Self::Admin => role == Some(Role::Admin),
            Self::Agent => role == Some(Role::Agent),
            Self::AgentOrOperator => matches!(role, Some(Role::Agent | Role::Operator | Role::Admin)),
            Self::AgentOrViewer => {
                matches!(role, Some(Role::Agent | Role::Viewer | Role::Operator | Role::Admin))
            }
            Self::Screen => matches!(role, Some(Role::Screen | Role::Viewer | Role::Operator | Role::Admin)),
            Self::Anyone => role.is_some(),
        }
    }

    /// The word used in the API description.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Setup => "setup",
            Self::Viewer => "viewer",
            Self::Operator => "operator",
            Self::Admin => "admin",
            Self::Agent => "agent",
            Self::AgentOrOperator => "agent or operator",
            Self::AgentOrViewer => "agent or viewer",
            Self::Screen => "screen",
            Self::Anyone => "anyone",
        }
    }
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 5] = [Self::Viewer, Self::Operator, Self::Admin, Self::Agent, Self::Screen];

    /// Those an account can be given. A workstation has no account: it is let in among the workstations, and its own
    /// token is the one way in for an agent.
    pub const GIVEN: [Self; 4] = [Self::Viewer, Self::Operator, Self::Admin, Self::Screen];

    /// Whether a person has it, who logs in with a password.
    #[must_use]
    pub fn is_person(self) -> bool {
        matches!(self, Self::Viewer | Self::Operator | Self::Admin)
    }

    /// The word used in the API.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Operator => "operator",
            Self::Admin => "admin",
            Self::Agent => "agent",
            Self::Screen => "screen",
        }
    }

    /// The role of a word.
    #[must_use]
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.word() == word)
    }

    /// The byte kept in the stored record.
    #[must_use]
    pub fn byte(self) -> u8 {
        match self {
            Self::Viewer => 1,
            Self::Operator => 2,
            Self::Admin => 3,
            Self::Agent => 4,
            Self::Screen => 5,
        }
    }

    /// The role a stored byte means, `None` for one this version does not know: such an account cannot log in.
    #[must_use]
    pub fn of_byte(byte: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.byte() == byte)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn workstations_and_screens_never_pass_as_people() {
        for access in [Access::Viewer, Access::Operator, Access::Admin] {
            assert!(!access.admits(Some(Role::Agent)));
            assert!(!access.admits(Some(Role::Screen)));
            assert!(!access.admits(None));
            assert!(access.admits(Some(Role::Admin)));
        }
        assert!(!Access::Agent.admits(Some(Role::Admin)) && !Access::Agent.admits(Some(Role::Screen)));
        assert!(!Access::Screen.admits(Some(Role::Agent)) && !Access::Screen.admits(None));
        assert!(Role::ALL.iter().all(|role| Access::Anyone.admits(Some(*role))) && !Access::Anyone.admits(None));
    }

    #[test]
    fn stored_bytes_and_words_come_back() {
        for role in Role::ALL {
            assert_eq!(Role::of_byte(role.byte()), Some(role));
            assert_eq!(Role::of_word(role.word()), Some(role));
            assert_eq!(serde_json::to_value(role).unwrap(), role.word());
        }
        assert_eq!(Role::of_byte(0), None);
        assert_eq!(Role::of_byte(9), None);
    }
}
