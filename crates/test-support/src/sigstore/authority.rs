//! The certificate authority: a root, an intermediate, certificates of ten minutes for workflows, each logged.

use serde_json::{Map, Value};

use super::{
    der,
    keys::{Key, random, sha256},
};

const KEY_USAGE: &[u64] = &[2, 5, 29, 15];
const SUBJECT_KEY: &[u64] = &[2, 5, 29, 14];
const SUBJECT_NAMES: &[u64] = &[2, 5, 29, 17];
const BASIC: &[u64] = &[2, 5, 29, 19];
const AUTHORITY_KEY: &[u64] = &[2, 5, 29, 35];
const EXTENDED_USAGE: &[u64] = &[2, 5, 29, 37];
const CODE_SIGNING: &[u64] = &[1, 3, 6, 1, 5, 5, 7, 3, 3];
/// Signed certificate timestamps (RFC 6962 §3.3).
const TIMESTAMPS: &[u64] = &[1, 3, 6, 1, 4, 1, 11129, 2, 4, 2];
/// Where Fulcio's claims begin.
const FULCIO: [u64; 8] = [1, 3, 6, 1, 4, 1, 57264, 1];

const DAY: i64 = 24 * 60 * 60;

pub(super) struct Authority {
    pub(super) root_certificate: Vec<u8>,
    intermediate: Key,
    pub(super) intermediate_certificate: Vec<u8>,
    /// The log of certificates.
    pub(super) log: Key,
}

/// The days of a certificate, in seconds since 1970.
#[derive(Clone, Copy)]
pub(super) struct Validity {
    pub(super) from: i64,
    pub(super) to: i64,
}

impl Authority {
    pub(super) fn new(now: i64) -> Self {
        let validity = Validity { from: now - DAY, to: now + 3650 * DAY };
        let (root, intermediate) = (Key::new(), Key::new());
        let of_root = |pathlen| {
            vec![
                der::extension(BASIC, true, &der::sequence(&[der::boolean_true(), der::integer(&[pathlen])])),
                der::extension(KEY_USAGE, true, &der::bits(&[0x06], 1)),
            ]
        };
        let mut extensions = of_root(1);
        extensions.extend(key_ids(root.point(), root.point()));
        let tbs = to_be_signed("loopback root", "loopback root", validity, root.point(), &extensions);
        let root_certificate = signed(&tbs, &root);
        let mut extensions = of_root(0);
        extensions.push(der::extension(EXTENDED_USAGE, false, &der::sequence(&[der::oid(CODE_SIGNING)])));
        extensions.extend(key_ids(intermediate.point(), root.point()));
        let tbs = to_be_signed("loopback root", "loopback intermediate", validity, intermediate.point(), &extensions);
        let intermediate_certificate = signed(&tbs, &root);
        Self { root_certificate, intermediate, intermediate_certificate, log: Key::new() }
    }

    /// A certificate for the workflow that an identity token is of; none if the token says too little.
    pub(super) fn issue(&self, point: &[u8], claims: &Map<String, Value>, validity: Validity) -> Option<Vec<u8>> {
        let claim = |name: &str| claims.get(name).and_then(Value::as_str);
        let repository = format!("https://github.com/{}", claim("repository")?);
        let signer = format!("https://github.com/{}", claim("job_workflow_ref")?);
        let workflow = format!("https://github.com/{}", claim("workflow_ref")?);
        let (issuer, sha) = (claim("iss")?, claim("sha")?);
        let run = format!("{repository}/actions/runs/{}/attempts/1", claim("run_id").unwrap_or("1"));
        let texts = [
            (8, issuer),
            (9, signer.as_str()),
            (10, sha),
            (11, claim("runner_environment").unwrap_or("github-hosted")),
            (12, repository.as_str()),
            (13, sha),
            (14, claim("ref")?),
            (18, workflow.as_str()),
            (19, sha),
            (20, claim("event_name").unwrap_or("push")),
            (21, run.as_str()),
            (22, claim("repository_visibility").unwrap_or("public")),
        ];
        let fulcio = |number| [&FULCIO[..], &[number]].concat();
        let mut extensions = vec![
            der::extension(KEY_USAGE, true, &der::bits(&[0x80], 7)),
            der::extension(EXTENDED_USAGE, false, &der::sequence(&[der::oid(CODE_SIGNING)])),
            der::extension(SUBJECT_NAMES, true, &der::sequence(&[der::tagged(0x86, signer.as_bytes())])),
            der::extension(&fulcio(1), false, issuer.as_bytes()),
        ];
        extensions.extend(key_ids(point, self.intermediate.point()));
        extensions.extend(texts.map(|(number, text)| der::extension(&fulcio(number), false, &der::utf8(text))));
        let serial = random_serial();
        let tbs =
            |extensions: &[Vec<u8>]| with_serial(&serial, "loopback intermediate", None, validity, point, extensions);
        let timestamp = self.timestamp(&tbs(&extensions), validity.from * 1000);
        extensions.push(der::extension(TIMESTAMPS, false, &der::octets(&timestamp)));
        Some(signed(&tbs(&extensions), &self.intermediate))
    }

