//! The words EVE uses for SMB's numbers: commands, dialects, DOS and server errors, FSCTL codes.

/// An SMB1 command as `SMB1_COMMAND_…`. [MS-CIFS] 2.2.2.1.
pub(super) const fn smb1_command(number: u8) -> Option<&'static str> {
    Some(match number {
        0x00 => "SMB1_COMMAND_CREATE_DIRECTORY",
        0x01 => "SMB1_COMMAND_DELETE_DIRECTORY",
        0x02 => "SMB1_COMMAND_OPEN",
        0x03 => "SMB1_COMMAND_CREATE",
        0x04 => "SMB1_COMMAND_CLOSE",
        0x05 => "SMB1_COMMAND_FLUSH",
        0x06 => "SMB1_COMMAND_DELETE",
        0x07 => "SMB1_COMMAND_RENAME",
        0x08 => "SMB1_COMMAND_QUERY_INFORMATION",
        0x09 => "SMB1_COMMAND_SET_INFORMATION",
        0x0a => "SMB1_COMMAND_READ",
        0x0b => "SMB1_COMMAND_WRITE",
        0x0c => "SMB1_COMMAND_LOCK_BYTE_RANGE",
        0x0d => "SMB1_COMMAND_UNLOCK_BYTE_RANGE",
        0x0e => "SMB1_COMMAND_CREATE_TEMPORARY",
        0x0f => "SMB1_COMMAND_CREATE_NEW",
        0x10 => "SMB1_COMMAND_CHECK_DIRECTORY",
        0x11 => "SMB1_COMMAND_PROCESS_EXIT",
        0x12 => "SMB1_COMMAND_SEEK",
        0x13 => "SMB1_COMMAND_LOCK_AND_READ",
        0x14 => "SMB1_COMMAND_WRITE_AND_UNLOCK",
        0x24 => "SMB1_COMMAND_LOCKING_ANDX",
        0x25 => "SMB1_COMMAND_TRANS",
        0x2b => "SMB1_COMMAND_ECHO",
        0x2c => "SMB1_COMMAND_WRITE_AND_CLOSE",
        0x2d => "SMB1_COMMAND_OPEN_ANDX",
        0x2e => "SMB1_COMMAND_READ_ANDX",
        0x2f => "SMB1_COMMAND_WRITE_ANDX",
        0x32 => "SMB1_COMMAND_TRANS2",
        0x33 => "SMB1_COMMAND_TRANS2_SECONDARY",
        0x34 => "SMB1_COMMAND_FIND_CLOSE2",
        0x71 => "SMB1_COMMAND_TREE_DISCONNECT",
        0x72 => "SMB1_COMMAND_NEGOTIATE_PROTOCOL",
        0x73 => "SMB1_COMMAND_SESSION_SETUP_ANDX",
        0x74 => "SMB1_COMMAND_LOGOFF_ANDX",
        0x75 => "SMB1_COMMAND_TREE_CONNECT_ANDX",
        0x80 => "SMB1_COMMAND_QUERY_INFO_DISK",
        0xa0 => "SMB1_COMMAND_NT_TRANS",
        0xa1 => "SMB1_COMMAND_NT_TRANS_SECONDARY",
        0xa2 => "SMB1_COMMAND_NT_CREATE_ANDX",
        0xa4 => "SMB1_COMMAND_NT_CANCEL",
        _ => return None,
    })
}

/// An SMB2 command as `SMB2_COMMAND_…`. [MS-SMB2] 2.2.1.
pub(super) const fn smb2_command(number: u16) -> Option<&'static str> {
    Some(match number {
        0 => "SMB2_COMMAND_NEGOTIATE_PROTOCOL",
        1 => "SMB2_COMMAND_SESSION_SETUP",
        2 => "SMB2_COMMAND_SESSION_LOGOFF",
        3 => "SMB2_COMMAND_TREE_CONNECT",
        4 => "SMB2_COMMAND_TREE_DISCONNECT",
        5 => "SMB2_COMMAND_CREATE",
        6 => "SMB2_COMMAND_CLOSE",
        7 => "SMB2_COMMAND_FLUSH",
        8 => "SMB2_COMMAND_READ",
        9 => "SMB2_COMMAND_WRITE",
        10 => "SMB2_COMMAND_LOCK",
        11 => "SMB2_COMMAND_IOCTL",
        12 => "SMB2_COMMAND_CANCEL",
        13 => "SMB2_COMMAND_KEEPALIVE",
        14 => "SMB2_COMMAND_FIND",
        15 => "SMB2_COMMAND_CHANGE_NOTIFY",
        16 => "SMB2_COMMAND_GET_INFO",
        17 => "SMB2_COMMAND_SET_INFO",
        18 => "SMB2_COMMAND_OPLOCK_BREAK",
        _ => return None,
    })
}

/// An SMB2 dialect as `3.11`. [MS-SMB2] 2.2.4.
pub(super) const fn smb2_dialect(number: u16) -> Option<&'static str> {
    Some(match number {
        0x0202 => "2.02",
        0x0210 => "2.10",
        0x0222 => "2.22",
        0x0224 => "2.24",
        0x02ff => "2.??",
        0x0300 => "3.00",
        0x0302 => "3.02",
        0x0310 => "3.10",
        0x0311 => "3.11",
        _ => return None,
    })
}

/// A code of the class `ERRDOS`. [MS-CIFS] 2.2.2.4.
pub(super) const fn dos_error(number: u16) -> Option<&'static str> {
    Some(match number {
        0 => "DOS_SUCCESS",
        1 => "DOS_BAD_FUNC",
        2 => "DOS_BAD_FILE",
        3 => "DOS_BAD_PATH",
        4 => "DOS_TOO_MANY_OPEN_FILES",
        5 => "DOS_ACCESS_DENIED",
        _ => return None,
    })
}

/// A code of the class `ERRSRV`. [MS-CIFS] 2.2.2.4.
pub(super) const fn server_error(number: u16) -> Option<&'static str> {
    Some(match number {
        1 => "SRV_ERROR",
        2 => "SRV_BADPW",
        3 => "SRV_BADTYPE",
        4 => "SRV_ACCESS",
        91 => "SRV_BADUID",
        _ => return None,
    })
}

/// A write to a pipe that waits for the answer in the same exchange. [MS-FSCC] 2.3.
pub(super) const FSCTL_PIPE_TRANSCEIVE: u32 = 0x0011_c017;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_names_or_none() {
        assert_eq!(smb1_command(0x26), None);
        assert_eq!(smb2_command(5), Some("SMB2_COMMAND_CREATE"));
        assert_eq!(smb2_dialect(0x0311), Some("3.11"));
        assert_eq!(server_error(91), Some("SRV_BADUID"));
        assert_eq!(dos_error(77), None);
    }
}
