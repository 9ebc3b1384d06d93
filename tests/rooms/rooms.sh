#!/bin/bash
# Who may know whom: the rooms of the house, held by the includes and by the objects' symbols.
# Prints a TAP line for each rule of each room.
set -u
source=${VMDECK_SOURCE:?}
build=${VMDECK_BUILD:?}
cd "$source" || exit 1

# room: the rooms whose headers its files may include, besides its own
rules="
src/base:
src/model: src/base
src/virt: src/base src/model
src/guest: src/base src/model
src/osinfo:
src/jobs: src/base src/model
src/access: src/base src/model
src/node: src/base src/model src/virt
src/metrics: src/base src/model
src/deploy: src/base src/model src/virt src/guest src/jobs
src/deck: src/base src/model src/virt src/guest src/jobs src/access src/node src/metrics src/deploy
src/cli: src/base src/model src/deck
ui: src/base src/model src/deck
"

# say NAME OFFENDERS: ok when there is no offender
say() {
  if [ -z "$2" ]; then
    echo "ok - $1"
  else
    echo "not ok - $1"
    printf '%s\n' "$2" | sed 's/^/# /'
  fi
}

files_of() { find "$1" -name '*.[ch]' 2>/dev/null; }

# quoted ROOM: its own includes as FILE:LINE:#include "PATH"
quoted() { files_of "$1" | xargs -r grep -Hn '^[[:space:]]*#[[:space:]]*include[[:space:]]*"' /dev/null; }
angled() { files_of "$1" | xargs -r grep -Hn '^[[:space:]]*#[[:space:]]*include[[:space:]]*<' /dev/null; }

check_room() { # ROOM ALLOWED...
  local room=$1 allowed="config\\.h" friend
  for friend; do allowed="$allowed|$friend/[^/\"]*\\.h"; done
  say "$room includes only what it may know: ${*:2}" \
    "$(quoted "$room" | grep -Ev "include[[:space:]]*\"($allowed)\"")"
}

while IFS=: read -r room friends; do
  [ -n "$room" ] && [ -d "$room" ] || continue
  # shellcheck disable=SC2086 -- a list of rooms
  check_room "$room" $friends
done <<<"$rules"

say "every room is in the rules" "$(for room in src/*/ ui/; do
  grep -q "^${room%/}:" <<<"$rules" || echo "$room"; done)"

# only_in LIBRARY ROOMS PATTERN: angle includes matching PATTERN nowhere but in ROOMS
only_in() {
  say "$1 is included only in: $2" \
    "$(for room in src ui; do angled "$room"; done | grep -E "<($3)" | grep -Ev "^($2)/")"
}
only_in libvirt "src/virt" "libvirt/"
only_in libguestfs "src/guest" "guestfs\\.h"
only_in libosinfo "src/osinfo" "osinfo/"
only_in SQLite "src/jobs|src/metrics" "sqlite3\\.h"
only_in curses "ui" "n?cursesw?(/|\\.h)|term\\.h|panel\\.h|ncurses"
only_in "curl and packers" "src/deploy" "curl/|lzma\\.h|zstd\\.h"
say "ui/ includes no XML or transfer library" "$(angled ui | grep -E '<(libxml/|curl/)')"

# One file puts the canvas on the terminal, and one reads keys from it.
say "curses is included in ui/term*.c and ui/keys-in.c alone" \
  "$(angled ui | grep -E '<n?cursesw?|<ncurses' | grep -Ev '^ui/(term[a-z_]*|keys-in)\.c:')"

say "every source file starts with config.h" "$(for file in $(files_of src; files_of ui); do
  case $file in *.c) ;; *) continue ;; esac
  [ "$(grep -m1 '^#[[:space:]]*include' "$file")" = '#include "config.h"' ] || echo "$file"; done)"

# symbols DIR: what the room's objects ask others for
symbols() {
  find "$build/$1" -name '*.o' -exec nm -A -u {} + 2>/dev/null
}
say "ui/ has objects to look at" "$(find "$build/ui" -name '*.o' 2>/dev/null | grep -q . ||
  echo "none below $build/ui")"
say "no object of ui/ asks for a libvirt, libguestfs or SQLite symbol" \
  "$(symbols ui | grep -E ' U (vir[A-Z]|guestfs_|sqlite3_|xml[A-Z]|curl_)')"
say "no object of src/cli asks for a libvirt, libguestfs or SQLite symbol" \
  "$(symbols src/cli | grep -E ' U (vir[A-Z]|guestfs_|sqlite3_)')"
say "no object but src/osinfo's asks for a libosinfo symbol" \
  "$( (symbols src; symbols ui) | grep -E ' U osinfo_' | grep -Ev '/src/osinfo/')"
say "no object of src/ asks for a curses symbol" \
  "$(symbols src | grep -E ' U (initscr|newterm|doupdate|wnoutrefresh|endwin|waddn?w?str|wget_wch|setupterm)$')"

# A call made by a callback of the event loop would hold up keepalive for all connections (row J of
# the experiments behind doc/never-blocks.md): they copy and post, by hint() or at once.
callbacks=$(files_of src/virt | xargs -r grep -Eh '^static void (on_[a-z]+\(virConnectPtr|hint\(virDomainPtr)')
say "callbacks of libvirt are known by their form" "$([ "$(wc -l <<<"$callbacks")" -ge 6 ] || echo "$callbacks")"
say "no callback of libvirt's event loop calls libvirt" "$(files_of src/virt | grep '\.c$' | xargs -r awk '
  /^static void (on_[a-z]+\(virConnectPtr|hint\(virDomainPtr)/ { inside = 1 }
  /^}/ { inside = 0 }
  inside && /[^A-Za-z_]vir[A-Z][A-Za-z]*\(/ { print FILENAME ":" FNR ": " $0 }')"

# A clock that is set must change no rate, no deadline and no age.
say "src/virt knows the monotonic clock alone" "$(files_of src/virt |
  xargs -r grep -HnE 'get_real_time|[^a-z_]time\(NULL\)|date_time_new_now|CLOCK_REALTIME|gettimeofday')"

say "no file is longer than 1000 lines" "$(for file in $(files_of src; files_of ui; files_of tests); do
  lines=$(wc -l <"$file"); [ "$lines" -le 1000 ] || echo "$file: $lines lines"; done)"
say "no line is wider than 100 columns" \
  "$( (files_of src; files_of ui) | xargs -r env LC_ALL=C.UTF-8 grep -HnE '^.{101,}' | cut -c1-60)"
