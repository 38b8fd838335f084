//! Settings that are declared where they are read: the fields of a struct, each with its key, its documentation and what
//! it is without one. The control plane takes the rows, gives texts their meaning, and writes every value down.

use std::collections::BTreeMap;
use std::path::PathBuf;

/// A part of the configuration, flattened: `redis.port` -> `6379`. Every setting that has a value is there.
pub type SettingTexts = BTreeMap<String, String>;

/// A setting, as plain data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SettingDef {
    /// Its key, with dots, relative to what declares it.
    pub key: &'static str,
    /// Its documentation, as it stands above its field.
    pub doc: &'static str,
    /// What its text means.
    pub kind: SettingKind,
    /// Its value where the configuration has none.
    pub usual: Option<&'static str>,
    /// It has to have a value.
    pub required: bool,
}

/// What the text of a setting means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SettingKind {
    /// Text as it stands.
    Text,
    /// A path; a relative one is below the directory of logs.
    Path,
    /// Yes or no.
    Flag,
    /// A whole number, up to this one.
    Number(u64),
    /// Octets: `64mb`.
    Size,
    /// Permissions of a file: three octal digits.
    FileMode,
    /// A span of time: `minute`, `hour`, `day`, or a number with `s`, `m`, `h`, `d` or `w`.
    Span,
    /// One of these words.
    OneOf(&'static [&'static str]),
}

/// A value that a setting can have.
pub trait SettingValue: Sized {
    /// What its text means.
    const KIND: SettingKind;
    /// False when it may be absent.
    const REQUIRED: bool = true;

    /// Reads the text that the control plane has written down; `None` when it means nothing.
    fn read(text: &str) -> Option<Self>;

    /// What it is without a text; `None` when it has to have one.
    #[must_use]
    fn absent() -> Option<Self> {
        None
    }
}

/// Settings that are declared: made by [`settings!`](crate::settings).
pub trait DeclaredSettings: Sized {
    /// The rows.
    const DEFS: &'static [SettingDef];

    /// Reads them.
    ///
    /// # Errors
    /// When one is missing or means nothing: the control plane and the engine differ.
    fn read(texts: &SettingTexts) -> Result<Self, SettingError>;
}

impl DeclaredSettings for () {
    const DEFS: &'static [SettingDef] = &[];

    fn read(_: &SettingTexts) -> Result<Self, SettingError> {
        Ok(())
    }
}

/// A setting that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingError {
    /// Its key.
    pub key: &'static str,
    /// Its text; `None`: it has to have one.
    pub text: Option<String>,
}

impl core::fmt::Display for SettingError {
    fn fmt(&self, out: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self { key, text: Some(text) } => write!(out, "`{key}`: \"{text}\" means nothing"),
            Self { key, text: None } => write!(out, "`{key}` is missing"),
        }
    }
}

impl core::error::Error for SettingError {}

/// Octets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ByteSize(pub u64);

/// Permissions of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileMode(pub u32);

macro_rules! values {
    ($($type:ty: $kind:expr => $read:expr;)*) => {
        $(impl SettingValue for $type {
            const KIND: SettingKind = $kind;

            fn read(text: &str) -> Option<Self> {
                let read: fn(&str) -> Option<Self> = $read;
                read(text)
            }
        })*
    };
}

values! {
    String: SettingKind::Text => |text| Some(text.to_owned());
    PathBuf: SettingKind::Path => |text| Some(text.into());
    bool: SettingKind::Flag => |text| match text { "yes" => Some(true), "no" => Some(false), _ => None };
    u16: SettingKind::Number(u16::MAX as u64) => |text| text.parse().ok();
    u32: SettingKind::Number(u32::MAX as u64) => |text| text.parse().ok();
    ByteSize: SettingKind::Size => |text| text.parse().ok().map(ByteSize);
    FileMode: SettingKind::FileMode => |text| u32::from_str_radix(text, 8).ok().map(FileMode);
}

impl<T: SettingValue> SettingValue for Option<T> {
    const KIND: SettingKind = T::KIND;
    const REQUIRED: bool = false;

    fn read(text: &str) -> Option<Self> {
        T::read(text).map(Some)
    }

