//! How a message becomes bytes: a four-byte little-endian length, then the message in postcard.
//!
//! postcard's format is specified at <https://postcard.jamesmunns.com/wire-format>.
//! It reads a collection's length as a hint only, so memory grows with the bytes that really came.

use serde::Serialize;
use serde::de::DeserializeOwned;
use thiserror::Error;

/// Bytes of the length that stands before each message.
pub const HEADER: usize = 4;

/// A message that may travel, with the bound on its encoded size.
pub trait Message: Serialize + DeserializeOwned {
    /// The most bytes that one encoded message may have, its header not counted.
    const MAX: usize;
}

/// Bytes that are no message of the expected kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The announced length is over the message's bound.
    #[error("a message is longer than its kind may be")]
    TooLong,
    /// The bytes do not follow the message's form.
    #[error("a message is malformed")]
    Malformed,
}

/// Reads a header; returns the length of the message that follows it.
pub fn length<M: Message>(header: [u8; HEADER]) -> Result<usize, DecodeError> {
    let length = usize::try_from(u32::from_le_bytes(header)).unwrap_or(usize::MAX);
    if length > M::MAX {
        Err(DecodeError::TooLong)
    } else {
        Ok(length)
    }
}

/// Reads one whole message; bytes left over are an error.
pub fn decode<M: Message>(bytes: &[u8]) -> Result<M, DecodeError> {
    if bytes.len() > M::MAX {
        return Err(DecodeError::TooLong);
    }
    match postcard::take_from_bytes(bytes) {
        Ok((message, [])) => Ok(message),
        Ok(_) | Err(_) => Err(DecodeError::Malformed),
    }
}

/// Writes a message with its header; an error if it is over its own bound.
pub fn encode<M: Message>(message: &M) -> Result<Vec<u8>, DecodeError> {
    let Ok(mut bytes) = postcard::to_extend(message, vec![0; HEADER]) else {
        return Err(DecodeError::Malformed);
    };
    let length = bytes.len().saturating_sub(HEADER);
    match (u32::try_from(length), bytes.first_chunk_mut::<HEADER>()) {
        (Ok(short), Some(header)) if length <= M::MAX => *header = short.to_le_bytes(),
        _ => return Err(DecodeError::TooLong),
    }
    Ok(bytes)
}

#[cfg(test)]
#[expect(clippy::indexing_slicing, reason = "a test may fail by panicking")]
mod tests {
    use super::*;
    use crate::peer::ToHost;
    use crate::signal::{FromServer, ToServer};

    fn round<M: Message>(message: &M) -> M {
        let bytes = encode(message).unwrap();
        let header = *bytes.first_chunk().unwrap();
        assert_eq!(length::<M>(header).unwrap(), bytes.len() - HEADER);
        decode(&bytes[HEADER..]).unwrap()
    }

    #[test]
    fn a_message_comes_back_as_it_went() {
        let message = ToHost::FrameDone { sequence: 7 };
        assert_eq!(round(&message), message);
    }

    #[test]
    fn a_length_over_the_bound_is_refused_before_anything_is_read() {
        assert_eq!(length::<ToHost>([0xff; 4]), Err(DecodeError::TooLong));
    }

    /// Every prefix and every single-byte change of a real message, and some noise:
    /// the decoder answers each, and never by a panic.
    #[test]
    fn hostile_bytes_are_answered_by_an_error() {
        fn noise<M: Message>(seed: &[u8]) {
            for end in 0..seed.len() {
                drop(decode::<M>(&seed[..end]));
            }
            for position in 0..seed.len() {
                for byte in 0..=255 {
                    let mut bytes = seed.to_vec();
                    bytes[position] = byte;
                    drop(decode::<M>(&bytes));
                }
            }
            let mut state = 1_u32;
            for _ in 0..20_000 {
                let bytes: Vec<u8> = (0..state % 60)
                    .map(|_| {
                        state ^= state << 13;
                        state ^= state >> 17;
                        state ^= state << 5;
                        state.to_le_bytes()[1]
                    })
                    .collect();
                state = state.wrapping_add(1);
                drop(decode::<M>(&bytes));
            }
        }
        let seed = [2, 5, 3, 0, 9, 1, 4, 0, 0, 1, 200, 1];
        noise::<ToServer>(&seed);
        noise::<FromServer>(&seed);
        noise::<ToHost>(&seed);
        noise::<crate::peer::ToViewer>(&seed);
        noise::<crate::peer::ScreenPart>(&seed);
    }

    #[test]
    fn a_claimed_length_allocates_nothing() {
        // Areas, pixels, moves and runs that claim 4 GiB: postcard must find their end first.
        for kind in [&[1][..], &[3], &[3, 0], &[6], &[7]] {
            let bytes = [&[1, 0], kind, &[0xff, 0xff, 0xff, 0xff, 0x0f]].concat();
            assert!(decode::<crate::peer::ScreenPart>(&bytes).is_err());
        }
    }
}
