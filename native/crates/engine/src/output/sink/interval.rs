//! Spans of time by which files are begun again, or kept.

use std::time::Duration;

use sidewire_base::{SettingKind, SettingValue};

/// A span of time: `minute`, `hour`, `day`, which begin with the clock's, or a number with `s`, `m`, `h`, `d` or `w`, which
/// begins when it is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RotateInterval {
    seconds: u64,
    by_clock: bool,
}

impl RotateInterval {
    pub(crate) const fn span(self) -> Duration {
        Duration::from_secs(self.seconds)
    }

    /// When a span is over that began at `now`. Seconds since 1970.
    pub(super) const fn after(self, now: u64) -> u64 {
        let begun = if self.by_clock { now - now % self.seconds } else { now };
        begun.saturating_add(self.seconds)
    }
}

impl SettingValue for RotateInterval {
    const KIND: SettingKind = SettingKind::Span;

    fn read(text: &str) -> Option<Self> {
        let seconds = |seconds, by_clock| Some(Self { seconds, by_clock });
        match text {
            "minute" => seconds(60, true),
            "hour" => seconds(3600, true),
            "day" => seconds(86_400, true),
            _ => {
                let digits = text.trim_end_matches(|char: char| char.is_ascii_alphabetic());
                let unit = match text.get(digits.len()..)? {
                    "s" => 1,
                    "m" => 60,
                    "h" => 3600,
                    "d" => 86_400,
                    "w" => 604_800,
                    _ => return None,
                };
                let number: u64 = digits.parse().ok().filter(|number| *number > 0)?;
                seconds(number.checked_mul(unit)?, false)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_read_and_end() {
        let after = |text: &str, now| RotateInterval::read(text).map(|interval| interval.after(now));
        assert_eq!(
            (after("minute", 61), after("hour", 3599), after("day", 86_401)),
            (Some(120), Some(3600), Some(172_800))
        );
        assert_eq!((after("90s", 10), after("2w", 0)), (Some(100), Some(1_209_600)));
        assert!(
            ["", "0s", "5", "s", "-1d", "99999999999999999999d", "fortnight"]
                .iter()
                .all(|text| after(text, 0).is_none())
        );
    }
}
