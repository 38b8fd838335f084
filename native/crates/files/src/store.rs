//! The directory that stored files go to: version 2 of Suricata's file store.
//!
//! A file is written as `tmp/file.N` while it comes and moved to `ab/abcd…`, named by its SHA-256, at its end; what was
//! there before under that name is the same content and stays. No name on the wire becomes part of a path, and nothing
//! is opened through a symbolic link.

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use sidewire_eve::hex;

/// How files are stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileStoreConfig {
    /// The directory.
    pub folder: PathBuf,
    /// Write a file's event beside it.
    pub write_fileinfo: bool,
    /// Files held open between writes; others are opened for each.
    pub max_open_files: usize,
}

/// The directory cannot be used.
#[derive(Debug)]
pub struct StoreError {
    /// Which.
    pub path: PathBuf,
    /// Why not.
    pub source: io::Error,
}

/// What became of files so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoreCounters {
    /// Files that were stored.
    pub stored: u64,
    /// What the file system refused (`file_store.fs_errors`).
    pub fs_errors: u64,
    /// Files that were not held open because too many were (`file_store.open_files_max_hit`).
    pub open_files_max_hit: u64,
    /// The first refusal, in words.
    pub first_error: Option<String>,
}

/// A file store.
#[derive(Debug)]
pub struct FileStore {
    config: FileStoreConfig,
    open: HashMap<u32, File>,
    /// Files that were begun and are not over; `false`: something was refused, what follows is not written.
    begun: HashMap<u32, bool>,
    counters: StoreCounters,
}

impl FileStore {
    /// Makes the directory if it is not there.
    ///
    /// # Errors
    /// [`StoreError`] when that fails.
    pub fn new(config: FileStoreConfig) -> Result<Self, StoreError> {
        let tmp = config.folder.join("tmp");
        fs::create_dir_all(&tmp).map_err(|source| StoreError { path: tmp, source })?;
        Ok(Self { config, open: HashMap::new(), begun: HashMap::new(), counters: StoreCounters::default() })
    }

    /// What became of files so far.
    #[must_use]
    pub const fn counters(&self) -> &StoreCounters {
        &self.counters
    }

    /// A file begins.
    pub fn begin(&mut self, id: u32) {
        let path = self.temporary(id);
        let created = create_new(&path);
        let good = created.is_ok();
        if let Some(file) = self.counted("create", &path, created) {
            if self.open.len() < self.config.max_open_files {
                self.open.insert(id, file);
            } else if self.config.max_open_files > 0 {
                self.counters.open_files_max_hit += 1;
            }
        }
        self.begun.insert(id, good);
    }

    /// More octets of a file.
    pub fn write(&mut self, id: u32, octets: &[u8]) {
        if self.begun.get(&id) != Some(&true) || octets.is_empty() {
            return;
        }
        let path = self.temporary(id);
        let written = match self.open.get_mut(&id) {
            Some(file) => file.write_all(octets),
            None => append_existing(&path).and_then(|mut file| file.write_all(octets)),
        };
        if self.counted("write to", &path, written).is_none() {
            // A part of a file must not pass for the whole: what follows is not written, and it is not kept.
            self.begun.insert(id, false);
            self.open.remove(&id);
        }
    }

    /// A file is over: it gets its name. `seconds` is engine time, `fileinfo` the line of its event.
    pub fn finish(&mut self, id: u32, sha256: &[u8], seconds: i64, fileinfo: &[u8]) {
        self.open.remove(&id);
        let Some(good) = self.begun.remove(&id) else { return };
        let from = self.temporary(id);
        if !good || sha256.is_empty() {
            let _refused = fs::remove_file(&from);
            return;
        }
        let name = hex(sha256);
        let leaf = self.config.folder.join(name.get(..2).unwrap_or("00"));
        let to = leaf.join(&name);
        let moved = fs::create_dir_all(&leaf).and_then(|()| settle(&from, &to));
        if self.counted("move to", &to, moved).is_none() {
            let _refused = fs::remove_file(&from);
            return;
        }
        self.counters.stored += 1;
        if self.config.write_fileinfo {
            let beside = leaf.join(format!("{name}.{seconds}.{id}.json"));
            let written = create_new(&beside).and_then(|mut file| file.write_all(fileinfo));
            self.counted("write", &beside, written);
        }
    }

