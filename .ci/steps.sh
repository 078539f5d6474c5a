# shellcheck shell=bash
# Steps of .ci/run, which sources this. `step HEADING COMMAND...` runs a step, `background HEADING COMMAND...` starts
# one beside those that follow, and `await HEADING` waits for it and prints its output. A step that fails ends the
# run. At the end of the run the processes of all steps end, and .ci/summary.mjs prints what became of the steps.

# A run that hangs must say where, so it ends itself before whoever started it does.
longest_seconds=4500

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
  local status=0 signal
  for signal in TERM KILL; do
    kill -"$signal" -- "-${leaders[$1]}" 2>/dev/null || true
    ended_within 20 "${leaders[$1]}" && break
  done
  # A process that the kernel does not let go would never be waited for.
  if ended_within 0 "${leaders[$1]}"; then wait "${leaders[$1]}" || status=$?; fi
  if [[ ! -e $record/$1.ended ]]; then
    status='ended with the run'
  elif [[ $status != 0 ]]; then
    printf '\n=== %s, from the background\n' "$1"
    cat "$record/$1.output"
  fi
  note "$1" "$status"
}

# Whether the process has ended, or does within so many seconds.
ended_within() {
  local deadline=$((SECONDS + $1)) state
  while state=$(ps -o stat= -p "$2") && [[ $state != Z* ]]; do
    ((SECONDS < deadline)) || return 1
    sleep 0.1
  done
}

# Shows what the run has running, and what the kernel does not let go, and ends the run.
overdue() {
  printf '\n=== the run takes longer than %d s. What runs:\n' "$longest_seconds"
  ps -eo pid,ppid,stat,etimes,wchan:24,args --forest |
    awk -v run="$$" '$1 == run || $2 in ours { ours[$1] } $1 in ours || $3 ~ /^D/ || NR == 1' | cut -c -200
  exit 124
}

finish_run() {
  local status=$? heading
  trap '' INT TERM HUP USR1
  kill "$alarm" 2>/dev/null || true
  for heading in "${!leaders[@]}"; do abandon "$heading"; done
  printf '\n=== %s in %d s\n\n' "$([[ $status == 0 ]] && echo 'all steps passed' || echo "FAILED with status $status")" "$SECONDS"
  node .ci/summary.mjs "$record" "$status"
  rm -rf "$record"
}
trap finish_run EXIT
trap overdue USR1
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# One process, without a sleep(1) that would outlive it: it reads what nobody writes.
exec {nothing}<> <(:)
(read -rt "$longest_seconds" -u "$nothing" || kill -USR1 "$$") &
alarm=$!
