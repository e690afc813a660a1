//! VP9 and AV1 on the whole screen, as a support tool would use them, through the program ffmpeg.
//!
//! It runs as a child that reads raw pictures and leaves a file, and another reads that file and gives pictures back.
//! How long a frame took to encode is what ffmpeg itself measured around the codec: pipes and the change of pixel
//! format are not in it.

use std::fs;
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use aldis_screen::Frame;
use anyhow::{Context as _, Result, bail, ensure};

use super::{FRAMES_A_SECOND, Theirs, ivf};
use crate::scenes::Scene;

/// A codec, and how it is told to code.
#[derive(Debug)]
pub(crate) struct Codec {
    pub(super) name: &'static str,
    pixels: &'static str,
    arguments: &'static str,
}

/// As for a call with a shared screen: no frame waits for another, fastest speed, tuned for what screens show.
const VP9: &str = "-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -tune-content screen -aq-mode 3 -lag-in-frames 0";

/// ffmpeg itself knows speeds up to 8 only, so the codec is told 10 by its own name for it.
const AV1: &str = "-c:v libaom-av1 -usage realtime -cpu-used 8 -enable-palette 1 -aq-mode 3 -lag-in-frames 0 \
                   -aom-params cpu-used=10:tune-content=screen";

/// All that are measured: with colours at half the resolution, as products ship them, and AV1 at the full one as well,
/// where it gains most.
pub(super) const CODECS: [Codec; 3] = [
    Codec {
        name: "VP9, 4:2:0",
        pixels: "yuv420p",
        arguments: VP9,
    },
    Codec {
        name: "AV1, 4:2:0",
        pixels: "yuv420p",
        arguments: AV1,
    },
    Codec {
        name: "AV1, 4:4:4",
        pixels: "yuv444p",
        arguments: AV1,
    },
];

/// The best change of pixel format that ffmpeg has, both ways.
const SCALE: &str = "scale=flags=bicubic+accurate_rnd+full_chroma_int+full_chroma_inp";

