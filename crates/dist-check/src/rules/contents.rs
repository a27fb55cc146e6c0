//! What the archive holds: things that should not be there, and things that should.

use super::{Card, Note, Rule, archive::members};
use crate::{
    FileName, Level, Metadata,
    archive::{HitKind, Machine, Member},
    inspect::Facts,
};

const EXCLUDE: &str = "exclude it in the build configuration";

pub(super) const RULES: &[Rule] = &[
    Rule {
        card: Card {
            code: "member-protected",
            level: Level::Error,
            says: "no source file is encrypted by PyArmor or SourceDefender",
            why: "PyPI does not take code that nobody can read",
            index: "PyArmor-encrypted content is not allowed.",
            hint: "publish the source as it is",
        },
        check: protected,
    },
    Rule {
        card: Card {
            code: "member-token",
            level: Level::Error,
            says: "no file holds a token of PyPI",
            why: "whoever downloads the package could publish in your name",
            index: "",
            hint: "revoke the token now, take it out of the file, and build again",
        },
        check: token,
    },
    Rule {
        card: Card {
            code: "member-credential",
            level: Level::Warning,
            says: "no file holds what looks like a private key or a service's credential",
            why: "everybody who downloads the package has it then; keys of tests are harmless and only look so",
            index: "",
            hint: "take it out of the file; if it was ever real, replace it at its service",
        },
        check: credential,
    },
    Rule {
        card: Card {
            code: "member-private",
            level: Level::Warning,
            says: "the archive holds no key, environment or credentials file",
            why: "such files are packed by mistake, and a published file cannot be taken back",
            index: "",
            hint: "exclude it in the build configuration; if it was ever published, replace what it protects",
        },
        check: private,
    },
    Rule {
        card: Card {
            code: "member-litter",
            level: Level::Warning,
            says: "the archive holds no caches, editor or repository files",
            why: "they are of no use to anybody and may tell more than meant",
            index: "",
            hint: EXCLUDE,
        },
        check: litter,
    },
    Rule {
        card: Card {
            code: "sdist-compiled",
            level: Level::Warning,
            says: "a source archive holds no compiled files",
            why: "a source archive is what others read and build from; compiled files in it were packed by mistake",
            index: "",
            hint: EXCLUDE,
        },
        check: sdist_compiled,
    },
    Rule {
        card: Card {
            code: "wheel-machine",
            level: Level::Warning,
            says: "machine code in a wheel is for the platform of its name, and a wheel for any platform has none",
            why: "the wheel is installed where its name says and fails when it is imported",
            index: "",
            hint: "build the wheel for its platform (its WHEEL file says `Root-Is-Purelib: false` then), or exclude the library",
        },
        check: wheel_machine,
    },
    Rule {
        card: Card {
            code: "wheel-top-level",
            level: Level::Warning,
            says: "a wheel does not install tests, docs or other general names beside its package",
            why: "such folders land in site-packages, where they replace those of other projects",
            index: "",
            hint: "list the packages to install in the build configuration, or put the sources below `src`",
        },
        check: general_names,
    },
    Rule {
        card: Card {
            code: "wheel-import",
            level: Level::Warning,
            says: "a wheel holds a module, and those that top_level.txt, Import-Name and Import-Namespace name",
            why: "a wheel without its modules installs well and cannot be imported",
            index: "",
            hint: "check which packages the build configuration includes",
        },
        check: import,
    },
    Rule {
        card: Card {
            code: "wheel-script-object",
            level: Level::Warning,
            says: "each script of entry_points.txt leads to a module of the wheel",
            why: "the script would be installed and fail when it is called",
            index: "",
            hint: "correct `scripts` in pyproject.toml, or include the module in the wheel",
        },
        check: script_object,
    },
    Rule {
        card: Card {
            code: "wheel-startup-code",
            level: Level::Info,
            says: "no `.pth` file of a wheel runs code whenever Python starts",
            why: "it runs in every program of the environment, and scanners take it for an attack",
            index: "",
            hint: "run the code when the package is imported",
        },
        check: startup_code,
    },
];

fn hits(facts: &Facts<'_>, what: impl Fn(HitKind) -> Option<String>) -> Vec<Note> {
    let hits = facts.archive().into_iter().flat_map(|archive| &archive.hits);
    hits.filter_map(|hit| Some(Note::new(format!("{} line {}: {}", hit.path, hit.line, what(hit.kind)?)))).collect()
}

fn protected(facts: &Facts<'_>) -> Vec<Note> {
    if !facts.for_pypi() {
        return Vec::new();
    }
    let hits = facts.archive().into_iter().flat_map(|archive| &archive.hits);
    hits.filter_map(|hit| {
        let product = match hit.kind {
            HitKind::PyArmor => "PyArmor",
            HitKind::SourceDefender => "SourceDefender",
            _ => return None,
        };
        let answer = format!(
            "{product}-encrypted content is not allowed. See https://pypi.org/policy/acceptable-use-policy/ for more information."
        );
        Some(Note::new(format!("{} line {}: encrypted by {product}", hit.path, hit.line)).index(answer))
    })
    .collect()
}

