//! A running service and the clients that ask it.

use std::{
    error::Error,
    io::{self, BufRead, BufReader},
    net::SocketAddr,
    process::{Child, ChildStderr, Command, ExitStatus, Stdio},
    sync::mpsc::{self, Receiver},
    thread,
    time::Duration,
};

use axum::{
    body::Body,
    http::{HeaderMap, Method, Request, StatusCode, header::CONTENT_TYPE},
};
use http_body_util::BodyExt;
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use serde::Deserialize;
use serde_json::Value;
use tonic::transport::Channel;

use self::proto::{
    v1::payments_client::PaymentsClient as ClientV1,
    v2::payments_client::PaymentsClient as ClientV2,
};

#[allow(
    dead_code,
    unreachable_pub,
    clippy::pedantic,
    reason = "generated code is not ours to tidy, and holds more than the tests need"
)]
pub(crate) mod proto {
    pub(crate) mod v1 {
        tonic::include_proto!("acme.payments.v1");
    }
    pub(crate) mod v2 {
        tonic::include_proto!("acme.payments.v2");
    }
}

pub(crate) type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// The service as a process of its own, ended when it goes out of scope.
pub(crate) struct Service {
    pub(crate) http: SocketAddr,
    grpc: SocketAddr,
    process: Child,
    log: Receiver<String>,
}

/// How long a line of the log may take.
const PATIENCE: Duration = Duration::from_secs(10);

impl Service {
    /// Starts the service and waits for its ready line.
    pub(crate) fn start(args: &[&str]) -> Result<Self> {
        #[derive(Deserialize)]
        struct Ready {
            http: SocketAddr,
            grpc: SocketAddr,
        }

        let mut process = Command::new(env!("CARGO_BIN_EXE_payments"))
            .args(args)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let stdout = process.stdout.take().ok_or("stdout is not piped")?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        let ready: Ready = serde_json::from_str(&line)?;
        let log = lines(process.stderr.take().ok_or("stderr is not piped")?);
        Ok(Self {
            http: ready.http,
            grpc: ready.grpc,
            process,
            log,
        })
    }

    pub(crate) async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Result<Answer> {
        self.send(Method::GET, path, headers, Body::empty()).await
    }

    pub(crate) async fn post(
        &self,
        path: &str,
        body: &Value,
        headers: &[(&str, &str)],
    ) -> Result<Answer> {
        self.send(Method::POST, path, headers, body.to_string().into())
            .await
    }

    /// The next line of the log.
    pub(crate) fn logged(&self) -> Result<Value> {
        Ok(serde_json::from_str(&self.log.recv_timeout(PATIENCE)?)?)
    }

    pub(crate) async fn grpc_v1(&self) -> Result<ClientV1<Channel>> {
        Ok(ClientV1::connect(format!("http://{}", self.grpc)).await?)
    }

    pub(crate) async fn grpc_v2(&self) -> Result<ClientV2<Channel>> {
        Ok(ClientV2::connect(format!("http://{}", self.grpc)).await?)
    }

    /// Asks the service to stop, as a container runtime does.
    pub(crate) fn stop(mut self) -> Result<ExitStatus> {
        Command::new("kill")
            .args(["-TERM", &self.process.id().to_string()])
            .status()?;
        Ok(self.process.wait()?)
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Body,
    ) -> Result<Answer> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("http://{}{path}", self.http))
            .header(CONTENT_TYPE, "application/json");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let client = Client::builder(TokioExecutor::new()).build_http();
        let response = client.request(request.body(body)?).await?;
        let (head, body) = response.into_parts();
        Ok(Answer {
            status: head.status,
            headers: head.headers,
            body: body.collect().await?.to_bytes().into(),
        })
    }
}

/// Reads as the lines come, whether anybody wants them or not: a full pipe would stop the service.
fn lines(stderr: ChildStderr) -> Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        BufReader::new(stderr)
            .lines()
            .map_while(io::Result::ok)
            .for_each(|line| {
                let _ = sender.send(line);
            });
    });
    receiver
}

impl Drop for Service {
    fn drop(&mut self) {
        // Both fail for a process that has already ended, which is as well.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A response that was read to its end.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Answer {
    /// The value of a header, empty when it is absent.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }

    pub(crate) fn json(&self) -> Result<Value> {
        Ok(serde_json::from_slice(&self.body)?)
    }

    pub(crate) fn text(&self) -> &str {
        str::from_utf8(&self.body).unwrap_or_default()
    }
}
