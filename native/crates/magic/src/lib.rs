//! Kinds of files by their content, under the names of libmagic (`PDF document, version 1.5`).
//!
//! The names are the contract: rules (`file.magic`) are written against what `file` prints, and Suricata asks the same
//! library. It is BSD-licensed and opened at run time, because its database is megabytes large and kept up to date by the
//! system. Without it, [`Magic::open`] says why, and whoever needs names has to say so. The foreign calls stay in here.
#![allow(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod library;

use std::path::Path;

use library::{MagicCookie, MagicLibrary};

/// Octets of a file's beginning that are worth looking at: libmagic takes no more of text, and what it knows of other files
/// stands before.
pub const MAX_LOOKED_AT: usize = 64 * 1024;

/// Longest name kept. Octets; libmagic quotes from files, so a longer one is the file's making.
const MAX_NAME: usize = 1024;

/// Why there are no names.
#[derive(Debug, thiserror::Error)]
pub enum MagicError {
    /// libmagic is not there.
    #[error("libmagic is not installed ({0})")]
    NoLibrary(String),
    /// It is, and its database is not, or is that of another version.
    #[error("libmagic has no database it can use ({0})")]
    NoDatabase(String),
}

/// libmagic with its database loaded. One for each thread that asks.
#[derive(Debug)]
pub struct Magic {
    cookie: MagicCookie,
}

impl Magic {
    /// Opens the library and loads its database: `database`, or the system's.
    ///
    /// # Errors
    /// [`MagicError`] when one of the two is missing.
    pub fn open(database: Option<&Path>) -> Result<Self, MagicError> {
        let library = MagicLibrary::open().map_err(MagicError::NoLibrary)?;
        let cookie = MagicCookie::new(library, database).map_err(MagicError::NoDatabase)?;
        Ok(Self { cookie })
    }

    /// The library's version, as `5.44`.
    ///
    /// # Errors
    /// [`MagicError::NoLibrary`] when it is not there.
    pub fn version() -> Result<String, MagicError> {
        let version = MagicLibrary::open().map_err(MagicError::NoLibrary)?.version();
        Ok(format!("{}.{:02}", version / 100, version % 100))
    }

    /// What a file is that begins with these octets; `data` when nothing is known of it, `None` when the
    /// library fails.
    pub fn name(&mut self, octets: &[u8]) -> Option<Box<str>> {
        let name = self.cookie.name(octets.get(..MAX_LOOKED_AT).unwrap_or(octets))?;
        let end = name.char_indices().map(|(at, _)| at).take_while(|at| *at <= MAX_NAME).last().unwrap_or(0);
        Some(if name.len() <= MAX_NAME { name } else { name.get(..end).unwrap_or_default().into() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The library, on machines that have it.
    fn magic() -> Option<Magic> {
        match Magic::open(None) {
            Ok(magic) => Some(magic),
            Err(why) => {
                println!("not tested: {why}");
                None
            }
        }
    }

    #[test]
    fn names_are_those_of_file() {
        let Some(mut magic) = magic() else { return };
        assert_eq!(magic.name(b"%PDF-1.5\n%rest").as_deref(), Some("PDF document, version 1.5"));
        assert_eq!(magic.name(b"hello\r\n").as_deref(), Some("ASCII text, with CRLF line terminators"));
        assert_eq!(magic.name(&[0x80, 0x03, 0xff, 0x00, 0x17]).as_deref(), Some("data"));
        assert_eq!(magic.name(b"").as_deref(), Some("empty"));
    }

    #[test]
    fn a_missing_database_is_an_error() {
        if magic().is_none() {
            return;
        }
        let error = Magic::open(Some(Path::new("/nowhere/magic.mgc"))).unwrap_err();
        assert!(matches!(error, MagicError::NoDatabase(_)), "{error}");
    }

    #[test]
    fn what_it_is_asked_is_bounded() {
        let Some(mut magic) = magic() else { return };
        let name = magic.name(&vec![b'a'; 3 * MAX_LOOKED_AT]).unwrap();
        assert!(name.starts_with("ASCII text"), "{name}");
    }
}
