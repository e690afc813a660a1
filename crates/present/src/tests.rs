//! Frames that egui really describes, painted.

use egui::{Color32, ColorImage, Context, RawInput, TextureHandle, TextureOptions, pos2, vec2};
use proptest::prelude::*;

use crate::area::Area;
use crate::pixels::pixel;
use crate::raster::{self, Source};
use crate::scene::Scene;
use crate::texture::Textures;

const GROUND: Color32 = Color32::from_rgba_premultiplied(240, 240, 250, 255);

/// A window without a screen.
#[derive(Default)]
struct Bench {
    ctx: Context,
    scene: Scene,
    textures: Textures,
    pixels: Vec<u32>,
    size: [u32; 2],
    avatar: Option<TextureHandle>,
}

/// What a frame shows.
#[derive(Clone, Debug)]
struct Page {
    size: [u32; 2],
    scale: f32,
    lines: Vec<String>,
    scrolled: f32,
    menu: Option<(f32, f32)>,
    tint: u8,
    avatar: f32,
}

impl Bench {
    /// Describes a frame and paints where it differs; returns those places.
    fn frame(&mut self, page: &Page) -> Vec<Area> {
        let points = vec2(page.size[0] as f32, page.size[1] as f32) / page.scale;
        let mut input = RawInput {
            screen_rect: Some(egui::Rect::from_min_size(pos2(0.0, 0.0), points)),
            ..RawInput::default()
        };
        let root = input.viewports.entry(egui::ViewportId::ROOT).or_default();
        root.native_pixels_per_point = Some(page.scale);
        let avatar = &mut self.avatar;
        let output = self.ctx.run_ui(input, |ui| show(ui, page, avatar));
        let primitives = self.ctx.tessellate(output.shapes, output.pixels_per_point);
        let mut textures = output.textures_delta;
        self.textures.set(&mut textures);
        let scale = output.pixels_per_point;
        let ground = pixel(GROUND);
        let areas = self
            .scene
            .set(primitives, page.size, scale, ground, &self.textures);
        if page.size != self.size {
            self.size = page.size;
            self.pixels = vec![0x00ff_00ff; (page.size[0] * page.size[1]) as usize];
        }
        let width = page.size[0] as usize;
        let source = Source {
            scene: &self.scene,
            textures: &self.textures,
            live: None,
        };
        raster::paint(source, &areas, &mut self.pixels, width);
        areas
    }

    /// The same frame, painted whole.
    fn anew(&self) -> Vec<u32> {
        let mut pixels = vec![0; self.pixels.len()];
        let all = [Area::of_size(self.size)];
        let width = self.size[0] as usize;
        let source = Source {
            scene: &self.scene,
            textures: &self.textures,
            live: None,
        };
        raster::paint(source, &all, &mut pixels, width);
        pixels
    }

    fn at(&self, x: usize, y: usize) -> u32 {
        self.pixels[y * self.size[0] as usize + x] & 0x00ff_ffff
    }
}

fn show(ui: &mut egui::Ui, page: &Page, avatar: &mut Option<TextureHandle>) {
    let painter = ui.painter().clone();
    let tint = Color32::from_rgba_premultiplied(page.tint, 90, 160, 255);
    painter.rect_filled(
        egui::Rect::from_min_size(pos2(10.0, 5.0), vec2(120.0, 60.0)),
        8,
        tint,
    );
    painter.circle_filled(pos2(150.0, 40.0), 17.3, tint.gamma_multiply(0.5));
    let picture = avatar.get_or_insert_with(|| {
        let colours = (0..64).map(|it| Color32::from_gray(it * 4)).collect();
        let image = ColorImage::new([8, 8], colours);
        ui.ctx()
            .load_texture("avatar", image, TextureOptions::LINEAR)
    });
    let place = egui::Rect::from_min_size(pos2(60.0, 20.0), vec2(page.avatar, page.avatar));
    let whole = egui::Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0));
    painter.image(picture.id(), place, whole, Color32::WHITE);
    egui::ScrollArea::vertical()
        .vertical_scroll_offset(page.scrolled)
        .show(ui, |ui| {
            for line in &page.lines {
                ui.label(line);
                ui.separator();
            }
        });
    if let Some((x, y)) = page.menu {
        egui::Area::new(egui::Id::unique("menu"))
            .fixed_pos(pos2(x, y))
            .show(ui.ctx(), |ui| {
                egui::Frame::popup(ui.style()).show(ui, |ui| ui.button("Save as"));
            });
    }
}

