//! Pictures of every window, light and dark, in every language.

mod desk;
mod office;
mod sheet;
mod words;

use std::fs;
use std::path::{Path, PathBuf};

use aldis_e2e::{Picture, SUPPORTER, Scene, XtermFile, binaries, containing, named, starting};
use anyhow::{Context as _, Result};
use clap::Args;

use crate::run::build_apps;
use crate::setup::{self, Consent, Purpose};
use words::Words;

/// What a customer says while waiting.
const SAID: [&str; 2] = [
    "Hello, the invoice does not print.",
    "It worked yesterday, and since the update it only shows an empty page.",
];

/// Which pictures.
#[derive(Debug, Args)]
pub(crate) struct Options {
    #[command(flatten)]
    consent: Consent,
    /// Only these languages.
    #[arg(long, value_delimiter = ',', default_values_t = ["en", "es", "de"].map(str::to_owned))]
    languages: Vec<String>,
    /// Only these themes.
    #[arg(long, value_delimiter = ',', default_values_t = ["light", "dark"].map(str::to_owned))]
    themes: Vec<String>,
    /// Only these parts: the single windows, or the desk of a busy day.
    #[arg(long, value_delimiter = ',', default_values_t = ["windows", "desk"].map(str::to_owned))]
    parts: Vec<String>,
}

/// The task `shots`.
pub(crate) fn run(options: &Options) -> Result<()> {
    setup::ensure(
        &[Purpose::Build, Purpose::Run, Purpose::Test],
        options.consent,
    )?;
    build_apps(false)?;
    let folder = binaries::target().join("shots");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    let wants = |part: &str| options.parts.iter().any(|wanted| wanted == part);
    let mut office = wants("desk").then(office::Office::start).transpose()?;
    let mut count = 0;
    for language in &options.languages {
        for theme in &options.themes {
            let words = Words::read(&binaries::workspace().join("assets/texts"), language)?;
            let mut album = Album {
                folder: folder.clone(),
                kind: format!("{language}-{theme}"),
                pictures: Vec::new(),
            };
            let style = ["--language", language, "--theme", theme];
            if wants("windows") {
                take_all(&mut album, &words, &style)
                    .with_context(|| format!("{language}, {theme}"))?;
            }
            if let Some(office) = &mut office {
                desk::take(&mut album, &words, office, &style)
                    .with_context(|| format!("the desk, {language}, {theme}"))?;
            }
            count += album.pictures.len();
            sheet::save(
                &album.pictures,
                &folder.join(format!("sheet-{}.png", album.kind)),
            )?;
            println!("{}: {} pictures", album.kind, album.pictures.len());
        }
    }
    println!(
        "shots: {count} pictures, and a sheet per language and theme, in {}",
        folder.display()
    );
    Ok(())
}

/// The pictures of one language and theme.
struct Album {
    folder: PathBuf,
    kind: String,
    pictures: Vec<Picture>,
}

impl Album {
    fn take(&mut self, name: &str, display: &aldis_e2e::Display) -> Result<()> {
        let picture = display.picture_at_rest()?;
        picture.save(&self.path(name))?;
        self.pictures.push(picture);
        Ok(())
    }

    fn path(&self, name: &str) -> PathBuf {
        Path::new(&self.folder).join(format!("{name}-{}.png", self.kind))
    }
}

