//! Holds the link to the appliance: a thread that enrols, connects, speaks, notices silence and comes back.
//! Never touches the seat, the screen or the clock of a session: whatever the network does, those go on. The worker starts it.
//!
//! | file | duty |
//! | --- | --- |
//! | `address` | where the appliance is |
//! | `trust` | whose certificate is believed |
//! | `stream` | one connection, with times |
//! | `http` | one call |
//! | `enrol` | from a stranger to a workstation |
//! | `frame` | what is said over the socket |
//! | `socket` | the socket, until it is silent or closed |
//! | `backoff` | the wait before the next one |

pub mod address;
pub mod backoff;
mod enrol;
pub mod frame;
mod http;
mod socket;
mod stream;
pub mod trust;

use std::cell::RefCell;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TryRecvError, sync_channel};
use std::time::{Duration, Instant};

use rustix::event::{EventfdFlags, eventfd};

use self::address::Address;
use self::backoff::Backoff;
use self::enrol::{About, Failure, Standing};
use self::frame::Heard;
use self::trust::Fingerprint;
use crate::state::{Identity, Vault};

pub use self::enrol::read_key;

/// Frames that wait for the worker, and texts that wait for the socket. The worker reads at once; a text that does not fit
/// is left out, since whatever matters is asked again.
const MAX_WAITING: usize = 64;
/// A connection that lasted so long was a good one: the next attempt is made at once again.
const GOOD_AFTER: Duration = Duration::from_secs(10);

/// Whoever was turned away does not knock again at once: the same staff would have to say the same again.
const AFTER_REFUSAL: Duration = Duration::from_secs(60);

/// What the link tells the worker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// This number is to be approved.
    Enrolling {
        /// Six digits.
        number: String,
        /// Of the authority; `None` without TLS.
        fingerprint: Option<Fingerprint>,
    },
    /// The enrolment was refused; it will be asked again.
    EnrolmentRefused,
    /// This machine is a workstation: its number, and the key that signs its leases.
    Enrolled(u32, [u8; 32]),
    /// The appliance said something.
    Heard(Heard),
    /// There is no connection, and why.
    Lost(Trouble),
}

/// Why there is no connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// Nobody answers, or silence came over it.
    Unreachable,
    /// Somebody else answers.
    Stranger,
    /// The appliance does not know this workstation any more.
    NotKnown,
    /// The appliance answers with this status.
    Answer(u16),
}

/// The worker's end.
#[derive(Debug)]
pub struct Link {
    texts: SyncSender<String>,
    news: Receiver<News>,
    wake_link: Arc<OwnedFd>,
    wake_worker: Arc<OwnedFd>,
}

/// What the thread is told.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The appliance.
    pub server: Address,
    /// The only authority that is good.
    pub pin: Option<Fingerprint>,
    /// Name that is suggested.
    pub name: String,
    /// Address of the network card.
    pub mac: String,
    /// This boot.
    pub boot: [u8; 16],
    /// Where the identity is kept.
    pub vault: Vault,
}

impl Link {
    /// Starts the thread.
    ///
    /// # Errors
    /// When the kernel gives no thread or descriptor.
    pub fn start(plan: Plan) -> io::Result<Self> {
        let (texts, to_say) = sync_channel(MAX_WAITING);
        let (tell, news) = sync_channel(MAX_WAITING);
        let event = || eventfd(0, EventfdFlags::NONBLOCK | EventfdFlags::CLOEXEC).map(Arc::new);
        let (wake_link, wake_worker) = (event()?, event()?);
        let far = Far {
            plan,
            to_say,
            tell,
            wake: wake_link.clone(),
            wake_worker: wake_worker.clone(),
            complaint: RefCell::default(),
        };
        std::thread::Builder::new().name("link".to_owned()).spawn(move || far.run())?;
        Ok(Self { texts, news, wake_link, wake_worker })
    }

    /// Says this if there is a connection.
    pub fn say(&self, text: String) {
        let _asked_again_later = self.texts.try_send(text);
        ring(&self.wake_link);
    }

    /// The next news. To be called until there is none, whenever the descriptor is readable.
    #[must_use]
    pub fn next(&self) -> Option<News> {
        quiet(&self.wake_worker);
        self.news.try_recv().ok()
    }
}

impl AsFd for Link {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.wake_worker.as_fd()
    }
}

