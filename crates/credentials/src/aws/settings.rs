use std::fmt;

use findings_model::text;
use url::{Host, Url};
use web_address::is_loopback;

/// Where AWS is asked, and for what: from variables of the environment, judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AwsSettings {
    region: String,
    secret: SecretName,
    sts: Option<Url>,
    secrets: Option<Url>,
}

/// A role, by its ARN.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleArn {
    arn: String,
    partition: String,
    account: String,
}

/// A secret, by its name or its ARN.
#[derive(Clone, Debug, PartialEq, Eq)]
struct SecretName {
    given: String,
    arn: Option<SecretArn>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct SecretArn {
    partition: String,
    region: String,
}

/// Why a setting cannot be used. The messages name the variable.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// Not set.
    #[error("{0} is not set")]
    Missing(&'static str),
    /// No region, neither by itself nor in the secret's ARN.
    #[error("AWS_REGION is not set, and AWS_SECRET_NAME is not an ARN that would name the region")]
    NoRegion,
    /// Not of the form of a role's ARN.
    #[error("AWS_ROLE_ARN is not the ARN of a role: {0:?}")]
    Role(String),
    /// Not of the form of a region.
    #[error("AWS_REGION is not a region: {0:?}")]
    Region(String),
    /// Not of the form of a secret's name or ARN.
    #[error("AWS_SECRET_NAME is neither the name nor the ARN of a secret")]
    Secret,
    /// An address that is neither AWS's nor on this machine.
    #[error("{variable} is neither an https address of AWS nor one of this machine: {address:?}")]
    Endpoint {
        /// The variable.
        variable: &'static str,
        /// What it holds.
        address: String,
    },
}

impl SettingsError {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Missing(_) | Self::NoRegion => {
                "set AWS_ROLE_ARN, AWS_REGION and AWS_SECRET_NAME for the publish step, from the outputs of the infrastructure"
            }
            Self::Role(_) => "give it as arn:aws:iam::123456789012:role/NAME",
            Self::Region(_) => "give it as eu-central-1",
            Self::Secret => "give the secret's plain name or its full ARN",
            Self::Endpoint { .. } => {
                "leave the variable out: the public endpoints are known; another one is for a server on this machine only"
            }
        }
    }
}

impl AwsSettings {
    /// Reads the settings from variables of the environment; an empty one counts as unset.
    ///
    /// The region is that of `AWS_REGION`, `AWS_DEFAULT_REGION`, or the secret's ARN.
    pub fn read<'a>(variable: impl Fn(&str) -> Option<&'a str>) -> Result<Self, SettingsError> {
        let one = |name: &str| variable(name).filter(|value| !value.is_empty());
        let secret = SecretName::parse(one("AWS_SECRET_NAME").ok_or(SettingsError::Missing("AWS_SECRET_NAME"))?)?;
        let region = one("AWS_REGION").or_else(|| one("AWS_DEFAULT_REGION"));
        let region = region.or_else(|| secret.arn.as_ref().map(|arn| arn.region.as_str()));
        let region = region.ok_or(SettingsError::NoRegion)?.to_owned();
        if !is_region(&region) {
            return Err(SettingsError::Region(shown(&region)));
        }
        let is_ignored = one("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS").is_some_and(|v| v.eq_ignore_ascii_case("true"));
        let endpoint = |own: &'static str| {
            const ALL: &str = "AWS_ENDPOINT_URL";
            let given = one(own).map(|address| (own, address)).or_else(|| one(ALL).map(|address| (ALL, address)));
            given.filter(|_| !is_ignored).map(|(variable, address)| endpoint(variable, address)).transpose()
        };
        let sts = endpoint("AWS_ENDPOINT_URL_STS")?;
        let secrets = endpoint("AWS_ENDPOINT_URL_SECRETS_MANAGER")?;
        Ok(Self { region, secret, sts, secrets })
    }

    /// The region.
    pub fn region(&self) -> &str {
        &self.region
    }

    /// The secret, by name or ARN as it was given.
    pub fn secret(&self) -> &str {
        &self.secret.given
    }

    /// The addresses that stand in for AWS's own, to be told to people.
    pub fn overridden(&self) -> impl Iterator<Item = &Url> {
        self.sts.iter().chain(&self.secrets)
    }

    pub(super) fn sts(&self) -> Option<&Url> {
        self.sts.as_ref()
    }

    pub(super) fn secrets(&self) -> Option<&Url> {
        self.secrets.as_ref()
    }

    /// What an identity token for AWS is addressed to.
    pub fn audience(&self) -> &'static str {
        if self.region.starts_with("cn-") { "sts.amazonaws.com.cn" } else { "sts.amazonaws.com" }
    }

    /// The ARN of the secret as policies write it, with six `?` for what AWS adds to its name.
    fn resource(&self, role: &RoleArn) -> String {
        match &self.secret.arn {
            // Whether a name in an ARN has its six characters already cannot be told; both are allowed then.
            Some(_) => self.secret.given.clone(),
            None => format!(
                "arn:{}:secretsmanager:{}:{}:secret:{}-??????",
                role.partition, self.region, role.account, self.secret.given
            ),
        }
    }

    /// The policy of a session that may do this with the one secret and nothing else.
    pub(super) fn session_policy(&self, role: &RoleArn, actions: &[&str], key_actions: &[&str]) -> String {
        let suffix = if self.region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
        let resource = self.resource(role);
        let resources = match &self.secret.arn {
            Some(_) => vec![resource.clone(), format!("{resource}-??????")],
            None => vec![resource],
        };
        serde_json::json!({
            "Version": "2012-10-17",
            "Statement": [
                { "Effect": "Allow", "Action": actions, "Resource": resources },
                {
                    "Effect": "Allow",
                    "Action": key_actions,
                    "Resource": "*",
                    "Condition": {
                        "StringEquals": { "kms:ViaService": format!("secretsmanager.{}.{suffix}", self.region) },
                    },
                },
            ],
        })
        .to_string()
    }
}