fn take_all(album: &mut Album, words: &Words, style: &[&str]) -> Result<()> {
    let mut scene = Scene::start("shots")?;
    let _notes = XtermFile::open(scene.customer.desk())?;

    scene.supporter.open(style)?;
    scene
        .supporter
        .desk()
        .find(&named(&words.say("Sign in")).role("button"))?;
    album.take("supporter-1-sign-in", scene.supporter.desk().display())?;
    scene.supporter.close();

    scene.login()?;
    for customer in ["Liam", "Olivia", "Noah"] {
        scene.supporter.new_case_by_command(customer)?;
    }
    let closed = scene.supporter.new_case_by_command("Sofia")?;
    let closed = closed
        .get("code")
        .and_then(serde_json::Value::as_str)
        .context("a code")?;
    scene
        .supporter
        .json(&["cases", "close", closed, "--json"])?;
    let case = scene.supporter.new_case_by_command("Emma")?;
    let code = case
        .get("code")
        .and_then(serde_json::Value::as_str)
        .context("a code")?
        .to_owned();

    wait_and_talk(album, words, &mut scene, &code, style)?;

    scene.supporter.open(style)?;
    scene
        .supporter
        .desk()
        .find(&starting(&code).role("button"))?;
    album.take("supporter-2-queue", scene.supporter.desk().display())?;
    scene
        .supporter
        .desk()
        .press(&named(&words.say("New case")).role("button"))?;
    scene
        .supporter
        .desk()
        .find(&named(&words.say("Create case")).role("button"))?;
    album.take("supporter-3-new-case", scene.supporter.desk().display())?;
    scene.supporter.desk().display().key("Escape")?;
    scene.supporter.select(&code)?;
    scene
        .supporter
        .desk()
        .find(&named(&words.say("Connect")).role("button"))?;
    album.take("supporter-4-case", scene.supporter.desk().display())?;

    scene
        .supporter
        .desk()
        .press(&named(&words.say("Connect")).role("button"))?;
    scene.customer.desk().find(&containing(SUPPORTER))?;
    scene
        .customer
        .desk()
        .find(&named(&words.say("Allow")).role("button"))?;
    album.take("customer-3-question", scene.customer.desk().display())?;
    album.take("supporter-5-asking", scene.supporter.desk().display())?;
    scene.customer.answer(&words.say("Allow"))?;
    scene
        .supporter
        .desk()
        .find(&named(&words.say("Remote screen")))?;
    scene
        .customer
        .desk()
        .find(&named(&words.say("Stop control")).role("button"))?;
    album.take("customer-4-banner", scene.customer.desk().display())?;
    let chat = named(&words.say("Chat")).role("button");
    scene.customer.desk().press(&chat)?;
    let written = named(&words.say("Message")).role("field");
    scene.customer.desk().find(&written)?;
    album.take("customer-9-banner-chat", scene.customer.desk().display())?;
    scene.customer.desk().press(&chat)?;
    scene.customer.desk().gone(&written)?;
    album.take("supporter-6-viewer", scene.supporter.desk().display())?;
    take_recording(album, words, &scene)?;
    take_several(album, words, &scene, &code, style)?;
    scene.customer.answer(&words.say("End"))?;
    scene
        .customer
        .desk()
        .find(&containing(&words.say("The session has ended")))?;
    album.take("customer-5-ended", scene.customer.desk().display())?;
    album.take("supporter-7-ended", scene.supporter.desk().display())?;
    take_recordings(album, words, &scene)
}

/// The pictures of a session that is being recorded.
fn take_recording(album: &mut Album, words: &Words, scene: &Scene) -> Result<()> {
    let (ours, theirs) = (scene.supporter.desk(), scene.customer.desk());
    ours.press(&named(&words.say("Record")).role("button"))?;
    let allow = named(&words.say("Allow recording")).role("button");
    theirs.find(&allow)?;
    album.take("customer-10-record", theirs.display())?;
    album.take("supporter-13-record-asked", ours.display())?;
    theirs.press(&allow)?;
    let stop = words.say("Stop recording");
    theirs.find(&named(&stop).role("button"))?;
    ours.find(&starting(&format!("{stop} 0:02")).role("button"))?;
    album.take("customer-11-recorded", theirs.display())?;
    ours.display()
        .picture()?
        .save(&album.path("supporter-14-recording"))?;
    ours.press(&starting(&format!("{stop} ")).role("button"))?;
    let saved = words.say("The recording is saved. You find it under Recordings.");
    ours.find(&named(&saved))?;
    album.take("supporter-15-recorded", ours.display())?;
    ours.press(&named(&words.say("Close")).role("button"))
}

