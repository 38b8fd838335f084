//! What WMI calls are about: class, method, namespace. [MS-WMI] 3.1.4.

use crate::RpcExchange;
use crate::interfaces::known;

impl RpcExchange {
    /// The WMI class a readable call of IWbemServices is about: of its object path, its query, or the instance it puts.
    #[must_use]
    pub fn wmi_class(&self) -> Option<&str> {
        if self.interface?.id.uuid != known::IWBEM_SERVICES {
            return None;
        }
        let text = |name| self.arguments.text(name);
        text("path")
            .map(class_of_path)
            .or_else(|| text("class"))
            .or_else(|| text("superclass"))
            .or_else(|| class_of_query(text("query")?))
    }

    /// The method a readable ExecMethod calls.
    #[must_use]
    pub fn wmi_method(&self) -> Option<&str> {
        (self.interface?.id.uuid == known::IWBEM_SERVICES).then(|| self.arguments.text("method")).flatten()
    }

    /// The WMI namespace, as the login named it (`\\host\root\cimv2`, `//./root/cimv2`): on the login, and on every call,
    /// readable or sealed, of an object that came of it.
    #[must_use]
    pub fn wmi_namespace(&self) -> Option<&str> {
        match (self.interface?.id.uuid, self.opnum?) {
            (known::IWBEM_LEVEL1_LOGIN, 6) => self.arguments.text("namespace"),
            _ => self.dcom.as_ref()?.namespace.as_deref(),
        }
    }
}

/// `Win32_Service` of `\\host\root\cimv2:Win32_Service.Name="x"`. [MS-WMI] 2.2.2.
fn class_of_path(path: &str) -> &str {
    // What stands in front of the colon is the namespace, with or without a host; a colon behind a key's value belongs to the value.
    let namespace = |before: &str| !before.contains(['=', '"']);
    let relative = path.split_once(':').filter(|(before, _)| namespace(before)).map_or(path, |(_, relative)| relative);
    relative.split(['.', '=']).next().unwrap_or_default()
}

/// `Win32_Process` of `select * from Win32_Process where ...`.
fn class_of_query(query: &str) -> Option<&str> {
    let mut words = query.split_ascii_whitespace();
    words.by_ref().find(|word| word.eq_ignore_ascii_case("from"))?;
    words.next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_and_queries_name_their_class() {
        assert_eq!(class_of_path("Win32_Process"), "Win32_Process");
        assert_eq!(class_of_path("Win32_Service.Name=\"a:b\""), "Win32_Service");
        assert_eq!(class_of_path(r"root\cimv2:Win32_Process"), "Win32_Process");
        assert_eq!(class_of_path(r"\\ws1.lab\root\cimv2:Win32_Process.Handle=4"), "Win32_Process");
        assert_eq!(class_of_path("//./root/cimv2:Win32_OperatingSystem=@"), "Win32_OperatingSystem");
        assert_eq!(class_of_query("SELECT * FROM  Win32_Process WHERE a=1"), Some("Win32_Process"));
        assert_eq!(class_of_query("ASSOCIATORS OF {x}"), None);
    }
}