fn ring(bell: &OwnedFd) {
    let _already_ringing = rustix::io::write(bell, &1_u64.to_ne_bytes());
}

fn quiet(bell: &OwnedFd) {
    let _was_quiet = rustix::io::read(bell, &mut [0_u8; 8]);
}

/// The thread's end.
struct Far {
    plan: Plan,
    to_say: Receiver<String>,
    tell: SyncSender<News>,
    wake: Arc<OwnedFd>,
    wake_worker: Arc<OwnedFd>,
    complaint: RefCell<String>,
}

/// The worker is gone, and with it the thread's reason.
struct Alone;

impl Far {
    fn run(self) {
        let mut backoff = Backoff::default();
        loop {
            let began = Instant::now();
            let trouble = match self.attempt() {
                Ok(trouble) => trouble,
                Err(Alone) => return,
            };
            if began.elapsed() >= GOOD_AFTER {
                backoff.reset();
            }
            let told = trouble.map_or(Ok(()), |trouble| self.tell(News::Lost(trouble)));
            let random = vigie_sys::random::bytes().map_or(0, u64::from_ne_bytes);
            if told.is_err() || self.pause(backoff.next(random)).is_err() {
                return;
            }
        }
    }

    /// Enrols or connects, until that ends. The trouble is to be told; `None`: it was.
    fn attempt(&self) -> Result<Option<Trouble>, Alone> {
        let server = self.plan.server.to_string();
        let identity = self.plan.vault.load(&server).filter(|identity| self.is_wanted(identity));
        let outcome = match identity {
            Some(identity) if identity.token.is_some() => self.connect(identity),
            known => self.enrol(known),
        };
        match outcome {
            Ok(trouble) => Ok(trouble),
            Err(Ended::Alone) => Err(Alone),
            Err(Ended::Failed(Failure::Unreachable(error))) => {
                self.complain(&error);
                Ok(Some(Trouble::Unreachable))
            }
            Err(Ended::Failed(Failure::Stranger)) => Ok(Some(Trouble::Stranger)),
            Err(Ended::Failed(Failure::Answer(status))) => Ok(Some(Trouble::Answer(status))),
        }
    }

    /// Says why the appliance is not reached, once for each reason in a row: an agent tries for days.
    fn complain(&self, error: &io::Error) {
        let words = error.to_string();
        if self.complaint.replace(words.clone()) != words {
            eprintln!("vigie-kiosk: {} is not reached: {words}", self.plan.server);
        }
    }

    /// Whether a kept identity fits the pin: who changes the pin wants another appliance.
    fn is_wanted(&self, identity: &Identity) -> bool {
        let Some(pin) = &self.plan.pin else { return true };
        let authority = identity.ca.as_deref().and_then(trust::read_pem);
        authority.is_some_and(|authority| trust::fingerprint(&authority) == *pin)
    }

    fn enrol(&self, known: Option<Identity>) -> Result<Option<Trouble>, Ended> {
        let server = &self.plan.server;
        // An authority that was met once stays the one.
        let authority = match &known {
            Some(identity) => identity.ca.as_deref().and_then(trust::read_pem),
            None => enrol::meet(server, self.plan.pin.as_ref())?,
        };
        let authority = authority.as_deref();
        let mut identity = match known {
            Some(identity) => identity,
            None => enrol::fresh(server, authority).map_err(Failure::Unreachable)?,
        };
        let about = About { mac: &self.plan.mac, name: &self.plan.name, boot: self.plan.boot };
        let waiting = enrol::ask(server, authority, &identity.question, &about)?;
        if identity.station != 0 && identity.key != waiting.key {
            // The key under which this workstation obeys is not exchanged by an answer of whoever it may be.
            return Err(Failure::Stranger.into());
        }
        if identity.key != waiting.key {
            identity.key.clone_from(&waiting.key);
            self.keep(&identity)?;
        }
        // What was decided already has no number any more.
        let mut decided = waiting.number.bytes().all(|digit| digit == b'0');
        if !decided {
            self.tell(News::Enrolling { number: waiting.number, fingerprint: authority.map(trust::fingerprint) })?;
        }
        loop {
            if !std::mem::take(&mut decided) {
                self.pause(Duration::from_millis(waiting.poll_ms))?;
            }
            match enrol::status(server, authority, &identity.question)? {
                Standing::Waiting => {}
                Standing::Approved(station, token) => {
                    (identity.station, identity.token) = (station, Some(token));
                    self.keep(&identity)?;
                    return self.connect(identity);
                }
                Standing::Refused => {
                    self.plan.vault.forget().map_err(Failure::Unreachable)?;
                    self.tell(News::EnrolmentRefused)?;
                    self.pause(AFTER_REFUSAL)?;
                    return Ok(None);
                }
                // Too old, or told to somebody before: with another question it begins anew.
                Standing::Unknown => {
                    identity.question = enrol::fresh(server, authority).map_err(Failure::Unreachable)?.question;
                    self.keep(&identity)?;
                    return Ok(None);
                }
            }
        }
    }

