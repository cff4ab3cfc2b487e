//! Holds the shell of the network: it gives `core::lan` ears and hands on every segment the machine has a leg in.
//! Never renders, never decides what a device is or whether it is there. Started by `run` and by `vigie scan`.
//!
//! | file | duty |
//! | --- | --- |
//! | `legs`, `leg`, `ground`, `places` | which interfaces are legs, and where each stands |
//! | `ears`, `hear/` | what is heard, turned into sightings |
//! | `engine`, `tidings` | the one owner of the machines, and what it has to tell |
//! | `send/`, `errand/` | what is asked: frames and datagrams, connections and exchanges |
//! | `sweeps/`, `settings` | when which segment is swept and what for |
//! | `leases`, `tailscale` | what this machine itself knows of its neighbours |
//! | `tally`, `sources` | how each source does |
//! | `access`, `usm` | what a person gave to read more, and the keys made of it |
//! | `logbook`, `kept` | what of the sweeps outlives the service |
//! | `record`, `parts` | how devices and kept scans lie in the log |
//! | `news`, `hands` | what the rest of the service hears, and may do |
//! | `census`, `bin` | how many there were over time; what was just forgotten, for an undo |

mod access;
mod bin;
mod census;
#[cfg(test)]
mod day;
mod ears;
mod engine;
mod errand;
mod ground;
mod hands;
mod hear;
mod kept;
mod leases;
mod leg;
mod legs;
mod logbook;
mod news;
mod parts;
mod places;
mod reactor;
mod record;
mod rules;
mod send;
mod settings;
mod sources;
mod sweeps;
mod tailscale;
mod tally;
#[cfg(test)]
pub(crate) mod testing;
mod tidings;
mod usm;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use embassy_time::Instant;
use tokio::sync::{mpsc, oneshot};
use tokio::task::spawn_local;
use vigie_core::lan::{Input, SegmentId};
use vigie_core::table::table_of;
use vigie_store::Durability;
use vigie_sys::Error;

use crate::config::NetworkSettings;
use crate::shell::clocks::Clocks;
use crate::shell::keeper::{DEVICE, Keeper, SEGMENT, Stored};
use crate::shell::tasks;

pub(crate) use access::Access;
use access::Credentials;
pub(crate) use bin::NotBack;
pub(crate) use census::{Count, FINE_STEPS, HOURS, STEP_S, Series};
pub(crate) use engine::Counts;
pub(crate) use hands::{Hands, LegView};
pub(crate) use kept::{MAX_SNAPSHOTS, Snapshot};
pub(crate) use news::{Listener, News};
pub(crate) use places::Choice;
pub(crate) use rules::{Rules, load as load_rules};
pub(crate) use sources::{Condition, SourceLook};
pub(crate) use sweeps::{NotStarted, Request, Scan};
pub(crate) use tally::Trouble;

/// Visits waiting for the engine; each takes microseconds.
const MAX_VISITS: usize = 256;

type Visit = Box<dyn FnOnce(&mut Hands<'_>) + Send>;

/// What the network shell is started with.
pub(crate) struct Start {
    /// How to watch.
    pub(crate) settings: NetworkSettings,
    /// Interfaces to keep to; empty: all that lead to a place.
    pub(crate) interfaces: Vec<String>,
    /// What a person gave for reading more than devices tell everybody.
    pub(crate) access: Access,
    /// The SNMP community that was given on the page.
    pub(crate) community: Option<String>,
    /// Rules of a person, beside the built-in ones.
    pub(crate) rules: Rules,
    /// Where to store, unless nothing is to be stored.
    pub(crate) keeper: Option<Keeper>,
    /// What was stored.
    pub(crate) stored: Vec<Stored>,
    /// Wall clocks of the boots.
    pub(crate) clocks: Arc<Clocks>,
    /// Whether to sweep by the clock, or only when asked.
    pub(crate) watching: bool,
    /// Told whatever happens.
    pub(crate) tell: Listener,
}

/// A hand on the network; clones share it.
#[derive(Clone)]
pub(crate) struct Network {
    visits: mpsc::Sender<Visit>,
    keeper: Option<Keeper>,
}

/// Why a visit did not come to a good end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// The service is stopping.
    Stopping,
    /// It was done, but is not on the card.
    NotKept,
}

