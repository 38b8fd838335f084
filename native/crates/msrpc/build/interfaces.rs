//! `data/rpc`: interfaces with their procedures. `data/rpc/README.md` says what stands in a file.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::functions::{FunctionNames, variant};
use crate::signature::{StubColumn, WordRow, WordRows, layout};
use crate::{DataFile, Result, uuid};

#[derive(Default)]
struct InterfaceRow {
    name: String,
    version: String,
    kind: &'static str,
    returns: &'static str,
    source: String,
    uuids: Vec<UuidRow>,
    procedures: BTreeMap<u16, ProcedureRow>,
    /// What the handles stand for that a procedure gives: kind and name.
    handles: BTreeMap<u16, (String, String)>,
}

/// A UUID, and where it is offered.
struct UuidRow {
    text: String,
    pipes: Vec<String>,
    ports: Vec<u16>,
}

struct ProcedureRow {
    name: String,
    request: StubColumn,
    response: StubColumn,
    command: String,
}

/// All interfaces as Rust: the table by UUID, and a constant for each name; and the functions that they name.
pub(crate) fn generate(files: &[DataFile]) -> Result<(String, FunctionNames)> {
    let mut interfaces: Vec<InterfaceRow> = Vec::new();
    for file in files {
        let mut words = WordRows::new();
        file.each(|columns| match columns {
            [kind @ ("flags" | "words"), name, list] => {
                let row = WordRow { flags: *kind == "flags", words: word_list(list)? };
                words.insert((*name).to_owned(), row).map_or(Ok(()), |_| Err("the name comes twice".into()))
            }
            _ => row(&file.name, columns, &mut interfaces, &words),
        })?;
    }
    let (mut rows, mut names) = (BTreeMap::new(), BTreeMap::new());
    for interface in &interfaces {
        let first = interface.uuids.first().ok_or_else(|| format!("{} has no UUID", interface.name))?;
        if names.insert(constant(&interface.name), &first.text).is_some() {
            return Err(format!("{} comes twice", interface.name).into());
        }
        for uuid in &interface.uuids {
            if rows.insert(uuid.text.clone(), interface.code(uuid)?).is_some() {
                return Err(format!("{} comes twice", uuid.text).into());
            }
        }
    }
    let mut code = String::from("static TABLE: &[RpcInterface] = &[\n");
    for row in rows.values() {
        writeln!(code, "{row},")?;
    }
    code.push_str("];\n\n/// UUIDs of the interfaces by name; the first where one has several.\n");
    code.push_str(
        "#[allow(dead_code, reason = \"all of them are there\")]\npub(crate) mod known {\nuse crate::Uuid;\n",
    );
    for (name, text) in names {
        writeln!(code, "pub(crate) const {name}: Uuid = {};", uuid(text).unwrap_or_default())?;
    }
    code.push_str("}\n");
    let mut functions = FunctionNames::default();
    for ProcedureRow { request, response, command, .. } in interfaces.iter().flat_map(|each| each.procedures.values()) {
        functions.stubs.extend([request, response].into_iter().filter_map(|column| column.reader.clone()));
        functions.commands.extend(command.strip_prefix('+').map(str::to_owned));
    }
    Ok((code, functions))
}

fn last_uuid(interfaces: &mut [InterfaceRow]) -> Result<&mut UuidRow> {
    Ok(interfaces.last_mut().and_then(|interface| interface.uuids.last_mut()).ok_or("no UUID yet")?)
}

/// `WORD=NUMBER` with spaces between; numbers decimal, or hexadecimal behind `0x`.
fn word_list(text: &str) -> Result<Vec<(u32, String)>> {
    let word = |text: &str| {
        let (word, number) = text.split_once('=').ok_or("a word has no number")?;
        let number = match number.strip_prefix("0x") {
            Some(digits) => u32::from_str_radix(digits, 16)?,
            None => number.parse()?,
        };
        Ok((number, word.to_owned()))
    };
    text.split(' ').map(word).collect()
}

