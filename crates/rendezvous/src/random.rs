//! The system's randomness.

use aldis_wire::Code;

/// Bytes nobody can guess.
///
/// # Panics
/// If the system has no randomness: nothing could be secret then.
pub(crate) fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the system gives randomness");
    bytes
}

/// A code drawn evenly from all of them.
pub(crate) fn code() -> Code {
    loop {
        // 2^32 is no multiple of 10^8; a draw from the rest would favour low codes.
        let number = u32::from_le_bytes(bytes());
        if number < u32::MAX - u32::MAX % Code::COUNT
            && let Some(code) = Code::from_number(number % Code::COUNT)
        {
            return code;
        }
    }
}
