//! `stats.log`: the counters as a table of text, as Suricata writes it.

use core::fmt::Write as _;

use crate::counters::Counters;
use crate::source::packet_sink::StatsMoment;

const RULE: &str = "------------------------------------------------------------------------------------";

/// The table at a moment, with the end of its last line. `null_values` keeps counters that are 0.
pub(crate) fn stats_text(counters: &Counters, at: StatsMoment, null_values: bool) -> String {
    let text = sidewire_eve::timestamp(at.time);
    let part = |from: usize, to: usize| text.get(from..to).unwrap_or_default();
    let (days, rest) = (at.uptime / 86_400, at.uptime % 86_400);
    let mut out = String::new();
    // Writing to memory cannot fail.
    let _written = write!(
        out,
        "{RULE}\nDate: {}/{}/{} -- {} (uptime: {days}d, {:02}h {:02}m {:02}s)\n{RULE}\n",
        part(5, 7),
        part(8, 10),
        part(0, 4),
        part(11, 19),
        rest / 3600,
        rest / 60 % 60,
        rest % 60
    );
    let _written = write!(out, "{:<46}| {:<26}| {:<6}\n{RULE}\n", "Counter", "TM Name", "Value");
    for (name, value) in counters.iter().filter(|(_, value)| null_values || **value != 0) {
        let _written = writeln!(out, "{name:<46}| {:<26}| {value}", "Total");
    }
    let _written = writeln!(out, "{RULE}");
    out
}

#[cfg(test)]
mod tests {
    use sidewire_base::Time;

    use super::*;

    #[test]
    fn is_a_table_of_what_is_not_zero() {
        let counters = [("decoder.pkts".to_owned(), 12), ("flow.tcp".to_owned(), 0)].into();
        let at = StatsMoment { time: Time::new(90_061, 0), uptime: 90_061 };
        let text = stats_text(&counters, at, false);
        assert!(text.contains("Date: 01/02/1970 -- 01:01:01 (uptime: 1d, 01h 01m 01s)"), "{text}");
        assert!(text.contains("decoder.pkts                                  | Total                     | 12\n"));
        assert!(!text.contains("flow.tcp"));
        assert!(stats_text(&counters, at, true).contains("flow.tcp"));
    }
}
