//! Three supporters at one customer, each behind a link of his own: the slowest slows nobody.

use std::path::Path;

use aldis_e2e::network::{End, Link, Net, cable, join};
use aldis_e2e::paint::Easel;
use aldis_e2e::{
    DeskOptions, Picture, Program, Rect, SUPPORTER, Scene, SceneOptions, binaries, containing,
};
use anyhow::{Result, ensure};

const TEST: &str = "three-links";

/// The server's address, which every supporter reaches without his slow link.
const TOWN: &str = "10.78.1.1";

/// The supporters after the first, and how far away they are.
const COLLEAGUES: [(&str, &str); 2] = [("Bo", "100mbit,2ms"), ("Cy", "6mbit,50ms")];

/// The first one's link, by far the slowest.
const SLOWEST: &str = "0.4mbit,300ms";

/// Where the customer's screen changes.
const AREA: Rect = Rect {
    x: 560,
    y: 60,
    width: 320,
    height: 240,
};

/// How often it does.
const PICTURES: u64 = 8;

#[test]
fn the_slowest_of_three_viewers_slows_nobody() -> Result<()> {
    let ground = match Ground::lay() {
        Ok(ground) => ground,
        Err(why) => {
            use std::io::Write as _;
            // Not with a macro: that would be shown only if the test failed.
            let mut told = std::io::stderr();
            writeln!(
                told,
                "\nskipped: networks of their own are not allowed here ({why:#})"
            )?;
            return Ok(());
        }
    };
    let mut options = SceneOptions::usual()?;
    let at = |net: &Net, options: DeskOptions| DeskOptions {
        network: Some(net.id()),
        ..options
    };
    options.listen = "10.78.1.1:0";
    options.network = Some(ground.town.id());
    options.customer = at(&ground.source, options.customer);
    options.supporter = at(&ground.viewers[0].net, options.supporter);
    let mut scene = Scene::start_with(TEST, &options)?;
    scene.login()?;
    let mut colleagues = Vec::new();
    for (place, (name, _)) in ground.viewers[1..].iter().zip(COLLEAGUES) {
        let desk = at(&place.net, options.supporter);
        colleagues.push(scene.colleague_with(TEST, name, &options.binaries, desk)?);
    }
    let code = scene.waiting_customer("Emma")?;
    let _slowest = scene.supporter.connect(&code, &["--fullscreen"])?;
    scene.customer.wait_question(SUPPORTER)?;
    scene.customer.answer("Allow")?;
    scene.customer.wait_banner(SUPPORTER, "Full control")?;
    let mut viewers = Vec::new();
    for (colleague, (name, _)) in colleagues.iter().zip(COLLEAGUES) {
        scene.supporter.invite(&code, name)?;
        viewers.push(colleague.connect(&code, &["--fullscreen"])?);
        let question = containing(&format!("{name} would like to join"));
        scene.customer.desk().find(&question)?;
        scene.customer.answer("Allow to join")?;
    }
    let [fast, middle] = colleagues.as_slice() else {
        anyhow::bail!("two colleagues");
    };

    let easel = Easel::new(scene.customer.desk().display(), AREA)?;
    scene.wait_same_pixels_at(fast, "fast-before")?;
    for seed in 1..=PICTURES {
        let (width, height) = (AREA.width.try_into()?, AREA.height.try_into()?);
        // Noise: nothing makes it smaller than it is.
        easel.show(&Picture::random(width, height, seed))?;
        scene.wait_same_pixels_at(fast, "fast")?;
    }
    // The fast one has seen every picture exactly, one after the other. Meanwhile even the last one
    // alone, let alone all of them, was more than the slow link could carry.
    let slowest = &scene.supporter;
    ensure!(
        !scene.shows_same_pixels_at(slowest)?,
        "the slow link is not slow, so that nothing was shown here"
    );
    scene.wait_same_pixels_at(middle, "middle")?;
    scene.wait_same_pixels_at(slowest, "slowest")?;
    Ok(())
}

/// The networks of everybody.
struct Ground {
    source: Net,
    viewers: Vec<Far>,
    town: Net,
}

/// A supporter's network, and the program that carries his link.
struct Far {
    net: Net,
    _wire: Program,
}

impl Ground {
    fn lay() -> Result<Self> {
        let logs = binaries::target().join("e2e").join(TEST);
        let (town, source) = (Net::new("town", &logs)?, Net::new("source", &logs)?);
        road(&town, &source, 1)?;
        let stage = Path::new(env!("CARGO_BIN_EXE_aldis-stage"));
        let links = [SLOWEST]
            .into_iter()
            .chain(COLLEAGUES.map(|(_, link)| link));
        let mut viewers = Vec::new();
        for (number, link) in (2..).zip(links) {
            let net = Net::new(&format!("viewer-{number}"), &logs)?;
            road(&town, &net, number)?;
            net.ip(&format!("route add {TOWN}/32 via 10.78.{number}.1"))?;
            let device = format!("wire-{number}");
            let ends = [&source, &net].map(|net| End {
                net,
                device: &device,
            });
            let link: Link = link.parse()?;
            let wire = cable(stage, link, &town, ends, &logs)?;
            source.plug(&device, &format!("10.79.{number}.1/24"))?;
            net.plug(&device, &format!("10.79.{number}.2/24"))?;
            viewers.push(Far { net, _wire: wire });
        }
        Ok(Self {
            source,
            viewers,
            town,
        })
    }
}

/// The way to the server.
fn road(town: &Net, net: &Net, number: u8) -> Result<()> {
    let device = format!("to-{number}");
    let near = End {
        net: town,
        device: &device,
    };
    join(
        near,
        End {
            net,
            device: "town",
        },
    )?;
    town.plug(&device, &format!("10.78.{number}.1/24"))?;
    net.plug("town", &format!("10.78.{number}.2/24"))
}
