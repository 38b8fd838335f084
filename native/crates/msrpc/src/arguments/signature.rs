//! The fields of a signature: how they are written in `signatures.tsv`, and how they are read from a stub.

use sidewire_base::Malformed;

use crate::datum::{Arguments, Datum};
use crate::objref::{orpc_that, orpc_this};
use crate::{Ndr, TransferSyntax};

/// Items of one array of strings.
const MAX_ITEMS: usize = 1024;
/// Structures of one array that are read; as many as strings are told.
const MAX_STRUCTURES: usize = 1 << 14;

/// A field of a signature: its name (empty: read and not told), whether a pointer stands before it, its type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Field {
    pub(super) name: &'static str,
    pointer: bool,
    kind: Kind,
}

/// Fields of a structure, for as long as the table lives: to the end of the program.
type Fields = &'static [Field];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    U8,
    U16,
    U32,
    U64,
    Enumeration,
    Uuid,
    Handle,
    Octets8,
    Wide,
    Narrow,
    Unicode,
    Bstr,
    Sid,
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
    Structure(Fields),
    Array {
        varying: bool,
        of: Fields,
    },
    /// By a tag in front of it; an enumeration, or 32 bits when `wide`.
    Union {
        wide: bool,
        arms: &'static [(u32, Fields)],
    },
}

/// The stub a field is read from.
pub(super) struct Source<'a> {
    pub(super) ndr: Ndr<'a>,
    pub(super) syntax: TransferSyntax,
    pub(super) request: bool,
}

/// What stands in the place of a member of a structure.
enum Inline {
    Value(Option<Datum>),
    /// It follows behind the structure.
    Behind,
}

impl Field {
    /// Reads a parameter, and what it points to.
    pub(super) fn read(self, source: &mut Source<'_>) -> Result<Option<Datum>, Malformed> {
        match self.inline(source)? {
            Inline::Value(value) => Ok(value),
            Inline::Behind => self.behind(source),
        }
    }

    fn inline(self, source: &mut Source<'_>) -> Result<Inline, Malformed> {
        let there = match (self.pointer, self.kind) {
            (true, _) => source.ndr.pointer()?,
            (false, Kind::Unicode) => source.ndr.unicode_header()?,
            _ => return self.kind.read(source).map(Inline::Value),
        };
        Ok(if there { Inline::Behind } else { Inline::Value(None) })
    }

    fn behind(self, source: &mut Source<'_>) -> Result<Option<Datum>, Malformed> {
        match self.kind {
            Kind::Unicode if self.pointer && !source.ndr.unicode_header()? => Ok(None),
            Kind::Unicode => source.ndr.unicode_body().map(Datum::Text).map(Some),
            kind => kind.read(source),
        }
    }

    const fn is_aligned_as_pointer(self) -> bool {
        self.pointer || matches!(self.kind, Kind::Unicode | Kind::Pointer | Kind::Null)
    }
}

impl Kind {
    fn read(self, source: &mut Source<'_>) -> Result<Option<Datum>, Malformed> {
        let Source { ndr, syntax, request } = source;
        Ok(Some(match self {
            Self::U8 => Datum::Uint(ndr.u8()?.into()),
            Self::U16 => Datum::Uint(ndr.u16()?.into()),
            Self::U32 => Datum::Uint(ndr.u32()?.into()),
            Self::U64 => Datum::Uint(ndr.u64()?),
            Self::Enumeration => Datum::Uint(enumeration(ndr, *syntax)?.into()),
            Self::Uuid => Datum::Uuid(ndr.uuid()?),
            Self::Handle => Datum::Uuid(ndr.handle()?),
            Self::Octets8 => Datum::Text(sidewire_eve::hex(ndr.take(8)?)),
            Self::Wide => Datum::Text(ndr.wide()?),
            Self::Narrow => Datum::Text(ndr.narrow()?),
            Self::Unicode => Datum::Text(ndr.unicode_body()?),
            Self::Bstr => return Ok(ndr.bstr_pointer()?.map(Datum::Text)),
            Self::Sid => Datum::Text(sid(ndr)?),
            Self::OctetCount => Datum::Uint(ndr.octets()?.len() as u64),
            Self::WideList => list(ndr, Ndr::wide)?,
            Self::NarrowList => list(ndr, Ndr::narrow)?,
            Self::UnicodeArray => unicode_array(ndr, false)?,
            Self::UnicodeVarying => unicode_array(ndr, true)?,
            Self::Orpc if *request => return orpc_this(ndr).map(|_| None),
            Self::Orpc => return orpc_that(ndr).map(|_| None),
            Self::Pointer => return ndr.pointer().map(|_| None),
            Self::Null if ndr.pointer()? => return Err(Malformed::Invalid("pointer")),
            Self::Null => return Ok(None),
            Self::Structure(fields) => {
                let members = members(fields, source)?;
                told(fields, members, source)?
            }
            Self::Array { varying, of } => array(of, varying, source)?,
            Self::Union { wide, arms } => {
                let tag = if wide { ndr.u32()? } else { enumeration(ndr, *syntax)? };
                let Some((_, fields)) = arms.iter().find(|(arm, _)| *arm == tag) else { return Ok(None) };
                let members = members(fields, source)?;
                told(fields, members, source)?
            }
        }))
    }

