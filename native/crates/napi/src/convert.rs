//! Plain data as JSON, and errors as the control plane takes them apart.

use napi::{Error, Status};
use sidewire_engine::EngineError;

/// Plain data as JSON.
pub(crate) fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

/// Errors cross as `[code] message`: the control plane takes them apart again.
pub(crate) fn failed(error: EngineError) -> Error {
    Error::new(Status::GenericFailure, format!("[{}] {error}", error.code()))
}

pub(crate) fn invalid(error: &serde_json::Error) -> Error {
    Error::new(Status::InvalidArg, format!("[config/invalid] {error}"))
}

pub(crate) fn internal(error: impl core::fmt::Display) -> Error {
    Error::new(Status::GenericFailure, format!("[engine/internal] {error}"))
}
