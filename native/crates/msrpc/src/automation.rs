//! COM classes and automation types by name: what a DISPID means where its name never travels.

use crate::Uuid;

/// A COM class of the table.
#[derive(Debug)]
pub struct ComClass {
    /// Which one.
    pub clsid: Uuid,
    /// ProgID or usual name.
    pub name: &'static str,
    /// The automation type its object has.
    pub kind: Option<&'static AutomationType>,
}

/// An automation type: the dispinterface of some object.
#[derive(Debug)]
pub struct AutomationType {
    /// Name as methods are written with: `View` in `View.ExecuteShellCommand`.
    pub name: &'static str,
    /// GUID in its type information.
    guid: Option<Uuid>,
    members: &'static [TypeMember],
}

/// A member of an automation type.
#[derive(Debug)]
struct TypeMember {
    dispid: i32,
    name: &'static str,
    /// The type of the object it gives.
    gives: Option<&'static AutomationType>,
}

impl AutomationType {
    /// A member by its DISPID: its name, and the type of what it gives.
    #[must_use]
    pub fn member(&self, dispid: i32) -> Option<(&'static str, Option<&'static AutomationType>)> {
        let member = self.members.iter().find(|member| member.dispid == dispid)?;
        Some((member.name, member.gives))
    }

    /// A member by its name, in either case, as automation has it.
    #[must_use]
    pub fn gives(&self, name: &str) -> Option<&'static Self> {
        self.members.iter().find(|member| member.name.eq_ignore_ascii_case(name))?.gives
    }

    /// By the GUID of type information.
    #[must_use]
    pub fn of_guid(guid: &Uuid) -> Option<&'static AutomationType> {
        TYPES.iter().find(|kind| kind.guid.as_ref() == Some(guid))
    }
}

include!(concat!(env!("OUT_DIR"), "/com.rs"));

/// The class of a CLSID.
#[must_use]
pub fn find_class(clsid: &Uuid) -> Option<&'static ComClass> {
    CLASSES.get(CLASSES.binary_search_by_key(clsid, |class| class.clsid).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_order() {
        assert!(CLASSES.len() >= 40);
        assert!(CLASSES.windows(2).all(|pair| pair[0].clsid < pair[1].clsid));
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
