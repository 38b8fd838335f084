//! Which sets a port is in.

use hashbrown::HashMap;
use sidewire_ir::PortSet;

/// A distinct port set of the rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct PortId(u32);

impl PortId {
    /// Any port, and packets without ports.
    pub(crate) const ANY: Self = Self(0);
}

/// All port sets of a rule set.
#[derive(Debug, Default)]
pub(crate) struct PortTable {
    sets: Vec<PortSet>,
    numbers: HashMap<PortSet, u32>,
}

impl PortTable {
    /// The number of a set.
    pub(crate) fn add(&mut self, set: &PortSet) -> PortId {
        if set.ranges.iter().any(|range| range.from == 0 && range.to == u16::MAX) {
            return PortId::ANY;
        }
        if let Some(&number) = self.numbers.get(set) {
            return PortId(number);
        }
        self.sets.push(set.clone());
        let number = u32::try_from(self.sets.len()).unwrap_or(u32::MAX);
        self.numbers.insert(set.clone(), number);
        PortId(number)
    }

    /// The set of a number; `None` for any port.
    pub(crate) fn set(&self, id: PortId) -> Option<&PortSet> {
        self.sets.get((id.0 as usize).checked_sub(1)?)
    }

    /// Is the port in the set?
    pub(crate) fn contains(&self, port: u16, id: PortId) -> bool {
        id == PortId::ANY
            || self.set(id).is_some_and(|set| {
                let behind = set.ranges.partition_point(|range| range.from <= port);
                behind.checked_sub(1).and_then(|at| set.ranges.get(at)).is_some_and(|range| port <= range.to)
            })
    }
}

/// Something for each port: lists of small numbers, by interval.
#[derive(Debug, Default)]
pub(crate) struct PortMap {
    intervals: Vec<(u16, Box<[u32]>)>,
}

impl PortMap {
    /// From the ports each number is for.
    pub(crate) fn new<'s>(entries: impl Iterator<Item = (u32, &'s PortSet)>) -> Self {
        let mut turns: Vec<(u32, u32)> = Vec::new();
        for (number, set) in entries {
            for range in &set.ranges {
                turns.push((range.from.into(), number));
                turns.push((u32::from(range.to) + 1, number));
            }
        }
        turns.sort_unstable();
        let mut open: Vec<u32> = Vec::new();
        let mut intervals: Vec<(u16, Box<[u32]>)> = Vec::new();
        for (at, turn) in turns.iter().enumerate() {
            match open.binary_search(&turn.1) {
                Ok(there) => drop(open.remove(there)),
                Err(gap) => open.insert(gap, turn.1),
            }
            if turns.get(at + 1).is_none_or(|next| next.0 != turn.0)
                && let Ok(port) = u16::try_from(turn.0)
            {
                intervals.push((port, open.as_slice().into()));
            }
        }
        Self { intervals }
    }

    /// The numbers for a port.
    pub(crate) fn at(&self, port: u16) -> &[u32] {
        let behind = self.intervals.partition_point(|(from, _)| *from <= port);
        behind.checked_sub(1).and_then(|at| self.intervals.get(at)).map_or(&[], |(_, numbers)| numbers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sidewire_ir::PortRange;

    fn set(ranges: &[(u16, u16)]) -> PortSet {
        PortSet { ranges: ranges.iter().map(|&(from, to)| PortRange { from, to }).collect() }
    }

    #[test]
    fn sets_are_shared_and_looked_up() {
        let mut table = PortTable::default();
        let web = table.add(&set(&[(80, 80), (8000, 8080)]));
        assert_eq!(table.add(&set(&[(80, 80), (8000, 8080)])), web);
        assert_eq!(table.add(&set(&[(0, 65535)])), PortId::ANY);
        for (port, inside) in [(79, false), (80, true), (81, false), (8000, true), (8080, true), (8081, false)] {
            assert_eq!(table.contains(port, web), inside, "{port}");
        }
        assert!(table.contains(0, PortId::ANY));
    }

    #[test]
    fn maps_ports_to_numbers() {
        let (a, b) = (set(&[(80, 80), (443, 500)]), set(&[(0, 100), (65_535, 65_535)]));
        let map = PortMap::new([(1, &a), (2, &b)].into_iter());
        assert_eq!(map.at(0), [2]);
        assert_eq!(map.at(80), [1, 2]);
        assert_eq!(map.at(81), [2]);
        assert_eq!(map.at(101), [] as [u32; 0]);
        assert_eq!(map.at(500), [1]);
        assert_eq!(map.at(501), [] as [u32; 0]);
        assert_eq!(map.at(65_535), [2]);
    }
}