    fn from_word(word: &'static str) -> Option<Self> {
        if let Some(fields) = word.strip_prefix('(') {
            return Some(Self::Structure(parse_fields(fields.strip_suffix(')')?)?));
        }
        if let Some(fields) = word.strip_prefix("C(").or_else(|| word.strip_prefix("V(")) {
            let of = parse_fields(fields.strip_suffix(')')?)?;
            return Some(Self::Array { varying: word.starts_with('V'), of });
        }
        if let Some((tag @ ("u" | "e"), arms)) = word.split_once('|') {
            let arm = |word: &'static str| {
                let (number, fields) = word.strip_suffix(')')?.split_once('(')?;
                Some((number.parse().ok()?, parse_fields(fields)?))
            };
            let arms = split(arms, '|').into_iter().map(arm).collect::<Option<Vec<_>>>()?;
            return Some(Self::Union { wide: tag == "u", arms: arms.leak() });
        }
        Some(match word {
            "u8" => Self::U8,
            "u16" => Self::U16,
            "u32" => Self::U32,
            "u64" => Self::U64,
            "e" => Self::Enumeration,
            "G" => Self::Uuid,
            "h" => Self::Handle,
            "X8" => Self::Octets8,
            "W" => Self::Wide,
            "A" => Self::Narrow,
            "U" => Self::Unicode,
            "S" => Self::Bstr,
            "R" => Self::Sid,
            "B" => Self::OctetCount,
            "LW" => Self::WideList,
            "LA" => Self::NarrowList,
            "CU" => Self::UnicodeArray,
            "VU" => Self::UnicodeVarying,
            "orpc" => Self::Orpc,
            "p" => Self::Pointer,
            "n" => Self::Null,
            _ => return None,
        })
    }
}

/// Reads a line of fields, `separator` between them.
pub(super) fn parse(text: &'static str, separator: char) -> Option<Vec<Field>> {
    split(text, separator).into_iter().map(parse_field).collect()
}

/// The fields of a structure. The table is made once, and stays.
fn parse_fields(text: &'static str) -> Option<Fields> {
    Some(parse(text, ',')?.leak())
}

fn parse_field(word: &'static str) -> Option<Field> {
    // A colon behind a parenthesis is one of the structure's own.
    let named = word.split_once(':').filter(|(name, _)| name.chars().all(|c| c.is_ascii_lowercase() || c == '_'));
    let (name, kind) = named.unwrap_or(("_", word));
    let (pointer, kind) = kind.strip_prefix('*').map_or((false, kind), |kind| (true, kind));
    Some(Field { name: if name == "_" { "" } else { name }, pointer, kind: Kind::from_word(kind)? })
}

