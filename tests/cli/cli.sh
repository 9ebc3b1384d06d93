#!/bin/bash
# The command line against libvirt's test driver: what it prints, where, and with which status.
# About 20 s on two processors.
. "$(dirname "$0")/lib.bash"

try 0 --version
check "--version goes to standard output" all is "$status" 0 , prints "vmdeck "
try 0 --help
check "--help names each command of the table" all is "$status" 0 , prints "autostart" , prints "image add" , prints "Exit status"
try 0 deploy --help
check "the help of a command lists its options" all is "$status" 0 , prints "--password-file" , prints "--image"

try 0 -c "$fleet" list
check "list shows both machines" all is "$status" 0 , prints web-01 , prints 'db, "one"' , prints running
try 0 -c "$fleet" list --format json
check "list in JSON is one document" all is "$status" 0 , one_json
check "JSON has numbers as numbers" all is "$(json '$.machines[1].memory')" 536870912
check "a name with quotes comes through JSON" all is "$(json '$.machines[0].name')" 'db, "one"'
try 0 -c "$fleet" list --format csv
check "CSV quotes by RFC 4180" all is "$status" 0 , prints '"db, ""one""",fleet,off'
try 0 -c "$fleet" list --state off
check "list --state off leaves the running one out" all prints 'db, "one"' , is "${out/web-01/}" "$out"
try 0 -c "$fleet" hosts --format json
check "hosts tells state and numbers" all one_json , is "$(json '$.hosts[0].state')" up , is "$(json '$.hosts[0].machines')" 2

try 0 -c "$fleet" show web-01 --format json
check "show answers with the hardware" all is "$status" 0 , one_json , is "$(json '$.general.name')" web-01
try 0 -c "$fleet" xml web-01
check "xml prints the domain's XML" all is "$status" 0 , prints "<name>web-01</name>"
try 0 -c "$fleet" start 'db, "one"'
check "start says what it did on standard error" all is "$status" 0 , quiet , says "db, \"one\""
request=$(sed -n 's/.*(\(r-[0-9A-Z]*\)).*/\1/p' "$work/err")
try 0 trace "$request"
check "trace tells the story of that request" all is "$status" 0 , prints vm.start , prints "asked by" , prints done
try 1 -c "$fleet" start web-01
check "starting a running machine fails with a sentence" all is "$status" 1 , says web-01 , quiet
try 2 -c "$fleet" poweroff web-01
check "a dangerous command without a terminal wants --yes" all is "$status" 2 , says --yes , says "Power off web-01?"
try 1 -c "$fleet" delete web-01
check "what would be refused is not asked first" all is "$status" 1 , says "power it off first" , is "${err/--yes/}" "$err"
try 1 -c "$fleet" poweroff 'db, "one"'
check "nor is what is so already" all is "$status" 1 , says "it is off" , is "${err/--yes/}" "$err"
try 0 -c "$fleet" poweroff web-01 --yes --format json
check "with --yes it is done, and JSON says so" all is "$status" 0 , one_json , is "$(json '$.requests[0].outcome')" done
try 1 -c "$fleet" start nobody
check "an unknown machine is named" all is "$status" 1 , says nobody
try 1 -c "$fleet" start web-1
check "and those that it may have been are, too" says "did you mean web-01?"
try 1 -c "$fleet" start ''
check "a name of nothing may have been none of them" is "$err" "vmdeck: There is no machine “”; vmdeck list shows all"
printf 'secret\n' >"$work/pw"
chmod 644 "$work/pw"
try 1 -c "$fleet" deploy new --image x --password-file "$work/pw"
check "a password file that others can read is remarked on" says "others can read $work/pw"
chmod 600 "$work/pw"
try 1 -c "$fleet" deploy new --image x --password-file "$work/pw"
check "and one that they cannot is not" is "${err/others can/}" "$err"
try 2 -c "$fleet" deploy new --image x --password-file "$work/nothing"
check "a missing password file is named, with its option and the way out" all says "--password-file: $work/nothing" , says "first line"
try 1 job follow r-000000
check "following a job that is not there ends" says "no job r-000000"
try 0 -c "$fleet" autostart web-01 --state on
check "autostart takes its argument, and says what it is now" all is "$status" 0 , says "Autostart: web-01: now on (r-"
try 0 -c "$fleet" autostart web-01 --format json
check "a toggle tells programs which way it went" all is "$status" 0 , is "$(json '$.requests[0].result')" on
try 2 -c "$fleet" autostart web-01 --state maybe
check "a wrong word is refused with what was expected" all is "$status" 2 , says "on, off, toggle"
try 2 -c "$fleet" rename web-01 'a b'
check "a bad new name is refused, and quoted" all is "$status" 2 , says "letters, digits" , says "“a b” is no name"
try 2 -c "$fleet" rename web-01
check "a missing argument is said, with what is expected" all is "$status" 2 , says "rename VM NEW-NAME"

