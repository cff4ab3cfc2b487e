//! Holds how a password is judged, turned into a verifier and checked.
//! It never runs two checks at once and never blocks the reactor: the work happens on one spare thread.
//! Accounts call it at set-up and log-in.

use std::sync::Arc;
use vigie_core::order::sort_by;

use argon2::{Algorithm, Argon2, Block, Params, Version};
use subtle::ConstantTimeEq;
use tokio::sync::Semaphore;

use super::record::Verifier;
use super::secret::{Secret, draw};

/// Shortest password, in characters (ASVS 5.0 chapter 6 and the promise of this product).
pub const MIN_PASSWORD_CHARS: usize = 12;

/// Argon2id memory. OWASP lists 7 MiB with 5 passes as equal in strength to 19 MiB with 2; the smaller one, run one
/// at a time, keeps the whole service under its promised 40 MiB at the peak.
const MEMORY_KIB: u32 = 7 * 1024;

/// Argon2id passes that belong to that memory.
const PASSES: u32 = 5;

/// A stored verifier may ask for at most this much: a damaged or foreign record must not take the memory of the box.
const MAX_MEMORY_KIB: u32 = 64 * 1024;

/// A stored verifier may ask for at most this many passes, for the same reason.
const MAX_PASSES: u32 = 16;

/// Checks that may wait for their turn. At about 0.2 s each on a small board, more would wait longer than a person does.
const MAX_WAITING: usize = 8;

/// Why a password is not accepted for a new account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weakness {
    /// Under `MIN_PASSWORD_CHARS`.
    TooShort,
    /// On every list that is tried first, or made of very few characters, or a run such as 123456789012.
    TooCommon,
    /// Holds the user name.
    HoldsName,
    /// The one it is to replace.
    Same,
}

/// The check could not be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotChecked {
    /// Too many are waiting already.
    Busy,
    /// The machine failed: no randomness, no thread, no memory.
    Machine,
}

/// The words of the lists that are tried first, twelve characters and longer or doubled up to that length.
const COMMON: [&str; 22] = [
    "password",
    "motdepasse",
    "azerty",
    "qwerty",
    "qwertz",
    "letmein",
    "welcome",
    "bienvenue",
    "administrator",
    "administrateur",
    "iloveyou",
    "soleil",
    "raspberry",
    "changeme",
    "vigie",
    "bonjour",
    "sunshine",
    "princess",
    "football",
    "superman",
    "library",
    "mediatheque",
];

/// Judges a password for a new account.
///
/// # Errors
/// The first weakness found.
pub fn judge(username: &str, password: &Secret) -> Result<(), Weakness> {
    let text = password.expose();
    if text.chars().count() < MIN_PASSWORD_CHARS {
        return Err(Weakness::TooShort);
    }
    let lower = zeroize::Zeroizing::new(text.to_lowercase());
    if username.len() >= 3 && lower.contains(&username.to_lowercase()) {
        return Err(Weakness::HoldsName);
    }
    // What is left after taking the well-known words away must still be something to guess.
    let mut rest = lower.clone();
    for word in COMMON {
        *rest = rest.replace(word, "");
    }
    let mut distinct: Vec<char> = lower.chars().collect();
    sort_by(&mut distinct, Ord::cmp);
    distinct.dedup();
    if rest.chars().count() < 5 && rest.len() < lower.len() || distinct.len() < 5 || is_run(&lower) {
        return Err(Weakness::TooCommon);
    }
    Ok(())
}

/// Whether most neighbours follow each other (abcdef, 987654), as in the runs people type.
fn is_run(text: &str) -> bool {
    let codes: Vec<u32> = text.chars().map(u32::from).collect();
    let steps = codes.windows(2).filter(|pair| matches!(pair, [a, b] if a.abs_diff(*b) <= 1)).count();
    steps * 10 >= codes.len().saturating_sub(1) * 8
}

/// Makes and checks verifiers, one at a time.
pub struct Hasher {
    turn: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
    memory_kib: u32,
    passes: u32,
    make_room: fn(),
    work: Arc<std::sync::atomic::AtomicU64>,
}

impl Default for Hasher {
    fn default() -> Self {
        Self::with_cost(MEMORY_KIB, PASSES)
    }
}

impl Hasher {
    /// A hasher of another strength: tests use a weak one, the product `default`.
    #[must_use]
    pub fn with_cost(memory_kib: u32, passes: u32) -> Self {
        let (turn, waiting) = (Arc::new(Semaphore::new(1)), Arc::new(Semaphore::new(MAX_WAITING)));
        Self { turn, waiting, memory_kib, passes, make_room: || {}, work: Arc::default() }
    }

    /// Has this called right before each run, on its thread: a run asks for the largest block the service ever needs, and
    /// what lies free elsewhere should go back to the system before, not on top of it.
    #[must_use]
    pub fn making_room(self, make_room: fn()) -> Self {
        Self { make_room, ..self }
    }

    /// The work done since the start, in KiB filled: whoever asks twice knows what a check cost without a stopwatch.
    #[must_use]
    pub fn work_done(&self) -> u64 {
        self.work.load(std::sync::atomic::Ordering::Relaxed)
    }

    /// Turns a new password into what recognises it.
    ///
    /// # Errors
    /// When too many wait, or the machine fails.
    pub async fn make(&self, password: Secret) -> Result<Verifier, NotChecked> {
        let salt = draw().map_err(|_| NotChecked::Machine)?;
        let (memory_kib, passes) = (self.memory_kib, self.passes);
        let hash = self.run(memory_kib, passes, salt, password).await?;
        Ok(Verifier { memory_kib, passes, salt, hash })
    }

