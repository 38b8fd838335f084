//! The settings of HTTP/1.

use sidewire_app_layer::Settings;

use super::uri::{Decoding, InvalidEscape};

/// How far bodies are kept and looked at, in one direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BodyLimits {
    /// Octets of a body that are kept; 0: all of them pass, the youngest are kept.
    pub limit: u64,
    /// Octets that must be there before rules see a body that is not complete.
    pub inspect_from: u64,
}

/// Which headers the `http` event lists in full.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Dump {
    pub request: bool,
    pub response: bool,
}

/// How alerts carry bodies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct BodyForms {
    pub base64: bool,
    pub printable: bool,
}

/// What the configuration says, once for all flows of a setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Config {
    pub request_body: BodyLimits,
    pub response_body: BodyLimits,
    pub decoding: Decoding,
    /// A request target may hold spaces: it reaches to the last one before the version.
    pub spaces_in_uri: bool,
    /// Content encodings undone at most; `None`: any number (see `content::MAX_LAYERS`).
    pub layers: Option<u32>,
    /// Decoded octets from which on a suspicious ratio is a bomb.
    pub bomb_limit: u64,
    /// Bombs after which a flow's bodies are not decoded any more.
    pub bomb_count: u8,
    /// Octets of a line or header at most.
    pub field_limit: usize,
    /// Different headers a message may have.
    pub headers_limit: usize,
    /// Open transactions a flow may have.
    pub max_transactions: usize,
    /// EVE: the long form.
    pub extended: bool,
    /// EVE: headers with keys of their own, lower case.
    pub custom: Vec<String>,
    pub dump: Dump,
    pub bodies: BodyForms,
}

const KB: u64 = 1024;

impl Default for Config {
    fn default() -> Self {
        Self {
            request_body: BodyLimits { limit: 100 * KB, inspect_from: 32 * KB },
            response_body: BodyLimits { limit: 100 * KB, inspect_from: 40 * KB },
            decoding: Decoding {
                backslashes: true,
                lowercase: false,
                compress_separators: true,
                decode_separators: true,
                plus_is_space: false,
                nul_ends: false,
                encoded_nul_ends: false,
                percent_u: true,
                best_fit: true,
                replacement: b'?',
                invalid: InvalidEscape::Preserve,
                twice_path: false,
                twice_query: false,
                include_all: false,
            },
            spaces_in_uri: true,
            layers: Some(2),
            bomb_limit: 1024 * KB,
            bomb_count: 3,
            field_limit: 18_000,
            headers_limit: 1024,
            max_transactions: 512,
            extended: false,
            custom: Vec::new(),
            dump: Dump::default(),
            bodies: BodyForms::default(),
        }
    }
}

