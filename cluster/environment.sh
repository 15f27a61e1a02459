# shellcheck shell=bash
# What a node of the cluster knows before Ray starts. Sourced, never run; holds no secret: those lie
# in ~/.ser-cluster, a folder of mode 0700 that `ray up` copies to every node.
#   ~/.ser-cluster/ray-token   the token of this cluster
#   ~/.ser-cluster/secrets     lines NAME=value, if any: MLFLOW_TRACKING_USERNAME, PGPASSWORD, ...
export PATH="$HOME/.ser-venv/bin:$PATH"
export RAY_AUTH_MODE=token
export RAY_AUTH_TOKEN_PATH="$HOME/.ser-cluster/ray-token"
export RAY_USAGE_STATS_ENABLED=0
export MLFLOW_ALLOW_PICKLE_DESERIALIZATION=false
if [ -f "$HOME/.ser-cluster/secrets" ]; then
  set -a
  # shellcheck source=/dev/null
  . "$HOME/.ser-cluster/secrets"
  set +a
fi