try 2 nonsense
check "an unknown command is usage" all is "$status" 2 , says nonsense , quiet
try 2 list --nonsense
check "an unknown option is usage" all is "$status" 2 , says --nonsense
try 2 list --format xml
check "a wrong format is usage" all is "$status" 2 , says "table, json or csv"
try 2 image
check "half a command is usage" all is "$status" 2 , says "help image"
try 3 -c qemu+unix:///system?socket=/nonexistent list
check "a host that is not there: status 3" all is "$status" 3 , says /nonexistent
try 3 -c nosuch:///x list
check "a URI that libvirt does not know: status 3" all is "$status" 3 , says "an address begins with"
try 3 -c "$fleet" -c qemu+unix:///system?socket=/nonexistent list
check "one dead host hides no machine of the other" all is "$status" 3 , prints web-01

try 2 --config "$work/nothing.conf" -c "$fleet" list
check "a configuration that is named and not there is no other one" all is "$status" 2 , says nothing.conf , quiet
try 2 -c '' list
check "an empty URI is not the default" all is "$status" 2 , quiet
try 1 -c "$fleet" --host nope list
check "a host that there is not is said" all is "$status" 1 , says "There is no host “nope”" , quiet
try 1 -c "$fleet" list --on-host nope
check "nor is a list of its machines an empty one" all is "$status" 1 , says "There is no host “nope”" , quiet
try 0 -c qemu+unix:///system?socket=/nonexistent -c "$fleet" list --on-host fleet
check "who lists one host is told of no other" all is "$status" 0 , prints web-01 , is "$err" ""
try 0 -c "$fleet" suspend web-01 web-01 --format json
check "a machine named twice is meant once" all is "$status" 0 , is "$(json '$.requests[1].request')" ""

try 0 image list --format json
check "no images: an empty list" all is "$status" 0 , one_json , is "$(json '$.images')" '[]'
mkdir "$work/shelf"
VMDECK_STATE_DIR=$work/shelf-state
printf '[tiny]\nname=Tiny Linux\nfile=tiny.xz\nsize=512\nrevision=3\nchecksum=%0128d\n' 7 >"$work/shelf/index"
cat >"$work/shelf.conf" <<END
sources = ( { name = "near"; kind = "virt-builder"; url = "file://$work/shelf/index"; } );
END
try 0 --config "$work/shelf.conf" image sources --format json
check "a catalogue that was never read is listed" all is "$status" 0 , is "$(json '$.sources[0].name')" near , is "$(json '$.sources[0].read')" ""
try 1 --config "$work/shelf.conf" image search tiny
check "nor can it be searched, and the way out is told" all is "$status" 1 , says "vmdeck image refresh" , quiet
try 1 image search tiny
check "where no catalogue is configured, that is told" all is "$status" 1 , says "\`sources\` in vmdeck.conf" , quiet
try 0 --config "$work/shelf.conf" image refresh
check "refresh reads the catalogues" all is "$status" 0
try 0 --config "$work/shelf.conf" image search tiny linux --format json
check "search finds by all words" all is "$status" 0 , is "$(json '$.offers[0].name')" tiny , is "$(json '$.offers[0].revision')" 3
try 0 --config "$work/shelf.conf" image search tiny windows --format json
check "search leaves out what lacks one" all is "$status" 0 , is "$(json '$.offers')" '[]'
try 1 --config "$work/shelf.conf" image fetch tiny
check "a file that is not there is not fetched" all is "$status" 1 , says "cannot be read"
printf '[up]\nfile=../tiny.xz\nchecksum=%0128d\n[vast]\nfile=tiny.xz\nsize=11529215046068469760\nchecksum=%0128d\n' 7 7 >>"$work/shelf/index"
printf 'sources = ( { name = "gone"; kind = "virt-builder"; url = "file://%s/nowhere"; },
  { name = "lost"; kind = "virt-builder"; url = "file://%s/nowhere-else"; } );\n' "$work" "$work" >"$work/gone.conf"
