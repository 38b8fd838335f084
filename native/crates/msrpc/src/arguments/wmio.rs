//! WMI objects as they are encoded inside a stub. [MS-WMIO] 2.2.

use sidewire_base::{Cursor, Malformed};

use crate::datum::{CallArguments, StubValue};
use crate::ndr::utf16;
use crate::{ByteOrder, ObjRef, Uuid};

/// The class that marshals WMI objects: `CLSID_WbemClassObject`. [MS-WMI] 2.2.14.
const CLASS_OBJECT: Uuid = Uuid::literal("4590f812-1d3a-11d0-891f-00aa004b2e24");
/// Properties of one object.
const MAX_PROPERTIES: usize = 512;
/// The longest text of a property. Octets. Many properties may name the same octets of the heap, so what they decode to is
/// not bounded by the stub.
const MAX_TEXT: usize = 64 << 10;
/// The texts of one object together. Octets. Where they are more, the longest are cut, all at the same length: however many
/// decoys stand beside it, the beginning of each is told.
const MAX_TEXTS: usize = 1 << 20;
/// The longest name of a class or property that is read. Octets.
const MAX_NAME: usize = 4 << 10;
/// A heap reference that is an index into the dictionary of well-known names. [MS-WMIO] 2.2.80.
const DICTIONARY: u32 = 0x8000_0000;
const INSTANCE: u8 = 2;
const DECORATION: u8 = 4;

/// A decoded instance: its class, and the values of its properties.
#[derive(Debug, Default)]
pub(super) struct WmiInstance {
    pub(super) class: Option<String>,
    pub(super) properties: CallArguments,
}

impl WmiInstance {
    /// The first instance in a stub.
    pub(super) fn find(stub: &[u8]) -> Option<Self> {
        let data = ObjRef::scan_custom(stub, CLASS_OBJECT)?;
        Self::parse(&mut Cursor::new(data)).ok()
    }

    /// `EncodingUnit` with an `ObjectBlock` of the instance kind. [MS-WMIO] 2.2.1, 2.2.5.
    fn parse(cur: &mut Cursor<'_>) -> Result<Self, Malformed> {
        if cur.u32_le()? != 0x1234_5678 {
            return Err(Malformed::Invalid("EncodingUnit signature"));
        }
        cur.skip(4)?; // length
        let flags = cur.u8()?;
        if flags & DECORATION != 0 {
            skip_string(cur)?; // server
            skip_string(cur)?; // namespace
        }
        if flags & INSTANCE == 0 {
            return Err(Malformed::Invalid("ObjectFlags"));
        }
        let class = ClassPart::parse(cur)?;
        cur.skip(4)?; // encoding length
        cur.skip(1)?; // instance flags
        let name = cur.u32_le()?;
        let values = cur.take(class.table_length)?;
        // WmiInstance qualifiers: a set that states its length, then a flag; property qualifiers are not followed.
        qualifiers(cur)?;
        if cur.u8()? == 2 {
            return Err(Malformed::Invalid("InstPropQualSetFlag"));
        }
        let heap = heap(cur)?;
        let mut out =
            Self { class: EncodedString::at(heap, name, MAX_NAME).map(EncodedString::read).ok(), ..Self::default() };
        let mut found = Vec::new();
        for property in class.properties {
            if let Ok(value) = property.value(values, class.count, heap) {
                found.push((property.name, value));
            }
        }
        let texts =
            found.iter().filter_map(|(_, value)| if let PropertyValue::Text(text) = value { Some(text) } else { None });
        let longest = longest_text(texts.map(|text| text.octets.len()).collect());
        for (name, value) in found {
            let value = match value {
                PropertyValue::Plain(value) => value,
                PropertyValue::Text(text) => {
                    if text.is_cut || text.octets.len() > longest {
                        out.properties.mark_cut();
                    }
                    StubValue::Text(text.beginning(longest).read())
                }
            };
            out.properties.put(name, value);
        }
        Ok(out)
    }
}

/// The length at which texts are cut so that all together are no longer than [`MAX_TEXTS`].
fn longest_text(mut lengths: Vec<usize>) -> usize {
    lengths.sort_unstable();
    let (mut left, mut texts) = (MAX_TEXTS, lengths.len());
    for length in lengths {
        if length.saturating_mul(texts) > left {
            return left / texts;
        }
        left -= length;
        texts -= 1;
    }
    MAX_TEXT
}

/// `ClassPart`: what an instance's values mean. [MS-WMIO] 2.2.14.
struct ClassPart {
    /// Those whose names can be read.
    properties: Vec<WmiProperty>,
    /// How many there are.
    count: usize,
    /// Octets of NdTable and value table together.
    table_length: usize,
}

struct WmiProperty {
    name: String,
    kind: u32,
    order: usize,
    offset: usize,
}

