//! Holds the kernel's rules for files and ports (Landlock): what may be read, what written, and that nothing is listened on.
//! Never decides which files: the plan names them. Called by `confine`.

use std::os::fd::IntoRawFd;

use landlock::{
    ABI, Access, AccessFs, AccessNet, CompatLevel, Compatible, LandlockStatus, PathBeneath, PathFd, Ruleset,
    RulesetAttr, RulesetCreated, RulesetCreatedAttr, Scope,
};

use super::Plan;
use crate::error::Error;

/// The newest set of rights these rules were written and tested for. A newer kernel enforces these and no more, an older
/// one those it knows; [`Landlock::Enforced`] says which.
const KNOWN: ABI = ABI::V6;

/// How far the kernel enforces rules for files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Landlock {
    /// With the rights of this version of the interface: 1 knows files, 4 TCP ports, 6 signals. At most 6.
    Enforced(u8),
    /// The kernel was built without, or it is switched off: any file that the user may touch can be touched.
    Absent,
}

/// Rules whose files are open, to be put in force later.
pub(super) struct Rules(RulesetCreated);

/// Opens every file the rules are about, which may take rights that are gone later.
pub(super) fn prepare(plan: &Plan) -> Result<Rules, Error> {
    let action = "prepare the rules for files";
    let failed = |error: landlock::RulesetError| Error::other(action, std::io::Error::other(error));
    let mut rules = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(KNOWN))
        .map_err(failed)?;
    if !plan.listens {
        rules = rules.handle_access(AccessNet::BindTcp).map_err(failed)?;
    }
    let mut rules = rules.scope(Scope::from_all(KNOWN)).map_err(failed)?.create().map_err(failed)?;
    let to_read = AccessFs::ReadFile | AccessFs::ReadDir;
    for path in &plan.read {
        // What is not there cannot be read; it does not come later either, or the plan names its folder.
        let Ok(file) = PathFd::new(path) else { continue };
        let is_folder = std::fs::metadata(path).is_ok_and(|metadata| metadata.is_dir());
        let access = if is_folder { to_read } else { AccessFs::ReadFile.into() };
        if path.starts_with("/proc") {
            // A rule is for the file as the kernel has it in memory. One of `/proc` that nobody has open may be forgotten
            // and made anew, and the rule would be for the old one: it stays open.
            let kept = rustix::io::fcntl_dupfd_cloexec(&file, 0).map_err(|errno| Error::other(action, errno))?;
            let _until_the_end = kept.into_raw_fd();
        }
        rules = rules.add_rule(PathBeneath::new(file, access)).map_err(failed)?;
    }
    // Nothing is ever started, in no folder.
    let to_write = AccessFs::from_all(KNOWN) & !AccessFs::Execute;
    for path in &plan.write {
        let folder = PathFd::new(path).map_err(|error| Error::other(action, std::io::Error::other(error)))?;
        rules = rules.add_rule(PathBeneath::new(folder, to_write)).map_err(failed)?;
    }
    Ok(Rules(rules))
}

/// Puts the rules in force, for this process and whatever comes of it.
pub(super) fn enforce(rules: Rules) -> Result<Landlock, Error> {
    let failed = |error| Error::other("put the rules for files in force", std::io::Error::other(error));
    let status = rules.0.restrict_self().map_err(failed)?;
    Ok(match status.landlock {
        LandlockStatus::Available { effective_abi, .. } => Landlock::Enforced((effective_abi.min(KNOWN)) as u8),
        LandlockStatus::NotEnabled | LandlockStatus::NotImplemented => Landlock::Absent,
    })
}
