//! Paints a scene into the window's pixels, as a graphics card would.
//!
//! Pixels are taken at their centres; colours are reckoned as they are stored, like egui's own
//! painter does it.

use aldis_screen::Frame;
use egui::epaint::Vertex;

use crate::area::{Area, distance, first_inside};
use crate::pixels::{channels, from_channels, multiply, over, pixel, scale};
use crate::scene::{Draw, Scene, Shape};
use crate::texture::{Texture, Textures};

/// Rows that are painted at once, so that they stay in the processor's cache.
const STRIP: i32 = 32;

/// From this many pixels on two threads paint faster than one.
const SHARED: u64 = 300_000;

/// The most threads that paint.
const MAX_THREADS: usize = 4;

/// Some rows of the window, from the one with the number `top` on.
struct Rows<'a> {
    pixels: &'a mut [u32],
    width: usize,
    top: i32,
}

impl Rows<'_> {
    /// The pixels of a row that are in `area`.
    fn row(&mut self, y: i32, area: Area) -> &mut [u32] {
        let start = (y - self.top) as usize * self.width;
        &mut self.pixels[start + area.left as usize..start + area.right as usize]
    }
}

/// What a frame is painted from.
#[derive(Clone, Copy)]
pub(crate) struct Source<'a> {
    pub(crate) scene: &'a Scene,
    pub(crate) textures: &'a Textures,
    /// The customer's screen, if one is shown.
    pub(crate) live: Option<&'a Frame>,
}

/// Paints what of `source` lies in `areas` into the window's pixels, `width` a row.
pub(crate) fn paint(source: Source<'_>, areas: &[Area], pixels: &mut [u32], width: usize) {
    let heavy = areas.iter().map(|area| area.pixels()).sum::<u64>() >= SHARED;
    let threads = if heavy {
        std::thread::available_parallelism().map_or(1, |it| it.get().min(MAX_THREADS))
    } else {
        1
    };
    let around = areas.iter().copied().fold(Area::default(), Area::around);
    let share = (around.height() as usize).div_ceil(threads).max(1);
    let start = around.top.max(0) as usize * width;
    let rows = &mut pixels[start..][..around.height() as usize * width];
    let tops = (around.top..).step_by(share);
    std::thread::scope(|scope| {
        let mut parts = rows.chunks_mut(share * width).zip(tops).peekable();
        while let Some((pixels, top)) = parts.next() {
            let rows = Rows { pixels, width, top };
            // The last part is this thread's own.
            if parts.peek().is_some() {
                scope.spawn(move || paint_rows(source, areas, rows));
            } else {
                paint_rows(source, areas, rows);
            }
        }
    });
}

fn paint_rows(source: Source<'_>, areas: &[Area], mut rows: Rows<'_>) {
    let bottom = rows.top + distance(rows.pixels.len() / rows.width.max(1));
    for area in areas {
        let mut strip = Area {
            top: area.top.max(rows.top),
            bottom: area.top.max(rows.top),
            ..*area
        };
        while strip.bottom < area.bottom.min(bottom) {
            strip.top = strip.bottom;
            strip.bottom = (strip.top + STRIP).min(area.bottom).min(bottom);
            paint_strip(source, strip, &mut rows);
        }
    }
}

fn paint_strip(source: Source<'_>, strip: Area, rows: &mut Rows<'_>) {
    let Source {
        scene,
        textures,
        live,
    } = source;
    // What lies under an opaque rectangle as large as the strip is not seen.
    let hides = |draw: &Draw| {
        matches!(draw.shape, Shape::Fill(colour) if colour >> 24 == 255)
            && draw.area.intersect(strip) == strip
    };
    let first = scene.draws.iter().rposition(hides);
    if first.is_none() {
        fill(rows, strip, scene.ground);
    }
    for draw in &scene.draws[first.unwrap_or(0)..] {
        let area = draw.area.intersect(strip);
        if area.is_empty() {
            continue;
        }
        if draw.shape == Shape::Live {
            if let (Some(part), Some(frame)) = (&scene.live, live) {
                let opaque = |pixel: &[u8]| u32::from_be_bytes([255, pixel[2], pixel[1], pixel[0]]);
                part.placed.rows(frame, area, |y, row| {
                    let pixels = row.chunks_exact(4).map(opaque);
                    for (target, pixel) in rows.row(y, area).iter_mut().zip(pixels) {
                        *target = pixel;
                    }
                });
            }
            continue;
        }
        let mesh = &scene.meshes[draw.mesh as usize];
        let corner = |index: u32| &mesh.vertices[mesh.indices[index as usize] as usize];
        let Some(texture) = textures.get(mesh.texture_id) else {
            continue;
        };
        match draw.shape {
            Shape::Fill(colour) => fill(rows, area, colour),
            Shape::Picture(at) => picture(rows, area, [corner(at), corner(at + 5)], texture),
            Shape::Live => {}
            Shape::Triangle(at) => {
                triangle(rows, area, [at, at + 1, at + 2].map(corner), texture);
            }
        }
    }
}

fn fill(rows: &mut Rows<'_>, area: Area, colour: u32) {
    for y in area.top..area.bottom {
        let row = rows.row(y, area);
        if colour >> 24 == 255 {
            row.fill(colour);
        } else {
            for target in row {
                *target = over(colour, *target);
            }
        }
    }
}

