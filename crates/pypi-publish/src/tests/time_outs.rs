//! A line that stands still, and an index that says nothing.

use super::*;

/// More than the buffers of a loopback connection hold.
fn large() -> Parcel {
    let mut state = 1_u64;
    let data: Vec<u8> = std::iter::repeat_with(|| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state.to_le_bytes()[5]
    })
    .take(24 << 20)
    .collect();
    file(wheel_with("py3", &data))
}

#[tokio::test]
async fn a_line_that_stands_still_is_given_up_and_tried_again() {
    let mut bench = Bench::new();
    bench.policy.stall = Duration::from_millis(300);
    bench.index.fail_uploads([Fault::Stall(100_000)]);
    let files = [large()];
    let publication = bench.publish(&files).await;
    assert!(publication.verified, "{publication:?}");
    assert_eq!(outcomes(&publication), [(FileOutcome::Uploaded, 2)]);
    assert_eq!(Sha256::of(&bench.index.uploads()[0].bytes), files[0].distribution.sha256());
}

#[tokio::test]
async fn an_index_that_does_not_answer_is_asked_again() {
    let mut bench = Bench::new();
    bench.policy.answer = Duration::from_millis(100);
    bench.index.fail_uploads([Fault::Silence]);
    assert_eq!(outcomes(&bench.publish(&[file(sdist(""))]).await), [(FileOutcome::Uploaded, 2)]);

    bench.index.fail_uploads([Fault::Silence; 6]);
    let (kind, text) = failure(&bench.publish(&[file(wheel("py3"))]).await);
    assert_eq!(kind, ErrorKind::Outside);
    assert!(text.contains("could not be sent in 6 tries / the index did not answer within"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn answers_that_do_not_come_are_part_of_the_time_to_verify() {
    let _installed = rustls::crypto::ring::default_provider().install_default();
    // Takes connections, and says nothing.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = IndexAddress::parse(&format!("http://{}/", silent.local_addr().unwrap()), None).unwrap();
    let client = IndexClient::new(address, None).unwrap();
    let patience = Patience { policy: RetryPolicy::default(), seed: 1, sleep: tokio::time::sleep };
    let started = tokio::time::Instant::now();
    let verification = verify(&client, &[&file(sdist("")).distribution], &patience).await;
    assert_eq!(verification.failure.unwrap().kind(), ErrorKind::Outside);
    let spent = started.elapsed();
    assert!(patience.policy.verify <= spent && spent <= Duration::from_secs(345), "{spent:?}");
}

#[tokio::test]
async fn those_who_watch_are_told_each_step() {
    let bench = Bench::new();
    bench.index.fail_uploads([Fault::Status(503)]);
    let files = [file(sdist(""))];
    let plan = bench.plan(&files).await;
    let told = std::sync::Arc::new(Mutex::new(Vec::new()));
    let observer: Observer = {
        let told = std::sync::Arc::clone(&told);
        std::sync::Arc::new(move |event| told.lock().unwrap().push(format!("{event:?}")))
    };
    let options = PublishOptions { observer: Some(observer), ..PublishOptions::default() };
    let patience = Patience { policy: bench.policy, seed: 1, sleep: async |_| () };
    assert!(publish(&bench.client, &plan, &files, &options, &patience).await.verified);
    let told: Vec<String> =
        told.lock().unwrap().iter().map(|e| e.split([' ', '(']).next().unwrap().to_owned()).collect();
    assert_eq!(told, ["Begins", "Sent", "Waits", "Begins", "Sent", "Ended", "Verifying"]);
}

/// A server that answers as soon as it has read the head of a request and then reads no further, as proxies do with what is
/// too large for them.
#[test]
fn an_answer_is_read_while_the_file_is_being_sent() {
    use std::io::{BufRead as _, BufReader};
    let _installed = rustls::crypto::ring::default_provider().install_default();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let mut held = Vec::new();
        for stream in listener.incoming().flatten() {
            let mut reader = BufReader::new(stream);
            let mut first = String::new();
            reader.read_line(&mut first).unwrap();
            let mut line = String::new();
            while reader.read_line(&mut line).is_ok_and(|read| read > 2) {
                line.clear();
            }
            let status = if first.starts_with("POST") { "413 Too Large" } else { "404 Not Found" };
            write!(reader.get_mut(), "HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n").unwrap();
            // The connection stays open.
            held.push(reader);
        }
    });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let client = IndexClient::new(IndexAddress::parse(&url, None).unwrap(), None).unwrap();
        let parcel = large();
        let patience = Patience { policy: RetryPolicy::default(), seed: 1, sleep: async |_| () };
        let rules = IndexRules::default();
        let plan = plan(&client, &[&parcel.distribution], &rules, now(), &patience).await.unwrap();
        let publication = publish(&client, &plan, &[parcel], &PublishOptions::default(), &patience).await;
        let (kind, text) = failure(&publication);
        assert_eq!((kind, outcomes(&publication)), (ErrorKind::Rejected, vec![(FileOutcome::Failed, 1)]), "{text}");
        assert!(text.contains("status 413"), "{text}");
    });
}
