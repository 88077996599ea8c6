//! The connections that are open: at the most there may be, whoever has been idle longest makes room for the next, so
//! that no crowd keeps out who has something to ask.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::task::AbortHandle;

/// Whether a connection is at work for somebody the gate let in.
#[derive(Clone, Default)]
pub(super) struct Work(Arc<AtomicBool>);

/// It is, as long as this lives.
pub(super) struct AtWork(Work);

impl Work {
    pub fn begin(&self) -> AtWork {
        self.0.store(true, Ordering::Relaxed);
        AtWork(self.clone())
    }

    fn goes_on(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl Drop for AtWork {
    fn drop(&mut self) {
        self.0.0.store(false, Ordering::Relaxed);
    }
}

/// Those that are open, the oldest first; they end with it.
pub(super) struct Crowd {
    most: usize,
    open: Vec<(AbortHandle, Work)>,
}

impl Crowd {
    pub fn new(most: usize) -> Crowd {
        Crowd { most, open: Vec::new() }
    }

    /// Lets one more in. Where all are at work it is dropped unheard.
    pub fn enter<F: Future<Output = ()> + Send + 'static>(&mut self, connection: impl FnOnce(Work) -> F) {
        self.open.retain(|(task, _)| !task.is_finished());
        if self.open.len() >= self.most {
            let Some(idle) = self.open.iter().position(|(_, work)| !work.goes_on()) else { return };
            let (task, _) = self.open.remove(idle);
            task.abort();
        }
        let work = Work::default();
        let task = tokio::spawn(connection(work.clone()));
        self.open.push((task.abort_handle(), work));
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        self.open.iter().for_each(|(task, _)| task.abort());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    /// Tells who has gone.
    struct Guest(u32, Arc<Mutex<Vec<u32>>>);

    impl Drop for Guest {
        fn drop(&mut self) {
            self.1.lock().expect("alone").push(self.0);
        }
    }

    #[tokio::test]
    async fn the_idle_make_room_and_those_at_work_stay() {
        let gone = Arc::<Mutex<Vec<u32>>>::default();
        let mut crowd = Crowd::new(2);
        let enter = |crowd: &mut Crowd, number, works: bool| {
            let guest = Guest(number, gone.clone());
            crowd.enter(move |work| {
                let at_work = works.then(|| work.begin());
                async move {
                    let _here = (guest, at_work);
                    std::future::pending::<()>().await;
                }
            });
        };
        let settled = || async {
            for _ in 0..10 {
                tokio::task::yield_now().await;
            }
            std::mem::take(&mut *gone.lock().expect("alone"))
        };
        enter(&mut crowd, 1, true);
        enter(&mut crowd, 2, false);
        enter(&mut crowd, 3, false);
        assert_eq!(settled().await, [2], "not the one at work, although it is the oldest");
        enter(&mut crowd, 4, true);
        assert_eq!(settled().await, [3]);
        enter(&mut crowd, 5, false);
        assert_eq!(settled().await, [5], "there is no room");
        drop(crowd);
        let mut last = settled().await;
        last.sort_unstable();
        assert_eq!(last, [1, 4]);
    }
}
