//! Holds what may be written down: every kind of entry with its number, its name, and what it is about.
//! Never gives a number to something else: old cards hold them for years.
//! Called by whoever writes or shows an entry.

/// What an entry is about, for filters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Theme {
    /// The appliance itself.
    System,
    /// Who came in, and who tried.
    Door,
    /// Accounts and their passwords.
    Accounts,
    /// Settings, credentials, certificates.
    Settings,
    /// Devices of the network and scans.
    Devices,
    /// Workstations, their sessions, and the people who use them.
    Kiosk,
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $variant:ident = $code:literal, $name:literal, $theme:ident, $failure:literal;)*) => {
        /// What happened. Numbers 64 to 127 are those of timed sessions on public computers, 128 to 159 are kept for cameras;
        /// a number this version does not know is still part of the chain and is shown as a number.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[cfg_attr(feature = "defmt", derive(defmt::Format))]
        #[repr(u8)]
        pub enum Kind { $($(#[$doc])* $variant = $code),* }

        impl Kind {
            /// Every kind.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The stable name, snake_case.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),* }
            }

            /// What it is about.
            #[must_use]
            pub const fn theme(self) -> Theme {
                match self { $(Self::$variant => Theme::$theme),* }
            }

            /// Whether it tells that something was refused or went wrong.
            #[must_use]
            pub const fn is_failure(self) -> bool {
                match self { $(Self::$variant => $failure),* }
            }
        }
    };
}

kinds! {
    /// The service started.
    SystemStarted = 1, "system_started", System, false;
    /// The service was stopped in good order.
    SystemStopped = 2, "system_stopped", System, false;
    /// The log was verified at start, and something is wrong with it.
    JournalDamaged = 3, "journal_damaged", System, true;
    /// Entries could not be written while the storage took nothing.
    EntriesLost = 4, "entries_lost", System, true;
    /// Somebody logged in.
    Login = 8, "login", Door, false;
    /// Somebody failed to.
    LoginFailed = 9, "login_failed", Door, true;
    /// Somebody logged out.
    Logout = 10, "logout", Door, false;
    /// Sessions of an account were ended by a person.
    SessionsEnded = 11, "sessions_ended", Door, false;
    /// A refresh token was used twice: somebody had a copy, the session was ended.
    TokenStolen = 12, "token_stolen", Door, true;
    /// An account was made.
    AccountCreated = 16, "account_created", Accounts, false;
    /// An account got another role, name, language, or was switched on or off.
    AccountChanged = 17, "account_changed", Accounts, false;
    /// An account was removed.
    AccountDeleted = 18, "account_deleted", Accounts, false;
    /// Somebody changed their own password.
    PasswordChanged = 19, "password_changed", Accounts, false;
    /// An administrator gave somebody a temporary password.
    PasswordReset = 20, "password_reset", Accounts, false;
    /// A lasting token of a workstation or a screen was drawn.
    TokenIssued = 21, "token_issued", Accounts, false;
    /// Settings were changed.
    SettingsChanged = 24, "settings_changed", Settings, false;
    /// A credential was set or removed.
    CredentialChanged = 25, "credential_changed", Settings, false;
    /// The certificate of the page was replaced.
    CertificateChanged = 26, "certificate_changed", Settings, false;
    /// A device was added by hand.
    DeviceAdded = 32, "device_added", Devices, false;
    /// Somebody said something of a device.
    DeviceEdited = 33, "device_edited", Devices, false;
    /// Two devices were made one.
    DevicesMerged = 34, "devices_merged", Devices, false;
    /// One device was made two, or two are to be kept apart.
    DevicesSplit = 35, "devices_split", Devices, false;
    /// A device was forgotten.
    DeviceForgotten = 36, "device_forgotten", Devices, false;
    /// A list of devices was taken in.
    DevicesImported = 37, "devices_imported", Devices, false;
    /// A device was woken.
    DeviceWoken = 38, "device_woken", Devices, false;
    /// A device was asked whether it is there.
    DeviceChecked = 39, "device_checked", Devices, false;
    /// A conflict was judged by a person.
    ConflictJudged = 40, "conflict_judged", Devices, false;
    /// Somebody asked for a scan.
    ScanStarted = 41, "scan_started", Devices, false;
    /// Somebody stopped one.
    ScanStopped = 42, "scan_stopped", Devices, false;
    /// A person who uses workstations was taken into the list.
    PersonCreated = 64, "user_created", Kiosk, false;
    /// Something about a person was changed.
    PersonUpdated = 65, "user_updated", Kiosk, false;
    /// A person was erased: the key of what was kept is destroyed.
    PersonErased = 66, "user_erased", Kiosk, false;
    /// A person agreed to what is kept.
    ConsentGiven = 67, "consent_given", Kiosk, false;
    /// A person took that back: sessions ended, everything kept erased.
    ConsentRevoked = 68, "consent_revoked", Kiosk, false;
    /// What is kept of a person was handed out.
    PersonExported = 69, "user_exported", Kiosk, false;
    /// A workstation was taken into the list.
    StationCreated = 72, "workstation_created", Kiosk, false;
    /// Something about a workstation was changed.
    StationUpdated = 73, "workstation_updated", Kiosk, false;
    /// A workstation was taken out of the list.
    StationRemoved = 74, "workstation_removed", Kiosk, false;
    /// A workstation is heard.
    StationOnline = 75, "workstation_online", Kiosk, false;
    /// A workstation is silent; a session there counts on.
    StationUnreachable = 76, "workstation_unreachable", Kiosk, true;
    /// A workstation is gone.
    StationOffline = 77, "workstation_offline", Kiosk, false;
    /// A workstation was taken out of service.
    StationMaintenance = 78, "workstation_maintenance", Kiosk, false;
    /// A workstation was put back into service.
    StationInService = 79, "workstation_in_service", Kiosk, false;
    /// A machine that asked to be a workstation was let in.
    EnrolmentApproved = 80, "enrolment_approved", Kiosk, false;
    /// A machine that asked to be a workstation was turned away.
    EnrolmentRefused = 81, "enrolment_refused", Kiosk, false;
    /// A group of workstations was made or changed.
    GroupChanged = 82, "group_changed", Kiosk, false;
    /// A group of workstations was removed.
    GroupRemoved = 83, "group_removed", Kiosk, false;
    /// A code was made.
    CodeIssued = 88, "code_issued", Kiosk, false;
    /// A code was refused.
    CodeRefused = 89, "code_refused", Kiosk, true;
    /// A code was taken back or grew too old.
    CodeVoid = 90, "code_void", Kiosk, false;
    /// A session began.
    SessionStarted = 91, "session_started", Kiosk, false;
    /// A session's time was stopped.
    SessionSuspended = 92, "session_suspended", Kiosk, false;
    /// A session went on.
    SessionResumed = 93, "session_resumed", Kiosk, false;
    /// A session's workstation was restarted.
    SessionInterrupted = 94, "session_interrupted", Kiosk, true;
    /// A session's time was changed.
    SessionExtended = 95, "session_extended", Kiosk, false;
    /// A session was ended before its time.
    SessionEnded = 96, "session_ended", Kiosk, false;
    /// A session's time was used up.
    SessionExpired = 97, "session_expired", Kiosk, false;
    /// A session is over, and its workstation free again.
    SessionClosed = 98, "session_closed", Kiosk, false;
    /// A warning was shown.
    WarningShown = 99, "warning_shown", Kiosk, false;
    /// A workstation proved that nothing of the person is left on it.
    WipeConfirmed = 100, "wipe_confirmed", Kiosk, false;
    /// A workstation could not clean up after a person.
    WipeFailed = 101, "wipe_failed", Kiosk, true;
    /// A workstation reported less use than before.
    CountWentBackwards = 102, "count_went_backwards", Kiosk, true;
    /// A workstation told of something about itself.
    StationEvent = 103, "workstation_event", Kiosk, false;
    /// A message was sent to workstations.
    MessageSent = 104, "message_sent", Kiosk, false;
    /// A workstation was told to do something.
    CommandSent = 105, "command_sent", Kiosk, false;
    /// Old entries of the log were put into an archive.
    JournalArchived = 106, "journal_archived", Kiosk, false;
}

impl Kind {
    /// The number kept in an entry.
    #[must_use]
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// The kind of a number, `None` for one this version does not know.
    #[must_use]
    pub fn of_code(code: u8) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.code() == code)
    }

    /// The kind of a name.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_names_never_change() {
        let table: alloc::vec::Vec<(u8, &str)> = Kind::ALL.iter().map(|kind| (kind.code(), kind.name())).collect();
        let expected = [
            (1, "system_started"),
            (2, "system_stopped"),
            (3, "journal_damaged"),
            (4, "entries_lost"),
            (8, "login"),
            (9, "login_failed"),
            (10, "logout"),
            (11, "sessions_ended"),
            (12, "token_stolen"),
            (16, "account_created"),
            (17, "account_changed"),
            (18, "account_deleted"),
            (19, "password_changed"),
            (20, "password_reset"),
            (21, "token_issued"),
            (24, "settings_changed"),
            (25, "credential_changed"),
            (26, "certificate_changed"),
            (32, "device_added"),
            (33, "device_edited"),
            (34, "devices_merged"),
            (35, "devices_split"),
            (36, "device_forgotten"),
            (37, "devices_imported"),
            (38, "device_woken"),
            (39, "device_checked"),
            (40, "conflict_judged"),
            (41, "scan_started"),
            (42, "scan_stopped"),
            (64, "user_created"),
            (65, "user_updated"),
            (66, "user_erased"),
            (67, "consent_given"),
            (68, "consent_revoked"),
            (69, "user_exported"),
            (72, "workstation_created"),
            (73, "workstation_updated"),
            (74, "workstation_removed"),
            (75, "workstation_online"),
            (76, "workstation_unreachable"),
            (77, "workstation_offline"),
            (78, "workstation_maintenance"),
            (79, "workstation_in_service"),
            (80, "enrolment_approved"),
            (81, "enrolment_refused"),
            (82, "group_changed"),
            (83, "group_removed"),
            (88, "code_issued"),
            (89, "code_refused"),
            (90, "code_void"),
            (91, "session_started"),
            (92, "session_suspended"),
            (93, "session_resumed"),
            (94, "session_interrupted"),
            (95, "session_extended"),
            (96, "session_ended"),
            (97, "session_expired"),
            (98, "session_closed"),
            (99, "warning_shown"),
            (100, "wipe_confirmed"),
            (101, "wipe_failed"),
            (102, "count_went_backwards"),
            (103, "workstation_event"),
            (104, "message_sent"),
            (105, "command_sent"),
            (106, "journal_archived"),
        ];
        // A new kind is added at the end of its group; a line above that differs would misread every card in the field.
        for pair in expected {
            assert!(table.contains(&pair), "{pair:?}");
        }
        for kind in Kind::ALL {
            assert_eq!(Kind::of_code(kind.code()), Some(*kind));
            assert_eq!(Kind::of_name(kind.name()), Some(*kind));
            assert_eq!((64..128).contains(&kind.code()), kind.theme() == Theme::Kiosk, "{kind:?}");
            assert!(!(128..160).contains(&kind.code()), "{kind:?} takes a number kept for cameras");
        }
        assert_eq!(Kind::of_code(0), None);
    }
}
