//! The request loop: head, proof, operation, answer, again, until the connection closes.
//!
//! ```text
//! read_head -> router::address -> auth::authenticate -> usage::admit
//!           -> router::route -> handlers::handle -> write
//! ```
//!
//! A request whose Host is a site is a visit: nobody's, answered with a page (`visit`).
//!
//! The body is read by the handler, so nothing of it, and no `100 Continue`, moves before the head
//! is verified and the caller authorised. What the handler left of a body is drained, or the
//! connection closed.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html>

use super::Shared;
use super::log::{Entry, mask_signature};
use crate::auth::{self, Users, Verified, access::RequestFacts};
use crate::error::{Result, S3Error};
use crate::handlers::{self, Context, PageError};
use crate::http::connection::{Body, Connection, NoHead};
use crate::http::head::{Method, RequestHead};
use crate::http::response::{Response, WriteOptions, reason};
use crate::notice::tell;
use crate::random;
use crate::router::{self, ExpectedOwners};
use crate::tls::Stream;
use crate::types::{Timestamp, hex};
use crate::xml;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::watch;

/// The status in the log of an answer that could not be sent whole, as nginx has it.
const CLIENT_GONE: u16 = 499;

/// Serves one connection to its end.
pub(super) async fn serve(stream: Stream, peer: SocketAddr, shared: &Shared) {
    let tls = stream.tls_version();
    let mut connection = Connection::new(stream);
    let mut stopping = shared.stopping.clone();
    loop {
        let head = tokio::select! {
            head = connection.read_head() => head,
            () = stopped(&mut stopping) => return connection.close().await,
        };
        let exchange = Exchange::begin(shared, peer, tls);
        let open = match head {
            Ok(head) => exchange.answer(head, &mut connection).await,
            Err(NoHead::Bad(bad)) => {
                exchange.refuse(bad.into(), &mut connection).await;
                false
            }
            Err(NoHead::Closed | NoHead::Timeout | NoHead::Io(_)) => false,
        };
        if !open {
            return connection.close().await;
        }
    }
}

/// Ends when the server stops.
async fn stopped(stopping: &mut watch::Receiver<bool>) {
    let _ = stopping.wait_for(|stop| *stop).await;
}

/// One request and its answer.
struct Exchange<'s> {
    shared: &'s Shared,
    peer: SocketAddr,
    tls: Option<&'static str>,
    now: Timestamp,
    started: Instant,
    request_id: String,
    user: String,
    operation: &'static str,
}

