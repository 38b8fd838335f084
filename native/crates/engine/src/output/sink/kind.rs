//! What a kind of sink says of itself, and how one is opened.

use std::io;
use std::sync::Arc;

use sidewire_base::{DeclaredSettings, SettingDef, SettingTexts};

use super::{KINDS, LineSink, SinkOrders};
use crate::EngineError;
use crate::config::SinkConfig;

/// A kind of sink.
pub(crate) trait SinkKind: LineSink + Sized + 'static {
    /// Its names in a configuration (`filetype`).
    const FILETYPES: &'static [&'static str];
    /// One sentence: where lines go.
    const DOC: &'static str;
    /// What an output may tell it; keys are beside `filetype`.
    type Settings: DeclaredSettings;

    /// What messages and counters call it.
    fn name(filetype: &str, settings: &Self::Settings) -> String;

    /// Opens it. A sink that can wait for somebody looks at `orders` while it waits.
    ///
    /// # Errors
    /// When it cannot be opened: the run does not begin.
    fn open(filetype: &str, settings: Self::Settings, orders: &Arc<SinkOrders>) -> io::Result<Self>;
}

/// A kind of sink, as plain data.
pub(crate) struct SinkDef {
    pub(crate) filetypes: &'static [&'static str],
    pub(crate) doc: &'static str,
    pub(crate) settings: &'static [SettingDef],
    open: fn(&str, &SettingTexts, &Arc<SinkOrders>) -> Result<OpenSink, EngineError>,
}

/// A sink that is open, and what it is called.
pub(crate) struct OpenSink {
    pub(crate) name: String,
    pub(crate) sink: Box<dyn LineSink>,
}

impl SinkDef {
    pub(crate) const fn of<K: SinkKind>() -> Self {
        Self { filetypes: K::FILETYPES, doc: K::DOC, settings: K::Settings::DEFS, open: open_as::<K> }
    }

    /// Opens the sink of an output.
    pub(crate) fn open(config: &SinkConfig, orders: &Arc<SinkOrders>) -> Result<OpenSink, EngineError> {
        let SinkConfig { filetype, settings } = config;
        let kind = KINDS.iter().find(|kind| kind.filetypes.contains(&filetype.as_str()));
        let kind = kind.ok_or_else(|| EngineError::Config(format!("no output has the filetype `{filetype}`")))?;
        (kind.open)(filetype, settings, orders)
    }
}

fn open_as<K: SinkKind>(
    filetype: &str,
    texts: &SettingTexts,
    orders: &Arc<SinkOrders>,
) -> Result<OpenSink, EngineError> {
    let settings = K::Settings::read(texts)
        .map_err(|error| EngineError::Config(format!("an output of filetype `{filetype}`: {error}")))?;
    let name = K::name(filetype, &settings);
    match K::open(filetype, settings, orders) {
        Ok(sink) => Ok(OpenSink { name, sink: Box::new(sink) }),
        Err(source) => Err(EngineError::Output { output: name, source }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(filetype: &str, settings: &[(&str, &str)]) -> Result<OpenSink, EngineError> {
        let settings = settings.iter().map(|(key, text)| ((*key).to_owned(), (*text).to_owned())).collect();
        SinkDef::open(&SinkConfig { filetype: filetype.to_owned(), settings }, &Arc::default())
    }

    #[test]
    fn a_filetype_is_of_one_kind() {
        let mut all: Vec<_> = KINDS.iter().flat_map(|kind| kind.filetypes).collect();
        all.sort_unstable();
        assert!(all.windows(2).all(|pair| pair[0] != pair[1]), "{all:?}");
    }

    #[test]
    fn what_cannot_be_opened_says_why() {
        let error = |result: Result<OpenSink, EngineError>| result.err().unwrap().to_string();
        assert_eq!(error(open("pigeon", &[])), "configuration: no output has the filetype `pigeon`");
        assert_eq!(
            error(open("regular", &[])),
            "configuration: an output of filetype `regular`: `filename` is missing"
        );
        let nobody = error(open("unix_stream", &[("filename", "/nobody/listens")]));
        assert!(nobody.starts_with("unix_stream /nobody/listens: cannot write: "), "{nobody}");
    }
}
