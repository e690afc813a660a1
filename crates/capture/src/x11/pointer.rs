//! Where the pointer is and what it looks like.

use x11rb::protocol::xfixes::{ConnectionExt as _, GetCursorImageReply};
use x11rb::protocol::xproto::{ConnectionExt as _, Window};
use x11rb::rust_connection::RustConnection;

use crate::{CaptureError, MAX_POINTER_SIDE, PointerShape};

/// Where the pointer is, in desktop pixels.
pub(crate) fn position(conn: &RustConnection, root: Window) -> Result<(i32, i32), CaptureError> {
    let reply = conn.query_pointer(root)?.reply()?;
    Ok((reply.root_x.into(), reply.root_y.into()))
}

/// What the pointer looks like now.
pub(super) fn shape(conn: &RustConnection) -> Result<PointerShape, CaptureError> {
    Ok(convert(&conn.xfixes_get_cursor_image()?.reply()?))
}

fn convert(image: &GetCursorImageReply) -> PointerShape {
    let (width, height) = (
        image.width.min(MAX_POINTER_SIDE),
        image.height.min(MAX_POINTER_SIDE),
    );
    let mut rgba = Vec::with_capacity(usize::from(width) * usize::from(height) * 4);
    let rows = image
        .cursor_image
        .chunks_exact(usize::from(image.width).max(1));
    for row in rows.take(height.into()) {
        for pixel in &row[..width.into()] {
            let [alpha, red, green, blue] = pixel.to_be_bytes();
            rgba.extend([red, green, blue, alpha]);
        }
    }
    PointerShape {
        width,
        height,
        hot_x: image.xhot.min(width.saturating_sub(1)),
        hot_y: image.yhot.min(height.saturating_sub(1)),
        rgba,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_huge_pointer_is_cut_and_its_bytes_are_reordered() {
        let shape = convert(&GetCursorImageReply {
            width: 300,
            height: 2,
            xhot: 299,
            yhot: 1,
            cursor_image: vec![0x8010_2030; 600],
            ..GetCursorImageReply::default()
        });
        assert_eq!(
            (shape.width, shape.height, shape.hot_x, shape.hot_y),
            (256, 2, 255, 1)
        );
        assert_eq!(shape.rgba.len(), 256 * 2 * 4);
        assert_eq!(shape.rgba[..4], [0x10, 0x20, 0x30, 0x80]);
    }
}
