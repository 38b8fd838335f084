//! Parts of times, for `|hour` and its kin.

use sidewire_base::Time;
use sidewire_base::calendar::civil;
use sidewire_ir::TimePart;

/// A part of a time, in UTC.
pub(crate) fn part_of(time: Time, part: TimePart) -> i64 {
    let seconds = time.seconds();
    let days = seconds.div_euclid(86_400);
    let (year, month, day) = civil(days);
    match part {
        TimePart::Minute => seconds.div_euclid(60).rem_euclid(60),
        TimePart::Hour => seconds.div_euclid(3600).rem_euclid(24),
        TimePart::Day => day,
        TimePart::Week => week(days),
        TimePart::Month => month,
        TimePart::Year => year,
    }
}

/// ISO 8601: weeks begin on Monday, and belong to the year of their Thursday.
fn week(days: i64) -> i64 {
    // 1970-01-01 was a Thursday.
    let thursday = days - (days + 3).rem_euclid(7) + 3;
    let (year, _, _) = civil(thursday);
    let mut first = thursday;
    while civil(first - 7).0 == year {
        first -= 7;
    }
    (thursday - first) / 7 + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_times_apart() {
        let at = |text: &str, part| part_of(sidewire_hostlog::parse_time(text.as_bytes()).unwrap().time, part);
        let time = "2021-01-03T23:59:01Z";
        let parts = [TimePart::Minute, TimePart::Hour, TimePart::Day, TimePart::Week, TimePart::Month, TimePart::Year];
        assert_eq!(parts.map(|part| at(time, part)), [59, 23, 3, 53, 1, 2021]);
        assert_eq!(at("2024-12-30T00:00:00Z", TimePart::Week), 1);
        assert_eq!(at("2020-12-31T00:00:00Z", TimePart::Week), 53);
    }
}
