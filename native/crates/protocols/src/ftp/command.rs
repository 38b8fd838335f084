//! Commands: RFC 959 section 4.1, with those of RFC 2228, 2389, 2428, 3659 and of servers in use.

/// What a command means for data connections.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum CommandKind {
    /// Nothing.
    #[default]
    Other,
    /// `PORT`: the client listens, at an address of IPv4.
    Port,
    /// `EPRT`: the client listens.
    ExtendedPort,
    /// `PASV`: the server is to listen, at an address of IPv4.
    Passive,
    /// `EPSV`: the server is to listen.
    ExtendedPassive,
    /// The connection is to be encrypted.
    AuthTls,
    /// Something is transferred.
    Transfer(TransferCommand),
}

/// A command that something is transferred by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TransferCommand {
    Append,
    List,
    MachineList,
    NameList,
    Retrieve,
    Store,
    StoreUnique,
}

impl TransferCommand {
    /// Words as they are sent, in the order of their numbers.
    pub(super) const ALL: [(Self, &'static str); 7] = [
        (Self::Append, "APPE"),
        (Self::List, "LIST"),
        (Self::MachineList, "MLSD"),
        (Self::NameList, "NLST"),
        (Self::Retrieve, "RETR"),
        (Self::Store, "STOR"),
        (Self::StoreUnique, "STOU"),
    ];

    /// The word as it is sent.
    pub(super) fn word(self) -> &'static str {
        Self::ALL.iter().find(|(command, _)| *command == self).map_or("", |(_, word)| word)
    }

    /// The client sends.
    pub(super) const fn is_upload(self) -> bool {
        matches!(self, Self::Append | Self::Store | Self::StoreUnique)
    }

    /// What is transferred is a file, and not a list of files.
    pub(super) const fn is_file(self) -> bool {
        self.is_upload() || matches!(self, Self::Retrieve)
    }

    /// The command has to name the file.
    pub(super) const fn needs_name(self) -> bool {
        matches!(self, Self::Append | Self::Store | Self::Retrieve)
    }
}

/// A command with its argument, of a line without its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FtpCommand<'l> {
    /// As it was sent: letters in any case.
    pub(super) word: &'l [u8],
    /// What follows the blank.
    pub(super) argument: &'l [u8],
}

impl<'l> FtpCommand<'l> {
    /// Divides a line; `None` when there is no word in it. Octets before the first letter are passed over: Telnet's
    /// `IP` and `DM` come before an `ABOR` (RFC 959 section 4.1.3).
    pub(super) fn read(line: &'l [u8]) -> Option<Self> {
        let start = line.iter().position(u8::is_ascii_alphabetic)?;
        let line = line.get(start..)?;
        let end = line.iter().position(|octet| *octet == b' ').unwrap_or(line.len());
        let (word, rest) = line.split_at_checked(end)?;
        Some(Self { word: word.trim_ascii_end(), argument: rest.get(1..).unwrap_or_default().trim_ascii_end() })
    }

    pub(super) fn kind(&self) -> CommandKind {
        let is = |word: &str| self.word.eq_ignore_ascii_case(word.as_bytes());
        if let Some((command, _)) = TransferCommand::ALL.iter().find(|(_, word)| is(word)) {
            return CommandKind::Transfer(*command);
        }
        match () {
            () if is("PORT") => CommandKind::Port,
            () if is("EPRT") => CommandKind::ExtendedPort,
            () if is("PASV") => CommandKind::Passive,
            () if is("EPSV") => CommandKind::ExtendedPassive,
            () if is("AUTH") && is_tls(self.argument) => CommandKind::AuthTls,
            () => CommandKind::Other,
        }
    }
}

/// Names of mechanisms that go on with TLS. RFC 4217 section 4, and what was in use before it.
fn is_tls(mechanism: &[u8]) -> bool {
    ["TLS", "TLS-C", "TLS-P", "SSL"].iter().any(|name| mechanism.eq_ignore_ascii_case(name.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(line: &[u8]) -> CommandKind {
        FtpCommand::read(line).unwrap().kind()
    }

    #[test]
    fn a_line_is_a_word_and_what_follows_its_blank() {
        let read = |line| FtpCommand::read(line).map(|line| (line.word, line.argument));
        assert_eq!(read(b"RETR a file "), Some((&b"RETR"[..], &b"a file"[..])));
        assert_eq!(read(b"quit"), Some((&b"quit"[..], &b""[..])));
        assert_eq!(read(b"\xff\xf4\xff\xf2ABOR"), Some((&b"ABOR"[..], &b""[..])));
        assert_eq!(read(b" 1 2 "), None);
    }

    #[test]
    fn words_are_known_in_any_case() {
        assert_eq!(kind(b"retr x"), CommandKind::Transfer(TransferCommand::Retrieve));
        assert_eq!(kind(b"Pasv"), CommandKind::Passive);
        assert_eq!(kind(b"AUTH tls"), CommandKind::AuthTls);
        assert_eq!(kind(b"AUTH GSSAPI"), CommandKind::Other);
        assert_eq!(kind(b"RETRX x"), CommandKind::Other);
    }
}