fn token(facts: &Facts<'_>) -> Vec<Note> {
    hits(facts, |kind| (kind == HitKind::PypiToken).then(|| "a token of PyPI".to_owned()))
}

fn credential(facts: &Facts<'_>) -> Vec<Note> {
    hits(facts, |kind| match kind {
        HitKind::PrivateKey => Some("what looks like a private key".to_owned()),
        HitKind::Credential(what) => Some(format!("what looks like {what}")),
        _ => None,
    })
}

fn private(facts: &Facts<'_>) -> Vec<Note> {
    members(facts, |path| {
        let file = path.rsplit('/').next().unwrap_or_default();
        let extension = file.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase());
        let named = matches!(
            file,
            ".env"
                | ".pypirc"
                | ".netrc"
                | ".npmrc"
                | ".git-credentials"
                | "id_rsa"
                | "id_ed25519"
                | "id_ecdsa"
                | "id_dsa"
        );
        let kept = match extension.as_deref() {
            Some("p12" | "pfx" | "kdbx" | "jks") => true,
            // Certificates are public and come in the same format.
            Some("pem") => file.to_ascii_lowercase().contains("key"),
            _ => false,
        };
        (named || kept).then_some("a file that usually holds secrets")
    })
}

fn litter(facts: &Facts<'_>) -> Vec<Note> {
    members(facts, |path| {
        let mut parts = path.split('/');
        let is_litter = parts.any(|part| {
            matches!(
                part,
                "__pycache__" | ".git" | ".DS_Store" | ".idea" | ".vscode" | ".tox" | ".mypy_cache" | ".pytest_cache"
            )
        });
        (is_litter && !path.ends_with('/')).then_some("not part of a distribution")
    })
}

fn files<'f>(facts: &'f Facts<'_>) -> impl Iterator<Item = &'f Member> {
    facts.archive().into_iter().flat_map(crate::archive::Archive::files)
}

fn sdist_compiled(facts: &Facts<'_>) -> Vec<Note> {
    if facts.is_wheel() {
        return Vec::new();
    }
    let is_compiled = |member: &&Member| {
        let extension = member.path.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase());
        let built = matches!(extension.as_deref(), Some("pyc" | "pyo" | "pyd" | "so" | "dylib" | "o"));
        // Prebuilt programs of tests and launchers of installers are no oversight; extensions for Python are.
        built && !member.path.contains("__pycache__")
    };
    files(facts).filter(is_compiled).map(|member| format!("{}: a compiled file", member.path).into()).collect()
}

fn wheel_machine(facts: &Facts<'_>) -> Vec<Note> {
    let Ok(FileName::Wheel { tags, .. }) = &facts.name else {
        return Vec::new();
    };
    let platforms: Vec<&str> = tags.platform.split('.').collect();
    let mut notes = Vec::new();
    for member in files(facts) {
        let Some(machine) = member.machine else { continue };
        let extension = member.path.rsplit_once('.').map(|(_, extension)| extension);
        // Only what Python loads is judged: data of tests and launchers may be for any machine.
        if !matches!(extension, Some("so" | "pyd" | "dylib" | "dll")) {
            continue;
        }
        let fits = platforms.iter().any(|platform| runs_on(machine, platform));
        if platforms.contains(&"any") {
            notes.push(Note::new(format!("{}: machine code in a wheel for any platform", member.path)));
        } else if !fits {
            notes.push(Note::new(format!("{}: machine code for another platform than {}", member.path, tags.platform)));
        }
    }
    notes
}

/// Whether machine code can run where a platform tag says. A machine that is not known here can.
fn runs_on(machine: Machine, platform: &str) -> bool {
    let ends = |ends: &[&str]| ends.iter().any(|end| platform.ends_with(end));
    match machine {
        Machine::Elf(number) => {
            let (linux, android) = (platform.contains("linux"), platform.starts_with("android_"));
            (linux || android)
                && match number {
                    3 => ends(&["i686", "x86"]),
                    20 | 21 => ends(&["ppc64", "ppc64le"]),
                    22 => ends(&["s390x"]),
                    40 => ends(&["armv6l", "armv7l", "armeabi_v7a"]),
                    62 => ends(&["x86_64"]),
                    183 => ends(&["aarch64", "arm64_v8a"]),
                    243 => ends(&["riscv64"]),
                    _ => true,
                }
        }
        Machine::Windows(number) => match number {
            0x14c => platform == "win32",
            0x8664 => platform == "win_amd64",
            0xaa64 => platform == "win_arm64",
            _ => platform.starts_with("win"),
        },
        Machine::Apple(number) => {
            let several = ["universal", "universal2", "intel", "fat", "fat3", "fat64"];
            (platform.starts_with("macosx_") || platform.starts_with("ios_"))
                && match number {
                    0x0100_0007 => platform.contains("x86_64") || ends(&several),
                    0x0100_000c => platform.contains("arm64") || ends(&several),
                    _ => true,
                }
        }
    }
}

