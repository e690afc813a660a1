//! Windows look the same whether a graphics card or the processor paints them.

use aldis_e2e::paint::Easel;
use aldis_e2e::{Binaries, Customer, DeskOptions, Picture, Rect, Scene, SceneOptions, named, wait};
use anyhow::{Context as _, Result, ensure};

/// How far a channel may be off where an edge is softened: a few of 255 steps.
const SOFT: u8 = 12;

#[test]
fn a_window_looks_the_same_whoever_paints_it() -> Result<()> {
    let graphics = start_page("graphics")?;
    let processor = start_page("processor")?;
    let pixels = graphics.pixels().iter().zip(processor.pixels());
    let far = |(one, other): &(&u32, &u32)| {
        let channels = one.to_be_bytes().into_iter().zip(other.to_be_bytes());
        channels
            .skip(1)
            .any(|(one, other)| one.abs_diff(other) > SOFT)
    };
    let different = pixels.filter(far).count();
    // A corner's edge may fall into the next pixel.
    ensure!(
        different * 2000 < graphics.pixels().len(),
        "{different} pixels look different"
    );
    ensure!(graphics.colours() > 50, "there is something to compare");
    Ok(())
}

/// What the customer's first page looks like.
fn start_page(painter: &'static str) -> Result<Picture> {
    let options = DeskOptions {
        painter,
        ..DeskOptions::default()
    };
    let name = format!("painters-{painter}");
    let mut customer = Customer::start(&name, &Binaries::beside_me()?, options)?;
    customer.open(&["--language", "en"])?;
    customer
        .desk()
        .find(&named("Get help now").role("button"))?;
    let process = customer.window()?.id();
    let libraries = std::fs::read_to_string(format!("/proc/{process}/maps"))
        .context("reading what the app has loaded")?;
    ensure!(
        libraries.contains("libGL") == (painter == "graphics"),
        "{painter} paints"
    );
    let picture = customer.desk().display().picture_at_rest()?;
    picture.save(&customer.desk().logs().join("page.png"))?;
    Ok(picture)
}

#[test]
fn a_window_opens_also_where_opengl_fails() -> Result<()> {
    let options = DeskOptions {
        painter: "graphics",
        ..DeskOptions::default()
    };
    let binaries = Binaries::beside_me()?;
    let customer = Customer::start("painters-broken", &binaries, options)?;
    let mut command = customer.desk().command(binaries.customer()?);
    command
        .args(["--language", "en"])
        .env("LIBGL_DRIVERS_PATH", "/nonexistent")
        .env("RUST_LOG", "info");
    let mut app = customer.desk().start_program("aldis-sos", &command)?;
    customer
        .desk()
        .find(&named("Get help now").role("button"))?;
    app.check_running()?;
    let said = app.errors();
    ensure!(said.contains("the processor paints"), "{said}");
    Ok(())
}

#[test]
fn with_opengl_the_viewer_shows_exactly_the_customers_pixels_too() -> Result<()> {
    let mut options = SceneOptions::usual()?;
    options.supporter.painter = "graphics";
    let mut scene = Scene::start_with("painters-pixels", &options)?;
    let (_code, _viewer) = scene.session("Allow")?;
    let display = scene.customer.desk().display();
    let (width, height) = (i32::from(display.width()), i32::from(display.height()));
    let area = Rect {
        x: 30,
        y: 60,
        width: width - 100,
        height: height - 160,
    };
    scene.supporter.desk().display().point(0, 0)?;
    wait::until("the pointer in its corner", wait::STEP, || {
        Ok((display.pointer()? == (0, 0)).then_some(()))
    })?;
    let easel = Easel::new(display, area)?;
    let picture = Picture::random(area.width.try_into()?, area.height.try_into()?, 7);
    easel.show(&picture)?;
    let shown = scene.wait_same_pixels("picture")?;
    ensure!(shown.colours() > 1000, "the picture is on the screen");
    Ok(())
}
