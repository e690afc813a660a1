//! The session code that finds a case.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A session code: the letter `s` and eight digits, shown as `s12-345-678`.
///
/// A code finds a case; it never grants control.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct Code(u32);

/// The text is not a session code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a session code looks like s12-345-678")]
pub struct CodeError;

impl Code {
    /// How many codes there are; valid numbers are below this.
    pub const COUNT: u32 = 100_000_000;

    /// The code with this number, or `None` if it has more than eight digits.
    pub fn from_number(number: u32) -> Option<Self> {
        (number < Self::COUNT).then_some(Self(number))
    }

    /// The eight digits as a number.
    pub fn number(self) -> u32 {
        self.0
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (high, middle, low) = (self.0 / 1_000_000, self.0 / 1_000 % 1_000, self.0 % 1_000);
        write!(f, "s{high:02}-{middle:03}-{low:03}")
    }
}

impl FromStr for Code {
    type Err = CodeError;

    /// Takes the code as people type it: with or without the `s`, hyphens and spaces.
    fn from_str(text: &str) -> Result<Self, CodeError> {
        let text = text.trim();
        let digits = text.strip_prefix(['s', 'S']).unwrap_or(text);
        let mut number = 0_u32;
        let mut count = 0;
        for c in digits.chars() {
            match c.to_digit(10) {
                Some(digit) if count < 8 => {
                    number = number * 10 + digit;
                    count += 1;
                }
                None if matches!(c, '-' | ' ') => {}
                _ => return Err(CodeError),
            }
        }
        if count == 8 {
            Ok(Self(number))
        } else {
            Err(CodeError)
        }
    }
}

impl TryFrom<u32> for Code {
    type Error = CodeError;

    fn try_from(number: u32) -> Result<Self, CodeError> {
        Self::from_number(number).ok_or(CodeError)
    }
}

impl From<Code> for u32 {
    fn from(code: Code) -> Self {
        code.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_12_a_code_is_s_and_eight_digits_and_is_read_as_people_type_it() {
        let code = Code::from_number(12_345_678).unwrap();
        for text in ["s12-345-678", "S12345678", " 12 345 678 ", "12345678"] {
            assert_eq!(text.parse(), Ok(code), "{text}");
        }
        assert_eq!(code.to_string(), "s12-345-678");
        assert_eq!(Code::from_number(7).unwrap().to_string(), "s00-000-007");
    }

    #[test]
    fn what_is_not_a_code_is_refused() {
        for text in [
            "",
            "s",
            "s12-345-67",
            "s12-345-6789",
            "x12-345-678",
            "s12-345-67a",
            "٣٣٣٣٣٣٣٣",
        ] {
            assert_eq!(text.parse::<Code>(), Err(CodeError), "{text}");
        }
        assert_eq!(Code::from_number(Code::COUNT), None);
    }
}
