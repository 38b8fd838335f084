//! Names of what calls return and fail with.

use sidewire_tables::{DCE_STATUS, HRESULT, NTSTATUS, WIN32_ERRORS};

/// Which of the families of statuses the procedures of an interface return where two share a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatusFamily {
    /// Win32 errors, [MS-ERREF] 2.2.
    Win32,
    /// NTSTATUS, [MS-ERREF] 2.3.
    Nt,
    /// HRESULT, [MS-ERREF] 2.1.
    Hresult,
    /// Codes of their own, which no table names: MAPI.
    Other,
}

/// Name of what a call returned. `None` for success and for what no table names.
#[must_use]
pub fn result_name(result: u32, family: StatusFamily) -> Option<&'static str> {
    match (family, result) {
        (_, 0) | (StatusFamily::Other, _) => None,
        (StatusFamily::Hresult, 1) => Some("S_FALSE"),
        // A success that says more, or no status at all.
        (StatusFamily::Hresult, 2..0x1_0000) => None,
        (StatusFamily::Nt, _) => NTSTATUS.name(result).or_else(|| status_name(result)),
        _ => status_name(result),
    }
}

/// Name of a fault's status: one of DCE RPC ([C706] appendix E, [MS-RPCE] 2.2.2.9 and 3.1.1.5.5), or what else servers
/// really send.
#[must_use]
pub fn fault_name(status: u32) -> Option<&'static str> {
    (status != 0).then(|| status_name(status)).flatten()
}

/// True for a value that is a status by its range, whatever its name: a Win32 error, an HRESULT success of `FACILITY_ITF`,
/// a failure or warning of HRESULT or NTSTATUS, a status of DCE RPC.
pub(crate) const fn is_status(value: u32) -> bool {
    matches!(
        value,
        0..0x1_0000
            | 0x0004_0000..0x0005_0000
            | 0x16c9_a000..0x16c9_b000
            | 0x1c00_0000..0x1c02_0000
            | 0x8000_0000..0x8100_0000
            | 0xc000_0000..0xc100_0000
    )
}

/// The families are told apart by their ranges; in the few places where two meet, HRESULT wins.
fn status_name(status: u32) -> Option<&'static str> {
    match status {
        0..0x1_0000 => WIN32_ERRORS.name(status),
        // An HRESULT of FACILITY_WIN32 carries a Win32 error.
        0x8007_0000..0x8008_0000 => HRESULT.name(status).or_else(|| WIN32_ERRORS.name(status & 0xffff)),
        _ => HRESULT.name(status).or_else(|| NTSTATUS.name(status)).or_else(|| DCE_STATUS.name(status)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interface_decides_what_a_shared_value_means() {
        assert_eq!(result_name(1, StatusFamily::Hresult), Some("S_FALSE"));
        assert_eq!(result_name(0x65, StatusFamily::Hresult), None);
        assert_eq!(result_name(1, StatusFamily::Win32), Some("ERROR_INVALID_FUNCTION"));
        assert_eq!(result_name(0x105, StatusFamily::Nt), Some("STATUS_MORE_ENTRIES"));
        assert_eq!(result_name(0x8000_000a, StatusFamily::Nt), Some("STATUS_HANDLES_CLOSED"));
        assert_eq!(result_name(0x8000_000a, StatusFamily::Hresult), Some("E_PENDING"));
        assert_eq!(result_name(0, StatusFamily::Hresult), None);
    }

    #[test]
    fn ranges_tell_families_apart() {
        let told = |status| result_name(status, StatusFamily::Win32);
        assert_eq!(told(0xc000_0022), Some("STATUS_ACCESS_DENIED"));
        assert_eq!(told(0x8000_0005), Some("STATUS_BUFFER_OVERFLOW"));
        assert_eq!(told(0x8007_0005), Some("E_ACCESSDENIED"));
        assert_eq!(told(0x8007_00b7), Some("ERROR_ALREADY_EXISTS"));
        assert_eq!(told(0x8004_1002), Some("WBEM_E_NOT_FOUND"));
        assert_eq!(told(0x16c9_a0d6), Some("ept_s_not_registered"));
        assert_eq!(fault_name(0x1c01_0002), Some("nca_s_op_rng_error"));
        assert_eq!(fault_name(0x06f7), Some("RPC_X_BAD_STUB_DATA"));
        assert!(is_status(0x16c9_a0d6) && !is_status(0x2000_0000));
    }
}
