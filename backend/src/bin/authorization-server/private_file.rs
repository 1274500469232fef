//! Files with secrets in them.

use std::path::Path;

/// Refuses a file that others than its owner can change, or others than its owner and its group can read.
#[cfg(unix)]
pub(crate) fn check(flag: &str, file: &Path) -> Result<(), String> {
    use std::os::unix::fs::PermissionsExt as _;

    let file_name = file.display();
    let metadata = std::fs::metadata(file).map_err(|reason| format!("{flag} {file_name}: {reason}"))?;
    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o027 == 0 {
        return Ok(());
    }
    Err(format!(
        "{flag} {file_name}: its mode is {mode:04o}, so others can read or change it, and there are secrets in it. \
         `chmod 640 {file_name}` takes that away."
    ))
}

/// Where files have no modes, there is nothing to check.
#[cfg(not(unix))]
pub(crate) fn check(_flag: &str, _file: &Path) -> Result<(), String> {
    Ok(())
}
