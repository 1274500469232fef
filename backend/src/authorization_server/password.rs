//! Passwords: kept as argon2id hashes and checked for the same price whether there is such an account or not.
//!
//! One check takes tens of milliseconds and megabytes by design. So checks run on threads of their own, few at a time,
//! few may wait, and beyond that somebody is told to come back.
//!
//! Spec: RFC 9106 §4; OWASP Password Storage Cheat Sheet; NIST SP 800-63B-4 §3.1.1.2.

use std::fmt;
use std::sync::Arc;

use argon2::password_hash::phc::{self, Output, ParamsString, Salt};
use argon2::{Algorithm, Argon2, Params, PasswordVerifier as _, Version};
use aws_lc_rs::hmac;
use protocol::secret::Secret;
use tokio::sync::Semaphore;

use super::Person;
use server_kit::entropy::Entropy;

/// The least that a hash must cost: OWASP's first choice for argon2id.
const MIN_MEMORY_KIB: u32 = 19 * 1024;
const MIN_PASSES: u32 = 2;
/// The most that it may cost: one sign-in must not be able to take the server's memory or a thread for seconds.
const MAX_MEMORY_KIB: u32 = 256 * 1024;
const MAX_PASSES: u32 = 16;
const MAX_LANES: u32 = 16;
const MIN_SALT_BYTES: usize = 16;
const MIN_OUTPUT_BYTES: usize = 32;
/// The only thing between a stranger and an account is this one password.
const MIN_PASSWORD_CHARACTERS: usize = 15;

/// The hash of a password, as a PHC string: `$argon2id$v=19$m=19456,t=2,p=1$…$…`.
///
/// `Debug` is redacted: whoever has a hash can guess at it without asking this server.
///
/// Spec: RFC 9106 §4; PHC string format.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(phc::PasswordHash);

/// Why a text is no acceptable password hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordHashError {
    /// The shape is another one. It may be a password that somebody forgot to hash, so it is not repeated.
    #[error("it is not a PHC string ($argon2id$v=19$m=…,t=…,p=…$salt$hash)")]
    NotPhc,
    /// Another function, or an old version of the right one.
    #[error("it is not argon2id, version 19")]
    NotArgon2id,
    /// Guessing would be too cheap.
    #[error("it is too weak: at least m={MIN_MEMORY_KIB}, t={MIN_PASSES}, 16 bytes of salt, 32 of hash")]
    TooWeak,
    /// Checking would be too expensive.
    #[error("it is too costly: at most m={MAX_MEMORY_KIB}, t={MAX_PASSES}, p={MAX_LANES}")]
    TooCostly,
}

/// Why a password cannot be hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// It can be guessed.
    #[error("the password is too short: it needs at least {MIN_PASSWORD_CHARACTERS} characters")]
    TooShort,
    /// argon2 refuses: a mistake in this program, or no memory.
    #[error("the password cannot be hashed")]
    Failed,
}

impl PasswordHash {
    /// Reads a PHC string.
    ///
    /// # Errors
    /// [`PasswordHashError`]: the first rule that it breaks.
    pub fn parse(text: &str) -> Result<Self, PasswordHashError> {
        let hash = phc::PasswordHash::new(text).map_err(|_| PasswordHashError::NotPhc)?;
        if hash.algorithm.as_str() != Algorithm::Argon2id.as_str()
            || hash.version != Some(Version::V0x13.into())
        {
            return Err(PasswordHashError::NotArgon2id);
        }
        let params = Params::try_from(&hash).map_err(|_| PasswordHashError::NotPhc)?;
        let salt_bytes = hash.salt.as_ref().map_or(0, |salt| salt.len());
        let output_bytes = hash.hash.as_ref().map_or(0, Output::len);
        if params.m_cost() < MIN_MEMORY_KIB
            || params.t_cost() < MIN_PASSES
            || salt_bytes < MIN_SALT_BYTES
            || output_bytes < MIN_OUTPUT_BYTES
        {
            return Err(PasswordHashError::TooWeak);
        }
        if params.m_cost() > MAX_MEMORY_KIB || params.t_cost() > MAX_PASSES || params.p_cost() > MAX_LANES {
            return Err(PasswordHashError::TooCostly);
        }
        Ok(Self(hash))
    }

    /// The PHC string, for the configuration.
    #[must_use]
    pub fn to_phc(&self) -> String {
        self.0.to_string()
    }

