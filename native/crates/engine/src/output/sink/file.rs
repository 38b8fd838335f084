//! A file, or standard output.

use std::fs::{File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sidewire_base::FileMode;

use super::{LineSink, SinkKind, SinkOrders};

sidewire_base::settings! {
    /// What a file is told.
    pub(crate) struct FileSinkSettings {
        /// Its path; `/dev/stdout` is standard output.
        path: PathBuf = "filename";
        /// Append instead of replacing.
        append: bool = "append", usually "yes";
        /// Permissions it is given.
        mode: Option<FileMode> = "filemode";
    }
}

/// Writes lines to a file.
pub(crate) struct FileSink {
    /// `None`: standard output.
    path: Option<PathBuf>,
    mode: Option<FileMode>,
    file: FileTarget,
}

enum FileTarget {
    File(File),
    Stdout(io::Stdout),
}

impl SinkKind for FileSink {
    const FILETYPES: &'static [&'static str] = &["regular", "file"];
    const DOC: &'static str = "A file, or standard output.";
    type Settings = FileSinkSettings;

    fn name(_: &str, settings: &FileSinkSettings) -> String {
        settings.path.display().to_string()
    }

    /// Opens the file, and makes the folders above it.
    fn open(_: &str, settings: FileSinkSettings, _: &Arc<SinkOrders>) -> io::Result<Self> {
        let FileSinkSettings { path, append, mode } = settings;
        if path == Path::new("/dev/stdout") || path == Path::new("-") {
            return Ok(Self { path: None, mode, file: FileTarget::Stdout(io::stdout()) });
        }
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let file = FileTarget::File(open(&path, append, mode)?);
        Ok(Self { path: Some(path), mode, file })
    }
}

fn open(path: &Path, append: bool, mode: Option<FileMode>) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.create(true).write(true);
    if append {
        options.append(true)
    } else {
        options.truncate(true)
    };
    let file = options.open(path)?;
    if let Some(FileMode(mode)) = mode {
        file.set_permissions(Permissions::from_mode(mode))?;
    }
    Ok(file)
}

impl LineSink for FileSink {
    fn write(&mut self, lines: &[u8]) -> io::Result<u64> {
        match &mut self.file {
            FileTarget::File(file) => file.write_all(lines)?,
            FileTarget::Stdout(stdout) => stdout.write_all(lines)?,
        }
        Ok(0)
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.file {
            FileTarget::File(_) => Ok(()),
            FileTarget::Stdout(stdout) => stdout.flush(),
        }
    }

    fn reopen(&mut self) -> io::Result<()> {
        if let Some(path) = &self.path {
            self.file = FileTarget::File(open(path, true, self.mode)?);
        }
        Ok(())
    }
}
