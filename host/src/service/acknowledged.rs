//! Takes up what the bureau acknowledged of the journal, while the service writes it.

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use super::Service;
use crate::journal::{Event, JournalError, handed_over};

/// A person waits for it.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Looks again and again, until it is dropped.
pub(super) async fn keep_taking_up(service: Arc<Service>) {
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        let service = Arc::clone(&service);
        let taken = tokio::task::spawn_blocking(move || take_up(&service)).await;
        if let Ok(Err(error)) = taken {
            tracing::warn!(%error, "what the bureau acknowledged cannot be taken up");
        }
    }
}

/// Records what lies there. What is not of this host is put aside: nobody would ever record it.
pub(super) fn take_up(service: &Service) -> Result<(), JournalError> {
    let folder = service.folder.journal();
    for handed_over in handed_over(&folder, &service.journal.key().id())? {
        let path = handed_over.path;
        let failed = |source| JournalError::Io {
            path: path.clone(),
            source,
        };
        match handed_over.acknowledgement {
            Some(acknowledgement) => {
                // A stop in between records it twice, which says nothing new.
                let event = Event::Acknowledged(Box::new(acknowledgement));
                service.journal.record(event)?;
                fs::remove_file(&path).map_err(failed)?;
            }
            None => {
                let file = path.display();
                tracing::error!(%file, "not an acknowledgement of this host's journal: put aside");
                fs::rename(&path, path.with_extension("refused")).map_err(failed)?;
            }
        }
    }
    Ok(())
}
