//! What of a stub is told: fields in the order in which they travel, and how NDR has them read. [C706] chapter 14,
//! [MS-RPCE] 2.2.5. `native/data/rpc` says which procedure has which.

use sidewire_base::Malformed;

use crate::datum::{CallArguments, StubValue};
use crate::functions::StubFunction;
use crate::objref::{orpc_that, orpc_this};
use crate::{NdrCursor, TransferSyntax};

/// Items of one array of strings.
const MAX_ITEMS: usize = 1024;
/// Structures of one array that are read; as many as strings are told.
const MAX_STRUCTURES: usize = 1 << 14;

/// What is told of one stub.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StubLayout {
    pub(crate) fields: &'static [StubField],
    /// For what fields cannot say.
    pub(crate) reader: Option<StubFunction>,
    /// The fields are all there is: behind them a request ends, and an answer ends with its result.
    pub(crate) complete: bool,
}

impl StubLayout {
    /// True when nothing is told.
    #[cfg(test)]
    pub(crate) const fn is_empty(&self) -> bool {
        self.fields.is_empty() && self.reader.is_none()
    }
}

/// A field: its name (empty: read and not told), whether a pointer stands before it, its type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct StubField {
    pub(crate) name: &'static str,
    pub(crate) pointer: bool,
    /// Its members are told as if they were arguments.
    pub(crate) flat: bool,
    pub(crate) kind: StubFieldKind,
}

/// To what a structure is aligned in NDR32 and in NDR64: to its most aligned member. Octets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct StubAlignment(pub(crate) u8, pub(crate) u8);

/// Members of a structure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct StubStructure {
    pub(crate) alignment: StubAlignment,
    pub(crate) members: &'static [StubField],
}

/// Words of a number, or of its bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct StubWords {
    /// Each word is of a bit.
    pub(crate) flags: bool,
    pub(crate) words: &'static [(u32, &'static str)],
}

impl StubWords {
    /// The number in words: of flags a list, in which bits without a word are one number; of any other number its word, or
    /// the number itself where it has none.
    fn told(self, number: u32) -> StubValue {
        if !self.flags {
            let word = self.words.iter().find(|(known, _)| *known == number);
            return word.map_or(StubValue::from(number), |(_, word)| StubValue::from(*word));
        }
        let set = self.words.iter().filter(|(bit, _)| number & bit != 0);
        let mut told: Vec<StubValue> = set.map(|(_, word)| StubValue::from(*word)).collect();
        let unknown = self.words.iter().fold(number, |left, (bit, _)| left & !bit);
        if unknown != 0 {
            told.push(format!("0x{unknown:08x}").into());
        }
        StubValue::List(told)
    }
}

/// The types of fields; `native/data/rpc/README.md` says what each is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StubFieldKind {
    U8,
    U16,
    U32,
    U64,
    PointerSized,
    Enumeration,
    Uuid,
    Handle,
    Octets(u8),
    Wide,
    Narrow,
    Unicode,
    Bstr,
    Sid,
    DsName,
    OctetCount,
    WideList,
    NarrowList,
    UnicodeArray,
    UnicodeVarying,
    Orpc,
    /// A pointer whose pointee is not read.
    Pointer,
    /// A pointer that is null. A stub in which it is not is not understood.
    Null,
    Structure(StubStructure),
    Array {
        varying: bool,
        of: StubStructure,
    },
    /// By a tag in front of it; an enumeration, or 32 bits when `wide`. In NDR64 tag and arm are aligned to the most aligned
    /// of all arms. [MS-RPCE] 2.2.5.3.4.4.
    Union {
        wide: bool,
        alignment: StubAlignment,
        arms: &'static [(u32, StubStructure)],
    },
    /// 32 bits that are told in words.
    Words(StubWords),
}

/// The stub a field is read from.
pub(crate) struct StubSource<'a> {
    pub(crate) ndr: NdrCursor<'a>,
    pub(crate) syntax: TransferSyntax,
    pub(crate) request: bool,
    /// Set where it is to be found out whether the fields are the stub's: texts are to be texts, handles handles. How many
    /// texts there were.
    pub(crate) checked: Option<u32>,
}

