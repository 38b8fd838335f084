//! Conditions on a file as a whole: `filesize`, `filemd5`, `filesha1`, `filesha256`, `filestore`. Those of a rule must all
//! hold on the same file.

use sidewire_app_layer::Session;
use sidewire_base::{Direction, PerDirection};
use sidewire_files::{File, FileHash, FileHashes, FilePolicy, FileState, StoreDecision};
use sidewire_ir as ir;

use crate::DetectFlowState;
use crate::error::RuleError;
use crate::keyword::operator::unhex;
use crate::keyword::ranges::NumberRanges;

/// What must hold of one file.
#[derive(Debug)]
pub(crate) struct FileTest {
    checks: Box<[FileProperty]>,
}

#[derive(Debug)]
enum FileProperty {
    /// Its size once it is over. Of one that was cut, only that it is greater than something can be told: `above`.
    Size { test: NumberRanges, above: Option<u64> },
    /// Its digest is on a list, or is not.
    Digest { hash: FileHash, list: DigestList, negated: bool },
}

/// Digests of one length, sorted.
#[derive(Debug)]
struct DigestList {
    length: usize,
    octets: Box<[u8]>,
}

impl DigestList {
    /// Reads digests in hexadecimal, one after the other.
    fn new(hash: FileHash, text: &str) -> Result<Self, RuleError> {
        let (octets, length) = (unhex(text)?, hash.length());
        if octets.len() % length != 0 {
            return Err(RuleError::Hex(text.get(..2 * length).unwrap_or(text).to_owned()));
        }
        let mut digests: Vec<&[u8]> = octets.chunks_exact(length).collect();
        digests.sort_unstable();
        digests.dedup();
        Ok(Self { length, octets: digests.concat().into() })
    }

    fn contains(&self, digest: &[u8]) -> bool {
        let (mut low, mut high) = (0, self.octets.len() / self.length);
        while low < high {
            let middle = low + (high - low) / 2;
            let at = self.octets.get(middle * self.length..(middle + 1) * self.length).unwrap_or_default();
            match at.cmp(digest) {
                core::cmp::Ordering::Equal => return true,
                core::cmp::Ordering::Less => low = middle + 1,
                core::cmp::Ordering::Greater => high = middle,
            }
        }
        false
    }
}

/// What a test comes to on a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FileOutcome {
    Holds,
    /// It has to be over first.
    NotYet,
    Never,
}

impl FileTest {
    pub(crate) fn new(checks: &[ir::FileCheck]) -> Result<Self, RuleError> {
        let check = |check: &ir::FileCheck| {
            Ok(match check {
                ir::FileCheck::Size { test } => Some(FileProperty::Size {
                    test: NumberRanges::new(test),
                    above: match test.ranges.as_slice() {
                        [range] if range.max == u64::MAX && !test.negated => range.min.checked_sub(1),
                        _ => None,
                    },
                }),
                ir::FileCheck::Digest { algorithm, digests, negated } => {
                    let hash = file_hash(*algorithm);
                    Some(FileProperty::Digest { hash, list: DigestList::new(hash, digests)?, negated: *negated })
                }
                ir::FileCheck::Store { .. } => None,
            })
        };
        let checks = checks.iter().filter_map(|one| check(one).transpose()).collect::<Result<_, RuleError>>()?;
        Ok(Self { checks })
    }

    pub(crate) fn outcome(&self, file: &File) -> FileOutcome {
        if !self.checks.is_empty() && !file.is_over() {
            return FileOutcome::NotYet;
        }
        let holds = self.checks.iter().all(|check| match check {
            FileProperty::Size { test, above } => match file.state() {
                FileState::Closed => test.holds(file.size()),
                _ => above.is_some_and(|above| file.size() > above),
            },
            FileProperty::Digest { hash, list, negated } => {
                file.state() == FileState::Closed
                    && file.digest(*hash).is_some_and(|digest| list.contains(digest) != *negated)
            }
        });
        if holds { FileOutcome::Holds } else { FileOutcome::Never }
    }

    /// Digests it needs.
    pub(crate) fn hashes(&self) -> FileHashes {
        self.checks.iter().fold(FileHashes::NONE, |hashes, check| match check {
            FileProperty::Digest { hash, .. } => hashes.with(*hash),
            FileProperty::Size { .. } => hashes,
        })
    }
}

const fn file_hash(algorithm: ir::FileDigest) -> FileHash {
    match algorithm {
        ir::FileDigest::Md5 => FileHash::Md5,
        ir::FileDigest::Sha1 => FileHash::Sha1,
        ir::FileDigest::Sha256 => FileHash::Sha256,
    }
}

/// `filestore`: which files a match has stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FileStoring {
    /// Directions it names; `None`: that of the match.
    directions: Option<PerDirection<bool>>,
    scope: ir::FileScope,
}

impl FileStoring {
    pub(crate) fn new(checks: &[ir::FileCheck]) -> Option<Self> {
        checks.iter().find_map(|check| match check {
            ir::FileCheck::Store { direction, scope } => Some(Self {
                directions: match direction {
                    ir::FileSide::Rule => None,
                    ir::FileSide::ToServer => Some(PerDirection::new(true, false)),
                    ir::FileSide::ToClient => Some(PerDirection::new(false, true)),
                    ir::FileSide::Both => Some(PerDirection::both(true)),
                },
                scope: *scope,
            }),
            _ => None,
        })
    }