/// The part of a wheel's path behind site-packages, if it is installed there.
fn in_site_packages(path: &str) -> Option<&str> {
    let (top, rest) = path.split_once('/').unwrap_or((path, ""));
    if top.ends_with(".dist-info") {
        return None;
    }
    if top.strip_suffix(".data").is_some() {
        return rest.strip_prefix("purelib/").or_else(|| rest.strip_prefix("platlib/"));
    }
    Some(path)
}

fn general_names(facts: &Facts<'_>) -> Vec<Note> {
    const GENERAL: [&str; 14] = [
        "test",
        "tests",
        "testing",
        "doc",
        "docs",
        "example",
        "examples",
        "benchmark",
        "benchmarks",
        "script",
        "scripts",
        "tools",
        "build",
        "dist",
    ];
    if !facts.is_wheel() {
        return Vec::new();
    }
    let project = facts.project();
    let mut tops: Vec<&str> =
        files(facts).filter_map(|member| in_site_packages(&member.path)?.split_once('/')).map(|(top, _)| top).collect();
    tops.sort_unstable();
    tops.dedup();
    let own = |top: &str| project.as_ref().is_some_and(|project| project.as_str() == top);
    let general = tops.into_iter().filter(|top| GENERAL.contains(top) && !own(top));
    general.map(|top| format!("{top} is installed as a package of its own").into()).collect()
}

/// Whether a wheel holds a module of this dotted name, or a folder for it.
fn has_module(facts: &Facts<'_>, module: &str) -> bool {
    let path = module.replace('.', "/");
    files(facts).filter_map(|member| in_site_packages(&member.path)).any(|file| {
        match file.strip_prefix(path.as_str()) {
            Some(rest) if rest.starts_with('/') => true,
            Some(rest) if rest.starts_with('.') => is_module_ending(&rest[1..]),
            _ => false,
        }
    })
}

/// `py`, `cpython-311-x86_64-linux-gnu.so`, `pyd`, …
fn is_module_ending(ending: &str) -> bool {
    matches!(ending.rsplit('.').next(), Some("py" | "pyc" | "pyi" | "so" | "pyd"))
}

fn import(facts: &Facts<'_>) -> Vec<Note> {
    let Some(archive) = facts.archive().filter(|_| facts.is_wheel()) else {
        return Vec::new();
    };
    let mut notes = Vec::new();
    let installs = archive.files().any(|file| in_site_packages(&file.path).is_some());
    let modules = archive.files().filter_map(|file| in_site_packages(&file.path)).any(|path| {
        let file = path.rsplit('/').next().unwrap_or_default();
        file.split_once('.').is_some_and(|(_, ending)| is_module_ending(ending) || ending == "pth")
    });
    let names = facts.dist_info("top_level.txt").and_then(|bytes| std::str::from_utf8(bytes).ok()).unwrap_or_default();
    let mut named: Vec<&str> = names.lines().map(str::trim).filter(|name| !name.is_empty()).collect();
    let imports = facts.metadata().map(|metadata| {
        let names = [metadata.values("Import-Name"), metadata.values("Import-Namespace")].concat();
        names.into_iter().map(|name| name.split(';').next().unwrap_or_default().trim()).collect::<Vec<_>>()
    });
    named.extend(imports.unwrap_or_default());
    named.sort_unstable();
    named.dedup();
    let absent: Vec<&&str> = named.iter().filter(|name| !has_module(facts, name)).collect();
    if installs && !modules {
        notes.push(Note::new("no file of the wheel can be imported"));
    } else {
        notes.extend(absent.into_iter().map(|name| Note::new(format!("{name} is named and not in the wheel"))));
    }
    notes
}

fn script_object(facts: &Facts<'_>) -> Vec<Note> {
    let points = facts.dist_info("entry_points.txt").and_then(|bytes| crate::wheel::parse_entry_points(bytes).ok());
    let mut notes = Vec::new();
    for point in points.unwrap_or_default() {
        if !matches!(point.group.as_str(), "console_scripts" | "gui_scripts") {
            continue;
        }
        let object = point.object.split('[').next().unwrap_or_default();
        let module = object.split(':').next().unwrap_or_default().trim();
        if !has_module(facts, module) && !leads_to_dependency(facts.metadata(), module) {
            notes.push(Note::new(format!("{}: the module {module} is not in the wheel", point.name)));
        }
    }
    notes
}

/// Whether a module may come from another project that this one requires.
fn leads_to_dependency(metadata: Option<&Metadata>, module: &str) -> bool {
    let top = crate::grammar::name::normal(module.split('.').next().unwrap_or_default());
    let requirements = metadata.map(|metadata| metadata.values("Requires-Dist")).unwrap_or_default();
    requirements
        .into_iter()
        .filter_map(crate::grammar::requirement::Requirement::parse)
        .any(|requirement| crate::grammar::name::normal(requirement.name) == top)
}

fn startup_code(facts: &Facts<'_>) -> Vec<Note> {
    if !facts.is_wheel() {
        return Vec::new();
    }
    let is_pth = |path: &str| {
        in_site_packages(path).and_then(|path| path.strip_suffix(".pth")).is_some_and(|stem| !stem.contains('/'))
    };
    members(facts, |path| is_pth(path).then_some("a .pth file, which Python reads whenever it starts"))
}
