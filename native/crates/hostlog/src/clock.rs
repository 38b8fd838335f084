//! Times as logs write them.

use sidewire_base::Time;
use sidewire_base::calendar::day_number;

/// A time that was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogTime {
    /// UTC, or local time when `zoned` is false.
    pub time: Time,
    /// The text said how far it is from UTC.
    pub zoned: bool,
}

/// Reads `2021-05-27T19:30:47.9652396Z`, `2020-09-18 13:07:54`, `2021-05-27T19:30:47.965+02:00`, or seconds since 1970 with a
/// fraction, which are UTC.
#[must_use]
pub fn parse_time(text: &[u8]) -> Option<LogTime> {
    let text = text.trim_ascii();
    let digits = |from: usize, to: usize| -> Option<i64> {
        let piece = text.get(from..to)?;
        piece.iter().try_fold(0, |value, octet| octet.is_ascii_digit().then(|| value * 10 + i64::from(octet - b'0')))
    };
    if text.get(4) != Some(&b'-') {
        return epoch(text);
    }
    let (year, month, day) = (digits(0, 4)?, digits(5, 7)?, digits(8, 10)?);
    let (hour, minute, second) = (digits(11, 13)?, digits(14, 16)?, digits(17, 19)?);
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let (nanos, used) = fraction(text.get(19..).unwrap_or_default());
    let zone = text.get(19 + used..).unwrap_or_default();
    let (offset, zoned) = match zone {
        [] => (0, false),
        [b'Z' | b'z'] => (0, true),
        [sign @ (b'+' | b'-'), a, b, rest @ ..] => {
            let rest = rest.strip_prefix(b":").unwrap_or(rest);
            let number = |a: u8, b: u8| Some(i64::from(a.checked_sub(b'0')?) * 10 + i64::from(b.checked_sub(b'0')?));
            let minutes = if let [c, d] = rest { number(*c, *d)? } else { 0 };
            let seconds = number(*a, *b)? * 3600 + minutes * 60;
            (if *sign == b'-' { -seconds } else { seconds }, true)
        }
        _ => return None,
    };
    let seconds = day_number(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offset;
    Some(LogTime { time: Time::new(seconds, nanos), zoned })
}

/// Seconds since 1970.
fn epoch(text: &[u8]) -> Option<LogTime> {
    let whole = text.iter().position(|octet| !octet.is_ascii_digit()).unwrap_or(text.len());
    let seconds: i64 = core::str::from_utf8(text.get(..whole)?).ok()?.parse().ok()?;
    let (nanos, used) = fraction(text.get(whole..)?);
    // Up to the year 9999.
    let plausible = (9..=12).contains(&whole) && whole + used == text.len() && seconds < 253_402_300_800;
    plausible.then_some(LogTime { time: Time::new(seconds, nanos), zoned: true })
}

/// A fraction of a second as nanoseconds, and the octets it takes.
fn fraction(text: &[u8]) -> (i64, usize) {
    let Some(digits) = text.strip_prefix(b".").or_else(|| text.strip_prefix(b",")) else { return (0, 0) };
    let count = digits.iter().take_while(|octet| octet.is_ascii_digit()).count();
    let padded = digits.iter().take(count.min(9)).chain(core::iter::repeat(&b'0')).take(9);
    (padded.fold(0, |value, octet| value * 10 + i64::from(octet - b'0')), count + 1)
}

/// Seconds that local time is ahead of UTC, to the quarter of an hour that zones are; `None` when the two are not the same
/// moment within two minutes.
#[must_use]
pub(crate) const fn zone_between(local: Time, utc: Time) -> Option<i64> {
    const QUARTER: i64 = 900;
    let apart = local.seconds() - utc.seconds();
    let rounded = (apart + QUARTER / 2).div_euclid(QUARTER) * QUARTER;
    let off = apart - rounded;
    if off.abs() <= 120 && rounded.abs() <= 14 * 3600 { Some(rounded) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_logs_write() {
        let at = |text: &str| parse_time(text.as_bytes()).map(|read| (read.time.0, read.zoned));
        assert_eq!(at("2021-05-27T19:30:47.9652396Z"), Some((1_622_143_847_965_239_600, true)));
        assert_eq!(at("2021-05-27T21:30:47.5+02:00"), Some((1_622_143_847_500_000_000, true)));
        assert_eq!(at("2021-05-27 19:30:47"), Some((1_622_143_847_000_000_000, false)));
        assert_eq!(at("1622143847.25"), Some((1_622_143_847_250_000_000, true)));
        assert_eq!(at("2021-13-27 19:30:47"), None);
        assert_eq!(at("12"), None);
        assert_eq!(at(""), None);
    }

    #[test]
    fn derives_zones() {
        let zone = |local: &str, utc: &str| {
            zone_between(parse_time(local.as_bytes()).unwrap().time, parse_time(utc.as_bytes()).unwrap().time)
        };
        assert_eq!(zone("2020-09-18 13:07:54", "2020-09-18 17:07:55.8"), Some(-14_400));
        assert_eq!(zone("2020-09-18 13:37:54", "2020-09-18 08:07:50"), Some(19_800));
        assert_eq!(zone("2020-09-18 13:07:54", "2020-09-18 17:14:00"), None);
    }
}