try 1 --config "$work/gone.conf" image refresh
check "of several catalogues that cannot be read all are named" says "Nor could these be read: lost;"
try 0 --config "$work/shelf.conf" image refresh --format json
check "entries that cannot be are left out, and counted" all is "$status" 0 , prints "near: 1 (2 left out)"
try 1 --config "$work/shelf.conf" image fetch up
check "one with its file elsewhere is refused, and why" all is "$status" 1 , says "is not below the index"
try 1 --config "$work/shelf.conf" image fetch vast
check "so is one of 10 EiB" all is "$status" 1 , says "a size that no disk has"
try 1 --config "$work/shelf.conf" image fetch huge
check "what no catalogue has is named" all is "$status" 1 , says huge
try 1 image fetch tiny
check "without a catalogue it is said where to name one" all is "$status" 1 , says vmdeck.conf
# An image as if it had been added, so that nothing needs an appliance: a disk with a partition table.
mkdir -p "$VMDECK_STATE_DIR/images"
{
  head -c 446 /dev/zero
  printf '\0\0\0\0\203\0\0\0\0\010\0\0\0\010\0\0'
  head -c 48 /dev/zero
  printf '\125\252'
  head -c $(((2 << 20) - 512)) /dev/zero
} >"$work/disk"
sum=$(sha256sum <"$work/disk" | cut -d' ' -f1)
cp "$work/disk" "$VMDECK_STATE_DIR/images/$sum.raw"
cat >"$VMDECK_STATE_DIR/images/bare.json" <<END
{"sha256": "$sum", "format": "raw", "virtual_size": 2097152, "file_size": 2097152, "added": 1,
 "layout": {"os": null, "reason": {"code": "no-os", "message": "Nothing is in it."}}}
END
try 0 image export bare "$work/out.raw"
check "an image is exported" all is "$status" 0 , cmp "$work/disk" "$work/out.raw"
try 1 image export bare "$work/out.raw"
check "never over a file that is there" all is "$status" 1 , says "is there already"
try 0 image publish "$work/published" --image bare
check "an image is published" all is "$status" 0 , test -f "$work/published/bare-1.raw.xz" , grep -q '^revision=1$' "$work/published/index"
try 0 image publish "$work/published" --image bare
check "and not a second time" all is "$status" 0 , is "$(ls "$work/published")" $'bare-1.raw.xz\nindex'
sed 's/^{"sha256": "../{"sha256": "00/' "$VMDECK_STATE_DIR/images/bare.json" >"$VMDECK_STATE_DIR/images/lost.json"
try 1 image publish "$work/half" --image bare --image lost
check "of images of which one cannot be published none is left there" all is "$status" 1 , \
  test ! -e "$work/half"
try 1 -c test:///default deploy never --image lost --no-grow --no-customise
check "an image whose disk is gone is refused before there is a job" all is "$status" 1 , says "The disk of the image lost is gone" , \
  eval '! "$VMDECK" jobs --format csv | grep "deploy never"'
