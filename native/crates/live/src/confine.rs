//! What the kernel does for this process once it only listens: everything but what nobody asks for who inspects packets and
//! writes what was found (seccomp, see `man 2 seccomp`).

use std::collections::BTreeMap;

use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, TargetArch, apply_filter_all_threads};

/// Calls that are refused: starting programs, looking into other processes, and changing the kernel, its keys, or what of the
/// system the process sees.
const REFUSED: &[i64] = &[
    libc::SYS_execve,
    libc::SYS_execveat,
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    libc::SYS_userfaultfd,
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_delete_module,
    libc::SYS_kexec_load,
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_pivot_root,
    libc::SYS_chroot,
    libc::SYS_unshare,
    libc::SYS_setns,
    libc::SYS_add_key,
    libc::SYS_request_key,
    libc::SYS_keyctl,
    libc::SYS_open_by_handle_at,
    libc::SYS_reboot,
    libc::SYS_swapon,
    libc::SYS_swapoff,
    libc::SYS_acct,
];

/// Has the kernel refuse these calls to every thread of the process, those of Node among them, from now on: they fail with
/// EPERM. (A thread alone cannot be confined: it shares its memory with the others.) False where that cannot be had; nothing is
/// changed then. Neither the process nor what it starts can gain rights afterwards.
pub fn confine_process() -> bool {
    program().is_some_and(|program| apply_filter_all_threads(&program).is_ok())
}

/// The filter; `None` on an architecture that it does not know.
fn program() -> Option<BpfProgram> {
    let architecture = TargetArch::try_from(std::env::consts::ARCH).ok()?;
    let rules: BTreeMap<i64, Vec<_>> = REFUSED.iter().map(|call| (*call, Vec::new())).collect();
    let refused = SeccompAction::Errno(libc::EPERM.unsigned_abs());
    SeccompFilter::new(rules, SeccompAction::Allow, refused, architecture).ok()?.try_into().ok()
}
