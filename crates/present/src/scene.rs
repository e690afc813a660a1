//! What a frame consists of, and where it differs from the frame before.
//!
//! egui describes every frame anew and whole.
//! The window is laid out in tiles; each keeps a sum of everything that touches it, and a tile
//! whose sum is that of the frame before needs no painting.

use std::sync::Arc;

use aldis_screen::Live;
use egui::PaintCallback;
use egui::epaint::{ClippedPrimitive, Mesh, Primitive, Vertex, WHITE_UV};

use crate::area::{Area, distance, first_inside};
use crate::live::LiveShape;
use crate::pixels::pixel;
use crate::scaler::Placed;
use crate::texture::Textures;

/// A tile's side in pixels.
const TILE: i32 = 32;

/// The most rectangles that one frame's changes are told as.
const MAX_AREAS: usize = 24;

/// A frame.
#[derive(Debug, Default)]
pub(crate) struct Scene {
    bounds: Area,
    columns: usize,
    pub(crate) ground: u32,
    pub(crate) meshes: Vec<Mesh>,
    pub(crate) draws: Vec<Draw>,
    pub(crate) live: Option<LivePart>,
    sums: Vec<u64>,
}

/// The customer's screen in a frame; there is at most one.
pub(crate) struct LivePart {
    pub(crate) live: Arc<dyn Live>,
    pub(crate) placed: Placed,
    /// The size for which it was laid out.
    pub(crate) size: [u32; 2],
    area: Area,
}

impl std::fmt::Debug for LivePart {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LivePart")
            .field("area", &self.area)
            .finish_non_exhaustive()
    }
}

impl LivePart {
    /// The window's pixels in which these of the customer's screen are seen.
    pub(crate) fn areas(&self, rects: &[aldis_screen::Rect]) -> impl Iterator<Item = Area> {
        let areas = rects
            .iter()
            .map(|rect| self.placed.shows(*rect).intersect(self.area));
        areas.filter(|area| !area.is_empty())
    }
}

/// One thing to paint; the later ones lie on top.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Draw {
    /// The pixels that it may touch; for a [`Shape::Fill`] just those that it covers.
    pub(crate) area: Area,
    pub(crate) mesh: u32,
    pub(crate) shape: Shape,
}

/// What to paint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// A rectangle of one colour.
    Fill(u32),
    /// A rectangle of a picture, tinted: the corners are the vertices at the index's place of the
    /// mesh's indices, and at the fifth after it.
    Picture(u32),
    /// The triangle whose corners' indices begin here.
    Triangle(u32),
    /// The customer's screen.
    Live,
}

impl Scene {
    /// Takes a new frame in; returns the pixels that must be painted, as rectangles that do not
    /// overlap.
    ///
    /// `scale` is pixels per point.
    pub(crate) fn set(
        &mut self,
        primitives: Vec<ClippedPrimitive>,
        size: [u32; 2],
        scale: f32,
        ground: u32,
        textures: &Textures,
    ) -> Vec<Area> {
        let bounds = Area::of_size(size);
        let all = bounds != self.bounds || ground != self.ground;
        self.bounds = bounds;
        self.ground = ground;
        self.columns = (size[0] as usize).div_ceil(TILE as usize);
        let rows = (size[1] as usize).div_ceil(TILE as usize);
        let sums = vec![0; self.columns * rows];
        let before = std::mem::replace(&mut self.sums, sums);
        self.meshes.clear();
        self.draws.clear();
        self.live = None;
        for ClippedPrimitive {
            clip_rect,
            primitive,
        } in primitives
        {
            let clip = Area {
                left: (clip_rect.min.x * scale).round() as i32,
                top: (clip_rect.min.y * scale).round() as i32,
                right: (clip_rect.max.x * scale).round() as i32,
                bottom: (clip_rect.max.y * scale).round() as i32,
            };
            let clip = clip.intersect(bounds);
            match primitive {
                Primitive::Mesh(mesh) => self.add(mesh, clip, scale, textures),
                Primitive::Callback(shape) => self.add_live(shape, clip, scale),
            }
        }
        if all {
            return vec![bounds];
        }
        let changed: Vec<bool> = before.iter().zip(&self.sums).map(|(a, b)| a != b).collect();
        areas(&changed, self.columns, bounds)
    }

    fn add(&mut self, mut mesh: Mesh, clip: Area, scale: f32, textures: &Textures) {
        let Some(texture) = textures.get(mesh.texture_id) else {
            return;
        };
        if clip.is_empty() || !mesh.is_valid() {
            return;
        }
        for vertex in &mut mesh.vertices {
            vertex.pos = (vertex.pos.to_vec2() * scale).to_pos2();
        }
        let number = self.meshes.len() as u32;
        let of_mesh = mix(texture.version, name(mesh.texture_id));
        let mut first = 0;
        while let Some(corners) = mesh.indices.get(first..first + 3) {
            let at = first as u32;
            let quad = mesh.indices.get(first..first + 6).and_then(|indices| {
                let two = indices[1] == indices[4] && indices[2] == indices[3];
                two.then(|| [0, 1, 2, 5].map(|it| mesh.vertices[indices[it] as usize]))
                    .filter(upright)
            });
            let triangle = [0, 1, 2].map(|it| mesh.vertices[corners[it] as usize]);
            let (vertices, shape, count): (&[Vertex], _, _) = match &quad {
                Some(corners) if corners.iter().all(|corner| corner.uv == WHITE_UV) => {
                    (corners, Shape::Fill(pixel(corners[0].color)), 6)
                }
                Some(corners) => (corners, Shape::Picture(at), 6),
                None => (&triangle, Shape::Triangle(at), 3),
            };
            first += count;
            let area = covered(vertices).intersect(clip);
            if area.is_empty() || vertices.iter().all(|it| it.color.to_array() == [0; 4]) {
                continue;
            }
            let mut sum = of_mesh;
            for Vertex { pos, uv, color } in vertices {
                let word = |it: f32, other: f32| {
                    u64::from(it.to_bits()) << 32 | u64::from(other.to_bits())
                };
                sum = mix(sum, word(pos.x, pos.y));
                sum = mix(sum, word(uv.x, uv.y));
                sum = mix(sum, u64::from(pixel(*color)));
            }
            for edge in [clip.left, clip.top, clip.right, clip.bottom] {
                sum = mix(sum, edge as u64);
            }
            self.touch(area, sum);
            self.draws.push(Draw {
                area,
                mesh: number,
                shape,
            });
        }
        self.meshes.push(mesh);
    }