    fn absent() -> Option<Self> {
        Some(None)
    }
}

/// The value of a setting.
///
/// # Errors
/// As [`DeclaredSettings::read`].
pub fn setting<T: SettingValue>(texts: &SettingTexts, key: &'static str) -> Result<T, SettingError> {
    let text = texts.get(key);
    let value = text.map_or_else(T::absent, |text| T::read(text));
    value.ok_or_else(|| SettingError { key, text: text.cloned() })
}

/// Declares settings: a struct whose fields are read from the configuration, each with its key, and its value where the
/// configuration has none. A field that nobody reads is dead code, which the compiler names.
///
/// ```
/// use sidewire_base::DeclaredSettings;
///
/// sidewire_base::settings! {
///     /// What a socket is told.
///     struct SocketSettings {
///         /// The port it connects to.
///         port: u16 = "port", usually "6379";
///         /// A name to give.
///         name: Option<String> = "client.name";
///     }
/// }
/// assert_eq!(SocketSettings::DEFS[0].usual, Some("6379"));
/// let read = SocketSettings::read(&[("port".to_owned(), "80".to_owned())].into()).unwrap();
/// assert_eq!((read.port, read.name), (80, None));
/// ```
#[macro_export]
macro_rules! settings {
    ($(#[$about:meta])* $visible:vis struct $name:ident {
        $($(#[doc = $doc:literal])+ $field:ident: $type:ty = $key:literal $(, usually $usual:literal)?;)*
    }) => {
        $(#[$about])*
        #[derive(Clone, Debug)]
        $visible struct $name { $($(#[doc = $doc])+ $visible $field: $type,)* }

        impl $crate::DeclaredSettings for $name {
            const DEFS: &'static [$crate::SettingDef] = &[$($crate::SettingDef {
                key: $key,
                doc: concat!($($doc),+),
                kind: <$type as $crate::SettingValue>::KIND,
                usual: $crate::settings!(@usual $($usual)?),
                required: <$type as $crate::SettingValue>::REQUIRED,
            },)*];

            fn read(texts: &$crate::SettingTexts) -> Result<Self, $crate::SettingError> {
                Ok(Self { $($field: $crate::setting(texts, $key)?,)* })
            }
        }
    };
    (@usual) => { None };
    (@usual $usual:literal) => { Some($usual) };
}

#[cfg(test)]
mod tests {
    use super::*;

    crate::settings! {
        struct TestSettings {
            /// Where to,
            /// in two lines.
            path: PathBuf = "path";
            /// Whether.
            on: bool = "nested.on", usually "yes";
            /// How.
            mode: Option<FileMode> = "mode";
        }
    }

    fn read(pairs: &[(&str, &str)]) -> Result<TestSettings, SettingError> {
        TestSettings::read(&pairs.iter().map(|(key, text)| ((*key).to_owned(), (*text).to_owned())).collect())
    }

    #[test]
    fn fields_are_rows() {
        let [path, on, mode] = TestSettings::DEFS else { panic!("three rows") };
        assert_eq!((path.key, path.kind, path.required, path.usual), ("path", SettingKind::Path, true, None));
        assert_eq!(path.doc, " Where to, in two lines.");
        assert_eq!((on.key, on.usual), ("nested.on", Some("yes")));
        assert!(!mode.required);
    }

    #[test]
    fn texts_become_fields() {
        let settings = read(&[("path", "/a"), ("nested.on", "no"), ("mode", "640")]).unwrap();
        assert_eq!((settings.path, settings.on, settings.mode), ("/a".into(), false, Some(FileMode(0o640))));
        assert_eq!(read(&[("path", "/a"), ("nested.on", "yes")]).unwrap().mode, None);
    }

    #[test]
    fn what_is_missing_or_means_nothing_is_named() {
        assert_eq!(read(&[("nested.on", "yes")]).unwrap_err().to_string(), "`path` is missing");
        let error = read(&[("path", "/a"), ("nested.on", "perhaps")]).unwrap_err();
        assert_eq!(error.to_string(), "`nested.on`: \"perhaps\" means nothing");
    }
}
