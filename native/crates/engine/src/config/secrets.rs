//! Reading the secrets that open sealed calls.

use sidewire_msrpc::security::{DecryptionSecrets, SecretKind};

use crate::EngineError;

/// A secret as the outside gives it.
#[derive(Clone, Copy)]
pub struct SecretSource<'a> {
    /// `password`, `ntlm-hash`, `keytab`, or `file` for a secrets file.
    pub kind: &'a str,
    /// What messages call it: an option or a file.
    pub name: &'a str,
    /// The secret, or the octets of the file.
    pub octets: &'a [u8],
}

/// Reads the secrets that open sealed calls.
///
/// # Errors
/// [`EngineError::Secrets`] with file, line and column of what is none; never with its value.
pub fn read_secrets<'a>(sources: impl IntoIterator<Item = SecretSource<'a>>) -> Result<DecryptionSecrets, EngineError> {
    let mut secrets = DecryptionSecrets::default();
    for SecretSource { kind, name, octets } in sources {
        let Some(kind) = SecretKind::from_name(kind) else {
            return Err(EngineError::Secrets(format!("{name}: no kind of secret is called `{kind}`")));
        };
        secrets.add(kind, octets).map_err(|found| {
            let place = found.place.map(|(line, column)| format!(":{line}:{column}")).unwrap_or_default();
            EngineError::Secrets(format!("{name}{place}: {}", found.problem))
        })?;
    }
    Ok(secrets)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_secret_is_told_by_its_place_alone() {
        let source = |kind, octets| SecretSource { kind, name: "lab.secrets", octets };
        let wrong = read_secrets([source("file", b"password right\nntlm-hash hunter2" as &[u8])]).unwrap_err();
        assert_eq!(wrong.code(), "secrets/invalid");
        let text = wrong.to_string();
        assert!(text.starts_with("lab.secrets:2:11: an NT hash is 32"), "{text}");
        assert!(!text.contains("hunter2"));
        assert!(read_secrets([source("pin", b"")]).is_err());
        assert!(!read_secrets([source("password", b"x")]).unwrap().is_empty());
    }
}
