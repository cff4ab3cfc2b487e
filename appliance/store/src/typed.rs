//! Holds the bridge to serde: values encoded with postcard.
//! It never allocates for encoding and never guesses a type; the version tells the caller which one it was.
//! Services call it instead of the plain calls when their records are structs.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::format::MAX_VALUE_BYTES;
use crate::log::{Durability, Kind, Log, Record};
use crate::{Error, Medium};

impl<M: Medium> Log<M> {
    /// [`Log::put`] of a value encoded with postcard.
    ///
    /// # Errors
    /// As [`Log::put`]; [`Error::Encoding`] when it does not fit a value.
    pub fn put_typed<T: Serialize>(
        &mut self,
        now_ms: u64,
        kind: Kind,
        key: &[u8],
        value: &T,
        durability: Durability,
    ) -> Result<u64, Error> {
        let mut buffer = [0; MAX_VALUE_BYTES];
        let bytes = postcard::to_slice(value, &mut buffer).map_err(|_| Error::Encoding)?;
        self.put(now_ms, kind, key, bytes, durability)
    }

    /// [`Log::append`] of a value encoded with postcard.
    ///
    /// # Errors
    /// As [`Log::append`]; [`Error::Encoding`] when it does not fit a value.
    pub fn append_typed<T: Serialize>(
        &mut self,
        now_ms: u64,
        kind: Kind,
        value: &T,
        durability: Durability,
    ) -> Result<u64, Error> {
        let mut buffer = [0; MAX_VALUE_BYTES];
        let bytes = postcard::to_slice(value, &mut buffer).map_err(|_| Error::Encoding)?;
        self.append(now_ms, kind, bytes, durability)
    }
}

impl Record<'_> {
    /// Decodes the value with postcard. Match on `version` first: an older one is an older type.
    ///
    /// # Errors
    /// [`Error::Encoding`] when the bytes are not a `T`, or more than one.
    pub fn decode<T: DeserializeOwned>(&self) -> Result<T, Error> {
        match postcard::take_from_bytes(self.value) {
            Ok((value, [])) => Ok(value),
            _ => Err(Error::Encoding),
        }
    }
}
