#!/bin/sh
# Hand what is ready to a program of yours, so many paths at a time; paths are relative to the root of the campaign.
#
#     ready_paths.sh CAMPAIGN KIND COMMAND [ARGUMENT ...]
#     ready_paths.sh campaign.toml formfac_4D echo would make
set -eu

campaign=$1
kind=$2
shift 2

# No path holds a line end, but one may hold a space: xargs is told to split nowhere else.
latteboard --campaign "$campaign" list "$kind" --status ready --format paths | tr '\n' '\0' | xargs -0 -r -n 8 "$@"
