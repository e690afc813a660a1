//! Windows: where the pointer is and what it looks like, and whether the screen is locked.

use std::ffi::c_void;

use windows_sys::Win32::Graphics::Gdi::{
    BI_RGB, BITMAP, BITMAPINFO, BITMAPINFOHEADER, DIB_RGB_COLORS, DeleteObject, GetDC, GetDIBits,
    GetObjectW, HBITMAP, ReleaseDC,
};
use windows_sys::Win32::System::StationsAndDesktops::{
    CloseDesktop, DESKTOP_READOBJECTS, OpenInputDesktop,
};
use windows_sys::Win32::UI::WindowsAndMessaging::{
    CURSOR_SHOWING, CURSORINFO, GetCursorInfo, GetIconInfo, HCURSOR, ICONINFO,
};

use crate::{MAX_POINTER_SIDE, PointerShape};

/// Whether the desktop that a person sees is one that no program of theirs may see: a locked screen, or a question
/// for an administrator.
#[expect(unsafe_code, reason = "OpenInputDesktop is a C function")]
pub(super) fn is_locked() -> bool {
    // SAFETY: they take numbers, and what was opened is closed.
    unsafe {
        let desktop = OpenInputDesktop(0, 0, DESKTOP_READOBJECTS);
        if desktop.is_null() {
            return true;
        }
        CloseDesktop(desktop);
    }
    false
}

/// The pointer as it was last seen.
#[derive(Debug, Default)]
pub(super) struct Pointer {
    place: Option<(i32, i32)>,
    /// The shape's handle as a number; 0 while the pointer is hidden.
    shape: Option<usize>,
}

impl Pointer {
    /// Says what changed since the last look.
    #[expect(unsafe_code, reason = "GetCursorInfo is a C function")]
    pub(super) fn look(&mut self) -> (Option<(i32, i32)>, Option<PointerShape>) {
        let mut info = CURSORINFO {
            cbSize: size_of::<CURSORINFO>() as u32,
            ..CURSORINFO::default()
        };
        // SAFETY: `info` is a CURSORINFO that says its size.
        if unsafe { GetCursorInfo(&raw mut info) } == 0 {
            return (None, None);
        }
        let place = Some((info.ptScreenPos.x, info.ptScreenPos.y));
        let moved = place.filter(|_| place != self.place);
        self.place = place;
        let hidden = info.flags & CURSOR_SHOWING == 0 || info.hCursor.is_null();
        let handle = if hidden { 0 } else { info.hCursor as usize };
        if self.shape == Some(handle) {
            return (moved, None);
        }
        let shape = if hidden {
            Some(PointerShape::default())
        } else {
            shape(info.hCursor)
        };
        if shape.is_some() {
            self.shape = Some(handle);
        }
        (moved, shape)
    }
}

#[expect(unsafe_code, reason = "GetIconInfo is a C function")]
fn shape(cursor: HCURSOR) -> Option<PointerShape> {
    let mut info = ICONINFO::default();
    // SAFETY: a cursor that went away meanwhile is an error, not undefined.
    if unsafe { GetIconInfo(cursor, &raw mut info) } == 0 {
        return None;
    }
    let mask = pixels(info.hbmMask);
    let color = if info.hbmColor.is_null() {
        None
    } else {
        pixels(info.hbmColor)
    };
    for bitmap in [info.hbmMask, info.hbmColor] {
        if !bitmap.is_null() {
            // SAFETY: GetIconInfo made these bitmaps for us.
            unsafe { DeleteObject(bitmap) };
        }
    }
    let mask = mask?;
    let picture = match color {
        Some(color) => with_alpha(color, &mask),
        None => from_masks(&mask),
    };
    let stride = picture.width * 4;
    let (width, height) = (
        picture.width.min(MAX_POINTER_SIDE.into()),
        picture.height.min(MAX_POINTER_SIDE.into()),
    );
    let rows = picture.bgra.chunks_exact(stride.max(4)).take(height);
    let cut = rows.flat_map(|row| row[..width * 4].chunks_exact(4));
    let rgba = cut.flat_map(|pixel| {
        let premultiply = |part: u8| (u16::from(part) * u16::from(pixel[3]) / 255) as u8;
        [
            premultiply(pixel[2]),
            premultiply(pixel[1]),
            premultiply(pixel[0]),
            pixel[3],
        ]
    });
    Some(PointerShape {
        width: width as u16,
        height: height as u16,
        hot_x: (info.xHotspot as u16).min((width as u16).saturating_sub(1)),
        hot_y: (info.yHotspot as u16).min((height as u16).saturating_sub(1)),
        rgba: rgba.collect(),
    })
}

