//! Constants of protocols by name. Each file of `native/data` is one [`ConstantTable`] here, made when the crate is built: a new
//! table costs its file. Columns are separated by tabs: the value (decimal, or hexadecimal with `0x`), its name and, where
//! rules have a word of their own for it, that word. Rows are in the order of their values; lines with `#` in front are
//! the table's documentation.
#![forbid(unsafe_code)]

/// Names of the values of one field.
///
/// The names are one text, so that a table is read-only memory as it is: nothing is parsed or relocated when a process starts.
#[derive(Debug)]
pub struct ConstantTable {
    /// Each value with the end of its name in `names`, in the order of the values.
    rows: &'static [(u32, u32)],
    names: &'static str,
    words: &'static [(&'static str, u64)],
}

impl ConstantTable {
    /// The name of a value, if it has one. O(1) where the values count up from 0, O(log n) elsewhere.
    #[must_use]
    pub fn name(&self, value: u32) -> Option<&'static str> {
        let direct = usize::try_from(value).ok().filter(|at| self.rows.get(*at).is_some_and(|row| row.0 == value));
        self.name_at(direct.or_else(|| self.rows.binary_search_by_key(&value, |row| row.0).ok())?)
    }

    /// All values with their names, in the order of the values.
    pub fn iter(&self) -> impl Iterator<Item = (u32, &'static str)> + '_ {
        self.rows.iter().enumerate().filter_map(|(at, (value, _))| Some((*value, self.name_at(at)?)))
    }

    /// The words that rules have for values, in the order of the values.
    #[must_use]
    pub const fn words(&self) -> &'static [(&'static str, u64)] {
        self.words
    }

    fn name_at(&self, at: usize) -> Option<&'static str> {
        let end = self.rows.get(at)?.1;
        let start = at.checked_sub(1).and_then(|before| self.rows.get(before)).map_or(0, |row| row.1);
        self.names.get(usize::try_from(start).ok()?..usize::try_from(end).ok()?)
    }
}

include!(concat!(env!("OUT_DIR"), "/tables.rs"));

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_have_their_names_or_none() {
        assert_eq!(NTSTATUS.name(0), Some("STATUS_SUCCESS"));
        assert_eq!(NTSTATUS.name(0xc000_0016), Some("STATUS_MORE_PROCESSING_REQUIRED"));
        assert_eq!(NTSTATUS.name(0xdead_beef), None);
        assert_eq!(DCE_STATUS.name(0x16c9_a0d6), Some("ept_s_not_registered"));
        assert_eq!(FSCTL.name(0x0011_c017), Some("FSCTL_PIPE_TRANSCEIVE"));
        assert_eq!(HRESULT.name(0x8004_100e), Some("WBEM_E_INVALID_NAMESPACE"));
        assert_eq!(WIN32_ERRORS.name(5), Some("ERROR_ACCESS_DENIED"));
        let last = NTSTATUS.iter().last();
        assert_eq!(last, Some((0xc0ec_000c, "STATUS_APPEXEC_CALLER_WAIT_TIMEOUT_RESOURCES")));
    }

    #[test]
    fn every_row_is_found_by_its_value() {
        for table in ALL {
            assert!(table.iter().count() > 50);
            for (value, name) in table.iter() {
                assert!(!name.is_empty());
                assert_eq!(table.name(value), Some(name));
            }
        }
    }

    #[test]
    fn protocols_have_the_words_of_rules() {
        for (number, name) in
            [(0, "HOPOPT"), (4, "IP-in-IP"), (6, "TCP"), (58, "IPv6-ICMP"), (132, "SCTP"), (143, "Ethernet")]
        {
            assert_eq!(IP_PROTOCOLS.name(number), Some(name));
        }
        assert_eq!(IP_PROTOCOLS.name(144), None);
        assert!(IP_PROTOCOLS.words().contains(&("ipip", 4)));
    }
}
