//! Files on their way to the file store, in packet order: here they get their numbers.

use std::collections::{HashMap, VecDeque};

use sidewire_files::{FILE_KEY, FileStore, FileStoreConfig, StoreCounters, resolve_file_ids};

use crate::EngineError;
use crate::counters::Counters;
use crate::output::writer::record::{FileRecord, FileStep};

/// Files whose numbers are remembered once they are stored: events that name one come soon after.
const REMEMBERED: usize = 16_384;

/// The file store, with the numbers of files. Numbers count in the order in which files begin to be stored, whatever worker
/// has them.
pub(crate) struct StoredFiles {
    store: FileStore,
    numbers: HashMap<u64, u32>,
    /// Those that are over, oldest first.
    over: VecDeque<u64>,
    last: u32,
}

impl StoredFiles {
    /// Makes the directory if it is not there.
    pub(crate) fn new(config: FileStoreConfig) -> Result<Self, EngineError> {
        let store = FileStore::new(config)
            .map_err(|error| EngineError::Output { output: error.path.display().to_string(), source: error.source })?;
        Ok(Self { store, numbers: HashMap::new(), over: VecDeque::new(), last: 0 })
    }

    /// Adds what became of files.
    pub(crate) fn count(&self, into: &mut Counters) {
        let StoreCounters { stored, fs_errors, open_files_max_hit, .. } = self.store.counters();
        for (name, value) in [
            ("file_store.stored", stored),
            ("file_store.fs_errors", fs_errors),
            ("file_store.open_files_max_hit", open_files_max_hit),
        ] {
            into.insert(name.to_owned(), *value);
        }
    }

    /// What the file system refused, in words.
    pub(crate) fn refused(&self) -> Option<EngineError> {
        let StoreCounters { fs_errors, first_error, .. } = self.store.counters();
        let more = match fs_errors.saturating_sub(1) {
            0 => String::new(),
            more => format!(" (and {more} more refusals)"),
        };
        first_error.as_ref().map(|error| EngineError::FileStore(format!("{error}{more}")))
    }

    /// A step of a file, with its octets.
    pub(crate) fn take(&mut self, file: &FileRecord, octets: &[u8]) {
        if matches!(file.step, FileStep::Begin) {
            self.last = self.last.wrapping_add(1);
            self.numbers.insert(file.key, self.last);
        }
        let Some(&number) = self.numbers.get(&file.key) else { return };
        match &file.step {
            FileStep::Begin => self.store.begin(number),
            FileStep::Octets => self.store.write(number, octets),
            FileStep::End { sha256, time } => {
                let event = self.resolve(octets);
                self.store.finish(number, sha256, time.seconds(), event.as_deref().unwrap_or(octets));
                self.over.push_back(file.key);
                if self.over.len() > REMEMBERED
                    && let Some(oldest) = self.over.pop_front()
                {
                    self.numbers.remove(&oldest);
                }
            }
        }
    }

    /// A line with the numbers of files in it; `None` when it names none.
    pub(crate) fn resolve(&self, line: &[u8]) -> Option<Vec<u8>> {
        line.contains(&FILE_KEY).then(|| resolve_file_ids(line, |key| self.numbers.get(&key).copied().unwrap_or(0)))
    }
}
