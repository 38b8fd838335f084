//! Times and octets as EVE writes them.

use sidewire_base::Time;
use sidewire_base::calendar::civil;

/// EVE's `timestamp`: local civil time in UTC with microseconds, `2026-11-21T08:00:00.000000+0000`.
#[must_use]
pub fn timestamp(time: Time) -> String {
    String::from_utf8_lossy(&stamp(time)).into_owned()
}

/// The octets of [`timestamp`]. Times are 64-bit nanoseconds, so a year has four digits.
pub(crate) fn stamp(time: Time) -> [u8; 31] {
    let seconds = time.seconds();
    // The remainder of a day fits 32 bits, in which dividing is faster.
    let (days, rest) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400) as u32);
    let (year, month, day) = civil(days);
    let (year, micros) = (year as u32, time.subsec_micros());
    let [[a, b], [c, d]] = [pair(year / 100), pair(year % 100)];
    let [[e, f], [g, h]] = [pair(month as u32), pair(day as u32)];
    let [[i, j], [k, l], [m, n]] = [rest / 3600, rest / 60 % 60, rest % 60].map(pair);
    let [[o, p], [q, r], [s, t]] = [micros / 10_000, micros / 100 % 100, micros % 100].map(pair);
    [
        a, b, c, d, b'-', e, f, b'-', g, h, b'T', i, j, b':', k, l, b':', m, n, b'.', o, p, q, r, s, t, b'+', b'0',
        b'0', b'0', b'0',
    ]
}

/// The numbers below 100, two digits each.
const PAIRS: [[u8; 2]; 100] = {
    let mut pairs = [[0; 2]; 100];
    let mut at = 0_u8;
    while at < 100 {
        #[allow(clippy::indexing_slicing, reason = "evaluated when compiled")]
        {
            pairs[at as usize] = [b'0' + at / 10, b'0' + at % 10];
        }
        at += 1;
    }
    pairs
};

/// The two digits of a number below 100.
#[inline]
pub(crate) fn pair(value: u32) -> [u8; 2] {
    PAIRS.get(value as usize).copied().unwrap_or_default()
}

/// Lower-case hexadecimal.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    let mut out = Vec::with_capacity(bytes.len() * 2);
    for octet in bytes {
        out.extend_from_slice(&hex_pair(*octet));
    }
    String::from_utf8(out).unwrap_or_default()
}

/// The usual text form of a UUID whose octets are in the order they are written in.
#[must_use]
pub fn uuid_text(octets: [u8; 16]) -> [u8; 36] {
    let mut text = [b'-'; 36];
    let mut at = 0;
    for (position, octet) in octets.into_iter().enumerate() {
        at += usize::from(matches!(position, 4 | 6 | 8 | 10));
        if let Some(pair) = text.get_mut(at..at + 2) {
            pair.copy_from_slice(&hex_pair(octet));
        }
        at += 2;
    }
    text
}

/// Standard base64 with padding (RFC 4648 section 4).
#[must_use]
pub fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let octet = |i: usize| u32::from(chunk.get(i).copied().unwrap_or_default());
        let word = octet(0) << 16 | octet(1) << 8 | octet(2);
        for digit in 0..4 {
            if digit > chunk.len() {
                out.push('=');
            } else {
                let index = (word >> (18 - 6 * digit) & 63) as usize;
                out.push(char::from(ALPHABET.get(index).copied().unwrap_or(b'=')));
            }
        }
    }
    out
}

/// EVE's `payload_printable`: printable ASCII, line feeds and carriage returns stay, everything else is a dot.
#[must_use]
pub fn printable(bytes: &[u8]) -> String {
    bytes
        .iter()
        .map(|octet| if matches!(octet, 0x20..0x7f | b'\n' | b'\r') { char::from(*octet) } else { '.' })
        .collect()
}

/// The two digits of an octet.
pub(crate) const fn hex_pair(octet: u8) -> [u8; 2] {
    const fn digit(nibble: u8) -> u8 {
        if nibble < 10 { b'0' + nibble } else { b'a' + nibble - 10 }
    }
    [digit(octet >> 4), digit(octet & 15)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_time_as_eve_does() {
        assert_eq!(timestamp(Time::new(1_700_000_000, 123_456_789)), "2023-11-14T22:13:20.123456+0000");
        assert_eq!(timestamp(Time::new(951_782_400, 0)), "2000-02-29T00:00:00.000000+0000");
    }

    #[test]
    fn writes_base64_with_padding() {
        assert_eq!([&b""[..], b"f", b"fo", b"foo", b"foob"].map(base64), ["", "Zg==", "Zm8=", "Zm9v", "Zm9vYg=="]);
    }

    #[test]
    fn writes_a_uuid() {
        let octets = [0xe1, 0xaf, 0x83, 8, 0x5d, 0x1f, 0x11, 0xc9, 0x91, 0xa4, 8, 0, 0x2b, 0x14, 0xa0, 0xfa];
        assert_eq!(&uuid_text(octets), b"e1af8308-5d1f-11c9-91a4-08002b14a0fa");
    }
}