    fn add_live(&mut self, shape: PaintCallback, clip: Area, scale: f32) {
        let Ok(known) = Arc::downcast::<LiveShape>(shape.callback) else {
            tracing::warn!("a shape for graphics cards was left out");
            return;
        };
        let live = &known.live;
        let Some((width, height)) = live.size() else {
            return;
        };
        let size = [width, height];
        let placed = Placed::new(shape.rect * scale, size);
        let area = placed.covers().intersect(clip);
        if area.is_empty() {
            return;
        }
        let name = Arc::as_ptr(live).cast::<()>().addr() as u64;
        let mut sum = mix(name, u64::from(width) << 32 | u64::from(height));
        for edge in [shape.rect.min, shape.rect.max] {
            sum = mix(
                sum,
                u64::from(edge.x.to_bits()) << 32 | u64::from(edge.y.to_bits()),
            );
        }
        self.touch(area, sum);
        self.draws.push(Draw {
            area,
            mesh: u32::MAX,
            shape: Shape::Live,
        });
        self.live = Some(LivePart {
            live: Arc::clone(live),
            placed,
            size,
            area,
        });
    }

    /// Adds to the sums of the tiles that `area` touches.
    fn touch(&mut self, area: Area, sum: u64) {
        let tiles = |from: i32, to: i32| (from / TILE) as usize..=((to - 1) / TILE) as usize;
        for row in tiles(area.top, area.bottom) {
            for tile in &mut self.sums[row * self.columns..][tiles(area.left, area.right)] {
                *tile = mix(*tile, sum);
            }
        }
    }
}

/// Whether four corners, row by row, make an upright rectangle of one tint whose picture is upright, too.
fn upright(corners: &[Vertex; 4]) -> bool {
    let [a, b, c, d] = corners;
    let places = [a, b, c, d].map(|it| it.pos);
    let pictures = [a, b, c, d].map(|it| it.uv);
    straight(places) && straight(pictures) && [b, c, d].iter().all(|it| it.color == a.color)
}

#[expect(
    clippy::float_cmp,
    reason = "egui gives two corners the very same number"
)]
fn straight([left_top, right_top, left_bottom, right_bottom]: [egui::Pos2; 4]) -> bool {
    left_top.x == left_bottom.x
        && right_top.x == right_bottom.x
        && left_top.y == right_top.y
        && left_bottom.y == right_bottom.y
        && left_top.x <= right_top.x
        && left_top.y <= left_bottom.y
}

/// The pixels whose centres can be inside.
fn covered(vertices: &[Vertex]) -> Area {
    let (mut min, mut max) = (vertices[0].pos, vertices[0].pos);
    for vertex in vertices {
        min = min.min(vertex.pos);
        max = max.max(vertex.pos);
    }
    Area {
        left: first_inside(min.x),
        top: first_inside(min.y),
        right: first_inside(max.x),
        bottom: first_inside(max.y),
    }
}

fn name(id: egui::TextureId) -> u64 {
    match id {
        egui::TextureId::Managed(number) => number,
        egui::TextureId::User(number) => !number,
    }
}

/// One more word into a sum; the order counts. A change is overlooked once in 2^64 times.
fn mix(sum: u64, word: u64) -> u64 {
    let mixed = (sum.rotate_left(23) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed ^ (mixed >> 29)
}

/// Joins changed tiles to rectangles of pixels: runs in a row, and equal runs below each other.
fn areas(changed: &[bool], columns: usize, bounds: Area) -> Vec<Area> {
    let mut done: Vec<Area> = Vec::new();
    let mut open: Vec<Area> = Vec::new();
    for (row, tiles) in (0_i32..).zip(changed.chunks_exact(columns.max(1))) {
        let mut grown = Vec::new();
        let mut column = 0;
        while let Some(start) = tiles[column..].iter().position(|it| *it) {
            let start = column + start;
            let length = tiles[start..].iter().take_while(|it| **it).count();
            column = start + length;
            let run = Area {
                left: distance(start) * TILE,
                top: row * TILE,
                right: distance(column) * TILE,
                bottom: (row + 1) * TILE,
            };
            let above = open
                .iter()
                .position(|it| (it.left, it.right) == (run.left, run.right));
            grown.push(above.map_or(run, |index| open.swap_remove(index).around(run)));
        }
        done.append(&mut open);
        open = grown;
    }
    done.append(&mut open);
    if done.len() > MAX_AREAS {
        done = vec![done.into_iter().fold(Area::default(), Area::around)];
    }
    done.into_iter().map(|it| it.intersect(bounds)).collect()
}