/// Splits where no parenthesis is open.
fn split(text: &'static str, separator: char) -> Vec<&'static str> {
    let mut depth = 0_usize;
    text.split(|c| {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        c == separator && depth == 0
    })
    .collect()
}

fn enumeration(ndr: &mut Ndr<'_>, syntax: TransferSyntax) -> Result<u32, Malformed> {
    match syntax {
        TransferSyntax::Ndr32 => ndr.u16().map(u32::from),
        TransferSyntax::Ndr64 => ndr.u32(),
    }
}

/// The members of a structure as far as they stand in it.
fn members(fields: Fields, source: &mut Source<'_>) -> Result<Vec<Inline>, Malformed> {
    if fields.iter().any(|field| field.is_aligned_as_pointer()) {
        source.ndr.align_pointer()?;
    }
    fields.iter().map(|field| field.inline(source)).collect()
}

/// What a structure tells, once what its members point to is read: a record, or the value when only one has a name.
fn told(fields: Fields, members: Vec<Inline>, source: &mut Source<'_>) -> Result<Datum, Malformed> {
    let alone = fields.iter().filter(|field| !field.name.is_empty()).count() == 1;
    let mut record = Arguments::default();
    let mut single = Datum::Null;
    for (field, member) in fields.iter().zip(members) {
        let value = match member {
            Inline::Value(value) => value,
            Inline::Behind => field.behind(source)?,
        };
        match value.filter(|_| !field.name.is_empty()) {
            Some(value) if alone => single = value,
            Some(value) => record.put(field.name, value),
            None => {}
        }
    }
    Ok(if alone { single } else { Datum::Record(record) })
}

/// A conformant array of structures, what they point to behind all of them.
fn array(of: Fields, varying: bool, source: &mut Source<'_>) -> Result<Datum, Malformed> {
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
    Ok(Datum::List(items))
}

/// `RPC_SID` with its conformance in front. [MS-DTYP] 2.4.2.3.
fn sid(ndr: &mut Ndr<'_>) -> Result<String, Malformed> {
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

/// An array of pointers to strings, the strings behind it.
fn list<'a>(ndr: &mut Ndr<'a>, string: impl Fn(&mut Ndr<'a>) -> Result<String, Malformed>) -> Result<Datum, Malformed> {
    let count = ndr.count()?;
    if count > MAX_ITEMS {
        return Err(Malformed::Limit("strings"));
    }
    let there = (0..count).map(|_| ndr.pointer()).collect::<Result<Vec<_>, _>>()?;
    let item = |there| if there { string(ndr).map(Datum::Text) } else { Ok(Datum::Null) };
    Ok(Datum::List(there.into_iter().map(item).collect::<Result<_, _>>()?))
}

/// An array of `RPC_UNICODE_STRING`: the headers, then the bodies.
fn unicode_array(ndr: &mut Ndr<'_>, varying: bool) -> Result<Datum, Malformed> {
    let mut count = ndr.count()?;
    if varying {
        let _offset = ndr.count()?;
        count = ndr.count()?;
    }
    if count > MAX_ITEMS {
        return Err(Malformed::Limit("strings"));
    }
    let there = (0..count).map(|_| ndr.unicode_header()).collect::<Result<Vec<_>, _>>()?;
    let item = |there| if there { ndr.unicode_body().map(Datum::Text) } else { Ok(Datum::Null) };
    Ok(Datum::List(there.into_iter().map(item).collect::<Result<_, _>>()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ByteOrder;

    fn words(words: &[u32]) -> Vec<u8> {
        words.iter().flat_map(|word| word.to_le_bytes()).collect()
    }

    fn read(fields: &'static str, stub: &[u8]) -> Option<String> {
        let syntax = TransferSyntax::Ndr32;
        let mut source = Source { ndr: Ndr::new(stub, ByteOrder::Little, syntax), syntax, request: false };
        let mut arguments = Arguments::default();
        for field in parse(fields, ' ').unwrap() {
            if let Some(value) = field.read(&mut source).ok()?.filter(|_| !field.name.is_empty()) {
                arguments.put(field.name, value);
            }
        }
        let mut out = Vec::new();
        arguments.write(&mut sidewire_eve::Object::new(&mut out));
        Some(String::from_utf8(out).unwrap())
    }

    #[test]
    fn what_members_point_to_stands_behind_all_of_them() {
        const FIELDS: &str = "_:u32 users:*(_:u32,list:*C(rid:u32,name:U)) count:u32";
        let mut stub = words(&[0, 0x2_0000, 2, 0x2_0004, 2, 500, 0x2_0002, 0x2_0008, 501, 0x2_0002, 0x2_000c]);
        for letter in [b'a', b'b'] {
            stub.extend(words(&[1, 0, 1]));
            stub.extend([letter, 0, 0, 0]);
        }
        stub.extend(words(&[2]));
        let told = r#"{"users":[{"rid":500,"name":"a"},{"rid":501,"name":"b"}],"count":2}"#;
        assert_eq!(read(FIELDS, &stub).as_deref(), Some(told));
        assert_eq!(read(FIELDS, &words(&[0, 0, 0])).as_deref(), Some(r#"{"count":0}"#));
        for cut in 0..stub.len() {
            assert_eq!(read(FIELDS, &stub[..cut]), None);
        }
    }

    #[test]
    fn a_union_is_read_by_its_tag_and_one_name_is_its_value() {
        const FIELDS: &str = "shares:u|0(list:*C(name:*A))|1(list:*C(id:u32,name:*A))";
        let mut stub = words(&[1, 0x2_0000, 1, 7, 0]);
        assert_eq!(read(FIELDS, &stub).as_deref(), Some(r#"{"shares":[{"id":7}]}"#));
        stub[0] = 9;
        assert_eq!(read(FIELDS, &stub).as_deref(), Some("{}"));
        assert_eq!(read(FIELDS, &words(&[0, 1, 1, 0])).as_deref(), Some(r#"{"shares":[null]}"#));
        assert_eq!(read("all:V(id:u32)", &words(&[9, 0, 2, 5, 6])).as_deref(), Some(r#"{"all":[5,6]}"#));
    }

    #[test]
    fn counts_are_bounded() {
        assert_eq!(read("all:C(id:u8)", &words(&[u32::MAX, 0])), None);
        assert_eq!(read("all:C(p)", &words(&[1 << 20, 0])), None);
    }
}
