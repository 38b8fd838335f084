//! Makes code of what `native/data` says about RPC interfaces, COM classes and automation types.

mod com;
mod functions;
mod interfaces;
mod signature;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::{env, fs};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result<()> {
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let (interfaces, functions) = interfaces::generate(&tables("../../data/rpc")?)?;
    fs::write(out.join("interfaces.rs"), interfaces)?;
    fs::write(out.join("functions.rs"), functions.generate())?;
    fs::write(out.join("com.rs"), com::generate(&tables("../../data/com")?)?)?;
    Ok(())
}

/// A file of rows.
struct DataFile {
    /// Name of the file, without its ending.
    name: String,
    text: String,
}

impl DataFile {
    /// What `read` makes of each row. What is wrong with one is told with its place.
    fn each(&self, mut read: impl FnMut(&[&str]) -> Result<()>) -> Result<()> {
        for (number, line) in self.text.lines().enumerate().filter(|(_, line)| !line.starts_with('#')) {
            let columns: Vec<_> = line.split('\t').collect();
            read(&columns).map_err(|problem| format!("{}.tsv, line {}: {problem}", self.name, number + 1))?;
        }
        Ok(())
    }
}

/// The tables of a folder, by name.
fn tables(folder: &str) -> Result<Vec<DataFile>> {
    println!("cargo::rerun-if-changed={folder}");
    let mut files = fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    files.retain(|file| file.extension().is_some_and(|extension| extension == "tsv"));
    files.sort();
    files.iter().map(|file| data(file)).collect()
}

fn data(file: &Path) -> Result<DataFile> {
    println!("cargo::rerun-if-changed={}", file.display());
    let name = file.file_stem().and_then(|stem| stem.to_str()).ok_or("a table's name is not text")?;
    Ok(DataFile { name: name.to_owned(), text: fs::read_to_string(file)? })
}

/// A UUID as Rust; `None` for what is none.
fn uuid(text: &str) -> Option<String> {
    let hyphens = text.char_indices().filter(|(_, c)| *c == '-').map(|(at, _)| at);
    let well_formed = text.len() == 36 && hyphens.eq([8, 13, 18, 23]);
    let digits: String = text.chars().filter(|c| *c != '-').collect();
    u128::from_str_radix(&digits, 16)
        .ok()
        .filter(|_| well_formed)
        .map(|value| format!("Uuid({:?})", value.to_be_bytes()))
}
