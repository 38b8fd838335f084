//! Compiled rules in a file: the rules as IR, their matchers, and what the rule compiler said. A file is one set; whoever made
//! it is the only one who may read or write it, and what does not add up is not used.
//!
//! A file: [`MAGIC`], the key (what it was made from, as hexadecimal digits, ended by a newline), sections, and the SHA-256 of
//! all that. A section: one octet for its kind, eight for its length (little-endian), and this many octets.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use rustix::fs::OFlags;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use sidewire_base::Cursor;
use sidewire_detect::{RuleSet, SavedMatchers};
use ts_rs::TS;

use crate::EngineError;

const MAGIC: &[u8] = b"sidewire rules 1\n";
const BATCH: u8 = b'R';
const MATCHER: u8 = b'M';
const FINDINGS: u8 = b'F';
const END: u8 = b'E';
/// Sets that a folder keeps: those used last.
const KEPT: usize = 8;
/// Files are opened by their own names only.
const NO_LINK: i32 = OFlags::NOFOLLOW.union(OFlags::CLOEXEC).bits().cast_signed();
const EXTENSION: &str = "rules-cache";

/// Where a compiled set is kept, and what it is made from.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
#[ts(export, export_to = "config.ts")]
pub struct CachePlace {
    /// Folder; made when it is missing.
    pub folder: String,
    /// Digest of everything the set depends on, as hexadecimal digits.
    pub key: String,
}

impl CachePlace {
    fn path(&self) -> PathBuf {
        Path::new(&self.folder).join(format!("{}.{EXTENSION}", self.key))
    }
}

/// What stands in a file.
#[derive(Debug, Default)]
pub(crate) struct CachedRules {
    pub(crate) batches: Vec<Vec<u8>>,
    pub(crate) matchers: SavedMatchers,
    /// Number of matchers.
    pub(crate) saved: u32,
    /// What the rule compiler said, as it wrote it.
    pub(crate) findings: String,
}

/// Reads a set. `Ok(None)`: there is none.
///
/// # Errors
/// [`EngineError::RuleCache`]: there is one that cannot be used.
pub(crate) fn read(place: &CachePlace) -> Result<Option<CachedRules>, EngineError> {
    let path = place.path();
    let refused = |why: String| EngineError::RuleCache(format!("{}: {why}", path.display()));
    let octets = match open_own(&path) {
        Ok(octets) => octets,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(refused(error.to_string())),
    };
    let broken = || refused("it is damaged".to_owned());
    let (body, digest) = octets.len().checked_sub(32).and_then(|at| octets.split_at_checked(at)).ok_or_else(broken)?;
    if Sha256::digest(body).as_slice() != digest {
        return Err(broken());
    }
    let head = [MAGIC, place.key.as_bytes(), b"\n"].concat();
    let sections = body.strip_prefix(head.as_slice()).ok_or_else(|| refused("it is of other rules".to_owned()))?;
    parse(sections).map(Some).ok_or_else(broken)
}

/// The octets of a file that belongs to this user, as does its folder, and that nobody else may touch.
fn open_own(path: &Path) -> io::Result<Vec<u8>> {
    let file = OpenOptions::new().read(true).custom_flags(NO_LINK).open(path)?;
    let folder = path.parent().map_or_else(|| fs::metadata("."), fs::metadata)?;
    for (what, about, others) in [("it", file.metadata()?, 0o077), ("its folder", folder, 0o022)] {
        if about.uid() != effective_user() {
            return Err(io::Error::other(format!("{what} belongs to another user")));
        }
        if about.mode() & others != 0 {
            return Err(io::Error::other(format!(
                "{what} may be changed or read by others (mode {:o})",
                about.mode() & 0o777
            )));
        }
    }
    // Of sets in a folder, those used last are kept.
    let _ = file.set_modified(SystemTime::now());
    let length = usize::try_from(file.metadata()?.len()).unwrap_or(0);
    let mut octets = Vec::with_capacity(length);
    io::Read::read_to_end(&mut &file, &mut octets)?;
    Ok(octets)
}

/// The user this process acts as: the owner of what it makes.
fn effective_user() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// The sections of a file; `None` when they are none.
fn parse(octets: &[u8]) -> Option<CachedRules> {
    let mut cached = CachedRules::default();
    let mut cursor = Cursor::new(octets);
    loop {
        let kind = cursor.u8().ok()?;
        let length = usize::try_from(cursor.u64_le().ok()?).ok()?;
        let section = cursor.take(length).ok()?;
        match kind {
            BATCH => cached.batches.push(section.to_vec()),
            MATCHER => {
                let (literals, saved) = section.split_first_chunk::<8>()?;
                cached.matchers.add(u64::from_le_bytes(*literals), saved.into());
                cached.saved += 1;
            }
            FINDINGS => cached.findings = String::from_utf8(section.to_vec()).ok()?,
            END => return Some(cached),
            _ => return None,
        }
    }
}

/// Writes a set while it is compiled. It takes its name when it is whole; dropped before, it leaves nothing.
#[derive(Debug)]
pub(crate) struct CacheWriter {
    path: PathBuf,
    temporary: PathBuf,
    file: BufWriter<File>,
    digest: Sha256,
    done: bool,
}

impl CacheWriter {
    /// Begins a file beside the one it will be.
    pub(crate) fn begin(place: &CachePlace) -> io::Result<Self> {
        let folder = Path::new(&place.folder);
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        let temporary = folder.join(format!(".{}.{}", place.key, unique()));
        let file =
            OpenOptions::new().write(true).create_new(true).mode(0o600).custom_flags(NO_LINK).open(&temporary)?;
        let file = BufWriter::with_capacity(1 << 18, file);
        let mut writer = Self { path: place.path(), temporary, file, digest: Sha256::new(), done: false };
        writer.write(MAGIC)?;
        writer.write(place.key.as_bytes())?;
        writer.write(b"\n")?;
        Ok(writer)
    }

