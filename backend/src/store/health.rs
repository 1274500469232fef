//! Whether the store works at all.

use super::{Store, StoreError};

impl Store {
    /// Writes something, durably, and reads it back.
    ///
    /// # Errors
    /// [`StoreError`]: what stands in the way.
    pub async fn check(&self) -> Result<(), StoreError> {
        let written: u64 = self
            .write(|connection| {
                let mut beat = connection.prepare_cached(
                    "INSERT INTO heartbeat (only_row, beats) VALUES (1, 1)
                     ON CONFLICT DO UPDATE SET beats = beats + 1
                     RETURNING beats",
                )?;
                Ok(beat.query_row([], |row| row.get(0))?)
            })
            .await?;
        let read: u64 = self
            .read(|connection| {
                let mut beats = connection.prepare_cached("SELECT beats FROM heartbeat")?;
                Ok(beats.query_row([], |row| row.get(0))?)
            })
            .await?;
        if read >= written { Ok(()) } else { Err(StoreError::Unreadable("heartbeat")) }
    }
}
