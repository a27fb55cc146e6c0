//! AWS as `moto` understands it, which checks the signatures of requests where it is told to.

use serde_json::Value;
use test_support::{Run, Scratch, github::GitHub, peers::Moto};

use crate::publish_pypi;

const OPAQUE: &str = "s3cret-token-0123456789";

fn at(moto: &Moto, run: Run) -> Run {
    run.env("AWS_ENDPOINT_URL", moto.url())
        .env("AWS_REGION", "eu-central-1")
        .env("AWS_SECRET_NAME", "pypi-token-secret")
        .env("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/publish")
}

#[test]
fn the_whole_way_works_and_every_request_is_signed() {
    let (project, github, moto) = (Scratch::empty(), GitHub::start(), Moto::start());
    let script = format!(
        "secrets.create_secret(Name='pypi-token-secret', SecretString=json.dumps({{'token': '{OPAQUE}', 'package': 'sample-package'}}))"
    );
    moto.script(&script);
    let run = at(&moto, github.job(publish_pypi(&project)));
    let proof = run.args(["--format", "json", "token", "--auth", "aws", "--index", "http://127.0.0.1:9/"]).output();
    let proof = proof.expect_success().json();
    assert_eq!(proof["aws"]["session"], "relwarden-17171717171-2");
    assert_eq!(proof["token"]["readable"], false);

    // From here on moto checks who asks, by the signature.
    let keys = moto.script(
        "iam.create_user(UserName='person')\n\
         iam.put_user_policy(UserName='person', PolicyName='p', PolicyDocument=json.dumps({'Version': '2012-10-17',\
         'Statement': [{'Effect': 'Allow', 'Action': '*', 'Resource': '*'}]}))\n\
         print(json.dumps({k: v for k, v in iam.create_access_key(UserName='person')['AccessKey'].items() if isinstance(v, str)}))\n\
         urllib.request.urlopen(urllib.request.Request(iam.meta.endpoint_url + '/moto-api/reset-auth', data=b'0', headers={'Content-Type': 'text/plain'}))",
    );
    let keys: Value = serde_json::from_str(&keys).unwrap();
    let rotate = |secret: &str, token: &str| {
        at(&moto, publish_pypi(&project))
            .env("AWS_ACCESS_KEY_ID", keys["AccessKeyId"].as_str().unwrap())
            .env("AWS_SECRET_ACCESS_KEY", secret)
            .stdin(token)
            .args(["--format", "json", "rotate", "--index", "http://127.0.0.1:9/"])
            .output()
    };
    let right = keys["SecretAccessKey"].as_str().unwrap();
    let done = rotate(right, "another-token-0123456789").expect_success().json();
    assert_eq!((&done["changed"], &done["verified"]), (&true.into(), &true.into()));
    rotate("a-wrong-key-0123456789", "a-third-token-0123456789").expect_code(5);
    let kept = rotate(right, "another-token-0123456789").expect_success().json();
    assert_eq!((&kept["changed"], &kept["version"]), (&false.into(), &done["version"]));
}
