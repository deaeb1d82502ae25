# Servers that are built here from Debian's source package; sourced after
# lib.sh, not run.
#
# A build is kept in DIR/MAJOR and made again only if the version of the server
# or the options have changed.  One script builds while no other builds or uses
# it; what a script starts inherits the lock.
#
# Sources come from where this machine's apt gets its packages, with lists of
# our own, so apt's configuration and state stay as they are.
#
# shellcheck shell=bash

# shellcheck disable=SC2034 # some of these are for the scripts only
# shellcheck disable=SC2154 # top is set by lib.sh

build=

# To be called when the script ends.
remove_build()
{
	if [[ -n $build ]]; then
		rm -rf -- "$build"
		build=
	fi
}

# logged COMMAND...: the output goes to the log, the end of which is shown if
# the command fails.
logged()
{
	if ! wait_for "$@" >>"$log" 2>&1; then
		tail -n 30 "$log" >&2
		die "failed: $*; all of it is in $log"
	fi
}

# The server that make test would use; ours is of the same major version.
find_server_version()
{
	other=${PG_CONFIG:-$("$top/scripts/find-pg-config" --server)}
	[[ -n $other ]] || die "no PostgreSQL 15 to 19 with server development files found"
	server_version=$("$other" --version)
	[[ $server_version =~ [0-9]+ ]]
	major=${BASH_REMATCH[0]}
}

# --- The source package ---------------------------------------------------

# apt with this machine's archives, their sources instead of their packages.
private_apt()
{
	local command=$1

	shift
	LC_ALL=C.UTF-8 "$command" -q -o APT::Sandbox::User= -o Acquire::Retries=3 \
		-o Dir::Etc::SourceList=/dev/null -o Dir::Etc::SourceParts="$build/apt/sources" \
		-o Dir::State::Lists="$build/apt/lists" -o Dir::Cache="$build/apt/cache" "$@"
}

# Only lines that say "deb" are turned; those that say "deb-src" would be the
# same ones again.
turn_sources()
{
	local f

	for f in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
		if [[ -e $f ]]; then
			sed -n 's/^[[:space:]]*deb\([[:space:]]\)/deb-src\1/p' "$f" \
				>"$build/apt/sources/${f##*/}.list"
		fi
	done
	for f in /etc/apt/sources.list.d/*.sources; do
		if [[ -e $f ]]; then
			sed 's/^Types:.*/Types: deb-src/I' "$f" >"$build/apt/sources/${f##*/}"
		fi
	done
}

# The other server's own version, then what else there is, newest first.
source_versions()
{
	local own

	own=$(sed -n 's/.*(.* \([^ ]*\))$/\1/p' <<<"$server_version")
	{
		private_apt apt-cache showsrc --only-source "postgresql-$major" |
			sed -n 's/^Version: //p' | sort -rVu
	} 2>>"$log" | awk -v own="$own" '
		$0 == own { print; next }
		{ rest = rest $0 "\n" }
		END { printf "%s", rest }
	'
}

download()
{
	cd "$build/package" &&
		private_apt apt-get source --only-source --download-only "postgresql-$major=$1"
}

# A mirror may list a version that it does not have any more.  Debian's patches
# are left out because they fix where things are installed.
fetch_source()
{
	local version versions

	mkdir -p "$build"/apt/{sources,lists/partial,cache/archives/partial} "$build/package"
	turn_sources
	wait_for private_apt apt-get update >>"$log" 2>&1 || true
	mapfile -t versions < <(source_versions)
	for version in ${versions[@]+"${versions[@]}"}; do
		if wait_for download "$version" >>"$log" 2>&1; then
			logged dpkg-source --skip-patches -x "$build/package/postgresql-$major"_*.dsc "$build/source"
			source_version=$version
			return
		fi
	done
	tail -n 30 "$log" >&2
	die "apt offers no source package of PostgreSQL $major; is there a network?"
}

# --- A build --------------------------------------------------------------

# Beside the sources: only then does the installed server support builds of
# extensions beside theirs, as scripts/test does.
configure()
{
	mkdir "$build/objects" && cd "$build/objects" &&
		../source/configure --prefix="$prefix" "$@"
}

