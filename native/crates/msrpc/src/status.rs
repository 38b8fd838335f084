/// Name of what a call returned: a Win32 error ([MS-ERREF] 2.2), an NTSTATUS (2.3), an HRESULT (2.1) or a WMI error
/// ([MS-WMI] 2.2.11), told apart by their ranges. `orpc`: the interface is a COM one, which returns an HRESULT where the
/// others return a Win32 error. `None` for success and for what is not in the table.
#[must_use]
pub const fn result_name(result: u32, orpc: bool) -> Option<&'static str> {
    if orpc && result == 1 {
        return Some("S_FALSE");
    }
    Some(match result {
        0x0000_0002 => "ERROR_FILE_NOT_FOUND",
        0x0000_0003 => "ERROR_PATH_NOT_FOUND",
        0x0000_0005 => "ERROR_ACCESS_DENIED",
        0x0000_0006 => "ERROR_INVALID_HANDLE",
        0x0000_0008 => "ERROR_NOT_ENOUGH_MEMORY",
        0x0000_000d => "ERROR_INVALID_DATA",
        0x0000_0032 => "ERROR_NOT_SUPPORTED",
        0x0000_0035 => "ERROR_BAD_NETPATH",
        0x0000_0043 => "ERROR_BAD_NET_NAME",
        0x0000_0057 => "ERROR_INVALID_PARAMETER",
        0x0000_007a => "ERROR_INSUFFICIENT_BUFFER",
        0x0000_007b => "ERROR_INVALID_NAME",
        0x0000_007c => "ERROR_INVALID_LEVEL",
        0x0000_00b7 => "ERROR_ALREADY_EXISTS",
        0x0000_00ea => "ERROR_MORE_DATA",
        0x0000_0103 => "ERROR_NO_MORE_ITEMS",
        0x0000_041b => "ERROR_DEPENDENT_SERVICES_RUNNING",
        0x0000_041c => "ERROR_INVALID_SERVICE_CONTROL",
        0x0000_041d => "ERROR_SERVICE_REQUEST_TIMEOUT",
        0x0000_041f => "ERROR_SERVICE_DATABASE_LOCKED",
        0x0000_0420 => "ERROR_SERVICE_ALREADY_RUNNING",
        0x0000_0421 => "ERROR_INVALID_SERVICE_ACCOUNT",
        0x0000_0422 => "ERROR_SERVICE_DISABLED",
        0x0000_0424 => "ERROR_SERVICE_DOES_NOT_EXIST",
        0x0000_0425 => "ERROR_SERVICE_CANNOT_ACCEPT_CTRL",
        0x0000_0426 => "ERROR_SERVICE_NOT_ACTIVE",
        0x0000_042a => "ERROR_SERVICE_SPECIFIC_ERROR",
        0x0000_0430 => "ERROR_SERVICE_MARKED_FOR_DELETE",
        0x0000_0431 => "ERROR_SERVICE_EXISTS",
        0x0000_0522 => "ERROR_PRIVILEGE_NOT_HELD",
        0x0000_052e => "ERROR_LOGON_FAILURE",
        0x0000_054b => "ERROR_NO_SUCH_DOMAIN",
        0x0000_06ba => "RPC_S_SERVER_UNAVAILABLE",
        0x0000_06d9 => "EPT_S_NOT_REGISTERED",
        0x0000_20f7 => "ERROR_DS_DRA_BAD_DN",
        0x0000_2105 => "ERROR_DS_DRA_ACCESS_DENIED",
        0x8000_0005 => "STATUS_BUFFER_OVERFLOW",
        0x8000_001a => "STATUS_NO_MORE_ENTRIES",
        0x8000_4001 => "E_NOTIMPL",
        0x8000_4002 => "E_NOINTERFACE",
        0x8000_4005 => "E_FAIL",
        0x8000_ffff => "E_UNEXPECTED",
        0x8001_0105 => "RPC_E_SERVERFAULT",
        0x8001_0108 => "RPC_E_DISCONNECTED",
        0x8001_011b => "RPC_E_ACCESS_DENIED",
        0x8002_0003 => "DISP_E_MEMBERNOTFOUND",
        0x8002_0006 => "DISP_E_UNKNOWNNAME",
        0x8002_0009 => "DISP_E_EXCEPTION",
        0x8002_000e => "DISP_E_BADPARAMCOUNT",
        0x8004_0154 => "REGDB_E_CLASSNOTREG",
        0x8004_1001 => "WBEM_E_FAILED",
        0x8004_1002 => "WBEM_E_NOT_FOUND",
        0x8004_1003 => "WBEM_E_ACCESS_DENIED",
        0x8004_1008 => "WBEM_E_INVALID_PARAMETER",
        0x8004_100e => "WBEM_E_INVALID_NAMESPACE",
        0x8004_1010 => "WBEM_E_INVALID_CLASS",
        0x8004_1017 => "WBEM_E_INVALID_QUERY",
        0x8004_1032 => "WBEM_E_CALL_CANCELLED",
        0x8007_0002 => "ERROR_FILE_NOT_FOUND",
        0x8007_0003 => "ERROR_PATH_NOT_FOUND",
        0x8007_0005 => "E_ACCESSDENIED",
        0x8007_000e => "E_OUTOFMEMORY",
        0x8007_0057 => "E_INVALIDARG",
        0x8007_00b7 => "ERROR_ALREADY_EXISTS",
        0x8007_06ba => "RPC_S_SERVER_UNAVAILABLE",
        0x8008_0005 => "CO_E_SERVER_EXEC_FAILURE",
        0xc000_0001 => "STATUS_UNSUCCESSFUL",
        0xc000_0002 => "STATUS_NOT_IMPLEMENTED",
        0xc000_0005 => "STATUS_ACCESS_VIOLATION",
        0xc000_0008 => "STATUS_INVALID_HANDLE",
        0xc000_000d => "STATUS_INVALID_PARAMETER",
        0xc000_0022 => "STATUS_ACCESS_DENIED",
        0xc000_0034 => "STATUS_OBJECT_NAME_NOT_FOUND",
        0xc000_005e => "STATUS_NO_LOGON_SERVERS",
        0xc000_0061 => "STATUS_PRIVILEGE_NOT_HELD",
        0xc000_0063 => "STATUS_USER_EXISTS",
        0xc000_0064 => "STATUS_NO_SUCH_USER",
        0xc000_006a => "STATUS_WRONG_PASSWORD",
        0xc000_006d => "STATUS_LOGON_FAILURE",
        0xc000_0072 => "STATUS_ACCOUNT_DISABLED",
        0xc000_0073 => "STATUS_NONE_MAPPED",
        0xc000_00bb => "STATUS_NOT_SUPPORTED",
        0xc000_00df => "STATUS_NO_SUCH_DOMAIN",
        0xc000_018b => "STATUS_NO_TRUST_SAM_ACCOUNT",
        0xc000_0225 => "STATUS_NOT_FOUND",
        0xc000_0388 => "STATUS_DOWNGRADE_DETECTED",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interface_decides_what_one_means() {
        assert_eq!(result_name(1, true), Some("S_FALSE"));
        assert_eq!(result_name(1, false), None);
        assert_eq!(result_name(0xc000_0022, false), Some("STATUS_ACCESS_DENIED"));
        assert_eq!(result_name(0, true), None);
    }
}
