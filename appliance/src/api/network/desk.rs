//! Holds what the handlers of the network's routes share: the way to the engine, the store, the clocks, the settings.
//! Never holds anything of the engine's: a visit renders to owned values on the engine's thread. Called by every handler.

use std::sync::Arc;

use vigie_core::lan::{Device, DeviceId};

use super::fault;
use super::latest::Latest;
use super::live::State;
use super::view::{CheckView, Lens, WakeView};
use crate::api::Deps;
use crate::config::NetworkSettings;
use crate::http::problem::{Problem, faults};
use crate::shell::clocks::Clocks;
use crate::shell::keeper::Keeper;
use crate::shell::network::{Ended, Hands, Network};

/// The desk.
pub(crate) struct Desk {
    /// The way to the engine.
    pub(crate) network: Network,
    /// The store.
    pub(crate) keeper: Keeper,
    /// The dates of moments.
    pub(crate) clocks: Arc<Clocks>,
    /// What the live stream keeps.
    pub(crate) state: Arc<State>,
    /// The settings obeyed now; locked while new ones are stored, so that two people cannot overtake each other.
    pub(super) settings: tokio::sync::Mutex<NetworkSettings>,
    /// Environment variables that win over the settings at every start.
    pub(crate) fixed: Vec<String>,
    /// When the service began to answer.
    pub(super) began: tokio::time::Instant,
    /// Results of checks; a device whose result left is simply asked again.
    pub(super) checks: Latest<CheckView, 256>,
    /// Wake-up calls under way and over.
    pub(super) wakes: Latest<WakeView, 64>,
}

impl Desk {
    /// A desk over what the service is made of.
    pub(crate) fn new(deps: &Deps) -> Self {
        Self {
            network: deps.network.clone(),
            keeper: deps.keeper.clone(),
            clocks: deps.clocks.clone(),
            state: deps.state.clone(),
            settings: tokio::sync::Mutex::new(deps.settings.clone()),
            fixed: deps.fixed.clone(),
            began: tokio::time::Instant::now(),
            checks: Latest::default(),
            wakes: Latest::default(),
        }
    }

    /// Visits the engine and gives what `visit` rendered.
    ///
    /// # Errors
    /// `unavailable` while the service is stopping.
    pub(crate) async fn visit<T: Send + 'static>(
        &self,
        visit: impl FnOnce(&mut Hands<'_>, &Lens<'_>) -> T + Send + 'static,
    ) -> Result<T, Problem> {
        let clocks = self.clocks.clone();
        let done = self.network.call(move |hands| {
            let lens = Lens::of(hands, &clocks);
            visit(hands, &lens)
        });
        done.await.map_err(ended)
    }

    /// The same with the device that `text` names: an id, a MAC or an address.
    ///
    /// # Errors
    /// `no_such_device`, and what `visit` says.
    pub(super) async fn visit_device<T: Send + 'static>(
        &self,
        text: &str,
        visit: impl FnOnce(&mut Hands<'_>, &Lens<'_>, DeviceId) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let text = text.to_owned();
        self.visit(move |hands, lens| {
            let id = find(hands, &text)?;
            visit(hands, lens, id)
        })
        .await?
    }
}

/// What a person is told when a visit did not come to a good end.
pub(crate) fn ended(why: Ended) -> Problem {
    match why {
        Ended::Stopping => (&faults::UNAVAILABLE).into(),
        Ended::NotKept => (&faults::NOT_KEPT).into(),
    }
}

/// The id of the device that `text` names.
///
/// # Errors
/// `no_such_device`.
pub(crate) fn find(hands: &Hands<'_>, text: &str) -> Result<DeviceId, Problem> {
    hands.find(text).map(Device::id).ok_or_else(|| Problem::from(&fault::NO_DEVICE).with("device", text))
}

/// What a device is called now.
pub(super) fn name_of(hands: &Hands<'_>, id: DeviceId) -> Option<String> {
    let device = hands.lan().device(id)?;
    let label = Some(device.label()).filter(|label| !label.is_empty());
    label.or(device.hostname().map(|field| field.value.as_str())).map(str::to_owned)
}
