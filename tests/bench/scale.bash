# Ten thousand machines, a storm of events, a line of 64 kbit/s: a part of tests/bench/run, whose
# functions and names it uses.

scale_fleet() { # URI MACHINES
  local theirs ours figures cpu bytes rss middle high worst
  theirs=$(median_ms 1 virsh -c "$1" list --all) &&
    ours=$(sandboxed "$measure" first 1 "$2 VMs" -- "$vmdeck" -c "$1") || return 1
  note "$2 machines of the test driver: virsh list --all $theirs ms, first list $ours ms"
  report "first list / virsh list, $2 test machines" "$(compute "$ours / $theirs")" "" 1.3
  figures=$(sandboxed "$measure" idle 10 "$2 VMs" -- "$vmdeck" -c "$1") || return 1
  read -r cpu bytes rss <<<"$figures"
  report "resident memory, $2 machines" "$(compute "$rss / 1024")" MiB 150
  note "meanwhile $cpu % of one processor, $bytes bytes/s to the terminal"
  figures=$(sandboxed "$measure" keys 500 "$2 VMs" -- "$vmdeck" -c "$1") || return 1
  read -r middle high worst <<<"$figures"
  note "key to frame with $2 machines: median $middle us"
  report "key to frame, $2 machines, 99th percentile" "$(compute "$high / 1000")" ms 16
  report "key to frame, $2 machines, worst of 500" "$(compute "$worst / 1000")" ms 50
  ours=$(sandboxed "$measure" sort 1 "$2 VMs" -- "$vmdeck" -c "$1") || return 1
  report "sorting by processors, $2 machines, all have figures" "$(compute "$ours / 1000")" s 1
  ours=$(sandboxed "$measure" quit 1 "$2 VMs" -- "$vmdeck" -c "$1") || return 1
  report "quitting, $2 machines" "$ours" ms 300
}

scale_events() {
  local figures cpu each rate
  figures=$("$build/tests/bench/storm" 100 10 state) || return 1
  read -r cpu each rate <<<"$figures"
  note "$rate events/s on 100 hosts of 100 machines: $each us of the loop's thread for each"
  report "an event a millisecond, processor" "$cpu" "%" 2
}

scale_line() {
  local figures bytes middle worst
  figures=$(sandboxed "$measure" thin 20 "$machines VMs" -- "$vmdeck" -c "$uri") || return 1
  read -r bytes middle worst <<<"$figures"
  note "key to frame on that line: median $middle us"
  report "64 kbit/s line, steady state" "$(compute "$bytes / 1024")" KiB/s 2
  report "64 kbit/s line, key to frame, worst" "$(compute "$worst / 1000")" ms 300
}

scale() {
  local many
  many=$("$measure" fleet "$work/many.xml" 10000)
  scale_events && scale_line && scale_fleet "$many" 10000
}
