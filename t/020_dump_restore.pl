# A database that is dumped in the middle of its history is restored with the
# graph, the bodies, what is applied and the log, and goes on from there.
#
# PGMIG_OLD_SERVERS names older servers with pgmig installed: their pg_config,
# separated by blanks.  Databases of theirs are dumped and restored, too, by the
# programs of this version.

use strict;
use warnings FATAL => 'all';

use File::Basename;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my @tables = qw(revision revision_parent revision_dependency branch_label
  run run_step run_message unfinished applied guard guard_log snapshot);

sub start_node
{
	my ($name, %params) = @_;
	my $new = PostgreSQL::Test::Cluster->new($name, %params);

	$new->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
	$new->append_conf('postgresql.conf',
		"fsync = off\nclient_min_messages = warning\nlog_statement = none");
	$new->start;
	return $new;
}

my $node = start_node('main');
my $dir  = $node->basedir;

# Everything in schema pgmig, as text.
sub catalogue
{
	my ($db, $server) = @_;
	my $text = '';

	$server ||= $node;

	foreach my $table (@tables)
	{
		$text .= "$table:\n"
		  . $server->safe_psql($db,
			"SELECT t::text FROM pgmig.$table t ORDER BY t::text COLLATE \"C\"")
		  . "\n";
	}
	return $text
	  . $server->safe_psql($db,
		'SELECT last_value, is_called FROM pgmig.run_run_seq')
	  . "\n";
}

# The schema, without what differs between two dumps of the same.
sub schema
{
	my ($db, $server) = @_;
	my ($out, $err) = run_command(
		[
			'pg_dump', '--schema-only', '-d', ($server || $node)->connstr($db)
		]);

	is($err, '', "schema of $db is dumped");

	# From 18 on these have names, which depend on how they came about.
	$out =~ s/ CONSTRAINT \w+_not_null\d* NOT NULL/ NOT NULL/g;
	return join "\n",
	  grep { !/^(\\(un)?restrict |-- Dumped from )/ } split /\n/, $out;
}

# A history with all there is: scopes, labels, dependencies, several bases,
# a revision that cannot be undone, one that is half-done, runs of each kind.
sub make_source
{
	my ($server) = @_;

	$server->safe_psql('postgres', <<'EOS');
CREATE ROLE "Rünner;" LOGIN;
CREATE ROLE "Öwner;" LOGIN;
CREATE DATABASE source TEMPLATE template0;
EOS
	$server->safe_psql('source', <<'EOS');
CREATE EXTENSION pgmig;
SELECT pgmig_grant('Rünner;', 'runner');
SELECT pgmig_load('migrations');
SELECT pgmig_upgrade('968b0dff6a9b');
SELECT pgmig_upgrade('00c8a000b44f', 'täg "x"');
SELECT pgmig_downgrade('add_alerts_dedup_indexes');
SELECT pgmig_import($pgmig$
-- Second; "base"
--
-- with a long
--   message \ and 	a tab
--
-- Revision ID: b"ase;
-- Branch Labels: läb'el, other

-- pgmig: upgrade
CREATE TABLE "Täble;" (id int PRIMARY KEY, note text);
INSERT INTO "Täble;" VALUES (1, E'tab\tline\nback\\slash');
-- pgmig: downgrade
DROP TABLE "Täble;";

-- Child
--
-- Revision ID: ch'ild
-- Revises: b"ase;
-- Depends On: 968b0dff6a9b

-- pgmig: upgrade
ALTER TABLE "Täble;" ADD extra int;

-- Half
--
-- Revision ID: half
-- Revises: ch'ild

-- pgmig: upgrade no-transaction
SET work_mem = '1MB';
INSERT INTO "Täble;" VALUES (2);
SELECT 1 / (count(*) - 2) FROM "Täble;";
-- pgmig: downgrade
DELETE FROM "Täble;" WHERE id = 2;

-- Dependent
--
-- Revision ID: dep
-- Depends On: läb'el

-- pgmig: upgrade
CREATE TABLE dep (id int);
-- pgmig: downgrade
DROP TABLE dep;
$pgmig$, 'Söurce;.sql');
SELECT pgmig_upgrade('läb''el');
CREATE SCHEMA "Tenant; 1";
SET pgmig.scope = 'Tenant; 1';
SELECT pgmig_upgrade('dep');
SET pgmig.scope = 'tenant2';
SELECT pgmig_stamp('ch''ild');
EOS
	my ($rc, $out, $err) = $server->psql('source',
		q{CALL pgmig_upgrade_stepwise('half')});
	like($err, qr/division by zero.*statement 3 of 3/s, 'half-done');
	return;
}

