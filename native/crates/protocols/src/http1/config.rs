//! The settings of HTTP/1.

use sidewire_app_layer::{FromEveOptions, FromSettings, ProtocolSettings};

use super::uri::{InvalidEscape, UriDecoding};

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
pub(super) struct HeaderDump {
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
pub struct HttpConfig {
    pub(super) request_body: BodyLimits,
    pub(super) response_body: BodyLimits,
    pub(super) decoding: UriDecoding,
    /// A request target may hold spaces: it reaches to the last one before the version.
    pub(super) spaces_in_uri: bool,
    /// Content encodings undone at most; `None`: any number (see `content::MAX_LAYERS`).
    pub(super) layers: Option<u32>,
    /// Decoded octets from which on a suspicious ratio is a bomb.
    pub(super) bomb_limit: u64,
    /// Bombs after which a flow's bodies are not decoded any more.
    pub(super) bomb_count: u8,
    /// Octets of a line or header at most.
    pub(super) field_limit: usize,
    /// Different headers a message may have.
    pub(super) headers_limit: usize,
    /// Open transactions a flow may have.
    pub(super) max_transactions: usize,
    /// Some output's alerts carry bodies: they are kept although no rule looks at them any more.
    pub(super) alerts_carry_bodies: bool,
}

/// What an EVE output asks of `http` events, and of alerts on HTTP.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EveHttpOptions {
    /// The long form (`extended`).
    pub(super) extended: bool,
    /// Headers with keys of their own, lower case (`custom`).
    pub(super) custom: Vec<String>,
    pub(super) dump: HeaderDump,
    pub(super) bodies: BodyForms,
}

impl FromEveOptions for EveHttpOptions {
    fn from_options(own: &ProtocolSettings, alert: &ProtocolSettings) -> Self {
        Self {
            extended: own.truth("extended").unwrap_or(false),
            custom: own.list("custom").map(str::to_lowercase).collect(),
            dump: match own.text("dump-all-headers") {
                Some("both") => HeaderDump { request: true, response: true },
                Some("request") => HeaderDump { request: true, response: false },
                Some("response") => HeaderDump { request: false, response: true },
                _ => HeaderDump::default(),
            },
            bodies: BodyForms {
                base64: alert.truth("http-body").unwrap_or(false),
                printable: alert.truth("http-body-printable").unwrap_or(false),
            },
        }
    }
}

const KB: u64 = 1024;

impl Default for HttpConfig {
    fn default() -> Self {
        Self {
            request_body: BodyLimits { limit: 100 * KB, inspect_from: 32 * KB },
            response_body: BodyLimits { limit: 100 * KB, inspect_from: 40 * KB },
            decoding: UriDecoding {
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
            alerts_carry_bodies: false,
        }
    }
}

impl FromSettings<EveHttpOptions> for HttpConfig {
    /// Reads `libhtp.default-config.*`.
    fn from_settings(settings: &ProtocolSettings, outputs: &[&EveHttpOptions]) -> Self {
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
        config.alerts_carry_bodies = outputs.iter().any(|output| output.bodies.base64 || output.bodies.printable);
        config
    }
}

impl HttpConfig {
    /// The habits of a server by name.
    fn personality(&mut self, name: &str) {
        let decoding = &mut self.decoding;
        let lenient = |decoding: &mut UriDecoding, on: bool| {
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
        ];
        let config = HttpConfig::from_settings(&ProtocolSettings::new(pairs), &[]);
        assert_eq!(config.request_body.limit, 1 << 20);
        assert!(config.decoding.twice_path && !config.decoding.backslashes);
        assert_eq!(config.layers, Some(3));
        assert_eq!(HttpConfig::from_settings(&ProtocolSettings::default(), &[]), HttpConfig::default());
    }

    #[test]
    fn an_output_has_options_of_its_own() {
        let own = ProtocolSettings::new([("dump-all-headers", "both"), ("custom", "Accept-Encoding,Date")]);
        let alert = ProtocolSettings::new([("http-body", "yes")]);
        let options = EveHttpOptions::from_options(&own, &alert);
        assert_eq!(options.custom, ["accept-encoding", "date"]);
        assert!(options.dump.request);
        assert!(HttpConfig::from_settings(&ProtocolSettings::default(), &[&options]).alerts_carry_bodies);
    }
}