fn row(source: &str, columns: &[&str], interfaces: &mut Vec<InterfaceRow>, words: &WordRows) -> Result<()> {
    match columns {
        ["interface", name, version, kind, returns] => {
            interfaces.push(InterfaceRow {
                name: (*name).to_owned(),
                version: (*version).to_owned(),
                kind: choose(kind, &[("rpc", "Rpc"), ("activation", "Activation"), ("object", "Object")])?,
                returns: choose(
                    returns,
                    &[("win32", "Win32"), ("ntstatus", "Nt"), ("hresult", "Hresult"), ("other", "Other")],
                )?,
                source: source.to_owned(),
                ..InterfaceRow::default()
            });
        }
        ["uuid", text] => {
            uuid(text).ok_or("not a UUID")?;
            let row = UuidRow { text: (*text).to_owned(), pipes: Vec::new(), ports: Vec::new() };
            interfaces.last_mut().ok_or("no interface yet")?.uuids.push(row);
        }
        ["pipe", names] => {
            let names = names.split(' ').map(str::to_owned);
            last_uuid(interfaces)?.pipes.extend(names);
        }
        ["port", number] => last_uuid(interfaces)?.ports.push(number.parse()?),
        ["handle", kind, name, numbers] => {
            let interface = interfaces.last_mut().ok_or("no interface yet")?;
            for number in numbers.split(' ') {
                let number: u16 = number.parse().map_err(|_| "no operation number")?;
                if !interface.procedures.contains_key(&number) {
                    return Err("no such procedure before this line".into());
                }
                if interface.handles.insert(number, ((*kind).to_owned(), (*name).to_owned())).is_some() {
                    return Err("the number comes twice".into());
                }
            }
        }
        [number, name, rest @ ..] if rest.len() <= 3 => {
            let interface = interfaces.last_mut().ok_or("no interface yet")?;
            let number: u16 = number.parse().map_err(|_| "no operation number")?;
            let column = |at: usize| rest.get(at).copied().filter(|text| *text != "-").unwrap_or_default();
            let read = |text: &str, of: fn(&ProcedureRow) -> &StubColumn| match text.strip_prefix('=') {
                None => layout(text, words),
                Some(other) => {
                    let other = interface.procedures.get(&other.parse()?);
                    Ok(of(other.ok_or("no such procedure before this one")?).clone())
                }
            };
            let (request, response) = (read(column(0), |p| &p.request)?, read(column(1), |p| &p.response)?);
            let procedure = ProcedureRow { name: (*name).to_owned(), request, response, command: column(2).to_owned() };
            if interface.procedures.insert(number, procedure).is_some() {
                return Err("the number comes twice".into());
            }
        }
        _ => return Err("not understood".into()),
    }
    Ok(())
}

fn choose(text: &str, among: &[(&str, &'static str)]) -> Result<&'static str> {
    let found = among.iter().find(|(known, _)| *known == text);
    found.map(|(_, code)| *code).ok_or_else(|| format!("{text} is not known").into())
}

/// Where a command line is, as Rust.
fn command(text: &str) -> String {
    match text.strip_prefix('+') {
        Some(function) => format!("Some(CommandLine::Found(CommandFunction::{}))", variant(function)),
        None if text.is_empty() => "None".to_owned(),
        None => format!("Some(CommandLine::Argument({text:?}))"),
    }
}

/// What a handle stands for, as Rust.
fn handle(row: Option<&(String, String)>) -> String {
    let Some((kind, name)) = row else { return "None".to_owned() };
    let (variant, text) = match (name.strip_prefix('='), name.strip_prefix('\\'), name.strip_prefix('-')) {
        (Some(text), ..) => ("Always", text),
        (_, Some(field), _) => ("Below", field),
        (_, _, Some("")) => ("Nothing", ""),
        (_, _, Some(field)) => ("Behind", field),
        _ => ("Argument", name.as_str()),
    };
    let name = if variant == "Nothing" { variant.to_owned() } else { format!("{variant}({text:?})") };
    format!("Some(HandleMeaning {{ kind: {kind:?}, name: HandleName::{name} }})")
}

/// `IWBEM_SERVICES` of `IWbemServices`.
fn constant(name: &str) -> String {
    let mut out = String::new();
    let mut lower = false;
    for c in name.chars() {
        if lower && c.is_ascii_uppercase() {
            out.push('_');
        }
        lower = !c.is_ascii_uppercase();
        out.push(c.to_ascii_uppercase());
    }
    out
}

impl InterfaceRow {
    fn code(&self, row: &UuidRow) -> Result<String> {
        let Self { name, version, kind, returns, source, .. } = self;
        let UuidRow { text, pipes, ports } = row;
        let uuid = uuid(text).unwrap_or_default();
        let mut code = format!(
            "RpcInterface {{ uuid: {uuid}, name: {name:?}, version: {version:?}, kind: InterfaceKind::{kind}, \
             returns: StatusFamily::{returns}, source: {source:?}, pipes: &{pipes:?}, ports: &{ports:?}, procedures: &["
        );
        for (number, ProcedureRow { name, request, response, command }) in &self.procedures {
            write!(
                code,
                "RpcProcedure {{ opnum: {number}, name: {name:?}, request: {}, response: {}, command: {}, gives: {} }}, ",
                request.code(),
                response.code(),
                self::command(command),
                handle(self.handles.get(number))
            )?;
        }
        code.push_str("] }");
        Ok(code)
    }
}
