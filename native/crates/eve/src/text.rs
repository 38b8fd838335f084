use sidewire_base::Time;

use crate::object::push_hex;

/// EVE's `timestamp`: local civil time in UTC with microseconds, `2026-11-21T08:00:00.000000+0000`.
#[must_use]
pub fn timestamp(time: Time) -> String {
    let seconds = time.seconds();
    let (days, rest) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let (year, month, day) = civil(days);
    format!(
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}.{:06}+0000",
        rest / 3600,
        rest / 60 % 60,
        rest % 60,
        time.subsec_micros()
    )
}

/// Year, month, day of a day number since 1970 (H. Hinnant's `civil_from_days`, in the public domain).
fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let doe = shifted.rem_euclid(146_097);
    let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let month = if mp < 10 { mp + 3 } else { mp - 9 };
    (yoe + era * 400 + i64::from(month <= 2), month, doy - (153 * mp + 2) / 5 + 1)
}

/// Lower-case hexadecimal.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    let mut out = Vec::with_capacity(bytes.len() * 2);
    for octet in bytes {
        push_hex(&mut out, *octet);
    }
    String::from_utf8(out).unwrap_or_default()
}

/// A UUID in its usual text form from its 16 little-endian wire octets (C706 appendix A).
#[must_use]
pub fn uuid_le(wire: &[u8; 16]) -> String {
    let [a, b, c, d, e, f, g, h, rest @ ..] = wire;
    let text = hex(&[d, c, b, a, f, e, h, g].map(|octet| *octet)) + &hex(rest);
    let part = |from: usize, to: usize| text.get(from..to).unwrap_or_default();
    format!("{}-{}-{}-{}-{}", part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32))
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
    fn writes_a_uuid_from_wire_order() {
        let wire = [8, 0x83, 0xaf, 0xe1, 0x1f, 0x5d, 0xc9, 0x11, 0x91, 0xa4, 8, 0, 0x2b, 0x14, 0xa0, 0xfa];
        assert_eq!(uuid_le(&wire), "e1af8308-5d1f-11c9-91a4-08002b14a0fa");
    }
}
