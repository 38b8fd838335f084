//! One file on its way.

use sidewire_magic::{MAX_LOOKED_AT, Magic};
use smallvec::SmallVec;

use crate::hash::{FileDigests, FileHasher};
use crate::{FileContent, FileHash, FilePolicy, MagicUse, StoreDecision};

/// Octets from which the kind of a file is looked up before its end, as in Suricata.
const MAGIC_FROM: usize = 512;
/// Octets kept of a file that a rule may yet want to be stored. One that is decided later is not stored, and counted.
const MAX_UNDECIDED: usize = 8 << 20;
/// Longest name of a file kept. Octets.
const MAX_FILE_NAME: usize = 4096;
/// Rules noted that had a file stored.
const MAX_SIDS: usize = 64;

/// How far a file has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum FileState {
    /// More may follow.
    #[default]
    Opened,
    /// It is complete.
    Closed,
    /// It ended before its time, or parts are missing.
    Truncated,
}

impl FileState {
    /// As EVE says it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Opened => "UNKNOWN",
            Self::Closed => "CLOSED",
            Self::Truncated => "TRUNCATED",
        }
    }
}

/// What becomes of a file in the file store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StoreState {
    /// It is not stored.
    #[default]
    No,
    /// A rule may yet want it.
    Maybe,
    /// It is to be stored.
    Wanted,
    /// It is being stored under this key, up to this place.
    Writing {
        /// Its number among the files of its worker.
        key: u64,
        /// Octets handed over.
        written: u64,
    },
    /// It was stored under this key.
    Stored {
        /// Its number among the files of its worker.
        key: u64,
    },
}

#[derive(Clone, Debug)]
enum MagicState {
    /// Nobody asks.
    Off,
    /// Not looked up yet: the octets it will be looked up by.
    Head {
        octets: Vec<u8>,
        early: bool,
    },
    Known(Box<str>),
    /// The library failed, or there were no octets.
    Unknown,
}

/// A file.
#[derive(Clone, Debug)]
pub struct File {
    name: Box<[u8]>,
    state: FileState,
    /// Octets that passed, missing ones included.
    appended: u64,
    /// End of the furthest octet that was announced; octets.
    reached: u64,
    gaps: bool,
    /// Of what was announced, some is missing so far.
    holes: bool,
    range: Option<(u64, u64)>,
    hasher: Option<Box<FileHasher>>,
    digests: FileDigests,
    kind: MagicState,
    content: FileContent,
    /// Rules look into the content.
    for_rules: bool,
    store: StoreState,
    sids: SmallVec<[u32; 2]>,
    logged: bool,
}

impl File {
    pub(crate) fn new(name: &[u8], policy: FilePolicy) -> Self {
        Self {
            name: name.get(..MAX_FILE_NAME).unwrap_or(name).into(),
            state: FileState::Opened,
            appended: 0,
            reached: 0,
            gaps: false,
            holes: false,
            range: None,
            hasher: FileHasher::new(policy.hashes),
            digests: FileDigests::default(),
            kind: match policy.magic {
                MagicUse::Never => MagicState::Off,
                wanted => MagicState::Head { octets: Vec::new(), early: wanted == MagicUse::Early },
            },
            content: FileContent::default(),
            for_rules: policy.content,
            store: match policy.store {
                StoreDecision::Never => StoreState::No,
                StoreDecision::Maybe => StoreState::Maybe,
                StoreDecision::Always => StoreState::Wanted,
            },
            sids: SmallVec::new(),
            logged: false,
        }
    }

    /// Its name, as the protocol has it.
    #[must_use]
    pub fn name(&self) -> &[u8] {
        &self.name
    }

    /// How far it has come.
    #[must_use]
    pub const fn state(&self) -> FileState {
        self.state
    }