    /// The log's promise for a certificate without its promise (RFC 6962 §3.2), in a list of one.
    fn timestamp(&self, precertificate: &[u8], milliseconds: i64) -> Vec<u8> {
        let time = milliseconds.to_be_bytes();
        let length = u32::try_from(precertificate.len()).expect("a certificate is small").to_be_bytes();
        let issuer = sha256(&self.intermediate.public());
        let entry = [&[0, 0][..], &time, &[0, 1], &issuer, &length[1..], precertificate, &[0, 0]].concat();
        let signature = self.log.sign(&entry);
        let signed = [&[0][..], &self.log.id(), &time, &[0, 0, 4, 3], &sized(&signature)].concat();
        sized(&sized(&signed))
    }

    /// The chain as Fulcio answers it: the new certificate, the intermediate, the root.
    pub(super) fn chain(&self, leaf: &[u8]) -> Vec<String> {
        [leaf, &self.intermediate_certificate, &self.root_certificate].map(der::pem).to_vec()
    }
}

/// Bytes behind their length in two bytes.
fn sized(bytes: &[u8]) -> Vec<u8> {
    let length = u16::try_from(bytes.len()).expect("less than 64 KiB").to_be_bytes();
    [&length, bytes].concat()
}

fn random_serial() -> Vec<u8> {
    let mut serial = random::<16>();
    serial[0] = serial[0] & 0x3f | 0x40;
    serial.to_vec()
}

fn key_ids(subject: &[u8], authority: &[u8]) -> [Vec<u8>; 2] {
    let id = |point: &[u8]| sha256(point)[..20].to_vec();
    [
        der::extension(SUBJECT_KEY, false, &der::octets(&id(subject))),
        der::extension(AUTHORITY_KEY, false, &der::sequence(&[der::tagged(0x80, &id(authority))])),
    ]
}

fn to_be_signed(issuer: &str, subject: &str, validity: Validity, point: &[u8], extensions: &[Vec<u8>]) -> Vec<u8> {
    with_serial(&random_serial(), issuer, Some(subject), validity, point, extensions)
}

fn with_serial(
    serial: &[u8],
    issuer: &str,
    subject: Option<&str>,
    validity: Validity,
    point: &[u8],
    extensions: &[Vec<u8>],
) -> Vec<u8> {
    der::sequence(&[
        der::tagged(0xa0, &der::integer(&[2])),
        der::integer(serial),
        der::sequence(&[der::oid(der::ECDSA_SHA256)]),
        der::name(issuer),
        der::sequence(&[der::utc_time(validity.from), der::utc_time(validity.to)]),
        subject.map_or_else(|| der::sequence(&[]), der::name),
        der::public_key(point),
        der::tagged(0xa3, &der::sequence(extensions)),
    ])
}

fn signed(to_be_signed: &[u8], key: &Key) -> Vec<u8> {
    let algorithm = der::sequence(&[der::oid(der::ECDSA_SHA256)]);
    der::sequence(&[to_be_signed.to_vec(), algorithm, der::bits(&key.sign(to_be_signed), 0)])
}
