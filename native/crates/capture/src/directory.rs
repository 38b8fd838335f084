//! The captures of a directory, in order.

use std::path::{Path, PathBuf};
use std::time::SystemTime;
use std::{fs, io};

use crate::MAX_DIRECTORY_DEPTH;

/// In which order the files of a directory are replayed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DirectoryOrder {
    /// By path, octet by octet.
    Name,
    /// By modification time, oldest first, then by path: Suricata's.
    #[default]
    Modified,
}

/// The files that `path` stands for: itself, or the regular files in a directory, those of its subdirectories too when
/// `recursive`. `-` is standard input and stays as it is. Symbolic links to files are followed, to directories not.
///
/// # Errors
/// When the path, or a directory below it, cannot be read.
pub fn expand(path: &Path, recursive: bool, order: DirectoryOrder) -> io::Result<Vec<PathBuf>> {
    if path.as_os_str() == "-" || !fs::metadata(path)?.is_dir() {
        return Ok(vec![path.to_path_buf()]);
    }
    let mut found: Vec<(SystemTime, PathBuf)> = Vec::new();
    let mut pending = vec![(path.to_path_buf(), 0)];
    while let Some((directory, depth)) = pending.pop() {
        for entry in fs::read_dir(&directory)? {
            let path = entry?.path();
            let is_link = fs::symlink_metadata(&path)?.file_type().is_symlink();
            // A dangling link is no file.
            let Ok(metadata) = fs::metadata(&path) else { continue };
            if metadata.is_file() {
                found.push((metadata.modified()?, path));
            } else if metadata.is_dir() && recursive && !is_link && depth < MAX_DIRECTORY_DEPTH {
                pending.push((path, depth + 1));
            }
        }
    }
    found.sort_by(|(a_time, a), (b_time, b)| match order {
        DirectoryOrder::Name => a.cmp(b),
        DirectoryOrder::Modified => a_time.cmp(b_time).then_with(|| a.cmp(b)),
    });
    Ok(found.into_iter().map(|(_, path)| path).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn lists_by_name_or_time_and_descends_on_request() {
        let root = std::env::temp_dir().join(format!("sidewire-capture-expand-{}", std::process::id()));
        fs::create_dir_all(root.join("sub")).unwrap();
        let long_ago = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
        for (name, age) in [("a.pcap", 30), ("b.pcap", 10), ("sub/c.pcap", 20)] {
            let file = fs::File::create(root.join(name)).unwrap();
            file.set_modified(long_ago + Duration::from_secs(age)).unwrap();
        }
        let names = |recursive, order| {
            let list = expand(&root, recursive, order).unwrap();
            list.iter().map(|p| p.strip_prefix(&root).unwrap().display().to_string()).collect::<Vec<_>>()
        };
        assert_eq!(names(false, DirectoryOrder::Name), ["a.pcap", "b.pcap"]);
        assert_eq!(names(false, DirectoryOrder::Modified), ["b.pcap", "a.pcap"]);
        assert_eq!(names(true, DirectoryOrder::Modified), ["b.pcap", "sub/c.pcap", "a.pcap"]);
        assert_eq!(expand(&root.join("a.pcap"), false, DirectoryOrder::Name).unwrap(), [root.join("a.pcap")]);
        assert_eq!(expand(Path::new("-"), false, DirectoryOrder::Name).unwrap(), [PathBuf::from("-")]);
        assert!(expand(&root.join("absent"), false, DirectoryOrder::Name).is_err());
        fs::remove_dir_all(&root).unwrap();
    }
}