    /// Nothing follows.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.state > FileState::Opened
    }

    /// Octets so far, missing ones included.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.appended.max(self.reached)
    }

    /// Octets before its end were never seen.
    #[must_use]
    pub const fn has_gaps(&self) -> bool {
        self.gaps || self.holes
    }

    /// First and last octet of the whole that it is a part of, when it says so.
    #[must_use]
    pub const fn range(&self) -> Option<(u64, u64)> {
        self.range
    }

    /// A finished digest. Of a truncated file there are none of MD5 and SHA-1 (they stand for whole files); SHA-256 names
    /// what there is of it.
    #[must_use]
    pub fn digest(&self, hash: FileHash) -> Option<&[u8]> {
        let whole = self.state == FileState::Closed || hash == FileHash::Sha256;
        self.digests.get(hash).filter(|_| whole)
    }

    /// Its kind under libmagic's name, once that is known.
    #[must_use]
    pub fn magic(&self) -> Option<&str> {
        match &self.kind {
            MagicState::Known(name) => Some(name),
            _ => None,
        }
    }

    /// What is kept of its octets.
    #[must_use]
    pub const fn content(&self) -> &FileContent {
        &self.content
    }

    /// What becomes of it in the file store.
    #[must_use]
    pub const fn store(&self) -> StoreState {
        self.store
    }

    /// Rules that had it stored.
    #[must_use]
    pub fn sids(&self) -> &[u32] {
        &self.sids
    }

    /// Was its event written?
    #[must_use]
    pub const fn is_logged(&self) -> bool {
        self.logged
    }

    /// Its event was written.
    pub const fn set_logged(&mut self) {
        self.logged = true;
    }

    /// It is a part of a whole: its first and last octet there.
    pub const fn set_range(&mut self, start: u64, end: u64) {
        self.range = Some((start, end));
    }

    /// Octets up to this place are known to be on their way, with holes before it or not.
    pub const fn announce(&mut self, end: u64, holes: bool) {
        if end > self.reached {
            self.reached = end;
        }
        self.holes = holes;
    }

    pub(crate) fn append(&mut self, octets: &[u8], magic: Option<&mut Magic>) {
        if self.is_over() {
            return;
        }
        self.appended = self.appended.saturating_add(octets.len() as u64);
        if let Some(hasher) = &mut self.hasher {
            hasher.update(octets);
        }
        if let MagicState::Head { octets: head, early } = &mut self.kind {
            let room = MAX_LOOKED_AT.saturating_sub(head.len()).min(octets.len());
            head.extend_from_slice(octets.get(..room).unwrap_or_default());
            if *early && head.len() >= MAGIC_FROM {
                self.look_up(magic);
            }
        }
        if self.keeps() {
            self.content.push(octets);
            self.trim();
        } else {
            self.content.pass(octets.len() as u64);
        }
    }

    /// Octets are missing: what follows them counts as if it followed what came before.
    pub(crate) const fn gap(&mut self, length: u64) {
        self.appended = self.appended.saturating_add(length);
        self.gaps = true;
    }

    pub(crate) fn close(&mut self, whole: bool, magic: Option<&mut Magic>) {
        if self.is_over() {
            return;
        }
        self.state = if whole && !self.has_gaps() { FileState::Closed } else { FileState::Truncated };
        if let Some(hasher) = self.hasher.take() {
            self.digests = hasher.finish();
        }
        self.look_up(magic);
    }

    fn look_up(&mut self, magic: Option<&mut Magic>) {
        if let MagicState::Head { octets, .. } = &self.kind {
            let name = magic.filter(|_| !octets.is_empty()).and_then(|magic| magic.name(octets));
            self.kind = name.map_or(MagicState::Unknown, MagicState::Known);
        }
    }

    /// Nobody will look into its content.
    pub fn forget(&mut self) {
        self.for_rules = false;
        self.trim();
    }

    /// It is to be stored.
    pub fn want_stored(&mut self) {
        if self.store == StoreState::Maybe {
            self.store = StoreState::Wanted;
        }
    }

    /// A rule that has files stored holds on it.
    pub fn note_sid(&mut self, sid: u32) {
        if self.sids.len() < MAX_SIDS {
            self.sids.push(sid);
        }
    }

    /// No rule will want it to be stored.
    pub fn will_not_be_stored(&mut self) {
        if self.store == StoreState::Maybe {
            self.store = StoreState::No;
            self.trim();
        }
    }

    /// What was handed to the store since the last call goes; the store knows it by this key.
    pub fn set_store(&mut self, store: StoreState) {
        self.store = store;
        self.trim();
    }

    fn keeps(&self) -> bool {
        self.for_rules || matches!(self.store, StoreState::Maybe | StoreState::Wanted | StoreState::Writing { .. })
    }

    fn trim(&mut self) {
        if self.store == StoreState::Maybe && self.content.data().len() > MAX_UNDECIDED {
            self.store = StoreState::No;
        }
        let needed = match self.store {
            StoreState::Maybe | StoreState::Wanted => 0,
            StoreState::Writing { written, .. } => written,
            StoreState::No | StoreState::Stored { .. } => u64::MAX,
        };
        if self.for_rules {
            self.content.slide(needed);
        } else {
            self.content.drop_to(needed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FileHashes;

    fn file(policy: FilePolicy) -> File {
        File::new(b"name", policy)
    }

    #[test]
    fn digests_stand_for_whole_files() {
        let hashes = FileHash::ALL.into_iter().fold(FileHashes::NONE, FileHashes::with);
        let mut whole = file(FilePolicy { hashes, ..FilePolicy::default() });
        whole.append(b"abc", None);
        let mut cut = whole.clone();
        whole.close(true, None);
        cut.gap(4);
        cut.close(true, None);
        assert_eq!((whole.state(), whole.size()), (FileState::Closed, 3));
        assert_eq!((cut.state(), cut.size(), cut.has_gaps()), (FileState::Truncated, 7, true));
        assert_eq!(FileHash::ALL.map(|hash| whole.digest(hash).is_some()), [true; 3]);
        assert_eq!(FileHash::ALL.map(|hash| cut.digest(hash).is_some()), [false, false, true]);
    }

    #[test]
    fn nothing_is_kept_that_nobody_wants() {
        let mut file = file(FilePolicy::default());
        file.append(b"abc", None);
        assert_eq!((file.content().data(), file.content().base()), (&b""[..], 3));
        file.close(true, None);
        assert_eq!(file.digest(FileHash::Sha256), None);
    }

    #[test]
    fn what_may_be_stored_is_kept_until_that_is_decided() {
        let policy = FilePolicy { store: StoreDecision::Maybe, ..FilePolicy::default() };
        let mut wanted = file(policy);
        wanted.append(b"abc", None);
        let mut unwanted = wanted.clone();
        unwanted.will_not_be_stored();
        assert_eq!(unwanted.content().data(), b"");
        wanted.note_sid(7);
        wanted.want_stored();
        assert_eq!(
            (wanted.store(), wanted.sids(), wanted.content().from(0)),
            (StoreState::Wanted, &[7][..], &b"abc"[..])
        );
        wanted.set_store(StoreState::Writing { key: 1, written: 3 });
        wanted.append(b"de", None);
        assert_eq!(wanted.content().from(3), b"de");
        let mut large = file(policy);
        for _ in 0..9 {
            large.append(&[0; 1 << 20], None);
        }
        large.want_stored();
        assert_eq!((large.store(), large.content().data().len()), (StoreState::No, 0), "too late");
    }

    #[test]
    fn kinds_are_looked_up_once_the_beginning_is_there() {
        let Ok(mut magic) = Magic::open(None) else { return };
        let policy = FilePolicy { magic: MagicUse::Early, ..FilePolicy::default() };
        let mut early = file(policy);
        let mut late = file(FilePolicy { magic: MagicUse::AtEnd, ..policy });
        for file in [&mut early, &mut late] {
            file.append(b"%PDF-1.5\n", Some(&mut magic));
            assert_eq!(file.magic(), None);
            file.append(&[b'\n'; 600], Some(&mut magic));
        }
        assert_eq!((early.magic(), late.magic()), (Some("PDF document, version 1.5"), None));
        late.close(true, Some(&mut magic));
        assert_eq!(late.magic(), Some("PDF document, version 1.5"));
    }
}
