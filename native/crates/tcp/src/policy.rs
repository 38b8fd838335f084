/// How a receiver resolves segments that overlap, and which RSTs it obeys. Names as in `host-os-policy`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Policy {
    /// FreeBSD, NetBSD, OpenBSD; Suricata's fallback.
    #[default]
    Bsd,
    /// HP JetDirect.
    BsdRight,
    /// Linux up to 2.2.
    OldLinux,
    /// Linux from 2.4.
    Linux,
    /// Solaris up to 2.5.
    OldSolaris,
    /// Solaris.
    Solaris,
    /// HP-UX 10.
    HpUx10,
    /// HP-UX 11.
    HpUx11,
    /// IRIX.
    Irix,
    /// macOS.
    MacOs,
    /// Windows up to XP.
    Windows,
    /// Windows Vista and later.
    Vista,
    /// Windows Server 2003.
    Windows2k3,
    /// The first segment wins.
    First,
    /// The last segment wins.
    Last,
}

impl Policy {
    /// From its name in the configuration.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "bsd" => Self::Bsd,
            "bsd-right" => Self::BsdRight,
            "old-linux" => Self::OldLinux,
            "linux" => Self::Linux,
            "old-solaris" => Self::OldSolaris,
            "solaris" => Self::Solaris,
            "hpux10" => Self::HpUx10,
            "hpux11" => Self::HpUx11,
            "irix" => Self::Irix,
            "macos" => Self::MacOs,
            "windows" => Self::Windows,
            "vista" => Self::Vista,
            "windows2k3" => Self::Windows2k3,
            "first" => Self::First,
            "last" => Self::Last,
            _ => return None,
        })
    }
}