    fn temporary(&self, id: u32) -> PathBuf {
        self.config.folder.join("tmp").join(format!("file.{id}"))
    }

    fn counted<T>(&mut self, what: &str, path: &Path, result: io::Result<T>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(error) => {
                self.counters.fs_errors += 1;
                self.counters.first_error.get_or_insert_with(|| format!("cannot {what} {}: {error}", path.display()));
                None
            }
        }
    }
}

/// Moves a finished file to its name, or freshens the file of the same content that has it.
fn settle(from: &Path, to: &Path) -> io::Result<()> {
    match fs::symlink_metadata(to) {
        Ok(there) if there.is_file() => {
            // When it was seen last is nice to know, and no reason to fail.
            let _refused = append_existing(to).and_then(|file| file.set_modified(SystemTime::now()));
            fs::remove_file(from)
        }
        // A link or folder there is not ours: renaming replaces the first and fails for the second.
        _ => fs::rename(from, to),
    }
}

/// Creates a file that was not there; one of an earlier run goes first. Links are removed, not followed.
fn create_new(path: &Path) -> io::Result<File> {
    let create = || OpenOptions::new().write(true).create_new(true).open(path);
    match create() {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            fs::remove_file(path)?;
            create()
        }
        other => other,
    }
}

/// Opens a file to append to it, not through a link.
fn append_existing(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, libc::O_NOFOLLOW);
    options.open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Scratch(PathBuf);

    impl Scratch {
        fn new(name: &str) -> Self {
            let folder = std::env::temp_dir().join(format!("sidewire-store-{name}-{}", std::process::id()));
            let _absent = fs::remove_dir_all(&folder);
            Self(folder)
        }

        fn store(&self, max_open_files: usize) -> FileStore {
            let config = FileStoreConfig { folder: self.0.clone(), write_fileinfo: true, max_open_files };
            FileStore::new(config).unwrap()
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            let _gone = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn files_get_the_name_of_their_content() {
        let scratch = Scratch::new("names");
        for open in [0, 1] {
            let mut store = scratch.store(open);
            for id in [1, 2] {
                store.begin(id);
                store.write(id, b"ab");
                store.write(id, b"c");
            }
            for id in [1, 2] {
                store.finish(id, &[0xab, 0xcd], 9, b"{}");
            }
            assert_eq!(fs::read(scratch.0.join("ab/abcd")).unwrap(), b"abc");
            assert_eq!(fs::read(scratch.0.join("ab/abcd.9.2.json")).unwrap(), b"{}");
            assert_eq!(fs::read_dir(scratch.0.join("tmp")).unwrap().count(), 0, "nothing is left behind");
            let counters = store.counters();
            assert_eq!((counters.stored, counters.fs_errors, counters.open_files_max_hit), (2, 0, open as u64));
        }
    }

    #[cfg(unix)]
    #[test]
    fn links_are_not_followed() {
        let scratch = Scratch::new("links");
        let mut store = scratch.store(0);
        let victim = scratch.0.join("victim");
        fs::write(&victim, b"mine").unwrap();
        std::os::unix::fs::symlink(&victim, scratch.0.join("tmp/file.1")).unwrap();
        store.begin(1);
        store.write(1, b"x");
        // Somebody is quick.
        fs::remove_file(scratch.0.join("tmp/file.1")).unwrap();
        std::os::unix::fs::symlink(&victim, scratch.0.join("tmp/file.1")).unwrap();
        store.write(1, b"y");
        store.finish(1, &[1, 2], 0, b"");
        assert_eq!(fs::read(&victim).unwrap(), b"mine");
        assert!(!scratch.0.join("01/0102").exists());
        assert_eq!((store.counters().fs_errors, store.counters().stored), (1, 0));
    }

    #[test]
    fn refusals_are_counted_and_the_first_is_told() {
        let scratch = Scratch::new("refused");
        let mut store = scratch.store(0);
        fs::remove_dir_all(scratch.0.join("tmp")).unwrap();
        store.begin(1);
        store.write(1, b"x");
        store.finish(1, &[1], 0, b"");
        store.begin(2);
        let counters = store.counters();
        assert_eq!((counters.fs_errors, counters.stored), (2, 0));
        assert!(counters.first_error.as_ref().unwrap().starts_with("cannot create "), "{:?}", counters.first_error);
    }
}