rm "$VMDECK_STATE_DIR/images/lost.json"
# Its last byte lies where no file may go on, which is as on a full disk.
truncate -s 67108863 "$work/wide" && printf x >>"$work/wide"
wide=$(sha256sum <"$work/wide" | cut -d' ' -f1)
mv "$work/wide" "$VMDECK_STATE_DIR/images/$wide.raw"
cat >"$VMDECK_STATE_DIR/images/wide.json" <<END
{"sha256": "$wide", "format": "raw", "virtual_size": 67108864, "file_size": 67108864, "added": 1,
 "layout": {"os": {"type": "linux", "distro": "debian", "arch": "x86_64"}, "root": "/dev/sda",
  "grow": {"possible": true}, "customise": {"possible": true}, "init": "systemd", "network": "none"}}
END
trap '' XFSZ
ulimit -S -f 32768
try 1 image prepare wide
ulimit -S -f unlimited
check "an image for which there is no room is named, with its folder, and leaves nothing" all \
  is "$status" 1 , says "There is no room left for the image wide-prepared in $VMDECK_STATE_DIR/images." , \
  is "$(ls -A "$VMDECK_STATE_DIR/images" | grep -F .prepare)" ""
rm "$VMDECK_STATE_DIR/images/wide.json" "$VMDECK_STATE_DIR/images/$wide.raw"
cat >"$work/published.conf" <<END
sources = ( { name = "pub"; kind = "virt-builder"; url = "file://$work/published/index"; } );
END
try 0 --config "$work/published.conf" image fetch bare --name again
check "what was published is fetched" all is "$status" 0
try 0 --config "$work/published.conf" image show again --format json
check "the same bytes, and where they are from" all is "$(json '$.image.sha256')" "$sum" , is "$(json '$.image.source')" pub , is "$(json '$.image.revision')" 1
sed -i 's/^revision=1$/revision=2/' "$work/published/index"
try 0 --config "$work/published.conf" image refresh
try 0 --config "$work/published.conf" image list --format json
check "a newer one is told" prints '"newer" : "2"'
try 0 --config "$work/published.conf" image fetch bare --name again
check "and fetched" all is "$status" 0
try 0 --config "$work/published.conf" image list --format json
check "the one before is kept under another name" all prints '"again-1"' , prints '"again"'
sed -i 's/^revision=2$/revision=1/' "$work/published/index"
try 1 --config "$work/published.conf" image refresh
check "a catalogue that goes back is refused" all is "$status" 1 , says "goes back"
sed -i -e 's/^revision=1$/revision=3/' -e 's/^checksum.*=.\{8\}/checksum[sha512]=00000000/' "$work/published/index"
try 0 --config "$work/published.conf" image refresh
try 1 --config "$work/published.conf" image fetch bare --name wrong
check "a file with another digest is refused and kept aside" all is "$status" 1 , says "its digest is not" , test -f "$VMDECK_STATE_DIR/images/.refused/bare"
try 1 image show wrong
check "and is no image" is "$status" 1
printf '#!/bin/sh\r\necho hi\r\n' >"$work/hi.sh"
try 0 script add "$work/hi.sh" --for debian --notes "says hi"
check "a script is taken into the library" all is "$status" 0
try 0 script list --format json
check "it is listed, and so are those that are shipped" all is "$(json '$.scripts[1].name')" hi , is "$(json '$.scripts[1].systems')" debian , prints '"lamp"'
try 0 script show hi
check "its lines end as they must" is "$out" $'#!/bin/sh\n# vmdeck-for: debian\n# vmdeck-notes: says hi\necho hi'
printf '#!/bin/sh\necho ho\n' >"$work/ho.sh"
EDITOR="cp $work/ho.sh" script -qec "'$VMDECK' script edit hi" "$work/terminal" >/dev/null 2>&1 </dev/null
try 0 script show hi
check "it is changed in the editor" is "$out" $'#!/bin/sh\necho ho'
for script in docker lamp unattended-upgrades update-all; do
  try 0 script show "$script"
  printf '%s\n' "$out" >"$work/shipped"
  check "$script is right as a script of any sh" all is "$(head -n 1 "$work/shipped")" '#!/bin/sh' , sh -n "$work/shipped" , \
    bash -n "$work/shipped" , cmp "$work/shipped" "$VMDECK_SOURCE/doc/scripts/$script"
