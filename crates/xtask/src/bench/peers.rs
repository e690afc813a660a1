//! Other programs that show a screen elsewhere, beside ours: the same scenes, on the same displays, in the same run.

mod figures;
mod network;
mod report;
mod roster;
mod stage;

use std::path::{Path, PathBuf};
use std::thread;

use aldis_e2e::network::Link;
use aldis_e2e::wait::Stopwatch;
use aldis_e2e::{Binaries, DeskOptions, Scene, SceneOptions, binaries};
use anyhow::{Context as _, Result, ensure};
use clap::Args;
use clap::builder::PossibleValuesParser;

use figures::{Cost, Figures, SCENES, figures, median};
use network::Network;
use report::{Outcome, Outcomes};
use roster::{PEERS, Peer, Running};
use stage::Stage;

use super::process::group_cpu_seconds;
use crate::run::{build_apps, cargo, step};
use crate::setup::{self, Consent, Purpose};

/// The name of the measurement's folders.
const BENCH: &str = "bench-peers";

/// What to measure, and beside whom.
#[derive(Clone, Debug, Args)]
pub(crate) struct Options {
    #[command(flatten)]
    consent: Consent,
    /// Which scenes are played.
    #[arg(long, value_delimiter = ',', value_parser = PossibleValuesParser::new(SCENES), default_values = SCENES)]
    scenes: Vec<String>,
    /// Who is measured.
    #[arg(long, value_delimiter = ',', value_parser = PossibleValuesParser::new(names()), default_values = names())]
    peers: Vec<String>,
    /// How slow and long the way between both is, such as 20mbit,40ms.
    #[arg(long)]
    link: Option<Link>,
    /// How often a second scrolled pages, dragged windows and films change.
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=120))]
    rate: u32,
    /// Width and height of both screens.
    #[arg(long, default_value = "1920x1080", value_parser = size)]
    size: (u16, u16),
    /// How often everything is played; the table has the medians.
    #[arg(long, default_value_t = 1)]
    runs: u32,
    /// Uses the programs in this folder instead of building them.
    #[arg(long)]
    binaries: Option<PathBuf>,
    /// Uses the debug build, for trying the measurement itself.
    #[arg(long)]
    debug: bool,
}

fn names() -> Vec<&'static str> {
    PEERS.iter().map(|peer| peer.name).collect()
}

/// Reads such as 3840x2160; the scenes have places that must be on the screen.
fn size(text: &str) -> Result<(u16, u16), String> {
    let (width, height) = text.split_once('x').ok_or("write WIDTHxHEIGHT")?;
    let number = |text: &str| text.parse::<u16>().map_err(|it| format!("{text}: {it}"));
    let size = (number(width)?, number(height)?);
    if (1920..=8192).contains(&size.0) && (1080..=8192).contains(&size.1) {
        Ok(size)
    } else {
        Err("the scenes need 1920x1080 to 8192x8192".to_owned())
    }
}

/// Builds, measures, prints.
pub(super) fn run(options: &Options) -> Result<()> {
    let wanted = |peer: &&Peer| options.peers.iter().any(|it| it == peer.name);
    let peers: Vec<Peer> = PEERS.iter().filter(wanted).copied().collect();
    setup::ensure(
        &[Purpose::Build, Purpose::Run, Purpose::Test],
        options.consent,
    )?;
    setup::offer(Purpose::Peers, options.consent);
    let folder = match &options.binaries {
        Some(folder) => folder.clone(),
        None => build_apps(!options.debug)?,
    };
    let program = build_stage(!options.debug)?;
    let logs = binaries::target().join("e2e").join(BENCH);
    let network = Network::lay(&program, options.link, &logs)?;
    let mut scene = scene(&folder, &network, options.size)?;
    let (source, viewer) = (scene.customer.desk(), scene.supporter.desk());
    let mut stage = Stage::open(
        &program,
        (&source.display().name(), &viewer.display().name()),
        options.rate,
        &logs,
    )?;
    let mut runs: Vec<Outcomes> = Vec::new();
    for number in 1..=options.runs.max(1) {
        let mut outcomes = Outcomes::new();
        for peer in &peers {
            println!("── run {number} of {}: {}", options.runs.max(1), peer.title);
            measure(
                *peer,
                options,
                &mut scene,
                &mut stage,
                &network,
                &mut outcomes,
            );
        }
        runs.push(outcomes);
    }
    let outcomes = together(&runs);
    println!(
        "\n{}",
        report::table(&peers, &options.scenes, options.rate, &outcomes)
    );
    for failure in runs.iter().flat_map(report::failures) {
        println!("failed: {failure}");
    }
    let cores = thread::available_parallelism().map_or(0, usize::from);
    let way = options.link.map_or_else(
        || "no slower than this machine".to_owned(),
        |link| link.to_string(),
    );
    println!(
        "bench peers: {} × {} on {cores} cores without a graphics card, medians of {} runs; the way between source and \
         viewer is {way}; TigerVNC and x11vnc do not encrypt",
        options.size.0,
        options.size.1,
        runs.len()
    );
    Ok(())
}

