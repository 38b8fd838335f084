//! What a transaction carries that rules may have stored: certificates.

/// That rules may have something of a protocol's transactions stored, by an output of its own.
#[derive(Clone, Copy, Debug)]
pub struct DocumentsInfo {
    /// Name of the output (`tls-store`).
    pub output: &'static str,
    /// Key of its setting for the directory (`certs-log-dir`); without a value, files lie in the directory of logs.
    pub folder: &'static str,
}

/// What one direction of a transaction carries, as a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TxDocument {
    /// In front of the file's name.
    pub prefix: &'static str,
    /// After its last dot.
    pub extension: &'static str,
    /// Its octets.
    pub octets: Vec<u8>,
    /// What is noted of it beside time, hosts and ports: names and texts.
    pub notes: Vec<(&'static str, String)>,
}
