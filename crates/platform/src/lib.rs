//! What the operating system does for the apps, apart from screen, mouse and keyboard.

pub mod private_file;
