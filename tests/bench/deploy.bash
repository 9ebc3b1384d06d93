# Deployments and what they move: a part of tests/bench/run, whose functions and names it uses. Each
# figure is a ratio of medians of pairs, ours and theirs turn by turn, so that a machine that is
# slow for a while is slow for both.

mover=$build/tests/bench/mover

median() { sort -n | awk '{ v[NR] = $1 } END { printf "%.1f", v[int((NR + 1) / 2)] }'; }

# pairs NAME RUNS: calls NAME_ours and NAME_theirs with the number of the run, each printing its
# milliseconds and first by turns, NAME_after after each if there is one, and NAME_away after both;
# sets $ours and $theirs to the medians.
pairs() {
  local name=$1 runs=$2 i whose order="ours theirs"
  : >"$work/ours.ms" && : >"$work/theirs.ms"
  for ((i = 1; i <= runs; i++)); do
    for whose in $order; do
      sync
      "${name}_$whose" "$i" >>"$work/$whose.ms" || return 1
      if declare -F "${name}_after" >/dev/null; then "${name}_after" "$i" >/dev/null 2>&1; fi
    done
    "${name}_away" "$i" >/dev/null 2>&1
    order="${order#* } ${order%% *}"
  done
  ours=$(median <"$work/ours.ms")
  theirs=$(median <"$work/theirs.ms")
}

timed_ms() { # COMMAND...
  local start
  start=$(date +%s%N)
  "$@" >"$work/timed.log" 2>&1 || { tail -n 5 "$work/timed.log" >&2; return 1; }
  compute "($(date +%s%N) - $start) / 1000000"
}

# ---- machines by seed ---------------------------------------------------------------------

# An image of a GiB whose machine says hello and halts, so that those that run take nothing from
# those that start.
seed_words="--image halt --engine seed --no-grow --cpus 1 --memory 64M --wait 0 --overcommit"
seed_image() {
  ! in_lab "$vmdeck" image show halt >/dev/null 2>&1 || return 0
  printf 'bench secret\n' >"$work/password"
  "$source/tests/lab/tiny-image" halt "$work/halt.raw" &&
    dd if=/dev/urandom of="$work/halt.raw" bs=1M seek=16 count=1008 conv=notrunc status=none &&
    in_lab "$vmdeck" image add "$work/halt.raw" --name halt >"$work/add.log" 2>&1 ||
    { cat "$work/add.log" >&2; return 1; }
  rm "$work/halt.raw"
  # One whose definition the others have, and what libvirt asks QEMU but once is asked.
  # shellcheck disable=SC2086
  in_lab "$vmdeck" deploy pattern $seed_words --password-file "$work/password" --yes >/dev/null 2>&1 &&
    in_lab virsh -q dumpxml --inactive pattern >"$work/pattern.xml"
}

# A machine as the pattern on a ready disk of its own: its definition in $work/NAME.xml
like_pattern() { # NAME
  local disk base
  disk=$(grep -o "/var/lib/libvirt/images/pattern-[^']*qcow2" "$work/pattern.xml" | head -n 1)
  base=$(in_lab qemu-img info -U --output=json "$disk" | jq -r '."full-backing-filename"')
  in_lab qemu-img create -q -f qcow2 -b "$base" -F raw "/var/lib/libvirt/images/$1.qcow2" || return 1
  sed -e "s/<name>pattern</<name>$1</; s|$disk|/var/lib/libvirt/images/$1.qcow2|; /<uuid>/d" \
    -e "/<mac address/d" "$work/pattern.xml" >"$work/$1.xml"
}

gone() { # PATTERN: the machines of such names and their volumes
  # shellcheck disable=SC2016 -- the inner shell's
  in_lab sh -c 'for v in $(virsh -q list --all --name | grep -E "$0"); do
      virsh -q destroy "$v"; virsh -q undefine "$v"; done
    virsh -q pool-refresh default
    virsh -q vol-list default | awk -v p="$0" "\$1 ~ p { print \$1 }" |
      xargs -r -n 1 virsh -q vol-delete --pool default' "$1" >/dev/null 2>&1
}

