//! Libraries of the system that are opened at run time, where they are installed: a table of functions, opened once and never
//! closed, so that what a library gave stays valid.
#![allow(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

use std::ffi::CStr;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// A library that is open. It is never closed.
#[derive(Clone, Copy, Debug)]
pub struct SystemLibrary(&'static libloading::Library);

impl SystemLibrary {
    /// Opens it.
    ///
    /// # Safety
    /// Its initialisers run: they must be such that they may.
    ///
    /// # Errors
    /// As the system's loader says it.
    pub unsafe fn open(path: &Path) -> Result<Self, String> {
        // SAFETY: the caller's.
        let library = unsafe { libloading::Library::new(path) }.map_err(|error| error.to_string())?;
        Ok(Self(Box::leak(Box::new(library))))
    }

    /// A function of it.
    ///
    /// # Safety
    /// The function has the type `F`.
    ///
    /// # Errors
    /// As the system's loader says it.
    pub unsafe fn function<F: Copy>(self, name: &CStr) -> Result<F, String> {
        // SAFETY: the caller's.
        let symbol = unsafe { self.0.get::<F>(name.to_bytes_with_nul()) };
        symbol.map(|function| *function).map_err(|error| error.to_string())
    }
}

/// The functions in use of a library, as [`functions!`] declares them, opened once for each path.
#[derive(Debug)]
pub struct OpenedOnce<T: 'static>(Mutex<Vec<(PathBuf, &'static T)>>);

impl<T> OpenedOnce<T> {
    /// None is open.
    #[must_use]
    #[allow(clippy::new_without_default, reason = "it is the value of a static")]
    pub const fn new() -> Self {
        Self(Mutex::new(Vec::new()))
    }

    /// The first of the candidates that is open already or that `load` opens.
    ///
    /// # Errors
    /// Why none is, candidate by candidate.
    pub fn first(
        &self,
        candidates: impl IntoIterator<Item = PathBuf>,
        load: fn(&Path) -> Result<T, String>,
    ) -> Result<&'static T, Vec<String>> {
        let mut opened = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut why = Vec::new();
        for path in candidates {
            if let Some((_, library)) = opened.iter().find(|(known, _)| *known == path) {
                return Ok(library);
            }
            match load(&path) {
                Ok(functions) => {
                    let functions: &'static T = Box::leak(Box::new(functions));
                    opened.push((path, functions));
                    return Ok(functions);
                }
                Err(error) => why.push(error),
            }
        }
        Err(why)
    }
}

/// Declares the functions of a library that are in use: a struct of them, each with its symbol, and `load`, which opens the
/// library and finds them.
///
/// ```
/// sidewire_library::functions! {
///     /// Of the C library.
///     struct CFunctions {
///         abs: unsafe extern "C" fn(i32) -> i32 = c"abs";
///     }
/// }
/// # #[cfg(target_os = "linux")] {
/// // SAFETY: the C library is in the process already, and `abs` has this type.
/// let found = unsafe { CFunctions::load("libc.so.6".as_ref()) }.unwrap();
/// assert_eq!(unsafe { (found.abs)(-3) }, 3);
/// # }
/// ```
#[macro_export]
macro_rules! functions {
    ($(#[$about:meta])* $visible:vis struct $name:ident { $($of:vis $function:ident: $type:ty = $symbol:literal;)* }) => {
        $(#[$about])*
        #[derive(Debug)]
        $visible struct $name { $($of $function: $type,)* }

        impl $name {
            /// Opens a library and finds its functions.
            ///
            /// # Safety
            /// The library's initialisers may run, and its symbols have the types that are declared.
            unsafe fn load(path: &::std::path::Path) -> ::core::result::Result<Self, ::std::string::String> {
                // SAFETY: the caller's.
                unsafe {
                    let library = $crate::SystemLibrary::open(path)?;
                    Ok(Self { $($function: library.function($symbol)?,)* })
                }
            }
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_open_is_taken_again_and_what_is_not_says_why() {
        static OPENED: OpenedOnce<u8> = OpenedOnce::new();
        let load = |path: &Path| if path.ends_with("good") { Ok(7) } else { Err(format!("{}: bad", path.display())) };
        assert_eq!(OPENED.first(["a".into(), "b".into()], load), Err(vec!["a: bad".to_owned(), "b: bad".to_owned()]));
        let first = OPENED.first(["a".into(), "good".into()], load).unwrap();
        let again = OPENED.first(["good".into()], |_| Err("it was opened twice".to_owned())).unwrap();
        assert!(core::ptr::eq(first, again));
    }
}
