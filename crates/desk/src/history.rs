//! The history's chain: every entry's hash covers the one before it, so that none can be changed,
//! taken out or put in between without every later hash being wrong.

use aldis_wire::signal::{Doer, Entry, Event};
use sha2::{Digest as _, Sha256};

/// A hash of the chain.
pub type Link = [u8; 32];

/// What the first entry's hash covers in place of an earlier one.
pub const START: Link = [0; 32];

/// Sets these hashes apart from all others.
const DOMAIN: &[u8] = b"aldis history 1\n";

/// An entry's changing parts as they are kept and hashed.
///
/// They are text, so that what was hashed can be read and checked without this program.
pub fn text_of(by: &Doer, event: &Event) -> (String, String) {
    let by = match by {
        Doer::Supporter(name) => format!("supporter {name}"),
        Doer::Customer => "customer".to_owned(),
        Doer::Server => "server".to_owned(),
    };
    // Names and numbers only: this cannot fail.
    (by, serde_json::to_string(event).unwrap_or_default())
}

/// Reads what [`text_of`] wrote.
pub fn read(by: &str, event: &str) -> Option<(Doer, Event)> {
    let by = match by.split_once(' ') {
        Some(("supporter", name)) => Doer::Supporter(name.to_owned()),
        _ if by == "customer" => Doer::Customer,
        _ if by == "server" => Doer::Server,
        _ => return None,
    };
    Some((by, serde_json::from_str(event).ok()?))
}

/// The entry's hash: SHA-256 over the hash before it, its number, code and time as little-endian
/// 64-bit numbers, and its two texts, each with its length before it.
pub fn link(before: &Link, entry: &Entry) -> Link {
    let (by, event) = text_of(&entry.by, &entry.event);
    link_text(
        before,
        entry.number,
        entry.code.number(),
        entry.at,
        &by,
        &event,
    )
}

/// [`link`], of an entry as it is kept.
pub fn link_text(before: &Link, number: u64, code: u32, at: u64, by: &str, event: &str) -> Link {
    let mut hash = Sha256::new();
    hash.update(DOMAIN);
    hash.update(before);
    for number in [number, u64::from(code), at] {
        hash.update(number.to_le_bytes());
    }
    for text in [by, event] {
        hash.update((text.len() as u64).to_le_bytes());
        hash.update(text);
    }
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use aldis_wire::signal::Outcome;

    #[test]
    fn an_entry_reads_back_and_every_part_of_it_counts() {
        let entry = Entry {
            number: 7,
            code: "s12-345-678".parse().unwrap(),
            at: 99,
            by: Doer::Supporter("Eva Lang".to_owned()),
            event: Event::Closed {
                outcome: Outcome::Resolved,
            },
        };
        let (by, event) = text_of(&entry.by, &entry.event);
        assert_eq!(
            read(&by, &event),
            Some((entry.by.clone(), entry.event.clone()))
        );
        let all = [
            link(&START, &entry),
            link(&[1; 32], &entry),
            link(
                &START,
                &Entry {
                    number: 8,
                    ..entry.clone()
                },
            ),
            link(
                &START,
                &Entry {
                    at: 98,
                    ..entry.clone()
                },
            ),
            link(
                &START,
                &Entry {
                    by: Doer::Customer,
                    ..entry.clone()
                },
            ),
            link(
                &START,
                &Entry {
                    event: Event::Deleted,
                    ..entry
                },
            ),
        ];
        let different: std::collections::BTreeSet<_> = all.iter().collect();
        assert_eq!(different.len(), all.len());
    }
}