done
check "and all that are shipped were looked at" is "$(ls "$VMDECK_SOURCE/doc/scripts" | wc -l)" 4
try 4 script remove lamp --yes
check "one that is shipped stays" all is "$status" 4 , says lamp
try 0 script remove hi --yes
check "one of ours goes" all is "$status" 0
try 0 template show debian
printf '%s\n' "$out" | sed 's/^#% title: .*/#% title: Ours/' >"$work/ours"
EDITOR="cp $work/ours" script -qec "'$VMDECK' template edit debian" "$work/terminal" >/dev/null 2>&1 </dev/null
check "a template is changed in the editor, and stands in the place of the shipped one" \
  grep -q "stands in the place of vmdeck's own template debian" "$work/terminal"
try 0 template list --format csv
check "which the list shows" all prints "debian,Ours,preseed" , prints "true,,vmdeck's own"
sed 's/(\$HOSTNAME)/(\$HOSTNAMES)/' "$work/ours" >"$work/slip"
EDITOR="cp $work/slip" script -qec "'$VMDECK' template edit debian" "$work/terminal" >/dev/null 2>&1 </dev/null
kept=$(sed -n 's/.*What you wrote is in \([^ ]*\)\.\r*$/\1/p' "$work/terminal")
check "one with an unknown macro is refused, with its line, and what was written is kept" all \
  grep -q "Template debian, line .*no macro (.HOSTNAMES)" "$work/terminal" , cmp "$kept" "$work/slip"
rm -f "$kept"
cp "$work/slip" "$VMDECK_STATE_DIR/templates/debian"
try 0 template show debian
check "one that has a mistake can be read, to be mended" prints '($HOSTNAMES)'
try 1 template edit nothing --from "$work/ours"
check "one that is not there is named" all is "$status" 1 , says "no template nothing"
try 0 template remove debian --yes
check "then the shipped one is used again" all is "$status" 0 , says "vmdeck's own template debian is used again"
VMDECK_STATE_DIR=$work/state
try 1 image show nothing
check "an unknown image is named, and how to get one" all is "$status" 1 , says "no image “nothing”" , says "vmdeck image add FILE"
try 0 jobs --format json
check "no jobs: an empty list" all is "$status" 0 , one_json , is "$(json '$.jobs')" '[]'
try 1 job show r-000000
check "an unknown job is named" all is "$status" 1 , says r-000000
try 1 trace r-000000
check "an unknown request is named" all is "$status" 1 , says r-000000

