//! What the windows copy is on the system's clipboard, for every other program.

use aldis_e2e::{Scene, named, wait};
use anyhow::{Context as _, Result};
use serde_json::Value;

#[test]
fn a_copied_code_and_link_can_be_pasted_elsewhere() -> Result<()> {
    let mut scene = Scene::start("clipboard")?;
    scene.login()?;
    let case = scene.supporter.new_case_by_command("Emma")?;
    let say = |name: &str| {
        let value = case.get(name).and_then(Value::as_str);
        value.map(str::to_owned).context("the new case")
    };
    let (code, link) = (say("code")?, say("customer_link")?);
    scene.supporter.open(&["--language", "en"])?;
    let desk = scene.supporter.desk();
    for (button, copied) in [("Copy link", &link), ("Copy code", &code)] {
        scene.supporter.press_in_case(&code, button)?;
        desk.find(&named("Copied"))?;
        desk.display().wait_clipboard(copied)?;
    }
    // And what lies there is pasted into our own fields.
    let search = named("Search").role("field");
    desk.fill(&search, "")?;
    desk.display().key("ctrl+v")?;
    wait::until("the pasted code", wait::STEP, || {
        Ok((desk.find(&search)?.text == code).then_some(()))
    })
}