impl RoleArn {
    /// Takes `arn:PARTITION:iam::ACCOUNT:role/NAME`.
    pub fn parse(text: &str) -> Result<Self, SettingsError> {
        let wrong = || SettingsError::Role(shown(text));
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        let ["arn", partition, "iam", "", account, role] = parts[..] else {
            return Err(wrong());
        };
        let name = role.strip_prefix("role/").ok_or_else(wrong)?;
        let is_name = |b: u8| b.is_ascii_alphanumeric() || b"/_+=,.@-".contains(&b);
        let is_fine = is_partition(partition)
            && account.len() == 12
            && account.bytes().all(|b| b.is_ascii_digit())
            && !name.is_empty()
            && name.bytes().all(is_name);
        if !is_fine {
            return Err(wrong());
        }
        Ok(Self { arn: text.to_owned(), partition: partition.to_owned(), account: account.to_owned() })
    }

    /// The whole ARN.
    pub fn as_str(&self) -> &str {
        &self.arn
    }
}

impl fmt::Display for RoleArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.arn)
    }
}

impl SecretName {
    fn parse(text: &str) -> Result<Self, SettingsError> {
        // https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html
        let is_name = |name: &str| {
            !name.is_empty()
                && name.len() <= 519
                && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"/_+=.@-".contains(&b))
        };
        if !text.starts_with("arn:") {
            return if is_name(text) {
                Ok(Self { given: text.to_owned(), arn: None })
            } else {
                Err(SettingsError::Secret)
            };
        }
        let parts: Vec<&str> = text.splitn(7, ':').collect();
        let ["arn", partition, "secretsmanager", region, account, "secret", name] = parts[..] else {
            return Err(SettingsError::Secret);
        };
        let is_account = account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit());
        if !is_partition(partition) || !is_region(region) || !is_account || !is_name(name) {
            return Err(SettingsError::Secret);
        }
        let arn = SecretArn { partition: partition.to_owned(), region: region.to_owned() };
        Ok(Self { given: text.to_owned(), arn: Some(arn) })
    }
}

fn is_partition(text: &str) -> bool {
    text.starts_with("aws") && text.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')
}

fn is_region(text: &str) -> bool {
    let is_word = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    text.len() <= 32 && text.split('-').count() >= 3 && text.split('-').all(is_word)
}

/// An address that stands in for AWS's own: anything on this machine, or https of this very service in another region or behind an
/// endpoint in the user's network. Under the rest of AWS's names anybody can have a server.
fn endpoint(variable: &'static str, address: &str) -> Result<Url, SettingsError> {
    let wrong = || SettingsError::Endpoint { variable, address: shown(address) };
    let url = Url::parse(address).map_err(|_no_url| wrong())?;
    let is_plain = url.username().is_empty() && url.password().is_none() && url.query().is_none();
    let service = variable.strip_prefix("AWS_ENDPOINT_URL_").map(|name| name.replace('_', "").to_ascii_lowercase());
    let is_of_aws = url.scheme() == "https"
        && matches!((url.host(), &service), (Some(Host::Domain(name)), Some(service)) if is_of_service(name, service));
    let is_here = matches!(url.scheme(), "http" | "https") && is_loopback(&url);
    if is_plain && (is_of_aws || is_here) { Ok(url) } else { Err(wrong()) }
}

/// Whether a host is AWS's own of a service, such as `sts.eu-west-1.amazonaws.com` (general reference of AWS, service endpoints).
fn is_of_service(host: &str, service: &str) -> bool {
    let suffixes = [".amazonaws.com", ".amazonaws.com.cn", ".api.aws"];
    let Some(name) = suffixes.iter().find_map(|suffix| host.strip_suffix(suffix)) else { return false };
    let is_named = |part: &str| part.strip_suffix("-fips").unwrap_or(part) == service;
    match *name.split('.').collect::<Vec<_>>() {
        [part] => is_named(part),
        [part, region] => is_named(part) && is_region(region),
        [endpoint, part, region, "vpce"] => endpoint.starts_with("vpce-") && is_named(part) && is_region(region),
        _ => false,
    }
}

