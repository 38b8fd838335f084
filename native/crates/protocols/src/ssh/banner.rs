//! How a side identifies itself: RFC 4253 section 4.2.

/// Octets that an identification may have, with its end.
pub(super) const MAX_BANNER: usize = 255;

/// Octets of lines that a server sends before it identifies itself.
pub(super) const MAX_GREETING: usize = 64 * 1024;

/// An identification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SshBanner {
    /// `2.0`.
    pub(super) protocol: Box<[u8]>,
    /// `OpenSSH_9.6p1`; what follows a blank is a comment.
    pub(super) software: Box<[u8]>,
}

impl SshBanner {
    /// Reads a line without its end; `None` when it is no identification.
    pub(super) fn read(line: &[u8]) -> Option<Self> {
        let rest = line.strip_prefix(b"SSH-")?;
        let dash = rest.iter().position(|octet| *octet == b'-')?;
        let (protocol, software) = (rest.get(..dash)?, rest.get(dash + 1..)?);
        let end = software.iter().position(|octet| matches!(octet, b' ' | b'\r')).unwrap_or(software.len());
        Some(Self { protocol: protocol.into(), software: software.get(..end)?.into() })
    }
}

/// A line that begins at the first octet, and how many octets it takes with its end. Sides end it by `\r\n`, `\n` alone, and
/// some by `\r` alone; `None` until it is there.
pub(super) fn line(data: &[u8]) -> Option<(&[u8], usize)> {
    let end = memchr::memchr2(b'\n', b'\r', data)?;
    let taken = match (data.get(end)?, data.get(end + 1)) {
        (b'\n', _) | (_, Some(b'\n')) => end + if data.get(end) == Some(&b'\n') { 1 } else { 2 },
        (_, Some(_)) => end + 1,
        (_, None) => return None,
    };
    Some((data.get(..end)?, taken))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identification_is_a_version_and_software() {
        let banner = SshBanner::read(b"SSH-2.0-OpenSSH_9.6p1 Debian-4").unwrap();
        assert_eq!((&*banner.protocol, &*banner.software), (&b"2.0"[..], &b"OpenSSH_9.6p1"[..]));
        assert_eq!(SshBanner::read(b"SSH-1.99-").unwrap().software.len(), 0);
        assert!(SshBanner::read(b"SSH-2.0").is_none() && SshBanner::read(b"220 SSH-2.0-x").is_none());
    }

    #[test]
    fn lines_end_in_three_ways() {
        assert_eq!(line(b"a\r\nb"), Some((&b"a"[..], 3)));
        assert_eq!(line(b"a\nb"), Some((&b"a"[..], 2)));
        assert_eq!(line(b"a\rb\n"), Some((&b"a"[..], 2)));
        assert_eq!((line(b"a\r"), line(b"a"), line(b"")), (None, None, None));
    }
}
