//! What a user gives to have sealed calls opened, and the file it may be written in.

use core::fmt;

use super::key::{KerberosKey, etype, password_key};
use md4::{Digest, Md4};
use sidewire_base::{Cursor, Malformed};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// Secrets of each kind that are kept.
const MAX_SECRETS: usize = 4096;

/// What is wrong with a secret that was given. Never says what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SecretProblem {
    /// Line and column of a secrets file, from 1.
    pub place: Option<(usize, usize)>,
    /// What is wrong, and what would be right.
    pub problem: &'static str,
}

impl SecretProblem {
    const fn of(problem: &'static str) -> Self {
        Self { place: None, problem }
    }
}

impl From<Malformed> for SecretProblem {
    fn from(malformed: Malformed) -> Self {
        Self::of(match malformed {
            Malformed::Limit(_) => "more secrets than are kept (4096)",
            _ => "no keytab of format 5.02, or one that is cut short",
        })
    }
}

/// The ways to give secrets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretKind {
    /// A password.
    Password,
    /// An NT hash in hexadecimal, or behind a colon as tools write it with the LM hash.
    NtlmHash,
    /// Octets of a keytab.
    Keytab,
    /// Octets of a secrets file: see [`DecryptionSecrets::file`].
    File,
}

impl SecretKind {
    /// By its name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "password" => Self::Password,
            "ntlm-hash" => Self::NtlmHash,
            "keytab" => Self::Keytab,
            "file" => Self::File,
            _ => return None,
        })
    }
}

/// What a user gives to have sealed calls opened: NT hashes and Kerberos keys. Wiped when dropped; `Debug` shows counts.
#[derive(Clone, Default, Zeroize, ZeroizeOnDrop)]
pub struct DecryptionSecrets {
    hashes: Vec<[u8; 16]>,
    keys: Vec<KerberosKey>,
}

impl fmt::Debug for DecryptionSecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DecryptionSecrets({} hashes, {} keys)", self.hashes.len(), self.keys.len())
    }
}

