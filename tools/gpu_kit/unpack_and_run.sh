#!/bin/sh
# Tests and benchmarks tfjs-layernorm on this machine's GPU: Linux on x64 with the GPU's driver, sh,
# coreutils, tar and gzip; no network, and nothing is installed.
#
#     sh unpack_and_run.sh               the specification on webgl and webgpu, then the benchmark
#     sh unpack_and_run.sh test          one of the two alone: test or bench
#     sh unpack_and_run.sh --software    a few minutes of both, rendered in software: is the kit whole?
#     sh unpack_and_run.sh --quick       the benchmark with fewer shapes
#
# The results lie in `results` beside this file: test.txt, test.json, bench.txt, bench.json. They name
# the device. It ends with 0 where all passed.
set -eu
cd "$(dirname "$0")"

gpu=--gpu
quick=
steps=
for argument in "$@"; do
  case $argument in
    --software) gpu= ;;
    --quick) quick=--quick ;;
    test | bench) steps="$steps $argument" ;;
    *)
      echo "Unknown: $argument. Allowed: test, bench, --software, --quick." >&2
      exit 2
      ;;
  esac
done

if [ ! -e tree/unpacked ]; then
  echo "Checking $(ls part_* | wc -l) parts."
  if ! sha256sum --check --quiet parts.sha256; then
    echo "A part is missing or damaged: copy it again." >&2
    exit 1
  fi
  echo "Unpacking."
  rm -rf tree
  mkdir tree
  # "o": root too owns what it unpacks; where it may not give files away, tar would fail.
  cat part_* | tar xzo -C tree
  touch tree/unpacked
fi

mkdir -p results
results=$PWD/results
export PATH="$PWD/tree/node/bin:$PATH"
export HOME="$PWD/tree" # the browser writes there
cd tree
failed=0

# Runs a command, its output shown and kept; notes where it fails.
step() {
  name=$1
  shift
  echo "== $name: $*"
  { "$@" 2>&1 || echo "== $name failed"; } | tee "$results/$name.txt"
  if [ "$(tail -n 1 "$results/$name.txt")" = "== $name failed" ]; then failed=1; fi
}

for name in ${steps:-test bench}; do
  case $name in
    test)
      rm -f .setup/jest.json
      if [ -n "$gpu" ]; then
        step test node scripts/test.mjs --built --gpu
      else
        step test node scripts/test.mjs --built --selectProjects webgl webgpu \
          --testPathPatterns layers/layer
      fi
      if [ -e .setup/jest.json ]; then cp .setup/jest.json "$results/test.json"; fi
      ;;
    bench)
      if [ -n "$gpu" ]; then
        step bench node --import tsx bench/run.ts --built --gpu $quick --json "$results/bench.json"
      else
        step bench node --import tsx bench/run.ts --built --backend webgl,webgpu --quick \
          --shape 8x64 --json "$results/bench.json"
      fi
      ;;
  esac
done
echo "The results: $results"
exit $failed