/// A tinted picture between two opposite corners.
fn picture(rows: &mut Rows<'_>, area: Area, [from, to]: [&Vertex; 2], texture: &Texture) {
    let tint = pixel(from.color);
    let size = texture.size();
    let (u, v) = (from.uv.to_vec2() * size, to.uv.to_vec2() * size);
    let texels = (v - u) / (to.pos - from.pos);
    // Where the first pixel's centre lies in the picture.
    let first = egui::vec2(area.left as f32 + 0.5, area.top as f32 + 0.5) - from.pos.to_vec2();
    let start = u + first * texels;
    let straight = |it: f32, wide: f32| ((it - 1.0) * wide).abs() < 1.0 / 16.0;
    let centred = |it: f32| (it - it.floor() - 0.5).abs() < 1.0 / 16.0;
    let is_copy = straight(texels.x, area.width() as f32)
        && straight(texels.y, area.height() as f32)
        && centred(start.x)
        && centred(start.y);
    for (line, y) in (area.top..area.bottom).enumerate() {
        let row = rows.row(y, area);
        if is_copy {
            let (left, top) = (
                start.x.floor() as i32,
                start.y.floor() as i32 + distance(line),
            );
            if let Some(run) = texture.run(left, top, row.len()) {
                copy(row, run, tint);
                continue;
            }
        }
        let v = start.y + line as f32 * texels.y;
        for (column, target) in row.iter_mut().enumerate() {
            let texel = texture.sample(start.x + column as f32 * texels.x, v);
            *target = over(multiply(tint, texel), *target);
        }
    }
}

/// Texel on pixel, as letters are; `tint` is most often opaque, and the texels white.
fn copy(row: &mut [u32], run: &[u32], tint: u32) {
    for (target, texel) in row.iter_mut().zip(run) {
        let cover = texel >> 24;
        if *texel == 0 {
            continue;
        }
        let front = if *texel == cover * 0x0101_0101 {
            scale(tint, cover)
        } else {
            multiply(tint, *texel)
        };
        *target = over(front, *target);
    }
}

/// A triangle whose colour and picture run from corner to corner.
fn triangle(rows: &mut Rows<'_>, area: Area, corners: [&Vertex; 3], texture: &Texture) {
    let [a, b, c] = corners;
    let plain = corners.iter().all(|it| it.uv == a.uv);
    let even = corners.iter().all(|it| it.color == a.color);
    let size = texture.size();
    let place = |it: &Vertex| it.uv.to_vec2() * size;
    let texel = if plain {
        texture.sample(place(a).x + 0.5, place(a).y + 0.5)
    } else {
        u32::MAX
    };
    let (along, across) = (b.pos - a.pos, c.pos - a.pos);
    let doubled = along.x * across.y - along.y * across.x;
    if doubled == 0.0 {
        return;
    }
    // The share of b and of c at a place; that of a is the rest.
    let shares = |x: f32, y: f32| {
        let from = egui::vec2(x - a.pos.x, y - a.pos.y);
        let of_b = (from.x * across.y - from.y * across.x) / doubled;
        let of_c = (along.x * from.y - along.y * from.x) / doubled;
        (of_b.clamp(0.0, 1.0), of_c.clamp(0.0, 1.0))
    };
    let colours = corners.map(|it| channels(multiply(pixel(it.color), texel)));
    let flat = multiply(pixel(a.color), texel);
    for y in area.top..area.bottom {
        let middle = y as f32 + 0.5;
        let Some((left, right)) = span(corners, middle) else {
            continue;
        };
        let line = Area {
            left: first_inside(left).max(area.left),
            right: first_inside(right).min(area.right),
            ..area
        };
        if line.left >= line.right {
            continue;
        }
        if plain && even {
            fill(
                rows,
                Area {
                    top: y,
                    bottom: y + 1,
                    ..line
                },
                flat,
            );
            continue;
        }
        for (x, target) in (line.left..).zip(rows.row(y, line)) {
            let (of_b, of_c) = shares(x as f32 + 0.5, middle);
            let of_a = 1.0 - of_b - of_c;
            let [from, by_b, by_c] = &colours;
            let mixed = [0, 1, 2, 3].map(|it| from[it] * of_a + by_b[it] * of_b + by_c[it] * of_c);
            let mut front = from_channels(mixed);
            if !plain {
                let at = place(a) * of_a + place(b) * of_b + place(c) * of_c;
                front = multiply(front, texture.sample(at.x, at.y));
            }
            *target = over(front, *target);
        }
    }
}

/// Where the triangle begins and ends on the line at `y`.
fn span(corners: [&Vertex; 3], y: f32) -> Option<(f32, f32)> {
    let mut found: Option<(f32, f32)> = None;
    for (one, other) in [(0, 1), (1, 2), (2, 0)] {
        let (one, other) = (corners[one].pos, corners[other].pos);
        // Always from above, so that a neighbour reckons the same edge to the same places.
        let (upper, lower) = if one.y <= other.y {
            (one, other)
        } else {
            (other, one)
        };
        if upper.y <= y && y < lower.y {
            let x = upper.x + (lower.x - upper.x) * ((y - upper.y) / (lower.y - upper.y));
            found = Some(found.map_or((x, x), |(from, to)| (from.min(x), to.max(x))));
        }
    }
    found
}
