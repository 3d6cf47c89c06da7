#!/usr/bin/env bash
# Writes what GNU objdump says of the instructions in the listing of the tests of machine code; with
# --check, only tells whether the listing says the same. A line is the bytes of an instruction, or
# of a few, in hexadecimal, a tab, and the text. Another file may be named.
set -euo pipefail
check=
if [[ ${1:-} == --check ]]; then
  check=1
  shift
fi
root=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/..
listing=${1:-$root/engine/src/test/resources/dev/jiffy/engine/kernel/x86/disassembly.txt}
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT

cut -f1 "$listing" >"$work/hex"
printf '%b' "$(sed 's/../\\x&/g' "$work/hex" | tr -d '\n')" >"$work/code"
objdump -D -b binary -mi386:x86-64 -Mintel --insn-width=16 "$work/code" >"$work/text"

# Joins instructions until they have the bytes of the line; targets of jumps count from its start.
awk -F '\t' '
  function number(hex, n, i) {
    n = 0
    for (i = 1; i <= length(hex); i++) n = 16 * n + index("0123456789abcdef", substr(hex, i, 1)) - 1
    return n
  }
  NR == FNR { wanted[FNR] = $1; next }
  /^ *[0-9a-f]+:\t/ {
    gsub(/ /, "", $2)
    sub(/ *#.*/, "", $3)
    sub(/ +$/, "", $3)
    gsub(/  +/, " ", $3)
    if ($3 ~ /^j/) {
      split($3, part, " 0x")
      $3 = sprintf("%s 0x%x", part[1], number(part[2]) - start)
    }
    bytes = bytes $2
    text = text (text == "" ? "" : "; ") $3
    if (length(bytes) >= length(wanted[line + 1])) {
      if (bytes != wanted[++line]) { print "line " line ": " bytes > "/dev/stderr"; exit 1 }
      print bytes "\t" text
      start += length(bytes) / 2
      bytes = text = ""
    }
  }' "$work/hex" "$work/text" >"$work/listing"

if [[ -n $check ]]; then
  diff "$listing" "$work/listing"
else
  cp "$work/listing" "$listing"
fi
