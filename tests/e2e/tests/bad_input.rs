//! Everything that a person or a stranger can get wrong: a clear sentence, and nothing lost.

use std::fs;
use std::net::UdpSocket;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use aldis_e2e::{
    Binaries, Desk, DeskOptions, Finished, PASSWORD, Program, SUPPORTER, Scene, SceneOptions,
    Viewer, binaries, containing, named, wait,
};
use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

/// A refusal is one line on standard error and a non-zero exit code.
fn assert_one_line(done: &Finished, what: &str) -> Result<String> {
    ensure!(
        !done.status.success(),
        "{what}: the exit code says success; {done:?}"
    );
    let lines: Vec<&str> = done
        .stderr
        .lines()
        .filter(|line| !line.trim().is_empty())
        .collect();
    ensure!(
        lines.len() == 1,
        "{what}: one line on standard error, not {lines:?}"
    );
    Ok(lines.concat())
}

#[test]
fn wrong_passwords_and_unknown_users_hear_the_same_words() -> Result<()> {
    let scene = Scene::start("bad_input-password")?;
    let server = scene.server.name();
    let login = |user: &str, password: &str| {
        let arguments = [
            "login",
            "--server",
            server,
            "--user",
            user,
            "--password-stdin",
        ];
        scene
            .supporter
            .command(&arguments, Some(&format!("{password}\n")))
    };
    let wrong = assert_one_line(&login(SUPPORTER, "wrong")?, "wrong password")?;
    let unknown = assert_one_line(&login("nobody", "wrong")?, "unknown user")?;
    ensure!(
        wrong == unknown,
        "{wrong:?} and {unknown:?} tell who exists"
    );
    let clock = wait::Stopwatch::start();
    for _ in 0..3 {
        login(SUPPORTER, "wrong")?;
    }
    ensure!(
        clock.elapsed() > Duration::from_secs(1),
        "three more wrong passwords took only {:?}",
        clock.elapsed()
    );
    ensure!(
        login(SUPPORTER, PASSWORD)?.status.success(),
        "the right password still works"
    );
    Ok(())
}

#[test]
fn a_wrong_password_in_the_window_says_so_and_the_right_one_works() -> Result<()> {
    let mut scene = Scene::start("bad_input-window")?;
    let server = scene.server.name().to_owned();
    scene.supporter.open(&["--language", "en"])?;
    scene.supporter.sign_in(&server, SUPPORTER, "wrong")?;
    scene
        .supporter
        .desk()
        .find(&containing("wrong").role("label"))?;
    scene.supporter.sign_in(&server, SUPPORTER, PASSWORD)?;
    scene
        .supporter
        .desk()
        .find(&named("New case").role("button"))
        .map(drop)
}

#[test]
fn codes_that_lead_nowhere() -> Result<()> {
    let mut scene = Scene::start("bad_input-codes")?;
    scene.login()?;
    let refused = |arguments: &[&str]| {
        let done = scene.supporter.command(arguments, None)?;
        assert_one_line(&done, &arguments.join(" "))
    };
    refused(&["cases", "show", "s00-000-001", "--json"])?;
    for code in ["s12-34", "hello", "", "two\nlines"] {
        refused(&["cases", "show", code, "--json"])?;
        refused(&["connect", code])?;
    }
    let case = scene.supporter.new_case_by_command("Emma")?;
    let code = case
        .get("code")
        .and_then(Value::as_str)
        .context("a code")?
        .to_owned();
    scene.supporter.json(&["cases", "close", &code, "--json"])?;
    for (code, reason) in [("s00-000-001", "has this code"), (&code, "closed")] {
        let said = refused(&["connect", code])?;
        ensure!(said.contains(reason), "{code}: {said}");
    }

    let server = scene.server.name().to_owned();
    scene
        .customer
        .open(&["--language", "en", "--server", &server, "--code", &code])?;
    scene.customer.desk().find(&containing("closed"))?;
    scene.customer.close();
    scene.customer.open(&[
        "--language",
        "en",
        "--server",
        &server,
        "--code",
        "s00-000-001",
    ])?;
    scene
        .customer
        .desk()
        .find(&containing("No case has this code"))?;
    scene.customer.close();
    scene.customer.open(&["--language", "en"])?;
    scene.customer.ask_for_help("Emma", "nonsense", &server)?;
    scene
        .customer
        .desk()
        .find(&containing("s12-345-678"))
        .map(drop)
}

#[test]
fn another_computer_cannot_take_over_a_code() -> Result<()> {
    let mut scene = Scene::start("bad_input-claimed")?;
    scene.login()?;
    let code = scene.waiting_customer("Emma")?;
    let options = DeskOptions::default();
    let mut other =
        aldis_e2e::Customer::start("bad_input-claimed-other", &Binaries::beside_me()?, options)?;
    other.open(&[
        "--language",
        "en",
        "--server",
        scene.server.name(),
        "--code",
        &code,
    ])?;
    other
        .desk()
        .find(&containing("in use on another computer"))?;
    scene.customer.wait_waiting()
}

