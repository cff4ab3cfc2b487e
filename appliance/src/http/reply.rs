//! Holds how an answer is put together.
//! It never sets a security header: the dispatcher does that for every answer alike.
//! Handlers make replies.

use std::future::Future;

use bytes::Bytes;
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, HeaderName, HeaderValue, LOCATION, SET_COOKIE};
use hyper::{Response, StatusCode};
use serde::Serialize;
use tokio::sync::mpsc;
use vigie_core::audit::Object;

use super::body::Payload;
use super::problem::{Problem, faults};

/// What the journal is told beside what the route table says.
#[derive(Clone, Debug, Default)]
pub(super) struct Concern {
    pub(super) object: Option<Object>,
    pub(super) detail: String,
    pub(super) unrecorded: bool,
}

/// An answer.
pub struct Reply(pub(super) Response<Payload>);

/// Where a streaming answer puts its pieces. Sending waits while the client is slow and fails once it is gone.
pub type Pieces = mpsc::Sender<Bytes>;

impl Reply {
    /// 200 with JSON.
    ///
    /// # Errors
    /// `internal` when the value cannot be written, such as a map with keys that are not text.
    pub fn json<T: Serialize>(value: &T) -> Result<Self, Problem> {
        let bytes = serde_json::to_vec(value).map_err(|error| {
            tracing::error!(%error, "an answer cannot be written as JSON");
            Problem::from(&faults::INTERNAL)
        })?;
        Ok(Self::bytes_of("application/json", bytes))
    }

    /// 200 with some bytes.
    #[must_use]
    pub fn bytes_of(content_type: &'static str, bytes: impl Into<Bytes>) -> Self {
        let mut response = Response::new(Payload::whole(bytes.into()));
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        Self(response)
    }

    /// 200 with a page.
    #[must_use]
    pub fn html(page: String) -> Self {
        Self::bytes_of("text/html; charset=utf-8", page)
    }

    /// 200 with plain text.
    #[must_use]
    pub fn text(text: String) -> Self {
        Self::bytes_of("text/plain; charset=utf-8", text)
    }

    /// 204.
    #[must_use]
    pub fn empty() -> Self {
        Self(Response::new(Payload::whole(Bytes::new()))).status(StatusCode::NO_CONTENT)
    }

    /// 303: after a form, look there.
    #[must_use]
    pub fn see_other(path: &str) -> Self {
        let mut reply = Self::empty().status(StatusCode::SEE_OTHER);
        if let Ok(value) = HeaderValue::from_str(path) {
            reply.0.headers_mut().insert(LOCATION, value);
        }
        reply
    }

    /// 304.
    #[must_use]
    pub fn not_modified(tag: &str) -> Self {
        Self::empty().status(StatusCode::NOT_MODIFIED).tag(tag)
    }

    /// 200 whose body a task writes piece by piece. The task is dropped with the connection: its next send fails.
    #[must_use]
    pub fn stream<F, Fut>(content_type: &'static str, write: F) -> Self
    where
        F: FnOnce(Pieces) -> Fut,
        Fut: Future<Output = ()> + Send + 'static,
    {
        // One piece in hand, one on its way: a slow client holds two pieces and no more.
        let (sender, receiver) = mpsc::channel(1);
        tokio::spawn(write(sender));
        let mut response = Response::new(Payload::pieces(receiver));
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        Self(response)
    }

    /// With these bytes of its body alone, from the first to the last one.
    #[must_use]
    pub(super) fn only(mut self, first: usize, last: usize) -> Self {
        let part = Bytes::copy_from_slice(self.bytes().get(first..=last).unwrap_or_default());
        *self.0.body_mut() = Payload::whole(part);
        self
    }

    /// With another status.
    #[must_use]
    pub fn status(mut self, status: StatusCode) -> Self {
        *self.0.status_mut() = status;
        self
    }

    /// With a header field; a value that is not valid is left out.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.0.headers_mut().insert(name, value);
        }
        self
    }

    /// With an entity tag (quotes included). The client may keep it but asks before using it.
    #[must_use]
    pub fn tag(self, tag: &str) -> Self {
        let private = HeaderValue::from_static("private, no-cache");
        let mut reply = self.header(ETAG, tag);
        reply.0.headers_mut().entry(CACHE_CONTROL).or_insert(private);
        reply
    }

    /// With a cookie; may be called more than once.
    #[must_use]
    pub fn cookie(mut self, cookie: &str) -> Self {
        if let Ok(mut value) = HeaderValue::from_str(cookie) {
            value.set_sensitive(true);
            self.0.headers_mut().append(SET_COOKIE, value);
        }
        self
    }

    /// Says for the journal what it was done to, where the path does not.
    #[must_use]
    pub fn concerning(mut self, object: Object) -> Self {
        self.concern().object = Some(object);
        self
    }

    /// Adds particulars for the journal, in words of ours: never a name of a person, never what a stranger typed.
    #[must_use]
    pub fn telling(mut self, detail: &str) -> Self {
        detail.clone_into(&mut self.concern().detail);
        self
    }

    /// Keeps it out of the journal: nothing was changed.
    #[must_use]
    pub fn unrecorded(mut self) -> Self {
        self.concern().unrecorded = true;
        self
    }

    fn concern(&mut self) -> &mut Concern {
        self.0.extensions_mut().get_or_insert_default()
    }

    /// The status.
    #[must_use]
    pub fn status_code(&self) -> StatusCode {
        self.0.status()
    }

    /// The body, empty for a stream.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        self.0.body().as_whole().unwrap_or_default()
    }
}
