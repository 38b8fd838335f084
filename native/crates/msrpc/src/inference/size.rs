//! Which sizes a stub can have: what remains of a signature when the stub is sealed. [C706] chapter 14, [MS-RPCE] 2.2.5.

use crate::TransferSyntax;
use crate::arguments::layout::{StubField, StubFieldKind, StubLayout, StubStructure};

/// The sizes that a signature allows: between two bounds, and with a remainder by a power of two that is at most 8.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct StubSizes {
    least: u64,
    /// `None`: no bound.
    most: Option<u64>,
    modulus: u64,
    remainder: u64,
}

/// What Windows' runtime puts behind the first request of a context: signature, then a bitmask, the context, the header, the
/// last two of which may be missing. [MS-RPCE] 2.2.2.13. Octets.
const VERIFICATION_TRAILERS: [u64; 4] = [52, 60, 72, 80];
/// NDR aligns to no more than this; a sender that rounds the end of a stub up rounds to 4.
const MODULUS: u64 = 8;
const ROUND: u64 = 4;

impl StubSizes {
    /// Of a request, or of an answer with its result.
    pub(super) fn of(layout: &StubLayout, syntax: TransferSyntax, request: bool) -> Self {
        let mut sizes = Self { least: 0, most: Some(0), modulus: MODULUS, remainder: 0 };
        layout.fields.iter().for_each(|field| sizes.parameter(field, syntax));
        if !request {
            sizes.add(4, 4);
        }
        sizes
    }

    /// True when there is one size only.
    pub(super) fn is_fixed(&self) -> bool {
        self.most == Some(self.least)
    }

    /// How much a size that is allowed says: so many bits of it had to be right.
    pub(super) fn bits(&self) -> u32 {
        self.modulus.ilog2()
    }

    /// True when a stub of `size` octets can begin with this signature.
    pub(super) fn reach(&self, size: u64) -> bool {
        size >= self.least
    }

    /// True when a stub of `size` octets can have this signature.
    pub(super) fn hold(&self, size: u64, request: bool) -> bool {
        let exactly = |size: u64| {
            size >= self.least && self.most.is_none_or(|most| size <= most) && size % self.modulus == self.remainder
        };
        let rounded = |size: u64| {
            exactly(size) || (size.is_multiple_of(ROUND) && (1..ROUND).any(|pad| size >= pad && exactly(size - pad)))
        };
        rounded(size)
            || request && VERIFICATION_TRAILERS.iter().any(|trailer| size.checked_sub(*trailer).is_some_and(rounded))
    }

    fn align(&mut self, to: u64) {
        self.least = self.least.next_multiple_of(to);
        self.most = self.most.map(|most| most.next_multiple_of(to));
        if self.modulus >= to {
            self.remainder = self.remainder.next_multiple_of(to) % self.modulus;
        } else {
            (self.modulus, self.remainder) = (to, 0);
        }
    }

    fn add(&mut self, alignment: u64, octets: u64) {
        self.align(alignment);
        self.least += octets;
        self.most = self.most.map(|most| most + octets);
        self.remainder = (self.remainder + octets) % self.modulus;
    }

    /// Any number of units of so many octets, a power of two.
    fn any(&mut self, unit: u64) {
        self.most = None;
        self.modulus = self.modulus.min(unit);
        self.remainder %= self.modulus;
    }

    /// What may be there or not.
    fn maybe(&mut self, add: impl FnOnce(&mut Self)) {
        let mut with = *self;
        add(&mut with);
        self.most = self.most.zip(with.most).map(|(a, b)| a.max(b));
        self.modulus = self.modulus.min(with.modulus);
        while self.modulus > 1 && self.remainder % self.modulus != with.remainder % self.modulus {
            self.modulus /= 2;
        }
        self.remainder %= self.modulus;
    }

    fn parameter(&mut self, field: &StubField, syntax: TransferSyntax) {
        let mut pointees = Vec::new();
        self.inline(field, syntax, &mut pointees);
        self.follow(pointees, syntax);
    }

    /// What is pointed to stands behind what points to it.
    fn follow(&mut self, pointees: Vec<StubField>, syntax: TransferSyntax) {
        for field in pointees {
            self.maybe(|with| with.parameter(&field, syntax));
        }
    }

    fn inline(&mut self, field: &StubField, syntax: TransferSyntax, pointees: &mut Vec<StubField>) {
        let pointer = pointer_size(syntax);
        if field.pointer {
            self.add(pointer, pointer);
            pointees.push(StubField { pointer: false, ..*field });
            return;
        }
        self.kind(field.kind, syntax, pointees);
    }

