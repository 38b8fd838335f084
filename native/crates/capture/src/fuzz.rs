//! Entry for fuzzing: any octets may be a capture file.

use std::io::Cursor;

use crate::{BlockFrames, CaptureReader};

/// Opens `data` as a capture and reads it to its end, frame by frame and block by block.
pub fn capture(data: &[u8]) {
    let open = || CaptureReader::from_source("fuzz", Cursor::new(data.to_vec()), Some(data.len() as u64));
    let (Ok(mut reader), Ok(mut blocks)) = (open(), open()) else { return };
    let (mut frames, mut octets) = (0, 0);
    while let Ok(Some(frame)) = reader.next() {
        frames += 1;
        octets += frame.data.len();
    }
    let mut block = BlockFrames::default();
    while let Ok(next) = blocks.frames(block)
        && !next.is_empty()
    {
        frames -= next.iter().len();
        octets -= next.iter().map(|frame| frame.data.len()).sum::<usize>();
        block = next;
    }
    assert_eq!((frames, octets), (0, 0), "both ways of reading find the same");
}
