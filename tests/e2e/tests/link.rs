//! What the windows say of the connection.

use std::time::Duration;

use aldis_e2e::{SUPPORTER, Scene, containing, named, starting};
use anyhow::Result;

#[test]
fn a_machine_that_stops_answering_leaves_its_last_picture_and_comes_back() -> Result<()> {
    let mut scene = Scene::start("link-silent")?;
    scene.login()?;
    let code = scene.waiting_customer("Emma")?;
    let _viewer = scene.supporter.connect(&code, &[])?;
    scene.customer.wait_question(SUPPORTER)?;
    scene.customer.answer("Allow")?;
    let desk = scene.supporter.desk();
    desk.press(&starting("Connection: ").role("button"))?;
    desk.find(&containing("Sealed from end to end"))?;
    desk.find(&containing("knows you as"))?;
    desk.find(&containing("server’s word"))?;
    desk.display()
        .picture()?
        .save(&desk.logs().join("way.png"))?;
    desk.press(&named("Copy report").role("button"))?;
    desk.display().tool("xdotool", &["key", "Escape"])?;
    scene.customer.window()?.freeze()?;
    let lost = containing("The connection was lost").within(Duration::from_secs(30));
    desk.find(&lost)?;
    desk.find(&named("Remote screen"))?;
    desk.display()
        .picture()?
        .save(&desk.logs().join("silent.png"))?;
    scene.customer.window()?.thaw()?;
    desk.gone(&containing("The connection was lost"))?;
    desk.find(&starting("Connection: ").role("button"))?;
    scene.customer.wait_banner(SUPPORTER, "Full control")
}
