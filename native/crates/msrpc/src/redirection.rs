//! Where a command line sends its output, and whether a file on a share is that place.

/// Components of a path, the last one the file: in small letters, without a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OutputPath(Vec<String>);

/// Redirections of one command line.
const MAX_REDIRECTIONS: usize = 4;
/// Components of one path.
const MAX_COMPONENTS: usize = 16;
/// A name with fewer characters is anybody's.
const SHORTEST_NAME: usize = 2;

impl OutputPath {
    /// The places a command line redirects to: `> x`, `1>x`, `>>x`, `^> x`. Not `2>&1`.
    pub(crate) fn of_command(command_line: &str) -> Vec<Self> {
        let mut found = Vec::new();
        let mut rest = command_line;
        while let Some(at) = rest.find('>') {
            rest = rest.get(at + 1..).unwrap_or_default().trim_start_matches('>').trim_start();
            let (path, later) = match rest.strip_prefix('"') {
                Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
                None => {
                    rest.split_at(rest.find([' ', '\t', '&', '|', '"', '<', '>', ')', '^', '\'']).unwrap_or(rest.len()))
                }
            };
            if let Some(path) = Self::of(path)
                && found.len() < MAX_REDIRECTIONS
            {
                found.push(path);
            }
            rest = later;
        }
        found
    }

    /// A path as a command interpreter takes it: on a drive, below a variable, or of the machine's own share.
    fn of(path: &str) -> Option<Self> {
        let path = path.replace('/', "\\").to_lowercase();
        let components = match path.strip_prefix("\\\\") {
            // The host is the machine itself by whatever name: what is on another one, nobody fetches here.
            Some(unc) => unc.split_once('\\')?.1.to_owned(),
            None => path,
        };
        Self::from_components(&components)
    }

    /// A file on a share, by the path of the share and the name on it.
    pub(crate) fn on_share(share: &str, name: &str) -> Option<Self> {
        let share = share.rsplit('\\').next().unwrap_or(share);
        Self::from_components(&format!("{share}\\{name}").replace('/', "\\").to_lowercase())
    }

    fn from_components(path: &str) -> Option<Self> {
        let parts = path.split('\\').filter(|part| !part.is_empty() && *part != ".").take(MAX_COMPONENTS);
        let components: Vec<String> = parts.map(|part| plain(part).to_owned()).collect();
        let name = components.last()?;
        let telling = name.chars().count() >= SHORTEST_NAME && name != "nul" && !name.starts_with('&');
        telling.then_some(Self(components))
    }

    /// True when both are one file, as far as both say where it is: one may begin further down than the other.
    pub(crate) fn is(&self, other: &Self) -> bool {
        self.0.iter().rev().zip(other.0.iter().rev()).all(|(a, b)| a == b)
    }
}

/// A component by the name it has everywhere: of the Windows folder, which is a share and two variables, and of a drive.
fn plain(part: &str) -> &str {
    match part {
        "admin$" | "%windir%" | "%systemroot%" => "windows",
        "%temp%" | "%tmp%" => "temp",
        "%systemdrive%" | "c:" => "c$",
        _ => part,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_of_an_output_is_a_file_of_a_share_however_it_is_written() {
        let fetched = [
            (r"cmd.exe /Q /c dir 1> \\127.0.0.1\ADMIN$\kfpzq.w7 2>&1", r"\\10.0.0.2\ADMIN$", "kfpzq.w7"),
            (r"cmd /c dir > C:\Windows\Temp\out.log", r"\\srv\C$", r"Windows\Temp\out.log"),
            (r"cmd /c dir>>%windir%/temp/out.log 2>&1", r"\\srv\admin$", r"Temp\out.log"),
            (r"%COMSPEC% /c echo dir ^> \\SRV\C$\a\qwerty ^2^>^&^1", r"\\10.0.0.2\c$", r"a\qwerty"),
            (r#"cmd /c dir > "C:\out dir\x1.txt""#, r"\\srv\C$", r"out dir\x1.txt"),
            (r"cmd /c dir > %TEMP%\x1.txt", r"\\srv\C$", r"Windows\Temp\x1.txt"),
        ];
        for (command_line, share, name) in fetched {
            let outputs = OutputPath::of_command(command_line);
            assert_eq!(outputs.len(), 1, "{command_line} {outputs:?}");
            assert!(outputs[0].is(&OutputPath::on_share(share, name).unwrap()), "{command_line} {outputs:?}");
            assert!(!outputs[0].is(&OutputPath::on_share(share, "other.txt").unwrap()));
        }
        for nowhere in ["cmd /c dir", "cmd /c dir 2>&1", "cmd /c dir > nul", "cmd /c dir >", "a > b > c > d > e > f"] {
            assert!(OutputPath::of_command(nowhere).is_empty(), "{nowhere}");
        }
    }
}
