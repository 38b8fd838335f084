//! What transactions carry, on its way to the store of its protocol, in packet order: here it gets its number.
//!
//! A document is `[PREFIX]SECONDS.MICROSECONDS-NUMBER.EXTENSION`, with its notes beside it in `.meta`, as Suricata names what
//! `tls.store` has stored. No name on the wire becomes part of a path, and nothing is opened through a symbolic link.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use sidewire_app_layer::ProtocolDef;

use crate::EngineError;
use crate::config::RunConfig;
use crate::counters::Counters;
use crate::output::writer::record::DocumentRecord;

/// The directories that documents go to, and what became of them.
#[derive(Debug, Default)]
pub(crate) struct DocumentStore {
    /// By protocol.
    folders: Vec<Option<PathBuf>>,
    last: u64,
    stored: u64,
    refused: u64,
    first_error: Option<String>,
}

impl DocumentStore {
    /// Makes the directories that are not there.
    pub(crate) fn new(config: &RunConfig, protocols: &[ProtocolDef]) -> Result<Self, EngineError> {
        let folder = |protocol: &ProtocolDef| {
            let folder = config.document_stores.get(protocol.info.documents?.output)?;
            Some(PathBuf::from(folder))
        };
        let folders: Vec<_> = protocols.iter().map(folder).collect();
        for folder in folders.iter().flatten() {
            fs::create_dir_all(folder)
                .map_err(|source| EngineError::Output { output: folder.display().to_string(), source })?;
        }
        Ok(Self { folders, ..Self::default() })
    }

    /// Adds what became of documents, where any were to be stored.
    pub(crate) fn count(&self, into: &mut Counters) {
        if self.folders.iter().any(Option::is_some) {
            into.insert("document_store.stored".to_owned(), self.stored);
            into.insert("document_store.fs_errors".to_owned(), self.refused);
        }
    }

    /// What the file system refused, in words.
    pub(crate) fn refused(&self) -> Option<EngineError> {
        self.first_error.clone().map(EngineError::FileStore)
    }

    /// Writes a document and its notes.
    pub(crate) fn take(&mut self, document: &DocumentRecord, octets: &[u8]) {
        let Some(Some(folder)) = self.folders.get(usize::from(document.protocol)) else { return };
        self.last += 1;
        let (notes, octets) = octets.split_at(document.notes.min(octets.len()));
        let DocumentRecord { prefix, extension, time, .. } = document;
        let stem = format!("{prefix}{}.{:06}-{}", time.seconds(), time.subsec_micros(), self.last);
        let parts = [(*extension, octets), ("meta", notes)];
        let written = parts.into_iter().try_for_each(|(extension, octets)| {
            let path = folder.join(format!("{stem}.{extension}"));
            create_new(&path, octets).map_err(|error| format!("cannot write {}: {error}", path.display()))
        });
        match written {
            Ok(()) => self.stored += 1,
            Err(error) => {
                self.refused += 1;
                self.first_error.get_or_insert(error);
            }
        }
    }
}

/// Writes a file that was not there; one of an earlier run goes first. Links are removed, not followed.
fn create_new(path: &Path, octets: &[u8]) -> io::Result<()> {
    let create = || OpenOptions::new().write(true).create_new(true).open(path);
    let mut file = match create() {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            fs::remove_file(path)?;
            create()?
        }
        other => other?,
    };
    file.write_all(octets)
}

#[cfg(test)]
mod tests {
    use sidewire_base::Time;

    use super::*;

    #[test]
    fn documents_are_numbered_and_refusals_told() {
        let folder = std::env::temp_dir().join(format!("sidewire-documents-{}", std::process::id()));
        let _absent = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        let mut store = DocumentStore { folders: vec![None, Some(folder.clone())], ..DocumentStore::default() };
        let document = |protocol, prefix| DocumentRecord {
            protocol,
            prefix,
            extension: "pem",
            time: Time::new(7, 42_000),
            notes: 2,
        };
        store.take(&document(0, ""), b"nowhere");
        store.take(&document(1, ""), b"abcd");
        store.take(&document(1, "client-"), b"abcd");
        let read = |name: &str| fs::read(folder.join(name)).unwrap();
        assert_eq!((read("7.000042-1.pem"), read("7.000042-1.meta")), (b"cd".to_vec(), b"ab".to_vec()));
        assert_eq!(read("client-7.000042-2.pem"), b"cd");
        fs::remove_dir_all(&folder).unwrap();
        store.take(&document(1, ""), b"abcd");
        assert_eq!((store.stored, store.refused), (2, 1));
        assert!(store.refused().is_some());
    }
}
