#!/usr/bin/env bash
# Runs the fuzz targets on a stable toolchain, one after another, and keeps what they find.
# usage: run.sh [SECONDS [TARGET...]]     60 seconds and every target by default
#        run.sh minimise [TARGET...]      the committed corpus again, as small as it covers the same
# A target is a file of fuzz_targets/, or the name of a protocol: all of these are one file, and their corpora are in the
# protocols' folders. Growing corpora and crashes are in $CARGO_TARGET_DIR/corpus and crashes; what is committed is beside
# this file, and in those folders.
set -euo pipefail
cd "$(dirname "$0")"
target_dir=${CARGO_TARGET_DIR:-$PWD/target}
# The flags of cargo-fuzz: coverage for libFuzzer, without a nightly toolchain. --target keeps them off build scripts.
flags='--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 -Ccodegen-units=1'
flags+=' -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table'
flags+=' -Cllvm-args=-sanitizer-coverage-trace-compares'
host=$(rustc -vV | sed -n 's/^host: //p')
folders=../crates/protocols/src
what=${1:-60}; shift || true
targets=("$@")
[ $# -gt 0 ] || targets=($(cd fuzz_targets && ls *.rs | sed 's/\.rs$//; /^protocol$/d') $(ls $folders/*/corpus | grep -v : ))
# The program of a target, and its committed corpus.
program() { if [ -f "fuzz_targets/$1.rs" ]; then echo "$1"; else echo protocol; fi; }
committed() { if [ -f "fuzz_targets/$1.rs" ]; then echo "corpus/$1"; else echo $folders/*/corpus/"$1"; fi; }
programs=($(for target in "${targets[@]}"; do program "$target"; done | sort -u))
RUSTFLAGS="$flags" cargo build --release --target "$host" $(printf -- '--bin %s ' "${programs[@]}")
for target in "${targets[@]}"; do
  export SIDEWIRE_PROTOCOL=$target
  bin=$target_dir/$host/release/$(program "$target") corpus=$(committed "$target")
  found=$target_dir/corpus/$target crashes=$target_dir/crashes/$target
  mkdir -p "$found" "$crashes" "$corpus"
  limits=(-timeout=10 -rss_limit_mb=2048 -max_len=4096 -artifact_prefix="$crashes/")
  if [ "$what" = minimise ]; then
    # Small inputs only, and few: they are replayed in ordinary tests and committed. The smallest show corners, the largest
    # whole conversations.
    small=$(mktemp -d)
    "$bin" -merge=1 -use_counters=0 -max_len=1024 -timeout=10 "$small" "$corpus" "$found" 2>/dev/null
    rm -f "$corpus"/*
    for order in -n -rn; do
      find "$small" -type f -printf '%s %p\n' | sort $order | awk '(total += $1) <= 10000 { print $2 }' \
        | xargs -r -I{} cp {} "$corpus/"
    done
    rm -rf "$small"
    echo "$target: $(ls "$corpus" | wc -l) inputs"
  else
    echo "== $target, $what s"
    "$bin" "${limits[@]}" -max_total_time="$what" -print_final_stats=1 "$found" "$corpus"
  fi
done