    fn connect(&self, mut identity: Identity) -> Result<Option<Trouble>, Ended> {
        if let Some(key) = read_key(&identity.key) {
            self.tell(News::Enrolled(identity.station, key))?;
        }
        let authority = identity.ca.as_deref().and_then(trust::read_pem);
        let tls = authority.as_deref().map(trust::only).transpose().map_err(|_| Failure::Stranger)?;
        if tls.is_none() && self.plan.server.tls {
            return Err(Failure::Stranger.into());
        }
        let token = identity.token.clone().unwrap_or_default();
        let ended = match socket::open(&self.plan.server, tls.clone(), &token) {
            Ok(socket) => {
                if identity.former.take().is_some() {
                    self.keep(&identity)?;
                }
                self.speak(socket, &mut identity)?
            }
            Err(Failure::Answer(401 | 403)) => match identity.former.take() {
                // The new token was never heard of over there: a power cut between the two.
                Some(former) => {
                    identity.token = Some(former);
                    self.keep(&identity)?;
                    return Ok(None);
                }
                None => {
                    identity.token = None;
                    identity.question = enrol::fresh(&self.plan.server, None).map_err(Failure::Unreachable)?.question;
                    self.keep(&identity)?;
                    return Ok(Some(Trouble::NotKnown));
                }
            },
            Err(failure) => return Err(failure.into()),
        };
        Ok(Some(ended))
    }

    /// Carries texts both ways until the socket ends.
    fn speak(&self, mut socket: socket::Socket, identity: &mut Identity) -> Result<Trouble, Ended> {
        // What was said into the void meanwhile is asked again.
        while self.to_say.try_recv().is_ok() {}
        loop {
            loop {
                match self.to_say.try_recv() {
                    Ok(text) => socket.say(text),
                    Err(TryRecvError::Empty) => break,
                    Err(TryRecvError::Disconnected) => return Err(Ended::Alone),
                }
            }
            let Ok(texts) = socket.turn(self.wake.as_fd()) else { return Ok(Trouble::Unreachable) };
            quiet(&self.wake);
            for text in texts {
                let Some(heard) = frame::read(&text) else { continue };
                if let Heard::Lease { rotate: Some(token), .. } = &heard {
                    identity.former = identity.token.replace(token.clone());
                    self.keep(identity)?;
                }
                self.tell(News::Heard(heard))?;
            }
        }
    }

    fn keep(&self, identity: &Identity) -> Result<(), Ended> {
        // A folder that cannot be written is no reason not to work today; the enrolment is asked for again tomorrow.
        if let Err(error) = self.plan.vault.save(identity) {
            eprintln!("vigie-kiosk: the identity cannot be kept: {error}");
        }
        Ok(())
    }

    fn tell(&self, news: News) -> Result<(), Alone> {
        self.tell.send(news).map_err(|_| Alone)?;
        ring(&self.wake_worker);
        Ok(())
    }

    /// Waits; what is said meanwhile is lost.
    fn pause(&self, wait: Duration) -> Result<(), Alone> {
        let began = Instant::now();
        while let Some(left) = wait.checked_sub(began.elapsed()).filter(|left| !left.is_zero()) {
            match self.to_say.recv_timeout(left) {
                Ok(_lost) => {}
                Err(RecvTimeoutError::Timeout) => break,
                Err(RecvTimeoutError::Disconnected) => return Err(Alone),
            }
        }
        Ok(())
    }
}

/// Why an attempt ended.
enum Ended {
    Failed(Failure),
    Alone,
}

impl From<Failure> for Ended {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl From<Alone> for Ended {
    fn from(_: Alone) -> Self {
        Self::Alone
    }
}
