//! The four methods of §3.1.

use std::fmt;

/// A method of the service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operation {
    /// §3.2
    GetSiteStructure,
    /// §3.3
    GetRoSite,
    /// §3.4
    PutReprovisionning,
    /// §3.5
    GetReprovisionning,
}

impl Operation {
    /// The four of them, in the order of §3.1.
    pub const ALL: [Self; 4] = [
        Self::GetSiteStructure,
        Self::GetRoSite,
        Self::PutReprovisionning,
        Self::GetReprovisionning,
    ];

    /// The element's local name, as the WSDL has it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::GetSiteStructure => "getSiteStructure",
            Self::GetRoSite => "getRoSite",
            Self::PutReprovisionning => "putReprovisionning",
            Self::GetReprovisionning => "getReprovisionning",
        }
    }

    /// The answer's element, with the prefix under which the envelope declares the namespace.
    pub(crate) const fn response_element(self) -> &'static str {
        match self {
            Self::GetSiteStructure => "ns2:getSiteStructureResponse",
            Self::GetRoSite => "ns2:getRoSiteResponse",
            Self::PutReprovisionning => "ns2:putReprovisionningResponse",
            Self::GetReprovisionning => "ns2:getReprovisionningResponse",
        }
    }

    /// The question's element, with the prefix under which the envelope declares the namespace.
    pub(crate) const fn question_element(self) -> &'static str {
        match self {
            Self::GetSiteStructure => "ns2:getSiteStructure",
            Self::GetRoSite => "ns2:getRoSite",
            Self::PutReprovisionning => "ns2:putReprovisionning",
            Self::GetReprovisionning => "ns2:getReprovisionning",
        }
    }

    /// The method of this name, spelled exactly.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|operation| operation.name() == name)
    }

    /// The method that an action names: by its name alone or at the end of a URI; any other text
    /// names none (stacks send `""`, `None` and inventions of their own).
    pub(crate) fn named_by_action(action: &str) -> Option<Self> {
        let bare = action.trim().trim_matches(['"', '\'']);
        let name = bare.rsplit(['/', '#', ':']).next()?;
        Self::named(name).or_else(|| Self::named(name.strip_suffix("Request")?))
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
