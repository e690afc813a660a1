//! What the server's program says on its command line before it does anything.

use std::process::{Command, Output};

#[test]
fn wrong_arguments_are_one_line_that_says_where_help_is() {
    for arguments in [&[][..], &["user", "add"], &["run", "--listen", "nonsense"]] {
        let done = run(arguments).unwrap();
        assert!(!done.status.success(), "{arguments:?} is taken");
        let said = String::from_utf8_lossy(&done.stderr);
        let mut lines = said.lines().filter(|line| !line.trim().is_empty());
        let line = lines.next().unwrap();
        assert!(line.ends_with("--help`"), "{arguments:?}: {line}");
        assert_eq!(lines.next(), None, "{arguments:?}");
    }
}

#[test]
fn help_is_help_and_the_version_has_its_name() {
    for (argument, shown) in [("--help", "Usage:"), ("--version", "aldis-server ")] {
        let done = run(&[argument]).unwrap();
        assert!(done.status.success(), "{argument}: {done:?}");
        let said = String::from_utf8_lossy(&done.stdout);
        assert!(said.contains(shown), "{argument}: {said}");
    }
}

fn run(arguments: &[&str]) -> std::io::Result<Output> {
    let program = env!("CARGO_BIN_EXE_aldis-server");
    Command::new(program).args(arguments).output()
}