/// Whether there is an ffmpeg.
pub(super) fn is_here() -> bool {
    let mut command = Command::new("ffmpeg");
    command.arg("-version").stdout(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// Codes a scene and looks at what a viewer would see of it.
pub(super) fn run(codec: &Codec, scene: &Scene, rate: u32) -> Result<Theirs> {
    let folder = tempfile::tempdir()?;
    let (file, log) = (folder.path().join("coded.ivf"), folder.path().join("log"));
    encode(codec, scene, rate, &file, &log)?;
    let mut theirs = Theirs::default();
    let sizes = ivf::sizes(&fs::read(&file)?)?;
    let times = times(&fs::read_to_string(&log)?);
    ensure!(
        sizes.len() == scene.frames + 1 && times.len() == sizes.len(),
        "{} frames became {} and {} times",
        scene.frames + 1,
        sizes.len(),
        times.len()
    );
    theirs.bytes = sizes.iter().skip(1).sum();
    for time in times.into_iter().skip(1) {
        theirs.encode.add(time);
    }
    decode(scene, &file, &log, &mut theirs)?;
    Ok(theirs)
}

/// Draws the scene into ffmpeg, which writes the file, and into the log how long each frame took.
fn encode(codec: &Codec, scene: &Scene, rate: u32, file: &Path, log: &Path) -> Result<()> {
    let (width, height) = scene.size;
    let format = format!("{SCALE},format={}", codec.pixels);
    let rate = rate.to_string();
    let mut command = ffmpeg(log)?;
    command
        .args(["-benchmark_all", "-f", "rawvideo", "-pixel_format", "bgra"])
        .args(["-video_size", &format!("{width}x{height}")])
        .args(["-framerate", &FRAMES_A_SECOND.to_string(), "-i", "pipe:0"])
        .args(["-vf", &format, "-threads", "1"])
        .args(codec.arguments.split(' '))
        // The same rate at all times, as for a link that carries no more, and one whole picture at the start.
        .args(["-b:v", &rate, "-minrate", &rate, "-maxrate", &rate])
        .args(["-bufsize", &rate, "-g", "100000", "-f", "ivf"])
        .arg(file)
        .stdin(Stdio::piped())
        .stdout(Stdio::null());
    let mut child = command.spawn().context("starting ffmpeg")?;
    let drawn = draw(scene, &mut child);
    // Whoever ends early says why, and that says more than a pipe that is shut.
    end(child, log)?;
    drawn
}

/// Draws the scene into a child, and shuts its input.
fn draw(scene: &Scene, child: &mut Child) -> Result<()> {
    let mut pipe = child.stdin.take().context("ffmpeg's input")?;
    let mut frame = Frame::new(scene.size.0, scene.size.1)?;
    for number in 0..=scene.frames {
        scene.draw(number, &mut frame);
        pipe.write_all(frame.data())?;
    }
    Ok(())
}

/// Compares what comes out of the file with the scene, which is drawn once more.
fn decode(scene: &Scene, file: &Path, log: &Path, theirs: &mut Theirs) -> Result<()> {
    let mut command = ffmpeg(log)?;
    command
        .arg("-i")
        .arg(file)
        .args(["-vf", &format!("{SCALE},format=bgra")])
        .args(["-fps_mode", "passthrough", "-f", "rawvideo", "pipe:1"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped());
    let mut child = command.spawn().context("starting ffmpeg")?;
    let compared = compare(scene, &mut child, theirs);
    end(child, log)?;
    compared
}

/// Compares a child's pictures with the scene.
fn compare(scene: &Scene, child: &mut Child, theirs: &mut Theirs) -> Result<()> {
    let mut pipe = child.stdout.take().context("ffmpeg's output")?;
    let mut frame = Frame::new(scene.size.0, scene.size.1)?;
    let mut shown = frame.clone();
    for number in 0..=scene.frames {
        let before = frame.clone();
        scene.draw(number, &mut frame);
        pipe.read_exact(shown.data_mut())
            .with_context(|| format!("frame {number} did not come back"))?;
        if number > 0 {
            theirs.compare(&before, &frame, &shown);
        }
    }
    Ok(())
}

/// An ffmpeg that says everything into a log.
fn ffmpeg(log: &Path) -> Result<Command> {
    let mut command = Command::new("ffmpeg");
    command
        .args(["-hide_banner", "-nostdin", "-nostats", "-y"])
        .stderr(fs::File::create(log)?);
    Ok(command)
}

/// Waits for a child's end; one that failed is an error in its own last words.
fn end(mut child: Child, log: &Path) -> Result<()> {
    // It would wait for the rest, or for somebody who reads.
    drop(child.stdin.take());
    drop(child.stdout.take());
    let status = child.wait()?;
    if !status.success() {
        let said = fs::read_to_string(log)?;
        bail!("ffmpeg: {}", said.trim().lines().last().unwrap_or_default());
    }
    Ok(())
}

/// How long each frame took, from the log.
///
/// ffmpeg writes a line whenever it has asked the codec: for the frame, and once more to hear that nothing is left.
/// Such a line reads `bench:  8655 user  635 sys  9528 real encode_video 0.0`, in microseconds.
fn times(log: &str) -> Vec<Duration> {
    let asked: Vec<u64> = log
        .lines()
        .filter_map(|line| {
            let words: Vec<&str> = line.split_whitespace().collect();
            let at = words.iter().position(|word| *word == "encode_video")?;
            let [time, "real"] = words.get(at.checked_sub(2)?..at)? else {
                return None;
            };
            time.parse().ok()
        })
        .collect();
    let frames = asked.chunks(2);
    frames
        .map(|frame| Duration::from_micros(frame.iter().sum()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_takes_what_both_questions_took() {
        let log = "\
Stream mapping:
  Stream #0:0 -> #0:0 (rawvideo (native) -> vp9 (libvpx-vp9))
bench:        7 user        6 sys       16 real decode_video 0.0 
bench:     8655 user      635 sys     9528 real encode_video 0.0 
bench:       32 user       24 sys       75 real encode_video 0.0 
bench:        4 user        0 sys        6 real decode_video 0.0 
bench:    11464 user        0 sys    11462 real encode_video 0.0 
bench:       63 user        0 sys       90 real encode_video 0.0 
bench:        3 user        0 sys        3 real flush_video 0.0 
";
        assert_eq!(
            times(log),
            [Duration::from_micros(9603), Duration::from_micros(11_552)]
        );
    }

    #[test]
    fn a_log_without_times_has_none() {
        assert!(times("frame=   10 fps=0.0 q=38.0\nencode_video\n").is_empty());
    }
}
