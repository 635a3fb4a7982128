/**
 * The watchdog, for any POSIX shell with grep and sleep. It reads from descriptor 3, whose other end only the watched process has:
 * '+MARK' a tree is opened, '+MARK:PID:START' a session of it, '-MARK' it is closed. At the end of the input that process is gone,
 * and whatever belongs to a tree that is still open is killed, by the same rules as in tree-search.ts (SYNC: tree-mark.ts).
 *
 * It goes into the background of a shell that ends at once, so it is nobody's child, in a session of its own, without any mark: who
 * ends a tree that the watched process is in, spares the watchdog, and it does its work.
 */
export const WATCHDOG_SCRIPT = `# Ends the servers that process $1 has started when that process is gone.
trap '' INT TERM HUP
ulimit -S -w unlimited 2>/dev/null || ulimit -S -x unlimited 2>/dev/null
read_orders() {
  open=' '
  while read -r order; do
    case $order in
      +*) open="$open\${order#+} " ;;
      -*)
        kept=' '
        for entry in $open; do
          case $entry in "\${order#-}" | "\${order#-}":*) ;; *) kept="$kept$entry " ;; esac
        done
        open=$kept ;;
    esac
  done
}
read_processes() {
  table=' '
  for file in /proc/[0-9]*/stat; do
    { read -r line <"$file"; } 2>/dev/null || continue
    process=\${line%% *}
    set -- \${line##*) }
    case $1 in Z | X) [ "\${18}" -gt 1 ] || continue ;; esac
    table="$table$process:\${20}:$2:$4 "
  done
}
find_marked() {
  set --
  for entry in $open; do
    case $entry in *:*) ;; *) set -- "$@" -e "PORTSLICE_TREE_$entry=" -e "^Max file locks  *$entry " ;; esac
  done
  marked=' '
  for file in $(grep -ls "$@" /proc/[0-9]*/environ /proc/[0-9]*/limits 2>/dev/null); do
    file=\${file#/proc/}
    marked="$marked\${file%/*} "
  done
}
find_sessions() {
  sessions=' '
  for entry in $open; do
    case $entry in *:*) ;; *) continue ;; esac
    leader=\${entry#*:}
    case $table in
      *" $leader:"*) ;;
      *" \${leader%:*}:"*) continue ;;
    esac
    sessions="$sessions\${leader%:*} "
  done
}
find_members() {
  members=' '
  grown=1
  while [ $grown = 1 ]; do
    grown=0
    for entry in $table; do
      process=\${entry%%:*}
      case $members in *" $process "*) continue ;; esac
      session=\${entry##*:}
      parent=\${entry%:*}
      parent=\${parent##*:}
      case $marked in *" $process "*) session=found ;; esac
      case $members in *" $parent "*) session=found ;; esac
      case $sessions in *" $session "*) session=found ;; esac
      if [ $session = found ]; then
        members="$members$process "
        grown=1
      fi
    done
  done
}
watch() {
  read_orders
  [ "$open" = ' ' ] && return
  looks=0
  quiet=0
  while [ $looks -lt 200 ] && [ $quiet -lt 3 ]; do
    find_marked
    read_processes
    find_sessions
    find_members
    quiet=$((quiet + 1))
    for process in $members; do
      kill -9 "$process" 2>/dev/null && quiet=0
    done
    looks=$((looks + 1))
    sleep 0.02 2>/dev/null || sleep 1
  done
}
(watch) <&3 3<&- &
`;
