//! Where lines go.

use std::fs::OpenOptions;
use std::io::{BufWriter, Write};
use std::path::PathBuf;
use std::sync::mpsc::SyncSender;

use crate::EngineError;

/// Octets gathered before the subscriber gets them.
const SUBSCRIBER_BATCH: usize = 256 << 10;

/// Where EVE lines go.
pub(crate) enum Sink {
    /// A file, or standard output.
    File { path: PathBuf, writer: BufWriter<Box<dyn Write + Send>> },
    /// JavaScript, through a bounded queue: when it is full the run waits, nothing is lost.
    Subscriber { queue: SyncSender<Vec<u8>>, gathered: Vec<u8> },
}

impl Sink {
    pub(crate) fn file(name: &str, append: bool) -> Result<Self, EngineError> {
        let path = PathBuf::from(name);
        let open = || -> std::io::Result<Box<dyn Write + Send>> {
            if name == "/dev/stdout" || name == "-" {
                return Ok(Box::new(std::io::stdout()));
            }
            if let Some(folder) = path.parent() {
                std::fs::create_dir_all(folder)?;
            }
            let mut options = OpenOptions::new();
            options.create(true).write(true);
            if append {
                options.append(true)
            } else {
                options.truncate(true)
            };
            Ok(Box::new(options.open(&path)?))
        };
        match open() {
            Ok(writer) => Ok(Self::File { writer: BufWriter::with_capacity(1 << 20, writer), path }),
            Err(source) => Err(EngineError::Output { path, source }),
        }
    }

    pub(crate) const fn subscriber(queue: SyncSender<Vec<u8>>) -> Self {
        Self::Subscriber { queue, gathered: Vec::new() }
    }

    pub(crate) fn line(&mut self, line: &[u8]) -> Result<(), EngineError> {
        match self {
            Self::File { path, writer } => {
                writer.write_all(line).map_err(|source| EngineError::Output { path: path.clone(), source })
            }
            Self::Subscriber { queue, gathered } => {
                gathered.extend_from_slice(line);
                if gathered.len() >= SUBSCRIBER_BATCH {
                    send(queue, gathered);
                }
                Ok(())
            }
        }
    }

    pub(crate) fn flush(&mut self) -> Result<(), EngineError> {
        match self {
            Self::File { path, writer } => {
                writer.flush().map_err(|source| EngineError::Output { path: path.clone(), source })
            }
            Self::Subscriber { queue, gathered } => {
                if !gathered.is_empty() {
                    send(queue, gathered);
                }
                Ok(())
            }
        }
    }
}

fn send(queue: &SyncSender<Vec<u8>>, gathered: &mut Vec<u8>) {
    // A subscriber that went away wants no more: the run is being stopped.
    let _gone = queue.send(core::mem::take(gathered));
}
