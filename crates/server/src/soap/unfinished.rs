//! Work that is done to its end, whether or not anybody waits for it.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    task::{Context, Poll},
};

use tokio::{runtime::Handle, task::JoinHandle};

/// Work in progress. Whoever waits for it does it, so that no task is made for each request; where
/// they stop waiting, a task of its own takes it to its end.
pub(super) struct Unfinished<T: Send + 'static>(Option<Pin<Box<dyn Future<Output = T> + Send>>>);

/// The work hit a bug; the panic hook has said which.
#[derive(Debug)]
pub(super) struct Panicked;

impl<T: Send + 'static> Unfinished<T> {
    pub(super) fn new(work: impl Future<Output = T> + Send + 'static) -> Self {
        Self(Some(Box::pin(work)))
    }

    /// Goes on by itself.
    pub(super) fn let_go(mut self) -> Option<JoinHandle<T>> {
        // Without a runtime there is nobody left to do it: the process is going down.
        self.0.take().and_then(|work| Some(Handle::try_current().ok()?.spawn(work)))
    }
}

impl<T: Send + 'static> Future for Unfinished<T> {
    type Output = Result<T, Panicked>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(work) = &mut self.0 else { return Poll::Ready(Err(Panicked)) };
        // What panicked is dropped, and never looked at again.
        let polled = catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(context)));
        let ended = match polled {
            Ok(Poll::Pending) => return Poll::Pending,
            Ok(Poll::Ready(done)) => Ok(done),
            Err(_) => Err(Panicked),
        };
        self.0 = None;
        Poll::Ready(ended)
    }
}

impl<T: Send + 'static> Drop for Unfinished<T> {
    fn drop(&mut self) {
        if let Some(work) = self.0.take()
            && let Ok(runtime) = Handle::try_current()
        {
            runtime.spawn(work);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn goes_on_where_nobody_waits_any_more() {
        let (go, gone) = oneshot::channel();
        let (done, ended) = oneshot::channel();
        let mut work = Unfinished::new(async move {
            gone.await.expect("the test says go");
            done.send(()).expect("the test waits");
        });
        let waited = tokio::time::timeout(Duration::from_millis(1), &mut work).await;
        assert!(waited.is_err(), "it has not been told to go");
        drop(work);
        go.send(()).expect("the work waits");
        ended.await.expect("it has come to its end");
    }

    #[tokio::test]
    async fn let_go_of_it_says_what_came_of_it() {
        let work = Unfinished::new(async {
            tokio::task::yield_now().await;
            7
        });
        let handle = work.let_go().expect("there is a runtime");
        assert_eq!(handle.await.expect("no panic"), 7);
    }

    #[tokio::test]
    async fn a_panic_is_a_bug_and_ends_nothing_else() {
        let work = Unfinished::new(async { panic!("on purpose") });
        assert!(matches!(Result::<(), _>::map(work.await, drop), Err(Panicked)));
    }
}