impl StubSource<'_> {
    /// A text; where fields are checked, an error when it is none.
    fn text(&mut self, text: String) -> Result<StubValue, Malformed> {
        /// Fewer characters are there by chance.
        const SHORTEST: usize = 2;
        if let Some(texts) = &mut self.checked {
            let odd = |c: char| c.is_control() && !c.is_ascii_whitespace() || c == char::REPLACEMENT_CHARACTER;
            if text.contains(odd) {
                return Err(Malformed::Invalid("text"));
            }
            *texts += u32::from(text.chars().nth(SHORTEST - 1).is_some());
        }
        Ok(StubValue::Text(text))
    }

    /// A context handle. Its attributes are 0. [C706] appendix N.
    fn handle(&mut self) -> Result<StubValue, Malformed> {
        let Self { ndr, checked, .. } = self;
        let mut attributes = *ndr;
        if checked.is_some() && attributes.u32()? != 0 {
            return Err(Malformed::Invalid("context_handle_attributes"));
        }
        ndr.handle().map(StubValue::Uuid)
    }
}

/// What stands in the place of a member of a structure. What it points to follows the outermost structure.
enum InlineMember {
    Value(Option<StubValue>),
    /// A pointer to what is still to come.
    Pointer,
    /// A structure in the structure, or an arm of a union.
    Members(StubStructure, Vec<InlineMember>),
}

impl StubField {
    /// Reads a parameter, and what it points to.
    pub(crate) fn read(self, source: &mut StubSource<'_>) -> Result<Option<StubValue>, Malformed> {
        let inline = self.inline(source)?;
        self.resolve(inline, source)
    }

    fn inline(self, source: &mut StubSource<'_>) -> Result<InlineMember, Malformed> {
        let there = match (self.pointer, self.kind) {
            (true, _) => source.ndr.pointer()?,
            (false, StubFieldKind::Unicode) => source.ndr.unicode_header()?,
            _ => return self.kind.inline(source),
        };
        Ok(if there { InlineMember::Pointer } else { InlineMember::Value(None) })
    }

    /// The value, with what is pointed to.
    fn resolve(self, inline: InlineMember, source: &mut StubSource<'_>) -> Result<Option<StubValue>, Malformed> {
        match (inline, self.kind) {
            (InlineMember::Pointer, StubFieldKind::Unicode) if self.pointer && !source.ndr.unicode_header()? => {
                Ok(None)
            }
            (InlineMember::Pointer, StubFieldKind::Unicode) => {
                let text = source.ndr.unicode_body()?;
                source.text(text).map(Some)
            }
            (InlineMember::Pointer, kind) => {
                let pointee = kind.inline(source)?;
                self.resolve_value(pointee, source)
            }
            (inline, _) => self.resolve_value(inline, source),
        }
    }

    fn resolve_value(self, inline: InlineMember, source: &mut StubSource<'_>) -> Result<Option<StubValue>, Malformed> {
        match inline {
            InlineMember::Value(value) => Ok(value),
            InlineMember::Members(of, members) if self.flat => {
                record(of, members, source).map(StubValue::Record).map(Some)
            }
            InlineMember::Members(of, members) => told(of, members, source).map(Some),
            InlineMember::Pointer => Err(Malformed::Invalid("pointer")),
        }
    }
}

impl StubFieldKind {
    /// What stands in the place of a value.
    fn inline(self, source: &mut StubSource<'_>) -> Result<InlineMember, Malformed> {
        match self {
            Self::Structure(of) => Ok(InlineMember::Members(of, members(of, source)?)),
            Self::Union { wide, alignment, arms } => {
                align_union(alignment, source)?;
                let StubSource { ndr, syntax, .. } = source;
                let tag = if wide { ndr.u32()? } else { enumeration(ndr, *syntax)? };
                align_union(alignment, source)?;
                match arms.iter().find(|(arm, _)| *arm == tag) {
                    Some((_, arm)) => Ok(InlineMember::Members(*arm, members(*arm, source)?)),
                    None => Ok(InlineMember::Value(None)),
                }
            }
            Self::Array { varying, of } => array(of, varying, source).map(Some).map(InlineMember::Value),
            plain => plain.read(source).map(InlineMember::Value),
        }
    }

