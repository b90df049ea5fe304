# process.sh - start, find and stop the processes of one stack. Sourced.
#
# A service NAME is one process group, whose leader run/NAME.pid names together with
# its start time, so that a number that went to somebody else is not taken for ours.

# $state   the stack's folder
# as_user  array: the words that run a command as the stack's user, in a clean environment

# started_at PID: field 22 of /proc/PID/stat; nothing for one that has ended, also when
# nobody has taken notice of that yet (state Z). The name in field 2 may contain anything.
started_at() {
	local stat

	stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 0
	read -ra stat <<<"${stat##*) }"
	[[ ${stat[0]} == Z ]] || echo "${stat[19]}"
}

# service_start NAME COMMAND...: output goes to log/NAME.log
service_start() {
	local name=$1 log=$state/log/$1.log pid

	shift
	touch "$log"
	own "$log"
	"${as_user[@]}" setsid "$@" </dev/null >>"$log" 2>&1 9>&- &
	pid=$!
	echo "$pid $(started_at $pid)" >"$state/run/$name.pid"
}

service_runs() {
	local pid start

	[[ -e $state/run/$1.pid ]] || return 1
	read -r pid start <"$state/run/$1.pid" || return 1
	[[ -n $start && $(started_at "$pid") == "$start" ]]
}

# service_stop NAME SIGNAL SECONDS: asks the leader by the signal, then kills the group
service_stop() {
	local name=$1 signal=$2 pid

	if service_runs "$name"; then
		read -r pid _ <"$state/run/$name.pid"
		kill -s "$signal" "$pid" 2>/dev/null || true
		wait_until "$3" ! service_runs "$name" || true
		kill -s KILL -- "-$pid" 2>/dev/null || true
	fi
	rm -f "$state/run/$name.pid"
}

# The processes a crash may have left: programs from the stack's folder, and servers
# that stand in it or were started with a file of it.
leftovers() {
	local dir exe place

	{ find /proc/[0-9]*/exe -maxdepth 0 -printf '%h %l\n' 2>/dev/null || true; } |
		while read -r dir exe; do
			case $exe in
			"$state"/*) ;;
			*/postgres | */lighttpd | */apache2)
				place=$(readlink "$dir/cwd" 2>/dev/null) || continue
				[[ $place/ == "$state"/* ]] ||
					grep -qzF "$state/" "$dir/cmdline" 2>/dev/null || continue
				;;
			*) continue ;;
			esac
			echo "${dir#/proc/}"
		done
}

no_leftovers() {
	[[ -z $(leftovers) ]]
}

kill_leftovers() {
	local pid

	for pid in $(leftovers); do
		kill -s "$1" "$pid" 2>/dev/null || true
	done
}

# wait_until SECONDS [!] COMMAND...: false when the time is over
wait_until() {
	local end=$((SECONDS + $1)) want=0 code

	shift
	if [[ $1 == ! ]]; then
		want=1
		shift
	fi
	while ((SECONDS <= end)); do
		code=0
		"$@" || code=1
		((code == want)) && return 0
		sleep 0.1
	done
	return 1
}
