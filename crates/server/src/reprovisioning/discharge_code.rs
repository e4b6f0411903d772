//! The discharge code: random, unguessable, and safe to read out on the phone (contract.md, D34a).

use crate::clock::Entropy;

/// One of each group of signs that look alike (0 O Q, 1 I L, 2 Z, 5 S, 6 G, 8 B) or sound alike in
/// French (B C D E G P T V, M N, F S, A H K, X and 6).
const ALPHABET: &[u8] = b"23456789CFHJMRUWY";

/// Signs of a code: 17 to the power of 12 is more than 49 bits.
const LENGTH: usize = 12;

/// A new code.
pub fn generate(entropy: &Entropy) -> String {
    let mut code = String::with_capacity(LENGTH);
    while code.len() < LENGTH {
        let [byte] = entropy.bytes();
        // Bytes past the last whole multiple would favour the first signs.
        let usable = 256 / ALPHABET.len() * ALPHABET.len();
        if usize::from(byte) < usable {
            code.push(char::from(ALPHABET[usize::from(byte) % ALPHABET.len()]));
        }
    }
    code
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn twelve_signs_of_the_alphabet_and_never_the_same_twice() {
        let entropy = Entropy::system();
        let codes: BTreeSet<_> = (0..1000).map(|_| generate(&entropy)).collect();
        assert_eq!(codes.len(), 1000);
        for code in codes {
            assert_eq!(code.len(), 12);
            assert!(!code.contains(['0', 'O', '1', 'I', 'L', 'B', 'S', 'Z']), "{code}");
        }
    }
}