printf 'theme = 3;\ninterval_ms = 5;\nnonsense = 1;\nhosts = ( { name = "fleet"; uri = "%s"; } );\n' "$fleet" >"$work/bad.conf"
try 0 --config "$work/bad.conf" list
check "a mistake names file, line and what was expected" all says "bad.conf:1: theme: expected" , says "bad.conf:2: interval_ms: expected 250 to 60000" , says "bad.conf:3: nonsense"
check "and the rest still counts" all is "$status" 0 , prints web-01
printf 'theme = "neon";\nkeys = {\n  vm_strat = "s";\n};\ncolumns = "wisdom";\nhosts = ( { name = "fleet"; uri = "%s"; } );\n' "$fleet" >"$work/look.conf"
try 0 --config "$work/look.conf" list --format json
check "so does one in theme, keys and columns" all says "look.conf:1: there is no theme “neon”; expected one of default, " , says "look.conf:3: keys: " , says "expected one such as vm.start" , says "look.conf:5: columns: " , one_json
printf 'keys = {\n  vm_poweroff = "j";\n  vm_delete = "Escape";\n  vm_start = "";\n};\nhosts = ( { name = "fleet"; uri = "%s"; } );\n' "$fleet" >"$work/taken.conf"
try 0 --config "$work/taken.conf" list
check "a key that another operation has is told" all says "taken.conf:2: keys: vm.poweroff: “j” is “Down” already" , says "taken.conf:3: keys: vm.delete: “Escape” is no key" , prints web-01
check "and that an operation is left without one is no mistake" all is "${err/taken.conf:4/}" "$err"
printf 'hosts = (\n  { name = "here"; uri = "%s"; } # }, {\n  { name = "there"; uri = "%s"; }\n);\nflat = 3;\n' "$fleet" "$fleet" >"$work/comma.conf"
try 0 --config "$work/comma.conf" hosts
check "a comma that was forgotten between hosts loses none" all is "$status" 0 , prints here , prints there , says "comma.conf:2: expected a comma behind the }" , says "comma.conf:5: flat"
printf 'hosts = ( { name = "beside"; uri = "%s"; } );\n' "$fleet" >"$work/beside.conf"
printf '@include "beside.conf"\n' >"$work/names-it.conf"
cd "$work" || exit 1
try 0 --config names-it.conf hosts
check "what a file of the working directory includes is looked for beside it" all is "$status" 0 , prints beside
cd - >/dev/null || exit 1
printf 'hosts = ( { name = "fleet"; uri = "%s"; } );\ntheme = = ;\n' "$fleet" >"$work/broken.conf"
try 0 --config "$work/broken.conf" list
check "after a syntax error what stands before it counts" all says "broken.conf:2:" , prints web-01

printf 'roles = { nobody-else = "admin"; };\n' >"$work/roles.conf"
VMDECK_SYSTEM_CONFIG=$work/roles.conf try 4 -c "$fleet" start 'db, "one"'
check "without a role nothing is changed: status 4" all is "$status" 4 , says operate
VMDECK_SYSTEM_CONFIG=$work/roles.conf try 4 -c "$fleet" poweroff web-01
check "nor is anybody asked about it" all is "$status" 4 , says operate , is "${err/--yes/}" "$err"
VMDECK_SYSTEM_CONFIG=$work/roles.conf try 0 -c "$fleet" list
check "and looking is allowed" all is "$status" 0 , prints web-01
printf 'theme = ;\nroles = { nobody-else = "admin"; };\n' >"$work/torn.conf"
VMDECK_SYSTEM_CONFIG=$work/torn.conf try 4 -c "$fleet" start 'db, "one"'
check "roles behind a mistake give nothing away" all is "$status" 4 , says "torn.conf:1:" , says "may only look"
VMDECK_SYSTEM_CONFIG=$work try 4 -c "$fleet" start 'db, "one"'
check "nor do those that cannot be read" all is "$status" 4 , says "expected a regular file"
printf 'theme = ;\n' >"$work/torn.conf"
VMDECK_SYSTEM_CONFIG=$work/torn.conf try 0 -c "$fleet" list
check "where there are none a mistake takes no right" all is "$status" 0 , is "${err/may only look/}" "$err"

mkdir "$work/damaged"
head -c 4096 /dev/urandom >"$work/damaged/journal.db"
VMDECK_STATE_DIR=$work/damaged try 0 -c "$fleet" start 'db, "one"'
check "a damaged journal is set aside, and that is said" all is "$status" 0 , says "journal was damaged" , test -n "$(ls "$work/damaged" | grep damaged-)"
mkdir "$work/damaged2"
head -c 4096 /dev/urandom >"$work/damaged2/journal.db"
VMDECK_STATE_DIR=$work/damaged2 try 0 jobs
check "by a mere question as well" all is "$status" 0 , says "journal was damaged"
mkdir "$work/readonly"
echo >"$work/readonly/file"
VMDECK_STATE_DIR=$work/readonly/file try 0 -c "$fleet" start 'db, "one"'
check "without a journal a machine can still be started, and that is said" all is "$status" 0 , says "not recorded"

