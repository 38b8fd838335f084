//! Checks on a file as a whole, whatever protocol carries it.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::Number;

/// A check on a file as a whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[ts(export_to = "ir.ts")]
pub enum FileCheck {
    /// `filesize`.
    Size {
        /// Octets.
        test: Number,
    },
    /// `filemd5`, `filesha1`, `filesha256`: its digest is on a list.
    Digest {
        /// Algorithm.
        algorithm: FileDigest,
        /// The list: hexadecimal, one digest after the other.
        digests: String,
        /// It is not on the list.
        negated: bool,
    },
    /// `filestore`: holds on every file, and has some stored when the rule matches.
    Store {
        /// Files of which direction.
        direction: FileSide,
        /// Which of them.
        scope: FileScope,
    },
}

/// Digest algorithms of files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export_to = "ir.ts")]
pub enum FileDigest {
    /// MD5.
    Md5,
    /// SHA-1.
    Sha1,
    /// SHA-256.
    Sha256,
}

/// Direction of the files that `filestore` has stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export_to = "ir.ts")]
pub enum FileSide {
    /// That of the match.
    Rule,
    /// To the server.
    ToServer,
    /// To the client.
    ToClient,
    /// Both.
    Both,
}

/// Which files `filestore` has stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export_to = "ir.ts")]
pub enum FileScope {
    /// Those the rule holds on.
    File,
    /// All of the transaction.
    Tx,
    /// All of the flow from here on.
    Flow,
}