    /// Slow, by design.
    fn is_met_by(&self, password: &Secret) -> bool {
        Argon2::default().verify_password(password.reveal().as_bytes(), &self.0).is_ok()
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

/// Hashes a password for the configuration, with a fresh salt. Slow, by design.
///
/// # Errors
/// [`PasswordError::TooShort`]; [`PasswordError::Failed`] if there is no memory for it.
///
/// Spec: NIST SP 800-63B-4 §3.1.1.2 (length); RFC 9106 §4.
pub fn hash_password(password: &Secret, entropy: &dyn Entropy) -> Result<PasswordHash, PasswordError> {
    if password.reveal().chars().count() < MIN_PASSWORD_CHARACTERS {
        return Err(PasswordError::TooShort);
    }
    let params = Params::DEFAULT;
    let salt = &entropy.bytes()[..MIN_SALT_BYTES];
    let mut output = [0; MIN_OUTPUT_BYTES];
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone())
        .hash_password_into(password.reveal().as_bytes(), salt, &mut output)
        .map_err(|_| PasswordError::Failed)?;
    Ok(PasswordHash(phc::PasswordHash {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(&params).map_err(|_| PasswordError::Failed)?,
        salt: Some(Salt::new(salt).map_err(|_| PasswordError::Failed)?),
        hash: Some(Output::new(&output).map_err(|_| PasswordError::Failed)?),
    }))
}

/// How many passwords are checked at once, and how many more wait for their turn. Each check takes the memory that its
/// hash names.
#[derive(Clone, Copy, Debug)]
pub struct HashingLimits {
    /// Checked at the same time.
    pub at_once: usize,
    /// Waiting at most. Whoever comes on top is told to come back.
    pub waiting: usize,
}

impl Default for HashingLimits {
    /// A thread for each core, and a queue of about a second.
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self { at_once: cores, waiting: 32 * cores }
    }
}

/// Too many passwords wait to be checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Busy;

/// Checks passwords.
pub(super) struct Passwords {
    admitted: Arc<Semaphore>,
    running: Arc<Semaphore>,
    /// The hashes of all accounts. One of them is worked through for a name that nobody has.
    decoys: Vec<PasswordHash>,
    /// Chooses the decoy: always the same for a name, and nobody outside can tell which.
    key: hmac::Key,
}

impl Passwords {
    pub(super) fn new(people: &[Person], limits: HashingLimits, entropy: &dyn Entropy) -> Self {
        let decoys: Vec<_> = people.iter().filter_map(|person| person.password.clone()).collect();
        let key = if decoys.is_empty() { [0; 32] } else { entropy.bytes() };
        Self {
            admitted: Arc::new(Semaphore::new(limits.at_once.saturating_add(limits.waiting))),
            running: Arc::new(Semaphore::new(limits.at_once)),
            decoys,
            key: hmac::Key::new(hmac::HMAC_SHA256, &key),
        }
    }

    /// Whether this is the password of the account. Without an account, or with one that has no password, the same work
    /// is done for a sure no.
    pub(super) async fn check(
        &self,
        name: &str,
        account: Option<&Person>,
        password: Secret,
    ) -> Result<bool, Busy> {
        let known = account.and_then(|person| person.password.as_ref());
        let Some(hash) = known.or_else(|| self.decoy(name)).cloned() else { return Ok(false) };
        let exists = known.is_some();
        let admitted = Arc::clone(&self.admitted).try_acquire_owned().map_err(|_| Busy)?;
        let running = Arc::clone(&self.running).acquire_owned().await.map_err(|_| Busy)?;
        // The permits go with the work: it cannot be stopped when the browser that waits for it has gone.
        let checked = tokio::task::spawn_blocking(move || {
            let _permits = (admitted, running);
            hash.is_met_by(&password)
        });
        Ok(checked.await.map_err(|_| Busy)? && exists)
    }

    fn decoy(&self, name: &str) -> Option<&PasswordHash> {
        let tag = hmac::sign(&self.key, name.as_bytes());
        let number = tag.as_ref().iter().take(4).fold(0, |number, byte| number << 8 | usize::from(*byte));
        self.decoys.get(number.checked_rem(self.decoys.len())?)
    }
}

#[cfg(test)]
mod tests {
    use std::task::{Context, Waker};

    use protocol::ids::Subject;

    use super::*;
    use server_kit::entropy::SeededEntropy;

    const PASSWORD: &str = "correct horse battery staple";

    fn hash() -> PasswordHash {
        hash_password(&Secret::new(PASSWORD), &SeededEntropy::new(1)).unwrap()
    }

    fn person(subject: &str, password: Option<PasswordHash>) -> Person {
        Person {
            subject: Subject::parse(subject).unwrap(),
            name: subject.into(),
            about: String::new(),
            password,
        }
    }

