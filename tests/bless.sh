#!/bin/sh
# Records the counterexamples anew, and draws them; the coverage, and its summary in README.md; the schemas.
#
# All of it is made beside the repository first and moved file by file, each in one step: whoever looks sees every file
# whole, old or new, however this ends. Two at once do not get in each other's way.
#
#   tests/bless.sh [PATTERN…]     from the repository's root; DEST is another root, RADDLE and DRAW other commands
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
dest=${DEST:-$root}
raddle=${RADDLE:-cargo run --release --locked --quiet -p raddle-scenarios --}

# In the same file system as what it becomes: only there is a file moved in one step.
stage=$(mktemp -d "$dest/.bless.XXXXXX")
trap 'rm -rf "$stage"' EXIT
trap 'exit 1' HUP INT TERM
mkdir -p "$stage/fixtures" "$stage/scenarios" "$stage/checks/schema"
cp -R "$dest/fixtures/." "$stage/fixtures"

cd "$root"
$raddle record --out "$stage/fixtures" "$@"
$raddle check --quiet --markdown "$stage/scenarios/COVERAGE.md" "$@"
awk 'NR == FNR { below = below || /^## /; if (!below && /^\|/) rows = rows $0 "\n"; next }
  /^<!-- coverage -->/ { print $0 "\n\n" rows; inside = 1 }
  /^<!-- \/coverage -->/ { inside = 0 }
  !inside' "$stage/scenarios/COVERAGE.md" "$dest/README.md" >"$stage/README.md"
$raddle schema counterexample >"$stage/checks/schema/counterexample.schema.json"
$raddle schema record >"$stage/checks/schema/record.schema.json"
INSTA_UPDATE=always RADDLE_FIXTURES="$stage/fixtures" \
  ${DRAW:-cargo test --locked --quiet -p raddle-tests --test fixtures --test formats}

cd "$stage"
find . -type f | while IFS= read -r file; do
  if ! cmp -s "$file" "$dest/$file"; then
    mkdir -p "$dest/$(dirname "$file")"
    mv -f "$file" "$dest/$file"
  fi
done
