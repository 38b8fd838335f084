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

/// A file system control code. [MS-FSCC] 2.3, [MS-SMB2] 2.2.31.
pub(super) const fn fsctl(number: u32) -> Option<&'static str> {
    Some(match number {
        0x0006_0194 => "FSCTL_DFS_GET_REFERRALS",
        0x0006_01b0 => "FSCTL_DFS_GET_REFERRALS_EX",
        0x0009_0000 => "FSCTL_REQUEST_OPLOCK_LEVEL_1",
        0x0009_0004 => "FSCTL_REQUEST_OPLOCK_LEVEL_2",
        0x0009_0008 => "FSCTL_REQUEST_BATCH_OPLOCK",
        0x0009_000c => "FSCTL_OPLOCK_BREAK_ACKNOWLEDGE",
        0x0009_0010 => "FSCTL_OPBATCH_ACK_CLOSE_PENDING",
        0x0009_0014 => "FSCTL_OPLOCK_BREAK_NOTIFY",
        0x0009_0018 => "FSCTL_LOCK_VOLUME",
        0x0009_001c => "FSCTL_UNLOCK_VOLUME",
        0x0009_0020 => "FSCTL_DISMOUNT_VOLUME",
        0x0009_0028 => "FSCTL_IS_VOLUME_MOUNTED",
        0x0009_002c => "FSCTL_IS_PATHNAME_VALID",
        0x0009_0030 => "FSCTL_MARK_VOLUME_DIRTY",
        0x0009_003b => "FSCTL_QUERY_RETRIEVAL_POINTERS",
        0x0009_003c => "FSCTL_GET_COMPRESSION",
        0x0009_004f => "FSCTL_MARK_AS_SYSTEM_HIVE",
        0x0009_0050 => "FSCTL_OPLOCK_BREAK_ACK_NO_2",
        0x0009_0054 => "FSCTL_INVALIDATE_VOLUMES",
        0x0009_0058 => "FSCTL_QUERY_FAT_BPB",
        0x0009_005c => "FSCTL_REQUEST_FILTER_OPLOCK",
        0x0009_0060 => "FSCTL_FILESYSTEM_GET_STATISTICS",
        0x0009_0064 => "FSCTL_GET_NTFS_VOLUME_DATA",
        0x0009_0068 => "FSCTL_GET_NTFS_FILE_RECORD",
        0x0009_006f => "FSCTL_GET_VOLUME_BITMAP",
        0x0009_0073 => "FSCTL_GET_RETRIEVAL_POINTERS",
        0x0009_0074 => "FSCTL_MOVE_FILE",
        0x0009_0078 => "FSCTL_IS_VOLUME_DIRTY",
        0x0009_007c => "FSCTL_GET_HFS_INFORMATION",
        0x0009_0083 => "FSCTL_ALLOW_EXTENDED_DASD_IO",
        0x0009_0087 => "FSCTL_READ_PROPERTY_DATA",
        0x0009_008b => "FSCTL_WRITE_PROPERTY_DATA",
        0x0009_008f => "FSCTL_FIND_FILES_BY_SID",
        0x0009_0097 => "FSCTL_DUMP_PROPERTY_DATA",
        0x0009_009c => "FSCTL_GET_OBJECT_ID",
        0x0009_00a4 | 0x0009_80a4 => "FSCTL_SET_REPARSE_POINT",
        0x0009_00a8 => "FSCTL_GET_REPARSE_POINT",
        0x0009_00c0 => "FSCTL_CREATE_OR_GET_OBJECT_ID",
        0x0009_00c4 => "FSCTL_SET_SPARSE",
        0x0009_00d4 => "FSCTL_SET_ENCRYPTION",
        0x0009_00db => "FSCTL_ENCRYPTION_FSCTL_IO",
        0x0009_00df => "FSCTL_WRITE_RAW_ENCRYPTED",
        0x0009_00e3 => "FSCTL_READ_RAW_ENCRYPTED",
        0x0009_00f0 => "FSCTL_EXTEND_VOLUME",
        0x0009_0244 => "FSCTL_CSV_TUNNEL_REQUEST",
        0x0009_027c => "FSCTL_GET_INTEGRITY_INFORMATION",
        0x0009_0284 => "FSCTL_QUERY_FILE_REGIONS",
        0x0009_02c8 => "FSCTL_CSV_SYNC_TUNNEL_REQUEST",
        0x0009_0300 => "FSCTL_QUERY_SHARED_VIRTUAL_DISK_SUPPORT",
        0x0009_0304 => "FSCTL_SVHDX_SYNC_TUNNEL_REQUEST",
        0x0009_0308 => "FSCTL_SVHDX_SET_INITIATOR_INFORMATION",
        0x0009_030c => "FSCTL_SET_EXTERNAL_BACKING",
        0x0009_0310 => "FSCTL_GET_EXTERNAL_BACKING",
        0x0009_0314 => "FSCTL_DELETE_EXTERNAL_BACKING",
        0x0009_0318 => "FSCTL_ENUM_EXTERNAL_BACKING",
        0x0009_031f => "FSCTL_ENUM_OVERLAY",
        0x0009_0350 => "FSCTL_STORAGE_QOS_CONTROL",
        0x0009_0364 => "FSCTL_SVHDX_ASYNC_TUNNEL_REQUEST",
        0x0009_40b3 => "FSCTL_ENUM_USN_DATA",
        0x0009_40b7 => "FSCTL_SECURITY_ID_CHECK",
        0x0009_40bb => "FSCTL_READ_USN_JOURNAL",
        0x0009_40cf => "FSCTL_QUERY_ALLOCATED_RANGES",
        0x0009_40e7 => "FSCTL_CREATE_USN_JOURNAL",
        0x0009_40eb => "FSCTL_READ_FILE_USN_DATA",
        0x0009_40ef => "FSCTL_WRITE_USN_CLOSE_RECORD",
        0x0009_4264 => "FSCTL_OFFLOAD_READ",
        0x0009_8098 => "FSCTL_SET_OBJECT_ID",
        0x0009_80a0 => "FSCTL_DELETE_OBJECT_ID",
        0x0009_80ac => "FSCTL_DELETE_REPARSE_POINT",
        0x0009_80bc => "FSCTL_SET_OBJECT_ID_EXTENDED",
        0x0009_80c8 => "FSCTL_SET_ZERO_DATA",
        0x0009_80d0 => "FSCTL_ENABLE_UPGRADE",
        0x0009_8208 => "FSCTL_FILE_LEVEL_TRIM",
        0x0009_8268 => "FSCTL_OFFLOAD_WRITE",
        0x0009_c040 => "FSCTL_SET_COMPRESSION",
        0x0009_c280 => "FSCTL_SET_INTEGRITY_INFORMATION",
        0x0011_0018 => "FSCTL_PIPE_WAIT",
        0x0011_400c => "FSCTL_PIPE_PEEK",
        FSCTL_PIPE_TRANSCEIVE => "FSCTL_PIPE_TRANSCEIVE",
        0x0014_0078 => "FSCTL_SRV_REQUEST_RESUME_KEY",
        0x0014_01d4 => "FSCTL_LMR_REQUEST_RESILIENCY",
        0x0014_01fc => "FSCTL_QUERY_NETWORK_INTERFACE_INFO",
        0x0014_0200 => "FSCTL_VALIDATE_NEGOTIATE_INFO_224",
        0x0014_0204 => "FSCTL_VALIDATE_NEGOTIATE_INFO",
        0x0014_4064 => "FSCTL_SRV_ENUMERATE_SNAPSHOTS",
        0x0014_40f2 => "FSCTL_SRV_COPYCHUNK",
        0x0014_41bb => "FSCTL_SRV_READ_HASH",
        0x0014_80f2 => "FSCTL_SRV_COPYCHUNK_WRITE",
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
        assert_eq!(fsctl(FSCTL_PIPE_TRANSCEIVE), Some("FSCTL_PIPE_TRANSCEIVE"));
    }
}
