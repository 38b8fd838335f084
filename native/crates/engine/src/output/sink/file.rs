//! A file, or standard output.

use std::fs::{File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use super::LineSink;

/// Writes lines to a file.
pub(crate) struct FileSink {
    /// `None`: standard output.
    path: Option<PathBuf>,
    mode: Option<u32>,
    file: FileTarget,
}

enum FileTarget {
    File(File),
    Stdout(io::Stdout),
}

impl FileSink {
    /// Opens `path`, and makes the folders above it; `-` and `/dev/stdout` are standard output. `mode`: the file's
    /// permissions.
    pub(crate) fn open(path: &str, append: bool, mode: Option<u32>) -> io::Result<Self> {
        if path == "/dev/stdout" || path == "-" {
            return Ok(Self { path: None, mode, file: FileTarget::Stdout(io::stdout()) });
        }
        let path = PathBuf::from(path);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let file = FileTarget::File(open(&path, append, mode)?);
        Ok(Self { path: Some(path), mode, file })
    }
}

fn open(path: &PathBuf, append: bool, mode: Option<u32>) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.create(true).write(true);
    if append {
        options.append(true)
    } else {
        options.truncate(true)
    };
    let file = options.open(path)?;
    if let Some(mode) = mode {
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
