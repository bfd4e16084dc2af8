# Runs the script beside it, and gives all that it has made or changed the time $1, in seconds since 1970, which the files of
# all layers have: the same script then gives the same layer at any time. The tools for that are copies, since the script may
# remove those of the image. What is mounted, such as /dev and /tmp, is no part of the image.
epoch=$1
# Tools that write times into what they make, such as pip with its bytecode, take this one, which fits into a zip.
SOURCE_DATE_EPOCH=$((epoch > 315532800 ? epoch : 315532800))
export SOURCE_DATE_EPOCH
tools=/dev/mkimage/tools
mkdir "$tools"
cp /bin/busybox /lib/ld-musl-*.so.1 "$tools"

# Where processes of a step are not in a namespace of their own (builders without root), the end of this shell is not that of
# the others. So there is one that ends the script and what it has started, when nobody holds the pipe open any more.
/bin/busybox mkfifo "$tools/alive"
exec 9<>"$tools/alive"
/bin/busybox setsid /bin/sh -c '((read -r _; kill -9 0) <&8 &); exec 8<&-; exec /bin/sh -eu /dev/mkimage/step/script' 8<"$tools/alive" 9<&-
exec 9<&-

set -- "$tools"/ld-musl-*.so.1
loader=$1
shift
while read -r _ _ _ _ mounted _; do
	[ "$mounted" = / ] || set -- "$@" -path "$mounted" -prune -o
done </proc/self/mountinfo
"$loader" "$tools/busybox" touch -d "@$epoch" "$tools/then"
set -- "$@" '(' -newer "$tools/then"
if [ "$epoch" -gt 0 ]; then
	"$loader" "$tools/busybox" touch -d "@$((epoch - 1))" "$tools/before"
	set -- "$@" -o ! -newer "$tools/before"
fi
"$loader" "$tools/busybox" find / "$@" ')' -exec "$loader" "$tools/busybox" touch -h -c -d "@$epoch" {} +
