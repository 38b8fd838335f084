//! Files that come in parts, over several transactions and flows: put together once all parts are there.

use core::net::IpAddr;
use std::collections::HashMap;

use sidewire_base::Time;
use sidewire_magic::Magic;

use crate::{ChunkLimit, ChunkOrder, File, FilePolicy};

/// Files that are put together at a time.
const MAX_FILES: usize = 1024;
/// Octets that are held of all of them, for what is to be stored and behind holes.
const MAX_HELD: usize = 64 << 20;
/// Seconds without another part after which a file is given up, as in Suricata.
const TIMEOUT: i64 = 60;
/// What may wait behind a hole: bounded by [`ChunkOrder`] itself.
const AHEAD: ChunkLimit = ChunkLimit { size: 0, count: 0 };

/// A part of a file: where it stands in the whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FilePart<'a> {
    /// What tells the file from others that the same two hosts exchange, beside its name and size.
    pub key: &'a [u8],
    /// First octet of the part.
    pub start: u64,
    /// Last octet of the part.
    pub end: u64,
    /// Octets of the whole, where they are known.
    pub size: Option<u64>,
}

/// Which file: the hosts, what tells it from others, and its size.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct WholeKey {
    hosts: Option<(IpAddr, IpAddr)>,
    key: Box<[u8]>,
    size: u64,
}

/// A file that some parts are here of.
#[derive(Debug)]
struct WholeFile {
    file: File,
    chunks: ChunkOrder,
    touched: i64,
    /// Octets held.
    held: usize,
}

/// The files of a worker that come in parts.
#[derive(Debug, Default)]
pub struct FileParts {
    files: HashMap<WholeKey, WholeFile>,
    held: usize,
    /// Whose parts come now, and when.
    hosts: Option<(IpAddr, IpAddr)>,
    now: i64,
    swept: i64,
    given_up: u64,
}

impl FileParts {
    /// What comes next is of a flow between these hosts, at this time.
    pub const fn enter(&mut self, client: IpAddr, server: IpAddr, now: Time) {
        self.hosts = Some((client, server));
        self.now = now.seconds();
    }

    /// Files that were given up before all of their parts were there: too many, too large, or too slow.
    #[must_use]
    pub const fn given_up(&self) -> u64 {
        self.given_up
    }

    /// A part begins; `None` when it is none that a whole can be made of.
    pub(crate) fn begin(&mut self, name: &[u8], part: FilePart<'_>, policy: FilePolicy) -> Option<PartPlace> {
        let size = part.size.filter(|size| part.start <= part.end && part.end < *size)?;
        // One part may be all of it.
        let length = part.end - part.start + 1;
        if length == size {
            return None;
        }
        self.sweep();
        let key = WholeKey { hosts: self.hosts, key: part.key.into(), size };
        if !self.files.contains_key(&key) && self.files.len() >= MAX_FILES {
            self.give_up_oldest();
        }
        let now = self.now;
        let whole = self.files.entry(key.clone()).or_insert_with(|| WholeFile {
            file: File::new(name, FilePolicy { content: false, ..policy }),
            chunks: ChunkOrder::default(),
            touched: now,
            held: 0,
        });
        whole.touched = now;
        let _odd = whole.chunks.announce(part.start, length, AHEAD);
        Some(PartPlace { key, at: part.start, left: length })
    }

    /// Octets of a part.
    pub(crate) fn append(&mut self, place: &mut PartPlace, octets: &[u8], mut magic: Option<&mut Magic>) {
        let room = usize::try_from(place.left).unwrap_or(usize::MAX).min(octets.len());
        let octets = octets.get(..room).unwrap_or_default();
        let Some(whole) = self.files.get_mut(&place.key) else { return };
        let file = &mut whole.file;
        whole.chunks.octets(place.at, octets, |next| file.append(next, magic.as_deref_mut()));
        place.pass(octets.len() as u64);
        let held = file.content().data().len() + whole.chunks.octets_held();
        self.held = (self.held + held).saturating_sub(core::mem::replace(&mut whole.held, held));
        while self.held > MAX_HELD && !self.files.is_empty() {
            self.give_up_oldest();
        }
    }

    /// A part is over: the whole, once that is complete.
    pub(crate) fn finish(&mut self, place: &PartPlace, magic: Option<&mut Magic>) -> Option<File> {
        let complete = self.files.get(&place.key).is_some_and(|whole| whole.chunks.passed() == place.key.size);
        if !complete {
            return None;
        }
        let mut whole = self.files.remove(&place.key)?;
        self.held = self.held.saturating_sub(whole.held);
        whole.file.close(true, magic);
        Some(whole.file)
    }

    /// Gives up files that nothing was heard of for long; at most once a second.
    fn sweep(&mut self) {
        if self.now == self.swept {
            return;
        }
        self.swept = self.now;
        let (now, before) = (self.now, self.files.len());
        self.files.retain(|_, whole| now.saturating_sub(whole.touched) <= TIMEOUT);
        self.given_up += (before - self.files.len()) as u64;
        self.held = self.files.values().map(|whole| whole.held).sum();
    }

