//! The words EVE uses for SMB's numbers: commands, dialects, DOS and server errors, FSCTL codes.

use core::fmt;

/// An SMB1 command as `SMB1_COMMAND_…`, or its number. [MS-CIFS] 2.2.2.1.
pub(super) struct Smb1Command(pub u8);

/// An SMB2 command as `SMB2_COMMAND_…`, or its number. [MS-SMB2] 2.2.1.
pub(super) struct Smb2Command(pub u16);

/// An SMB2 dialect as `3.11`, or its number. [MS-SMB2] 2.2.4.
pub(super) struct Smb2Dialect(pub u16);

/// A code of the class `ERRDOS`. [MS-CIFS] 2.2.2.4.
pub(super) struct DosError(pub u16);

/// A code of the class `ERRSRV`. [MS-CIFS] 2.2.2.4.
pub(super) struct ServerError(pub u16);

/// A file system control code. [MS-FSCC] 2.3, [MS-SMB2] 2.2.31.
pub(super) struct Fsctl(pub u32);

/// Writes a name with its prefix, or the number where there is none.
fn named(f: &mut fmt::Formatter<'_>, prefix: &str, name: Option<&str>, number: u32) -> fmt::Result {
    match name {
        Some(name) => write!(f, "{prefix}{name}"),
        None => write!(f, "{number}"),
    }
}

impl fmt::Display for Smb1Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self.0 {
            0x00 => Some("CREATE_DIRECTORY"),
            0x01 => Some("DELETE_DIRECTORY"),
            0x02 => Some("OPEN"),
            0x03 => Some("CREATE"),
            0x04 => Some("CLOSE"),
            0x05 => Some("FLUSH"),
            0x06 => Some("DELETE"),
            0x07 => Some("RENAME"),
            0x08 => Some("QUERY_INFORMATION"),
            0x09 => Some("SET_INFORMATION"),
            0x0a => Some("READ"),
            0x0b => Some("WRITE"),
            0x0c => Some("LOCK_BYTE_RANGE"),
            0x0d => Some("UNLOCK_BYTE_RANGE"),
            0x0e => Some("CREATE_TEMPORARY"),
            0x0f => Some("CREATE_NEW"),
            0x10 => Some("CHECK_DIRECTORY"),
            0x11 => Some("PROCESS_EXIT"),
            0x12 => Some("SEEK"),
            0x13 => Some("LOCK_AND_READ"),
            0x14 => Some("WRITE_AND_UNLOCK"),
            0x24 => Some("LOCKING_ANDX"),
            0x25 => Some("TRANS"),
            0x2b => Some("ECHO"),
            0x2c => Some("WRITE_AND_CLOSE"),
            0x2d => Some("OPEN_ANDX"),
            0x2e => Some("READ_ANDX"),
            0x2f => Some("WRITE_ANDX"),
            0x32 => Some("TRANS2"),
            0x33 => Some("TRANS2_SECONDARY"),
            0x34 => Some("FIND_CLOSE2"),
            0x71 => Some("TREE_DISCONNECT"),
            0x72 => Some("NEGOTIATE_PROTOCOL"),
            0x73 => Some("SESSION_SETUP_ANDX"),
            0x74 => Some("LOGOFF_ANDX"),
            0x75 => Some("TREE_CONNECT_ANDX"),
            0x80 => Some("QUERY_INFO_DISK"),
            0xa0 => Some("NT_TRANS"),
            0xa1 => Some("NT_TRANS_SECONDARY"),
            0xa2 => Some("NT_CREATE_ANDX"),
            0xa4 => Some("NT_CANCEL"),
            _ => None,
        };
        named(f, "SMB1_COMMAND_", name, self.0.into())
    }
}

impl fmt::Display for Smb2Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self.0 {
            0 => Some("NEGOTIATE_PROTOCOL"),
            1 => Some("SESSION_SETUP"),
            2 => Some("SESSION_LOGOFF"),
            3 => Some("TREE_CONNECT"),
            4 => Some("TREE_DISCONNECT"),
            5 => Some("CREATE"),
            6 => Some("CLOSE"),
            7 => Some("FLUSH"),
            8 => Some("READ"),
            9 => Some("WRITE"),
            10 => Some("LOCK"),
            11 => Some("IOCTL"),
            12 => Some("CANCEL"),
            13 => Some("KEEPALIVE"),
            14 => Some("FIND"),
            15 => Some("CHANGE_NOTIFY"),
            16 => Some("GET_INFO"),
            17 => Some("SET_INFO"),
            18 => Some("OPLOCK_BREAK"),
            _ => None,
        };
        named(f, "SMB2_COMMAND_", name, self.0.into())
    }
}

