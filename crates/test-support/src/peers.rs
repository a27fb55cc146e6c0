//! The real programs that tests talk to: Python's own tools, and an index on loopback.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::command::{Run, Running};
use crate::fixtures::workspace;

/// The environment variable that names the peers' folder, where it is not `target/peers`.
pub const PEERS_VARIABLE: &str = "RELWARDEN_PEERS";

/// How long a server may take to answer its first connection.
const START: Duration = Duration::from_secs(30);

/// How often a server that starts is asked.
const POLL: Duration = Duration::from_millis(20);

/// The user name with which an index takes a token.
pub const TOKEN_USER: &str = "__token__";

/// The token that [`PypiServer`] takes. It is worth nothing elsewhere.
pub const TOKEN: &str = "pypi-loopback-only";

/// `{SHA}` and the base64 of the SHA-1 of [`TOKEN`], as htpasswd writes it.
const TOKEN_LINE: &str = "__token__:{SHA}9yo9DNlF0WmjsEoiRWwDoHJUjUM=\n";

/// Where the peers are installed: `RELWARDEN_PEERS`, else `target/peers` of the workspace.
pub fn folder() -> PathBuf {
    std::env::var_os(PEERS_VARIABLE).map_or_else(|| workspace().join("target/peers"), PathBuf::from)
}

/// The wheels of others that were downloaded with the peers, in the order of their names.
#[track_caller]
pub fn packages() -> Vec<PathBuf> {
    let folder = folder().join("packages");
    let entries = fs::read_dir(&folder).unwrap_or_else(|_| panic!("{}", missing(&folder)));
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("list the downloaded packages").path()).collect();
    paths.sort();
    paths
}

/// What to tell the reader of a test that lacks a peer.
pub(crate) fn missing(path: &Path) -> String {
    format!("{} is missing; `cargo xtask peers` installs what the tests talk to", path.display())
}

/// Where a program of the peers lies, such as `act`.
#[track_caller]
pub fn tool_path(name: &str) -> PathBuf {
    let path = folder().join("bin").join(name);
    assert!(path.is_file(), "{}", missing(&path));
    path
}

/// A program of the peers, such as `pip-audit`.
#[track_caller]
pub fn tool(name: &str) -> Run {
    Run::new(tool_path(name))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("PIP_DISABLE_PIP_VERSION_CHECK", "1")
        .timeout(Duration::from_mins(3))
}

/// Wheels and source archives of widely used projects, sorted.
#[track_caller]
pub fn distributions() -> Vec<PathBuf> {
    let folder = folder().join("distributions");
    let entries = fs::read_dir(&folder).unwrap_or_else(|_| panic!("{}", missing(&folder)));
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("list the distributions").path()).collect();
    paths.sort();
    paths
}

/// The peers' Python.
#[track_caller]
pub fn python() -> Run {
    tool("python")
}

/// `python -m pip` of the peers, without a configured index.
#[track_caller]
pub fn pip() -> Run {
    python().args(["-m", "pip", "--isolated"])
}

/// `twine` of the peers, asking nothing.
#[track_caller]
pub fn twine() -> Run {
    tool("twine").env("TWINE_NON_INTERACTIVE", "1")
}

/// A `pypiserver` on a free port of loopback, with an empty folder of packages; it ends with this value.
///
/// Anyone may read; uploads need [`TOKEN_USER`] and [`TOKEN`]. A file that is there already is refused
/// with 409, whatever its digest. Pages carry SHA-256 digests; there is no metadata API.
#[derive(Debug)]
pub struct PypiServer {
    address: SocketAddr,
    folder: TempDir,
    _process: Running,
}

impl PypiServer {
    /// Starts the server and waits until it takes connections.
    #[track_caller]
    pub fn start() -> Self {
        let folder = tempfile::Builder::new().prefix("relwarden-").tempdir().expect("create a temporary folder");
        fs::create_dir(folder.path().join("packages")).expect("create the packages folder");
        fs::write(folder.path().join("htpasswd"), TOKEN_LINE).expect("write the password file");
        // Between choosing a free port and listening on it another program may take it.
        for _ in 0..5 {
            let address = free_address();
            let mut process = serve(folder.path(), address);
            if answers(address, &mut process) {
                return Self { address, folder, _process: process };
            }
        }
        panic!("pypiserver did not start, five times over");
    }

    /// The address to upload to, with a slash at its end.
    pub fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// The simple index (PEP 503), for installers.
    pub fn simple_url(&self) -> String {
        format!("http://{}/simple/", self.address)
    }

    /// The folder with the uploaded files.
    pub fn packages(&self) -> PathBuf {
        self.folder.path().join("packages")
    }

