//! What rules can look into of the files of any protocol that carries some.

use sidewire_base::Direction;
use sidewire_files::{File, TxFiles};

use crate::{BufferInfo, BufferKind, FilesInfo, Hook, Value};

/// Octets of a file from which rules look into one that is not over, as in Suricata.
const INSPECT_FROM: u64 = 32 * 1024;

/// The row that conditions on a file as a whole stand on: `filesize`, `filemd5`, `filestore` ... It is no keyword.
pub const FILES_ROW: &str = "files";

/// How many rows there are.
const ROWS: usize = 4;

/// The rows of a protocol with files.
pub(crate) const fn file_rows(info: FilesInfo) -> [BufferInfo; ROWS] {
    [
        file_row(FILES_ROW, "Files as a whole.", BufferKind::Files, info.hook),
        file_row("file.name", "Name of each file, as the protocol has it.", BufferKind::Multi, info.hook),
        file_row("file.magic", "Kind of each file, under libmagic's name for it.", BufferKind::Multi, info.hook),
        BufferInfo {
            aliases: &["file_data"],
            ..file_row("file.data", "Content of each file, decoded.", BufferKind::Bodies, info.hook)
        },
    ]
}

const fn file_row(name: &'static str, doc: &'static str, kind: BufferKind, hook: Hook) -> BufferInfo {
    BufferInfo { name, aliases: &[], modifier: None, doc, kind, hook }
}

/// How many of [`file_rows`] a protocol has.
pub(crate) const fn file_row_count(info: Option<FilesInfo>) -> usize {
    match info {
        None => 0,
        Some(FilesInfo { own_data: true, .. }) => ROWS - 1,
        Some(_) => ROWS,
    }
}

/// The value of one of [`file_rows`].
pub(crate) fn file_value(files: &TxFiles, row: usize, direction: Direction, nth: u32) -> Value<'_> {
    let files = files.of(direction);
    match row {
        1 => files.get(nth as usize).map_or(Value::Absent, |file| Value::Bytes(file.name())),
        // Kinds become known one after the other: those that are not yet are not counted.
        2 => {
            let known = files.iter().filter_map(File::magic).nth(nth as usize);
            known.map_or(Value::Absent, |magic| Value::Bytes(magic.as_bytes()))
        }
        3 => files.get(nth as usize).map_or(Value::Absent, |file| file_data(file, INSPECT_FROM)),
        _ => Value::Absent,
    }
}

/// What rules see of a file's content: nothing before there is enough of it (`inspect_from` octets), or all.
#[must_use]
pub fn file_data(file: &File, inspect_from: u64) -> Value<'_> {
    let content = file.content();
    if !file.is_over() && content.end() < inspect_from {
        return Value::Body { data: &[], base: 0, complete: false };
    }
    Value::Body { data: content.data(), base: content.base(), complete: file.is_over() }
}