fn shown(value: &str) -> String {
    text::shorten(&text::one_line(&text::hide_credentials(value)), 120).into_owned()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<AwsSettings, SettingsError> {
        let variables: BTreeMap<&str, &str> = variables.iter().copied().collect();
        AwsSettings::read(|name| variables.get(name).copied())
    }

    const SECRET: (&str, &str) = ("AWS_SECRET_NAME", "pypi-token-secret");
    const ARN: &str = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:pypi/token-AbCdEf";

    #[test]
    fn the_region_comes_from_three_places_in_turn() {
        let region = |variables: &[_]| read(variables).map(|settings| settings.region().to_owned());
        let (own, default) = (("AWS_REGION", "us-east-1"), ("AWS_DEFAULT_REGION", "us-west-2"));
        let by_arn = ("AWS_SECRET_NAME", ARN);
        assert_eq!(region(&[own, default, by_arn]).as_deref(), Ok("us-east-1"));
        assert_eq!(region(&[default, by_arn]).as_deref(), Ok("us-west-2"));
        assert_eq!(region(&[by_arn]).as_deref(), Ok("eu-west-1"));
        assert_eq!(region(&[SECRET]), Err(SettingsError::NoRegion));
        assert_eq!(region(&[own]), Err(SettingsError::Missing("AWS_SECRET_NAME")));
        assert!(matches!(region(&[SECRET, ("AWS_REGION", "evil.example/?")]), Err(SettingsError::Region(_))));
    }

    #[test]
    fn an_endpoint_is_of_aws_or_of_this_machine() {
        let with = |address| read(&[SECRET, ("AWS_REGION", "us-east-1"), ("AWS_ENDPOINT_URL_STS", address)]);
        for fine in [
            "http://127.0.0.1:5000",
            "http://[::1]:5000",
            "http://localhost",
            "https://sts.amazonaws.com",
            "https://sts.us-east-1.amazonaws.com",
            "https://sts-fips.us-east-1.amazonaws.com",
            "https://vpce-1-a.sts.us-east-1.vpce.amazonaws.com",
        ] {
            assert!(with(fine).is_ok(), "{fine}");
        }
        for wrong in [
            "http://sts.amazonaws.com",
            "https://sts.amazonaws.com.evil.example",
            "https://evilamazonaws.com",
            "https://evil.execute-api.us-east-1.amazonaws.com/prod",
            "https://sts.s3.amazonaws.com",
            "https://sts.us-east-1.elb.amazonaws.com",
            "https://vpce-1-a.vpce-svc-1.us-east-1.vpce.amazonaws.com",
            "https://secretsmanager.us-east-1.amazonaws.com",
            "http://10.0.0.1",
            "https://user:secret@sts.amazonaws.com",
            "file:///tmp",
            "x",
        ] {
            assert!(matches!(with(wrong), Err(SettingsError::Endpoint { .. })), "{wrong}");
        }
        let all = |address| read(&[SECRET, ("AWS_REGION", "us-east-1"), ("AWS_ENDPOINT_URL", address)]);
        assert!(matches!(all("https://sts.amazonaws.com"), Err(SettingsError::Endpoint { .. })));
        let both = [SECRET, ("AWS_REGION", "us-east-1"), ("AWS_ENDPOINT_URL", "http://127.0.0.1:5")];
        let settings = read(&both).unwrap();
        assert_eq!(settings.overridden().map(Url::as_str).collect::<Vec<_>>(), ["http://127.0.0.1:5/"; 2]);
    }

    #[test]
    fn a_role_is_one() {
        assert!(RoleArn::parse("arn:aws:iam::123456789012:role/ci/publish").is_ok());
        assert!(RoleArn::parse("arn:aws-cn:iam::123456789012:role/publish").is_ok());
        for wrong in [
            "",
            "publish",
            "arn:aws:iam::123456789012:user/x",
            "arn:aws:iam::1:role/x",
            "arn:aws:iam::123456789012:role/a b",
        ] {
            assert!(RoleArn::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_session_may_read_the_one_secret() {
        let role = RoleArn::parse("arn:aws:iam::123456789012:role/publish").unwrap();
        let settings = read(&[SECRET, ("AWS_REGION", "eu-central-1")]).unwrap();
        let policy = settings.session_policy(&role, &["secretsmanager:GetSecretValue"], &["kms:Decrypt"]);
        let policy: serde_json::Value = serde_json::from_str(&policy).unwrap();
        assert_eq!(
            policy["Statement"][0],
            serde_json::json!({
                "Effect": "Allow",
                "Action": ["secretsmanager:GetSecretValue"],
                "Resource": ["arn:aws:secretsmanager:eu-central-1:123456789012:secret:pypi-token-secret-??????"],
            })
        );
        assert_eq!(
            policy["Statement"][1]["Condition"]["StringEquals"]["kms:ViaService"],
            "secretsmanager.eu-central-1.amazonaws.com"
        );
        assert!(policy.to_string().len() < 2048, "STS takes no more");
    }
}
