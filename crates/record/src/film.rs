//! Makes a video file of a recording: AV1 in MP4, which every browser and player shows.
//!
//! A picture lasts until the next one differs, so what does not change costs nothing.
//! The file gets its name when it is whole.

use std::collections::VecDeque;
use std::io::{self, Read, Seek, SeekFrom, Write as _};
use std::num::NonZeroU32;
use std::path::Path;

use aldis_wire::Millis;
use rav1e::prelude::*;
use shiguredo_mp4::TrackKind;
use shiguredo_mp4::Uint;
use shiguredo_mp4::boxes::{Av01Box, Av1cBox, SampleEntry, VisualSampleEntryFields};
use shiguredo_mp4::mux::{Mp4FileMuxer, MuxError, Sample};
use tempfile::NamedTempFile;
use thiserror::Error;

use crate::player::Player;
use crate::yuv::Yuv;

/// A film has at most this many pictures a second.
const STEP: Millis = 66;

/// For so long the last picture is seen: what was recorded may have come at the very end.
pub const HOLD: Millis = 1_000;

/// No picture is larger; a larger screen is shown smaller.
const MAX_WIDTH: usize = 2560;
const MAX_HEIGHT: usize = 1600;

/// The smallest picture that the coder takes.
const MIN_SIDE: usize = 16;

/// A player can begin at every so many pictures.
const KEY_EVERY: u64 = 150;

/// The steps of brightness and colour: small enough for small letters.
const QUANTIZER: usize = 70;

/// The coder's fastest way.
const SPEED: u8 = 10;

/// Milliseconds are what times are told in.
const TIMESCALE: NonZeroU32 = NonZeroU32::new(1000).expect("a thousand is not nothing");

/// No film was made.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum FilmError {
    /// Somebody wanted it so.
    #[error("the export was cancelled")]
    Cancelled,
    /// A file cannot be read or written; the system's words.
    #[error("the video cannot be written: {0}")]
    File(#[from] io::Error),
    /// There is a file of this name.
    #[error("there is a file of this name already; choose another one")]
    Exists,
    /// The coder refused.
    #[error("the video cannot be coded: {0}")]
    Code(String),
    /// The file's form does not allow it.
    #[error("the video cannot be put together: {0}")]
    Mux(#[from] MuxError),
}

/// Makes a film; `progress` hears how far it is, from 0 to 1, and says whether to go on.
///
/// Never replaces a file.
pub fn export<R: Read + Seek>(
    player: &mut Player<R>,
    to: &Path,
    progress: &mut dyn FnMut(f32) -> bool,
) -> Result<(), FilmError> {
    if to.exists() {
        return Err(FilmError::Exists);
    }
    let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or_else(|| Path::new("."));
    let file = tempfile::Builder::new()
        .prefix(".aldis-")
        .suffix(".part")
        .tempfile_in(folder)?;
    let mut film = Film::start(file, canvas(player))?;
    let length = player.length().max(1);
    let mut at = 0;
    loop {
        if !progress((at as f32 / length as f32).min(1.0)) {
            return Err(FilmError::Cancelled);
        }
        player.seek(at)?;
        film.show(player, at)?;
        match player.next_change()? {
            Some(next) if next <= length => at = next.max(at + STEP),
            Some(_) | None => break,
        }
    }
    let file = film.finish(length + HOLD)?;
    file.as_file().sync_all()?;
    file.persist_noclobber(to).map_err(|error| {
        if error.error.kind() == io::ErrorKind::AlreadyExists {
            FilmError::Exists
        } else {
            error.error.into()
        }
    })?;
    progress(1.0);
    Ok(())
}

/// The size of the film's pictures, and how many pixels of the screen become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Canvas {
    width: usize,
    height: usize,
    shrink: usize,
}

/// Room for the largest screen in the recording.
fn canvas<R: Read + Seek>(player: &Player<R>) -> Canvas {
    let keys = player.reader().keys();
    let most = |side: fn(&crate::entry::Key) -> u16| keys.iter().map(side).max().unwrap_or(1);
    let (width, height) = (most(|key| key.width), most(|key| key.height));
    fit(width.into(), height.into())
}