# shellcheck disable=SC2086
seed_ours() {
  timed_ms in_lab "$vmdeck" deploy "ours-$1" $seed_words --password-file "$work/password" --yes
}
seed_theirs() {
  like_pattern "theirs-$1" || return 1
  timed_ms in_lab sh -c "virsh -q define '$work/theirs-$1.xml' && virsh -q start 'theirs-$1'"
}
seed_away() { gone '^(ours|theirs)-'; }

seed_figure() {
  local ours theirs
  seed_image && pairs seed 7 || return 1
  note "an image of a GiB: deployed to running in $ours ms; virsh define + start $theirs ms"
  report "seed to running / virsh define + virsh start" "$(compute "$ours / $theirs")" "" 1.5
}

# Twenty commands at the same time: the journal, the host and the pool are shared by all.
many_ours() {
  # shellcheck disable=SC2016 -- the inner shell's
  timed_ms in_lab sh -c 'vmdeck=$0 password=$1; shift; pids=
    for i in $(seq 20); do
      "$vmdeck" deploy "ours-$i" "$@" --password-file "$password" --yes & pids="$pids $!"
    done
    for pid in $pids; do wait $pid || exit 1; done' "$vmdeck" "$work/password" $seed_words
}
many_theirs() {
  local i starts=
  for ((i = 1; i <= 20; i++)); do
    like_pattern "theirs-$i" && in_lab virsh -q define "$work/theirs-$i.xml" >/dev/null || return 1
    starts="$starts start theirs-$i;"
  done
  timed_ms in_lab virsh -q "$starts"
}
many_away() { seed_away; }

many_figure() {
  local ours theirs
  seed_image && pairs many 3 || return 1
  note "20 machines deployed by seed in parallel $ours ms; libvirt starts 20 one by one in $theirs ms"
  report "20 by seed in parallel / 20 starts in sequence" "$(compute "$ours / $theirs")" "" 1.3
}

# ---- large files ----------------------------------------------------------------------------

# Half a GiB of data in pieces of 8 MiB, with holes as large between.
large_file() {
  local i
  [ ! -e "$work/large" ] || return 0
  truncate -s 1G "$work/large"
  for ((i = 0; i < 128; i += 2)); do
    dd if=/dev/urandom of="$work/large" bs=8M seek=$i count=1 conv=notrunc status=none || return 1
  done
}

# Both to the disk: a copy that is only in memory is lost with its host.
copy_ours() { timed_ms "$mover" copy "$work/large" "$work/large.ours"; }
copy_theirs() { timed_ms sh -c "cp --sparse=always '$work/large' '$work/large.theirs' && sync -d '$work/large.theirs'"; }
copy_away() { cmp "$work/large.ours" "$work/large.theirs" && rm "$work/large.ours" "$work/large.theirs"; }

copy_figure() {
  local ours theirs
  large_file && pairs copy 5 || return 1
  [ ! -e "$work/large.ours" ] || return 1
  note "a GiB, half of it holes: copied in $ours ms; cp --sparse=always and sync $theirs ms"
  report "full copy / cp --sparse=always" "$(compute "$ours / $theirs")" "" 1.11
}

upload_ours() { timed_ms in_lab "$mover" upload qemu:///system default ours-large "$work/large"; }
upload_theirs() {
  in_lab virsh -q vol-create-as default theirs-large 1G --allocation 0 --format raw >/dev/null || return 1
  timed_ms in_lab virsh -q vol-upload --sparse --pool default theirs-large "$work/large"
}
# At once, lest the second be held back by what the first has yet to write to the disk.
upload_after() { gone '^(ours|theirs)-'; }
upload_away() { upload_after; }

upload_figure() {
  local ours theirs
  large_file && in_lab true && pairs upload 9 || return 1
  note "the same file to a host: $ours ms; virsh vol-upload --sparse $theirs ms"
  report "upload / virsh vol-upload --sparse" "$(compute "$ours / $theirs")" "" 1.11
}

for part in seed many copy upload; do
  want $part || continue
  if [ $part != copy ] && [ "$(id -u)" != 0 ]; then
    lost "$part (needs root)"
  else
    "${part}_figure" || lost "$part"
  fi
done