    /// A value without parts.
    fn read(self, source: &mut StubSource<'_>) -> Result<Option<StubValue>, Malformed> {
        let text = match self {
            Self::Wide | Self::Unicode => Some(source.ndr.wide()?),
            Self::Narrow => Some(source.ndr.narrow()?),
            Self::Handle => return source.handle().map(Some),
            _ => None,
        };
        if let Some(text) = text {
            return source.text(text).map(Some);
        }
        let StubSource { ndr, syntax, request, .. } = source;
        Ok(Some(match self {
            Self::U8 => StubValue::Uint(ndr.u8()?.into()),
            Self::U16 => StubValue::Uint(ndr.u16()?.into()),
            Self::U32 => StubValue::Uint(ndr.u32()?.into()),
            Self::Words(words) => words.told(ndr.u32()?),
            Self::U64 => StubValue::Uint(ndr.u64()?),
            Self::PointerSized => StubValue::Uint(ndr.pointer_sized()?),
            Self::Enumeration => StubValue::Uint(enumeration(ndr, *syntax)?.into()),
            Self::Uuid => StubValue::Uuid(ndr.uuid()?),
            Self::Octets(count) => StubValue::Text(sidewire_eve::hex(ndr.take(count.into())?)),
            Self::Bstr => return Ok(ndr.bstr_pointer()?.map(StubValue::Text)),
            Self::Sid => StubValue::Text(sid(ndr)?),
            Self::DsName => StubValue::Text(ds_name(ndr)?),
            Self::OctetCount => StubValue::Uint(ndr.octets()?.len() as u64),
            Self::WideList => list(ndr, NdrCursor::wide)?,
            Self::NarrowList => list(ndr, NdrCursor::narrow)?,
            Self::UnicodeArray => unicode_array(ndr, false)?,
            Self::UnicodeVarying => unicode_array(ndr, true)?,
            Self::Orpc if *request => return orpc_this(ndr).map(|_| None),
            Self::Orpc => return orpc_that(ndr).map(|_| None),
            Self::Pointer => return ndr.pointer().map(|_| None),
            Self::Null if ndr.pointer()? => return Err(Malformed::Invalid("pointer")),
            Self::Null => return Ok(None),
            // Those of one text and handles are read above, those with parts by [`StubFieldKind::inline`].
            Self::Wide | Self::Narrow | Self::Unicode | Self::Handle => return Ok(None),
            Self::Structure(_) | Self::Array { .. } | Self::Union { .. } => return Ok(None),
        }))
    }
}

fn enumeration(ndr: &mut NdrCursor<'_>, syntax: TransferSyntax) -> Result<u32, Malformed> {
    match syntax {
        TransferSyntax::Ndr32 => ndr.u16().map(u32::from),
        TransferSyntax::Ndr64 => ndr.u32(),
    }
}

/// NDR64 aligns a union to the most aligned of its arms, before the tag and after it.
fn align_union(alignment: StubAlignment, source: &mut StubSource<'_>) -> Result<(), Malformed> {
    match source.syntax {
        TransferSyntax::Ndr32 => Ok(()),
        TransferSyntax::Ndr64 => source.ndr.align(alignment.1.into()),
    }
}

/// The members of a structure as far as they stand in it. NDR64 pads it to its alignment at its end, too.
fn members(of: StubStructure, source: &mut StubSource<'_>) -> Result<Vec<InlineMember>, Malformed> {
    let alignment = match source.syntax {
        TransferSyntax::Ndr32 => of.alignment.0,
        TransferSyntax::Ndr64 => of.alignment.1,
    };
    source.ndr.align(alignment.into())?;
    let members = of.members.iter().map(|field| field.inline(source)).collect::<Result<_, _>>()?;
    if source.syntax == TransferSyntax::Ndr64 && of.is_whole() {
        // At the end of a stub nobody misses the padding.
        let _ = source.ndr.align(alignment.into());
    }
    Ok(members)
}

impl StubStructure {
    /// False for one of which only the beginning is read: what ends with a pointer that is not followed.
    fn is_whole(&self) -> bool {
        !self.members.last().is_some_and(|last| last.kind == StubFieldKind::Pointer)
    }
}

/// What a structure tells, once what its members point to is read: the value when only one has a name, else a record.
fn told(of: StubStructure, members: Vec<InlineMember>, source: &mut StubSource<'_>) -> Result<StubValue, Malformed> {
    let mut record = record(of, members, source)?;
    let single = of.members.iter().filter(|field| !field.name.is_empty()).count() == 1;
    Ok(if single { record.take_first().unwrap_or(StubValue::Null) } else { StubValue::Record(record) })
}

