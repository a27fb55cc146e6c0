//! The transparency log: a Merkle tree (RFC 6962 §2.1) of entries, each with its proof, checkpoint and promise.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::{Value, json};

use super::keys::{Key, sha256};

/// The log's name in its checkpoints.
const ORIGIN: &str = "rekor.loopback";

pub(super) struct Log {
    pub(super) key: Key,
    leaves: Vec<Vec<u8>>,
}

/// An entry that was taken.
pub(super) struct Entry {
    index: usize,
    time: i64,
    log: [u8; 32],
    body: Vec<u8>,
    promise: Vec<u8>,
    path: Vec<[u8; 32]>,
    root: [u8; 32],
    size: usize,
    checkpoint: String,
}

impl Log {
    pub(super) fn new() -> Self {
        Self { key: Key::new(), leaves: Vec::new() }
    }

    pub(super) fn len(&self) -> usize {
        self.leaves.len()
    }

    /// Takes an entry of kind dsse 0.0.1: the envelope's text, its payload, the signature and the signer's certificate.
    pub(super) fn take(&mut self, envelope: &str, payload: &[u8], signature: &str, pem: &str, time: i64) -> Entry {
        let hash = |bytes: &[u8]| format!(r#"{{"algorithm":"sha256","value":"{}"}}"#, hex(&sha256(bytes)));
        // Written by hand, because the canonical form has its keys in order and no spaces.
        let body = format!(
            r#"{{"apiVersion":"0.0.1","kind":"dsse","spec":{{"envelopeHash":{},"payloadHash":{},"signatures":[{{"signature":"{signature}","verifier":"{}"}}]}}}}"#,
            hash(envelope.as_bytes()),
            hash(payload),
            BASE64_STANDARD.encode(pem),
        )
        .into_bytes();
        self.leaves.push(body.clone());
        let (index, size, root) = (self.leaves.len() - 1, self.leaves.len(), root(&self.leaves));
        let log = self.key.id();
        let note = format!("{ORIGIN} - 1\n{size}\n{}\n", BASE64_STANDARD.encode(root));
        let signed_note = [&log[..4], &self.key.sign(note.as_bytes())].concat();
        let promise = format!(
            r#"{{"body":"{}","integratedTime":{time},"logID":"{}","logIndex":{index}}}"#,
            BASE64_STANDARD.encode(&body),
            hex(&log),
        );
        Entry {
            index,
            time,
            log,
            body,
            promise: self.key.sign(promise.as_bytes()),
            path: path(index, &self.leaves),
            root,
            size,
            checkpoint: format!("{note}\n\u{2014} {ORIGIN} {}\n", BASE64_STANDARD.encode(signed_note)),
        }
    }
}

impl Entry {
    /// As the API of version 1 answers it.
    pub(super) fn answer(&self) -> Value {
        let hashes: Vec<String> = self.path.iter().map(|hash| hex(hash)).collect();
        json!({ hex(&sha256(&self.body)): {
            "body": BASE64_STANDARD.encode(&self.body),
            "integratedTime": self.time,
            "logID": hex(&self.log),
            "logIndex": self.index,
            "verification": {
                "inclusionProof": {
                    "checkpoint": self.checkpoint,
                    "hashes": hashes,
                    "logIndex": self.index,
                    "rootHash": hex(&self.root),
                    "treeSize": self.size,
                },
                "signedEntryTimestamp": BASE64_STANDARD.encode(&self.promise),
            },
        }})
    }

    /// As it stands in bundles and attestations.
    pub(super) fn bundled(&self) -> Value {
        let hashes: Vec<String> = self.path.iter().map(|hash| BASE64_STANDARD.encode(hash)).collect();
        json!({
            "logIndex": self.index.to_string(),
            "logId": { "keyId": BASE64_STANDARD.encode(self.log) },
            "kindVersion": { "kind": "dsse", "version": "0.0.1" },
            "integratedTime": self.time.to_string(),
            "inclusionPromise": { "signedEntryTimestamp": BASE64_STANDARD.encode(&self.promise) },
            "inclusionProof": {
                "logIndex": self.index.to_string(),
                "rootHash": BASE64_STANDARD.encode(self.root),
                "treeSize": self.size.to_string(),
                "hashes": hashes,
                "checkpoint": { "envelope": self.checkpoint },
            },
            "canonicalizedBody": BASE64_STANDARD.encode(&self.body),
        })
    }
}

/// The largest power of two below a number of leaves.
fn split(leaves: usize) -> usize {
    leaves.next_power_of_two() / 2
}

fn root(leaves: &[Vec<u8>]) -> [u8; 32] {
    match leaves {
        [] => sha256(b""),
        [leaf] => sha256(&[&[0][..], leaf].concat()),
        _ => {
            let (left, right) = leaves.split_at(split(leaves.len()));
            sha256(&[&[1][..], &root(left), &root(right)].concat())
        }
    }
}

fn path(index: usize, leaves: &[Vec<u8>]) -> Vec<[u8; 32]> {
    if leaves.len() < 2 {
        return Vec::new();
    }
    let middle = split(leaves.len());
    let (left, right) = leaves.split_at(middle);
    let (mut path, other) =
        if index < middle { (path(index, left), root(right)) } else { (path(index - middle, right), root(left)) };
    path.push(other);
    path
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _infallible = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::{path, root, split};
    use crate::sigstore::keys::sha256;

    #[test]
    fn a_path_leads_to_the_root() {
        for size in 1..20_usize {
            let leaves: Vec<Vec<u8>> = (0..size).map(|n| n.to_be_bytes().to_vec()).collect();
            for index in 0..size {
                let proof = path(index, &leaves);
                assert_eq!(climb(index, size, &leaves[index], &proof), root(&leaves), "{index} of {size}");
            }
        }
    }

    fn climb(index: usize, size: usize, leaf: &[u8], proof: &[[u8; 32]]) -> [u8; 32] {
        let Some((top, below)) = proof.split_last() else {
            return sha256(&[&[0][..], leaf].concat());
        };
        let middle = split(size);
        if index < middle {
            sha256(&[&[1][..], &climb(index, middle, leaf, below), top].concat())
        } else {
            sha256(&[&[1][..], top, &climb(index - middle, size - middle, leaf, below)].concat())
        }
    }
}
