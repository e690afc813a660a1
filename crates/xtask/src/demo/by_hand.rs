//! The demo on a desktop: the person is the supporter, and the customer too, on a computer in a window.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use aldis_e2e::{
    Binaries, Customer, DeskOptions, PASSWORD, Program, SUPPORTER, Server, XtermFile, binaries,
    office, wait,
};
use anyhow::{Context as _, Result, ensure};

/// Opens both apps and stays until the supporter's is closed.
pub(super) fn run() -> Result<()> {
    let programs = Binaries::beside_me()?;
    let server = Server::start("demo", &programs)?;
    server.add_user(SUPPORTER, PASSWORD)?;

    // The person's own settings stay as they are.
    let home = binaries::target().join("tmp/demo");
    fs::create_dir_all(&home)?;
    let aldis = |arguments: &[&str]| -> Result<Command> {
        let mut command = Command::new(programs.supporter()?);
        command.args(arguments);
        for (variable, folder) in [
            ("CONFIG", "config"),
            ("DATA", "data"),
            ("CACHE", "cache"),
            ("STATE", "state"),
        ] {
            command.env(format!("XDG_{variable}_HOME"), home.join(folder));
        }
        Ok(command)
    };
    let logs = binaries::target().join("e2e/demo");
    let login = aldis(&[
        "login",
        "--server",
        server.name(),
        "--user",
        SUPPORTER,
        "--password-stdin",
    ])?;
    let done =
        Program::start_with_input("login", &login, &logs, Some(PASSWORD))?.wait_end(wait::STEP)?;
    ensure!(done.status.success(), "signing in: {}", done.stderr);
    office::approve(server.name(), SUPPORTER)?;
    let made = Program::start(
        "new-case",
        &aldis(&["cases", "new", "--customer", "Emma", "--json"])?,
        &logs,
    )?
    .wait_end(wait::STEP)?;
    let case: serde_json::Value =
        serde_json::from_str(&made.stdout).with_context(|| made.stderr.clone())?;
    let code = case
        .get("code")
        .and_then(serde_json::Value::as_str)
        .context("the new case's code")?;

    // First the larger window, so that the customer's screen opens in front of it.
    let mut supporter = Program::start("supporter", &aldis(&[])?, &logs)?;
    wait_for_window(&logs);
    let desk = DeskOptions {
        width: 1024,
        height: 700,
        visible: true,
        ..DeskOptions::default()
    };
    let mut customer = Customer::start("demo", &programs, desk)?;
    let _notes = XtermFile::open(customer.desk())?;
    customer.open(&["--server", server.name(), "--code", code])?;

    println!("server    {}", server.name());
    println!("supporter {SUPPORTER}, password \"{PASSWORD}\" (signed in already)");
    println!("case      {code}, customer Emma, waiting in the window \"The customer's screen\"");
    println!();
    println!("Select the case in Aldis, press Connect, and press Allow on the customer's screen.");
    println!("Close Aldis to end the demo.");
    wait::until("the person to close the demo", Duration::MAX, || {
        Ok((!supporter.is_running() || !customer.screen_is_open()).then_some(()))
    })?;
    println!("demo: closed; nothing is left running");
    Ok(())
}

/// Waits a moment until the supporter's window is there; a Wayland desktop does not tell, which does no harm.
fn wait_for_window(logs: &Path) {
    let mut search = Command::new("xdotool");
    search.args(["search", "--onlyvisible", "--name", "^Aldis$"]);
    let found = wait::until("the supporter's window", Duration::from_secs(5), || {
        let done = Program::start("search", &search, logs)?.wait_end(wait::STEP)?;
        Ok(done.status.success().then_some(()))
    });
    if found.is_err() {
        println!("the customer's screen may have opened behind Aldis");
    }
}
