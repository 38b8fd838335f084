//! Fields of a stub: how they are written in `data/rpc`, how they are written in Rust, and how NDR aligns them.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::Result;
use crate::functions::variant;

/// What is read of one stub.
#[derive(Clone, Default)]
pub(crate) struct StubColumn {
    fields: Vec<FieldText>,
    /// A function that reads the stub, too.
    pub(crate) reader: Option<String>,
    /// The fields are all there is.
    complete: bool,
}

#[derive(Clone)]
struct FieldText {
    name: String,
    pointer: bool,
    /// Its members are arguments.
    flat: bool,
    kind: FieldType,
}

#[derive(Clone)]
enum FieldType {
    /// A type without parts: its variant in Rust, and its alignment.
    Plain(&'static str, FieldAlignments),
    Structure(Vec<FieldText>),
    Array {
        varying: bool,
        of: Vec<FieldText>,
    },
    Union {
        wide: bool,
        arms: Vec<(u32, Vec<FieldText>)>,
    },
    /// 32 bits that are told in words.
    Words(WordRow),
}

/// Words of numbers, or of bits.
#[derive(Clone)]
pub(crate) struct WordRow {
    pub(crate) flags: bool,
    pub(crate) words: Vec<(u32, String)>,
}

/// The lists of words that a file has, by name.
pub(crate) type WordRows = BTreeMap<String, WordRow>;

/// To what a value is aligned in NDR32 and in NDR64. Octets.
type FieldAlignments = (u8, u8);

const POINTER: FieldAlignments = (4, 8);

/// All types without parts. What begins with a count is aligned as the count.
const PLAIN: &[(&str, &str, FieldAlignments)] = &[
    ("u8", "U8", (1, 1)),
    ("u16", "U16", (2, 2)),
    ("u32", "U32", (4, 4)),
    ("u64", "U64", (8, 8)),
    ("q", "PointerSized", POINTER),
    ("e", "Enumeration", (2, 4)),
    ("G", "Uuid", (4, 4)),
    ("h", "Handle", (4, 4)),
    ("X8", "Octets(8)", (1, 1)),
    ("X84", "Octets(84)", (1, 1)),
    ("W", "Wide", POINTER),
    ("A", "Narrow", POINTER),
    ("U", "Unicode", POINTER),
    ("S", "Bstr", POINTER),
    ("R", "Sid", POINTER),
    ("D", "DsName", POINTER),
    ("B", "OctetCount", POINTER),
    ("LW", "WideList", POINTER),
    ("LA", "NarrowList", POINTER),
    ("CU", "UnicodeArray", POINTER),
    ("VU", "UnicodeVarying", POINTER),
    ("orpc", "Orpc", (4, 4)),
    ("p", "Pointer", POINTER),
    ("n", "Null", POINTER),
];

/// Reads a column.
pub(crate) fn layout(text: &str, words: &WordRows) -> Result<StubColumn> {
    let (text, complete) = match text.strip_suffix('.') {
        Some(text) => (text.trim_end(), true),
        None => (text, false),
    };
    let (fields, reader) = match text.rsplit_once('+') {
        Some((fields, reader)) => (fields.trim_end(), Some(reader.to_owned())),
        None => (text, None),
    };
    if fields.is_empty() {
        return Ok(StubColumn { fields: Vec::new(), reader, complete });
    }
    let fields = split(fields, ' ').into_iter().map(|word| field(word, true, words)).collect::<Result<_>>()?;
    Ok(StubColumn { fields, reader, complete })
}

fn fields(text: &str, words: &WordRows) -> Result<Vec<FieldText>> {
    split(text, ',').into_iter().map(|word| field(word, false, words)).collect()
}

fn field(word: &str, parameter: bool, words: &WordRows) -> Result<FieldText> {
    // A colon after a parenthesis is one of the structure's own.
    let named = word.split_once(':').filter(|(name, _)| name.chars().all(|c| c.is_ascii_lowercase() || c == '_'));
    let (name, text) = named.unwrap_or(("_", word));
    let (pointer, text) = text.strip_prefix('*').map_or((false, text), |text| (true, text));
    let name = if name == "_" { String::new() } else { name.to_owned() };
    let kind = kind(text, words)?;
    let flat = parameter && named.is_none() && matches!(kind, FieldType::Structure(_) | FieldType::Union { .. });
    Ok(FieldText { name, pointer, flat, kind })
}

fn kind(word: &str, words: &WordRows) -> Result<FieldType> {
    let inside = |text: &str| fields(text.strip_suffix(')').ok_or("a parenthesis is open")?, words);
    if let Some(name) = word.strip_prefix('@') {
        let row = words.get(name).ok_or_else(|| format!("no words {name} before this line"))?;
        return Ok(FieldType::Words(row.clone()));
    }
    if let Some(text) = word.strip_prefix('(') {
        return Ok(FieldType::Structure(inside(text)?));
    }
    if let Some(text) = word.strip_prefix("C(").or_else(|| word.strip_prefix("V(")) {
        return Ok(FieldType::Array { varying: word.starts_with('V'), of: inside(text)? });
    }
    if let Some((tag @ ("u" | "e"), arms)) = word.split_once('|') {
        let arm = |word: &str| {
            let (number, text) = word.split_once('(').ok_or("an arm has no fields")?;
            Ok((number.parse()?, inside(text)?))
        };
        let arms = split(arms, '|').into_iter().map(arm).collect::<Result<_>>()?;
        return Ok(FieldType::Union { wide: tag == "u", arms });
    }
    let plain = PLAIN.iter().find(|(known, ..)| *known == word);
    plain
        .map(|(_, variant, alignment)| FieldType::Plain(variant, *alignment))
        .ok_or_else(|| format!("type {word}").into())
}

/// Splits where no parenthesis is open.
fn split(text: &str, separator: char) -> Vec<&str> {
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

/// The alignment of a structure: of its most aligned member. [C706] 14.3.2, [MS-RPCE] 2.2.5.3.4.
fn alignment_of(fields: &[FieldText]) -> FieldAlignments {
    fields.iter().map(FieldText::alignment).fold((1, 1), most)
}

fn most(a: FieldAlignments, b: FieldAlignments) -> FieldAlignments {
    (a.0.max(b.0), a.1.max(b.1))
}

impl StubColumn {
    pub(crate) fn code(&self) -> String {
        let reader =
            self.reader.as_ref().map_or("None".to_owned(), |name| format!("Some(StubFunction::{})", variant(name)));
        let Self { fields, complete, .. } = self;
        format!("StubLayout {{ fields: {}, reader: {reader}, complete: {complete} }}", list(fields))
    }
}

impl FieldText {
    fn alignment(&self) -> FieldAlignments {
        if self.pointer { POINTER } else { self.kind.alignment() }
    }
}

impl FieldType {
    fn alignment(&self) -> FieldAlignments {
        match self {
            Self::Plain(_, alignment) => *alignment,
            Self::Structure(fields) => alignment_of(fields),
            Self::Array { of, .. } => most(POINTER, alignment_of(of)),
            Self::Union { wide, arms } => {
                let tag = if *wide { (4, 4) } else { (2, 4) };
                arms.iter().map(|(_, fields)| alignment_of(fields)).fold(tag, most)
            }
            Self::Words(_) => (4, 4),
        }
    }

    fn code(&self) -> String {
        match self {
            Self::Plain(variant, _) => format!("StubFieldKind::{variant}"),
            Self::Structure(fields) => format!("StubFieldKind::Structure({})", structure(fields)),
            Self::Array { varying, of } => {
                format!("StubFieldKind::Array {{ varying: {varying}, of: {} }}", structure(of))
            }
            Self::Words(WordRow { flags, words }) => {
                format!("StubFieldKind::Words(StubWords {{ flags: {flags}, words: &{words:?} }})")
            }
            Self::Union { wide, arms } => {
                let mut code = String::new();
                for (tag, fields) in arms {
                    let _infallible = write!(code, "({tag}, {}), ", structure(fields));
                }
                let (ndr32, ndr64) = self.alignment();
                format!(
                    "StubFieldKind::Union {{ wide: {wide}, alignment: StubAlignment({ndr32}, {ndr64}), arms: &[{code}] }}"
                )
            }
        }
    }
}

fn structure(fields: &[FieldText]) -> String {
    let (ndr32, ndr64) = alignment_of(fields);
    format!("StubStructure {{ alignment: StubAlignment({ndr32}, {ndr64}), members: {} }}", list(fields))
}

fn list(fields: &[FieldText]) -> String {
    let mut code = String::from("&[");
    for FieldText { name, pointer, flat, kind } in fields {
        let _infallible =
            write!(code, "StubField {{ name: {name:?}, pointer: {pointer}, flat: {flat}, kind: {} }}, ", kind.code());
    }
    code + "]"
}