impl Network {
    /// Visits the engine and gives what `visit` gave. When it changed what a person will want to find again, that is on
    /// the card before the answer is given.
    ///
    /// # Errors
    /// When the service is stopping, or the card takes nothing.
    pub(crate) async fn call<T: Send + 'static>(
        &self,
        visit: impl FnOnce(&mut Hands<'_>) -> T + Send + 'static,
    ) -> Result<T, Ended> {
        let (done, answer) = oneshot::channel();
        let visit: Visit = Box::new(move |hands| {
            let outcome = visit(hands);
            if hands.edited {
                hands.write_pending();
            }
            let _gone = done.send((outcome, hands.edited));
        });
        self.visits.send(visit).await.map_err(|_| Ended::Stopping)?;
        let (outcome, edited) = answer.await.map_err(|_| Ended::Stopping)?;
        match &self.keeper {
            Some(keeper) if edited => keeper.flush().await.map(|()| outcome).map_err(|_| Ended::NotKept),
            _ => Ok(outcome),
        }
    }
}

/// Starts the shell on the local task set of the caller. It runs until the set is dropped.
///
/// # Errors
/// When the kernel gives neither interfaces nor random numbers: then there is nothing to watch with.
pub(crate) fn start(start: Start) -> Result<Network, Error> {
    let secret = vigie_sys::random::bytes::<16>()?;
    let boot = start.clocks.this_boot();
    let mut engine = engine::Engine::new(boot, secret, start.rules, settings::lan(&start.settings));
    engine.heard = settings::heard(&start.settings);
    restore(&mut engine, &start.stored, &start.clocks);
    let Access { snmp: Credentials { community, user }, leases } = start.access;
    let communities = Rc::new(errand::Communities {
        fixed: community.into_iter().collect(),
        given: RefCell::new(start.community.map(Into::into)),
        has_user: user.is_some(),
    });
    let book = logbook::Logbook::open(&start.stored, start.keeper.clone());
    let rhythm = settings::rhythm(&start.settings, communities.is_any());
    let mut sweeps = sweeps::Sweeps::new(rhythm, book, start.clocks.clone());
    sweeps.watching = start.watching;
    let choice = Choice { interfaces: start.interfaces, ..settings::choice(&start.settings) };
    let places = Rc::new(places::Places::new(choice, segments(&start.stored)));
    let engine: engine::Shared = Rc::new(RefCell::new(engine));
    let sweeps = Rc::new(RefCell::new(sweeps));
    let memory = Rc::new(RefCell::new(hands::Memory::restore(&start.stored)));
    let (visits, inbox) = mpsc::channel(MAX_VISITS);
    let means = Rc::new(errand::Means::new(communities.clone(), user));
    let room = news::Room {
        engine: engine.clone(),
        sweeps: sweeps.clone(),
        places: places.clone(),
        memory,
        keeper: start.keeper.clone(),
        communities,
    };

    spawn_local(keep_legs(engine.clone(), places.clone(), start.keeper.clone()));
    spawn_local(keep_time(engine.clone()));
    spawn_local(errand::run(engine.clone(), means));
    spawn_local(leases::watch(engine.clone(), sweeps.clone(), leases, start.clocks));
    spawn_local(tailscale::watch(engine.clone(), sweeps.clone(), tailscale::USUAL_SOCKET.into()));
    spawn_local(sweeps::keep_time(engine, sweeps));
    spawn_local(news::take(room.clone(), start.tell));
    spawn_local(census::keep(room.clone()));
    spawn_local(receive(room, inbox));
    Ok(Network { visits, keeper: start.keeper })
}

/// What was stored, to be visited while no service runs: without legs, sockets or tasks, so nothing is asked.
pub(crate) struct Shelf {
    room: news::Room,
}

