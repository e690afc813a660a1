//! What is saved among the supporter's downloads.

use std::fs;
use std::path::{Path, PathBuf};

use aldis_wire::Code;

/// Saves a chat among the supporter's downloads under a name that is free; gives its path, or the
/// system's words.
pub(crate) fn save(code: Code, text: &str) -> Result<String, String> {
    let folder = folder().ok_or_else(|| "there is no home folder".to_owned())?;
    fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
    for number in 1..1000 {
        let name = if number == 1 {
            format!("chat-{code}.txt")
        } else {
            format!("chat-{code}-{number}.txt")
        };
        let path = folder.join(name);
        match fs::File::create_new(&path) {
            Ok(mut file) => {
                std::io::Write::write_all(&mut file, text.as_bytes())
                    .map_err(|error| error.to_string())?;
                return Ok(path.display().to_string());
            }
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error.to_string()),
        }
    }
    Err("the folder has too many chats of this case".to_owned())
}

/// Where a video of this recording is to lie: among the downloads, under a name that is free.
pub(crate) fn video_of(recording: &Path) -> Result<PathBuf, String> {
    let folder = folder().ok_or_else(|| "there is no home folder".to_owned())?;
    fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
    let stem = recording.file_stem().unwrap_or_default().to_string_lossy();
    let names = (1..1000).map(|number| match number {
        1 => format!("{stem}.mp4"),
        number => format!("{stem}-{number}.mp4"),
    });
    let mut paths = names.map(|name| folder.join(name));
    paths
        .find(|path| !path.exists())
        .ok_or_else(|| "the folder has too many videos of this recording".to_owned())
}

fn folder() -> Option<PathBuf> {
    let folders = directories::UserDirs::new()?;
    let downloads = folders.download_dir().map(PathBuf::from);
    Some(downloads.unwrap_or_else(|| folders.home_dir().to_owned()))
}
