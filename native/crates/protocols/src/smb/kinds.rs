//! Which transactions an output writes the `smb` event of: its `types`.

use sidewire_app_layer::{FromEveOptions, ProtocolSettings};

/// What a transaction is about, as `types` names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TxKind {
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

impl TxKind {
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
}

/// What an EVE output asks of `smb` events: a bit for each [`TxKind`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EveSmbOptions(u16);

impl FromEveOptions for EveSmbOptions {
    /// Takes the kinds of `types`; all when there is no such list.
    fn from_options(own: &ProtocolSettings, _: &ProtocolSettings) -> Self {
        let listed = own.list("types").filter_map(|text| TxKind::NAMES.iter().find(|(name, _)| *name == text));
        match listed.fold(0, |set, (_, kind)| set | 1 << *kind as u16) {
            0 => Self(u16::MAX),
            set => Self(set),
        }
    }
}

impl EveSmbOptions {
    pub(super) const fn want(self, kind: TxKind) -> bool {
        self.0 & 1 << kind as u16 != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_kinds_listed_are_wanted() {
        let none: [(&str, &str); 0] = [];
        let listed = ProtocolSettings::new([("types", "ioctl, generic")]);
        for (own, want) in [(listed, [true, true, false]), (ProtocolSettings::new(none), [true; 3])] {
            let options = EveSmbOptions::from_options(&own, &ProtocolSettings::default());
            let kinds = [TxKind::Ioctl, TxKind::Generic, TxKind::Negotiate];
            assert_eq!(kinds.map(|kind| options.want(kind)), want);
        }
    }
}
