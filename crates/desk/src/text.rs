//! What people type, made fit to be shown to others.

use aldis_wire::signal::{Facts, MAX_LINE, MAX_NAME, MAX_TAG, MAX_TAGS, MAX_TEXT, Refusal};

/// Characters that are not seen, or that turn the ones beside them around: what is shown must be
/// what is there (Unicode Technical Report 36, <https://www.unicode.org/reports/tr36/>).
fn unseen(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}' | '\u{ad}')
}

/// One line of a field: unseen characters become nothing, runs of spaces one.
pub fn line(field: &'static str, text: &str, most: usize) -> Result<String, Refusal> {
    let spaced = text.replace(['\n', '\r', '\t'], " ");
    let seen: String = spaced.chars().filter(|c| !unseen(*c)).collect();
    let words: Vec<&str> = seen.split_whitespace().collect();
    bounded(field, words.join(" "), most)
}

/// Several lines: as [`line`], but lines and tabs stay.
pub fn lines(field: &'static str, text: &str, most: usize) -> Result<String, Refusal> {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let kept = |c: &char| matches!(c, '\n' | '\t') || !unseen(*c);
    let seen: String = text.chars().filter(kept).collect();
    bounded(field, seen.trim().to_owned(), most)
}

/// A person's name, perhaps empty.
pub fn name(text: &str) -> Result<String, Refusal> {
    line("name", text, MAX_NAME).map_err(|_too_long| Refusal::BadText)
}

fn bounded(field: &'static str, text: String, most: usize) -> Result<String, Refusal> {
    if text.chars().count() <= most {
        return Ok(text);
    }
    Err(Refusal::TooLong {
        field: field.to_owned(),
        most: u32::try_from(most).unwrap_or(u32::MAX),
    })
}

/// Everything that is written about a case.
pub fn facts(facts: &Facts) -> Result<Facts, Refusal> {
    let mut tags: Vec<String> = Vec::new();
    for tag in &facts.tags {
        let tag = line("tags", tag, MAX_TAG)?.to_lowercase();
        if !tag.is_empty() && !tags.contains(&tag) {
            tags.push(tag);
        }
    }
    if tags.len() > MAX_TAGS {
        return Err(Refusal::TooLong {
            field: "tags".to_owned(),
            most: MAX_TAGS as u32,
        });
    }
    Ok(Facts {
        email: line("email", &facts.email, MAX_LINE)?,
        company: line("company", &facts.company, MAX_LINE)?,
        description: lines("description", &facts.description, MAX_TEXT)?,
        category: line("category", &facts.category, MAX_LINE)?,
        kind: line("kind", &facts.kind, MAX_LINE)?,
        via: line("via", &facts.via, MAX_LINE)?,
        priority: facts.priority,
        ticket: line("ticket", &facts.ticket, MAX_LINE)?,
        tags,
        notes: lines("notes", &facts.notes, MAX_TEXT)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_seen_is_taken_out_of_a_name() {
        assert_eq!(
            name(" Ana\u{202e}gnp.exe\u{0} \n Ruiz ").unwrap(),
            "Anagnp.exe Ruiz"
        );
        assert_eq!(name("\u{200b}\u{feff}").unwrap(), "");
        assert_eq!(
            name("Zoë Müller-Łukasz 李").unwrap(),
            "Zoë Müller-Łukasz 李"
        );
    }

    #[test]
    fn what_is_too_long_is_refused_with_its_bound() {
        assert_eq!(name(&"x".repeat(81)), Err(Refusal::BadText));
        let long = Facts {
            company: "x".repeat(201),
            ..Facts::default()
        };
        let (field, most) = ("company".to_owned(), 200);
        assert_eq!(facts(&long), Err(Refusal::TooLong { field, most }));
    }

    #[test]
    fn a_description_keeps_its_lines() {
        assert_eq!(
            lines("description", "one\r\n\ttwo\u{7}\n", 20).unwrap(),
            "one\n\ttwo"
        );
    }
}
