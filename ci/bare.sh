# ci/bare.sh - Debian systems that have nothing, and what is played in them. To be sourced by bash in the root of the
# repository, with $0 the script that does. It makes $base, a temporary folder, and ends with `bare_end`.
#
#   MIRROR    where Debian's packages come from (default: http://deb.debian.org/debian)

if [ "$(id -u)" != 0 ] || ! command -v debootstrap >/dev/null; then
	echo "$0: it takes root, and Debian's package debootstrap" >&2
	exit 2
fi

mirror=${MIRROR:-http://deb.debian.org/debian}
limit_s=1500
passed=0 failed=0
base=$(mktemp -d)
trap 'rm -rf --one-file-system "$base"' EXIT
trap 'exit 130' INT TERM

# Runs a line of shell in the system at $1, with mounts and processes of its own, which end with it.
# unshare turns a deaf ear to SIGTERM.
inside() {
	timeout --signal KILL "$limit_s" unshare --mount --pid --fork --kill-child sh -c '
		mount -t proc proc "$1/proc" && mount -t tmpfs tmpfs "$1/tmp" &&
			exec chroot "$1" env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin sh -c "$2"' sh "$1" "$2"
}

# Each line with the seconds since it began.
timed() {
	local began=$SECONDS line
	while IFS= read -r line; do
		printf '%5d s  %s\n' $((SECONDS - began)) "$line"
	done
}

# verdict NAME CODE WANTED
verdict() {
	if [ "$2" -eq "$3" ]; then
		passed=$((passed + 1))
		echo "ok: $1"
	else
		failed=$((failed + 1))
		echo "FAILED: $1: exit code $2 instead of $3"
	fi
}

# quietly NAME COMMAND...: one verdict, with the seconds that it took; what the command said is shown if it fails.
quietly() {
	local name=$1 code=0 began=${EPOCHREALTIME/[.,]/}
	shift
	"$@" >"$base/log" 2>&1 || code=$?
	[ "$code" -eq 0 ] || tail -n 30 "$base/log"
	local tenths=$(((${EPOCHREALTIME/[.,]/} - began) / 100000))
	verdict "$name ($((tenths / 10)).$((tenths % 10)) s)" "$code" 0
	return "$code"
}

# bare SUITE ROOT: a minimal system.
bare() {
	quietly "debootstrap $1" debootstrap --variant=minbase "$1" "$2" "$mirror" &&
		cp /etc/resolv.conf "$2/etc/resolv.conf"
}

# with_clone SUITE ROOT: git in it, and a bundle of this repository in /srv.
with_clone() {
	git bundle create -q "$2/srv/mqttspec.bundle" HEAD
	quietly "$1: git and a copy of the repository" inside "$2" \
		'apt-get update -q && apt-get install -q -y --no-install-recommends git'
}

bare_end() {
	echo
	echo "$passed passed, $failed failed"
	[ "$failed" -eq 0 ]
}
