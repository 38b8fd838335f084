//! How many files of an output are kept, how long, and how large they may be together.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::file_name::FileName;

/// What is kept of the files that an output has written. Without limits, all of them.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct FileRetention {
    /// How many, beside the one that is written.
    pub(super) files: Option<u32>,
    pub(super) age: Option<Duration>,
    /// Octets, of these together.
    pub(super) octets: Option<u64>,
}

struct KeptFile {
    path: PathBuf,
    modified: SystemTime,
    octets: u64,
}

impl FileRetention {
    /// Removes files that the output has written, oldest first, until what is left keeps to the limits. The one that is written
    /// now stays, and so does what has another name, links and folders among it.
    pub(super) fn apply(&self, folder: &Path, name: &FileName, current: &Path) -> std::io::Result<()> {
        if self.files.is_none() && self.age.is_none() && self.octets.is_none() {
            return Ok(());
        }
        let mut files: Vec<KeptFile> = fs::read_dir(folder)?
            .filter_map(|entry| {
                let entry = entry.ok()?;
                let path = entry.path();
                let found = entry.file_type().ok()?.is_file() && path != current;
                if !found || !name.has_had(entry.file_name().to_str()?) {
                    return None;
                }
                let of_it = entry.metadata().ok()?;
                Some(KeptFile { path, modified: of_it.modified().ok()?, octets: of_it.len() })
            })
            .collect();
        files.sort_by(|one, other| (other.modified, &other.path).cmp(&(one.modified, &one.path)));
        let (now, mut octets) = (SystemTime::now(), 0_u64);
        for (number, file) in files.iter().enumerate() {
            octets = octets.saturating_add(file.octets);
            let too_many = self.files.is_some_and(|most| number >= most as usize);
            let too_old = self.age.is_some_and(|most| now.duration_since(file.modified).is_ok_and(|age| age > most));
            let too_large = self.octets.is_some_and(|most| octets > most);
            if too_many || too_old || too_large {
                fs::remove_file(&file.path)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_go_and_strangers_stay() {
        let folder = std::env::temp_dir().join(format!("sidewire-retention-{}", std::process::id()));
        let _absent = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        let start = SystemTime::now() - Duration::from_secs(1000);
        for (number, name) in
            ["eve.json.1", "eve.json.2", "eve.json.3", "eve.json", "eve.json.gz", "other.json"].iter().enumerate()
        {
            let path = folder.join(name);
            fs::write(&path, [b'x'; 10]).unwrap();
            let file = fs::File::options().write(true).open(&path).unwrap();
            file.set_modified(start + Duration::from_secs(number as u64)).unwrap();
        }
        let name = FileName::read("eve.json").unwrap();
        let apply = |retention: FileRetention| {
            retention.apply(&folder, &name, &folder.join("eve.json")).unwrap();
            let mut left: Vec<_> =
                fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
            left.sort();
            left.join(" ")
        };
        let all = "eve.json eve.json.1 eve.json.2 eve.json.3 eve.json.gz other.json";
        assert_eq!(apply(FileRetention::default()), all);
        assert_eq!(apply(FileRetention { octets: Some(30), ..FileRetention::default() }), all);
        let fewer = FileRetention { files: Some(2), ..FileRetention::default() };
        assert_eq!(apply(fewer), "eve.json eve.json.2 eve.json.3 eve.json.gz other.json");
        let smaller = FileRetention { octets: Some(19), ..FileRetention::default() };
        assert_eq!(apply(smaller), "eve.json eve.json.3 eve.json.gz other.json");
        let younger = FileRetention { age: Some(Duration::from_secs(900)), ..FileRetention::default() };
        assert_eq!(apply(younger), "eve.json eve.json.gz other.json");
        fs::remove_dir_all(&folder).unwrap();
    }
}