    /// Whether the password is the one. Without a verifier (unknown user) the same work is done for nothing, so that
    /// the time tells nothing.
    ///
    /// # Errors
    /// When too many wait, or the machine fails.
    pub async fn check(&self, verifier: Option<&Verifier>, password: Secret) -> Result<bool, NotChecked> {
        let (memory_kib, passes, salt) =
            verifier.map_or((self.memory_kib, self.passes, [0x5a; 16]), |v| (v.memory_kib, v.passes, v.salt));
        if memory_kib > MAX_MEMORY_KIB || passes > MAX_PASSES {
            return Err(NotChecked::Machine);
        }
        let hash = self.run(memory_kib, passes, salt, password).await?;
        let expected = verifier.map_or([0; 32], |v| v.hash);
        Ok(bool::from(hash.ct_eq(&expected)) && verifier.is_some())
    }

    async fn run(
        &self,
        memory_kib: u32,
        passes: u32,
        salt: [u8; 16],
        password: Secret,
    ) -> Result<[u8; 32], NotChecked> {
        let _place = self.waiting.clone().try_acquire_owned().map_err(|_| NotChecked::Busy)?;
        let turn = self.turn.clone().acquire_owned().await.map_err(|_| NotChecked::Machine)?;
        let (make_room, work) = (self.make_room, self.work.clone());
        tokio::task::spawn_blocking(move || {
            // Held by the thread, not by the request: a client that hangs up must not let a second run start beside it.
            let _turn = turn;
            let params = Params::new(memory_kib, passes, 1, Some(32)).map_err(|_| NotChecked::Machine)?;
            make_room();
            let mut memory: Vec<Block> = Vec::new();
            memory.try_reserve_exact(params.block_count()).map_err(|_| NotChecked::Machine)?;
            memory.resize(params.block_count(), Block::default());
            let mut out = [0; 32];
            Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
                .hash_password_into_with_memory(password.expose().as_bytes(), &salt, &mut out, &mut memory)
                .map_err(|_| NotChecked::Machine)?;
            let filled = u64::from(memory_kib) * u64::from(passes);
            work.fetch_add(filled, std::sync::atomic::Ordering::Relaxed);
            Ok(out)
        })
        .await
        .map_err(|_| NotChecked::Machine)?
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> Secret {
        Secret::new(text.into())
    }

    #[test]
    fn weak_passwords_are_named_as_such() {
        assert_eq!(judge("ada", &secret("short")), Err(Weakness::TooShort));
        assert_eq!(judge("ada", &secret("éééééééééé")), Err(Weakness::TooShort), "characters count, not bytes");
        assert_eq!(judge("margaret", &secret("xX margaret 99 Zz")), Err(Weakness::HoldsName));
        for common in
            ["passwordpassword", "password1234", "Motdepasse!!", "123456789012", "abcdefghijkl", "aabbaabbaabb"]
        {
            assert_eq!(judge("ada", &secret(common)), Err(Weakness::TooCommon), "{common}");
        }
        for good in ["correct horse battery", "un petit bateau bleu", "kD8-xQ2-mV5-wL0"] {
            assert_eq!(judge("ada", &secret(good)), Ok(()), "{good}");
        }
    }

    #[tokio::test]
    async fn only_the_right_password_passes() {
        let hasher = Hasher::with_cost(64, 1);
        let verifier = hasher.make(secret("correct horse battery")).await.unwrap();
        assert_eq!(hasher.check(Some(&verifier), secret("correct horse battery")).await, Ok(true));
        assert_eq!(hasher.check(Some(&verifier), secret("correct horse batterz")).await, Ok(false));
        assert_eq!(hasher.check(None, secret("correct horse battery")).await, Ok(false));
    }

    #[tokio::test]
    async fn room_is_made_before_each_run() {
        static MADE: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
        let made = || MADE.load(std::sync::atomic::Ordering::SeqCst);
        let count = || {
            MADE.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        };
        let hasher = Hasher::with_cost(64, 1).making_room(count);
        let verifier = hasher.make(secret("correct horse battery")).await.unwrap();
        assert_eq!(made(), 1);
        assert_eq!(hasher.check(Some(&verifier), secret("correct horse batterz")).await, Ok(false));
        assert_eq!(made(), 2);
    }

    #[tokio::test]
    async fn a_damaged_verifier_cannot_ask_for_all_the_memory() {
        let hasher = Hasher::with_cost(64, 1);
        let mut verifier = hasher.make(secret("correct horse battery")).await.unwrap();
        verifier.memory_kib = u32::MAX;
        assert_eq!(hasher.check(Some(&verifier), secret("correct horse battery")).await, Err(NotChecked::Machine));
    }

    #[tokio::test]
    async fn a_crowd_is_turned_away_instead_of_queued_without_bound() {
        let hasher = Hasher::with_cost(64, 1);
        let _running = hasher.turn.clone().try_acquire_owned().unwrap();
        let mut crowd = Vec::new();
        for _ in 0..MAX_WAITING {
            let mut one = Box::pin(hasher.check(None, secret("x")));
            assert!(matches!(futures_now(&mut one), std::task::Poll::Pending));
            crowd.push(one);
        }
        assert_eq!(hasher.check(None, secret("x")).await, Err(NotChecked::Busy));
    }

    fn futures_now<F: Future + Unpin>(future: &mut F) -> std::task::Poll<F::Output> {
        std::pin::Pin::new(future).poll(&mut std::task::Context::from_waker(std::task::Waker::noop()))
    }
}
