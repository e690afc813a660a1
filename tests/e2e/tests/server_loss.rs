//! The server dies in the middle of a session; nobody who is helped or helping notices.

use std::time::Duration;

use aldis_e2e::keys::F5;
use aldis_e2e::paint::Easel;
use aldis_e2e::{Picture, Rect, SUPPORTER, Scene, Watcher, named, wait};
use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

/// Less than the time after which a silent server counts as lost: one that was restarted says that it is another.
const SOON: Duration = Duration::from_secs(15);

#[test]
fn a_session_outlives_the_server_and_both_sides_find_it_again() -> Result<()> {
    let mut scene = Scene::start("server_loss-session")?;
    scene.login()?;
    let acknowledged: Vec<String> = (0..5)
        .map(|number| {
            let case = scene
                .supporter
                .new_case_by_command(&format!("Case {number}"))?;
            Ok(case
                .get("code")
                .and_then(Value::as_str)
                .context("a code")?
                .to_owned())
        })
        .collect::<Result<_>>()?;
    let code = scene.waiting_customer("Emma")?;
    let mut viewer = scene.viewer(&code, "Allow")?;
    scene.supporter.wait_status(&code, "InProgress")?;

    scene.server.kill()?;
    let area = Rect {
        x: 200,
        y: 150,
        width: 500,
        height: 300,
    };
    let easel = Easel::new(scene.customer.desk().display(), area)?;
    for seed in 20..23 {
        easel.show(&Picture::random(500, 300, seed))?;
        scene.wait_same_pixels(&format!("without-server-{seed}"))?;
        wait::throughout(Duration::from_secs(1), || viewer.program.check_running())?;
    }
    drop(easel);
    let mut watcher = Watcher::open(scene.customer.desk().display(), area)?;
    scene.wait_same_pixels("watcher")?;
    scene.supporter.desk().display().click(400, 300)?;
    scene.supporter.desk().display().chord(&[F5])?;
    watcher.wait_keys_down(&[F5])?;
    drop(watcher);

    scene.server.restart()?;
    wait::until("the server to know of the session again", SOON, || {
        let case = scene.supporter.case(&code)?;
        let running = case.get("status").and_then(Value::as_str) == Some("InProgress");
        let online = case.get("customer_online") == Some(&Value::Bool(true));
        Ok((running && online).then_some(()))
    })?;
    let case = scene.supporter.case(&code)?;
    ensure!(
        case.get("supporter").and_then(Value::as_str) == Some(SUPPORTER),
        "who helps, in {case}"
    );
    for lost in &acknowledged {
        scene
            .supporter
            .case(lost)
            .with_context(|| format!("the acknowledged case {lost}"))?;
    }
    scene.wait_same_pixels("server-is-back")?;

    scene.customer.answer("End")?;
    scene.customer.wait_ended()?;
    scene.supporter.wait_status(&code, "Pending")
}

#[test]
fn a_question_that_the_server_forgot_is_asked_again() -> Result<()> {
    let mut scene = Scene::start("server_loss-question")?;
    scene.login()?;
    let code = scene.waiting_customer("Emma")?;
    let _viewer = scene.supporter.connect(&code, &["--fullscreen"])?;
    scene.customer.wait_question(SUPPORTER)?;

    scene.server.kill()?;
    scene.server.restart()?;
    let online = |case: &Value| case.get("customer_online") == Some(&Value::Bool(true));
    wait::until("the customer to be online again", SOON, || {
        Ok(online(&scene.supporter.case(&code)?).then_some(()))
    })?;
    scene.customer.answer("Allow")?;
    scene.customer.wait_banner(SUPPORTER, "Full control")?;
    scene.wait_first_picture()
}

#[test]
fn a_yes_that_the_server_never_heard_counts() -> Result<()> {
    let mut scene = Scene::start("server_loss-yes")?;
    scene.login()?;
    let code = scene.waiting_customer("Emma")?;
    let _viewer = scene.supporter.connect(&code, &["--fullscreen"])?;
    scene.customer.wait_question(SUPPORTER)?;

    scene.server.kill()?;
    scene.customer.answer("Allow")?;
    scene.server.restart()?;
    scene.customer.wait_banner(SUPPORTER, "Full control")?;
    scene.wait_first_picture()
}

#[test]
fn the_queue_and_the_waiting_customer_come_back_by_themselves() -> Result<()> {
    let mut scene = Scene::start("server_loss-queue")?;
    scene.login()?;
    scene.supporter.open(&["--language", "en"])?;
    let code = scene.waiting_customer("Emma")?;
    scene.supporter.wait_status(&code, "Pending")?;

    scene.server.kill()?;
    scene.server.restart()?;
    wait::until("the customer to be online again", SOON, || {
        Ok(
            (scene.supporter.case(&code)?.get("customer_online") == Some(&Value::Bool(true)))
                .then_some(()),
        )
    })?;
    scene.customer.wait_waiting()?;

    // A change made after the return reaches the window, so it listens again.
    let case = scene.supporter.new_case_by_command("Later")?;
    let later = case.get("code").and_then(Value::as_str).context("a code")?;
    let row = named(&format!("{later}, Later, New")).within(Duration::from_mins(1));
    scene.supporter.desk().find(&row)?;
    scene
        .supporter
        .desk()
        .find(&named(&format!("{code}, Emma, Pending")))
        .map(drop)
}

#[test]
fn whatever_was_acknowledged_survives_kills_at_any_moment() -> Result<()> {
    let mut scene = Scene::start("server_loss-durable")?;
    scene.login()?;
    let mut acknowledged = Vec::new();
    for round in 0..4 {
        for number in 0..3 {
            let case = scene
                .supporter
                .new_case_by_command(&format!("{round}-{number}"))?;
            acknowledged.push(
                case.get("code")
                    .and_then(Value::as_str)
                    .context("a code")?
                    .to_owned(),
            );
        }
        scene.server.kill()?;
        scene.server.restart()?;
    }
    let listed = scene
        .supporter
        .json(&["cases", "list", "--json"])?
        .to_string();
    for code in &acknowledged {
        ensure!(
            listed.contains(code.as_str()),
            "{code} was acknowledged and is lost"
        );
    }
    Ok(())
}
