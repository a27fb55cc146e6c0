use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use crate::{add, binary, checks, document, project};

/// A server on loopback that treats each connection in the same way.
struct Server {
    url: String,
    connections: Arc<AtomicUsize>,
}

fn serve(answer: impl Fn(&mut TcpStream) + Send + Sync + 'static) -> Server {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let url = format!("http://{}/index.json", listener.local_addr().unwrap());
    let connections = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&connections);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            counter.fetch_add(1, Ordering::SeqCst);
            let mut head = BufReader::new(stream.try_clone().unwrap()).lines();
            while head.next().is_some_and(|line| line.is_ok_and(|line| !line.is_empty())) {}
            answer(&mut stream);
        }
    });
    Server { url, connections }
}

/// A client that stopped listening is no concern of the server.
fn write(stream: &mut TcpStream, text: &str) {
    drop(stream.write_all(text.as_bytes()));
}

const FAST: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: keep-alive\r\n\r\n{}";

fn performance(url: &str, more: &[&str]) -> (Option<i32>, String) {
    let project = project(&[]);
    let outcome = binary()
        .project(project.path())
        .args(["performance", "--format=json", "--status-url", url])
        .args(more)
        .output();
    let check = checks(&document(&outcome), "PF-01").remove(0);
    (outcome.code, check)
}

#[test]
fn a_fast_page_passes_with_a_new_connection_for_each_request() {
    let server = serve(|stream| write(stream, FAST));
    let (code, check) = performance(&server.url, &[]);
    assert_eq!(code, Some(0), "{check}");
    assert!(
        check.starts_with("pass ") && check.contains("over 5 requests") && check.ends_with("target 200 ms"),
        "{check}"
    );
    assert_eq!(server.connections.load(Ordering::SeqCst), 5);
}

#[test]
fn a_slow_page_fails() {
    // The slowness is what is measured here, not a wait for something else.
    let server = serve(|stream| {
        thread::sleep(Duration::from_millis(250));
        write(stream, FAST);
    });
    let (code, check) = performance(&server.url, &[]);
    assert_eq!(code, Some(1), "{check}");
    assert!(check.starts_with("fail ") && check.contains("on average"), "{check}");
}

#[test]
fn an_error_a_refusal_and_silence_fail() {
    let error = serve(|stream| write(stream, "HTTP/1.1 500 Oops\r\ncontent-length: 0\r\n\r\n"));
    let (code, check) = performance(&error.url, &[]);
    assert_eq!((code, check.as_str()), (Some(1), "fail 5 of 5 requests failed: answered 500 Internal Server Error"));

    let silent = serve(|stream| {
        // Holds the connection open until the client gives up.
        let mut rest = Vec::new();
        drop(std::io::Read::read_to_end(stream, &mut rest));
    });
    let (code, check) = performance(&silent.url, &["--probe-timeout", "0.2"]);
    assert_eq!((code, check.as_str()), (Some(1), "fail 5 of 5 requests failed: no answer within 0.2 s"));

    let cut = serve(|stream| write(stream, "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{}"));
    let (code, check) = performance(&cut.url, &[]);
    assert!(code == Some(1) && check.starts_with("fail 5 of 5"), "half an answer is none: {check}");

    let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap();
    let (code, check) = performance(&format!("http://{free}/"), &[]);
    assert!(code == Some(1) && check.contains("refused"), "{check}");
}

#[test]
fn one_failed_request_of_five_fails() {
    let count = AtomicUsize::new(0);
    let server = serve(move |stream| {
        write(
            stream,
            if count.fetch_add(1, Ordering::SeqCst) == 2 {
                "HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n"
            } else {
                FAST
            },
        );
    });
    let (code, check) = performance(&server.url, &[]);
    assert_eq!((code, check.as_str()), (Some(1), "fail 1 of 5 requests failed: answered 503 Service Unavailable"));
}

#[test]
fn a_redirection_to_plain_http_elsewhere_is_not_followed() {
    let server = serve(|stream| {
        write(stream, "HTTP/1.1 302 Found\r\nlocation: http://198.51.100.1/\r\ncontent-length: 0\r\n\r\n");
    });
    let (code, check) = performance(&server.url, &[]);
    assert!(code == Some(1) && check.contains("not https"), "{check}");
}

#[test]
fn an_address_that_may_not_be_asked_is_a_usage_error() {
    let project = project(&[]);
    for bad in ["http://example.org/", "https://user:word@example.org/", "not a url", "file:///etc/passwd"] {
        let outcome = binary().project(project.path()).args(["performance", "--status-url", bad]).output();
        assert_eq!(outcome.code, Some(2), "{outcome:?}");
        assert!(!outcome.stderr.contains("word@"), "{outcome:?}");
    }
    let outcome = binary().project(project.path()).args(["performance", "--probe-timeout", "0"]).output();
    assert_eq!(outcome.code, Some(2), "{outcome:?}");
}

#[test]
fn without_an_address_the_response_time_is_unknown_even_with_a_file_at_hand() {
    let project = project(&[("docs/security-status/index.json", "{}")]);
    let outcome = binary().project(project.path()).args(["performance", "--format=json"]).output();
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    assert!(checks(&document(&outcome), "PF-01")[0].starts_with("unknown no status URL is configured"), "{outcome:?}");
    assert!(checks(&document(&outcome), "PF-02")[0].starts_with("unknown "), "{outcome:?}");
}

#[test]
fn the_address_of_the_configuration_is_used() {
    let server = serve(|stream| write(stream, FAST));
    let project = project(&[]);
    add(
        project.path(),
        &[(
            "pyproject.toml",
            &format!("[project]\nname = \"demo\"\n[tool.relwarden.status]\nurl = \"{}\"\n", server.url),
        )],
    );
    let outcome = binary().project(project.path()).args(["performance", "--format=json"]).output();
    assert!(checks(&document(&outcome), "PF-01")[0].starts_with("pass "), "{outcome:?}");
}

/// A run record as the Python system wrote it.
fn record(id: usize, seconds: u64, status: &str) -> (String, String) {
    let text = format!(
        r#"{{"workflow_name": "release", "execution_id": "run-{id}", "start_time": "2026-07-{:02}T10:00:00+00:00", "end_time": null,
        "status": "{status}", "duration_seconds": {seconds}.0}}"#,
        id + 1
    );
    (format!("metrics/workflow-run-{id}.json"), text)
}

#[test]
fn run_times_come_from_the_records() {
    let run = |records: &[(String, String)]| {
        let project = project(&[]);
        for (name, text) in records {
            add(project.path(), &[(name, text)]);
        }
        let outcome = binary().project(project.path()).args(["performance", "--format=json"]).output();
        (outcome.code, checks(&document(&outcome), "PF-02").remove(0))
    };
    let (code, check) = run(&[
        record(1, 120, "success"),
        record(2, 150, "success"),
        record(3, 180, "success"),
        record(4, 9000, "failed"),
    ]);
    assert_eq!(
        (code, check.as_str()),
        (
            Some(0),
            "pass release: 150.0 s on average from start to end of the last 3 recorded runs, as their records say; target 300.0 s"
        )
    );
    let (code, check) = run(&[record(1, 400, "success"), record(2, 500, "success")]);
    assert_eq!(
        (code, check.as_str()),
        (
            Some(1),
            "fail release: 450.0 s on average from start to end of the last 2 recorded runs, as their records say; target 300.0 s"
        )
    );
}