impl DecryptionSecrets {
    /// True when there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.hashes.is_empty() && self.keys.is_empty()
    }

    /// Takes a secret of any kind.
    ///
    /// # Errors
    /// [`SecretProblem`] when it is none of its kind.
    pub fn add(&mut self, kind: SecretKind, octets: &[u8]) -> Result<(), SecretProblem> {
        let text = || core::str::from_utf8(octets).map_err(|_| SecretProblem::of("not text in UTF-8"));
        match kind {
            SecretKind::Password => Ok(self.password(text()?)?),
            SecretKind::NtlmHash => self.hash_text(text()?),
            SecretKind::File => self.file(text()?),
            SecretKind::Keytab => match self.keytab(octets)? {
                0 => Err(SecretProblem::of("no key of type 17, 18 (AES-SHA1) or 23 (RC4) is in this keytab")),
                _ => Ok(()),
            },
        }
    }

    /// Takes a secrets file: a secret a line, after its kind and a space. Empty lines and lines that begin with `#` say
    /// nothing.
    ///
    /// ```text
    /// password correct horse
    /// ntlm-hash a4f49c406510bdcab6824ee7c30fd852
    /// kerberos-password svc-web@LAB.EXAMPLE correct horse
    /// kerberos-key aes256-cts-hmac-sha1-96 <64 hexadecimal digits>
    /// ```
    ///
    /// # Errors
    /// [`SecretProblem`] with the place of the first line that is none.
    pub fn file(&mut self, text: &str) -> Result<(), SecretProblem> {
        for (index, line) in text.lines().enumerate() {
            let indent = line.len() - line.trim_start().len();
            let line = line.trim_start();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let (kind, value) = line.split_once([' ', '\t']).unwrap_or((line, ""));
            let at = |column: usize| Some((index + 1, indent + column + 1));
            let behind = kind.len() + 1;
            match kind {
                "password" if !value.is_empty() => self.password(value).map_err(SecretProblem::from),
                "ntlm-hash" => self.hash_text(value.trim()),
                "kerberos-password" => self.account(value.trim_start()),
                "kerberos-key" => self.key_text(value.trim()),
                _ => {
                    let problem = "a line is `password TEXT`, `ntlm-hash HEX`, `kerberos-password NAME@REALM TEXT`, `kerberos-key TYPE \
                                   HEX` or a # comment";
                    return Err(SecretProblem { place: at(0), problem });
                }
            }
            .map_err(|found| SecretProblem { place: at(behind), ..found })?;
        }
        Ok(())
    }

    fn hash_text(&mut self, text: &str) -> Result<(), SecretProblem> {
        let problem = SecretProblem::of("an NT hash is 32 hexadecimal digits, or 32:32 with the LM hash in front");
        let digits = text.rsplit_once(':').map_or(text, |(_, digits)| digits);
        let octets = hexadecimal(digits).ok_or(problem)?;
        let hash = <[u8; 16]>::try_from(octets.as_slice()).map_err(|_| problem)?;
        Ok(self.nt_hash(hash)?)
    }

    /// The keys of a service's account, out of its password. The salt is the one Windows makes: [MS-KILE] 3.1.1.2.
    fn account(&mut self, text: &str) -> Result<(), SecretProblem> {
        const ITERATIONS: u32 = 4096;
        let problem =
            SecretProblem::of("the password of a service's account stands behind its name and realm: NAME@REALM TEXT");
        let (account, password) = text.split_once([' ', '\t']).filter(|(_, text)| !text.is_empty()).ok_or(problem)?;
        let (name, realm) = account.rsplit_once('@').ok_or(problem)?;
        let realm = realm.to_uppercase();
        let salt = match name.strip_suffix('$') {
            Some(machine) => format!("{realm}host{}.{}", machine.to_lowercase(), realm.to_lowercase()),
            None => format!("{realm}{name}"),
        };
        for etype in [etype::AES128, etype::AES256] {
            let key = password_key(etype, password.as_bytes(), salt.as_bytes(), ITERATIONS).ok_or(problem)?;
            self.kerberos_key(etype, &key.octets)?;
        }
        Ok(self.password(password)?)
    }

    fn key_text(&mut self, text: &str) -> Result<(), SecretProblem> {
        const TYPES: &str = "a Kerberos key is written after its type: aes256-cts-hmac-sha1-96 (64 hexadecimal digits), \
                             aes128-cts-hmac-sha1-96 or rc4-hmac (32)";
        let problem = SecretProblem::of(TYPES);
        let (name, digits) = text.split_once(char::is_whitespace).ok_or(problem)?;
        let etype = match name {
            "aes128-cts-hmac-sha1-96" | "aes128" => etype::AES128,
            "aes256-cts-hmac-sha1-96" | "aes256" => etype::AES256,
            "rc4-hmac" | "rc4" => etype::RC4,
            _ => return Err(problem),
        };
        let octets = hexadecimal(digits.trim()).ok_or(problem)?;
        self.kerberos_key(etype, &octets).map_err(|_| problem)
    }

    /// A password, for NTLM: its NT hash. [MS-NLMP] 3.3.1 `NTOWFv1`.
    ///
    /// # Errors
    /// [`Malformed::Limit`] when there are too many.
    pub fn password(&mut self, password: &str) -> Result<(), Malformed> {
        let units: Zeroizing<Vec<u8>> = Zeroizing::new(password.encode_utf16().flat_map(u16::to_le_bytes).collect());
        self.nt_hash(Md4::digest(&*units).into())
    }

    /// An NT hash: for NTLM, and as the RC4 key of its account for Kerberos.
    ///
    /// # Errors
    /// [`Malformed::Limit`] when there are too many.
    pub fn nt_hash(&mut self, hash: [u8; 16]) -> Result<(), Malformed> {
        if self.hashes.len() >= MAX_SECRETS {
            return Err(Malformed::Limit("NT hashes"));
        }
        if !self.hashes.contains(&hash) {
            self.hashes.push(hash);
            self.kerberos_key(etype::RC4, &hash)?;
        }
        Ok(())
    }

    /// A Kerberos key of a service: encryption type 17 or 18 (AES-SHA1), or 23 (RC4).
    ///
    /// # Errors
    /// [`Malformed`] when its length is not that of its type, or there are too many.
    pub fn kerberos_key(&mut self, etype: u32, octets: &[u8]) -> Result<(), Malformed> {
        if self.keys.len() >= 2 * MAX_SECRETS {
            return Err(Malformed::Limit("Kerberos keys"));
        }
        let key = KerberosKey::new(etype, octets).ok_or(Malformed::Invalid("Kerberos key"))?;
        self.keys.push(key);
        Ok(())
    }

    /// All keys of a keytab; gives how many of a type that is known. Format 5.02 of MIT Kerberos, integers big-endian.
    ///
    /// # Errors
    /// [`Malformed`] when it is none.
    pub fn keytab(&mut self, file: &[u8]) -> Result<usize, Malformed> {
        let mut cur = Cursor::new(file);
        if cur.u16_be()? != 0x0502 {
            return Err(Malformed::Invalid("keytab version"));
        }
        let mut taken = 0;
        while cur.left() >= 4 {
            let size = i32::from_be_bytes(cur.u32_be()?.to_be_bytes());
            let entry = cur.take(usize::try_from(size.unsigned_abs()).unwrap_or(usize::MAX))?;
            if size > 0 {
                let (etype, key) = keytab_entry(&mut Cursor::new(entry))?;
                if KerberosKey::new(etype, key).is_some() {
                    self.kerberos_key(etype, key)?;
                    taken += 1;
                }
            }
        }
        Ok(taken)
    }

    pub(super) fn hashes(&self) -> &[[u8; 16]] {
        &self.hashes
    }

    pub(super) fn keys(&self, etype: u32) -> impl Iterator<Item = &KerberosKey> {
        self.keys.iter().filter(move |key| key.etype == etype)
    }
}

