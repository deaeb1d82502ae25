# Functions shared by the scripts of this directory; sourced, not run.
#
# A workspace is a temporary directory that holds everything a run makes: a
# copy of the source tree, a private installation of the server with pgmig in
# it, a data directory and a socket directory.  Nothing is written to the
# source tree, to the installed server or to any other server.
#
# Servers refuse to run as root, so for root the workspace belongs to an
# ordinary user (PGMIG_TEST_USER, by default nobody), who also builds and runs
# the tests.
#
# shellcheck shell=bash

# shellcheck disable=SC2034 # some of these are for the scripts only

readonly clang_format_version=14
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)

# What make was told outside must not leak into the makes that run in here.
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES

say()
{
	echo "pgmig: $*"
}

die()
{
	echo "pgmig: $*" >&2
	exit 1
}

find_clang()
{
	local pg_config clang=

	pg_config=${PG_CONFIG:-$("$top/scripts/find-pg-config")}
	if [[ -n $pg_config ]]; then
		clang=$(sed -n 's/^CLANG *= *//p' \
			"$(dirname "$("$pg_config" --pgxs)")/../Makefile.global" 2>/dev/null || true)
	fi
	command -v "${clang:-clang}" || command -v clang || true
}

find_clang_format()
{
	local f

	for f in "clang-format-$clang_format_version" clang-format; do
		if "$f" --version 2>/dev/null | grep -q "version $clang_format_version\."; then
			command -v "$f"
			return
		fi
	done
}

# --- Interrupts -----------------------------------------------------------

work=
child=

# Run a command in a process group of its own, so that a signal to this script
# is acted on at once and reaches everything that the command started.
wait_for()
{
	local rc=0

	set -m
	"$@" <&0 &
	child=$!
	set +m
	wait "$child" || rc=$?
	child=
	return $rc
}

# What is in a chroot has the first process of a namespace, which no other signal
# reaches.
end_child()
{
	local tenth

	if [[ -n $child ]]; then
		kill -TERM -- "-$child" 2>/dev/null || true
		for ((tenth = 0; tenth < 100; tenth++)); do
			kill -0 -- "-$child" 2>/dev/null || break
			sleep 0.1
		done
		kill -KILL -- "-$child" 2>/dev/null || true
		wait "$child" 2>/dev/null || true
		child=
	fi
}

# --- The workspace --------------------------------------------------------

user=()

choose_user()
{
	local name=${PGMIG_TEST_USER:-nobody}

	if [[ $(id -u) != 0 ]]; then
		return
	fi
	id -u "$name" >/dev/null 2>&1 || die "there is no user \"$name\"; set PGMIG_TEST_USER"
	[[ $(id -u "$name") != 0 ]] || die "PGMIG_TEST_USER must not be root"
	command -v setpriv >/dev/null || die "setpriv (package util-linux) is missing"
	user=(setpriv "--reuid=$name" "--regid=$(id -gn "$name")" --clear-groups)
}

# Run something as the ordinary user, in the workspace.
as_user()
{
	(
		cd "$work" || exit
		exec "${user[@]}" env HOME="$work" TMPDIR="$work/tmp" LANG=C.UTF-8 "$@"
	)
}

