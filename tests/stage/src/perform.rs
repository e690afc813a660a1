//! Plays a scene on one display and watches the other.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail, ensure};
use serde_json::{Value, json};

use crate::canvas::Area;
use crate::clock::{self, milliseconds};
use crate::eye::{Eye, samples_of};
use crate::fidelity;
use crate::page::Hand;
use crate::scenes::{self, Act, Cue, Scene};
use crate::source::Source;
use crate::watch::{Seen, TILES};

/// The first picture of a scene is there when no part of it is further from the real one than this, in dB.
const BEGUN: f64 = 22.0;

/// How long that may take.
const PATIENCE: u64 = milliseconds(25_000);

/// A viewer is at rest when nothing has changed for so long.
const QUIET: u64 = milliseconds(700);

/// How long after the last change the pictures are compared first.
const SOON: u64 = milliseconds(400);

/// The longest wait for the answer to one click.
const ECHO: u64 = milliseconds(2_500);

/// Width and height of the corner that the pointer waits in.
const POINTER: usize = 64;

/// Both displays, and at most one scene that is ready.
pub(crate) struct Stage {
    source: Source,
    eye: Eye,
    hand: Hand,
    /// How often a second moving things change.
    rate: u64,
    ready: Option<(String, Scene)>,
}

/// What a player tells the watcher.
#[derive(Debug, Default)]
struct Played {
    moments: Mutex<Vec<u64>>,
    done: AtomicBool,
}

impl Played {
    fn count(&self) -> usize {
        self.moments.lock().map_or(0, |it| it.len())
    }

    fn last(&self) -> Option<u64> {
        self.moments.lock().ok()?.last().copied()
    }

    fn note(&self, moment: u64) {
        if let Ok(mut moments) = self.moments.lock() {
            moments.push(moment);
        }
    }
}

impl Stage {
    /// Opens both displays; what moves will change so often a second.
    pub(crate) fn open(source: &str, viewer: &str, rate: u64) -> Result<Self> {
        let (source, eye) = (Source::open(source)?, Eye::open(viewer)?);
        ensure!(
            source.size() == eye.size(),
            "both displays must have one size"
        );
        Ok(Self {
            source,
            eye,
            hand: Hand::new()?,
            rate,
            ready: None,
        })
    }

    /// Shows the first picture of a scene, and waits until the viewer shows it and is at rest.
    pub(crate) fn prepare(&mut self, name: &str) -> Result<Value> {
        self.ready = None;
        self.source.forget_all()?;
        self.source.let_go()?;
        let scene = scenes::make(name, &mut self.source, &self.hand, self.rate)?;
        let first = self.source.keep(&scene.first)?;
        self.source.raise(first)?;
        let (width, height) = self.eye.size();
        let pointer = match scene.cue {
            Cue::Clicks(_, place) => place,
            Cue::Times(_) => (width - 1, height - 1),
        };
        self.eye.point(pointer.0, pointer.1)?;
        let begun = clock::now();
        let expected = samples_of(&scene.first);
        loop {
            let shown = self.eye.sampled()?;
            let worst = fidelity::worst_tile(&expected, &shown, TILES.0, TILES.1);
            if worst >= BEGUN {
                break;
            }
            if clock::now() > begun + PATIENCE {
                bail!("the viewer does not show the scene's first picture ({worst:.1} dB)");
            }
            self.eye.wait_change(clock::now() + milliseconds(100))?;
        }
        let took = clock::now() - begun;
        let quiet = self.eye.wait_quiet(QUIET, clock::now() + PATIENCE)?;
        self.ready = Some((name.to_owned(), scene));
        Ok(json!({ "first_ms": took as f64 / 1e6, "quiet": quiet }))
    }