impl fmt::Display for Smb2Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self.0 {
            0x0202 => Some("2.02"),
            0x0210 => Some("2.10"),
            0x0222 => Some("2.22"),
            0x0224 => Some("2.24"),
            0x02ff => Some("2.??"),
            0x0300 => Some("3.00"),
            0x0302 => Some("3.02"),
            0x0310 => Some("3.10"),
            0x0311 => Some("3.11"),
            _ => None,
        };
        named(f, "", name, self.0.into())
    }
}

impl fmt::Display for DosError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self.0 {
            0 => Some("SUCCESS"),
            1 => Some("BAD_FUNC"),
            2 => Some("BAD_FILE"),
            3 => Some("BAD_PATH"),
            4 => Some("TOO_MANY_OPEN_FILES"),
            5 => Some("ACCESS_DENIED"),
            _ => None,
        };
        named(f, "DOS_", name, self.0.into())
    }
}

impl fmt::Display for ServerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self.0 {
            1 => Some("ERROR"),
            2 => Some("BADPW"),
            3 => Some("BADTYPE"),
            4 => Some("ACCESS"),
            91 => Some("BADUID"),
            _ => None,
        };
        named(f, "SRV_", name, self.0.into())
    }
}

impl Fsctl {
    /// A write to a pipe that waits for the answer in the same exchange.
    pub(super) const PIPE_TRANSCEIVE: u32 = 0x0011_c017;
}

