//! Writes the texts of the lessons as files, from the data of `flow`: the page fetches those of the chapter that it shows.
//! Trunk calls it when it has built the page.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{env, fs, io};

use flow::lessons::sheet::{self, Sheet};
use flow::lessons::steps::Chapter;
use protocol::revision::Revision;

/// In which trunk says where it gathers the page.
const STAGING: &str = "TRUNK_STAGING_DIR";

fn main() -> ExitCode {
    let folder = env::args_os().nth(1).or_else(|| env::var_os(STAGING)).map(PathBuf::from);
    let Some(folder) = folder else {
        eprintln!("usage: write-lessons FOLDER, or with the folder in {STAGING}");
        return ExitCode::FAILURE;
    };
    match write_all(&folder) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {}: {error}", folder.display());
            ExitCode::FAILURE
        }
    }
}

/// Writes the sheets of each chapter in each revision into this folder, below `lessons/`.
fn write_all(folder: &Path) -> io::Result<()> {
    for (chapter, revision) in each() {
        let sheets: Vec<_> = chapter.steps().map(|step| Sheet::of(step, revision)).collect();
        let file = folder.join(sheet::path(chapter, revision));
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(file, serde_json::to_vec(&sheets)?)?;
    }
    Ok(())
}

fn each() -> impl Iterator<Item = (Chapter, Revision)> {
    Chapter::ALL.into_iter().flat_map(|chapter| Revision::ALL.map(|revision| (chapter, revision)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_is_found_in_the_file_of_its_chapter() {
        let folder = tempfile::tempdir().unwrap();
        write_all(folder.path()).unwrap();
        for (chapter, revision) in each() {
            let text = fs::read_to_string(folder.path().join(sheet::path(chapter, revision))).unwrap();
            let sheets: Vec<Sheet> = protocol::json::read(&text).unwrap();
            assert!(sheets.into_iter().eq(chapter.steps().map(|step| Sheet::of(step, revision))));
        }
    }

    #[test]
    fn a_changed_text_takes_the_place_of_the_old_one() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(sheet::path(Chapter::Token, Revision::V2025_11_25));
        write_all(folder.path()).unwrap();
        let good = fs::read(&file).unwrap();
        fs::write(&file, "[]").unwrap();
        write_all(folder.path()).unwrap();
        assert_eq!(fs::read(&file).unwrap(), good);
    }
}