fn page() -> impl Strategy<Value = Page> {
    let sizes = prop_oneof![Just([320_u32, 200_u32]), Just([333, 217]), Just([640, 480])];
    let scales = prop_oneof![3 => Just(1.0_f32), 1 => Just(1.25), 1 => Just(2.0)];
    let lines = prop::collection::vec("[a-zA-Z ñß€]{0,40}", 0..12);
    let menu = prop::option::of((0.0..300.0_f32, 0.0..180.0_f32));
    let parts = (
        sizes,
        scales,
        lines,
        0.0..200.0_f32,
        menu,
        any::<u8>(),
        1.0..90.0_f32,
    );
    parts.prop_map(|(size, scale, lines, scrolled, menu, tint, avatar)| Page {
        size,
        scale,
        lines,
        scrolled,
        menu,
        tint,
        avatar,
    })
}

/// Mostly the same page with one thing changed, as in a window.
fn pages() -> impl Strategy<Value = Vec<Page>> {
    prop::collection::vec((page(), 0..6_u8), 1..8).prop_map(|drawn| {
        let mut shown = drawn[0].0.clone();
        let mut pages = vec![shown.clone()];
        for (other, what) in drawn.into_iter().skip(1) {
            match what {
                0 => shown = other,
                1 => shown.scrolled = other.scrolled,
                2 => shown.menu = other.menu,
                3 => shown.tint = other.tint,
                4 => shown.avatar = other.avatar,
                _ => shown.lines = other.lines,
            }
            pages.push(shown.clone());
        }
        pages
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn painting_only_what_changed_gives_the_picture_that_painting_everything_gives(
        pages in pages()
    ) {
        let mut bench = Bench::default();
        for page in pages {
            bench.frame(&page);
            prop_assert!(bench.pixels == bench.anew(), "{page:?}");
        }
    }
}

fn plain() -> Page {
    Page {
        size: [640, 480],
        scale: 1.0,
        lines: vec!["Hello".to_owned(); 3],
        scrolled: 0.0,
        menu: None,
        tint: 0,
        avatar: 20.0,
    }
}

#[test]
fn nothing_is_painted_where_nothing_changed() {
    let mut bench = Bench::default();
    // egui guesses sizes in the first frame.
    bench.frame(&plain());
    bench.frame(&plain());
    assert_eq!(bench.frame(&plain()), []);
    let changed = Page {
        tint: 200,
        ..plain()
    };
    let painted: u64 = bench.frame(&changed).iter().map(|it| it.pixels()).sum();
    assert!((1..30_000).contains(&painted), "{painted} of {}", 640 * 480);
}

#[test]
fn colours_come_out_as_they_were_meant() {
    let mut bench = Bench::default();
    bench.frame(&plain());
    assert_eq!(bench.at(600, 470), 0x00f0_f0fa, "ground");
    assert_eq!(bench.at(115, 52), 0x0000_5aa0, "rectangle");
    let half = bench.at(150, 40).to_be_bytes();
    let expected = [0, 120, 165, 205];
    for (is, should) in half.into_iter().zip(expected) {
        assert!(is.abs_diff(should) <= 2, "disc: {half:?}");
    }
}

#[test]
fn triangles_that_share_an_edge_leave_no_gap_and_do_not_overlap() {
    let mut bench = Bench::default();
    let half = Color32::from_rgba_premultiplied(64, 64, 64, 128);
    let input = RawInput {
        screen_rect: Some(egui::Rect::from_min_size(
            pos2(0.0, 0.0),
            vec2(200.0, 200.0),
        )),
        ..RawInput::default()
    };
    let output = bench.ctx.run_ui(input, |ui| {
        let mut mesh = egui::Mesh::default();
        let middle = pos2(97.3, 103.9);
        mesh.colored_vertex(middle, half);
        let corners = 17;
        for corner in 0..corners {
            let angle = corner as f32 / corners as f32 * std::f32::consts::TAU;
            mesh.colored_vertex(middle + egui::Vec2::angled(angle) * 80.0, half);
        }
        for corner in 0..corners {
            mesh.add_triangle(0, 1 + corner, 1 + (corner + 1) % corners);
        }
        ui.painter().add(mesh);
    });
    let primitives = bench.ctx.tessellate(output.shapes, 1.0);
    let mut textures = output.textures_delta;
    bench.textures.set(&mut textures);
    bench
        .scene
        .set(primitives, [200, 200], 1.0, 0xff00_0000, &bench.textures);
    bench.size = [200, 200];
    bench.pixels = vec![0; 200 * 200];
    bench.pixels = bench.anew();
    let mut inside = 0;
    for y in 0..200 {
        for x in 0..200 {
            match bench.at(x, y) {
                0 => {}
                0x0040_4040 => inside += 1,
                other => panic!("{x} {y}: {other:06x}"),
            }
        }
    }
    let distance =
        |x: usize, y: usize| (pos2(x as f32 + 0.5, y as f32 + 0.5) - pos2(97.3, 103.9)).length();
    let within = (0..200 * 200).filter(|it| distance(it % 200, it / 200) < 77.0);
    assert!(
        within
            .clone()
            .all(|it| bench.at(it % 200, it / 200) == 0x0040_4040)
    );
    assert!(inside > within.count());
}