    fn kind(&mut self, kind: StubFieldKind, syntax: TransferSyntax, pointees: &mut Vec<StubField>) {
        let pointer = pointer_size(syntax);
        let wide = |kind| StubField { name: "", pointer: false, flat: false, kind };
        match kind {
            StubFieldKind::U8 => self.add(1, 1),
            StubFieldKind::U16 => self.add(2, 2),
            StubFieldKind::U32 | StubFieldKind::Words(_) => self.add(4, 4),
            StubFieldKind::U64 => self.add(8, 8),
            StubFieldKind::PointerSized | StubFieldKind::Null => self.add(pointer, pointer),
            StubFieldKind::Enumeration if syntax == TransferSyntax::Ndr64 => self.add(4, 4),
            StubFieldKind::Enumeration => self.add(2, 2),
            StubFieldKind::Uuid => self.add(4, 16),
            StubFieldKind::Handle => self.add(4, 20),
            StubFieldKind::Octets(count) => self.add(1, count.into()),
            StubFieldKind::Unicode => {
                self.add(pointer, 2 * pointer);
                pointees.push(wide(StubFieldKind::Wide));
            }
            StubFieldKind::Wide => {
                self.add(pointer, 3 * pointer);
                self.any(2);
            }
            StubFieldKind::Narrow | StubFieldKind::Pointer | StubFieldKind::OctetCount | StubFieldKind::NarrowList => {
                self.add(pointer, pointer);
                self.any(1);
            }
            StubFieldKind::Bstr
            | StubFieldKind::UnicodeArray
            | StubFieldKind::UnicodeVarying
            | StubFieldKind::WideList => {
                self.add(pointer, pointer);
                self.any(2);
            }
            StubFieldKind::Sid => {
                self.add(pointer, pointer + 8);
                self.any(4);
            }
            StubFieldKind::DsName => {
                self.add(pointer, pointer + 56);
                self.any(2);
            }
            StubFieldKind::Orpc => self.add(8, 8),
            StubFieldKind::Structure(of) => self.structure(of, syntax, pointees),
            StubFieldKind::Array { .. } => {
                self.add(pointer, pointer);
                self.any(1);
            }
            StubFieldKind::Union { wide, .. } => {
                self.add(if wide { 4 } else { 2 }, if wide { 4 } else { 2 });
                self.any(1);
            }
        }
    }

    fn structure(&mut self, of: StubStructure, syntax: TransferSyntax, pointees: &mut Vec<StubField>) {
        let alignment = match syntax {
            TransferSyntax::Ndr32 => of.alignment.0,
            TransferSyntax::Ndr64 => of.alignment.1,
        };
        self.align(alignment.max(1).into());
        of.members.iter().for_each(|member| self.inline(member, syntax, pointees));
        if syntax == TransferSyntax::Ndr64 {
            self.align(alignment.max(1).into());
        }
    }
}

const fn pointer_size(syntax: TransferSyntax) -> u64 {
    match syntax {
        TransferSyntax::Ndr32 => 4,
        TransferSyntax::Ndr64 => 8,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interfaces::{self, known};

    fn sizes(opnum: u16, syntax: TransferSyntax, request: bool) -> StubSizes {
        let procedure = interfaces::find(&known::SVCCTL).unwrap().find_procedure(opnum).unwrap();
        StubSizes::of(if request { &procedure.request } else { &procedure.response }, syntax, request)
    }

    #[test]
    fn what_has_no_texts_has_one_size() {
        let control = sizes(1, TransferSyntax::Ndr32, true);
        assert!(control.is_fixed() && control.hold(24, true) && !control.hold(20, true) && !control.hold(28, true));
        // The first request of a context may have a verification trailer.
        assert!(control.hold(24 + 52, true) && control.hold(24 + 80, true) && !control.hold(24 + 52, false));
        let opened = sizes(15, TransferSyntax::Ndr32, false);
        assert!(opened.is_fixed() && opened.hold(24, false) && !opened.hold(20, false));
    }

    #[test]
    fn texts_make_sizes_vary_and_what_follows_them_is_aligned() {
        let open = sizes(16, TransferSyntax::Ndr32, true);
        assert!(!open.is_fixed());
        // A handle, the counts of a text of 7 units, its octets and padding, the access.
        assert!(open.hold(20 + 12 + 16 + 4, true) && !open.hold(50, true) && !open.hold(30, true));
        let open = sizes(16, TransferSyntax::Ndr64, true);
        assert!(open.hold(24 + 24 + 16 + 4, true) && !open.hold(44, true));
    }
}
