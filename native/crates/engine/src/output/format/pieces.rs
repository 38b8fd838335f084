//! Pieces of a stream, shown in one with what is missing said.

/// Pieces of a stream from an offset on, joined in order, at most `limit` octets of them; what is missing between them is
/// said in its place. Tells as well where the last piece ends.
pub(crate) fn joined<'a>(pieces: impl Iterator<Item = (u64, &'a [u8])>, from: u64, limit: usize) -> (Vec<u8>, u64) {
    let (mut shown, mut end) = (Vec::new(), from);
    for (start, piece) in pieces {
        say_missing(&mut shown, end, start);
        end = start + piece.len() as u64;
        let room = limit.saturating_sub(shown.len());
        shown.extend_from_slice(piece.get(..room).unwrap_or(piece));
    }
    (shown, end)
}

/// Says that the octets from one stream offset to another are missing, if there are any.
pub(crate) fn say_missing(shown: &mut Vec<u8>, from: u64, to: u64) {
    if to > from {
        shown.extend_from_slice(format!("[{} bytes missing]", to - from).as_bytes());
    }
}
