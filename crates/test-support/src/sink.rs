//! An index that takes everything, keeps nothing, and is as fast as a server can be: what is measured with it is the client.

use std::{
    collections::BTreeMap,
    io::{self, BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

/// How much is read at a time, in bytes.
const PIECE: usize = 256 << 10;

#[derive(Default)]
struct Seen {
    /// File name to SHA-256, as the forms say it.
    files: BTreeMap<String, String>,
    first_byte: Option<Instant>,
}

/// A running sink on loopback. It ends with the process.
#[derive(Clone)]
pub struct Sink {
    address: SocketAddr,
    seen: Arc<Mutex<Seen>>,
}

impl std::fmt::Debug for Sink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sink").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Sink {
    /// Starts a sink that takes this long for each upload, beyond the reading.
    pub fn start(delay: Duration) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("bind a loopback port for the sink");
        let address = listener.local_addr().expect("a bound socket has an address");
        let sink = Self { address, seen: Arc::default() };
        let server = sink.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let sink = server.clone();
                // A client that goes away ends its own connection only.
                thread::spawn(move || drop(sink.serve(stream, delay)));
            }
        });
        sink
    }

    /// The upload address. The simple pages are below it.
    pub fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// Forgets what was uploaded.
    pub fn forget(&self) {
        *self.lock() = Seen::default();
    }

    /// How many files were uploaded.
    pub fn files(&self) -> usize {
        self.lock().files.len()
    }

    /// When the first byte of an upload's body came in.
    pub fn first_byte(&self) -> Option<Instant> {
        self.lock().first_byte
    }

    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn serve(&self, stream: TcpStream, delay: Duration) -> io::Result<()> {
        stream.set_nodelay(true)?;
        let mut answers = stream.try_clone()?;
        let mut reader = BufReader::with_capacity(PIECE, stream);
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line)? == 0 {
                return Ok(());
            }
            let is_upload = line.starts_with("POST ");
            let mut length = 0;
            loop {
                let mut header = String::new();
                reader.read_line(&mut header)?;
                if header.trim().is_empty() {
                    break;
                }
                if let Some((name, value)) = header.split_once(':')
                    && name.eq_ignore_ascii_case("content-length")
                {
                    length = value.trim().parse().unwrap_or(0);
                }
            }
            if is_upload {
                self.swallow(&mut reader, length)?;
                thread::sleep(delay);
                answers.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")?;
            } else {
                let page = self.page();
                let head = "HTTP/1.1 200 OK\r\nContent-Type: application/vnd.pypi.simple.v1+json\r\nContent-Length:";
                answers.write_all(format!("{head} {}\r\n\r\n{page}", page.len()).as_bytes())?;
            }
        }
    }

    /// Reads a form and notes the file that it names.
    fn swallow(&self, reader: &mut BufReader<TcpStream>, length: u64) -> io::Result<()> {
        let mut left = length;
        let mut start = Vec::new();
        let mut is_noted = false;
        let mut body = reader.take(length);
        while left > 0 {
            let piece = body.fill_buf()?;
            if piece.is_empty() {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            if left == length {
                self.lock().first_byte.get_or_insert_with(Instant::now);
            }
            if !is_noted {
                start.extend_from_slice(piece);
                is_noted = self.note(&start);
            }
            let read = piece.len();
            left -= read as u64;
            body.consume(read);
        }
        Ok(())
    }

    /// Whether the beginning of a form says name and digest.
    fn note(&self, start: &[u8]) -> bool {
        let text = String::from_utf8_lossy(start);
        let behind = |mark: &str| text.split_once(mark).map(|(_, rest)| rest);
        let digest = behind("name=\"sha256_digest\"").and_then(|rest| rest.trim_start().get(..64));
        let name = behind("filename=\"").and_then(|rest| rest.split_once('"')).map(|(name, _)| name);
        if let (Some(digest), Some(name)) = (digest, name) {
            self.lock().files.insert(name.to_owned(), digest.to_owned());
        }
        digest.is_some() && name.is_some()
    }

    fn page(&self) -> String {
        let seen = self.lock();
        let files: Vec<_> = seen
            .files
            .iter()
            .map(|(name, digest)| serde_json::json!({ "filename": name, "url": name, "hashes": { "sha256": digest } }))
            .collect();
        serde_json::json!({ "meta": { "api-version": "1.0" }, "name": "bench-package", "files": files }).to_string()
    }
}
