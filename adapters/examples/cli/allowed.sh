#!/bin/sh
# allowed.sh FILE ADDRESS: does a range in the file hold the address? Says "let in" or "kept out"; 2 is a mistake.
number() { # sets n to the number that the address is
    IFS=. read -r a b c d <<EOF
$1
EOF
    n=$(((a << 24) + (b << 16) + (c << 8) + d))
}
[ $# -eq 2 ] && [ -r "$1" ] || exit 2
number "$2"
address=$n
while IFS=/ read -r base length; do
    number "$base"
    mask=$(((0xffffffff << (32 - ${length:-32})) & 0xffffffff))
    if [ $(((address ^ n) & mask)) -eq 0 ]; then
        echo "let in"
        exit 0
    fi
done <"$1"
echo "kept out"
exit 1
