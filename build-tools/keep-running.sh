# Read by the launchers: runs a server, and starts it again when a fault has ended it.

# Exit codes: 3 is Java's for want of memory, 70 the server's own when something has ended without which it is not whole,
# 74 when a page of its database is damaged, 75 when it did not start because the disk is full, 76 because another process
# had its data folder (which ends a first start, and is a command's doing when a server is started again), 128 + SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE or SIGSEGV those of a crash,
# 128 + SIGKILL that of a system without memory. The server is told of those that are not its own in its environment: it
# had no time to keep the reason itself. It is told again after a start without room or without its folder, which could not
# note it. Whatever else ends it (another signal, `hearth stop`, a start that was refused) ends the launcher with the same
# code.
# The pause doubles; a server that ended six times with less than ten minutes in between is left for its owner to look at.
# One whose database is damaged is left the second time, however long it ran: what meets the page may be its daily backup.
# One without room, or whose folder a command has, is never left, and tried every 32 s in the end: it comes back when somebody
# has made some, or the command is done.
# The server is told which process this is, so that `hearth stop` finds it in the pause.
# A terminal or a file that takes nothing more ends nobody.
say() {
  echo "hearth: $1" >&2 || :
}

ended_by() {
  HEARTH_ENDED_BY=$1
  HEARTH_ENDED_AT=$(date +%s)
  export HEARTH_ENDED_BY HEARTH_ENDED_AT
}

keep_running() {
  HEARTH_LAUNCHER=$$
  export HEARTH_LAUNCHER
  restarts=0
  damaged=0
  full=0
  asked=
  child=
  server=
  trap 'asked=yes; [ -z "$child" ] || kill -TERM "$child" 2>/dev/null || :' INT TERM HUP
  # Java answers it with what its threads do; a shell would end.
  trap '[ -z "$server" ] || kill -QUIT "$server" 2>/dev/null || :' QUIT
  while :; do
    began=$(date +%s)
    "$@" &
    child=$!
    server=$child
    [ -z "$asked" ] || kill -TERM "$child" 2>/dev/null || :
    # A signal ends the wait before it ends the server.
    while :; do
      code=0
      wait "$child" || code=$?
      kill -0 "$child" 2>/dev/null || break
    done
    child=
    server=
    [ "$code" -eq 75 ] || [ "$code" -eq 76 ] || unset HEARTH_ENDED_BY HEARTH_ENDED_AT
    case $code in
      3) why="its memory was used up"; ended_by memory ;;
      70) why="it had failed" ;;
      74) why="its database is damaged"; damaged=$((damaged + 1)) ;;
      75) why="its disk is full" ;;
      76)
        [ $((restarts + full)) -gt 0 ] || exit "$code"
        why="another process had its data folder"
        ;;
      132 | 133 | 134 | 135 | 136 | 139) why="Java has crashed"; ended_by crash ;;
      137) why="it was killed"; ended_by kill ;;
      *) exit "$code" ;;
    esac
    # As one that a signal has ended: whoever runs services would start it again after 137.
    [ -z "$asked" ] || exit 143
    ended=$(date +%s)
    [ $((ended - began)) -lt 600 ] || restarts=0
    if [ "$damaged" -gt 1 ]; then
      say "the server has ended a second time because its database is damaged, and is not started again."
      exit "$code"
    fi
    if [ "$restarts" -ge 5 ] && [ "$code" -ne 75 ] && [ "$code" -ne 76 ]; then
      say "the server has ended ($why) six times in a row, and is not started again."
      exit "$code"
    fi
    # A disk is made room on, and a command may take hours: both are waited for as long as it takes.
    if [ "$code" -eq 75 ]; then
      pause=$((1 << full))
      [ "$full" -ge 5 ] || full=$((full + 1))
    elif [ "$code" -eq 76 ]; then
      pause=$((restarts + full < 5 ? 1 << (restarts + full) : 32))
      [ "$full" -ge 5 ] || full=$((full + 1))
    else
      pause=$((1 << restarts))
      restarts=$((restarts + 1))
      full=0
    fi
    say "the server has ended ($why); it is started again in $pause s."
    # In the background, because a signal ends a wait and does not end a sleep.
    sleep "$pause" &
    child=$!
    [ -z "$asked" ] || kill -TERM "$child" 2>/dev/null || :
    wait "$child" || :
    child=
    [ -z "$asked" ] || exit 143
  done
}
