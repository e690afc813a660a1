//! The pixels of a window that the processor paints: what changed goes into the system's buffer.

use std::num::NonZeroU32;
use std::sync::Arc;

use aldis_screen::Frame;
use egui::TexturesDelta;
use winit::window::Window;

use crate::WindowError;
use crate::area::Area;
use crate::raster::{self, Source};
use crate::scene::Scene;
use crate::texture::Textures;

/// The window's pixels.
pub(crate) struct Canvas {
    surface: softbuffer::Surface<Arc<Window>, Arc<Window>>,
    pub(crate) window: Arc<Window>,
    size: [u32; 2],
    /// The size that the newest frame was laid out for.
    next_size: [u32; 2],
    scene: Scene,
    textures: Textures,
    /// Pictures that only the frame on the screen still shows.
    stale: TexturesDelta,
    /// What was painted in the frames before, the newest first.
    painted: Vec<Vec<Area>>,
}

impl Canvas {
    pub(crate) fn new(window: &Arc<Window>) -> Result<Self, WindowError> {
        let failed = |error: softbuffer::SoftBufferError| WindowError::Pixels(error.to_string());
        let context = softbuffer::Context::new(Arc::clone(window)).map_err(failed)?;
        let surface = softbuffer::Surface::new(&context, Arc::clone(window)).map_err(failed)?;
        Ok(Self {
            surface,
            window: Arc::clone(window),
            size: [0; 2],
            next_size: [0; 2],
            scene: Scene::default(),
            textures: Textures::default(),
            stale: TexturesDelta::default(),
            painted: Vec::new(),
        })
    }

    /// Paints a frame where it differs from the one before; `false` if another one must follow.
    pub(crate) fn paint(
        &mut self,
        primitives: Vec<egui::ClippedPrimitive>,
        mut textures: TexturesDelta,
        scale: f32,
        ground: u32,
    ) -> bool {
        self.textures.set(&mut textures);
        self.textures.free(&mut self.stale);
        self.stale = textures;
        let size: [u32; 2] = self.window.inner_size().into();
        if size.contains(&0) {
            return true;
        }
        let areas = self
            .scene
            .set(primitives, size, scale, ground, &self.textures);
        self.next_size = size;
        self.refresh(areas)
    }

    /// Whether the customer's screen is in the newest frame.
    pub(crate) fn shows_live(&self) -> bool {
        self.scene.live.is_some()
    }

    /// Paints these areas, and where the customer's screen has changed; `false` if a frame must
    /// follow.
    pub(crate) fn refresh(&mut self, areas: Vec<Area>) -> bool {
        let part = self.scene.live.as_ref();
        let live = part.map(|part| (Arc::clone(&part.live), part.size));
        let mut outcome = None;
        let mut fits = true;
        if let Some((live, size)) = live {
            live.look(&mut |frame, rects| {
                fits = size == [frame.width(), frame.height()];
                if !fits {
                    return false;
                }
                let changed = self.scene.live.iter().flat_map(|part| part.areas(rects));
                let areas = areas.iter().copied().chain(changed).collect();
                let shown = self.bring(areas, Some(frame));
                let done = shown.is_ok();
                outcome = Some(shown);
                done
            });
        }
        let outcome = outcome.unwrap_or_else(|| self.bring(areas, None));
        if let Err(error) = &outcome {
            tracing::warn!(%error, "a frame could not be painted");
            // Everything is painted with the next one.
            self.scene = Scene::default();
        }
        fits && outcome.is_ok()
    }

    /// Paints these areas of the scene and hands them to the system.
    fn bring(
        &mut self,
        areas: Vec<Area>,
        live: Option<&Frame>,
    ) -> Result<(), softbuffer::SoftBufferError> {
        let size = self.next_size;
        if size != self.size {
            let [Some(width), Some(height)] = size.map(NonZeroU32::new) else {
                return Ok(());
            };
            self.surface.resize(width, height)?;
            self.size = size;
            self.painted.clear();
        }
        if areas.is_empty() {
            return Ok(());
        }
        let mut buffer = self.surface.buffer_mut()?;
        // The buffer may be the one from several frames ago.
        let missed = usize::from(buffer.age()).checked_sub(1);
        let missed = missed.and_then(|missed| self.painted.get(..missed));
        let todo = match missed {
            Some([]) => areas.clone(),
            Some(missed) => vec![
                areas
                    .iter()
                    .chain(missed.iter().flatten())
                    .copied()
                    .fold(Area::default(), Area::around),
            ],
            None => vec![Area::of_size(size)],
        };
        let source = Source {
            scene: &self.scene,
            textures: &self.textures,
            live,
        };
        raster::paint(source, &todo, &mut buffer, size[0] as usize);
        let damage: Vec<_> = todo.iter().filter_map(|area| rect(*area)).collect();
        self.window.pre_present_notify();
        buffer.present_with_damage(&damage)?;
        self.painted.insert(0, areas);
        self.painted.truncate(3);
        Ok(())
    }

    /// The system has lost the window's pixels, or a part of them.
    pub(crate) fn show_again(&mut self) {
        // What is not painted now is painted with the next frame.
        let _settled = self.refresh(vec![Area::of_size(self.size)]);
    }

    /// The window's pixels as a picture.
    pub(crate) fn picture(&self) -> egui::ColorImage {
        let [width, height] = self.size.map(|side| side as usize);
        let mut pixels = vec![0; width * height];
        let mut paint = |live: Option<&Frame>| {
            let source = Source {
                scene: &self.scene,
                textures: &self.textures,
                live,
            };
            raster::paint(source, &[Area::of_size(self.size)], &mut pixels, width);
        };
        paint(None);
        if let Some(part) = &self.scene.live {
            part.live.look(&mut |frame, _| {
                paint(Some(frame));
                // It was looked at, but it is not on the screen.
                false
            });
        }
        let colour = |pixel: u32| {
            let [_, red, green, blue] = pixel.to_be_bytes();
            egui::Color32::from_rgba_premultiplied(red, green, blue, 255)
        };
        egui::ColorImage::new([width, height], pixels.into_iter().map(colour).collect())
    }
}

fn rect(area: Area) -> Option<softbuffer::Rect> {
    Some(softbuffer::Rect {
        x: area.left as u32,
        y: area.top as u32,
        width: NonZeroU32::new(area.width())?,
        height: NonZeroU32::new(area.height())?,
    })
}
