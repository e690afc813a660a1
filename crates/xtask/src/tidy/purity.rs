//! Pure crates know no runtime, socket, file, environment, clock, thread or global random number.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use super::layers;
use super::metadata::Metadata;

/// What a pure crate must not depend on, not even through others.
const NEVER: &[&str] = &[
    "async-std",
    "eframe",
    "egui",
    "enigo",
    "mio",
    "quinn",
    "rusqlite",
    "smol",
    "socket2",
    "tokio",
    "winit",
    "x11-dl",
    "x11rb",
    "xcap",
];

/// What a pure crate must not depend on itself; below a library that hides it, it does no harm.
const NEVER_DIRECTLY: &[&str] = &[
    "directories",
    "dirs",
    "fastrand",
    "getrandom",
    "if-addrs",
    "libc",
    "nix",
    "rand",
    "rustix",
    "sys-locale",
    "tempfile",
    "whoami",
    "windows",
    "windows-sys",
];

/// What a pure crate's source must not mention outside its tests, and how to say it instead.
const WORDS: &[(&str, &str)] = &[
    ("TcpStream", "sockets belong to adapters"),
    ("TcpListener", "sockets belong to adapters"),
    ("UdpSocket", "sockets belong to adapters"),
    ("UnixStream", "sockets belong to adapters"),
    ("std::fs", "files belong to adapters"),
    ("std::env", "the environment belongs to apps"),
    ("std::process", "processes belong to adapters"),
    ("std::thread", "threads belong to shells"),
    ("Instant::now", "time is a parameter"),
    ("SystemTime", "time is a parameter"),
    ("thread_rng", "seeds are parameters"),
    ("OsRng", "seeds are parameters"),
];

/// Pure packages that pull in what they must not.
pub(super) fn check_dependencies(metadata: &Metadata) -> Vec<String> {
    let mut breaches = Vec::new();
    for name in layers::pure_packages() {
        let closure = metadata.closure(&name);
        let package = metadata.members().into_iter().find(|it| it.name == name);
        let direct = package.map(|it| it.dependencies).unwrap_or_default();
        let found = NEVER
            .iter()
            .filter(|it| closure.contains(**it) || direct.iter().any(|name| name == **it));
        let found = found.chain(
            NEVER_DIRECTLY
                .iter()
                .filter(|it| direct.iter().any(|name| name == **it)),
        );
        breaches.extend(found.map(|it| format!("{name} is pure and must not depend on {it}")));
    }
    breaches
}

/// Pure packages whose source mentions what they must not know.
pub(super) fn check_sources(root: &Path) -> Result<Vec<String>> {
    let mut breaches = Vec::new();
    for name in layers::pure_packages() {
        let folder = root
            .join("crates")
            .join(name.trim_start_matches("aldis-"))
            .join("src");
        for file in rust_files(&folder)? {
            let text = fs::read_to_string(&file).with_context(|| file.display().to_string())?;
            let shown = file
                .strip_prefix(root)
                .unwrap_or(&file)
                .display()
                .to_string();
            breaches.extend(check_source(&shown, &text));
        }
    }
    Ok(breaches)
}

/// The breaches in one file's text.
fn check_source(name: &str, text: &str) -> Vec<String> {
    let mut breaches = Vec::new();
    if name.ends_with("/tests.rs") {
        return breaches;
    }
    let mut in_group = false;
    for (number, line) in text.lines().enumerate() {
        // By habit the tests are the last thing in a file.
        if line.trim() == "#[cfg(test)]" {
            break;
        }
        let code = line.split("//").next().unwrap_or_default();
        in_group |= code.contains("use std::{");
        for (word, instead) in WORDS {
            let last = word.strip_prefix("std::").filter(|_| in_group);
            let grouped =
                last.is_some_and(|last| code.split(|c: char| !is_word(c)).any(|it| it == last));
            if mentions(code, word) || grouped {
                breaches.push(format!(
                    "{name}:{}: {word} in a pure crate: {instead}",
                    number + 1
                ));
            }
        }
        in_group &= !code.contains("};");
    }
    breaches
}

/// Whether the word stands in the line by itself, not as a part of another.
fn mentions(code: &str, word: &str) -> bool {
    code.match_indices(word).any(|(at, _)| {
        let before = code.get(..at).and_then(|it| it.chars().last());
        let after = code.get(at + word.len()..).and_then(|it| it.chars().next());
        !before.is_some_and(is_word) && !after.is_some_and(is_word)
    })
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// All Rust files below the folder, or none if it does not exist.
pub(super) fn rust_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        if !folder.is_dir() {
            continue;
        }
        for entry in fs::read_dir(&folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|it| it == "rs") {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::super::metadata::tests::small;
    use super::*;

    #[test]
    fn a_runtime_pulled_in_through_another_crate_is_found() {
        let breaches = check_dependencies(&small());
        assert_eq!(
            breaches,
            ["aldis-session is pure and must not depend on mio"]
        );
    }

    #[test]
    fn every_forbidden_word_is_found() {
        for (word, _) in WORDS {
            let breaches = check_source(
                "crates/desk/src/lib.rs",
                &format!("fn f() {{\n    {word}(x);\n}}\n"),
            );
            assert_eq!(breaches.len(), 1, "{word}: {breaches:?}");
            assert!(breaches.concat().contains(":2:"), "{breaches:?}");
        }
        assert_eq!(
            check_source(
                "a.rs",
                "use std::{\n    collections::BTreeMap,\n    fs,\n};\n"
            )
            .len(),
            1
        );
        assert_eq!(check_source("a.rs", "use std::{env, fmt};\n").len(), 1);
    }

    #[test]
    fn comments_tests_and_longer_words_are_not() {
        let text = "//! No SystemTime here.\nfn f(at: SocketAddr) {} // std::fs is far away\n\
                    struct MyUdpSocketName;\nuse std::{fmt, str};\nlet fs = 1;\n#[cfg(test)]\nmod tests { use std::fs; }\n";
        assert_eq!(
            check_source("crates/wire/src/lib.rs", text),
            Vec::<String>::new()
        );
        assert_eq!(
            check_source("crates/wire/src/tests.rs", "use std::fs;"),
            Vec::<String>::new()
        );
    }
}
