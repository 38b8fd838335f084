//! Rules by the addresses that their headers name.

use sidewire_base::RuleId;

use crate::compile::plan::RulePlan;
use crate::table::address_table::{AddressId, AddressRow, AddressTable};

/// Rules by the narrower of the two address sets in their headers: a packet meets only those that name one of its addresses, and
/// those that name none.
#[derive(Debug, Default)]
pub(crate) struct AddressedRules {
    anywhere: Vec<RuleId>,
    from: NamedSets,
    to: NamedSets,
}

/// Rules by the number of an address set.
#[derive(Debug, Default)]
struct NamedSets {
    /// A bit for each set that some rule is under.
    named: Vec<u64>,
    rules: Vec<Vec<RuleId>>,
}

impl AddressedRules {
    pub(crate) fn new<'p>(rules: impl IntoIterator<Item = (RuleId, &'p RulePlan)>, addresses: &AddressTable) -> Self {
        let mut sorted = Self::default();
        for (rule, plan) in rules {
            let RulePlan { source, destination, both_ways, .. } = *plan;
            let by_source = addresses.size(source) <= addresses.size(destination);
            let set = if by_source { source } else { destination };
            if set == AddressId::ANY {
                sorted.anywhere.push(rule);
                continue;
            }
            if by_source || both_ways {
                sorted.from.add(set, rule);
            }
            if !by_source || both_ways {
                sorted.to.add(set, rule);
            }
        }
        sorted
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.anywhere.is_empty() && self.from.rules.is_empty() && self.to.rules.is_empty()
    }

    /// All of them; one that runs both ways may come twice.
    pub(crate) fn iter(&self) -> impl Iterator<Item = RuleId> {
        let named = self.from.rules.iter().chain(&self.to.rules).flatten();
        self.anywhere.iter().chain(named).copied()
    }

    /// Calls `note` with each rule whose named set has the address; one that runs both ways may come twice.
    #[inline]
    pub(crate) fn at(&self, rows: [Option<AddressRow>; 2], addresses: &AddressTable, mut note: impl FnMut(RuleId)) {
        self.anywhere.iter().for_each(|rule| note(*rule));
        let [source, destination] = rows;
        self.from.of(source, addresses, &mut note);
        self.to.of(destination, addresses, &mut note);
    }
}

impl NamedSets {
    fn add(&mut self, set: AddressId, rule: RuleId) {
        let at = set.index();
        if self.rules.len() <= at {
            self.rules.resize_with(at + 1, Vec::new);
            self.named.resize(at / 64 + 1, 0);
        }
        if let (Some(rules), Some(word)) = (self.rules.get_mut(at), self.named.get_mut(at / 64)) {
            rules.push(rule);
            *word |= 1 << (at % 64);
        }
    }

    fn of(&self, row: Option<AddressRow>, addresses: &AddressTable, note: &mut impl FnMut(RuleId)) {
        let Some(row) = row.filter(|_| !self.named.is_empty()) else { return };
        for (at, (named, sets)) in self.named.iter().zip(addresses.sets(row)).enumerate() {
            let mut bits = named & sets;
            while bits != 0 {
                let set = at * 64 + bits.trailing_zeros() as usize;
                bits &= bits - 1;
                self.rules.get(set).into_iter().flatten().for_each(|rule| note(*rule));
            }
        }
    }
}