fn hexadecimal(digits: &str) -> Option<Zeroizing<Vec<u8>>> {
    let pairs = digits.as_bytes().chunks(2);
    let octet = |pair: &[u8]| match *pair {
        [high, low] => Some((char::from(high).to_digit(16)? << 4 | char::from(low).to_digit(16)?) as u8),
        _ => None,
    };
    pairs.map(octet).collect::<Option<Vec<u8>>>().map(Zeroizing::new)
}

fn keytab_entry<'a>(cur: &mut Cursor<'a>) -> Result<(u32, &'a [u8]), Malformed> {
    let components = cur.u16_be()?;
    // The realm, and the parts of the name.
    for _ in 0..=components {
        let length = cur.u16_be()?;
        cur.skip(length.into())?;
    }
    cur.skip(4 + 4 + 1)?; // type of the name, time, version
    let etype = cur.u16_be()?;
    let length = cur.u16_be()?;
    Ok((etype.into(), cur.take(length.into())?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_its_hash() {
        let mut secrets = DecryptionSecrets::default();
        secrets.password("Password").unwrap();
        // [MS-NLMP] 4.2.2.1.2.
        assert_eq!(sidewire_eve::hex(&secrets.hashes()[0]), "a4f49c406510bdcab6824ee7c30fd852");
        assert_eq!(format!("{secrets:?}"), "DecryptionSecrets(1 hashes, 1 keys)");
    }

    #[test]
    fn a_file_gives_its_secrets_and_says_where_it_is_wrong() {
        let mut secrets = DecryptionSecrets::default();
        let key = "0".repeat(64);
        let file =
            format!("# lab\n\npassword Password\r\n  ntlm-hash aad3:{}\nkerberos-key aes256 {key}\n", "ab".repeat(16));
        secrets.add(SecretKind::File, file.as_bytes()).unwrap();
        assert_eq!(format!("{secrets:?}"), "DecryptionSecrets(2 hashes, 3 keys)");
        assert_eq!(sidewire_eve::hex(&secrets.hashes()[0]), "a4f49c406510bdcab6824ee7c30fd852");
        for (wrong, place) in [
            ("\nntlm-hash topsecret", Some((2, 11))),
            (" kerberos-key aes256 00", Some((1, 15))),
            ("passwort x", Some((1, 1))),
            ("kerberos-password svc secret", Some((1, 19))),
            ("password", Some((1, 1))),
        ] {
            let found = DecryptionSecrets::default().file(wrong).unwrap_err();
            assert_eq!(found.place, place);
            assert!(!found.problem.contains("topsecret"));
        }
        assert!(DecryptionSecrets::default().add(SecretKind::NtlmHash, b"00").unwrap_err().place.is_none());
        assert!(DecryptionSecrets::default().add(SecretKind::Keytab, &[5, 2]).is_err());
    }

    #[test]
    fn the_password_of_an_account_makes_its_keys() {
        let mut secrets = DecryptionSecrets::default();
        secrets.file("kerberos-password svcweb@lab.example Lab-Service-1").unwrap();
        // As samba 4.17 exports them for an account of this name and password.
        let octets = |etype| sidewire_eve::hex(&secrets.keys(etype).next().unwrap().octets);
        assert_eq!(octets(17), "bf9b6365f602c392dca33658100b5de5");
        assert_eq!(octets(18), "263ec24b01e65f5e34e3037f5aabe2c0c1ac1189762b944e8f93d1903d7891c8");
        assert_eq!(octets(23), "67788cbbd7531840ae9c7100f097610c");
    }

    #[test]
    fn a_keytab_gives_its_keys_and_skips_holes() {
        let mut entry = vec![0, 1, 0, 1, b'R', 0, 2, b'h', b'o', 0, 0, 0, 1, 0, 0, 0, 0, 3];
        entry.extend([0, 18, 0, 32]);
        entry.extend([7; 32]);
        let mut file = vec![5, 2, 0xff, 0xff, 0xff, 0xfe, 9, 9];
        file.extend(u32::try_from(entry.len()).unwrap().to_be_bytes());
        file.extend(&entry);
        let mut secrets = DecryptionSecrets::default();
        assert_eq!(secrets.keytab(&file), Ok(1));
        assert_eq!(secrets.keys(18).next().unwrap().octets, [7; 32]);
        for cut in 0..file.len() - 1 {
            let _ = DecryptionSecrets::default().keytab(&file[..cut]);
        }
        assert!(secrets.keytab(b"nothing").is_err());
    }
}