    /// Adds a batch of IR.
    pub(crate) fn batch(&mut self, batch: &[u8]) -> io::Result<()> {
        self.section(BATCH, &[batch])
    }

    /// Adds what was made of the batches and what is to be said of them, and gives the file its name.
    pub(crate) fn finish(mut self, set: &RuleSet, findings: &str) -> io::Result<()> {
        for (literals, saved) in set.saved_matchers() {
            self.section(MATCHER, &[&literals.to_le_bytes(), &saved])?;
        }
        self.section(FINDINGS, &[findings.as_bytes()])?;
        self.section(END, &[])?;
        let digest = self.digest.clone().finalize();
        self.file.write_all(&digest)?;
        self.file.flush()?;
        fs::rename(&self.temporary, &self.path)?;
        self.done = true;
        if let Some(folder) = self.path.parent() {
            forget_old(folder);
        }
        Ok(())
    }

    fn section(&mut self, kind: u8, parts: &[&[u8]]) -> io::Result<()> {
        let length: usize = parts.iter().map(|part| part.len()).sum();
        self.write(&[kind])?;
        self.write(&(length as u64).to_le_bytes())?;
        parts.iter().try_for_each(|part| self.write(part))
    }

    fn write(&mut self, octets: &[u8]) -> io::Result<()> {
        self.digest.update(octets);
        self.file.write_all(octets)
    }
}

impl Drop for CacheWriter {
    fn drop(&mut self) {
        if !self.done {
            let _ = fs::remove_file(&self.temporary);
        }
    }
}

/// What no other writer has in its name.
fn unique() -> String {
    use std::sync::atomic::{AtomicU32, Ordering};
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

/// Removes all but the sets that were used last.
fn forget_old(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    let ours =
        entries.flatten().map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|e| e == EXTENSION));
    let used = |path: &PathBuf| fs::metadata(path).and_then(|about| about.modified()).ok();
    let mut sets: Vec<_> = ours.map(|path| (used(&path), path)).collect();
    sets.sort();
    for (_, path) in sets.iter().rev().skip(KEPT) {
        let _ = fs::remove_file(path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn place(name: &str) -> CachePlace {
        let folder = std::env::temp_dir().join(format!("sidewire-rule-cache-{name}-{}", unique()));
        CachePlace { folder: folder.to_str().unwrap().to_owned(), key: "ab12".into() }
    }

    fn write(place: &CachePlace) {
        let mut writer = CacheWriter::begin(place).unwrap();
        writer.batch(b"{\"one\":1}").unwrap();
        writer.batch(b"two").unwrap();
        writer.finish(&RuleSet::empty(), "said").unwrap();
    }

    #[test]
    fn what_was_written_is_read() {
        let place = place("whole");
        assert!(read(&place).unwrap().is_none());
        write(&place);
        let cached = read(&place).unwrap().unwrap();
        assert_eq!(cached.batches, [b"{\"one\":1}".to_vec(), b"two".to_vec()]);
        assert_eq!(cached.findings, "said");
        assert_eq!(fs::metadata(place.path()).unwrap().mode() & 0o777, 0o600);
        fs::remove_dir_all(&place.folder).unwrap();
    }

    #[test]
    fn what_others_could_have_changed_is_not_used() {
        let place = place("changed");
        write(&place);
        let refused = || read(&place).unwrap_err().to_string();
        let whole = fs::read(place.path()).unwrap();
        for at in [0, MAGIC.len() + 1, whole.len() / 2, whole.len() - 1] {
            let mut damaged = whole.clone();
            damaged[at] ^= 1;
            fs::write(place.path(), &damaged).unwrap();
            assert!(refused().contains("damaged"), "{at}");
        }
        fs::write(place.path(), &whole[..20]).unwrap();
        assert!(refused().contains("damaged"));
        fs::write(place.path(), &whole).unwrap();
        fs::set_permissions(place.path(), fs::Permissions::from_mode(0o644)).unwrap();
        assert!(refused().contains("mode 644"));
        fs::set_permissions(place.path(), fs::Permissions::from_mode(0o600)).unwrap();
        fs::set_permissions(&place.folder, fs::Permissions::from_mode(0o777)).unwrap();
        assert!(refused().contains("its folder may be changed"));
        fs::set_permissions(&place.folder, fs::Permissions::from_mode(0o700)).unwrap();
        let other = CachePlace { key: "cd34".into(), ..place.clone() };
        fs::copy(place.path(), other.path()).unwrap();
        assert!(read(&other).unwrap_err().to_string().contains("other rules"));
        std::os::unix::fs::symlink(place.path(), place.path().with_extension("link")).unwrap();
        assert!(open_own(&place.path().with_extension("link")).is_err(), "links are not followed");
        fs::remove_dir_all(&place.folder).unwrap();
    }

    #[test]
    fn a_writer_that_did_not_come_to_its_end_leaves_nothing() {
        let place = place("half");
        drop(CacheWriter::begin(&place).unwrap());
        assert_eq!(fs::read_dir(&place.folder).unwrap().count(), 0);
        fs::remove_dir_all(&place.folder).unwrap();
    }

    #[test]
    fn sets_used_last_are_kept() {
        let first = place("many");
        for number in 0..KEPT + 3 {
            write(&CachePlace { key: format!("{number:04}"), ..first.clone() });
        }
        assert_eq!(fs::read_dir(&first.folder).unwrap().count(), KEPT);
        assert!(read(&CachePlace { key: format!("{:04}", KEPT + 2), ..first.clone() }).unwrap().is_some());
        fs::remove_dir_all(&first.folder).unwrap();
    }
}
