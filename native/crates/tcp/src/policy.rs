//! Overlap and reset policies by operating system: `host-os-policy`.

/// How a receiver resolves segments that overlap, and which RSTs it obeys. Names as in `host-os-policy`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum OverlapPolicy {
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

impl OverlapPolicy {
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

impl OverlapPolicy {
    /// Where a new segment overlaps one that came before: are the new octets kept? Segments are given as offsets of their
    /// beginning and end.
    pub(crate) fn prefers_new(self, new: (u64, u64), old: (u64, u64)) -> bool {
        match self {
            Self::First | Self::Vista => false,
            Self::Last => true,
            // The one that ends later; at the same end, the one that does not begin later.
            Self::Solaris | Self::OldSolaris | Self::HpUx11 => {
                if new.0 <= old.0 {
                    new.1 >= old.1
                } else {
                    new.1 > old.1
                }
            }
            Self::OldLinux => new.0 < old.0 || new.0 == old.0 && new.1 >= old.1,
            Self::Linux => new.0 < old.0 || new.0 == old.0 && new.1 > old.1,
            Self::Bsd | Self::BsdRight | Self::HpUx10 | Self::Irix | Self::MacOs | Self::Windows | Self::Windows2k3 => {
                new.0 < old.0
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Who wins where a new segment overlaps an old one from 10 to 20: as the published tests of reassembly by operating
    /// system (Novak, Sturges: "Target-Based TCP Stream Reassembly", 2007) lay them.
    #[test]
    fn policies_differ_at_the_borders() {
        let old = (10, 20);
        // Begins before, begins with and ends with, begins with and ends later, inside, ends later.
        let new = [(5, 15), (10, 20), (10, 25), (12, 18), (15, 25)];
        for (policy, wins) in [
            (OverlapPolicy::First, [false, false, false, false, false]),
            (OverlapPolicy::Last, [true, true, true, true, true]),
            (OverlapPolicy::Bsd, [true, false, false, false, false]),
            (OverlapPolicy::Windows, [true, false, false, false, false]),
            (OverlapPolicy::Vista, [false, false, false, false, false]),
            (OverlapPolicy::Linux, [true, false, true, false, false]),
            (OverlapPolicy::OldLinux, [true, true, true, false, false]),
            (OverlapPolicy::Solaris, [false, true, true, false, true]),
        ] {
            assert_eq!(new.map(|new| policy.prefers_new(new, old)), wins, "{policy:?}");
        }
    }
}