fn fit(width: usize, height: usize) -> Canvas {
    let shrink = width
        .div_ceil(MAX_WIDTH)
        .max(height.div_ceil(MAX_HEIGHT))
        .max(1);
    let side = |pixels: usize| pixels.div_ceil(shrink).max(MIN_SIDE).next_multiple_of(2);
    Canvas {
        width: side(width),
        height: side(height),
        shrink,
    }
}

/// A film that is being made.
struct Film {
    file: NamedTempFile,
    muxer: Mp4FileMuxer,
    coder: Context<u8>,
    entry: Option<SampleEntry>,
    canvas: Canvas,
    picture: Yuv,
    position: u64,
    /// When the pictures begin that are not in the file yet.
    times: VecDeque<Millis>,
    /// Coded, but how long it lasts is not known yet.
    coded: VecDeque<Packet<u8>>,
}

impl Film {
    fn start(mut file: NamedTempFile, canvas: Canvas) -> Result<Self, FilmError> {
        let level = level(canvas);
        let threads = std::thread::available_parallelism().map_or(1, |count| count.get().min(4));
        let config = EncoderConfig {
            width: canvas.width,
            height: canvas.height,
            time_base: Rational::new(1, 1000),
            chroma_sampling: ChromaSampling::Cs420,
            pixel_range: PixelRange::Limited,
            color_description: Some(ColorDescription {
                color_primaries: ColorPrimaries::BT709,
                transfer_characteristics: TransferCharacteristics::BT709,
                matrix_coefficients: MatrixCoefficients::BT709,
            }),
            level_idx: Some(level),
            min_key_frame_interval: KEY_EVERY,
            max_key_frame_interval: KEY_EVERY,
            low_latency: true,
            quantizer: QUANTIZER,
            tiles: threads,
            speed_settings: SpeedSettings::from_preset(SPEED),
            ..EncoderConfig::default()
        };
        let config = Config::new()
            .with_encoder_config(config)
            .with_threads(threads);
        let refused = |error: InvalidConfig| FilmError::Code(error.to_string());
        let coder: Context<u8> = config.new_context().map_err(refused)?;
        let muxer = Mp4FileMuxer::new()?;
        let first = muxer.initial_boxes_bytes();
        file.write_all(first)?;
        let position = first.len() as u64;
        let entry = sample_entry(canvas, level, &coder.container_sequence_header());
        Ok(Self {
            file,
            muxer,
            coder,
            entry: Some(entry),
            canvas,
            picture: Yuv::new(canvas.width, canvas.height),
            position,
            times: VecDeque::new(),
            coded: VecDeque::new(),
        })
    }

    fn show<R: Read + Seek>(&mut self, player: &Player<R>, at: Millis) -> Result<(), FilmError> {
        self.picture
            .show(player.frame(), player.pointer(), self.canvas.shrink);
        let mut frame = self.coder.new_frame();
        let widths = [
            self.canvas.width,
            self.canvas.width / 2,
            self.canvas.width / 2,
        ];
        for ((plane, pixels), width) in frame
            .planes
            .iter_mut()
            .zip(&self.picture.planes)
            .zip(widths)
        {
            plane.copy_from_raw_u8(pixels, width, 1);
        }
        self.times.push_back(at);
        self.coder.send_frame(frame).map_err(coder_error)?;
        self.receive()?;
        self.write_known()
    }

    /// Takes what the coder has ready.
    fn receive(&mut self) -> Result<(), FilmError> {
        loop {
            match self.coder.receive_packet() {
                Ok(packet) => self.coded.push_back(packet),
                Err(EncoderStatus::Encoded) => {}
                Err(EncoderStatus::NeedMoreData | EncoderStatus::LimitReached) => return Ok(()),
                Err(error) => return Err(coder_error(error)),
            }
        }
    }

