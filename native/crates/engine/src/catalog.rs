//! The catalog: what the control plane is told that the engine has.

use sidewire_base::{SettingDef, SettingKind};
use sidewire_ir::{Catalog, MethodRow, SettingRow, SettingType, SinkRow};
use sidewire_live::CaptureMethod;

use crate::output::sink::{KINDS, SinkDef};

/// What this engine has: keywords of header fields, those of its protocols with their events, kinds of sinks, and
/// what packets are read with.
#[must_use]
pub fn catalog() -> Catalog {
    Catalog {
        sinks: KINDS.iter().map(sink).collect(),
        methods: CaptureMethod::ALL.iter().map(|one| method(*one)).collect(),
        ..sidewire_detect::catalog(sidewire_protocols::ALL)
    }
}

fn method(method: CaptureMethod) -> MethodRow {
    MethodRow { name: method.name().to_owned(), doc: method.doc().to_owned() }
}

fn sink(kind: &SinkDef) -> SinkRow {
    SinkRow {
        filetypes: owned(kind.filetypes),
        doc: kind.doc.to_owned(),
        settings: kind.settings.iter().map(setting).collect(),
    }
}

fn setting(setting: &SettingDef) -> SettingRow {
    SettingRow {
        key: setting.key.to_owned(),
        doc: setting.doc.trim().to_owned(),
        kind: setting_type(setting.kind),
        usual: setting.usual.map(str::to_owned),
        required: setting.required,
    }
}

fn setting_type(kind: SettingKind) -> SettingType {
    match kind {
        SettingKind::Text => SettingType::Text,
        SettingKind::Path => SettingType::Path,
        SettingKind::Flag => SettingType::Flag,
        SettingKind::Number(most) => SettingType::Number { most },
        SettingKind::Size => SettingType::Size,
        SettingKind::FileMode => SettingType::FileMode,
        SettingKind::Span => SettingType::Span,
        SettingKind::OneOf(words) => SettingType::OneOf { words: owned(words) },
    }
}

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

#[cfg(test)]
mod tests {
    /// Writes `catalog.json` beside the exported types, as they are written: the control plane reads it.
    #[test]
    fn export_bindings_catalog() {
        let Ok(folder) = std::env::var("TS_RS_EXPORT_DIR") else { return };
        let mut text = serde_json::to_string_pretty(&super::catalog()).unwrap();
        text.push('\n');
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(std::path::Path::new(&folder).join("catalog.json"), text).unwrap();
    }
}
