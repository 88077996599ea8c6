//! The trace while somebody looks at it: asked for when the ladder opens, let go of when it closes.

use crate::control::feed::Feed;
use crate::control::link::Link;
use crate::control::{CommandError, TraceAsk};
use crate::ui::msg::Msg;
use std::future;
use tokio::sync::mpsc;

/// Messages of the past that are asked for: more than the phone remembers.
const PAST: usize = 1_000;
/// Messages that wait to be taken in.
const WAITING: usize = 64;

/// Messages as they go over the wire, or none.
pub struct Following {
    link: Link,
    news: Option<mpsc::Receiver<Result<Feed, CommandError>>>,
}

impl Following {
    /// Follows nothing yet.
    pub fn new(link: Link) -> Following {
        Following { link, news: None }
    }

    /// Begins to follow, the past first; or lets go.
    pub fn follow(&mut self, on: bool) {
        // What was followed before ends as nobody hears it any more.
        self.news = on.then(|| {
            let (out, news) = mpsc::channel(WAITING);
            tokio::spawn(follow(self.link.clone(), out));
            news
        });
    }

    /// The next message; never, while none is followed.
    pub async fn next(&mut self) -> Msg {
        loop {
            let told = match &mut self.news {
                Some(news) => news.recv().await,
                None => future::pending().await,
            };
            match told.map(read) {
                Some(Some(msg)) => return msg,
                Some(None) => {}
                None => self.news = None,
            }
        }
    }

    /// A message that is there already.
    pub fn waiting(&mut self) -> Option<Msg> {
        let news = self.news.as_mut()?;
        loop {
            if let Some(msg) = read(news.try_recv().ok()?) {
                return Some(msg);
            }
        }
    }
}

fn read(news: Result<Feed, CommandError>) -> Option<Msg> {
    match news {
        Ok(Feed::Traced(line)) => Some(Msg::Traced(line)),
        Ok(Feed::Closed(why)) => Some(Msg::TraceOver(why)),
        Ok(_) => None,
        Err(why) => Some(Msg::TraceOver(why.message)),
    }
}

async fn follow(link: Link, out: mpsc::Sender<Result<Feed, CommandError>>) {
    let ask = TraceAsk { last: Some(PAST), follow: true, data: true, ..TraceAsk::default() };
    let mut feed = match link.trace(&ask).await {
        Ok(feed) => feed,
        Err(why) => {
            let _ = out.send(Err(why)).await;
            return;
        }
    };
    loop {
        let news = tokio::select! {
            news = feed.recv() => news,
            () = out.closed() => return,
        };
        let Some(news) = news else { return };
        if out.send(Ok(news)).await.is_err() {
            return;
        }
    }
}
