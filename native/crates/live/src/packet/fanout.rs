//! Which ring of an interface a packet goes to: a program for the kernel's classic BPF machine.

use libc::{
    BPF_ABS, BPF_ADD, BPF_ALU, BPF_H, BPF_IMM, BPF_IND, BPF_JEQ, BPF_JMP, BPF_K, BPF_LD, BPF_LDX, BPF_MEM, BPF_MISC,
    BPF_MUL, BPF_RET, BPF_RSH, BPF_ST, BPF_W, BPF_X, BPF_XOR, sock_filter,
};

/// `SKF_AD_OFF + SKF_AD_PROTOCOL`: the protocol of the network layer.
const PROTOCOL: u32 = -0x1000_i32 as u32;
/// `SKF_NET_OFF`: octets of the network layer.
const NETWORK: u32 = -0x10_0000_i32 as u32;

/// Two odd numbers whose multiples spread (the golden ratio, and MurmurHash3's).
const SPREAD: [u32; 2] = [0x9e37_79b1, 0x85eb_ca6b];

/// A program that gives the same number for both directions of a pair of hosts, whose remainder by the number of rings the
/// kernel takes. It looks behind one VLAN tag that the card left in place. What is neither IPv4 nor IPv6 goes to the first
/// ring; what is in tunnels goes by the tunnel's ends, and finds its flow later all the same.
pub(super) fn host_pair_program() -> Vec<sock_filter> {
    let mut program = Vec::new();
    let stmt = |code: u32, k: u32| sock_filter { code: code as u16, jt: 0, jf: 0, k };
    let jump = |k: u32, jt: u8, jf: u8| sock_filter { code: (BPF_JMP | BPF_JEQ | BPF_K) as u16, jt, jf, k };
    let word = |at: u32| stmt(BPF_LD | BPF_W | BPF_IND, NETWORK.wrapping_add(at));
    // X: where the network layer begins; A: its protocol.
    program.extend([
        stmt(BPF_LDX | BPF_IMM, 0),
        stmt(BPF_LD | BPF_W | BPF_ABS, PROTOCOL),
        jump(0x8100, 1, 0),
        jump(0x88a8, 0, 2),
        stmt(BPF_LD | BPF_H | BPF_ABS, NETWORK.wrapping_add(2)),
        stmt(BPF_LDX | BPF_IMM, 4),
    ]);
    // The two hosts, into the first two words of memory.
    let ipv4 = [word(12), stmt(BPF_ST, 0), word(16), stmt(BPF_ST, 1)];
    let mut ipv6 = Vec::new();
    for (host, first) in [(0, 8), (1, 24)] {
        // X is the address of words: what is folded so far waits in memory.
        ipv6.extend([word(first), stmt(BPF_ST, host)]);
        for next in 1..4 {
            ipv6.extend([
                stmt(BPF_ST, 3),
                word(first + 4 * next),
                stmt(BPF_ST, 2),
                stmt(BPF_MISC | libc::BPF_TXA, 0),
                stmt(BPF_ST, 4),
                stmt(BPF_LDX | BPF_MEM, 2),
                stmt(BPF_LD | BPF_MEM, 3),
                stmt(BPF_ALU | BPF_XOR | BPF_X, 0),
                stmt(BPF_ST, host),
                stmt(BPF_LDX | BPF_MEM, 4),
            ]);
        }
    }
    let (short, long) = (ipv4.len() as u8, ipv6.len() as u8);
    // To IPv4, or over it to IPv6, or to the end.
    program.extend([jump(0x0800, 0, short + 1)]);
    program.extend(ipv4);
    program.push(sock_filter { code: (BPF_JMP | libc::BPF_JA) as u16, jt: 0, jf: 0, k: u32::from(long) + 2 });
    program.extend([jump(0x86dd, 1, 0), stmt(BPF_RET | BPF_K, 0)]);
    program.extend(ipv6);
    // Their difference and their sum are the same either way round.
    program.extend([
        stmt(BPF_LDX | BPF_MEM, 1),
        stmt(BPF_LD | BPF_MEM, 0),
        stmt(BPF_ALU | BPF_ADD | BPF_X, 0),
        stmt(BPF_ALU | BPF_MUL | BPF_K, SPREAD[0]),
        stmt(BPF_ST, 2),
        stmt(BPF_LD | BPF_MEM, 0),
        stmt(BPF_ALU | BPF_XOR | BPF_X, 0),
        stmt(BPF_ALU | BPF_MUL | BPF_K, SPREAD[1]),
        stmt(BPF_LDX | BPF_MEM, 2),
        stmt(BPF_ALU | BPF_XOR | BPF_X, 0),
        stmt(BPF_ALU | BPF_RSH | BPF_K, 16),
        stmt(BPF_RET | libc::BPF_A, 0),
    ]);
    program
}
