//! Holds `vigie setup`: the first admin without the page, for automation.
//! Never runs beside the service: the data has one owner. The command line calls it.

use std::sync::Arc;

use tokio::runtime::Builder;
use vigie_core::audit::{Actor, Kind, Object};

use super::{key, prepare, split, store};
use crate::accounts::journal::Act;
use crate::accounts::password::{Hasher, Weakness};
use crate::accounts::secret::Secret;
use crate::accounts::{Accounts, Refusal};
use crate::cli::{Ending, Exit};
use crate::config::Config;
use crate::shell::clocks::{BootClock, Clocks};
use crate::shell::keeper::KeptAccounts;

/// Makes the first administrator.
///
/// # Errors
/// When there is one already, name or password do not do, or the service has the data open.
pub fn set_up(config: &Config, admin: &str, password: Secret) -> Result<(), Ending> {
    prepare()?;
    let runtime = Builder::new_current_thread().enable_all().max_blocking_threads(1).build()?;
    let number = runtime.block_on(async {
        let (keeper, mut stored) = store::open(&config.data.dir)?;
        let key = Arc::new(key::load_or_draw(&config.data.dir)?);
        let clocks = Arc::new(Clocks::open(&stored, Some(keeper.clone())));
        let journal = super::journal::open(&keeper, &mut stored, &key, &clocks);
        let store = Arc::new(KeptAccounts::new(keeper.clone(), &stored));
        let (accounts, _) =
            Accounts::open(store, Arc::new(BootClock), key, Hasher::default()).map_err(std::io::Error::other)?;
        let made = accounts.create_first_admin(admin, password, *b"en").await;
        if let Ok(number) = &made {
            let act = Act::new(Kind::AccountCreated, Actor::Console).on(Object::Account(*number)).saying("admin");
            // What could not be written is told by the log; the account itself is kept.
            let _told = journal.write(act).await;
        }
        keeper.stop().await;
        made.map_err(|refusal| Ending::new(Exit::Data, words(&refusal)))
    })?;
    if vigie_sys::privilege::Privileges::read().is_ok_and(|rights| rights.root) {
        split::settle_data(config, &mut |_| {})?;
    }
    println!("{admin} is administrator (account {number})");
    Ok(())
}

fn words(refusal: &Refusal) -> String {
    match refusal {
        Refusal::AlreadySetUp => {
            "setup: there is an administrator already; log in on the page to change accounts".into()
        }
        Refusal::BadUsername => "setup: a user name is 1 to 64 letters, digits, and any of . _ - @".into(),
        Refusal::BadPassword(weakness) => format!("setup: the password does not do: {}", weak(*weakness)),
        Refusal::NotSaved => "setup: the account could not be stored; check the data folder".into(),
        other => format!("setup: {other:?}"),
    }
}

const fn weak(weakness: Weakness) -> &'static str {
    match weakness {
        Weakness::TooShort => "it needs 12 characters; a short sentence is easy to remember",
        Weakness::TooCommon => "it is on every list that is tried first",
        Weakness::HoldsName => "it holds the user name",
        Weakness::Same => "it is the one before",
    }
}
