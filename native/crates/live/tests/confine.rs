//! A process that only listens starts no programs. One test, for it concerns the whole process.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::panic)]

use std::io::ErrorKind;
use std::process::Command;
use std::sync::mpsc::channel;

#[test]
fn a_confined_process_starts_no_program_from_any_thread() {
    assert!(Command::new("/bin/true").status().unwrap().success());
    // A thread that was there before is confined with the others.
    let (ask, asked) = channel();
    let before = std::thread::spawn(move || {
        asked.recv().unwrap();
        Command::new("/bin/true").status()
    });
    if !sidewire_live::confine_process() {
        eprintln!("skipped: this kernel has no seccomp");
        return;
    }
    ask.send(()).unwrap();
    for outcome in [before.join().unwrap(), Command::new("/bin/true").status()] {
        assert_eq!(outcome.unwrap_err().kind(), ErrorKind::PermissionDenied);
    }
    assert!(!std::fs::read("/proc/self/comm").unwrap().is_empty(), "files are read as before");
}