    /// Plays the scene that is ready; gives all moments in nanoseconds.
    pub(crate) fn play(&mut self) -> Result<Value> {
        let (name, mut scene) = self.ready.take().context("no scene is ready")?;
        let count = scene.cue.len();
        let (played, mut seen) = (Played::default(), Seen::nothing(count));
        let begun = clock::now();
        let (source, eye) = (&mut self.source, &self.eye);
        let (pressed, rest) = thread::scope(|scope| {
            let (told, cue, act) = (&played, scene.cue.clone(), &mut scene.act);
            let player = thread::Builder::new().name("player".to_owned());
            let player = player.spawn_scoped(scope, move || {
                let result = act_out(source, act.as_mut(), &cue, told);
                told.done.store(true, Ordering::Release);
                result
            })?;
            let watched = watch(
                eye,
                &scene.cue,
                &scene.sight,
                scene.rest,
                &played,
                &mut seen,
            );
            player
                .join()
                .map_err(|_panic| anyhow!("the player fell over"))??;
            watched
        })?;
        let changed = played.moments.into_inner().unwrap_or_default();
        // The real screen has not changed since.
        let real = self.source.picture()?;
        let corner = Area::new(
            real.width() - POINTER,
            real.height() - POINTER,
            POINTER,
            POINTER,
        );
        let mask = match scene.cue {
            Cue::Clicks(_, (x, y)) => Area::new(x - POINTER / 2, y - POINTER / 2, POINTER, POINTER),
            Cue::Times(_) => corner,
        };
        let fidelity: Vec<f64> = rest
            .iter()
            .map(|shown| fidelity::compare(&real, shown, mask))
            .collect();
        Ok(json!({
            "scene": name,
            "begun": begun,
            "pressed": pressed,
            "changed": changed,
            "seen": seen.first,
            "exact": seen.exact,
            "psnr_soon": fidelity.first(),
            "psnr_rest": fidelity.last(),
        }))
    }

    /// Takes the window away.
    pub(crate) fn hide(&mut self) -> Result<()> {
        self.ready = None;
        self.source.hide()?;
        self.source.forget_all()
    }
}

/// Makes every change at its time.
fn act_out(source: &mut Source, act: &mut dyn Act, cue: &Cue, played: &Played) -> Result<()> {
    match cue {
        Cue::Times(times) => {
            if !times.is_empty() {
                act.prepare(source, 0)?;
            }
            let start = clock::now() + milliseconds(100);
            for (number, due) in times.iter().enumerate() {
                clock::sleep_until(start + due);
                played.note(act.show(source, number)?);
                if number + 1 < times.len() {
                    act.prepare(source, number + 1)?;
                }
            }
        }
        Cue::Clicks(count, _) => {
            // A click that never arrives ends the scene on the watcher's side; here too, a little later.
            let patience = Duration::from_nanos(ECHO * 2);
            for number in 0..*count {
                if !source.wait_press(patience)? {
                    bail!("click {number} never reached the source's display");
                }
                played.note(act.show(source, number)?);
            }
        }
    }
    Ok(())
}

/// What was pressed when, and the screen soon after the last change and at rest.
type Watched = (Vec<u64>, Vec<crate::canvas::Canvas>);

/// Notes when each change is seen.
fn watch(
    eye: &Eye,
    cue: &Cue,
    sight: &scenes::Sight,
    rest: u64,
    played: &Played,
    seen: &mut Seen,
) -> Result<Watched> {
    let pressed = match cue {
        Cue::Clicks(count, _) => click(eye, *count, sight, played, seen)?,
        Cue::Times(_) => Vec::new(),
    };
    let begun = clock::now();
    let mut pictures = Vec::new();
    let mut looked_at = 0;
    loop {
        let now = clock::now();
        let done = played.done.load(Ordering::Acquire);
        let last = played.last().unwrap_or(begun);
        if done && pictures.is_empty() && now > last + SOON {
            pictures.push(eye.picture()?);
        }
        if done && now > last + rest {
            break;
        }
        let changed = eye.wait_change(now + milliseconds(10))?;
        let count = played.count();
        if changed || count != looked_at {
            seen.look(eye, sight, count)?;
            looked_at = count;
        }
    }
    pictures.push(eye.picture()?);
    Ok((pressed, pictures))
}

/// Clicks, and waits for each answer before the next.
fn click(
    eye: &Eye,
    count: usize,
    sight: &scenes::Sight,
    played: &Played,
    seen: &mut Seen,
) -> Result<Vec<u64>> {
    let mut pressed = Vec::new();
    for number in 0..count {
        // Uneven, so that no beat of the programs is met or missed every time.
        let pause = milliseconds(180 + number as u64 * 37 % 90);
        clock::sleep_until(clock::now() + pause);
        let moment = eye.click()?;
        pressed.push(moment);
        let mut looked_at = 0;
        while seen.first[number].is_none() {
            ensure!(
                clock::now() < moment + ECHO,
                "click {number} was never answered"
            );
            let changed = eye.wait_change(clock::now() + milliseconds(10))?;
            let count = played.count();
            if count > number && (changed || looked_at != count) {
                seen.look(eye, sight, count)?;
                looked_at = count;
            }
        }
    }
    Ok(pressed)
}
