//! References: what the operators call things by. Their characters and lengths are checked where
//! they come in; a reference is opaque from then on (Arcep 2015-0776: formats vary, for good).

macro_rules! references {
    ($($(#[$doc:meta])* $name:ident,)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(String);

        impl $name {
            /// Takes a reference that was checked where it came in.
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// The reference.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

references! {
    /// `ReferencePrestationPrise` of the CR CMD: what an operator calls the line by.
    ContractRef,
    /// A fibre, which is one optical route from the PM to a PBO.
    FibreRef,
    /// A socket in the customer's home: not its fibre.
    PtoRef,
    /// The box on the landing; unique on its floor only.
    PboRef,
}

/// A place in a site: building, staircase and floor.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Place {
    /// Building of the site.
    pub building: String,
    /// Staircase of the building.
    pub staircase: String,
    /// Floor of the staircase.
    pub floor: String,
}