impl Config {
    /// Reads `libhtp.default-config.*` and what the `http` event is configured with, `eve.*`.
    pub(super) fn new(settings: &Settings) -> Self {
        let mut config = Self::default();
        let key = |name: &str| format!("libhtp.default-config.{name}");
        let size = |name: &str, to: &mut u64| *to = settings.size(&key(name)).unwrap_or(*to);
        let truth = |name: &str, to: &mut bool| *to = settings.truth(&key(name)).unwrap_or(*to);
        if let Some(personality) = settings.text(&key("personality")) {
            config.personality(personality);
        }
        size("request-body-limit", &mut config.request_body.limit);
        size("response-body-limit", &mut config.response_body.limit);
        size("request-body-minimal-inspect-size", &mut config.request_body.inspect_from);
        size("response-body-minimal-inspect-size", &mut config.response_body.inspect_from);
        size("compression-bomb-limit", &mut config.bomb_limit);
        let decoding = &mut config.decoding;
        truth("double-decode-path", &mut decoding.twice_path);
        truth("double-decode-query", &mut decoding.twice_query);
        truth("query-plusspace-decode", &mut decoding.plus_is_space);
        truth("path-convert-backslash-separators", &mut decoding.backslashes);
        truth("path-convert-lowercase", &mut decoding.lowercase);
        truth("path-nul-encoded-terminates", &mut decoding.encoded_nul_ends);
        truth("path-nul-raw-terminates", &mut decoding.nul_ends);
        truth("path-separators-compress", &mut decoding.compress_separators);
        truth("path-separators-decode", &mut decoding.decode_separators);
        truth("path-u-encoding-decode", &mut decoding.percent_u);
        truth("path-utf8-convert-bestfit", &mut decoding.best_fit);
        truth("uri-include-all", &mut decoding.include_all);
        decoding.invalid = match settings.text(&key("path-url-encoding-invalid-handling")) {
            Some("remove_percent") => InvalidEscape::Remove,
            Some("decode_invalid") => InvalidEscape::Process,
            Some("preserve_percent") => InvalidEscape::Preserve,
            _ => decoding.invalid,
        };
        if let Some(octet) =
            settings.number(&key("path-bestfit-replacement-char")).and_then(|number| u8::try_from(number).ok())
        {
            decoding.replacement = octet;
        }
        if let Some(layers) = settings.number(&key("response-body-decompress-layer-limit")) {
            config.layers = Some(u32::try_from(layers).unwrap_or(u32::MAX));
        }
        let small = |name: &str| settings.number(&key(name)).and_then(|number| usize::try_from(number).ok());
        config.bomb_count =
            small("compression-bomb-count").and_then(|count| u8::try_from(count).ok()).unwrap_or(config.bomb_count);
        config.field_limit =
            settings.size(&key("meta-field-limit")).and_then(|size| size.try_into().ok()).unwrap_or(config.field_limit);
        config.headers_limit = small("headers-limit").unwrap_or(config.headers_limit);
        config.max_transactions = small("max-tx").unwrap_or(config.max_transactions);
        config.extended = settings.truth("eve.extended").unwrap_or(config.extended);
        config.custom = (0..).map_while(|n| settings.text(&format!("eve.custom.{n}"))).map(str::to_lowercase).collect();
        config.dump = match settings.text("eve.dump-all-headers") {
            Some("both") => Dump { request: true, response: true },
            Some("request") => Dump { request: true, response: false },
            Some("response") => Dump { request: false, response: true },
            _ => Dump::default(),
        };
        config.bodies = BodyForms {
            base64: settings.truth("eve.alert.http-body").unwrap_or(false),
            printable: settings.truth("eve.alert.http-body-printable").unwrap_or(false),
        };
        config
    }

    /// The habits of a server by name.
    fn personality(&mut self, name: &str) {
        let decoding = &mut self.decoding;
        let lenient = |decoding: &mut Decoding, on: bool| {
            decoding.backslashes = on;
            decoding.decode_separators = on;
            decoding.compress_separators = on;
        };
        decoding.best_fit = false;
        decoding.percent_u = false;
        match name.to_ascii_lowercase().as_str() {
            "minimal" => lenient(decoding, false),
            "generic" | "iis_5_1" => lenient(decoding, true),
            "iis_6_0" | "iis_7_0" | "iis_7_5" => {
                lenient(decoding, true);
                decoding.percent_u = true;
            }
            "apache_2" => {
                lenient(decoding, false);
                decoding.compress_separators = true;
            }
            _ => {
                lenient(decoding, true);
                decoding.best_fit = true;
                decoding.percent_u = true;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_its_settings() {
        let pairs = [
            ("libhtp.default-config.request-body-limit", "1mb"),
            ("libhtp.default-config.double-decode-path", "yes"),
            ("libhtp.default-config.personality", "Apache_2"),
            ("libhtp.default-config.response-body-decompress-layer-limit", "3"),
            ("eve.dump-all-headers", "both"),
            ("eve.custom.0", "Accept-Encoding"),
        ];
        let settings = Settings::new(pairs.map(|(key, value)| (key.to_owned(), value.to_owned())));
        let config = Config::new(&settings);
        assert_eq!(config.request_body.limit, 1 << 20);
        assert!(config.decoding.twice_path && !config.decoding.backslashes);
        assert_eq!(config.layers, Some(3));
        assert_eq!(config.custom, ["accept-encoding"]);
        assert!(config.dump.request);
        assert_eq!(Config::new(&Settings::default()), Config::default());
    }
}
