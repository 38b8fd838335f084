//! Which sets an address is in.

use core::net::IpAddr;

use hashbrown::HashMap;

use crate::AddressList;

/// A distinct address set of the rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct AddressId(u32);

impl AddressId {
    /// Any address, and packets without one.
    pub(crate) const ANY: Self = Self(0);

    /// The bit of the set in a row.
    pub(crate) const fn index(self) -> usize {
        self.0 as usize
    }
}

/// Which sets an address is in: the position of a row of bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct AddressRow(u32);

/// All address sets of a rule set over one axis per family: an address is looked up once, then each set is one bit.
#[derive(Debug, Default)]
pub(crate) struct AddressTable {
    sets: Vec<AddressList>,
    numbers: HashMap<AddressList, u32>,
    /// First address of each interval, and its row.
    v4: Vec<(u32, AddressRow)>,
    v6: Vec<(u128, AddressRow)>,
    rows: Vec<Box<[u64]>>,
}

impl AddressTable {
    /// The number of a set.
    pub(crate) fn add(&mut self, set: AddressList) -> AddressId {
        if set.is_any() {
            return AddressId::ANY;
        }
        if let Some(&number) = self.numbers.get(&set) {
            return AddressId(number);
        }
        self.sets.push(set.clone());
        let number = u32::try_from(self.sets.len()).unwrap_or(u32::MAX);
        self.numbers.insert(set, number);
        AddressId(number)
    }

    /// Cuts the axes; after this no set is added.
    pub(crate) fn build(&mut self) {
        let mut known = HashMap::new();
        let words = self.sets.len() / 64 + 1;
        let v4 = self.sets.iter().map(|set| set.v4().iter().map(|&(a, b)| (u128::from(a), u128::from(b))).collect());
        let v6 = self.sets.iter().map(|set| set.v6().to_vec());
        let (v4, v6): (Vec<Vec<_>>, Vec<Vec<_>>) = (v4.collect(), v6.collect());
        let v4 = intervals(&v4, u32::MAX.into(), words, &mut self.rows, &mut known);
        self.v4 = v4.into_iter().map(|(from, row)| (u32::try_from(from).unwrap_or(u32::MAX), row)).collect();
        self.v6 = intervals(&v6, u128::MAX, words, &mut self.rows, &mut known);
        self.numbers = HashMap::new();
    }

    /// The row of an address.
    pub(crate) fn row(&self, address: IpAddr) -> AddressRow {
        match address {
            IpAddr::V4(address) => find(&self.v4, address.to_bits()),
            IpAddr::V6(address) => find(&self.v6, address.to_bits()),
        }
    }

    /// The sets that an address with this row is in: a bit for each, by [`AddressId::index`].
    pub(crate) fn sets(&self, row: AddressRow) -> &[u64] {
        self.rows.get(row.0 as usize).map_or(&[], |bits| bits)
    }

    /// How many IPv4 addresses a set has; all of them is the most.
    pub(crate) fn size(&self, set: AddressId) -> u64 {
        let ranges = set.index().checked_sub(1).and_then(|at| self.sets.get(at)).map(AddressList::v4);
        ranges.map_or(u64::MAX, |ranges| ranges.iter().map(|&(from, to)| u64::from(to - from.min(to)) + 1).sum())
    }

    /// Is an address with this row in the set?
    #[inline]
    pub(crate) fn contains(&self, row: Option<AddressRow>, set: AddressId) -> bool {
        if set == AddressId::ANY {
            return true;
        }
        let bit = set.0 as usize;
        row.and_then(|row| self.rows.get(row.0 as usize)?.get(bit / 64)).is_some_and(|word| word >> (bit % 64) & 1 == 1)
    }
}

fn find<T: Ord + Copy>(intervals: &[(T, AddressRow)], address: T) -> AddressRow {
    let behind = intervals.partition_point(|&(from, _)| from <= address);
    behind.checked_sub(1).and_then(|at| intervals.get(at)).map_or(AddressRow(0), |&(_, row)| row)
}

/// Sweeps over one axis: wherever a set begins or ends, a new interval begins. Equal rows are stored once.
fn intervals(
    sets: &[Vec<(u128, u128)>],
    greatest: u128,
    words: usize,
    rows: &mut Vec<Box<[u64]>>,
    known: &mut HashMap<Box<[u64]>, AddressRow>,
) -> Vec<(u128, AddressRow)> {
    let mut turns: Vec<(u128, usize)> = Vec::new();
    for (number, set) in (1..).zip(sets) {
        for &(from, to) in set {
            turns.push((from, number));
            if to < greatest {
                turns.push((to + 1, number));
            }
        }
    }
    turns.sort_unstable();
    let mut bits = vec![0u64; words];
    let mut cut = Vec::new();
    let mut store = |at: u128, bits: &[u64]| {
        let row = *known.entry(bits.into()).or_insert_with(|| {
            rows.push(bits.into());
            AddressRow(u32::try_from(rows.len() - 1).unwrap_or(0))
        });
        cut.push((at, row));
    };
    let mut at = 0;
    for (turn, number) in turns {
        if turn != at {
            store(at, &bits);
            at = turn;
        }
        // Ranges of a set are disjoint and do not touch: each turn of it flips it.
        if let Some(word) = bits.get_mut(number / 64) {
            *word ^= 1 << (number % 64);
        }
    }
    store(at, &bits);
    cut
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use sidewire_ir::{AddressRange, AddressSet};

    fn list(ranges: &[(u32, u32)]) -> AddressList {
        let text = |address: u32| core::net::Ipv4Addr::from_bits(address).to_string();
        let include = ranges
            .iter()
            .map(|&(from, length)| AddressRange { from: text(from), to: text(from.saturating_add(length)) })
            .collect();
        AddressList::new(&AddressSet { include, exclude: vec![] }).unwrap()
    }

    proptest! {
        #[test]
        fn says_what_each_set_says(
            sets in prop::collection::vec(prop::collection::vec((0u32..50, 0u32..10), 0..5), 1..70),
            asked in 0u32..70,
        ) {
            let lists: Vec<_> = sets.iter().map(|set| list(set)).collect();
            let mut table = AddressTable::default();
            let ids: Vec<_> = lists.iter().map(|list| table.add(list.clone())).collect();
            table.build();
            let address = IpAddr::from(core::net::Ipv4Addr::from_bits(asked));
            let row = table.row(address);
            for (list, id) in lists.iter().zip(ids) {
                prop_assert_eq!(table.contains(Some(row), id), list.contains(address));
            }
            prop_assert!(table.contains(None, AddressId::ANY));
        }
    }
}
