//! Typing over bad links.

use std::time::{Duration, Instant};

use aldis_links::{Echo, Film, Painter, Scene};
use aldis_netlab::{Conditions, Direction, Lab, Loss, Nat, Reorder, Site};
use anyhow::Result;

use crate::figure::Figure;
use crate::typing::{echoes, percentile};

/// A customer at such a line, whose round trip is `delay` there and as much back, and a supporter at
/// a good one.
fn ends(lab: &Lab) -> Result<(Site, Site)> {
    Ok((
        lab.site("home", Nat::PortRestricted)?,
        lab.site("shop", Nat::PortRestricted)?,
    ))
}

const fn ms(time: u64) -> Duration {
    Duration::from_millis(time)
}

/// Types, and says how soon it was seen and whether all of it was done once.
fn typed(
    scene: &Scene,
    echo: &Echo,
    keys: usize,
    (what, goal, limit): (&str, &str, Duration),
) -> Result<Vec<Figure>> {
    let times = echoes(scene, echo, keys)?;
    let (half, most) = (percentile(&times, 50)?, percentile(&times, 95)?);
    // The last one may be seen before it is let go, if that is sent again.
    let end = Instant::now() + ms(10_000);
    while echo.keys().1 < keys && Instant::now() < end {
        std::thread::sleep(ms(20));
    }
    let (down, up) = echo.keys();
    println!("{down} keys down, {up} up, the slowest {:?}", times.last());
    Ok(vec![
        Figure::new(
            format!("{what}: key press → changed pixel, p50 / p95 of {keys}"),
            format!("{} / {} ms", half.as_millis(), most.as_millis()),
            goal,
            most <= limit,
        ),
        Figure::new(
            format!("the same: of {keys} keys went down, up"),
            format!("{down}, {up}"),
            "all, once",
            (down, up) == (keys, keys),
        ),
    ])
}

/// 5 % loss and a round trip of 100 ms.
pub(crate) fn typing_at_loss(lab: &Lab, painter: &Painter) -> Result<Vec<Figure>> {
    let (home, shop) = ends(lab)?;
    home.link().set(Conditions {
        delay: ms(50),
        loss: Loss::random(0.05),
        ..Conditions::default()
    });
    let scene = Scene::begin(lab, painter, &home, &shop)?;
    let echo = Echo::open()?;
    let what = ("5 % loss, 100 ms", "400 ms", ms(400));
    typed(&scene, &echo, 200, what)
}

/// The worst in which anybody would still want help.
pub(crate) fn harsh(lab: &Lab, painter: &Painter) -> Result<Vec<Figure>> {
    let (home, shop) = ends(lab)?;
    home.link().set(Conditions {
        delay: ms(225),
        loss: Loss::bursts(0.12, 3.0),
        rate: Some(500_000),
        ..Conditions::default()
    });
    let scene = Scene::begin(lab, painter, &home, &shop)?;
    let echo = Echo::open()?;
    let what = (
        "12 % loss in bursts of 3, 450 ms, 500 kbit/s",
        "3000 ms",
        ms(3_000),
    );
    let mut figures = typed(&scene, &echo, 200, what)?;
    let lives = scene.supporter.until_live().is_ok();
    figures.push(Figure::new(
        "the same: the session ends",
        if lives { "never" } else { "it did" },
        "never",
        lives,
    ));
    Ok(figures)
}

/// Packets overtake each other and come twice.
pub(crate) fn disorder(lab: &Lab, painter: &Painter) -> Result<Vec<Figure>> {
    let (home, shop) = ends(lab)?;
    home.link().set(Conditions {
        delay: ms(20),
        reorder: Reorder {
            share: 0.25,
            by: ms(10),
        },
        duplicate: 0.05,
        ..Conditions::default()
    });
    let scene = Scene::begin(lab, painter, &home, &shop)?;
    let echo = Echo::open()?;
    let what = (
        "25 % overtaken by 10 ms, 5 % doubled, 40 ms",
        "400 ms",
        ms(400),
    );
    typed(&scene, &echo, 200, what)
}

/// A film plays while somebody types, over a line that the film would fill.
pub(crate) fn film(lab: &Lab, painter: &Painter) -> Result<Vec<Figure>> {
    let (home, shop) = ends(lab)?;
    home.link().set(Conditions {
        delay: ms(20),
        rate: Some(1_000_000),
        ..Conditions::default()
    });
    let scene = Scene::begin(lab, painter, &home, &shop)?;
    let (echo, _film) = (Echo::open()?, Film::play()?);
    // Until the line is as full as it will be.
    std::thread::sleep(Duration::from_secs(3));
    let (before, start) = (home.link().tally(Direction::Up), Instant::now());
    let what = ("a film over 1 Mbit/s, 40 ms", "290 ms", ms(290));
    let mut figures = typed(&scene, &echo, 100, what)?;
    let bytes = home.link().tally(Direction::Up).bytes_out - before.bytes_out;
    let kilobits = 8.0 * bytes as f64 / start.elapsed().as_secs_f64() / 1e3;
    figures.push(Figure::plain(
        "the same: went over the line meanwhile",
        format!("{kilobits:.0} kbit/s"),
    ));
    Ok(figures)
}