LC_ALL=C try 0 -c "$fleet" list
check "the C locale prints plain text" all is "$status" 0 , is "$(LC_ALL=C tr -d '\000-\177' <"$work/out")" ""
LC_ALL=C try 1 -c "$fleet" start nosuch
check "and quotes with what it has" says 'no machine "nosuch";'
try 0 completion bash
check "the completion is bash" all is "$status" 0 , bash -n "$work/out"
printf '# two keys\n\nsize 100 30\npause 500\nkeys <Down><Up> 3\n' >"$work/keys"
try 0 bench-ui "$work/keys" -c "$fleet"
check "bench-ui plays a script and prints how long keys take" all is "$status" 0 , grep -q "^keys that changed the screen  6" "$work/out" , grep -q "^the worst .* ms" "$work/out"
printf 'size 80 24\npause 500\nkeys <Up> 4\n' >"$work/keys"
try 0 bench-ui "$work/keys" -c "$fleet"
check "what is drawn each second is no answer to a key that changes nothing" all is "$status" 0 , grep -Eq "^keys that changed nothing +[34]$" "$work/out"
try 0 help bench-ui
check "and is explained" all is "$status" 0 , prints "keys KEYS [N]"
printf 'pause 10\nkeys <Nope>\n' >"$work/keys"
try 2 bench-ui "$work/keys" -c "$fleet"
check "a script that cannot be played is a mistake that is named" all is "$status" 2 , says "line 2: no key is called <Nope>"
printf 'keys a\303' >"$work/keys"
try 2 bench-ui "$work/keys" -c "$fleet"
check "nor one that is no text" all is "$status" 2 , says "is not in UTF-8"
try 0 completion bash
completes() { # WORD...: what is offered for the last word
  COMP_WORDS=(vmdeck "$@") COMP_CWORD=$# COMPREPLY=()
  _vmdeck
  echo "${COMPREPLY[*]}"
}
check "options before the command complete" is "$(. "$work/out" && completes --format c)" csv
check "the choices of an option complete" is "$(. "$work/out" && completes deploy x --engine of)" offline
vmdeck() { "$VMDECK" "$@"; } # from where names come
check "a host's name does before the command" is "$(. "$work/out" && completes -c test:///default --host def)" default
check "scripts do, and commands for help" is "$(. "$work/out" && completes script show up; completes help depl)" "$(printf 'update-all\ndeploy')"
unset -f vmdeck
check "an option's value is no machine" is "$(. "$work/out" && completes deploy x --cpus '')" ""
try 0 manual
check "the manual tells what each word for a value means" all prints ".B SIZE" , prints ".B SECONDS" , prints ".B URI" , prints ".B ADDRESS/N" , prints ".B ZONE"
check "the manual page has no errors" all is "$status" 0 , is "$(LC_ALL=C.UTF-8 MANROFFSEQ='' man --warnings -E UTF-8 -l -Tutf8 -Z "$work/out" 2>&1 >/dev/null)" ""
"$VMDECK" -c "$fleet" list >/dev/full 2>"$work/err"
status=$? err=$(<"$work/err")
check "output that cannot be written is no success" all is "$status" 1 , says "cannot be written"

# The loader tells which libraries it begins and which it ends: the latter would free what the
# threads of hosts, which are still about, use.
LD_DEBUG=files LD_DEBUG_OUTPUT=$work/loader "$VMDECK" -c "$fleet" list >/dev/null 2>&1
begun=$(cat "$work"/loader.* | grep -c "calling init: .*libvirt\.so") ended=$(cat "$work"/loader.* | grep "calling fini: .*lib")
check "leaving ends no library under a thread" all is "$begun" 1 , is "$ended" ""
echo "1..$n"
