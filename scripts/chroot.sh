# Debian systems in chroots, for the scripts of this directory; sourced after
# lib.sh, not run.
#
# Needs root, debootstrap and a network.  All is kept in PGMIG_CHROOTS, by
# default /var/tmp/pgmig-chroots: minimal systems, systems with a server, and
# the packages that were downloaded.  Mirrors and proxies are those of this
# machine's apt.  What runs in a chroot has namespaces of its own for mounts
# and processes, and ends with the script, however that ends.
#
# shellcheck shell=bash

# debootstrap's and chroot's programs live there.
export PATH=$PATH:/usr/sbin:/sbin

chroots=${PGMIG_CHROOTS:-/var/tmp/pgmig-chroots}

# Debian archives that this machine's apt uses: label and address, one a line.
archives()
{
	# shellcheck disable=SC2016
	apt-get indextargets --format '$(LABEL)|$(REPO_URI)' \
		'Created-By: Packages' 'Origin: Debian' 2>/dev/null | sort -u
}

archive()
{
	archives | sed -n "s/^$1|//p" | sed 's|/*$||;q'
}

# What keeps chroots from being made here, or nothing.
chroots_impossible()
{
	local program

	[[ $(id -u) == 0 ]] || echo "this needs root"
	for program in debootstrap unshare chroot; do
		command -v "$program" >/dev/null || echo "$program is missing"
	done
	if ! unshare --mount --pid --fork true 2>/dev/null; then
		echo "no namespaces can be made here"
	fi
	[[ -n $(archive Debian) ]] || echo "this machine's apt has no archive of Debian"
}

# suite_reachable SUITE: whether the archive answers for it.
suite_reachable()
{
	local file rc=0

	file=$(mktemp)
	/usr/lib/apt/apt-helper -o Acquire::Retries=2 download-file \
		"$(archive Debian)/dists/$1/InRelease" "$file" >/dev/null 2>&1 || rc=$?
	rm -f "$file"
	return $rc
}

# The lines of sources.list for a suite.  Rolling suites are one.
suite_sources()
{
	local suite=$1 label uri

	while IFS='|' read -r label uri; do
		case $label:$suite in
			Debian:*) echo "deb $uri $suite main" ;;&
			*:sid | *:unstable | *:experimental) ;;
			Debian:*) echo "deb $uri $suite-updates main" ;;
			Debian-Security:*) echo "deb $uri $suite-security main" ;;
		esac
	done < <(archives)
}

# make_base SUITE: a minimal system in $chroots/SUITE, unless it is there.
make_base()
{
	local suite=$1 base=$chroots/$1

	mkdir -p "$chroots/archives-$suite/partial"
	if [[ -d $base ]]; then
		return
	fi
	say "making a minimal $suite"
	rm -rf --one-file-system -- "$base.new"
	if ! wait_for debootstrap --variant=minbase "$suite" "$base.new" "$(archive Debian)" \
		>"$chroots/$suite.log" 2>&1; then
		tail -n 20 "$chroots/$suite.log" >&2
		return 1
	fi
	mv "$base.new" "$base"
}

# set_up ROOT SUITE...: names, mirrors and proxies for a chroot.  A mirror that
# is behind the times is good enough for tests.
set_up()
{
	local root=$1 suite

	shift
	cp -L /etc/resolv.conf "$root/etc/resolv.conf" 2>/dev/null || true
	echo "127.0.0.1 localhost $(uname -n)" >"$root/etc/hosts"
	rm -f "$root"/etc/apt/sources.list.d/*
	for suite; do
		suite_sources "$suite"
	done >"$root/etc/apt/sources.list"
	apt-config dump 2>/dev/null | grep -iE '^Acquire::https?::Proxy' \
		>"$root/etc/apt/apt.conf.d/99proxy" || true
	echo 'Acquire::Check-Valid-Until "false";' >"$root/etc/apt/apt.conf.d/99valid"
}

# copy_chroot FROM TO: a system of its own, which costs what is in it.
copy_chroot()
{
	mkdir -m 755 "$2"
	cp -a "$1/." "$2/"
}

# put_tree ROOT: the source tree to /src/pgmig in a chroot.
put_tree()
{
	rm -rf --one-file-system -- "$1/src/pgmig"
	mkdir -p "$1/src/pgmig"
	copy_sources "$1/src/pgmig"
}

# Names of variables that programs in a chroot get to see.
pass=()

# run_in ROOT ARCHIVES COMMAND...: as root, in the chroot.  Packages that apt
# downloads are kept in the directory ARCHIVES, if one is named.  The
# environment is that of a new login, with the variables of $pass.
run_in()
{
	local name environment=()

	for name in ${pass[@]+"${pass[@]}"}; do
		if [[ -n ${!name:-} ]]; then
			environment+=("$name=${!name}")
		fi
	done
	# shellcheck disable=SC2016
	wait_for unshare --mount --propagation private --pid --fork --kill-child bash -c '
		set -e
		root=$1 archives=$2
		shift 2
		mount -t proc proc "$root/proc"
		mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
		if [[ -n $archives ]]; then
			mount --bind "$archives" "$root/var/cache/apt/archives"
		fi
		exec chroot "$root" /usr/bin/env -i HOME=/root TERM="${TERM:-dumb}" \
			PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$@"
	' run_in "$1" "$2" ${environment[@]+"${environment[@]}"} "${@:3}"
}