impl<'s> Exchange<'s> {
    fn begin(shared: &'s Shared, peer: SocketAddr, tls: Option<&'static str>) -> Exchange<'s> {
        Exchange {
            shared,
            peer,
            tls,
            now: shared.clock.now(),
            started: Instant::now(),
            request_id: request_id(),
            user: String::new(),
            operation: "-",
        }
    }

    /// Answers; false where the connection cannot carry another request.
    async fn answer(mut self, mut head: RequestHead, connection: &mut Connection) -> bool {
        let mut body = connection.body(&head);
        let site = router::site(&head, &self.shared.websites, &self.shared.domains);
        let response = match &site {
            Some(bucket) => {
                self.visit(&head, bucket).await.unwrap_or_else(|error| self.error_page(&error))
            }
            None => {
                let result = self.respond(&mut head, &mut body).await;
                result.unwrap_or_else(|error| self.error(&error, head.path()))
            }
        };
        let drained = body.drain().await;
        let close = !drained || !head.keep_alive() || *self.shared.stopping.borrow();
        let response = self.share(response, &head, site.as_deref()).await;
        let head_only = head.method() == Method::Head;
        let sent = self.write(response, head_only, close, connection).await;
        if self.shared.log.is_on() {
            let (status, bytes) = *sent.as_ref().unwrap_or(&(CLIENT_GONE, 0));
            self.log(mask_signature(head.request_line()), Some(&head), status, bytes);
        }
        sent.is_ok() && !close
    }

    /// A request that is none: answered, logged, and the connection closed.
    async fn refuse(self, error: S3Error, connection: &mut Connection) {
        let response = self.error(&error, "");
        if let Ok((status, bytes)) = self.write(response, false, true, connection).await {
            self.log(String::new(), None, status, bytes);
        }
    }

    /// From head to response: each step takes the proof that the one before made.
    async fn respond(&mut self, head: &mut RequestHead, body: &mut Body<'_>) -> Result<Response> {
        let shared = self.shared;
        let users = shared.users.get().await;
        let address = router::address(head, &shared.domains)?;
        if head.method() == Method::Options {
            self.operation = "Preflight";
            return handlers::preflight(&shared.store, &address, router::preflight(head)?).await;
        }
        let host_bucket = address.bucket.as_deref().filter(|_| address.from_host);
        let mut verified = auth::authenticate(head, host_bucket, &users, self.now, shared.auth)?;
        self.name_user(&verified);
        shared.usage.admit(verified.user(), shared.clock.since(shared.began))?;
        head.hoist(verified.take_hoisted());
        let operation = router::route(head, &address)?;
        self.operation = operation.name();
        let facts = RequestFacts::gather(head, self.peer.ip(), self.tls);
        let expected_owners = router::expected_owners(head);
        let mut context = Context { expected_owners, ..self.context(users, verified, facts) };
        let answered = handlers::handle(&mut context, operation, body).await;
        self.name_user(&context.verified); // of a form only now
        answered
    }

    /// A page of the site of that bucket.
    async fn visit(&mut self, head: &RequestHead, bucket: &str) -> handlers::Page {
        let shared = self.shared;
        if head.method() == Method::Options {
            self.operation = "Preflight";
            let asked = router::preflight(head)?;
            let rules_of = router::site_address(bucket);
            return Ok(handlers::preflight(&shared.store, &rules_of, asked).await?);
        }
        self.operation = "Website";
        let asked = router::page(head, bucket, self.tls.is_some())?;
        let users = shared.users.get().await;
        let facts = RequestFacts::of_visit(head, self.peer.ip(), self.tls);
        let context = self.context(users, Verified::visitor(), facts);
        handlers::get_page(context, asked).await
    }

    /// What a handler is given for whoever `verified` is.
    fn context(&self, users: Arc<Users>, verified: Verified, facts: RequestFacts) -> Context {
        let shared = self.shared;
        Context {
            store: shared.store.clone(),
            policies: shared.policies.clone(),
            usage: shared.usage.clone(),
            users,
            facts: Arc::new(facts),
            block: shared.block,
            verified,
            expected_owners: ExpectedOwners::default(),
            now: self.now,
            elapsed: shared.clock.since(shared.began),
            region: shared.region.clone(),
        }
    }

    /// For the log.
    fn name_user(&mut self, verified: &Verified) {
        if let Some(user) = verified.user() {
            self.user.clone_from(&user.owner.display_name);
        }
    }

    /// Adds what lets the page of another origin read the answer, where the bucket's rules do; a
    /// preflight has its own answer.
    async fn share(&self, response: Response, head: &RequestHead, site: Option<&str>) -> Response {
        if head.method() == Method::Options {
            return response;
        }
        let Some(request) = router::cross_origin(head) else { return response };
        let address = match site {
            Some(bucket) => Ok(router::site_address(bucket)),
            None => router::address(head, &self.shared.domains),
        };
        match address {
            Ok(address) => handlers::share(&self.shared.store, &address, &request, response).await,
            Err(_) => response,
        }
    }

    /// The XML of an error; our own faults are told to the log, not to the client.
    fn error(&self, error: &S3Error, path: &str) -> Response {
        self.tell_cause(error, path);
        with_error(Response::xml(xml::error(error, path, &self.request_id)), error)
    }

    /// The same for a visitor of a site, who reads HTML.
    fn error_page(&self, PageError { error, of_document }: &PageError) -> Response {
        for error in of_document.as_deref().into_iter().chain([error]) {
            self.tell_cause(error, "");
        }
        let status = error.code.status();
        let status = format!("{status} {}", reason(status));
        let page = xml::error_page(&status, error, of_document.as_deref(), &self.request_id);
        let response = Response::document("text/html; charset=utf-8", page)
            .header("x-amz-error-code", error.code.name());
        with_error(response, error)
    }

    fn tell_cause(&self, error: &S3Error, path: &str) {
        if let Some(cause) = &error.cause {
            let (id, operation) = (&self.request_id, self.operation);
            tell(format_args!("{id} {operation} {path}: {}: {cause}", error.code.name()));
        }
    }

    async fn write(
        &self,
        response: Response,
        head_only: bool,
        close: bool,
        connection: &mut Connection,
    ) -> std::io::Result<(u16, u64)> {
        let status = response.status;
        // Tools of the field log both ids; the second is `<HostId>` in an error.
        let response = response
            .header("x-amz-request-id", self.request_id.as_str())
            .header("x-amz-id-2", self.request_id.as_str());
        let options = WriteOptions { head_only, close, date: self.now };
        let bytes = connection.write(response, options).await?;
        Ok((status, bytes))
    }

    fn log(&self, request: String, head: Option<&RequestHead>, status: u16, bytes: u64) {
        let header = |name| head.and_then(|head| head.header(name)).unwrap_or_default();
        self.shared.log.write(&Entry {
            time: self.shared.log.time(self.now),
            client: self.peer.ip().to_canonical(),
            user: &self.user,
            request,
            status,
            bytes,
            referer: &mask_signature(header("referer")),
            user_agent: header("user-agent"),
            request_id: &self.request_id,
            operation: self.operation,
            milliseconds: self.started.elapsed().as_secs_f64() * 1000.0,
        });
    }
}

/// Status and headers of an error.
fn with_error(mut response: Response, error: &S3Error) -> Response {
    response.status = error.code.status();
    let headers = error.headers.iter();
    headers.fold(response, |response, (name, value)| response.header(*name, value.as_str()))
}

/// 16 random hex digits, upper case as AWS's.
fn request_id() -> String {
    hex(&random::bytes::<8>()).to_ascii_uppercase()
}
