//! What the three programs' command lines share: one start, one log, and errors of one line.
//!
//! A script can show the last line of standard error to a person, whatever went wrong.

#![forbid(unsafe_code)]

use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;

/// What wrong arguments end with; other errors end with 1.
const WRONG_ARGUMENTS: u8 = 2;

/// Reads the arguments and runs the program; what goes wrong is said in one line.
pub fn main<A: Parser>(run: impl FnOnce(A) -> anyhow::Result<()>) -> ExitCode {
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
        .with_writer(std::io::stderr)
        .init();
    let name = A::command().get_name().to_owned();
    let (sentence, code) = match A::try_parse() {
        // Help and version are asked for.
        Err(asked) if !asked.use_stderr() => {
            return match asked.print() {
                Ok(()) => ExitCode::SUCCESS,
                Err(_closed) => ExitCode::FAILURE,
            };
        }
        Err(wrong) => (wrong_arguments(&wrong, &name), WRONG_ARGUMENTS.into()),
        Ok(arguments) => match run(arguments) {
            Ok(()) => return ExitCode::SUCCESS,
            Err(error) => (one_line(&format!("{error:#}")), ExitCode::FAILURE),
        },
    };
    #[expect(clippy::print_stderr, reason = "a command line speaks there")]
    {
        eprintln!("{name}: {sentence}");
    }
    code
}

/// What clap says in paragraphs, without the usage.
fn wrong_arguments(error: &clap::Error, name: &str) -> String {
    let said = if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        "a command is missing".to_owned()
    } else {
        error.render().to_string()
    };
    let said = said.strip_prefix("error: ").unwrap_or(&said);
    let usage = ["\nUsage:", "\nFor more information"]
        .into_iter()
        .filter_map(|end| said.find(end))
        .min();
    let said = said.get(..usage.unwrap_or(said.len())).unwrap_or(said);
    let paragraphs = said.split("\n\n").map(one_line);
    let paragraphs: Vec<String> = paragraphs.filter(|it| !it.is_empty()).collect();
    format!("{}; see `{name} --help`", paragraphs.join("; "))
}

fn one_line(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use clap::Subcommand;

    use super::*;

    #[derive(Debug, Parser)]
    #[command(name = "lamp")]
    struct Arguments {
        #[command(subcommand)]
        command: Command,
    }

    #[derive(Debug, Subcommand)]
    enum Command {
        Signal {
            #[arg(long)]
            times: u8,
            #[arg(long)]
            colour: String,
        },
    }

    fn said(arguments: &[&str]) -> String {
        let arguments = ["lamp"].iter().chain(arguments);
        let error = Arguments::try_parse_from(arguments).expect_err("wrong arguments");
        wrong_arguments(&error, "lamp")
    }

    #[test]
    fn wrong_arguments_are_told_in_one_line() {
        for (arguments, sentence) in [
            (&[][..], "a command is missing; see `lamp --help`"),
            (
                &["sgnal"],
                "unrecognized subcommand 'sgnal'; tip: a similar subcommand exists: 'signal'; \
                 see `lamp --help`",
            ),
            (
                &["signal", "--times", "ten\ntimes"],
                "invalid value 'ten times' for '--times <TIMES>': invalid digit found in string; \
                 see `lamp --help`",
            ),
            (
                &["signal"],
                "the following required arguments were not provided: --times <TIMES> --colour \
                 <COLOUR>; see `lamp --help`",
            ),
        ] {
            assert_eq!(said(arguments), sentence);
        }
    }
}
