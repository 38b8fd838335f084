//! Every layout of the table, written by an encoder of its own and read back.

use super::*;
use crate::{ByteOrder, interfaces};

fn told(layout: &StubLayout, stub: &[u8], syntax: TransferSyntax, request: bool) -> Option<String> {
    let source = StubSource { ndr: NdrCursor::new(stub, ByteOrder::Little, syntax), syntax, request, checked: None };
    let mut out = Vec::new();
    super::super::fields(layout, source, false)?.write(&mut sidewire_eve::Object::new(&mut out));
    Some(String::from_utf8(out).unwrap())
}

/// A writer of stubs, independent of the reader: it knows alignments from the types alone.
struct Encoder {
    out: Vec<u8>,
    ndr64: bool,
    request: bool,
    /// Which arm of each union.
    arm: usize,
    /// Elements of each array.
    elements: u32,
    next: u8,
}

/// What a pointer points to.
enum Pointee {
    Of(StubFieldKind),
    UnicodeBody,
}

impl Encoder {
    fn pad(&mut self, n: usize) {
        self.out.resize(self.out.len().next_multiple_of(n), 0xcc);
    }

    fn number(&mut self, value: u64, octets: usize) {
        self.pad(octets);
        self.out.extend(&value.to_le_bytes()[..octets]);
    }

    fn pointer_size(&self) -> usize {
        if self.ndr64 { 8 } else { 4 }
    }

    fn sized(&mut self, value: u32) {
        self.number(value.into(), self.pointer_size());
    }

    fn value(&mut self) -> u8 {
        self.next = self.next % 100 + 1;
        self.next
    }

    fn parameter(&mut self, field: StubField) {
        let mut pointees = Vec::new();
        self.inline(field, &mut pointees);
        self.pointees(pointees);
    }

    fn pointees(&mut self, pointees: Vec<Pointee>) {
        for pointee in pointees {
            let mut further = Vec::new();
            match pointee {
                Pointee::Of(kind) => self.kind(kind, &mut further),
                Pointee::UnicodeBody => self.string(2),
            }
            self.pointees(further);
        }
    }

    fn inline(&mut self, field: StubField, pointees: &mut Vec<Pointee>) {
        if field.pointer {
            self.sized(0x2_0000);
            pointees.push(Pointee::Of(field.kind));
        } else {
            self.kind(field.kind, pointees);
        }
    }

    fn structure(&mut self, of: StubStructure, pointees: &mut Vec<Pointee>) {
        let alignment = self.alignment_of(of);
        self.pad(alignment);
        of.members.iter().for_each(|member| self.inline(*member, pointees));
        if self.ndr64 && of.members.last().is_some_and(|last| last.kind != StubFieldKind::Pointer) {
            self.pad(alignment);
        }
    }

    fn alignment_of(&self, of: StubStructure) -> usize {
        of.members.iter().map(|member| self.alignment(*member)).max().unwrap_or(1)
    }

    fn alignment(&self, field: StubField) -> usize {
        match field.kind {
            _ if field.pointer => self.pointer_size(),
            StubFieldKind::U8 | StubFieldKind::Octets(_) => 1,
            StubFieldKind::U16 => 2,
            StubFieldKind::Enumeration if !self.ndr64 => 2,
            StubFieldKind::U32
            | StubFieldKind::Words(_)
            | StubFieldKind::Uuid
            | StubFieldKind::Handle
            | StubFieldKind::Enumeration
            | StubFieldKind::Orpc => 4,
            StubFieldKind::U64 => 8,
            StubFieldKind::Structure(of) => self.alignment_of(of),
            StubFieldKind::Union { arms, .. } => {
                arms.iter().map(|(_, of)| self.alignment_of(*of)).max().unwrap_or(1).max(4)
            }
            _ => self.pointer_size(),
        }
    }

    fn string(&mut self, unit: usize) {
        [3, 0, 3].into_iter().for_each(|count| self.sized(count));
        for octet in [self.value(), b'x', 0] {
            self.number(octet.into(), unit);
        }
    }

    fn unicode_header(&mut self) {
        self.pad(self.pointer_size());
        self.number(4, 2);
        self.number(6, 2);
        self.sized(0x2_0000);
    }