#[test]
fn a_server_with_another_key_is_refused_by_both_apps() -> Result<()> {
    let mut scene = Scene::start("bad_input-fingerprint")?;
    let forged = forge(scene.server.name());
    let arguments = [
        "login",
        "--server",
        &forged,
        "--user",
        SUPPORTER,
        "--password-stdin",
    ];
    let said = assert_one_line(
        &scene.supporter.command(&arguments, Some(PASSWORD))?,
        "wrong fingerprint",
    )?;
    ensure!(
        said.contains("key") || said.contains("fingerprint"),
        "the reason is told: {said}"
    );
    scene.customer.open(&[
        "--language",
        "en",
        "--server",
        &forged,
        "--code",
        "s12-345-678",
    ])?;
    wait::until("the customer to be told", wait::STEP, || {
        let desk = scene.customer.desk();
        Ok(
            (desk.shows(&containing("fingerprint")) || desk.shows(&containing("key")))
                .then_some(()),
        )
    })
}

#[test]
fn an_unreachable_server_is_said_to_be_that() -> Result<()> {
    let scene = Scene::start("bad_input-unreachable")?;
    let (_, fingerprint) = scene
        .server
        .name()
        .split_once('#')
        .context("a fingerprint")?;
    // A socket of ours that never answers: unreachable, and no one else's port.
    let silent = UdpSocket::bind("127.0.0.1:0")?;
    let name = format!("{}#{fingerprint}", silent.local_addr()?);
    let clock = wait::Stopwatch::start();
    let arguments = [
        "login",
        "--server",
        &name,
        "--user",
        SUPPORTER,
        "--password-stdin",
    ];
    assert_one_line(
        &scene.supporter.command(&arguments, Some(PASSWORD))?,
        "unreachable",
    )?;
    ensure!(
        clock.elapsed() < Duration::from_secs(15),
        "it took {:?} to say so",
        clock.elapsed()
    );
    let nonsense = [
        "login",
        "--server",
        "nonsense",
        "--user",
        SUPPORTER,
        "--password-stdin",
    ];
    assert_one_line(
        &scene.supporter.command(&nonsense, Some(PASSWORD))?,
        "a malformed server name",
    )
    .map(drop)
}

#[test]
fn the_server_says_why_it_cannot_start() -> Result<()> {
    let scene = Scene::start("bad_input-start")?;
    let server = Binaries::beside_me()?.server()?;
    let logs = scene.supporter.desk().logs();
    let run = |data: &Path, listen: &str| {
        let mut command = Command::new(&server);
        command
            .args(["run", "--listen", listen, "--data"])
            .arg(data);
        Program::start("bad-server", &command, logs)?.wait_end(wait::STEP)
    };
    let data = scene.supporter.desk().home().join("other-data");
    let said = assert_one_line(&run(&data, scene.server.address())?, "port taken")?;
    ensure!(
        said.contains(
            scene
                .server
                .address()
                .rsplit(':')
                .next()
                .unwrap_or_default()
        ),
        "which port: {said}"
    );

    let said = assert_one_line(
        &run(scene.server.data(), "127.0.0.1:0")?,
        "another server's data folder",
    )?;
    ensure!(said.contains("is running on"), "who is there: {said}");

    // A file where the folder should be: not even root can write there.
    let file = scene.supporter.desk().home().join("a-file");
    fs::write(&file, "no folder")?;
    assert_one_line(&run(&file, "127.0.0.1:0")?, "the data folder is a file")?;
    assert_one_line(
        &run(Path::new("/proc/aldis"), "127.0.0.1:0")?,
        "the data folder is not writable",
    )?;
    assert_one_line(&run(&data, "nonsense")?, "a malformed address").map(drop)
}

#[test]
fn apps_without_a_display_say_so() -> Result<()> {
    let desk = Desk::start("bad_input-display", "desk", DeskOptions::default())?;
    let binaries = Binaries::beside_me()?;
    for binary in [binaries.supporter()?, binaries.customer()?] {
        let mut command = desk.command(binary);
        command.env_remove("DISPLAY");
        assert_one_line(
            &desk.run("no-display", &command, None, wait::STEP)?,
            "no DISPLAY",
        )?;
        command.env("DISPLAY", ":4747");
        assert_one_line(
            &desk.run("dead-display", &command, None, wait::STEP)?,
            "a display that is not there",
        )?;
    }
    Ok(())
}

#[test]
fn garbage_on_the_servers_port_harms_nobody() -> Result<()> {
    let mut scene = Scene::start("bad_input-garbage")?;
    scene.login()?;
    let code = scene.waiting_customer("Emma")?;
    let socket = UdpSocket::bind("127.0.0.1:0")?;
    let mut state = 0x4747_u64;
    for length in (0..3000_usize).map(|round| round * 7 % 1400) {
        let garbage: Vec<u8> = (0..length)
            .map(|_| {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                (state >> 33) as u8
            })
            .collect();
        socket.send_to(&garbage, scene.server.address())?;
    }
    scene.server.program().check_running()?;
    scene.supporter.wait_status(&code, "Pending")?;
    scene.customer.wait_waiting()
}

