//! Which transactions the `smb` event is written of: `types` of the event's configuration.

use sidewire_app_layer::Settings;

use super::transaction::Detail;

/// The names of `types`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    File,
    TreeConnect,
    Negotiate,
    Dcerpc,
    Create,
    SessionSetup,
    Ioctl,
    Rename,
    SetFilePathInfo,
    Generic,
}

impl Kind {
    const NAMES: [(&'static str, Self); 10] = [
        ("file", Self::File),
        ("tree_connect", Self::TreeConnect),
        ("negotiate", Self::Negotiate),
        ("dcerpc", Self::Dcerpc),
        ("create", Self::Create),
        ("session_setup", Self::SessionSetup),
        ("ioctl", Self::Ioctl),
        ("rename", Self::Rename),
        ("set_file_path_info", Self::SetFilePathInfo),
        ("generic", Self::Generic),
    ];

    const fn of(detail: &Detail) -> Self {
        match detail {
            Detail::File(_) => Self::File,
            Detail::TreeConnect(_) => Self::TreeConnect,
            Detail::Negotiate(_) => Self::Negotiate,
            Detail::Call(_) => Self::Dcerpc,
            Detail::Create(_) => Self::Create,
            Detail::SessionSetup(_) => Self::SessionSetup,
            Detail::Ioctl(_) => Self::Ioctl,
            Detail::Rename(_) => Self::Rename,
            Detail::Delete(_) => Self::SetFilePathInfo,
            Detail::None | Detail::Encrypted => Self::Generic,
        }
    }
}

/// A set of kinds, a bit each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Kinds(u16);

impl Default for Kinds {
    fn default() -> Self {
        Self(u16::MAX)
    }
}

impl Kinds {
    /// Those of `eve.types`; all when there is no such list.
    pub(super) fn new(settings: &Settings) -> Self {
        let listed = settings.text("eve.types").into_iter().flat_map(|list| list.split(','));
        let bits = listed.filter_map(|text| Kind::NAMES.iter().find(|(name, _)| *name == text.trim()));
        match bits.fold(0, |set, (_, kind)| set | 1 << *kind as u16) {
            0 => Self::default(),
            set => Self(set),
        }
    }

    pub(super) const fn want(self, detail: &Detail) -> bool {
        self.0 & 1 << Kind::of(detail) as u16 != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_kinds_listed_are_wanted() {
        let listed = Settings::new([("eve.types".into(), "ioctl,generic".into())]);
        for (settings, want) in [(listed, [true, true, false]), (Settings::default(), [true; 3])] {
            let kinds = Kinds::new(&settings);
            let negotiate = Detail::Negotiate(Box::default());
            assert_eq!([Detail::Ioctl(1), Detail::None, negotiate].map(|detail| kinds.want(&detail)), want);
        }
    }
}
