#!/usr/bin/env bash
# Runs the fuzz targets on a stable toolchain, one after another, and keeps what they find.
# usage: run.sh [SECONDS [TARGET...]]     60 seconds and every target by default
#        run.sh minimise [TARGET...]      the committed corpus again, as small as it covers the same
# Growing corpora and crashes are in $CARGO_TARGET_DIR/corpus and crashes; corpus/ holds the committed part.
set -euo pipefail
cd "$(dirname "$0")"
target_dir=${CARGO_TARGET_DIR:-$PWD/target}
# The flags of cargo-fuzz: coverage for libFuzzer, without a nightly toolchain. --target keeps them off build scripts.
flags='--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 -Ccodegen-units=1'
flags+=' -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table'
flags+=' -Cllvm-args=-sanitizer-coverage-trace-compares'
host=$(rustc -vV | sed -n 's/^host: //p')
what=${1:-60}; shift || true
targets=("$@"); [ $# -gt 0 ] || targets=($(cd fuzz_targets && ls *.rs | sed 's/\.rs$//'))
RUSTFLAGS="$flags" cargo build --release --target "$host" $(printf -- '--bin %s ' "${targets[@]}")
for target in "${targets[@]}"; do
  bin=$target_dir/$host/release/$target found=$target_dir/corpus/$target crashes=$target_dir/crashes/$target
  mkdir -p "$found" "$crashes" "corpus/$target"
  limits=(-timeout=10 -rss_limit_mb=2048 -max_len=4096 -artifact_prefix="$crashes/")
  if [ "$what" = minimise ]; then
    # Small inputs only, and few: they are replayed in ordinary tests and committed. The smallest show corners, the largest
    # whole conversations.
    small=$(mktemp -d)
    "$bin" -merge=1 -use_counters=0 -max_len=1024 -timeout=10 "$small" "corpus/$target" "$found" 2>/dev/null
    rm -f "corpus/$target"/*
    for order in -n -rn; do
      find "$small" -type f -printf '%s %p\n' | sort $order | awk '(total += $1) <= 10000 { print $2 }' \
        | xargs -r -I{} cp {} "corpus/$target/"
    done
    rm -rf "$small"
    echo "$target: $(ls "corpus/$target" | wc -l) inputs"
  else
    echo "== $target, $what s"
    "$bin" "${limits[@]}" -max_total_time="$what" -print_final_stats=1 "$found" "corpus/$target"
  fi
done
