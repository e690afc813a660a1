//! What only an operating system can do: one file each, with the same signatures.

#[cfg_attr(target_os = "linux", path = "sys/linux.rs")]
#[cfg_attr(not(target_os = "linux"), path = "sys/elsewhere.rs")]
mod imp;

pub(crate) use imp::{
    Bell, Tun, enter, forget_mappings, hurry, is_running, new_network, refusal, replace_process,
    thread, wait,
};