/// A bitmap's pixels, row by row from the top.
struct Picture {
    width: usize,
    height: usize,
    bgra: Vec<u8>,
}

#[expect(unsafe_code, reason = "GetDIBits is a C function")]
fn pixels(bitmap: HBITMAP) -> Option<Picture> {
    /// Larger ones are no pointers; a mask has two pictures above each other.
    const MAX_SIDE: i32 = 2048;
    let mut info = BITMAP::default();
    let size = i32::try_from(size_of::<BITMAP>()).ok()?;
    // SAFETY: `info` is a BITMAP of this size.
    if unsafe { GetObjectW(bitmap, size, (&raw mut info).cast::<c_void>()) } == 0 {
        return None;
    }
    let (width, height) = (info.bmWidth, info.bmHeight);
    if !(1..=MAX_SIDE).contains(&width) || !(1..=MAX_SIDE).contains(&height) {
        return None;
    }
    let mut bgra = vec![0; width as usize * height as usize * 4];
    let mut format = BITMAPINFO {
        bmiHeader: BITMAPINFOHEADER {
            biSize: size_of::<BITMAPINFOHEADER>() as u32,
            biWidth: width,
            // Negative: from the top.
            biHeight: -height,
            biPlanes: 1,
            biBitCount: 32,
            biCompression: BI_RGB,
            ..BITMAPINFOHEADER::default()
        },
        ..BITMAPINFO::default()
    };
    // SAFETY: the buffer has room for `height` rows of `width` pixels of 32 bits, as `format` asks.
    let rows = unsafe {
        let screen = GetDC(std::ptr::null_mut());
        let rows = GetDIBits(
            screen,
            bitmap,
            0,
            height as u32,
            bgra.as_mut_ptr().cast(),
            &raw mut format,
            DIB_RGB_COLORS,
        );
        ReleaseDC(std::ptr::null_mut(), screen);
        rows
    };
    (rows == height).then_some(Picture {
        width: width as usize,
        height: height as usize,
        bgra,
    })
}

/// Old coloured pointers have no alpha; their mask is white where one sees through.
fn with_alpha(mut color: Picture, mask: &Picture) -> Picture {
    if color.bgra.chunks_exact(4).all(|pixel| pixel[3] == 0) {
        for (pixel, mask) in color
            .bgra
            .chunks_exact_mut(4)
            .zip(mask.bgra.chunks_exact(4))
        {
            pixel[3] = if mask[0] == 0 { 255 } else { 0 };
        }
    }
    color
}

/// A pointer without colours is two masks above each other: the upper is white where the screen
/// stays, the lower is white where it is inverted.
/// An inverting pixel, as text pointers have, becomes a black one.
fn from_masks(masks: &Picture) -> Picture {
    let height = masks.height / 2;
    let (keep, invert) = masks.bgra.split_at(height * masks.width * 4);
    let pairs = keep.chunks_exact(4).zip(invert.chunks_exact(4));
    let bgra = pairs.flat_map(|(keep, invert)| match (keep[0] != 0, invert[0] != 0) {
        (true, false) => [0; 4],
        (false, true) => [255; 4],
        (false, false) | (true, true) => [0, 0, 0, 255],
    });
    Picture {
        width: masks.width,
        height,
        bgra: bgra.collect(),
    }
}
