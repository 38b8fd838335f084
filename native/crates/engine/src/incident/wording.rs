//! Texts of hosts and of calls, to be compared: paths, command lines.

/// Characters of a command line that make it one of its kind.
pub(super) const TELLING: usize = 8;

/// The last part of a path.
pub(super) fn file_name(path: &str) -> &str {
    path.rsplit(['\\', '/']).next().unwrap_or(path)
}

/// A command line without what differs between who asks and who logs: case, quotes, doubled signs of variables.
pub(super) fn plain(text: &str) -> String {
    let text = text.to_lowercase().replace("%%", "%").replace('"', "");
    text.replace("%comspec%", "c:\\windows\\system32\\cmd.exe").split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn command_lines_are_compared_without_what_differs() {
        assert_eq!(plain("\"C:\\a.exe\"  /c %%COMSPEC%%"), plain("c:\\A.exe /c %comspec%"));
        assert_eq!(file_name("C:\\x\\y.exe"), "y.exe");
    }
}