    fn kind(&mut self, kind: StubFieldKind, pointees: &mut Vec<Pointee>) {
        match kind {
            StubFieldKind::U8 => {
                let value = self.value();
                self.out.push(value)
            }
            StubFieldKind::U16 => {
                let value = self.value();
                self.number(value.into(), 2)
            }
            StubFieldKind::U32 | StubFieldKind::Words(_) => {
                let value = self.value();
                self.number(value.into(), 4)
            }
            StubFieldKind::U64 => {
                let value = self.value();
                self.number(value.into(), 8)
            }
            StubFieldKind::PointerSized => {
                let value = self.value();
                self.sized(value.into())
            }
            StubFieldKind::Enumeration => {
                let value = self.value();
                self.number(value.into(), if self.ndr64 { 4 } else { 2 })
            }
            StubFieldKind::Uuid => {
                let value = self.value();
                self.pad(4);
                self.out.extend([value; 16])
            }
            StubFieldKind::Handle => {
                let value = self.value();
                self.pad(4);
                self.out.extend([value; 20])
            }
            StubFieldKind::Octets(count) => {
                let value = self.value();
                self.out.extend(core::iter::repeat_n(value, count.into()));
            }
            StubFieldKind::Wide => self.string(2),
            StubFieldKind::Narrow => self.string(1),
            StubFieldKind::Unicode => {
                self.unicode_header();
                pointees.push(Pointee::UnicodeBody)
            }
            StubFieldKind::Bstr => {
                self.sized(0x2_0000);
                self.sized(2);
                self.number(4, 4);
                self.number(2, 4);
                for octet in [self.value(), b'y'] {
                    self.number(octet.into(), 2)
                }
            }
            StubFieldKind::Sid => {
                self.sized(2);
                let value = self.value();
                self.out.extend([1, 2, 0, 0, 0, 0, 0, 5]);
                self.number(value.into(), 4);
                self.number(500, 4);
            }
            StubFieldKind::DsName => {
                self.sized(3);
                self.number(62, 4);
                self.number(0, 4);
                self.out.extend([9; 16 + 28]);
                self.number(2, 4);
                for octet in [self.value(), b'x', 0] {
                    self.number(octet.into(), 2);
                }
            }
            StubFieldKind::OctetCount => {
                self.sized(3);
                self.out.extend([1, 2, 3])
            }
            StubFieldKind::WideList | StubFieldKind::NarrowList => {
                self.sized(self.elements);
                (0..self.elements).for_each(|_| self.sized(0x2_0000));
                (0..self.elements).for_each(|_| self.string(if kind == StubFieldKind::WideList { 2 } else { 1 }));
            }
            StubFieldKind::UnicodeArray | StubFieldKind::UnicodeVarying => {
                self.counts(kind == StubFieldKind::UnicodeVarying);
                (0..self.elements).for_each(|_| self.unicode_header());
                (0..self.elements).for_each(|_| self.string(2));
            }
            StubFieldKind::Orpc => {
                if self.request {
                    self.number(5, 2);
                    self.number(7, 2);
                    self.number(0, 4);
                }
                self.number(0, 4);
                if self.request {
                    self.out.extend([7; 16])
                }
                self.sized(0);
            }
            StubFieldKind::Pointer => self.sized(0x2_0000),
            StubFieldKind::Null => self.sized(0),
            StubFieldKind::Structure(of) => self.structure(of, pointees),
            StubFieldKind::Array { varying, of } => {
                self.counts(varying);
                (0..self.elements).for_each(|_| self.structure(of, pointees));
            }
            StubFieldKind::Union { wide, arms, .. } => {
                let alignment = self.alignment(StubField { name: "", pointer: false, flat: false, kind });
                let (tag, arm) = arms[self.arm % arms.len()];
                if self.ndr64 {
                    self.pad(alignment)
                }
                self.number(tag.into(), if wide || self.ndr64 { 4 } else { 2 });
                if self.ndr64 {
                    self.pad(alignment)
                }
                self.structure(arm, pointees);
            }
        }
    }

    fn counts(&mut self, varying: bool) {
        self.sized(self.elements);
        if varying {
            self.sized(0);
            self.sized(self.elements);
        }
    }
}

fn encode(layout: &StubLayout, ndr64: bool, request: bool, arm: usize, elements: u32) -> Vec<u8> {
    let mut encoder = Encoder { out: Vec::new(), ndr64, request, arm, elements, next: 0x40 };
    layout.fields.iter().for_each(|field| encoder.parameter(*field));
    encoder.out
}

/// Layouts of all procedures, with their names.
fn layouts() -> impl Iterator<Item = (String, &'static StubLayout, bool)> {
    interfaces::all().iter().flat_map(|interface| {
        (0..200).filter_map(|opnum| interface.find_procedure(opnum)).flat_map(|procedure| {
            let name = format!("{}::{}", interface.name, procedure.name);
            [(name.clone(), &procedure.request, true), (name, &procedure.response, false)]
        })
    })
}

