#!/bin/bash
# recorded.sh RIFT FOLDER: every recorded history gets the verdict that its verdicts.tsv names.
set -u
rift=$1
folder=$2
failed=0
n=0

if [ ! -d "$folder" ]; then
    echo "skipped: no recorded histories at $folder"
    exit 77
fi
for list in "$folder"/*/verdicts.tsv; do
    while read -r file verdict; do
        "$rift" check "$(dirname "$list")/$file" >/dev/null 2>&1
        case "$verdict:$?" in
        linearizable:0 | not-linearizable:1) n=$((n + 1)) ;;
        *)
            echo "$file: not judged as $verdict"
            failed=1
            ;;
        esac
    done <"$list"
done
echo "$n verdicts as known"
exit $failed