impl Shelf {
    /// Puts what was stored on a shelf. What visits change is handed to `keeper`, and with `None` to nobody.
    pub(crate) fn open(stored: &[Stored], clocks: &Arc<Clocks>, rules: Rules, keeper: Option<Keeper>) -> Self {
        let settings = NetworkSettings::default();
        let mut engine = engine::Engine::new(clocks.this_boot(), [0; 16], rules, settings::lan(&settings));
        restore(&mut engine, stored, clocks);
        let book = logbook::Logbook::open(stored, None);
        let sweeps = sweeps::Sweeps::new(settings::rhythm(&settings, false), book, clocks.clone());
        let room = news::Room {
            engine: Rc::new(RefCell::new(engine)),
            sweeps: Rc::new(RefCell::new(sweeps)),
            places: Rc::new(places::Places::new(settings::choice(&settings), segments(stored))),
            memory: Rc::new(RefCell::new(hands::Memory::restore(stored))),
            keeper,
            communities: Rc::default(),
        };
        Self { room }
    }

    /// One visit; what it changed waits with the keeper, who is to be flushed before the next of many.
    pub(crate) fn visit<T>(&self, visit: impl FnOnce(&mut Hands<'_>) -> T) -> T {
        let outcome = self.room.visit(|hands| {
            let outcome = visit(hands);
            hands.write_pending();
            outcome
        });
        if let Some(keeper) = &self.room.keeper {
            keep_segments(keeper, &self.room.places);
        }
        outcome
    }
}

/// Stores the numbers of segments.
pub(super) fn keep_segments(keeper: &Keeper, places: &places::Places) {
    for (name, segment) in places.numbers() {
        keeper.put(SEGMENT, name.as_bytes(), vec![segment.0], Durability::Batch);
    }
}

async fn receive(room: news::Room, mut inbox: mpsc::Receiver<Visit>) {
    let beat = tasks::watch("visits", tasks::LIMIT);
    while let Some(visit) = beat.idle(inbox.recv()).await {
        room.visit(visit);
    }
}

/// Wakes the machines when they asked to be woken.
async fn keep_time(engine: engine::Shared) {
    let news = engine.borrow().news();
    let beat = tasks::watch("network", tasks::LIMIT);
    loop {
        let wake = engine.borrow_mut().tick(Instant::now());
        match wake {
            Some(wake) => {
                let due = async {
                    tokio::select! {
                        () = embassy_time::Timer::at(wake) => {}
                        () = news.notified() => {}
                    }
                };
                beat.idle(due).await;
            }
            None => beat.idle(news.notified()).await,
        }
    }
}

/// Keeps the legs in step with the machine's interfaces, come what may, and stores the numbers they got.
async fn keep_legs(engine: engine::Shared, places: Rc<places::Places>, keeper: Option<Keeper>) {
    let beat = tasks::watch("legs", tasks::LIMIT);
    loop {
        if let Err(error) = legs::watch(engine.clone(), places.clone(), keeper.clone(), &beat).await {
            tracing::warn!("the kernel's news of interfaces failed, trying again: {error}");
        }
        tokio::time::sleep(std::time::Duration::from_secs(5)).await;
    }
}

fn segments(stored: &[Stored]) -> BTreeMap<String, SegmentId> {
    let segment =
        |stored: &Stored| Some((String::from_utf8(stored.key.clone()).ok()?, SegmentId(*stored.value.first()?)));
    table_of(stored.iter().filter(|stored| stored.kind == SEGMENT.id).filter_map(segment))
}

fn restore(engine: &mut engine::Engine, stored: &[Stored], clocks: &Clocks) {
    let now = Instant::now();
    let moment = engine.moment(now);
    for record in record::read_all(stored.iter().filter(|stored| stored.kind == DEVICE.id)) {
        let since = clocks.unix(record.last_seen()).zip(clocks.unix(moment));
        let away = since.and_then(|(then, now)| now.checked_sub(then));
        let away = away.map(|away| embassy_time::Duration::from_millis(u64::try_from(away.as_millis()).unwrap_or(0)));
        engine.input(now, Input::Restore { record: &record, away });
    }
}
