//! `Content-Range`: which part of a file a body is.

use super::text::trim;

/// `Content-Range`. [RFC 9110] 14.4.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ContentRange {
    pub bounds: Option<(u64, u64)>,
    pub size: Option<u64>,
}

/// Reads `bytes 0-99/200`, `bytes */200`, `bytes 0-99/*`.
pub(super) fn content_range(value: &[u8]) -> Option<ContentRange> {
    let text = core::str::from_utf8(trim(value)).ok()?;
    let (unit, rest) = text.split_once(' ')?;
    if !unit.eq_ignore_ascii_case("bytes") {
        return None;
    }
    let (bounds, size) = rest.trim_start().split_once('/')?;
    let bounds = match bounds {
        "*" => None,
        _ => {
            let (start, end) = bounds.split_once('-')?;
            Some((start.parse().ok()?, end.parse().ok()?))
        }
    };
    let size = if size == "*" { None } else { Some(size.parse().ok()?) };
    Some(ContentRange { bounds, size })
}