    fn give_up_oldest(&mut self) {
        let oldest =
            self.files.iter().min_by(|a, b| a.1.touched.cmp(&b.1.touched).then_with(|| a.0.order().cmp(&b.0.order())));
        if let Some(key) = oldest.map(|(key, _)| key.clone())
            && let Some(whole) = self.files.remove(&key)
        {
            self.held = self.held.saturating_sub(whole.held);
            self.given_up += 1;
        }
    }
}

impl WholeKey {
    /// The same order in every run, whatever the hashes.
    fn order(&self) -> (Option<(IpAddr, IpAddr)>, &[u8], u64) {
        (self.hosts, &self.key, self.size)
    }
}

/// Where in the whole the next octets of a part stand.
#[derive(Clone, Debug)]
pub(crate) struct PartPlace {
    key: WholeKey,
    at: u64,
    left: u64,
}

impl PartPlace {
    /// Octets go by, there or missing.
    pub(crate) const fn pass(&mut self, octets: u64) {
        self.at = self.at.saturating_add(octets);
        self.left = self.left.saturating_sub(octets);
    }
}

#[cfg(test)]
mod tests {
    use core::net::Ipv4Addr;

    use sidewire_base::{Direction, PerDirection};

    use super::*;
    use crate::{FileContext, FileHash, FileHashes, FileState, TxFiles};

    const TO_CLIENT: Direction = Direction::ToClient;

    /// Size, state and range of a file.
    type SeenFile = (u64, FileState, Option<(u64, u64)>);

    /// Parts of a file of so many octets, each a transaction of its own; gives what all files are.
    fn read(parts: &mut FileParts, size: u64, ranges: &[(u64, u64)]) -> Vec<SeenFile> {
        let hashes = FileHashes::NONE.with(FileHash::Md5);
        let mut seen = Vec::new();
        for (start, end) in ranges {
            let policy = PerDirection::both(FilePolicy { hashes, ..FilePolicy::default() });
            let mut context = FileContext { policy, parts: Some(parts), ..FileContext::default() };
            let mut files = TxFiles::default();
            let part = FilePart { key: b"host", start: *start, end: *end, size: Some(size) };
            files.open_part(TO_CLIENT, b"name", part, false, &mut context);
            for at in *start..=*end {
                files.append(TO_CLIENT, &[at as u8], &mut context);
            }
            files.close(TO_CLIENT, &mut context);
            seen.extend(files.of(TO_CLIENT).iter().map(|file| (file.size(), file.state(), file.range())));
        }
        seen
    }

    #[test]
    fn parts_in_any_order_are_a_whole() {
        let mut parts = FileParts::default();
        let seen = read(&mut parts, 10, &[(4, 7), (0, 5), (8, 9)]);
        let part = |start, end| (end - start + 1, FileState::Closed, Some((start, end)));
        assert_eq!(seen, [part(4, 7), part(0, 5), part(8, 9), (10, FileState::Closed, None)]);
        assert_eq!((parts.files.len(), parts.held), (0, 0), "nothing is kept of it");
    }

    #[test]
    fn hosts_and_sizes_tell_files_apart() {
        let mut parts = FileParts::default();
        parts.enter(Ipv4Addr::new(1, 0, 0, 1).into(), Ipv4Addr::LOCALHOST.into(), Time::new(1, 0));
        read(&mut parts, 10, &[(0, 4)]);
        parts.enter(Ipv4Addr::new(1, 0, 0, 2).into(), Ipv4Addr::LOCALHOST.into(), Time::new(1, 0));
        assert_eq!(read(&mut parts, 10, &[(5, 9)]).len(), 1);
        assert_eq!(read(&mut parts, 11, &[(0, 4)]).len(), 1);
        assert_eq!(parts.files.len(), 3);
        assert_eq!(read(&mut parts, 5, &[(0, 4)]).len(), 1, "what is whole is no part");
    }

    #[test]
    fn what_is_not_completed_is_given_up() {
        let mut parts = FileParts::default();
        for size in 0..MAX_FILES as u64 + 3 {
            read(&mut parts, size + 10, &[(0, 4)]);
        }
        assert_eq!((parts.files.len(), parts.given_up()), (MAX_FILES, 3));
        parts.enter(Ipv4Addr::LOCALHOST.into(), Ipv4Addr::LOCALHOST.into(), Time::new(100, 0));
        read(&mut parts, 20, &[(0, 4)]);
        assert_eq!((parts.files.len(), parts.given_up()), (1, MAX_FILES as u64 + 3));
    }

    #[test]
    fn a_part_that_is_cut_leaves_a_hole() {
        let mut parts = FileParts::default();
        let mut context = FileContext { parts: Some(&mut parts), ..FileContext::default() };
        let mut files = TxFiles::default();
        let part = FilePart { key: b"", start: 0, end: 4, size: Some(10) };
        files.open_part(TO_CLIENT, b"name", part, false, &mut context);
        files.append(TO_CLIENT, b"ab", &mut context);
        files.gap(TO_CLIENT, 1);
        files.append(TO_CLIENT, b"de", &mut context);
        files.close(TO_CLIENT, &mut context);
        assert_eq!(read(&mut parts, 10, &[(5, 9)]).len(), 1);
        assert_eq!(read(&mut parts, 10, &[(2, 2)]).len(), 1, "another key");
    }
}
