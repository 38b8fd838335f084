//! `data/com`: COM classes by CLSID, and the automation types of their objects.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::{DataFile, Result, uuid};

/// Both tables as Rust.
pub(crate) fn generate(files: &[DataFile]) -> Result<String> {
    let table = |name: &str| files.iter().find(|file| file.name == name).ok_or_else(|| format!("no {name}.tsv"));
    let mut types: Vec<String> = Vec::new();
    table("types")?.each(|columns| {
        types.push(columns.first().copied().unwrap_or_default().to_owned());
        Ok(())
    })?;
    let place = |name: &str| {
        let at = types.iter().position(|known| known == name).ok_or_else(|| format!("type {name}"))?;
        Ok::<_, String>(format!("Some(&TYPES[{at}])"))
    };
    let mut code = format!("static TYPES: [AutomationType; {}] = [\n", types.len());
    table("types")?.each(|columns| {
        let [name, guid, members] = columns else { return Err("not three columns".into()) };
        let guid = if *guid == "-" { "None".to_owned() } else { format!("Some({})", uuid(guid).ok_or("not a GUID")?) };
        write!(code, "AutomationType {{ name: {name:?}, guid: {guid}, members: &[")?;
        for member in members.split(' ') {
            let (dispid, name) = member.split_once(':').ok_or("a member without DISPID")?;
            let (name, gives) = name.split_once('>').map_or((name, None), |(name, gives)| (name, Some(gives)));
            let dispid = match dispid.strip_prefix("0x") {
                Some(digits) => i32::from_str_radix(digits, 16)?,
                None => dispid.parse()?,
            };
            let gives = gives.map(place).transpose()?.unwrap_or_else(|| "None".to_owned());
            write!(code, "TypeMember {{ dispid: {dispid}, name: {name:?}, gives: {gives} }}, ")?;
        }
        code.push_str("] },\n");
        Ok(())
    })?;
    let mut classes = BTreeMap::new();
    table("classes")?.each(|columns| {
        let [clsid, name, kind] = columns else { return Err("not three columns".into()) };
        let kind = if *kind == "-" { "None".to_owned() } else { place(kind)? };
        let class =
            format!("ComClass {{ clsid: {}, name: {name:?}, kind: {kind} }},", uuid(clsid).ok_or("not a CLSID")?);
        match classes.insert((*clsid).to_owned(), class) {
            None => Ok(()),
            Some(_) => Err("the CLSID comes twice".into()),
        }
    })?;
    code.push_str("];\n\nstatic CLASSES: &[ComClass] = &[\n");
    for class in classes.values() {
        writeln!(code, "{class}")?;
    }
    code.push_str("];\n");
    Ok(code)
}
