//! Entry for fuzzing: any octets may be a capture file.

use std::io::Cursor;

use crate::Reader;

/// Opens `data` as a capture and reads it to its end.
pub fn capture(data: &[u8]) {
    let Ok(mut reader) = Reader::from_source("fuzz", Cursor::new(data.to_vec()), Some(data.len() as u64)) else {
        return;
    };
    let mut octets = 0usize;
    while let Ok(Some(frame)) = reader.next() {
        octets = octets.wrapping_add(frame.data.len());
    }
    std::hint::black_box(octets);
}
