# place.sh - where a stack lives, and as whom it runs. Sourced.
#
# $var     what the user names (VAR=): api-key, dsn, url, drift.conf, state
# $state   programs, cluster, store, sockets, logs: $var/state itself, or where that link
#          leads. Its path is short and plain, because a socket's name has 108 bytes and
#          lighttpd splits a program's path at spaces; and the stack's user can go there.
# $user    www-data for root (PostgreSQL and Apache refuse root), else nobody else

say() {
	printf '%-11s %s\n' "$1" "$2"
}

die() {
	echo "make: $1" >&2
	exit 1
}

# place_user: sets user and as_user
place_user() {
	user=
	as_user=(env -i PATH="/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin" LC_ALL=C.UTF-8)
	if [[ $EUID == 0 ]]; then
		user=www-data
		as_user=(setpriv "--reuid=$user" "--regid=$user" --init-groups "${as_user[@]}")
	fi
}

is_plain() {
	[[ $1 =~ ^[A-Za-z0-9/._+-]{1,70}$ ]]
}

is_reachable() {
	(cd / && "${as_user[@]}" test -x "$1")
}

# place_find VAR: sets var, and state to the folder in use or to nothing
place_find() {
	state=
	var=$1
	if [[ -d $var/state ]]; then
		var=$(cd "$var" && pwd -P)
		state=$(cd "$var/state" && pwd -P)
	fi
}

# place_make VAR: finds or makes both
place_make() {
	mkdir -p "$1" || die "the folder $1 cannot be made"
	place_find "$1"
	var=$(cd "$1" && pwd -P)
	if [[ -z $state ]]; then
		if is_plain "$var/state" && is_reachable "$var"; then
			state=$var/state
			mkdir "$state"
		else
			state=$(mktemp -d /var/tmp/drift.XXXXXX)
			ln -sfn "$state" "$var/state"
		fi
	fi
	chmod 0711 "$state"
	mkdir -p "$state"/{run,log,tmp,store}
	chmod 0700 "$state/run"
	own "$state" "$state"/{run,log,tmp,store}
	for name in api-key dsn url drift.conf; do
		ln -sfn "state/$name" "$var/$name"
	done
}

# own PATH...: gives to the stack's user
own() {
	if [[ $user ]]; then
		chown "$user:" "$@"
	fi
}
