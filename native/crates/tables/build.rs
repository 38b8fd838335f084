//! Makes a table of each file in `native/data`. `src/lib.rs` says what stands in one.

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

const DATA: &str = "../../data";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo::rerun-if-changed={DATA}");
    let mut files = fs::read_dir(DATA)?.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>, std::io::Error>>()?;
    files.retain(|file| file.extension().is_some_and(|extension| extension == "tsv"));
    files.sort();
    let (mut code, mut all) = (String::new(), String::new());
    for file in files {
        println!("cargo::rerun-if-changed={}", file.display());
        let text = fs::read_to_string(&file)?;
        let stem = file.file_stem().and_then(|stem| stem.to_str()).ok_or("a table's name is not text")?;
        let name = stem.to_uppercase().replace('-', "_");
        table(&name, &text, &mut code).map_err(|problem| format!("{}: {problem}", file.display()))?;
        write!(all, "&{name}, ")?;
    }
    writeln!(code, "/// All tables.\npub static ALL: &[&ConstantTable] = &[{all}];")?;
    fs::write(Path::new(&env::var("OUT_DIR")?).join("tables.rs"), code)?;
    Ok(())
}

/// One table as Rust.
fn table(table: &str, text: &str, code: &mut String) -> Result<(), Box<dyn std::error::Error>> {
    let (mut rows, mut names, mut words) = (String::new(), String::new(), String::new());
    let mut before = None;
    for (number, line) in text.lines().enumerate() {
        if let Some(doc) = line.strip_prefix('#') {
            writeln!(code, "///{doc}")?;
            continue;
        }
        let mut columns = line.split('\t');
        let (value, name) = (columns.next().unwrap_or_default(), columns.next().filter(|name| !name.is_empty()));
        let value = match value.strip_prefix("0x") {
            Some(digits) => u32::from_str_radix(digits, 16),
            None => value.parse(),
        }
        .map_err(|_| format!("line {}: no value", number + 1))?;
        let name = name.ok_or_else(|| format!("line {}: no name", number + 1))?;
        if before.is_some_and(|before| before >= value) {
            return Err(format!("line {}: not after the value before it", number + 1).into());
        }
        before = Some(value);
        names.push_str(name);
        write!(rows, "({value}, {}), ", names.len())?;
        if let Some(word) = columns.next() {
            write!(words, "({word:?}, {value}), ")?;
        }
    }
    writeln!(
        code,
        "pub static {table}: ConstantTable = ConstantTable {{ rows: &[{rows}], names: {names:?}, words: &[{words}] }};\n"
    )?;
    Ok(())
}