impl ClassPart {
    fn parse(whole: &mut Cursor<'_>) -> Result<Self, Malformed> {
        // Some senders leave octets behind the heap; the part's own length says where the instance begins.
        let length = usize::try_from(whole.u32_le()?).unwrap_or(usize::MAX);
        let cur = &mut Cursor::new(whole.take(length.checked_sub(4).ok_or(Malformed::Invalid("EncodingLength"))?)?);
        cur.skip(5)?; // reserved, name
        let table_length = usize::try_from(cur.u32_le()?).unwrap_or(usize::MAX);
        qualifiers(cur)?; // the derivation list states its length as a qualifier set does
        qualifiers(cur)?;
        let count = usize::try_from(cur.u32_le()?).unwrap_or(usize::MAX);
        if count > MAX_PROPERTIES {
            return Err(Malformed::Limit("PropertyCount"));
        }
        let mut lookups = Vec::new();
        for _ in 0..count {
            lookups.push((cur.u32_le()?, cur.u32_le()?));
        }
        cur.skip(table_length)?; // the class's own default values
        let heap = heap(cur)?;
        let mut properties = Vec::new();
        for (name, info) in lookups {
            let mut info = Cursor::new(heap.get(usize::try_from(info).unwrap_or(usize::MAX)..).unwrap_or_default());
            let (kind, order, offset) = (info.u32_le()?, info.u16_le()?, info.u32_le()?);
            let Ok(name) = EncodedString::at(heap, name, MAX_NAME) else { continue };
            if name.is_cut {
                continue;
            }
            properties.push(WmiProperty {
                name: name.read(),
                kind: kind & 0x3fff,
                order: order.into(),
                offset: usize::try_from(offset).unwrap_or(usize::MAX),
            });
        }
        properties.sort_by_key(|property| property.order);
        Ok(Self { properties, count, table_length })
    }
}

/// A property's value: a text as it lies in the heap, or something of fixed size.
enum PropertyValue<'a> {
    Text(EncodedString<'a>),
    Plain(StubValue),
}

impl WmiProperty {
    /// Its value in an instance's table: two bits a property (NULL, inherited), then the values.
    fn value<'a>(&self, table: &[u8], count: usize, heap: &'a [u8]) -> Result<PropertyValue<'a>, Malformed> {
        let bits = table.get(self.order / 4).copied().unwrap_or_default() >> (self.order % 4 * 2);
        if bits & 1 != 0 {
            return Ok(PropertyValue::Plain(StubValue::Null));
        }
        let at = (count * 2).div_ceil(8).saturating_add(self.offset);
        let mut cur = Cursor::new(table.get(at..).unwrap_or_default());
        Ok(PropertyValue::Plain(match self.kind {
            2 => StubValue::Int(cur.i16_le()?.into()),
            3 => StubValue::Int(cur.i32_le()?.into()),
            4 => StubValue::Real(f32::from_bits(cur.u32_le()?).into()),
            5 => StubValue::Real(f64::from_bits(cur.u64_le()?)),
            8 | 101 | 102 => return Ok(PropertyValue::Text(EncodedString::at(heap, cur.u32_le()?, MAX_TEXT)?)),
            11 => StubValue::Bool(cur.u16_le()? != 0),
            16 | 17 => StubValue::Uint(cur.u8()?.into()),
            18 | 103 => StubValue::Uint(cur.u16_le()?.into()),
            19 => StubValue::Uint(cur.u32_le()?.into()),
            20 => StubValue::Int(i64::from_ne_bytes(cur.u64_le()?.to_ne_bytes())),
            21 => StubValue::Uint(cur.u64_le()?),
            _ => return Err(Malformed::Invalid("CimType")), // embedded objects and arrays are not told
        }))
    }
}

/// Steps over a structure that begins with its own length.
fn qualifiers(cur: &mut Cursor<'_>) -> Result<(), Malformed> {
    let length = usize::try_from(cur.u32_le()?).unwrap_or(usize::MAX);
    cur.skip(length.checked_sub(4).ok_or(Malformed::Invalid("EncodingLength"))?)
}

/// A heap: its length with the highest bit set, its octets. [MS-WMIO] 2.2.66.
fn heap<'a>(cur: &mut Cursor<'a>) -> Result<&'a [u8], Malformed> {
    let length = cur.u32_le()?;
    if length & DICTIONARY == 0 {
        return Err(Malformed::Invalid("HeapLength"));
    }
    cur.take(usize::try_from(length & !DICTIONARY).unwrap_or(usize::MAX))
}

/// `Encoded-String`: a flag, then octets or UTF-16 units up to a NUL. [MS-WMIO] 2.2.78.
#[derive(Clone, Copy)]
struct EncodedString<'a> {
    octets: &'a [u8],
    is_wide: bool,
    /// It is longer than was asked for.
    is_cut: bool,
}

impl<'a> EncodedString<'a> {
    /// One of a heap, up to a length in octets.
    fn at(heap: &'a [u8], at: u32, most: usize) -> Result<Self, Malformed> {
        if at & DICTIONARY != 0 {
            return Err(Malformed::Invalid("HeapStringRef")); // a well-known qualifier's name, never a value
        }
        let at = usize::try_from(at).unwrap_or(usize::MAX);
        let (flag, text) = heap.get(at..).and_then(<[u8]>::split_first).ok_or(Malformed::Invalid("HeapStringRef"))?;
        Self::of(*flag, text, most)
    }

