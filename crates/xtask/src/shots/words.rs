//! What a button is called in another language, from the apps' own translations.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};

/// English texts and what they are in one language.
#[derive(Debug, Default)]
pub(super) struct Words(BTreeMap<String, String>);

impl Words {
    /// Reads the translations below `texts`, a folder per language or a file per language.
    pub(super) fn read(texts: &Path, language: &str) -> Result<Self> {
        let (english, other) = (messages(texts, "en")?, messages(texts, language)?);
        let pairs = english
            .into_iter()
            .filter_map(|(id, text)| Some((text, other.get(&id)?.clone())));
        Ok(Self(pairs.collect()))
    }

    /// The text in the language; English where there is no translation.
    pub(super) fn say(&self, english: &str) -> String {
        self.0
            .get(english)
            .cloned()
            .unwrap_or_else(|| english.to_owned())
    }
}

/// The messages of one language, by id.
fn messages(texts: &Path, language: &str) -> Result<BTreeMap<String, String>> {
    let mut text = String::new();
    let single = texts.join(format!("{language}.ftl"));
    if single.is_file() {
        text.push_str(&fs::read_to_string(single)?);
    } else {
        let folder = texts.join(language);
        for entry in fs::read_dir(&folder).with_context(|| folder.display().to_string())? {
            text.push_str(&fs::read_to_string(entry?.path())?);
            text.push('\n');
        }
    }
    Ok(parse(&text))
}

/// One-line messages of a Fluent file; the others are no buttons.
fn parse(text: &str) -> BTreeMap<String, String> {
    let messages = text
        .lines()
        .filter(|line| !line.starts_with(['#', ' ']))
        .filter_map(|line| line.split_once('='));
    messages
        .map(|(id, text)| (id.trim().to_owned(), text.trim().to_owned()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_messages_are_read() {
        let read =
            parse("# A comment = no\nallow = Allow\n  indented = no\nend-session = End session\n");
        assert_eq!(read.len(), 2);
        assert_eq!(
            read.get("end-session").map(String::as_str),
            Some("End session")
        );
    }
}