#[test]
fn both_syntaxes_tell_the_same_of_every_procedure() {
    let mut count = 0;
    for (name, layout, request) in layouts().filter(|(_, layout, _)| !layout.fields.is_empty()) {
        for (arm, elements) in [(0, 1), (1, 2), (2, 3)] {
            let told = [(false, TransferSyntax::Ndr32), (true, TransferSyntax::Ndr64)].map(|(ndr64, syntax)| {
                let stub = encode(layout, ndr64, request, arm, elements);
                let whole = self::told(layout, &stub, syntax, request);
                for cut in 0..stub.len() {
                    let told = self::told(layout, &stub[..cut], syntax, request);
                    // What stands behind the last field that is told may be missing.
                    assert!(told.is_none() || told == whole, "{name} {syntax:?} {cut}");
                }
                let (ndr, checked) = (NdrCursor::new(&stub, ByteOrder::Little, syntax), None);
                let mut source = StubSource { ndr, syntax, request, checked };
                assert!(layout.fields.iter().all(|field| field.read(&mut source).is_ok()), "{name} {syntax:?}");
                assert!(source.ndr.rest().is_empty(), "{name} {syntax:?}");
                whole
            });
            assert!(told[0].is_some(), "{name}");
            assert_eq!(told[0], told[1], "{name}");
        }
        count += 1;
    }
    assert!(count >= 150, "{count}");
}

#[test]
fn counts_are_bounded() {
    for (name, layout, request) in layouts() {
        let [field] = layout.fields else { continue };
        if matches!(field.kind, StubFieldKind::Array { .. } | StubFieldKind::UnicodeArray | StubFieldKind::WideList) {
            let mut stub = encode(layout, false, request, 0, 1);
            stub[..4].fill(0xff);
            assert_eq!(told(layout, &stub, TransferSyntax::Ndr32, request), None, "{name}");
        }
    }
}

fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

fn request(interface: &str, opnum: u16) -> &'static StubLayout {
    let known = interfaces::all().iter().find(|known| known.name == interface).unwrap();
    &known.find_procedure(opnum).unwrap().request
}

fn response(interface: &str, opnum: u16) -> &'static StubLayout {
    let known = interfaces::all().iter().find(|known| known.name == interface).unwrap();
    &known.find_procedure(opnum).unwrap().response
}

#[test]
fn what_members_point_to_follows_all_of_them() {
    let layout = response("samr", 13);
    let mut stub = words(&[0, 0x2_0000, 2, 0x2_0004, 2, 500, 0x2_0002, 0x2_0008, 501, 0x2_0002, 0x2_000c]);
    for letter in [b'a', b'b'] {
        stub.extend(words(&[1, 0, 1]));
        stub.extend([letter, 0, 0, 0]);
    }
    let all = r#"{"users":[{"rid":500,"name":"a"},{"rid":501,"name":"b"}]}"#;
    assert_eq!(told(layout, &stub, TransferSyntax::Ndr32, false).as_deref(), Some(all));
    assert_eq!(told(layout, &words(&[0, 0]), TransferSyntax::Ndr32, false).as_deref(), Some("{}"));
}

#[test]
fn another_tag_of_a_union_tells_nothing() {
    let layout = response("srvsvc", 16);
    let mut stub = words(&[0, 0x2_0000, 0]);
    assert_eq!(told(layout, &stub, TransferSyntax::Ndr32, false).as_deref(), Some("{}"));
    stub[0] = 9;
    assert_eq!(told(layout, &stub, TransferSyntax::Ndr32, false).as_deref(), Some("{}"));
}

#[test]
fn flags_and_formats_are_told_in_words() {
    let layout = request("drsuapi", 12);
    let crack = |flags: u32, offered: u32| {
        let mut stub = vec![0; 20];
        stub.extend(words(&[1, 1, 0, 0, flags, offered, 1, 1, 0x2_0000, 1, 0x2_0004, 2, 0, 2]));
        stub.extend([b'a', 0, 0, 0]);
        told(layout, &stub, TransferSyntax::Ndr32, true).unwrap()
    };
    let names = r#""format_desired":"DS_FQDN_1779_NAME","names":["a"]}"#;
    assert_eq!(crack(0, 2), format!(r#"{{"flags":[],"format_offered":"DS_NT4_ACCOUNT_NAME",{names}"#));
    let flags = r#"["DS_NAME_FLAG_GCVERIFY","DS_NAME_FLAG_PRIVATE_RESOLVE_FPOS","0x00000110"]"#;
    assert_eq!(
        crack(0x8000_0114, 0xffff_fff8),
        format!(r#"{{"flags":{flags},"format_offered":"DS_MAP_SCHEMA_GUID",{names}"#)
    );
    assert_eq!(crack(0, 77), format!(r#"{{"flags":[],"format_offered":77,{names}"#), "a number without a word");
}
