//! Files with secrets in them, read only if nobody else can read them.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

/// Longer than any key or password.
pub const MAX_SECRET_BYTES: u64 = 64 * 1024;

/// Why a file with a secret cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PrivateFileError {
    /// It is missing, or this process may not read it.
    #[error("{path} cannot be read: {reason}")]
    Unreadable {
        /// The path as given.
        path: String,
        /// What the operating system says.
        reason: io::Error,
    },
    /// A folder, a pipe, a device.
    #[error("{path} is not a regular file")]
    NotAFile {
        /// The path as given.
        path: String,
    },
    /// Others can read it, or change it.
    #[error("{path} is open to other users (mode {mode:04o}); make it private with `chmod 600`")]
    NotPrivate {
        /// The path as given.
        path: String,
        /// Its permissions.
        mode: u32,
    },
    /// No secret is so long.
    #[error("{path} is longer than {most} bytes")]
    TooLong {
        /// The path as given.
        path: String,
        /// The greatest length.
        most: u64,
    },
    /// A secret of that length can be guessed.
    #[error("{path} holds fewer than {least} bytes; `openssl rand 32` makes a good secret")]
    TooShort {
        /// The path as given.
        path: String,
        /// The least length.
        least: usize,
    },
}

/// The content of a file that only its owner can read, and of at most so many bytes. It blocks.
///
/// # Errors
/// [`PrivateFileError`], but for [`PrivateFileError::TooShort`], which is for whoever knows what is in the file.
pub fn read(path: &Path, most: u64) -> Result<Vec<u8>, PrivateFileError> {
    let name = || path.display().to_string();
    let unreadable = |reason| PrivateFileError::Unreadable { path: name(), reason };
    // Asked before it is opened: opening a pipe would wait for its writer.
    if !path.metadata().map_err(unreadable)?.is_file() {
        return Err(PrivateFileError::NotAFile { path: name() });
    }
    let file = File::open(path).map_err(unreadable)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = file.metadata().map_err(unreadable)?.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(PrivateFileError::NotPrivate { path: name(), mode });
        }
    }
    let mut content = Vec::new();
    file.take(most + 1).read_to_end(&mut content).map_err(unreadable)?;
    if content.len() as u64 > most {
        return Err(PrivateFileError::TooLong { path: name(), most });
    }
    Ok(content)
}
