//! Waiting for what comes by itself.

use std::time::{Duration, Instant};

/// Asks again and again until there is an answer; panics after 20 s.
#[track_caller]
pub fn eventually<T>(
    what: &str,
    mut ask: impl AsyncFnMut() -> Option<T>,
) -> impl Future<Output = T> {
    let what = what.to_owned();
    async move {
        let give_up = Instant::now() + Duration::from_secs(20);
        loop {
            if let Some(answer) = ask().await {
                return answer;
            }
            assert!(Instant::now() < give_up, "{what} never came");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}