    /// Directions in which files may be stored, by a rule that is inspected in `rule`.
    pub(crate) fn may_store(self, rule: PerDirection<bool>) -> PerDirection<bool> {
        self.directions.unwrap_or(rule)
    }

    /// A rule matched on a transaction: files that its test holds on, or all in its scope, are to be stored.
    pub(crate) fn apply(
        self,
        test: Option<&FileTest>,
        sid: u32,
        (session, position): (&mut (dyn Session + 'static), usize),
        direction: Direction,
        state: &mut DetectFlowState,
    ) {
        let Some(files) = session.files_mut(position) else { return };
        let named = |direction: Direction| self.directions.is_none_or(|named| named[direction]);
        files.follow(direction);
        state.files.follow = true;
        for file in files.of_mut(direction) {
            if test.is_none_or(|test| test.outcome(file) == FileOutcome::Holds) {
                file.note_sid(sid);
                if self.scope == ir::FileScope::File && named(direction) {
                    file.want_stored();
                }
            }
        }
        if self.scope == ir::FileScope::File {
            return;
        }
        let sides = self.directions.unwrap_or(PerDirection::from_fn(|side| side == direction));
        for side in Direction::BOTH.into_iter().filter(|side| sides[*side]) {
            files.follow(side);
            files.store_all(side);
            if self.scope == ir::FileScope::Flow {
                state.files.store[side] = true;
            }
        }
    }
}

/// What a condition on a row of the protocols wants of files.
pub(crate) fn file_policy(row: &str, test: Option<&FileTest>) -> FilePolicy {
    let policy = FilePolicy::default();
    match (row, test) {
        (_, Some(test)) => FilePolicy { hashes: test.hashes(), ..policy },
        ("file.magic", _) => FilePolicy { magic: sidewire_files::MagicUse::Early, ..policy },
        ("file.data", _) => FilePolicy { content: true, ..policy },
        _ => policy,
    }
}

/// What a rule with `filestore` wants of them beside.
pub(crate) const MAY_STORE: FilePolicy = FilePolicy {
    hashes: FileHashes::NONE,
    magic: sidewire_files::MagicUse::Never,
    content: false,
    store: StoreDecision::Maybe,
};

#[cfg(test)]
mod tests {
    use sidewire_files::{FileContext, TxFiles};

    use super::*;

    fn file(content: &[u8], whole: bool) -> TxFiles {
        let hashes = FileHash::ALL.into_iter().fold(FileHashes::NONE, FileHashes::with);
        let policy = PerDirection::both(FilePolicy { hashes, ..FilePolicy::default() });
        let mut context = FileContext { policy, ..FileContext::default() };
        let mut files = TxFiles::default();
        files.open(Direction::ToServer, b"name", true, &mut context);
        files.append(Direction::ToServer, content, &mut context);
        if whole {
            files.close(Direction::ToServer, &mut context);
        } else {
            files.truncate(Direction::ToServer, &mut context);
        }
        files
    }

    fn outcome(checks: &[ir::FileCheck], files: &TxFiles) -> FileOutcome {
        FileTest::new(checks).unwrap().outcome(&files.of(Direction::ToServer)[0])
    }

    #[test]
    fn a_size_is_known_at_the_end() {
        let size = |min, max| ir::FileCheck::Size {
            test: ir::Number { ranges: vec![ir::NumberRange { min, max }], negated: false },
        };
        let (whole, cut) = (file(b"abc", true), file(b"abc", false));
        assert_eq!(outcome(&[size(3, 3)], &whole), FileOutcome::Holds);
        assert_eq!(outcome(&[size(4, u64::MAX)], &whole), FileOutcome::Never);
        assert_eq!(outcome(&[size(3, 3)], &cut), FileOutcome::Never, "it may have been longer");
        assert_eq!(outcome(&[size(3, u64::MAX)], &cut), FileOutcome::Holds, "at least");
        let mut context = FileContext::default();
        let mut open = TxFiles::default();
        open.open(Direction::ToServer, b"name", true, &mut context);
        assert_eq!(outcome(&[size(0, 9)], &open), FileOutcome::NotYet);
        assert_eq!(outcome(&[], &open), FileOutcome::Holds, "`filestore` alone does not wait");
    }

    #[test]
    fn digests_are_looked_up_in_lists() {
        let md5 = |text: &str, negated| ir::FileCheck::Digest {
            algorithm: ir::FileDigest::Md5,
            digests: text.to_owned(),
            negated,
        };
        let (abc, none) = ("900150983cd24fb0d6963f7d28e17f72", "d41d8cd98f00b204e9800998ecf8427e");
        let (whole, cut) = (file(b"abc", true), file(b"abc", false));
        for list in [format!("{abc}{none}"), format!("{none}{abc}{none}"), abc.to_owned()] {
            assert_eq!(outcome(&[md5(&list, false)], &whole), FileOutcome::Holds);
            assert_eq!(outcome(&[md5(&list, true)], &whole), FileOutcome::Never);
        }
        assert_eq!(outcome(&[md5(none, true)], &whole), FileOutcome::Holds);
        assert_eq!(outcome(&[md5(none, true)], &cut), FileOutcome::Never, "a part has no digest");
        assert!(FileTest::new(&[md5("d41d8c", false)]).is_err());
    }
}