/// Builds the program that plays the scenes.
fn build_stage(release: bool) -> Result<PathBuf> {
    let mut build = cargo();
    build.args(["build", "--package", "aldis-stage"]);
    if release {
        build.arg("--release");
    }
    step("build the stage", &mut build)?;
    let folder = if release { "release" } else { "debug" };
    Ok(binaries::target().join(folder).join("aldis-stage"))
}

/// Both desks, and our server.
fn scene(folder: &Path, network: &Network, (width, height): (u16, u16)) -> Result<Scene> {
    let desk = |network| DeskOptions {
        width,
        height,
        network,
        ..DeskOptions::default()
    };
    let options = SceneOptions {
        binaries: Binaries::at(folder),
        supporter: desk(network.viewer()),
        customer: desk(network.source()),
        listen: network.listen(),
        network: network.town(),
    };
    Scene::start_with(BENCH, &options)
}

/// Starts one peer, plays all scenes, and ends it.
fn measure(
    peer: Peer,
    options: &Options,
    scene: &mut Scene,
    stage: &mut Stage,
    network: &Network,
    outcomes: &mut Outcomes,
) {
    let mut all = |outcome: &Outcome| {
        for name in &options.scenes {
            outcomes.insert((peer.name, name.clone()), outcome.clone());
        }
    };
    let missing = peer.missing();
    if !missing.is_empty() {
        println!("{} is not here: no {}", peer.title, missing.join(", "));
        return all(&Outcome::NotHere);
    }
    let started = stage.hide().and_then(|()| {
        let running = peer.start(scene, network)?;
        network.wait_quiet()?;
        Ok(running)
    });
    let running = match started {
        Ok(running) => running,
        Err(error) => {
            scene.customer.close();
            println!("failed: {error:#}");
            return all(&Outcome::Failed(format!("starting: {error:#}")));
        }
    };
    for name in &options.scenes {
        let outcome = match play(name, options.rate, &running, scene, stage, network) {
            Ok(figures) => Outcome::Measured(figures),
            Err(error) => {
                println!("failed: {name}: {error:#}");
                evidence(scene, &format!("{}-{name}", peer.name));
                Outcome::Failed(format!("{error:#}"))
            }
        };
        outcomes.insert((peer.name, name.clone()), outcome);
    }
    running.end(scene);
}

/// Leaves pictures of both screens with the logs, for a scene that failed.
fn evidence(scene: &Scene, what: &str) {
    for desk in [scene.customer.desk(), scene.supporter.desk()] {
        let path = desk.logs().join(format!("failed-{what}.png"));
        let saved = desk.display().picture().and_then(|it| it.save(&path));
        match saved {
            Ok(()) => println!("the screen is in {}", path.display()),
            Err(error) => println!("the screen could not be saved: {error:#}"),
        }
    }
}

/// Plays one scene; what it cost is what the kernel counted meanwhile.
fn play(
    name: &str,
    rate: u32,
    running: &Running,
    scene: &Scene,
    stage: &mut Stage,
    network: &Network,
) -> Result<Figures> {
    stage.prepare(name)?;
    let displays = [
        scene.customer.desk().display().server_id(),
        scene.supporter.desk().display().server_id(),
    ];
    let spent = || -> Result<Cost> {
        let [ours, theirs] = displays;
        Ok(Cost {
            bytes: network.bytes()?,
            source: group_cpu_seconds(running.source)?,
            viewer: group_cpu_seconds(running.viewer)?,
            displays: group_cpu_seconds(ours)? + group_cpu_seconds(theirs)?,
            seconds: 0.0,
        })
    };
    let (clock, before) = (Stopwatch::start(), spent()?);
    let played = stage.play()?;
    let (seconds, after) = (clock.elapsed().as_secs_f64(), spent()?);
    ensure!(
        after.source > 0.0 && after.viewer > 0.0,
        "one side has ended"
    );
    let cost = Cost {
        bytes: after.bytes.since(before.bytes),
        source: after.source - before.source,
        viewer: after.viewer - before.viewer,
        displays: after.displays - before.displays,
        seconds,
    };
    figures(name, rate, &played, cost).context("figures")
}

/// The medians of several runs; what failed once and was measured otherwise counts as measured.
fn together(runs: &[Outcomes]) -> Outcomes {
    let mut all = Outcomes::new();
    for key in runs.iter().flat_map(|run| run.keys()) {
        let outcomes: Vec<&Outcome> = runs.iter().filter_map(|run| run.get(key)).collect();
        let measured: Vec<Figures> = outcomes
            .iter()
            .filter_map(|outcome| match outcome {
                Outcome::Measured(figures) => Some(figures.clone()),
                Outcome::Failed(_) | Outcome::NotHere => None,
            })
            .collect();
        let outcome = match (measured.is_empty(), outcomes.first()) {
            (true, Some(first)) => (*first).clone(),
            _ => Outcome::Measured(median(&measured)),
        };
        all.insert(key.clone(), outcome);
    }
    all
}
