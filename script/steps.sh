# script/steps.sh - what script/test and script/nightly are made of. To be sourced by bash in the root of
# the repository; a script sets `logs` before, the folder of its logs, and `limit_s`, that of each program.
#
# Steps may go side by side, each in a shell of its own, so what they count is in a file.

python=/usr/bin/python3
export ASAN_OPTIONS=detect_leaks=1:abort_on_error=0 UBSAN_OPTIONS=print_stacktrace=1

# count NAME PASSED FAILED SKIPPED SECONDS [LOG]: says how a step ended; of one that failed, what it said last.
count() {
	local skipped= tail=
	echo "$2 $3 $4" >>"$logs/counts"
	[ "$4" -eq 0 ] || skipped="  $4 skipped"
	[ "$3" -eq 0 ] || [ $# -lt 6 ] || tail=$(echo && tail -n 60 "$6" | sed 's/^/    /')
	printf '%-34s %5d passed  %d failed%s   %4d s%s\n' "$1" "$2" "$3" "$skipped" "$5" "$tail"
}

# A function runs in this shell; a program has a limit, and less of the processors where `gently` says so.
limited() {
	if declare -F "$1" >/dev/null; then
		"$@"
	else
		timeout "$limit_s" ${gently:-} "$@"
	fi
}

# check NAME COMMAND...: one test, which passes when the command succeeds.
check() {
	local name=$1 log=$logs/${1//[ \/]/-}.log began=$SECONDS
	shift
	if limited "$@" >"$log" 2>&1 </dev/null; then
		count "$name" 1 0 0 $((SECONDS - began))
	else
		count "$name" 0 1 0 $((SECONDS - began)) "$log"
		return 1
	fi
}

# build PRESET [TARGET...]
build() {
	local preset=$1
	shift
	check "configure $preset" cmake --preset "$preset" &&
		check "build $preset" cmake --build --preset "$preset" ${1:+--target "$@"}
}

# unit PRESET: every cmocka program of a build; each of its functions is one test. Some wait more than they
# work, so several go at once.
unit() {
	local program log ok bad status seconds
	find build/"$1"/tests -maxdepth 1 -name 'test_*' -type f -executable -print0 | sort -rz |
		CMOCKA_MESSAGE_OUTPUT=TAP xargs -0 -P 8 -I{} bash -c '
			log=$2/unit-$1-$(basename "$0").log
			timeout 300 "$0" >"$log" 2>&1 </dev/null
			echo $? $SECONDS >"$log.status"' {} "$1" "$logs"
	for program in build/"$1"/tests/test_*; do
		[ -x "$program" ] && [ -f "$program" ] || continue
		log=$logs/unit-$1-$(basename "$program").log
		read -r status seconds <"$log.status" || status=1 seconds=0
		ok=$(grep -c '^ok ' "$log")
		bad=$(grep -c '^not ok ' "$log")
		[ "$status" -ne 0 ] && [ "$bad" -eq 0 ] && bad=1
		count "unit $1 $(basename "$program")" "$ok" "$bad" 0 "$seconds" "$log"
	done
}

# fuzz SECONDS PRESET PROGRAM: a run of one fuzzer, whose corpus is kept in the build folder.
fuzz() {
	local name
	name=$(basename "$3")
	mkdir -p "build/$2/corpus/$name"
	check "fuzz $name" "$3" -max_total_time="$1" -timeout=25 -rss_limit_mb=2048 \
		-artifact_prefix="build/$2/" -print_final_stats=1 "build/$2/corpus/$name"
}

# fuzzers SECONDS PRESET: a run of each, two at once.
fuzzers() (
	for program in build/"$2"/tests/fuzz/fuzz_*; do
		[ -x "$program" ] && [ -f "$program" ] || continue
		[ "$(jobs -r | wc -l)" -lt 2 ] || wait -n
		fuzz "$1" "$2" "$program" &
	done
	wait
)

# conformance NAME ARGUMENTS...: a whole run of the suite, by the build in `judge`, or the sanitizers'.
conformance() {
	local name=$1
	shift
	check "conformance $name" "${judge:-build/dev}"/cli/mqttspec run "$@" --quiet --out "$logs/out-${name// /-}"
}

# campaigns TIME: damaged packets for the included broker and client, each for so long, both at once; from fresh seeds,
# which the logs name.
campaigns() {
	check "damage to the broker" build/dev/cli/mqttspec fuzz mqttspec-broker --time "$1" \
		--out "$logs/damage-broker" &
	check "damage to the client" build/dev/cli/mqttspec fuzz --time "$1" --out "$logs/damage-client" \
		--client "build/dev/client/mqttspec-client agent" &
	wait
}

# An installed tree finds its targets, its broker and its agents, from anywhere.
installed() {
	local prefix=$PWD/build/prefix
	rm -rf "$prefix"
	cmake --install build/dev --prefix "$prefix" &&
		(cd / && "$prefix/bin/mqttspec" run unsubscribe --quiet --out "$prefix/out") &&
		(cd / && "$prefix/bin/mqttspec" agent-check paho-python agent_connects --out "$prefix/out") &&
		"$prefix/bin/mqttspec-client" pub --help | grep -q usage -i
}

# system NAME ARGUMENTS...: the pytest suites, of the build in MQTTSPEC_BUILD, or the sanitizers'. They wait more
# than they work, so several go at once.
system() {
	local name=$1 log=$logs/$1.log line bad began=$SECONDS
	shift
	MQTTSPEC_BUILD=${MQTTSPEC_BUILD:-$PWD/build/dev} timeout "$limit_s" $python -m pytest tests/system -n 6 --dist loadgroup -q -ra \
		-p no:cacheprovider --durations=30 "$@" >"$log" 2>&1 </dev/null
	line=$(grep -E '^=*.*(passed|failed|error).* in [0-9.]+s' "$log" | tail -n 1)
	number() { echo "$line" | grep -oE "[0-9]+ $1" | grep -oE '[0-9]+' || echo 0; }
	bad=$(($(number failed) + $(number error)))
	[ -n "$line" ] || bad=1
	count "$name" "$(number passed)" "$bad" "$(number skipped)" $((SECONDS - began)) "$log"
	grep '^SKIPPED' "$log" | sed 's/^/    /'
}

# ---- side by side ----

# end PID: a process and all that came from it.
end() {
	local child
	for child in $(cat /proc/"$1"/task/*/children 2>/dev/null); do
		end "$child"
	done
	kill "$1" 2>/dev/null
}

# A shell in the background is deaf to the keyboard.
end_all() {
	local lane
	for lane in $(jobs -p); do
		end "$lane"
	done
	exit 130
}

steps_begin() {
	mkdir -p "$logs"
	rm -rf "${logs:?}"/*
	: >"$logs/counts"
	trap end_all INT TERM
}

# The last words, and the exit code.
steps_end() {
	local passed failed skipped
	read -r passed failed skipped < <(awk '{p += $1; f += $2; s += $3} END {print p + 0, f + 0, s + 0}' "$logs/counts")
	times >"$logs/times"
	echo
	echo "took $SECONDS s, of the processors $(tail -n 1 "$logs/times" | tr ms '  ' |
		awk '{printf "%d", 60 * ($1 + $3) + $2 + $4}') s; logs in $logs"
	if [ "$skipped" -gt 0 ]; then
		echo "$passed passed, $failed failed, $skipped skipped"
	else
		echo "$passed passed, $failed failed"
	fi
	[ "$failed" -eq 0 ]
}
