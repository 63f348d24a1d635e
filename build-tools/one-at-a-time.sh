# Read by the launcher: lets one process at a time work on something, which a file stands for. The system lets go of the
# file when the process, and what it has started, has ended, however that was. A system without `flock` (macOS) has it so
# that nobody waits.
one_at_a_time() {
  command -v flock >/dev/null || return 0
  exec 9>>"$1"
  if ! flock -n 9; then
    echo "hearth: waiting until another process has ended its work" >&2
    flock 9
  fi
}

next_one() {
  exec 9>&-
}
