//! A webhook on loopback that takes one message.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpListener,
    thread::{self, JoinHandle},
};

use serde_json::Value;

/// A part of every address of [`webhook`]; it must not be shown anywhere.
pub const SECRET: &str = "hook-secret";

/// Takes one message and answers with a status. Gives the address, and the message once it was sent.
#[track_caller]
pub fn webhook(status: u16) -> (String, JoinHandle<Value>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("bind a port of loopback");
    let address = listener.local_addr().expect("a bound socket has an address");
    let taken = thread::spawn(move || {
        let (stream, _) = listener.accept().expect("take a connection");
        let mut reader = BufReader::new(stream);
        let mut length = 0;
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).expect("read a header");
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().expect("a length is a number");
            }
            if line.trim().is_empty() {
                break;
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).expect("read the message");
        write!(reader.get_mut(), "HTTP/1.1 {status} x\r\nContent-Length: 0\r\n\r\n").expect("answer");
        serde_json::from_slice(&body).expect("the message is JSON")
    });
    (format!("http://{address}/services/{SECRET}"), taken)
}
