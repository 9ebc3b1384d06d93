#!/bin/bash
# Every language of po/ is complete: each text of the program has its translation, and each
# translation has the placeholders of its text.
set -u
cd "$VMDECK_SOURCE" || exit 1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
n=0
say() { # say NAME COMPLAINT
  n=$((n + 1))
  [ -z "$2" ] && { echo "ok $n - $1"; return; }
  sed 's/^/# /' <<<"$2"
  echo "not ok $n - $1"
}

find src ui -name '*.[ch]' | sort >"$work/files"
xgettext -k_ -kN_ -kngettext:1,2 -kvd_run_text_n:2,3 -kvd_run_note_n:2,3 -kvd_said_n:1,2 -kvd_fail_n:3,4 --from-code=UTF-8 -f "$work/files" -o "$work/vmdeck.pot"
say "no text ends at a macro that gettext cannot see" \
  "$(grep -nE '^msgid(_plural)? ".*%"$' "$work/vmdeck.pot" | grep -v 'CPU%')"
for po in po/*.po; do
  language=$(basename "$po" .po)
  say "$language: placeholders and form" "$(msgfmt --check -o /dev/null "$po" 2>&1)"
  msgmerge -q -N "$po" "$work/vmdeck.pot" -o "$work/now.po"
  say "$language: nothing is untranslated" \
    "$(msgattrib --untranslated --no-obsolete "$work/now.po" | grep '^msgid "' | tail -n +2)"
  say "$language: nothing is fuzzy" \
    "$(msgattrib --only-fuzzy --no-obsolete "$work/now.po" | grep '^msgid "' | tail -n +2)"
done
echo "1..$n"