# What pgmig_check() finds, in each scope.
sub findings
{
	my ($db, $server) = @_;

	return join "\n", map {
		"$_: " . ($server || $node)->safe_psql($db,
			"SET pgmig.scope = '$_'; SELECT \"check\", kind, identity, property, expected, found FROM pgmig_check()")
	} '', 'Tenant; 1', 'tenant2';
}

make_source($node);
my $catalogue = catalogue('source');
my $findings  = findings('source');
unlike($findings, qr/^(drift|snapshot)/m, 'no drift in the source');
like($findings, qr/^unfinished\|revision\|half/m, 'but something is found');
my $schema = schema('source');
like($catalogue, qr/Tenant; 1/, 'scopes are in the catalogue');

# Go on from there, which gives the same everywhere.
sub go_on
{
	my ($db, %params) = @_;
	my $server = $params{server} || $node;
	my @user = (extra_params => [ '-U', $params{user} ]) if $params{user};

	$server->safe_psql(
		$db, q{
INSERT INTO "Täble;" VALUES (3);
CALL pgmig_upgrade_stepwise('half');
SELECT pgmig_upgrade('heads');
}, @user);
	my $up = schema($db, $server);
	is( $server->safe_psql(
			$db, q{SELECT applied = 56 AND pending = 0 FROM pgmig_status()}),
		't',
		"$db: everything is applied");
	my ($rc, $out, $err) =
	  $server->psql($db, q{SELECT pgmig_downgrade('läb''el@base')});
	like($err, qr/revision "ch'ild" is irreversible/, "$db: irreversible");
	$server->safe_psql($db,
		q{SELECT pgmig_stamp('läb''el@base'); SELECT pgmig_downgrade('base')},
		@user);
	is( $server->safe_psql(
			$db,
			q{SELECT string_agg(scope || ' ' || revision, ', ' ORDER BY scope, revision) FROM pgmig.applied WHERE revision !~ '^[0-9a-z_]{6,}$'}
		),
		q{Tenant; 1 b"ase;, Tenant; 1 dep, tenant2 b"ase;, tenant2 ch'ild},
		"$db: other scopes stay");
	$server->safe_psql($db,
		q{SET pgmig.scope = 'Tenant; 1'; SELECT pgmig_downgrade('base')},
		@user);
	my ($runs, $steps) = split /\|/,
	  $server->safe_psql($db,
		q{SELECT (SELECT count(DISTINCT run) = max(run) FROM pgmig.run), (SELECT count(*) FROM pgmig.run_step)}
	  );
	is($runs, 't', "$db: runs are numbered on");
	return $up . "\n" . schema($db, $server);
}

sub check_privileges
{
	my ($db, $server) = @_;

	is( ($server || $node)->safe_psql(
			$db,
			q{SELECT has_function_privilege('Rünner;', 'pgmig_upgrade(text, text)', 'EXECUTE'), has_function_privilege('Rünner;', 'pgmig_import(text, text)', 'EXECUTE'), has_function_privilege('public', 'pgmig_upgrade(text, text)', 'EXECUTE')}
		),
		't|f|f',
		"$db: privileges are the same");
	return;
}

sub check_restored
{
	my ($db, $server) = @_;

	is(catalogue($db, $server), $catalogue, "$db: the catalogue is the same");
	is(schema($db, $server), $schema, "$db: the schema is the same");
	is(findings($db, $server), $findings, "$db: the check finds the same");
	check_privileges($db, $server);
	return;
}

# The roles and all databases, into a new server.
sub restore_all
{
	my ($from, $name) = @_;
	my $server = start_node($name);

	command_ok([ 'pg_dumpall', '-f', "$dir/$name.sql", '-d', $from->connstr('postgres') ],
		"$name: all databases are dumped");

	my ($out, $err) = run_command(
		[
			'psql', '-XqAt', '-o', '/dev/null', '-f', "$dir/$name.sql", '-d',
			$server->connstr('postgres')
		]);
	like(
		$err,
		qr/^\S+ ERROR:  role "[^\n]*" already exists$/,
		"$name: all is restored, but the role that restores");
	check_restored('source', $server);
	return $server;
}

my $source = $node->connstr('source');
command_ok([ 'pg_dump', '-f', "$dir/plain.sql", '-d', $source ], 'plain dump');
command_ok([ 'pg_dump', '-Fc', '-f', "$dir/custom", '-d', $source ],
	'custom dump');
command_ok([ 'pg_dump', '-Fd', '-j2', '-f', "$dir/directory", '-d', $source ],
	'directory dump');
command_ok([ 'pg_dump', '--data-only', '-f', "$dir/data.sql", '-d', $source ],
	'data-only dump');
command_ok(
	[ 'pg_dump', '--schema-only', '-f', "$dir/schema.sql", '-d', $source ],
	'schema-only dump');
$node->safe_psql('postgres', "CREATE DATABASE $_ TEMPLATE template0")
  foreach qw(plain custom parallel two_parts);
$node->safe_psql('postgres', 'CREATE DATABASE template TEMPLATE source');

my @psql = ('psql', '-XqAt', '-v', 'ON_ERROR_STOP=1', '-o', '/dev/null');
command_ok([ @psql, '-f', "$dir/plain.sql", '-d', $node->connstr('plain') ],
	'plain restore');
command_ok(
	[
		'pg_restore', '--exit-on-error', '-d', $node->connstr('custom'),
		"$dir/custom"
	],
	'custom restore');
command_ok(
	[
		'pg_restore', '--exit-on-error', '-j2', '-d',
		$node->connstr('parallel'), "$dir/directory"
	],
	'parallel restore');

# Schema first: a working extension without revisions, then the data.
command_ok(
	[ @psql, '-f', "$dir/schema.sql", '-d', $node->connstr('two_parts') ],
	'schema restore');
is( $node->safe_psql(
		'two_parts', 'SELECT count(*) FROM pgmig_history()'),
	'0',
	'no revisions without data');
command_ok(
	[
		@psql, '-f',
		"$dir/data.sql", '-d', $node->connstr('two_parts')
	],
	'data restore');

check_restored($_) foreach qw(plain custom parallel two_parts template);
my $all = restore_all($node, 'dumpall');
my $expected = go_on('source');
is(go_on($_), $expected, "$_: goes on as the source does")
  foreach qw(plain parallel two_parts template);

# Over a database that has gone on meanwhile.  What later revisions have left
# there, pg_restore does not know.
$node->safe_psql('plain', 'DROP TABLE dep');
my @restore = ('pg_restore', '--exit-on-error');
command_ok(
	[
		@restore, '--clean', '--if-exists', '-d', $node->connstr('plain'),
		"$dir/custom"
	],
	'restore over a database');
check_restored('plain');

# By a role that is no superuser, and for it.
my $owner = 'Öwner;';
my $from  = 0;

sub without_owner
{
	my ($text) = @_;

	$text =~ s/(OWNER TO|; Owner:) .*/$1/g;
	$text =~ s/^(SET SESSION AUTHORIZATION .*|RESET SESSION AUTHORIZATION;)\n//mg;
	return $text;
}

sub connect_as_owner
{
	my ($db) = @_;

	return $node->connstr($db) . " user='$owner'";
}

$node->safe_psql('postgres', qq{CREATE DATABASE $_ OWNER "$owner" TEMPLATE template0})
  foreach qw(owned owned2 role rights);
command_ok(
	[ @restore, '--no-owner', '-d', connect_as_owner('owned'), "$dir/custom" ],
	'restore by the owner of the database');
command_ok(
	[
		'pg_dump', '-Fd', '-j2', '-f', "$dir/owned", '-d',
		connect_as_owner('owned')
	],
	'dump by the owner of the database');
command_ok(
	[
		@restore, '-j2', '--no-owner', '-d', connect_as_owner('owned2'),
		"$dir/owned"
	],
	'and restore');
command_ok(
	[
		@restore, '--no-owner', "--role=$owner", '-d', $node->connstr('role'),
		"$dir/owned"
	],
	'restore by a superuser for the owner');
command_ok(
	[
		@restore, '--no-privileges', '-d', $node->connstr('rights'),
		"$dir/owned"
	],
	'restore without privileges');
$node->safe_psql('rights',
	qq{SELECT pgmig_grant('$owner', 'administrator'), pgmig_grant('Rünner;', 'runner')}
);
foreach my $db (qw(owned owned2 role rights))
{
	is(catalogue($db), $catalogue, "$db: the catalogue is the same");
	check_privileges($db);
	my $result = without_owner(go_on($db, user => $owner));
	is($result, without_owner($expected), "$db: goes on as the source does")
	  if $db ne 'rights';
}

# Into other servers, and from older ones.
is(go_on('source', server => $all),
	$expected, 'dumpall: goes on as the source does');
$all->stop;
foreach my $pg_config (split ' ', $ENV{PGMIG_OLD_SERVERS} || '')
{
	my ($bindir) = run_command([ $pg_config, '--bindir' ]);
	my $old =
	  start_node('old' . $from++, install_path => dirname($bindir));
	my $db = 'from' . $old->pg_version->major;

	make_source($old);
	$catalogue = catalogue('source', $old);
	$findings  = findings('source', $old);
	$schema    = schema('source', $old);
	command_ok(
		[
			'pg_dump', '-Fd', '-j2', '-f', "$dir/$db", '-d',
			$old->connstr('source')
		],
		"$db: dump");
	$node->safe_psql('postgres', "CREATE DATABASE $db TEMPLATE template0");
	command_ok(
		[ @restore, '-j2', '-d', $node->connstr($db), "$dir/$db" ],
		"$db: restore");
	check_restored($db);
	$all = restore_all($old, "dumpall$from");
	$expected = go_on('source', server => $old);
	is(go_on($db), $expected, "$db: goes on as the source does");
	is(go_on('source', server => $all),
		$expected, "$db: from all databases, too");
	$_->stop foreach ($old, $all);
}

# With the extension in another schema.
$node->safe_psql('postgres', <<'EOS');
CREATE DATABASE elsewhere TEMPLATE template0;
CREATE DATABASE elsewhere2 TEMPLATE template0;
EOS
$node->safe_psql('elsewhere', <<'EOS');
CREATE SCHEMA "Ext; schema";
CREATE EXTENSION pgmig SCHEMA "Ext; schema";
SELECT "Ext; schema".pgmig_import(E'-- a\n--\n-- Revision ID: a\n\n-- pgmig: upgrade\nCREATE TABLE public.a ();\n-- pgmig: downgrade\nDROP TABLE public.a;\n');
SELECT "Ext; schema".pgmig_upgrade();
EOS
$catalogue = catalogue('elsewhere');
command_ok(
	[
		'pg_dump', '-Fc', '-f', "$dir/elsewhere", '-d',
		$node->connstr('elsewhere')
	],
	'dump with the extension in another schema');
command_ok(
	[
		'pg_restore', '--exit-on-error', '-d', $node->connstr('elsewhere2'),
		"$dir/elsewhere"
	],
	'restore with the extension in another schema');
is(catalogue('elsewhere2'), $catalogue, 'the catalogue is the same there');
is( $node->safe_psql(
		'elsewhere2', q{SELECT "Ext; schema".pgmig_downgrade('base')}),
	'a',
	'and goes on');

$node->stop;
done_testing();
