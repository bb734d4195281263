#!/usr/bin/env bash
# Train on several GPUs: tools/dist_train.sh CONFIG NUM_GPUS [arguments of tools/train.py]
set -euo pipefail
[ $# -ge 2 ] || { echo "usage: $0 CONFIG NUM_GPUS [arguments of tools/train.py]" >&2; exit 2; }
config=$1 gpus=$2
shift 2
torchrun --nnodes="${NNODES:-1}" --node_rank="${NODE_RANK:-0}" --nproc_per_node="$gpus" \
    --master_addr="${MASTER_ADDR:-127.0.0.1}" --master_port="${PORT:-29500}" \
    "$(dirname "$0")/train.py" "$config" --launcher pytorch "$@"
