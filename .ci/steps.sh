# shellcheck shell=bash
# Steps of .ci/run, which sources this. `step HEADING COMMAND...` runs a step, `background HEADING COMMAND...` starts
# one beside those that follow, and `await HEADING` waits for it and prints its output. A step that fails ends the
# run. At the end of the run the processes of all steps end, and .ci/summary.mjs prints what became of the steps.

# Contains steps.tsv, and for each background step NAME.output, and NAME.ended with the time of its end.
record=$(mktemp -d)
# Guests write results to it as other users.
chmod 755 "$record"

# For each step that was started and not yet awaited, by heading: its process group's leader, and when it started.
declare -A leaders=() starts=()

step() {
  printf '\n=== %s: %s\n' "$1" "${*:2}"
  local status=0
  start "$@"
  wait "${leaders[$1]}" || status=$?
  finish_step "$1" "$status"
}

background() {
  printf '\n=== %s, in the background: %s\n' "$1" "${*:2}"
  start "$1" noting_its_end "$@" >"$record/$1.output" 2>&1
}

await() {
  local status=0
  wait "${leaders[$1]}" || status=$?
  printf '\n=== %s, from the background\n' "$1"
  cat "$record/$1.output"
  finish_step "$1" "$status"
}

# Starts a step in its own process group, so that its children can be ended with it. The shell does not wait for it in
# the foreground, where bash would handle no signal until the command has ended.
start() {
  starts[$1]=$EPOCHSECONDS
  set -m
  "${@:2}" </dev/null &
  set +m
  leaders[$1]=$!
}

# Notes the time of the end, because a step may have ended long before it is awaited.
noting_its_end() {
  local status=0
  "${@:2}" || status=$?
  echo "$EPOCHSECONDS" >"$record/$1.ended"
  return "$status"
}

finish_step() {
  note "$1" "$2"
  printf '=== %s: %s in %d s\n' "$1" "$([[ $2 == 0 ]] && echo done || echo "FAILED with status $2")" "$seconds"
  [[ $2 == 0 ]] || exit "$2"
}

# Writes the line of a step that has ended.
note() {
  local ended=$EPOCHSECONDS
  [[ -e $record/$1.ended ]] && ended=$(<"$record/$1.ended")
  seconds=$((ended - starts[$1]))
  printf '%s\t%d\t%s\n' "$1" "$seconds" "$2" >>"$record/steps.tsv"
  unset "leaders[$1]"
}

# Ends a step that was not awaited, unless it has ended by itself.
abandon() {
  local status=0
  kill -TERM -- "-${leaders[$1]}" 2>/dev/null || true
  wait "${leaders[$1]}" || status=$?
  if [[ ! -e $record/$1.ended ]]; then
    status='ended with the run'
  elif [[ $status != 0 ]]; then
    printf '\n=== %s, from the background\n' "$1"
    cat "$record/$1.output"
  fi
  note "$1" "$status"
}

finish_run() {
  local status=$? heading
  trap '' INT TERM HUP
  for heading in "${!leaders[@]}"; do abandon "$heading"; done
  printf '\n=== %s in %d s\n\n' "$([[ $status == 0 ]] && echo 'all steps passed' || echo "FAILED with status $status")" "$SECONDS"
  node .ci/summary.mjs "$record" "$status"
  rm -rf "$record"
}
trap finish_run EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM
