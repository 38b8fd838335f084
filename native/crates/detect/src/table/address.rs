//! Sets of addresses.

use core::net::IpAddr;

use crate::error::RuleError;

/// Addresses as sorted, disjoint ranges. IPv4 and IPv6 are apart.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct AddressList {
    v4: Vec<(u32, u32)>,
    v6: Vec<(u128, u128)>,
}

impl AddressList {
    /// Resolves a set of the IR: included ranges without the excluded ones.
    ///
    /// # Errors
    /// The text that is no address, or the range that is none.
    pub fn new(set: &sidewire_ir::AddressSet) -> Result<Self, RuleError> {
        let (include4, include6) = parse(&set.include)?;
        let (exclude4, exclude6) = parse(&set.exclude)?;
        Ok(Self {
            v4: narrow(&without(include4, exclude4, u128::from(u32::MAX))),
            v6: without(include6, exclude6, u128::MAX),
        })
    }

    /// Is the address in it?
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        match address {
            IpAddr::V4(v4) => inside(&self.v4, v4.to_bits()),
            IpAddr::V6(v6) => inside(&self.v6, v6.to_bits()),
        }
    }

    /// True when every address is in it.
    #[must_use]
    pub fn is_any(&self) -> bool {
        self.v4 == [(0, u32::MAX)] && self.v6 == [(0, u128::MAX)]
    }

    /// IPv4 ranges, both ends included.
    #[must_use]
    pub fn v4(&self) -> &[(u32, u32)] {
        &self.v4
    }

    /// IPv6 ranges, both ends included.
    #[must_use]
    pub fn v6(&self) -> &[(u128, u128)] {
        &self.v6
    }
}

fn inside<T: Ord + Copy>(ranges: &[(T, T)], value: T) -> bool {
    let after = ranges.partition_point(|&(from, _)| from <= value);
    after.checked_sub(1).and_then(|at| ranges.get(at)).is_some_and(|&(_, to)| value <= to)
}

type AddressRanges = Vec<(u128, u128)>;

fn parse(ranges: &[sidewire_ir::AddressRange]) -> Result<(AddressRanges, AddressRanges), RuleError> {
    let (mut v4, mut v6) = (Vec::new(), Vec::new());
    for range in ranges {
        let from: IpAddr = range.from.parse().map_err(|_| RuleError::Address(range.from.clone()))?;
        let to: IpAddr = range.to.parse().map_err(|_| RuleError::Address(range.to.clone()))?;
        match (from, to) {
            (IpAddr::V4(from), IpAddr::V4(to)) if from <= to => v4.push((from.to_bits().into(), to.to_bits().into())),
            (IpAddr::V6(from), IpAddr::V6(to)) if from <= to => v6.push((from.to_bits(), to.to_bits())),
            _ => return Err(RuleError::AddressRange(range.from.clone(), range.to.clone())),
        }
    }
    Ok((merge(v4), merge(v6)))
}

/// Sorted and disjoint; ranges that touch become one.
fn merge(mut ranges: AddressRanges) -> AddressRanges {
    ranges.sort_unstable();
    let mut merged: AddressRanges = Vec::with_capacity(ranges.len());
    for (from, to) in ranges {
        match merged.last_mut() {
            Some(last) if from <= last.1.saturating_add(1) => last.1 = last.1.max(to),
            _ => merged.push((from, to)),
        }
    }
    merged
}

fn without(include: AddressRanges, exclude: AddressRanges, greatest: u128) -> AddressRanges {
    let mut left = Vec::with_capacity(include.len());
    for (from, to) in include {
        let mut at = Some(from);
        let begin = exclude.partition_point(|&(_, end)| end < from);
        for &(out_from, out_to) in exclude.iter().skip(begin).take_while(|range| range.0 <= to) {
            if let Some(start) = at
                && start < out_from
            {
                left.push((start, out_from - 1));
            }
            at = (out_to < greatest).then(|| out_to + 1);
        }
        if let Some(start) = at
            && start <= to
        {
            left.push((start, to));
        }
    }
    left
}

fn narrow(ranges: &[(u128, u128)]) -> Vec<(u32, u32)> {
    ranges
        .iter()
        .map(|&(from, to)| (u32::try_from(from).unwrap_or(u32::MAX), u32::try_from(to).unwrap_or(u32::MAX)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use sidewire_ir::{AddressRange, AddressSet};

    fn range(from: &str, to: &str) -> AddressRange {
        AddressRange { from: from.into(), to: to.into() }
    }

    #[test]
    fn takes_the_excluded_out() {
        let set = AddressSet {
            include: vec![range("10.0.0.0", "10.0.0.255"), range("::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")],
            exclude: vec![
                range("10.0.0.10", "10.0.0.20"),
                range("10.0.0.200", "10.0.1.9"),
                range("fe80::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
            ],
        };
        let list = AddressList::new(&set).unwrap();
        for (address, inside) in [
            ("10.0.0.0", true),
            ("10.0.0.9", true),
            ("10.0.0.10", false),
            ("10.0.0.20", false),
            ("10.0.0.21", true),
            ("10.0.0.199", true),
            ("10.0.0.200", false),
            ("9.255.255.255", false),
            ("::1", true),
            ("fe80::1", false),
        ] {
            assert_eq!(list.contains(address.parse().unwrap()), inside, "{address}");
        }
        assert!(!list.is_any());
        assert!(
            AddressList::new(&AddressSet { include: vec![range("10.0.0.2", "10.0.0.1")], exclude: vec![] }).is_err()
        );
    }

    #[test]
    fn knows_any() {
        let any = AddressSet {
            include: vec![range("0.0.0.0", "255.255.255.255"), range("::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")],
            exclude: vec![],
        };
        assert!(AddressList::new(&any).unwrap().is_any());
    }
}
