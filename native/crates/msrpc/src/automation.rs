//! COM classes and automation types by name: what a DISPID means where its name never travels.

use std::sync::LazyLock;

use crate::Uuid;

/// A COM class of the table.
#[derive(Debug)]
pub struct Class {
    /// Which one.
    pub clsid: Uuid,
    /// ProgID or usual name.
    pub name: &'static str,
    /// The automation type its object has.
    pub kind: Option<&'static Type>,
}

/// An automation type: the dispinterface of some object.
#[derive(Debug)]
pub struct Type {
    /// Name as methods are written with: `View` in `View.ExecuteShellCommand`.
    pub name: &'static str,
    /// GUID in its type information.
    guid: Option<Uuid>,
    members: &'static [Member],
}

/// DISPID, name, and the type of the object it gives.
type Member = (i32, &'static str, Option<&'static str>);

impl Type {
    /// A member by its DISPID: its name, and the type of what it gives.
    #[must_use]
    pub fn member(&self, dispid: i32) -> Option<(&'static str, Option<&'static Type>)> {
        let (_, name, gives) = self.members.iter().find(|(known, ..)| *known == dispid)?;
        Some((name, gives.and_then(|gives| TYPES.iter().find(|kind| kind.name == gives))))
    }

    /// A member by its name, in either case, as automation has it.
    #[must_use]
    pub fn gives(&self, name: &str) -> Option<&'static Type> {
        let (_, _, gives) = self.members.iter().find(|(_, known, _)| known.eq_ignore_ascii_case(name))?;
        gives.and_then(|gives| TYPES.iter().find(|kind| kind.name == gives))
    }

    /// By the GUID of type information.
    #[must_use]
    pub fn of_guid(guid: &Uuid) -> Option<&'static Type> {
        TYPES.iter().find(|kind| kind.guid.as_ref() == Some(guid))
    }
}

/// The types reached from the classes of the table, from type libraries and from traffic.
static TYPES: &[Type] = &[
    Type {
        name: "Application",
        guid: Some(Uuid::literal("a3afb9cc-b653-4741-86ab-f0470ec1384c")),
        members: &[(3, "Quit", None), (4, "Document", Some("Document"))],
    },
    Type {
        name: "Document",
        guid: Some(Uuid::literal("225120d6-1e0f-40a3-93fe-1079e6a8017b")),
        members: &[(6, "ActiveView", Some("View"))],
    },
    Type {
        name: "View",
        guid: Some(Uuid::literal("6efc2da2-b38c-457e-9abb-ed2d189b8c38")),
        members: &[(0x36, "ExecuteShellCommand", None)],
    },
    Type {
        name: "ShellWindows",
        guid: Some(Uuid::literal("85cb6900-4d95-11cf-960c-0080c7f4ee85")),
        members: &[(0, "Item", Some("WebBrowser"))],
    },
    Type {
        name: "WebBrowser",
        guid: Some(Uuid::literal("d30c1661-cdaf-11d0-8a3e-00c04fc9e26e")),
        members: &[
            (0x68, "Navigate", None),
            (0xcb, "Document", Some("ShellFolderView")),
            (0x12c, "Quit", None),
            (0x1f4, "Navigate2", None),
        ],
    },
    Type {
        name: "ShellFolderView",
        guid: Some(Uuid::literal("29ec8e6c-46d3-411f-baaa-611a6c9cac66")),
        members: &[(0x6002_0000, "Application", Some("ShellDispatch"))],
    },
    Type {
        name: "ShellDispatch",
        guid: Some(Uuid::literal("286e6f1b-7113-4355-9562-96b7e9d64c54")),
        members: &[(0x6003_0001, "ShellExecute", None)],
    },
    Type {
        name: "Excel",
        guid: Some(Uuid::literal("000208d5-0000-0000-c000-000000000046")),
        members: &[
            (0x1e, "RegisterXLL", None),
            (0x103, "Run", None),
            (0x14d, "DDEInitiate", None),
            (0x15e, "ExecuteExcel4Macro", None),
            (0x23c, "Workbooks", None),
            (0x447, "ActivateMicrosoftApp", None),
        ],
    },
    Type { name: "Outlook", guid: None, members: &[(0x115, "CreateObject", None)] },
];

static CLASSES: LazyLock<Vec<Class>> = LazyLock::new(|| {
    let lines = include_str!("classes.tsv").lines().filter(|line| !line.starts_with('#'));
    let mut classes: Vec<Class> = lines.filter_map(class).collect();
    classes.sort_by_key(|class| class.clsid);
    classes
});

fn class(line: &'static str) -> Option<Class> {
    let mut columns = line.split('\t');
    let (clsid, name, kind) = (Uuid::parse(columns.next()?)?, columns.next()?, columns.next()?);
    Some(Class { clsid, name, kind: TYPES.iter().find(|known| known.name == kind) })
}

/// The class of a CLSID.
#[must_use]
pub fn find_class(clsid: &Uuid) -> Option<&'static Class> {
    CLASSES.get(CLASSES.binary_search_by_key(clsid, |class| class.clsid).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_class_is_read_and_every_type_exists() {
        let lines: Vec<_> = include_str!("classes.tsv").lines().filter(|line| !line.starts_with('#')).collect();
        assert_eq!(CLASSES.len(), lines.len());
        assert!(lines.len() >= 40);
        assert!(CLASSES.windows(2).all(|pair| pair[0].clsid < pair[1].clsid));
        let typed = lines.iter().filter(|line| !line.ends_with("\t-")).count();
        assert_eq!(CLASSES.iter().filter(|class| class.kind.is_some()).count(), typed);
        for (_, name, gives) in TYPES.iter().flat_map(|kind| kind.members) {
            assert!(gives.is_none_or(|gives| TYPES.iter().any(|kind| kind.name == gives)), "{name}");
        }
    }

    #[test]
    fn the_way_to_a_command_is_known_by_numbers() {
        let mmc = find_class(&Uuid::literal("49b2791a-b1ae-4c90-9b8e-e860ba07f889")).unwrap();
        let (_, document) = mmc.kind.unwrap().member(4).unwrap();
        let (_, view) = document.unwrap().member(6).unwrap();
        assert_eq!((view.unwrap().name, view.unwrap().member(0x36).unwrap().0), ("View", "ExecuteShellCommand"));
        assert!(mmc.kind.unwrap().gives("document").is_some());
    }
}
