# Runs the script beside it, and gives all that it has made or changed the time $1, in seconds since 1970, which the files of
# all layers have: the same script then gives the same layer at any time. The tools for that are copies, since the script may
# remove those of the image. What is mounted, such as /dev and /tmp, is no part of the image.
epoch=$1
tools=/dev/mkimage/tools
mkdir "$tools"
cp /bin/busybox /lib/ld-musl-*.so.1 "$tools"

/bin/sh -eu /dev/mkimage/step/script

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