    #[test]
    fn a_hash_is_read_as_it_was_written_and_says_nothing_in_a_log() {
        let hash = hash();
        let text = hash.to_phc();
        assert!(text.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{text}");
        assert_eq!(PasswordHash::parse(&text), Ok(hash.clone()));
        assert!(hash.is_met_by(&Secret::new(PASSWORD)));
        assert!(!hash.is_met_by(&Secret::new("correct horse battery stapl")));
        assert_eq!(format!("{hash:?}"), "PasswordHash(…)");
    }

    #[test]
    fn the_same_password_has_another_hash_each_time() {
        let entropy = SeededEntropy::new(1);
        let hash = || hash_password(&Secret::new(PASSWORD), &entropy).unwrap().to_phc();
        assert_ne!(hash(), hash());
    }

    #[test]
    fn hashes_that_others_would_take_are_refused() {
        let good = hash().to_phc();
        let change = |from: &str, to: &str| PasswordHash::parse(&good.replace(from, to));
        assert_eq!(PasswordHash::parse(PASSWORD), Err(PasswordHashError::NotPhc));
        assert_eq!(PasswordHash::parse(""), Err(PasswordHashError::NotPhc));
        assert_eq!(change("argon2id", "argon2i"), Err(PasswordHashError::NotArgon2id));
        assert_eq!(change("argon2id", "scrypt"), Err(PasswordHashError::NotArgon2id));
        assert_eq!(change("v=19", "v=16"), Err(PasswordHashError::NotArgon2id));
        assert_eq!(change("$v=19", ""), Err(PasswordHashError::NotArgon2id));
        assert_eq!(change("m=19456", "m=8192"), Err(PasswordHashError::TooWeak));
        assert_eq!(change("t=2", "t=1"), Err(PasswordHashError::TooWeak));
        assert_eq!(change("m=19456", "m=4000000"), Err(PasswordHashError::TooCostly));
        assert_eq!(change("t=2", "t=1000"), Err(PasswordHashError::TooCostly));
        assert_eq!(change("p=1", "p=64"), Err(PasswordHashError::TooCostly));
        let (without_hash, _) = good.rsplit_once('$').unwrap();
        assert_eq!(PasswordHash::parse(without_hash), Err(PasswordHashError::TooWeak));
        let (without_salt, _) = without_hash.rsplit_once('$').unwrap();
        let short_salt = good.replace(without_hash, &format!("{without_salt}$c2FsdHNhbHQ"));
        assert_eq!(PasswordHash::parse(&short_salt), Err(PasswordHashError::TooWeak));
    }

    #[test]
    fn short_passwords_are_not_hashed() {
        let hash = |text: &str| hash_password(&Secret::new(text), &SeededEntropy::new(1));
        assert_eq!(hash("short"), Err(PasswordError::TooShort));
        assert_eq!(hash(&"ü".repeat(14)), Err(PasswordError::TooShort), "characters, not bytes");
        assert!(hash(&"ü".repeat(15)).is_ok());
    }

    #[tokio::test]
    async fn nobody_and_somebody_without_a_password_are_a_sure_no() {
        let people = [person("ada", Some(hash())), person("guest", None)];
        let passwords = Passwords::new(&people, HashingLimits::default(), &SeededEntropy::new(1));
        let check =
            async |name, account| passwords.check(name, account, Secret::new(PASSWORD)).await.unwrap();
        assert!(check("ada", Some(&people[0])).await);
        assert!(!check("nobody", None).await, "the decoy's password opens nothing");
        assert!(!check("guest", Some(&people[1])).await);
    }

    #[test]
    fn a_name_that_nobody_has_costs_what_some_account_costs_and_always_the_same() {
        let costly = PasswordHash::parse(&hash().to_phc().replace("m=19456", "m=65536")).unwrap();
        let people = [person("ada", Some(hash())), person("bob", Some(costly))];
        let passwords = Passwords::new(&people, HashingLimits::default(), &SeededEntropy::new(1));
        let cost = |name: &str| passwords.decoy(name).unwrap().to_phc().contains("m=65536");
        let costs: Vec<_> = (0..50).map(|i| cost(&format!("nobody{i}"))).collect();
        assert!(costs.contains(&true) && costs.contains(&false), "as mixed as the accounts are");
        assert_eq!(costs, (0..50).map(|i| cost(&format!("nobody{i}"))).collect::<Vec<_>>());
    }

    #[tokio::test]
    async fn of_too_many_at_once_some_are_told_to_come_back() {
        let people = [person("ada", Some(hash()))];
        let limits = HashingLimits { at_once: 1, waiting: 1 };
        let passwords = Passwords::new(&people, limits, &SeededEntropy::new(1));
        let check = || passwords.check("ada", Some(&people[0]), Secret::new(PASSWORD));
        // A check that is under way, for as long as this test likes.
        let under_way = (passwords.admitted.try_acquire().unwrap(), passwords.running.try_acquire().unwrap());
        let mut waiting = Box::pin(check());
        let mut context = Context::from_waker(Waker::noop());
        assert!(waiting.as_mut().poll(&mut context).is_pending());
        assert_eq!(check().await, Err(Busy));
        drop(under_way);
        assert_eq!(waiting.await, Ok(true));
        assert_eq!(check().await, Ok(true), "and then there is room again");
    }
}