run_make()
{
	nice make -s -j "$(nproc)" -C "$build/objects$1" "${@:2}"
}

is_built()
{
	[[ $(cat "$prefix/built-for" 2>/dev/null) == "$wanted" ]]
}

# build_kept WHAT COMMAND: COMMAND makes $build/root$prefix, which is moved to
# its place when it is complete.
build_kept()
{
	local start=$SECONDS

	build=$(mktemp -d "$dir/build-XXXXXX")
	: >"$log"
	say "getting the sources of PostgreSQL $major"
	fetch_source
	say "building PostgreSQL $source_version $1, which takes some minutes"
	"$2"
	echo "$wanted" >"$build/root$prefix/built-for"
	if [[ -e $prefix ]]; then
		mv "$prefix" "$build/old"
	fi
	mv "$build/root$prefix" "$prefix"
	remove_build
	say "built in $((SECONDS - start)) s; kept in $prefix"
}

# keep_build VARIABLE DIR OPTIONS WHAT COMMAND: make sure that DIR/MAJOR, from
# here on $prefix, is there.  VARIABLE is what the user can set to choose DIR.
keep_build()
{
	# The tests run as another user if this is root.
	umask 022
	mkdir -p "$2"
	dir=$(cd "$2" && pwd -P)
	[[ -O $dir ]] || die "\"$dir\" belongs to another user; set $1"
	prefix=$dir/$major
	log=$prefix.log
	wanted="$server_version: $3"

	exec {lock}>"$prefix.lock"
	flock -s "$lock"
	if ! is_built; then
		flock -n "$lock" || say "waiting for others that use $prefix"
		flock "$lock"
		is_built || build_kept "$4" "$5"
		flock -s "$lock"
	fi
}

# --- A server with assertions ---------------------------------------------

# Without ICU, which no test uses.
readonly assert_options=(
	--enable-cassert --enable-debug --enable-tap-tests --with-openssl
	--without-icu --without-readline "--with-extra-version= (with assertions)"
	"CFLAGS=-O2 -fno-omit-frame-pointer"
	"CPPFLAGS=-DRANDOMIZE_ALLOCATED_MEMORY${PGMIG_ASSERT_CPPFLAGS:+ $PGMIG_ASSERT_CPPFLAGS}"
)
readonly sanitizer="-fsanitize=undefined -fno-sanitize-recover=all -fno-omit-frame-pointer"

# CLANG is noted for the checks.
build_assert_server()
{
	logged configure CLANG="$(find_clang)" "${assert_options[@]}"
	logged run_make "" all
	logged run_make "" install DESTDIR="$build/root"
	logged run_make /contrib install DESTDIR="$build/root"
}

can_sanitize()
{
	# shellcheck disable=SC2086
	echo 'int twice(int i) { return i + i; }' |
		gcc $sanitizer -fPIC -shared -x c -o /dev/null - 2>/dev/null
}

# make appends PROFILE to the flags of compiler and linker.
#
# The sanitizer's library looks for its options where the environment was when
# the process began, and there a server has written its title by then.  The
# library also calls a function for them; that one asks the server.  SIGFPE
# stays with the server.
sanitize()
{
	cat >"$prefix/ubsan_options.h" <<-'HEADER'
		extern char *getenv(const char *name);
		extern const char *__ubsan_default_options(void);

		__attribute__((weak)) const char *
		__ubsan_default_options(void)
		{
			return getenv("UBSAN_OPTIONS");
		}
	HEADER
	export PROFILE="${PROFILE:+$PROFILE }$sanitizer -include $prefix/ubsan_options.h"
	export UBSAN_OPTIONS=print_stacktrace=1:abort_on_error=1:handle_sigfpe=0
}

# A server with assertions in $prefix, and pgmig built for it from here on with
# the undefined behaviour sanitizer.
assert_server()
{
	keep_build PGMIG_ASSERT_DIR "${PGMIG_ASSERT_DIR:-/var/tmp/pgmig-assert}" \
		"${assert_options[*]}" "with assertions" build_assert_server
	if can_sanitize; then
		sanitize
	else
		say "this gcc has no undefined behaviour sanitizer; testing without"
	fi
}