    /// Writes the coded pictures whose successor is known.
    fn write_known(&mut self) -> Result<(), FilmError> {
        while let (Some(&from), Some(&to)) = (self.times.front(), self.times.get(1)) {
            let Some(packet) = self.coded.pop_front() else {
                return Ok(());
            };
            self.times.pop_front();
            self.write(&packet, to - from)?;
        }
        Ok(())
    }

    fn write(&mut self, packet: &Packet<u8>, lasts: Millis) -> Result<(), FilmError> {
        self.file.write_all(&packet.data)?;
        self.muxer.append_sample(&Sample {
            track_kind: TrackKind::Video,
            sample_entry: self.entry.take(),
            keyframe: packet.frame_type == FrameType::KEY,
            timescale: TIMESCALE,
            duration: u32::try_from(lasts).unwrap_or(u32::MAX).max(1),
            composition_time_offset: None,
            data_offset: self.position,
            data_size: packet.data.len(),
        })?;
        self.position += packet.data.len() as u64;
        Ok(())
    }

    fn finish(mut self, length: Millis) -> Result<NamedTempFile, FilmError> {
        self.coder.flush();
        self.receive()?;
        self.times.push_back(length);
        self.write_known()?;
        for (offset, bytes) in self.muxer.finalize()?.offset_and_bytes_pairs() {
            self.file.seek(SeekFrom::Start(offset))?;
            self.file.write_all(bytes)?;
        }
        Ok(self.file)
    }
}

fn coder_error(status: EncoderStatus) -> FilmError {
    FilmError::Code(status.to_string())
}

/// The level of AV1 that says how large pictures are: 4.0, 5.0 or 6.0.
fn level(canvas: Canvas) -> u8 {
    match canvas.width * canvas.height {
        ..=2_359_296 => 8,
        2_359_297..=8_912_896 => 12,
        _ => 16,
    }
}

/// What players are told about the pictures; `header` is the coder's own configuration record.
fn sample_entry(canvas: Canvas, level: u8, header: &[u8]) -> SampleEntry {
    SampleEntry::Av01(Av01Box {
        visual: VisualSampleEntryFields {
            data_reference_index: VisualSampleEntryFields::DEFAULT_DATA_REFERENCE_INDEX,
            width: canvas.width as u16,
            height: canvas.height as u16,
            horizresolution: VisualSampleEntryFields::DEFAULT_HORIZRESOLUTION,
            vertresolution: VisualSampleEntryFields::DEFAULT_VERTRESOLUTION,
            frame_count: VisualSampleEntryFields::DEFAULT_FRAME_COUNT,
            compressorname: VisualSampleEntryFields::NULL_COMPRESSORNAME,
            depth: VisualSampleEntryFields::DEFAULT_DEPTH,
        },
        av1c_box: Av1cBox {
            seq_profile: Uint::new(0),
            seq_level_idx_0: Uint::new(level),
            seq_tier_0: Uint::new(0),
            high_bitdepth: Uint::new(0),
            twelve_bit: Uint::new(0),
            monochrome: Uint::new(0),
            chroma_subsampling_x: Uint::new(1),
            chroma_subsampling_y: Uint::new(1),
            chroma_sample_position: Uint::new(0),
            initial_presentation_delay_minus_one: None,
            // Behind the four bytes that are told above.
            config_obus: header.get(4..).unwrap_or_default().to_vec(),
        },
        unknown_boxes: Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_screen_fits_and_has_even_sides() {
        assert_eq!(
            fit(1280, 801),
            Canvas {
                width: 1280,
                height: 802,
                shrink: 1
            }
        );
        assert_eq!(fit(1, 1).width, MIN_SIDE);
        for (width, height) in [(3840, 2160), (16_384, 900), (1000, 16_384), (2561, 1)] {
            let canvas = fit(width, height);
            assert!(canvas.width <= MAX_WIDTH && canvas.height <= MAX_HEIGHT);
            assert!(canvas.shrink * canvas.width >= width);
            assert_eq!((canvas.width % 2, canvas.height % 2), (0, 0));
        }
    }
}