    fn of(flag: u8, text: &'a [u8], most: usize) -> Result<Self, Malformed> {
        let kept = text.get(..most).unwrap_or(text);
        let (end, is_wide) = match flag {
            0 => (kept.iter().position(|octet| *octet == 0), false),
            1 => (kept.as_chunks::<2>().0.iter().position(|unit| *unit == [0, 0]).map(|units| units * 2), true),
            _ => return Err(Malformed::Invalid("Encoded-String")),
        };
        if end.is_none() && kept.len() == text.len() {
            return Err(Malformed::Invalid("Encoded-String"));
        }
        Ok(Self { octets: kept.get(..end.unwrap_or(kept.len())).unwrap_or(kept), is_wide, is_cut: end.is_none() })
    }

    fn beginning(self, most: usize) -> Self {
        let most = if self.is_wide { most & !1 } else { most };
        Self { octets: self.octets.get(..most).unwrap_or(self.octets), ..self }
    }

    fn read(self) -> String {
        if self.is_wide {
            utf16(self.octets, ByteOrder::Little)
        } else {
            self.octets.iter().map(|octet| char::from(*octet)).collect()
        }
    }
}

/// Steps over an `Encoded-String` that stands where it is read.
fn skip_string(cur: &mut Cursor<'_>) -> Result<(), Malformed> {
    let flag = cur.u8()?;
    let text = EncodedString::of(flag, cur.rest(), usize::MAX)?;
    cur.skip(text.octets.len() + if text.is_wide { 2 } else { 1 })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(body: &[u8]) -> Vec<u8> {
        let length = u32::try_from(body.len() + 4).unwrap();
        [&length.to_le_bytes(), body].concat()
    }

    /// An instance of `count` properties, the first of which is `command`, all others one string of the heap.
    fn bomb(count: u32, decoy: &[u8], command: &[u8]) -> Vec<u8> {
        let (mut heap, mut lookups) = ([&[0], decoy, &[0]].concat(), Vec::new());
        for order in 0..count {
            let (name, info) = (heap.len() as u32, heap.len() as u32 + 8);
            heap.extend([&[0][..], format!("p{order:05}").as_bytes(), &[0]].concat());
            heap.extend([&8u32.to_le_bytes()[..], &(order as u16).to_le_bytes(), &(4 * order).to_le_bytes()].concat());
            lookups.extend([name.to_le_bytes(), info.to_le_bytes()].concat());
        }
        let table = (count * 2).div_ceil(8) + 4 * count;
        let marked = |heap: &[u8]| [&(heap.len() as u32 | DICTIONARY).to_le_bytes()[..], heap].concat();
        let class = [
            &[0; 5][..],
            &table.to_le_bytes(),
            &part(&[]),
            &part(&[]),
            &count.to_le_bytes(),
            &lookups,
            &vec![0; table as usize],
            &marked(&heap),
        ]
        .concat();
        let values = [&vec![0; (count as usize * 2).div_ceil(8)][..], &vec![0; 4 * count as usize - 4]].concat();
        let own = [&[0], command, &[0, 0], decoy, &[0]].concat();
        let decoys = (command.len() as u32 + 2).to_le_bytes();
        let first = (count as usize * 2).div_ceil(8);
        let mut values = [values, vec![0; 4]].concat();
        for slot in values[first..].chunks_exact_mut(4).skip(1) {
            slot.copy_from_slice(&decoys);
        }
        let instance = [&[0; 5][..], &0u32.to_le_bytes(), &values, &part(&[]), &[1], &marked(&own)].concat();
        [&0x1234_5678u32.to_le_bytes()[..], &[0; 4], &[INSTANCE], &part(&class), &instance].concat()
    }

    #[test]
    fn properties_that_share_a_string_are_bounded_and_hide_no_other() {
        let command = [b"powershell -enc ".as_slice(), &[b'A'; 3000]].concat();
        let stub = bomb(512, &[1; 480 << 10], &command);
        let found = WmiInstance::parse(&mut Cursor::new(&stub)).unwrap().properties;
        let told = found.iter().filter_map(|(_, value)| value.text()).map(str::len).sum::<usize>();
        assert_eq!(found.iter().count(), 512);
        assert!(told <= MAX_TEXTS && told > MAX_TEXTS / 2, "{told}");
        assert!(found.is_cut());
        assert!(found.text("p00000").unwrap().starts_with("powershell -enc AAAA"));
    }

    #[test]
    fn what_an_honest_object_holds_is_told_whole() {
        let command = [b'x'; 20_000];
        let stub = bomb(40, b"short", &command);
        let found = WmiInstance::parse(&mut Cursor::new(&stub)).unwrap().properties;
        assert_eq!(
            (found.text("p00000").unwrap().len(), found.text("p00001"), found.is_cut()),
            (20_000, Some("short"), false)
        );
    }
}
