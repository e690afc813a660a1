//! The file format IVF: a header of 32 bytes, and 12 bytes before each coded frame.

use anyhow::{Context as _, Result, ensure};

/// How many bytes each coded frame has.
pub(super) fn sizes(file: &[u8]) -> Result<Vec<usize>> {
    ensure!(file.starts_with(b"DKIF"), "no IVF file");
    let length = file.get(6..8).context("the file's header is cut off")?;
    let length = usize::from(u16::from_le_bytes([length[0], length[1]]));
    let mut rest = file.get(length..).context("the file's header is cut off")?;
    let mut sizes = Vec::new();
    while !rest.is_empty() {
        let (size, after) = rest.split_first_chunk().context("a frame has no header")?;
        let size = u32::from_le_bytes(*size) as usize;
        // Eight bytes tell when the frame is shown.
        rest = after.get(8 + size..).context("a frame is cut off")?;
        sizes.push(size);
    }
    Ok(sizes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(frames: &[&[u8]]) -> Vec<u8> {
        let mut file = b"DKIF\x00\x00\x20\x00VP90".to_vec();
        file.resize(32, 0);
        for (time, frame) in (0_u64..).zip(frames) {
            file.extend((frame.len() as u32).to_le_bytes());
            file.extend(time.to_le_bytes());
            file.extend_from_slice(frame);
        }
        file
    }

    #[test]
    fn every_frame_is_counted_without_its_header() {
        let file = file(&[&[1; 300], &[], &[2; 7]]);
        assert_eq!(sizes(&file).expect("a whole file"), [300, 0, 7]);
    }

    #[test]
    fn a_file_without_frames_has_none() {
        assert_eq!(sizes(&file(&[])).expect("a whole file"), [0; 0]);
    }

    #[test]
    fn the_header_tells_its_own_length() {
        let mut file = file(&[&[1; 5]]);
        file[6] = 40;
        file.splice(32..32, [0; 8]);
        assert_eq!(sizes(&file).expect("a whole file"), [5]);
    }

    #[test]
    fn a_file_that_is_cut_off_anywhere_but_between_frames_is_refused() {
        let file = file(&[&[1; 5]]);
        for length in (0..file.len()).filter(|length| *length != 32) {
            assert!(sizes(&file[..length]).is_err(), "{length} bytes");
        }
    }

    #[test]
    fn another_format_is_refused() {
        assert!(sizes(&[0; 64]).is_err());
    }
}