impl fmt::Display for Fsctl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self.0 {
            0x0006_0194 => Some("DFS_GET_REFERRALS"),
            0x0006_01b0 => Some("DFS_GET_REFERRALS_EX"),
            0x0009_0000 => Some("REQUEST_OPLOCK_LEVEL_1"),
            0x0009_0004 => Some("REQUEST_OPLOCK_LEVEL_2"),
            0x0009_0008 => Some("REQUEST_BATCH_OPLOCK"),
            0x0009_000c => Some("OPLOCK_BREAK_ACKNOWLEDGE"),
            0x0009_0010 => Some("OPBATCH_ACK_CLOSE_PENDING"),
            0x0009_0014 => Some("OPLOCK_BREAK_NOTIFY"),
            0x0009_0018 => Some("LOCK_VOLUME"),
            0x0009_001c => Some("UNLOCK_VOLUME"),
            0x0009_0020 => Some("DISMOUNT_VOLUME"),
            0x0009_0028 => Some("IS_VOLUME_MOUNTED"),
            0x0009_002c => Some("IS_PATHNAME_VALID"),
            0x0009_0030 => Some("MARK_VOLUME_DIRTY"),
            0x0009_003b => Some("QUERY_RETRIEVAL_POINTERS"),
            0x0009_003c => Some("GET_COMPRESSION"),
            0x0009_004f => Some("MARK_AS_SYSTEM_HIVE"),
            0x0009_0050 => Some("OPLOCK_BREAK_ACK_NO_2"),
            0x0009_0054 => Some("INVALIDATE_VOLUMES"),
            0x0009_0058 => Some("QUERY_FAT_BPB"),
            0x0009_005c => Some("REQUEST_FILTER_OPLOCK"),
            0x0009_0060 => Some("FILESYSTEM_GET_STATISTICS"),
            0x0009_0064 => Some("GET_NTFS_VOLUME_DATA"),
            0x0009_0068 => Some("GET_NTFS_FILE_RECORD"),
            0x0009_006f => Some("GET_VOLUME_BITMAP"),
            0x0009_0073 => Some("GET_RETRIEVAL_POINTERS"),
            0x0009_0074 => Some("MOVE_FILE"),
            0x0009_0078 => Some("IS_VOLUME_DIRTY"),
            0x0009_007c => Some("GET_HFS_INFORMATION"),
            0x0009_0083 => Some("ALLOW_EXTENDED_DASD_IO"),
            0x0009_0087 => Some("READ_PROPERTY_DATA"),
            0x0009_008b => Some("WRITE_PROPERTY_DATA"),
            0x0009_008f => Some("FIND_FILES_BY_SID"),
            0x0009_0097 => Some("DUMP_PROPERTY_DATA"),
            0x0009_009c => Some("GET_OBJECT_ID"),
            0x0009_00a4 | 0x0009_80a4 => Some("SET_REPARSE_POINT"),
            0x0009_00a8 => Some("GET_REPARSE_POINT"),
            0x0009_00c0 => Some("CREATE_OR_GET_OBJECT_ID"),
            0x0009_00c4 => Some("SET_SPARSE"),
            0x0009_00d4 => Some("SET_ENCRYPTION"),
            0x0009_00db => Some("ENCRYPTION_FSCTL_IO"),
            0x0009_00df => Some("WRITE_RAW_ENCRYPTED"),
            0x0009_00e3 => Some("READ_RAW_ENCRYPTED"),
            0x0009_00f0 => Some("EXTEND_VOLUME"),
            0x0009_0244 => Some("CSV_TUNNEL_REQUEST"),
            0x0009_027c => Some("GET_INTEGRITY_INFORMATION"),
            0x0009_0284 => Some("QUERY_FILE_REGIONS"),
            0x0009_02c8 => Some("CSV_SYNC_TUNNEL_REQUEST"),
            0x0009_0300 => Some("QUERY_SHARED_VIRTUAL_DISK_SUPPORT"),
            0x0009_0304 => Some("SVHDX_SYNC_TUNNEL_REQUEST"),
            0x0009_0308 => Some("SVHDX_SET_INITIATOR_INFORMATION"),
            0x0009_030c => Some("SET_EXTERNAL_BACKING"),
            0x0009_0310 => Some("GET_EXTERNAL_BACKING"),
            0x0009_0314 => Some("DELETE_EXTERNAL_BACKING"),
            0x0009_0318 => Some("ENUM_EXTERNAL_BACKING"),
            0x0009_031f => Some("ENUM_OVERLAY"),
            0x0009_0350 => Some("STORAGE_QOS_CONTROL"),
            0x0009_0364 => Some("SVHDX_ASYNC_TUNNEL_REQUEST"),
            0x0009_40b3 => Some("ENUM_USN_DATA"),
            0x0009_40b7 => Some("SECURITY_ID_CHECK"),
            0x0009_40bb => Some("READ_USN_JOURNAL"),
            0x0009_40cf => Some("QUERY_ALLOCATED_RANGES"),
            0x0009_40e7 => Some("CREATE_USN_JOURNAL"),
            0x0009_40eb => Some("READ_FILE_USN_DATA"),
            0x0009_40ef => Some("WRITE_USN_CLOSE_RECORD"),
            0x0009_4264 => Some("OFFLOAD_READ"),
            0x0009_8098 => Some("SET_OBJECT_ID"),
            0x0009_80a0 => Some("DELETE_OBJECT_ID"),
            0x0009_80ac => Some("DELETE_REPARSE_POINT"),
            0x0009_80bc => Some("SET_OBJECT_ID_EXTENDED"),
            0x0009_80c8 => Some("SET_ZERO_DATA"),
            0x0009_80d0 => Some("ENABLE_UPGRADE"),
            0x0009_8208 => Some("FILE_LEVEL_TRIM"),
            0x0009_8268 => Some("OFFLOAD_WRITE"),
            0x0009_c040 => Some("SET_COMPRESSION"),
            0x0009_c280 => Some("SET_INTEGRITY_INFORMATION"),
            0x0011_0018 => Some("PIPE_WAIT"),
            0x0011_400c => Some("PIPE_PEEK"),
            Self::PIPE_TRANSCEIVE => Some("PIPE_TRANSCEIVE"),
            0x0014_0078 => Some("SRV_REQUEST_RESUME_KEY"),
            0x0014_01d4 => Some("LMR_REQUEST_RESILIENCY"),
            0x0014_01fc => Some("QUERY_NETWORK_INTERFACE_INFO"),
            0x0014_0200 => Some("VALIDATE_NEGOTIATE_INFO_224"),
            0x0014_0204 => Some("VALIDATE_NEGOTIATE_INFO"),
            0x0014_4064 => Some("SRV_ENUMERATE_SNAPSHOTS"),
            0x0014_40f2 => Some("SRV_COPYCHUNK"),
            0x0014_41bb => Some("SRV_READ_HASH"),
            0x0014_80f2 => Some("SRV_COPYCHUNK_WRITE"),
            _ => None,
        };
        named(f, "FSCTL_", name, self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_numbers_stay_numbers() {
        assert_eq!(Smb1Command(0x26).to_string(), "38");
        assert_eq!(Smb2Command(5).to_string(), "SMB2_COMMAND_CREATE");
        assert_eq!(Smb2Dialect(0x0311).to_string(), "3.11");
        assert_eq!(ServerError(91).to_string(), "SRV_BADUID");
        assert_eq!(DosError(77).to_string(), "77");
        assert_eq!(Fsctl(Fsctl::PIPE_TRANSCEIVE).to_string(), "FSCTL_PIPE_TRANSCEIVE");
    }
}
