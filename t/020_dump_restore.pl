# A database that is dumped in the middle of its history is restored with the
# graph, the bodies, what is applied and the log, and goes on from there.

use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my @tables = qw(revision revision_parent revision_dependency branch_label
  run run_step applied);

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
$node->append_conf('postgresql.conf', 'fsync = off');
$node->start;
my $dir = $node->basedir;

# Everything in schema pgmig, as text.
sub catalogue
{
	my ($db) = @_;
	my $text = '';

	foreach my $table (@tables)
	{
		$text .= "$table:\n"
		  . $node->safe_psql($db,
			"SELECT t::text FROM pgmig.$table t ORDER BY t::text COLLATE \"C\"")
		  . "\n";
	}
	return $text
	  . $node->safe_psql($db,
		'SELECT last_value, is_called FROM pgmig.run_run_seq')
	  . "\n";
}

# The schema, without what differs between two dumps of the same.
sub schema
{
	my ($db) = @_;
	my ($out, $err) = run_command(
		[ 'pg_dump', '--schema-only', '-d', $node->connstr($db) ]);

	is($err, '', "schema of $db is dumped");
	return join "\n", grep { !/^\\(un)?restrict / } split /\n/, $out;
}

# A history with all there is: scopes, labels, dependencies, several bases,
# a revision that cannot be undone, runs of each kind.
$node->safe_psql('postgres', <<'EOS');
CREATE ROLE "Rünner;" LOGIN;
CREATE DATABASE source TEMPLATE template0;
EOS
$node->safe_psql('source', <<'EOS');
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
my $catalogue = catalogue('source');
my $schema = schema('source');
like($catalogue, qr/Tenant; 1/, 'scopes are in the catalogue');

# Go on from there, which gives the same everywhere.
sub go_on
{
	my ($db) = @_;

	$node->safe_psql($db, q{SELECT pgmig_upgrade('heads')});
	my $up = schema($db);
	is( $node->safe_psql(
			$db, q{SELECT applied = 55 AND pending = 0 FROM pgmig_status()}),
		't',
		"$db: everything is applied");
	my ($rc, $out, $err) =
	  $node->psql($db, q{SELECT pgmig_downgrade('läb''el@base')});
	like($err, qr/revision "ch'ild" is irreversible/, "$db: irreversible");
	$node->safe_psql($db,
		q{SELECT pgmig_stamp('läb''el@base'); SELECT pgmig_downgrade('base')}
	);
	is( $node->safe_psql(
			$db,
			q{SELECT string_agg(scope || ' ' || revision, ', ' ORDER BY scope, revision) FROM pgmig.applied WHERE revision !~ '^[0-9a-z_]{6,}$'}
		),
		q{Tenant; 1 b"ase;, Tenant; 1 dep, tenant2 b"ase;, tenant2 ch'ild},
		"$db: other scopes stay");
	$node->safe_psql($db,
		q{SET pgmig.scope = 'Tenant; 1'; SELECT pgmig_downgrade('base')});
	my ($runs, $steps) = split /\|/,
	  $node->safe_psql($db,
		q{SELECT (SELECT count(DISTINCT run) = max(run) FROM pgmig.run), (SELECT count(*) FROM pgmig.run_step)}
	  );
	is($runs, 't', "$db: runs are numbered on");
	return $up . "\n" . schema($db);
}

sub check_restored
{
	my ($db) = @_;

	is(catalogue($db), $catalogue, "$db: the catalogue is the same");
	is(schema($db), $schema, "$db: the schema is the same");
	is( $node->safe_psql(
			$db,
			q{SELECT has_function_privilege('Rünner;', 'pgmig_upgrade(text, text)', 'EXECUTE'), has_function_privilege('Rünner;', 'pgmig_import(text, text)', 'EXECUTE'), has_function_privilege('public', 'pgmig_upgrade(text, text)', 'EXECUTE')}
		),
		't|f|f',
		"$db: privileges are the same");
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
my $expected = go_on('source');
is(go_on($_), $expected, "$_: goes on as the source does")
  foreach qw(plain parallel two_parts template);

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
