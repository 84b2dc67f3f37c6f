//! Stopping on SIGTERM or SIGINT, with a limit on how long open calls may take.

use std::{io, time::Duration};

use tokio::{
    signal::unix::{SignalKind, signal},
    sync::watch,
    time::sleep,
};

/// How long open calls may go on: an endless stream must not keep a test
/// environment from stopping.
const GRACE: Duration = Duration::from_secs(5);

/// Tells every server of the process when to stop accepting.
#[derive(Clone)]
pub(crate) struct Shutdown(watch::Receiver<bool>);

impl Shutdown {
    /// Listens from this call on, so that a signal sent right after the ready
    /// line is not lost.
    pub(crate) fn on_signal() -> io::Result<Self> {
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let (announce, requested) = watch::channel(false);
        tokio::spawn(async move {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            announce.send_replace(true);
        });
        Ok(Self(requested))
    }

    /// Completes once a signal has asked the process to stop.
    pub(crate) async fn requested(mut self) {
        // An error means that the listening task is gone, so no signal can
        // come any more: stopping is the safe reading of that too.
        let _ = self.0.wait_for(|requested| *requested).await;
    }

    /// Completes once the open calls have had their time.
    pub(crate) async fn grace_over(self) {
        self.requested().await;
        sleep(GRACE).await;
    }
}
