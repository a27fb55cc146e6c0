//! Whatever is done to a good attestation, it proves what was signed or nothing.

use attestations::{Attestation, Provenance, Verifier};
use proptest::{prelude::*, sample::Index};
use test_support::sigstore::Sigstore;

use crate::{publisher, sigstore, statement, subject, workflow};

/// A good attestation, as text, with what proves it.
fn good() -> (String, Verifier) {
    let sigstore: Sigstore = sigstore();
    // Not the first entry, so that there is a path in the tree to spoil.
    sigstore.attest(&workflow(), &statement());
    let text = sigstore.attest(&workflow(), &statement());
    (text, Verifier::with_root(sigstore.trusted_root().as_bytes()).unwrap())
}

/// Judges a text that was an attestation once.
fn judge(text: &[u8], good: &Attestation, verifier: &Verifier) {
    let Ok(attestation) = Attestation::parse(text) else { return };
    if verifier.verify(&attestation, &subject(), Some(&publisher())).is_ok() {
        assert!(attestation.is_same(good), "{}", String::from_utf8_lossy(text));
    }
}

#[test]
fn a_spoiled_attestation_proves_what_was_signed_or_nothing() {
    let (text, verifier) = good();
    let good = Attestation::parse(text.as_bytes()).unwrap();
    let bytes = text.into_bytes();
    proptest!(ProptestConfig::with_cases(2000), |(place: Index, byte: u8, cut: bool)| {
        let mut spoiled = bytes.clone();
        let place = place.index(spoiled.len());
        spoiled[place] = byte;
        if cut { spoiled.truncate(place) }
        judge(&spoiled, &good, &verifier);
    });
    proptest!(ProptestConfig::with_cases(500), |(from: Index, to: Index, length in 1..200_usize)| {
        let mut spoiled = bytes.clone();
        let (from, to) = (from.index(spoiled.len()), to.index(spoiled.len()));
        let piece: Vec<u8> = spoiled.iter().copied().skip(from).take(length).collect();
        let end = (to + piece.len()).min(spoiled.len());
        spoiled.splice(to..end, piece);
        judge(&spoiled, &good, &verifier);
    });
}

proptest! {
    #[test]
    fn no_text_stops_the_readers(text in ".*", bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        for text in [text.as_bytes(), &bytes] {
            drop(Attestation::parse(text));
            drop(Provenance::parse(text));
            drop(Verifier::with_root(text));
        }
    }
}
