//! The arguments that say where advisory data comes from, and what they and the configuration come to.

use std::path::PathBuf;

use orchestrate::{
    advice::{Feed, Online},
    findings::FindingsRequest,
};

use crate::{Context, ExitStatus, Failure};

/// Where severities, aliases and withdrawals come from.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct AdvisoryArgs {
    /// OSV records: a folder of JSON or YAML, an all.zip, or the address of an OSV service; may be given more than once
    /// [default: advisories.paths and advisories.osv_url of the configuration]
    #[arg(long, value_name = "PATH|URL", env = "RELWARDEN_ADVISORIES")]
    advisories: Vec<String>,
    /// The catalogue of known exploited vulnerabilities (KEV, JSON)
    #[arg(long, value_name = "PATH|URL", env = "RELWARDEN_KEV")]
    kev: Option<String>,
    /// The exploit prediction scores (EPSS, CSV, also gzip)
    #[arg(long, value_name = "PATH|URL", env = "RELWARDEN_EPSS")]
    epss: Option<String>,
    /// Ask no service: only files are read
    #[arg(long, env = "RELWARDEN_OFFLINE", value_parser = clap::builder::BoolishValueParser::new())]
    offline: bool,
}

impl AdvisoryArgs {
    /// Puts the files into a request and says what may be asked outside: nothing with `--offline`.
    pub fn resolve(&self, cx: &mut Context, request: &mut FindingsRequest) -> anyhow::Result<Online> {
        let cache = cache_folder(cx);
        let seed = cx.nonce().iter().fold(0_u64, |seed, byte| seed.rotate_left(8) ^ u64::from(*byte));
        let config = cx.config()?.advisories.clone();
        let mut services: Vec<String> = Vec::new();
        if self.advisories.is_empty() {
            request.advisories.clone_from(&config.paths);
            services.extend(Some(config.osv_url.clone()).filter(|url| !url.trim().is_empty()));
        } else {
            let (urls, files): (Vec<&String>, Vec<&String>) = self.advisories.iter().partition(|text| is_address(text));
            request.advisories = files.into_iter().map(PathBuf::from).collect();
            services.extend(urls.into_iter().cloned());
        }
        if services.len() > 1 {
            let what = "more than one OSV service is named";
            return Err(Failure::new(ExitStatus::Usage, what).hint("give one address with --advisories").into());
        }
        let mut online = Online { cache, budget: config.budget(), seed, ..Online::default() };
        let (mut kev, mut epss) = (None, None);
        for (place, file, address) in [
            (self.kev.as_ref().or(config.kev.as_ref()), &mut kev, &mut online.kev),
            (self.epss.as_ref().or(config.epss.as_ref()), &mut epss, &mut online.epss),
        ] {
            match place {
                Some(place) if is_address(place) => *address = Some(place.clone()),
                Some(place) if !place.trim().is_empty() => *file = Some(Feed::File(PathBuf::from(place))),
                _ => {}
            }
        }
        (request.kev, request.epss) = (kev, epss);
        online.service = services.pop();
        if self.offline {
            online = Online { service: None, kev: None, epss: None, ..online };
        }
        Ok(online)
    }
}

fn is_address(place: &str) -> bool {
    place.contains("://")
}

/// `RELWARDEN_CACHE_DIR`, else our folder in `XDG_CACHE_HOME` or `~/.cache`; none where the environment names no folder.
fn cache_folder(cx: &Context) -> Option<PathBuf> {
    let absolute = |name: &str| cx.var(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let own = cx.var("RELWARDEN_CACHE_DIR").map(|folder| cx.path(folder));
    let shared = || absolute("XDG_CACHE_HOME").or_else(|| Some(absolute("HOME")?.join(".cache")));
    own.or_else(|| Some(shared()?.join("relwarden")))
}