/// The members that have names, with what they point to.
fn record(
    of: StubStructure,
    members: Vec<InlineMember>,
    source: &mut StubSource<'_>,
) -> Result<CallArguments, Malformed> {
    let mut record = CallArguments::default();
    for (field, member) in of.members.iter().zip(members) {
        let value = field.resolve(member, source)?;
        if let Some(value) = value.filter(|_| !field.name.is_empty()) {
            record.put(field.name, value);
        }
    }
    Ok(record)
}

/// A conformant array of structures, what they point to behind all of them.
fn array(of: StubStructure, varying: bool, source: &mut StubSource<'_>) -> Result<StubValue, Malformed> {
    let mut count = source.ndr.count()?;
    if varying {
        let _offset = source.ndr.count()?;
        count = source.ndr.count()?;
    }
    if count > MAX_STRUCTURES {
        return Err(Malformed::Limit("structures"));
    }
    let rows = (0..count).map(|_| members(of, source)).collect::<Result<Vec<_>, _>>()?;
    let mut items = Vec::new();
    for row in rows {
        let item = told(of, row, source)?;
        if items.len() < MAX_ITEMS {
            items.push(item);
        }
    }
    Ok(StubValue::List(items))
}

/// `RPC_SID` with its conformance in front. [MS-DTYP] 2.4.2.3.
fn sid(ndr: &mut NdrCursor<'_>) -> Result<String, Malformed> {
    let max = ndr.count()?;
    let (revision, count) = (ndr.u8()?, usize::from(ndr.u8()?));
    let authority = ndr.take(6)?.iter().fold(0_u64, |value, octet| value << 8 | u64::from(*octet));
    if count > 15 || count > max {
        return Err(Malformed::Invalid("SubAuthorityCount"));
    }
    let mut text = format!("S-{revision}-{authority}");
    for _ in 0..count {
        text.push_str(&format!("-{}", ndr.u32()?));
    }
    Ok(text)
}

/// `DSNAME`: a directory object by its distinguished name, or by its GUID where it has none. [MS-DRSR] 5.50.
fn ds_name(ndr: &mut NdrCursor<'_>) -> Result<String, Malformed> {
    /// Room for a SID. Octets.
    const SID: usize = 28;
    let units = ndr.count()?;
    let (_length, _sid_length) = (ndr.u32()?, ndr.u32()?);
    let guid = ndr.uuid()?;
    ndr.skip(SID)?;
    let _name_length = ndr.u32()?;
    let name = ndr.units(units)?;
    Ok(if name.is_empty() { guid.to_string() } else { name })
}

/// An array of pointers to strings, the strings behind it.
fn list<'a>(
    ndr: &mut NdrCursor<'a>,
    string: impl Fn(&mut NdrCursor<'a>) -> Result<String, Malformed>,
) -> Result<StubValue, Malformed> {
    let count = ndr.count()?;
    if count > MAX_ITEMS {
        return Err(Malformed::Limit("strings"));
    }
    let there = (0..count).map(|_| ndr.pointer()).collect::<Result<Vec<_>, _>>()?;
    let item = |there| if there { string(ndr).map(StubValue::Text) } else { Ok(StubValue::Null) };
    Ok(StubValue::List(there.into_iter().map(item).collect::<Result<_, _>>()?))
}

/// An array of `RPC_UNICODE_STRING`: the headers, then the bodies.
fn unicode_array(ndr: &mut NdrCursor<'_>, varying: bool) -> Result<StubValue, Malformed> {
    let mut count = ndr.count()?;
    if varying {
        let _offset = ndr.count()?;
        count = ndr.count()?;
    }
    if count > MAX_ITEMS {
        return Err(Malformed::Limit("strings"));
    }
    let there = (0..count).map(|_| ndr.unicode_header()).collect::<Result<Vec<_>, _>>()?;
    let item = |there| if there { ndr.unicode_body().map(StubValue::Text) } else { Ok(StubValue::Null) };
    Ok(StubValue::List(there.into_iter().map(item).collect::<Result<_, _>>()?))
}

#[cfg(test)]
mod tests;
