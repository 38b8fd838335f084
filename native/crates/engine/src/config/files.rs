//! What the configuration wants of files.

use std::path::PathBuf;

use sidewire_files::{FileHash, FileHashes, FilePolicy, FileStoreConfig, MagicUse, StoreDecision};

use crate::config::{FileStoreOutput, RunConfig};

/// What the configuration wants of all files.
pub(crate) struct FileSetup {
    /// Whether rules ask for it or not.
    pub(crate) policy: FilePolicy,
    /// Octets of a stream and body that are followed for a file to be stored; 0: without end.
    pub(crate) depth: u64,
    /// Where files are stored.
    pub(crate) store: Option<FileStoreConfig>,
    /// Database of libmagic, where it is not the system's.
    pub(crate) magic_database: Option<PathBuf>,
}

impl FileSetup {
    pub(super) fn new(config: &RunConfig) -> Self {
        let wanted = |hash: &FileHash| config.files.hashes.iter().any(|name| name == hash.name());
        let mut hashes = FileHash::ALL.into_iter().filter(wanted).fold(FileHashes::NONE, FileHashes::with);
        if config.file_store.is_some() {
            // Stored files are named by it.
            hashes = hashes.with(FileHash::Sha256);
        }
        let force = config.file_store.as_ref().is_some_and(|store| store.force);
        let database = &config.files.magic_database;
        Self {
            policy: FilePolicy {
                hashes,
                magic: if config.files.magic { MagicUse::AtEnd } else { MagicUse::Never },
                content: false,
                store: if force { StoreDecision::Always } else { StoreDecision::Never },
            },
            depth: config.file_store.as_ref().map_or(0, |store| store.stream_depth),
            store: config.file_store.as_ref().map(
                |FileStoreOutput { path, write_fileinfo, max_open_files, .. }| FileStoreConfig {
                    folder: PathBuf::from(path),
                    write_fileinfo: *write_fileinfo,
                    max_open_files: *max_open_files as usize,
                },
            ),
            magic_database: (!database.is_empty()).then(|| PathBuf::from(database)),
        }
    }
}