    /// The names of the uploaded files, sorted.
    #[track_caller]
    pub fn files(&self) -> Vec<String> {
        let entries = fs::read_dir(self.packages()).expect("list the packages");
        let mut names: Vec<String> =
            entries.map(|entry| entry.expect("list the packages").file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }
}

/// A `moto` server on a free port of loopback: AWS as other people understand it. It takes any identity token and any role.
#[derive(Debug)]
pub struct Moto {
    address: SocketAddr,
    _process: Running,
}

impl Moto {
    /// Starts the server and waits until it takes connections.
    #[track_caller]
    pub fn start() -> Self {
        for _ in 0..5 {
            let address = free_address();
            let mut process = tool("moto_server")
                .args(["--host", "127.0.0.1", "--port"])
                .arg(address.port().to_string())
                // Nobody reads its log of requests, and a full pipe would stop it.
                .env("MOTO_LOGGING", "ERROR")
                .env("AWS_DEFAULT_REGION", "eu-central-1")
                .spawn();
            if answers(address, &mut process) {
                return Self { address, _process: process };
            }
        }
        panic!("moto did not start, five times over");
    }

    /// The value of `AWS_ENDPOINT_URL`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What a script prints that has clients of `boto3` for it: `iam`, `secrets`.
    #[track_caller]
    pub fn script(&self, lines: &str) -> String {
        let head =
            "import boto3, json, urllib.request\niam, secrets = boto3.client('iam'), boto3.client('secretsmanager')\n";
        let run = python()
            .args(["-c", &format!("{head}{lines}")])
            .env("AWS_ENDPOINT_URL", self.url())
            .env("AWS_DEFAULT_REGION", "eu-central-1")
            .env("AWS_ACCESS_KEY_ID", "anybody")
            .env("AWS_SECRET_ACCESS_KEY", "anything");
        run.output().expect_success().stdout
    }
}

#[track_caller]
fn serve(folder: &Path, address: SocketAddr) -> Running {
    tool("pypi-server")
        .args(["run", "--interface", "127.0.0.1", "--port"])
        .arg(address.port().to_string())
        .args(["--disable-fallback", "--hash-algo", "sha256", "--authenticate", "update"])
        // Looks at the folder for each question, so that a file is listed as soon as it is stored.
        .args(["--backend", "simple-dir", "--passwords"])
        .arg(folder.join("htpasswd"))
        .arg(folder.join("packages"))
        // Nobody reads its log, and a full pipe would stop it.
        .args(["--log-stream", "none", "--log-file"])
        .arg(folder.join("log"))
        .spawn()
}

/// A `devpi-server` on a free port of loopback with the empty index `root/dev`, into which anyone may upload; it ends with this
/// value. It answers an identical file with 200, another one of the same name with 409, and has JSON pages (PEP 691).
#[derive(Debug)]
pub struct DevpiServer {
    address: SocketAddr,
    _folder: TempDir,
    _process: Running,
}

/// Makes the index: logs root in, who has no password yet, and asks for it. The server may still be starting.
const MAKE_INDEX: &str = r#"
import base64, json, sys, time, urllib.request
root = sys.argv[1]
def ask(method, path, body, headers):
    request = urllib.request.Request(root + path, json.dumps(body).encode(), method=method)
    for name, value in dict(headers, **{"Content-Type": "application/json"}).items():
        request.add_header(name, value)
    return json.load(urllib.request.urlopen(request, timeout=10))
login = ask("POST", "+login", {"user": "root", "password": ""}, {})
proof = base64.b64encode(("root:" + login["result"]["password"]).encode()).decode()
index = {"type": "stage", "bases": [], "volatile": False, "acl_upload": [":ANONYMOUS:"]}
ask("PUT", "root/dev", index, {"X-Devpi-Auth": proof})
"#;

impl DevpiServer {
    /// Starts the server and waits until it has its index.
    #[track_caller]
    pub fn start() -> Self {
        let folder = tempfile::Builder::new().prefix("relwarden-").tempdir().expect("create a temporary folder");
        let state = folder.path().join("state");
        tool("devpi-init").arg("--serverdir").arg(&state).arg("--no-root-pypi").output().expect_success();
        for _ in 0..5 {
            let address = free_address();
            let mut process = tool("devpi-server")
                .arg("--serverdir")
                .arg(&state)
                .args(["--host", "127.0.0.1", "--port"])
                .arg(address.port().to_string())
                .spawn();
            // Nobody reads what it logs; it is little.
            if answers(address, &mut process) {
                python().args(["-c", MAKE_INDEX]).arg(format!("http://{address}/")).output().expect_success();
                return Self { address, _folder: folder, _process: process };
            }
        }
        panic!("devpi-server did not start, five times over");
    }

    /// The address to upload to, with a slash at its end.
    pub fn url(&self) -> String {
        format!("http://{}/root/dev/", self.address)
    }

    /// The simple index.
    pub fn simple_url(&self) -> String {
        format!("http://{}/root/dev/+simple/", self.address)
    }
}

/// Whether a connection succeeds before the process ends or the time is up.
fn answers(address: SocketAddr, process: &mut Running) -> bool {
    let start = Instant::now();
    while start.elapsed() < START {
        if TcpStream::connect_timeout(&address, Duration::from_secs(1)).is_ok() {
            return true;
        }
        if !matches!(process.child.try_wait(), Ok(None)) {
            return false;
        }
        thread::sleep(POLL);
    }
    false
}

/// An address of loopback that nobody listens on at the moment.
#[track_caller]
pub fn free_address() -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("bind a port of loopback");
    listener.local_addr().expect("a bound socket has an address")
}
