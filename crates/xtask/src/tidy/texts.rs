//! The words: none that nobody says.
//!
//! A text without a place in the windows is often a window that forgot to say something.

use std::fs;
use std::path::Path;

use anyhow::Result;

use super::purity::rust_files;

/// Every text of the English files that no source names.
pub(super) fn check(root: &Path) -> Result<Vec<String>> {
    let mut code = String::new();
    for folder in ["apps", "crates"] {
        for path in rust_files(&root.join(folder))? {
            code.push_str(&fs::read_to_string(path)?);
        }
    }
    let mut breaches = Vec::new();
    for entry in fs::read_dir(root.join("assets/texts/en"))? {
        let texts = fs::read_to_string(entry?.path())?;
        breaches.extend(unsaid(&texts, &code));
    }
    breaches.sort();
    Ok(breaches)
}

fn unsaid(texts: &str, code: &str) -> Vec<String> {
    let names = texts.lines().filter_map(|line| line.split_once(" = "));
    names
        .map(|(name, _)| name)
        .filter(|name| !name.starts_with(' ') && !code.contains(&format!("\"{name}\"")))
        .map(|name| format!("the text {name} is shown nowhere"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_nobody_says_is_found() {
        let texts = "said = Yes\nunsaid = { $count ->\n    [one] = no name\n   *[other] x\n}\n";
        let code = r#"texts.get("said")"#;
        assert_eq!(unsaid(texts, code), ["the text unsaid is shown nowhere"]);
    }
}
