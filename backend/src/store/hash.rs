//! The only form in which a secret is stored.

use protocol::secret::Secret;
use rusqlite::ToSql;
use rusqlite::types::{FromSql, FromSqlResult, ToSqlOutput, ValueRef};
use serde::de::{Deserialize, Deserializer, Error as _};
use serde::ser::{Serialize, Serializer};
use sha2::{Digest as _, Sha256};

/// SHA-256 of a secret. The secrets are 256 random bits each, so nothing slower is needed. Comparing two takes the same
/// time wherever they differ.
///
/// Spec: MCP 2025-11-25 Authorization, Token Theft (stored securely).
#[derive(Clone, Copy, Debug)]
pub struct SecretHash([u8; 32]);

impl PartialEq for SecretHash {
    fn eq(&self, other: &Self) -> bool {
        aws_lc_rs::constant_time::verify_slices_are_equal(&self.0, &other.0).is_ok()
    }
}

impl Eq for SecretHash {}

impl SecretHash {
    /// Hashes a secret that was made here.
    #[must_use]
    pub fn of(secret: &Secret) -> Self {
        Self::of_text(secret.reveal())
    }

    /// Hashes whatever a stranger sent in place of a secret: any bytes may be looked up.
    #[must_use]
    pub fn of_text(text: &str) -> Self {
        Self(Sha256::digest(text.as_bytes()).into())
    }

    /// A short name for whatever it is the hash of: the first 16 hexadecimal digits, from which nobody gets back to it.
    #[must_use]
    pub fn short_name(&self) -> String {
        let first = self.0.first_chunk().map_or(0, |first| u64::from_be_bytes(*first));
        format!("{first:016x}")
    }

    /// Reads a hash that somebody else made, as 64 hexadecimal digits: what `sha256sum` prints.
    #[must_use]
    pub fn from_hex(text: &str) -> Option<Self> {
        let digits: Vec<u8> =
            text.chars().map(|digit| digit.to_digit(16)?.try_into().ok()).collect::<Option<_>>()?;
        let (pairs, rest) = digits.as_chunks::<2>();
        let bytes: Vec<u8> = pairs.iter().map(|[high, low]| high * 16 + low).collect();
        rest.is_empty().then(|| bytes.try_into().ok().map(Self))?
    }
}

impl Serialize for SecretHash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&protocol::base64url(&self.0))
    }
}

impl<'de> Deserialize<'de> for SecretHash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = protocol::base64url_decode(&text).and_then(|bytes| bytes.try_into().ok());
        bytes.map(Self).ok_or_else(|| D::Error::custom("not a SHA-256 hash in base64url"))
    }
}

impl ToSql for SecretHash {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(ValueRef::Blob(&self.0)))
    }
}

impl FromSql for SecretHash {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        <[u8; 32]>::column_result(value).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_that_an_operator_made_is_the_same_hash() {
        // printf %s abc | sha256sum
        let hex = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(SecretHash::from_hex(hex), Some(SecretHash::of_text("abc")));
        assert_eq!(SecretHash::of_text("abc").short_name(), hex[..16]);
        assert_eq!(SecretHash::from_hex(&hex.to_uppercase()), Some(SecretHash::of_text("abc")));
        for bad in ["", "ba78", &hex[1..], &format!("{hex}0"), &format!("{hex}00"), &hex.replace('b', "g")] {
            assert_eq!(SecretHash::from_hex(bad), None, "{bad}");
        }
    }

    #[test]
    fn equal_texts_have_equal_hashes_and_others_have_not() {
        assert_eq!(SecretHash::of_text("a"), SecretHash::of_text("a"));
        assert_ne!(SecretHash::of_text("a"), SecretHash::of_text("b"));
    }
}
