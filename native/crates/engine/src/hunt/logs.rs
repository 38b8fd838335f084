//! The event logs that paths name.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use sidewire_capture::{DirectoryOrder, expand};
use sidewire_hostlog::{LogInput, RecordSink, read_log};

use crate::EngineError;

/// A log, or those in a directory, by name.
///
/// # Errors
/// [`EngineError`] when it is not there.
pub(super) fn log_files(path: &str) -> Result<Vec<PathBuf>, EngineError> {
    expand(Path::new(path), true, DirectoryOrder::Name).map_err(|error| not_found(path, &error))
}

/// Reads the logs that paths name, one after the other.
///
/// # Errors
/// [`EngineError`] when one is not there.
pub(crate) fn read_logs(paths: &[String], sink: &mut dyn RecordSink) -> Result<(), EngineError> {
    for path in paths {
        for log in log_files(path)? {
            let file = File::open(&log).map_err(|error| not_found(path, &error))?;
            read_log(LogInput::File(Box::new(file)), &log.display().to_string(), sink);
        }
    }
    Ok(())
}

fn not_found(path: &str, error: &io::Error) -> EngineError {
    EngineError::Capture { path: path.into(), reason: error.to_string(), code: "log/not-found", partial: false }
}
