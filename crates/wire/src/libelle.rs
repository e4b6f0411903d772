//! `libelleErreur`: the label of §4, then what the caller can do about it.

use crate::{
    code_erreur::CodeErreur,
    text::{LIBELLE_MAX, cut},
};

/// The label of a code, followed by an advice where there is one, within 255 characters.
pub fn libelle_erreur(code: CodeErreur, advice: &str) -> String {
    let label = code.libelle();
    if advice.is_empty() {
        return label.to_owned();
    }
    let whole = format!("{label} : {advice}");
    cut(&whole, LIBELLE_MAX).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_label_comes_first_and_255_characters_are_the_end() {
        let code = CodeErreur::ArgumentIncorrect;
        assert_eq!(libelle_erreur(code, ""), "Argument incorrect");
        assert_eq!(libelle_erreur(code, "motif"), "Argument incorrect : motif");
        assert_eq!(libelle_erreur(code, &"é".repeat(300)).chars().count(), 255);
    }
}
