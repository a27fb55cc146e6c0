//! A server on a free port of loopback with a thread of its own; it ends with its value.

use std::{net::SocketAddr, sync::mpsc, thread::JoinHandle};

use axum::Router;
use tokio::sync::oneshot;

use crate::index::stream::{CutListener, Wire};

#[derive(Debug)]
pub(crate) struct Server {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Serves `router` and returns when it takes connections.
    pub(crate) fn start(router: Router) -> Self {
        let (stop, stopped) = oneshot::channel();
        let (tell, told) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("build a runtime for a server").block_on(async move {
                let listener = CutListener::bind().await.expect("bind a loopback port");
                tell.send(listener.address()).expect("the starter waits for the address");
                let service = router.into_make_service_with_connect_info::<Wire>();
                tokio::select! {
                    ended = async { axum::serve(listener, service).await } => ended.expect("serve"),
                    _ = stopped => {}
                }
            });
        });
        let address = told.recv().expect("the server starts");
        Self { address, stop: Some(stop), thread: Some(thread) }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            // The thread may have ended by itself.
            let _ended = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ended = thread.join();
        }
    }
}
