//! The five digits that a supporter reads out and a customer types: a short authentication string.
//!
//! The supporter's app binds itself to a number before it learns the customer's, and shows its own
//! only after that. Whoever sits between the two has a connection, and so a secret, with each of
//! them, and must choose his numbers before he knows what they lead to: he is right once in
//! 100,000 tries, and every try is seen. (The idea is that of RFC 6189, section 4.4.)

use aldis_wire::SessionId;
use ring::hmac;
use sha2::{Digest as _, Sha256};

use crate::signed::SignerKey;

/// How many digits there are.
pub const DIGITS: usize = 5;

/// What binds the supporter's app to its number.
pub fn commitment(session: SessionId, number: &[u8; 32]) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(b"aldis digits 1\0");
    hash.update(session);
    hash.update(number);
    hash.finalize().into()
}

/// The digits.
///
/// `secret` is exported from the connection between the two (RFC 5705), so it differs where there
/// are two connections; `root` is the organisation that the customer's app is to believe from now
/// on.
pub fn digits(
    secret: &[u8; 32],
    supporter: &[u8; 32],
    customer: &[u8; 32],
    root: SignerKey,
) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
    let said = [&b"aldis digits 1\0"[..], supporter, customer, &root.0].concat();
    let tag = hmac::sign(&key, &said);
    let number = tag
        .as_ref()
        .iter()
        .take(8)
        .fold(0_u64, |number, byte| (number << 8) | u64::from(*byte));
    format!("{:05}", number % 100_000)
}

/// Whether a person has typed these digits; spaces and dashes do not count.
pub fn typed_right(typed: &str, digits: &str) -> bool {
    let typed: String = typed.chars().filter(char::is_ascii_digit).collect();
    typed.len() == DIGITS && typed == digits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_counts() {
        let root = SignerKey([9; 32]);
        let right = digits(&[1; 32], &[2; 32], &[3; 32], root);
        assert_eq!(right.len(), DIGITS);
        assert_eq!(right, digits(&[1; 32], &[2; 32], &[3; 32], root));
        for other in [
            digits(&[0; 32], &[2; 32], &[3; 32], root),
            digits(&[1; 32], &[0; 32], &[3; 32], root),
            digits(&[1; 32], &[2; 32], &[0; 32], root),
            digits(&[1; 32], &[2; 32], &[3; 32], SignerKey([0; 32])),
        ] {
            assert_ne!(right, other);
        }
        assert_ne!(commitment([1; 16], &[2; 32]), commitment([2; 16], &[2; 32]));
    }

    #[test]
    fn digits_are_read_as_people_type_them() {
        assert!(typed_right(" 01-2 34 ", "01234"));
        assert!(!typed_right("1234", "01234"));
        assert!(!typed_right("012345", "01234"));
        assert!(!typed_right("", "01234"));
    }
}