/// The pictures of what was recorded.
fn take_recordings(album: &mut Album, words: &Words, scene: &Scene) -> Result<()> {
    let desk = scene.supporter.desk();
    desk.press(&named(&words.say("Close")).role("button"))?;
    desk.press(&named(&words.say("Recordings")).role("button"))?;
    let play = starting(&format!("{}: ", words.say("Play"))).role("button");
    desk.find(&play)?;
    album.take("supporter-16-recordings", desk.display())?;
    desk.press(&starting(&format!("{}: ", words.say("More"))).role("button"))?;
    desk.press(&starting(&format!("{}: ", words.say("Delete"))).role("button"))?;
    let cancel = named(&words.say("Cancel")).role("button");
    desk.find(&cancel)?;
    album.take("supporter-17-delete-recording", desk.display())?;
    desk.press(&cancel)?;
    desk.press(&play)?;
    desk.find(&named(&words.say("Recorded screen")))?;
    desk.display().key("End")?;
    desk.find(&named(&words.say("Play")).role("button"))?;
    album.take("supporter-18-player", desk.display())
}

/// The customer's pictures before anybody helps.
fn wait_and_talk(
    album: &mut Album,
    words: &Words,
    scene: &mut Scene,
    code: &str,
    style: &[&str],
) -> Result<()> {
    let server = scene.server.name().to_owned();
    scene.customer.open(style)?;
    scene
        .customer
        .desk()
        .find(&named(&words.say("Get help now")).role("button"))?;
    album.take("customer-1-start", scene.customer.desk().display())?;
    scene.customer.close();
    scene
        .customer
        .open(&[style, &["--server", &server, "--code", code]].concat())?;
    scene
        .customer
        .desk()
        .find(&containing(&words.say("Waiting for a supporter")))?;
    album.take("customer-2-waiting", scene.customer.desk().display())?;
    let chat = named(&words.say("Message")).role("field");
    for said in SAID {
        scene.customer.desk().fill(&chat, said)?;
        scene.customer.desk().display().key("Return")?;
        scene.customer.desk().find(&named(said).role("label"))?;
    }
    album.take("customer-8-chat", scene.customer.desk().display())?;
    Ok(())
}

/// The pictures of a session that a second supporter joins.
fn take_several(
    album: &mut Album,
    words: &Words,
    scene: &Scene,
    code: &str,
    style: &[&str],
) -> Result<()> {
    let colleague = scene.colleague("shots", "Bo")?;
    let ours = scene.supporter.desk();
    ours.press(&named(&words.say("Invite…")).role("button"))?;
    let name = named(&words.say("Colleague’s account")).role("field");
    ours.fill(&name, "Bo")?;
    album.take("supporter-8-invite", ours.display())?;
    ours.press(&named(&words.say("Invite")).role("button"))?;
    ours.gone(&name)?;
    let _viewer = colleague.connect(code, style)?;
    let customer = scene.customer.desk();
    let join = named(&words.say("Allow to join")).role("button");
    customer.find(&join)?;
    album.take("customer-6-joining", customer.display())?;
    album.take("supporter-9-joining", ours.display())?;
    customer.press(&join)?;
    ours.find(&named("Bo…").role("button"))?;
    let remote = named(&words.say("Remote screen"));
    colleague.desk().find(&remote)?;
    album.take("customer-7-several", customer.display())?;
    album.take("supporter-10-several", ours.display())?;
    ours.press(&named("Bo…").role("button"))?;
    let hand_over = named(&words.say("Hand over control")).role("button");
    ours.find(&hand_over)?;
    album.take("supporter-11-menu", ours.display())?;
    album.take("supporter-12-guest", colleague.desk().display())?;
    // Alone again, as the pictures that follow are.
    let end = named(&words.say("End session")).role("button");
    colleague.desk().press(&end)?;
    customer.gone(&named("Bo").role("label"))
}
