//! Two customer's apps on one screen: who controls through one could answer in the other.

use aldis_e2e::{Scene, containing, named, wait};
use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

/// The window's title.
const TITLE: &str = "Remote support";

#[test]
fn a_second_app_on_the_same_screen_says_that_one_is_open_and_joins_nothing() -> Result<()> {
    let mut scene = Scene::start("consent-alone")?;
    scene.login()?;
    scene.waiting_customer("Emma")?;
    let other = scene.supporter.new_case_by_command("Tom")?;
    let other = other
        .get("code")
        .and_then(Value::as_str)
        .context("a code")?;
    let desk = scene.customer.desk();
    desk.display().hide_window(TITLE)?;

    let arguments = ["--server", scene.server.name(), "--code", other];
    let mut second = scene.customer.open_another(&arguments)?;
    // The first comes back to the front, and the second says why there is no other.
    wait::until("the first window to be shown again", wait::STEP, || {
        Ok((desk.display().shown_windows(TITLE)? >= 2).then_some(()))
    })?;
    desk.find(&containing("is already open on this computer"))?;
    desk.press(&named("Close").role("button"))?;
    let said = second.wait_end(wait::STEP)?;
    ensure!(!said.status.success(), "the second start succeeded");
    let sentence = "aldis-sos: Remote support is already open on this computer";
    ensure!(said.stderr.contains(sentence), "{}", said.stderr);

    // It never came to its case, and the first goes on.
    scene.supporter.wait_status(other, "New")?;
    ensure!(scene.customer.window()?.is_running(), "the first is gone");
    scene.customer.wait_waiting()?;

    // Once the first is closed, the next may open.
    scene.customer.join(other, scene.server.name())?;
    scene.supporter.wait_status(other, "Pending")
}