#[test]
fn a_customer_who_closes_the_window_goes_offline_and_can_come_back() -> Result<()> {
    let mut scene = Scene::start("bad_input-closed-window")?;
    let (code, viewer) = scene.session("Allow")?;
    scene
        .customer
        .desk()
        .display()
        .close_window("Remote support")?;
    offline_and_back(&mut scene, &code, viewer, Duration::from_secs(5))
}

#[test]
fn a_customer_whose_machine_dies_goes_offline_and_can_come_back() -> Result<()> {
    let mut scene = Scene::start("bad_input-dead-customer")?;
    let (code, viewer) = scene.session("Allow")?;
    scene.customer.window()?.kill()?;
    offline_and_back(&mut scene, &code, viewer, Duration::from_secs(25))
}

/// Both the server and the viewer learn that the customer is gone, and the customer may come back.
fn offline_and_back(
    scene: &mut Scene,
    code: &str,
    mut viewer: Viewer,
    limit: Duration,
) -> Result<()> {
    wait::until("the customer to be offline", limit, || {
        Ok(
            (scene.supporter.case(code)?.get("customer_online") == Some(&Value::Bool(false)))
                .then_some(()),
        )
    })?;
    // The viewer asks for the customer anew, and so the server knows that nobody is left in the session.
    wait::until("the session to be over for the server", limit, || {
        let case = scene.supporter.case(code)?;
        Ok((case.get("status").and_then(Value::as_str) == Some("Pending")).then_some(()))
    })?;
    wait::until("the viewer to say that it is over", limit, || {
        let desk = scene.supporter.desk();
        let told = desk.shows(&containing("ended")) || desk.shows(&containing("lost"));
        Ok((told || !viewer.program.is_running()).then_some(()))
    })
    .with_context(|| scene.supporter.desk().access().dump().unwrap_or_default())?;
    viewer.program.kill()?;
    let server = scene.server.name().to_owned();
    scene.customer.join(code, &server)
}

#[test]
fn a_screen_that_cannot_be_read_is_said_to_be_that() -> Result<()> {
    let mut options = SceneOptions::usual()?;
    options.customer.without = Some("DAMAGE");
    let mut scene = Scene::start_with("bad_input-capture", &options)?;
    scene.login()?;
    let code = scene.waiting_customer("Emma")?;
    let _viewer = scene.supporter.connect(&code, &[])?;
    scene.customer.wait_question(SUPPORTER)?;
    scene.customer.answer("Allow")?;
    scene.supporter.desk().find(&containing("DAMAGE"))?;
    scene.customer.window()?.check_running()
}

#[test]
fn a_supporters_machine_that_sleeps_and_wakes_finds_its_place() -> Result<()> {
    let mut scene = Scene::start("bad_input-sleep")?;
    scene.login()?;
    scene.supporter.open(&["--language", "en"])?;
    scene
        .supporter
        .desk()
        .find(&named("New case").role("button"))?;
    scene.supporter.window()?.freeze()?;
    let made = scene.supporter.new_case_by_command("While asleep");
    scene.supporter.window()?.thaw()?;
    let case = made?;
    let code = case.get("code").and_then(Value::as_str).context("a code")?;
    let row = named(&format!("{code}, While asleep, New")).within(Duration::from_mins(1));
    scene.supporter.desk().find(&row).map(drop)
}

#[test]
fn a_database_from_a_newer_version_is_left_alone() -> Result<()> {
    let mut scene = Scene::start("bad_input-newer")?;
    scene.server.kill()?;
    let database = database_in(scene.server.data())?;
    let script =
        "import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute('PRAGMA user_version = 9999')";
    let changed = Command::new("python3")
        .args(["-c", script])
        .arg(&database)
        .status()?;
    ensure!(changed.success(), "marking the database as newer");
    let mut command = Command::new(Binaries::beside_me()?.server()?);
    command
        .args(["run", "--listen", "127.0.0.1:0", "--data"])
        .arg(scene.server.data());
    let done = Program::start(
        "newer",
        &command,
        &binaries::target().join("e2e/bad_input-newer"),
    )?
    .wait_end(wait::STEP)?;
    let said = assert_one_line(&done, "a newer database")?;
    ensure!(said.contains("newer"), "the reason is told: {said}");
    Ok(())
}

/// The database file among the server's data.
fn database_in(folder: &Path) -> Result<std::path::PathBuf> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_file() && fs::read(&path)?.starts_with(b"SQLite format 3") {
            return Ok(path);
        }
    }
    anyhow::bail!("no SQLite database in {}", folder.display())
}

/// The same server name with another key's fingerprint.
fn forge(name: &str) -> String {
    let (address, fingerprint) = name.split_once('#').unwrap_or((name, ""));
    let mut other: Vec<char> = fingerprint.chars().collect();
    // Two characters of the same alphabet changed places, or one becomes another.
    if let [first, second, ..] = other.as_mut_slice() {
        if first == second {
            *first = if *first == '2' { '3' } else { '2' };
        } else {
            std::mem::swap(first, second);
        }
    }
    format!("{address}#{}", other.into_iter().collect::<String>())
}