# make_workspace DIR: make it there, or in a new temporary directory if DIR is
# empty.
make_workspace()
{
	local base

	choose_user
	if [[ -n $1 ]]; then
		mkdir -m 755 "$1" || die "could not make the directory \"$1\""
		work=$(cd "$1" && pwd -P)
	else
		# A socket's path has little more than 100 bytes.
		base=$(cd "${TMPDIR:-/tmp}" && pwd -P)
		if ((${#base} > 60)) || ! "${user[@]}" test -x "$base"; then
			base=/tmp
		fi
		work=$(mktemp -d "$base/pgmig-XXXXXX")
		chmod 755 "$work"
	fi
	touch "$work/.pgmig-workspace"
	mkdir "$work/tmp" "$work/log"
	mkdir -m 700 "$work/socket" "$work/data"
	if ((${#user[@]} > 0)); then
		chown -R "${PGMIG_TEST_USER:-nobody}:" "$work"
	fi
}

# Stop every server that has its data directory in the workspace, whoever
# started it, and delete the workspace.
remove_workspace()
{
	local f

	if [[ -z $work || ! -e $work/.pgmig-workspace ]]; then
		return
	fi
	while IFS= read -r f; do
		as_user "$bin/pg_ctl" -D "${f%/*}" -m immediate -w -t 30 stop >/dev/null 2>&1 || true
	done < <(find "$work" -name postmaster.pid 2>/dev/null)
	if [[ -n ${PGMIG_KEEP:-} ]]; then
		say "kept $work"
	else
		rm -rf -- "$work"
	fi
	work=
}

# The usual life of a script that uses a workspace.
clean_up_at_exit()
{
	trap 'end_child; remove_workspace' EXIT
	trap 'say "interrupted"; exit 130' INT
	trap 'say "interrupted"; exit 143' TERM HUP
}

# copy_sources DIR: the source tree without build products.  tar's status 1
# says that a file changed meanwhile, which is nobody's fault.
copy_sources()
{
	{
		tar -C "$top" --exclude=./.git --exclude='*.o' --exclude='*.bc' \
			--exclude='*.so' --exclude='*.d' --exclude=./results \
			--exclude=./output_iso --exclude=./tmp_check --exclude=./log \
			--warning=no-file-changed -cf - . || (($? == 1))
	} | tar -C "$1" --no-same-owner -xf -
}

# copy_tree: the same to $work/tree, for the ordinary user.
copy_tree()
{
	tree=$work/tree
	mkdir "$tree"
	copy_sources "$tree"
	if ((${#user[@]} > 0)); then
		chown -R "${PGMIG_TEST_USER:-nobody}:" "$tree"
	fi
	chmod -R u+rwX "$tree"
}

# link_server PG_CONFIG: an installed server, as links in $root.
#
# A server finds its library and share directories from where its program
# lies, so programs that are copied there, with links to all the rest, make an
# installation of its own.  pgmig goes into that one.
link_server()
{
	local from=$1 to dir

	to=$root$("$from" --bindir)
	mkdir -p "$to"
	cp -L "$("$from" --bindir)"/* "$to/"
	for dir in "$("$from" --pkglibdir)" "$("$from" --sharedir)"; do
		if [[ ! -d $root$dir ]]; then
			mkdir -p "$root${dir%/*}"
			cp -rs "$dir" "$root${dir%/*}/"
		fi
		rm -rf "$root$dir"/pgmig* "$root$dir"/bitcode/pgmig* "$root$dir"/extension/pgmig*
	done
	for dir in "$("$from" --includedir)" "$("$from" --includedir-server)"; do
		if [[ ! -e $root$dir ]]; then
			mkdir -p "$root${dir%/*}"
			ln -s "$dir" "$root$dir"
		fi
	done
	if ((${#user[@]} > 0)); then
		chown -R -h "${PGMIG_TEST_USER:-nobody}:" "$root"
	fi
	[[ $("$to/pg_config" --sharedir) == "$root$("$from" --sharedir)" &&
		$("$to/pg_config" --pkglibdir) == "$root$("$from" --pkglibdir)" ]] ||
		die "the server of $from does not run from a copy in $work;" \
			"if programs may not be run there, set TMPDIR"
}

# private_server_tree: the server to use, in $root and with its programs in
# $bin.
private_server_tree()
{
	local from

	from=${PG_CONFIG:-$("$top/scripts/find-pg-config" --server)}
	[[ -n $from ]] || die "no PostgreSQL 15 to 19 with server development files found"
	server_version=$("$from" --version)
	root=$work/root
	bin=$root$("$from" --bindir)
	link_server "$from"
}

# older_server_trees: the same for every installed server with development
# files that is older than that one.  Their pg_config go to $older_servers.
older_server_trees()
{
	local from own version

	older_servers=()
	own=$(major_version "$bin/pg_config")
	for from in /usr/lib/postgresql/*/bin/pg_config /usr/pgsql-*/bin/pg_config; do
		if [[ ! -x $from ||
			$(PATH=${from%/*}:$PATH "$top/scripts/find-pg-config" --server) != "$from" ]]; then
			continue
		fi
		version=$(major_version "$from")
		if ((version < own)); then
			link_server "$from"
			older_servers+=("$root$from")
		fi
	done
}

major_version()
{
	"$1" --version | sed 's/^[^0-9]*\([0-9]*\).*/\1/'
}

# build DIR [MAKE-ARGUMENT...]: build in $work/DIR, outside the tree.
build()
{
	local dir=$work/$1

	shift
	as_user mkdir -p "$dir"
	as_user make -s -C "$dir" -f "$tree/Makefile" -j "$(nproc)" --no-print-directory \
		PG_CONFIG="$bin/pg_config" "$@"
}

# --- The server -----------------------------------------------------------

readonly private_port=50432

# start_server [NAME=VALUE...]: settings override the defaults.
start_server()
{
	local setting

	if ! as_user "$bin/initdb" -D "$work/data" -U postgres -A trust --no-sync \
		--encoding=UTF8 --locale=C.UTF-8 >"$work/log/initdb" 2>&1; then
		cat "$work/log/initdb" >&2
		die "initdb failed"
	fi
	{
		echo "listen_addresses = ''"
		echo "unix_socket_directories = '$work/socket'"
		echo "port = $private_port"
		echo "fsync = off"
		echo "full_page_writes = off"
		for setting; do
			echo "${setting%%=*} = '${setting#*=}'"
		done
	} >>"$work/data/postgresql.conf"
	if ! as_user "$bin/pg_ctl" -D "$work/data" -l "$work/log/server" -w -t 60 start \
		>"$work/log/pg_ctl" 2>&1; then
		cat "$work/log/pg_ctl" "$work/log/server" >&2
		die "the private server did not start"
	fi
	export PGHOST=$work/socket PGPORT=$private_port PGUSER=postgres PGDATABASE=postgres
	unset PGSERVICE PGHOSTADDR PGPASSWORD PGOPTIONS PGSSLMODE PGAPPNAME
	export PATH=$bin:$PATH
}

stop_server()
{
	as_user "$bin/pg_ctl" -D "$work/data" -m fast -w -t 60 stop >/dev/null 2>&1 ||
		as_user "$bin/pg_ctl" -D "$work/data" -m immediate -w -t 30 stop >/dev/null 2>&1 ||
		true
}

# A new, empty data directory for the next start_server.
clear_data()
{
	stop_server
	rm -rf "$work/data"
	as_user mkdir -m 700 "$work/data"
}

# Read from standard input, so that notices come without file and line.
run_demo()
{
	"$bin/psql" -X -q -v ON_ERROR_STOP=1 <"$top/demo/demo.sql" 2>&1
}
