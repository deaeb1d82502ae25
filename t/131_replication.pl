# Logical replication of what pgmig knows.
#
# First everything, to move a database to another server.  Then the graph
# alone, between servers that each run its revisions.
#
# PGMIG_OLD_SERVERS names older servers with pgmig installed: their pg_config,
# separated by blanks.  The first one is the publisher; without it, both servers
# are of this version.

use strict;
use warnings FATAL => 'all';

use File::Basename;
use FindBin;
use lib $FindBin::RealBin;

use IPC::Run;
use PgmigSession;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

$ENV{PGTZ} = 'UTC';

my @tables = qw(revision revision_parent revision_dependency branch_label
  run run_step run_message unfinished applied guard guard_log snapshot);
my ($old_server) = split ' ', $ENV{PGMIG_OLD_SERVERS} || '';
my %install_path;

if ($old_server)
{
	my ($bindir) = run_command([ $old_server, '--bindir' ]);

	$install_path{install_path} = dirname($bindir);
}

sub start_node
{
	my ($name, %params) = @_;
	my $node = PostgreSQL::Test::Cluster->new($name, %params);

	$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
	$node->append_conf(
		'postgresql.conf', q{
fsync = off
wal_level = logical
max_wal_senders = 10
max_replication_slots = 10
max_worker_processes = 20
max_prepared_transactions = 1
max_logical_replication_workers = 10
wal_retrieve_retry_interval = 100ms
client_min_messages = warning
});
	$node->start;
	return $node;
}

my $publisher  = start_node('publisher', %install_path);
my $subscriber = start_node('subscriber');
note 'from ' . $publisher->pg_version . ' to ' . $subscriber->pg_version;

# Databases of this name on both.
sub create_databases
{
	my ($db) = @_;

	$_->safe_psql('postgres', "CREATE DATABASE \"$db\"")
	  foreach ($publisher, $subscriber);
	return;
}

sub subscribe
{
	my ($db, $name, $publication, $options) = @_;

	$subscriber->safe_psql($db,
		sprintf q{CREATE SUBSCRIPTION %s CONNECTION '%s dbname=%s' PUBLICATION %s %s},
		$name, $publisher->connstr, $db, $publication, $options || '');
	$subscriber->wait_for_subscription_sync($publisher, $name, $db);
	return;
}

# Everything in the tables of schema pgmig, as text.
sub catalogue
{
	my ($node, $db, @which) = @_;
	my $text = '';

	$text .= "$_:\n"
	  . $node->safe_psql($db,
		"SELECT t::text FROM pgmig.$_ t ORDER BY t::text COLLATE \"C\"") . "\n"
	  foreach @which;
	return $text;
}

sub same_catalogue
{
	my ($db, $name, @which) = @_;

	is(catalogue($subscriber, $db, @which),
		catalogue($publisher, $db, @which), $name);
	return;
}

sub applied
{
	my ($node, $db) = @_;

	return $node->safe_psql($db,
		q{SELECT string_agg(revision, ' ' ORDER BY revision) FROM pgmig.applied});
}

# A revision, loaded at the publisher.
sub load
{
	my ($db, $id, $revises, $upgrade, $downgrade) = @_;

	$publisher->safe_psql(
		$db, qq{
SELECT pgmig_import(\$pgmig\$-- Revision $id
--
-- Revision ID: $id
-- Revises: $revises

-- pgmig: upgrade
$upgrade
-- pgmig: downgrade
$downgrade\$pgmig\$)});
	return;
}

#
# Everything: a database moves to another server
#

create_databases('all');
$publisher->safe_psql(
	'all', q{
CREATE EXTENSION pgmig;
SELECT pgmig_load('migrations');
SELECT pgmig_upgrade('add_zones_001');
SELECT pgmig_downgrade('add_alerts_rules');
SET pgmig.scope = 'tenant';
SELECT pgmig_stamp('968b0dff6a9b');
RESET pgmig.scope;
INSERT INTO cameras (id, name, folder_path, status, created_at) VALUES ('cam-1', 'Porch', '/cams/porch', 'online', '2025-11-01');
});
load('all', 'rows', 'add_alerts_rules',
	q{UPDATE cameras SET name = 'Pörch';}, '');
load('all', 'half', 'rows', "CREATE INDEX half_i ON cameras (id);\nSELECT 1 / 0;", '');
$publisher->safe_psql('all', q{SELECT pgmig_edit('half', E'SELECT 1;\nSELECT 1 / 0;')});
is( $publisher->psql('all', q{CALL pgmig_upgrade_stepwise('half')}),
	3, 'a run that fails');
$publisher->safe_psql('all', 'CREATE PUBLICATION everything FOR ALL TABLES');
is( $publisher->safe_psql(
		'all',
		q{SELECT count(*) FROM pg_publication_tables WHERE schemaname = 'pgmig'}
	),
	scalar @tables,
	'FOR ALL TABLES has the tables of schema pgmig');

# The subscriber gets the schema from a dump, and its own extension with it.
my $dump = $subscriber->basedir . '/schema.sql';
command_ok(
	[
		'pg_dump', '--schema-only', '--no-publications', '-f', $dump, '-d',
		$publisher->connstr('all')
	],
	'schema is dumped');
command_ok(
	[
		'psql', '-XqAt', '-o', '/dev/null', '-v', 'ON_ERROR_STOP=1', '-f', $dump,
		'-d', $subscriber->connstr('all')
	],
	'schema is restored');
subscribe('all', 'everything', 'everything');
same_catalogue('all', 'everything: the initial copy', @tables);

# What goes on at the publisher.
$publisher->safe_psql(
	'all', q{
SELECT pgmig_stamp('add_alerts_rules');
SELECT pgmig_remove('half');
SELECT pgmig_upgrade('rows');
SELECT pgmig_merge('{heads}', 'merge', NULL, 'merge');
SET pgmig.scope = 'tenant';
SELECT pgmig_stamp('base');
DELETE FROM pgmig.run WHERE run = 2;
});
$publisher->wait_for_catchup('everything');
same_catalogue('all', 'everything: changes', @tables);
is($subscriber->safe_psql('all', 'SELECT name FROM cameras'),
	'Pörch', 'everything: rows that a body has changed');

# DDL is not replicated, but that it was carried out is.
$publisher->safe_psql('all', q{SELECT pgmig_stamp('add_alerts_rules')});
$publisher->wait_for_catchup('everything');
my $asking = { in => '', out => '', err => '',
	timer => IPC::Run::timeout($PostgreSQL::Test::Utils::timeout_default) };
$asking->{run} = IPC::Run::start(
	[ 'psql', '-XqAt', '-d', $subscriber->connstr('all') ],
	'<', \$asking->{in}, '>', \$asking->{out}, '2>', \$asking->{err},
	$asking->{timer});
ask($asking, q{SELECT pgmig_require('add_zones_001')});
is($asking->{state}, 'MG016', 'everything: a session asks for what is not applied');
$publisher->safe_psql('all', q{SELECT pgmig_upgrade('add_zones_001')});
$publisher->wait_for_catchup('everything');
is( $subscriber->safe_psql(
		'all',
		q{SELECT current, to_regclass('zones') IS NULL FROM pgmig_status()}),
	'{add_zones_001}|t',
	'everything: DDL counts as applied, but is not replicated');
# That session hears of it, and keeps the answer until it has changed.
must($asking, q{SELECT pgmig_require('add_zones_001')});
must($asking, 'BEGIN');
must($asking, q{SELECT pgmig_require('add_zones_001')});
is( must($asking,
		q{SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND relation = 'pgmig.revision'::regclass}
	),
	'0',
	'everything: the answer is kept');
must($asking, 'COMMIT');
$publisher->safe_psql('all', q{SELECT pgmig_downgrade('-1')});
$publisher->wait_for_catchup('everything');
ask($asking, q{SELECT pgmig_require('add_zones_001')});
is($asking->{state}, 'MG016', 'everything: the answer has changed');
quit($asking);

# The switch.  Sequences are not replicated, but runs have new numbers.
$subscriber->safe_psql('all', 'DROP SUBSCRIPTION everything');
my $last = $subscriber->safe_psql('all', 'SELECT max(run) FROM pgmig.run');
cmp_ok($last, '>', $subscriber->safe_psql('all', 'SELECT last_value FROM pgmig.run_run_seq'),
	'everything: the sequence of run numbers is not replicated');
is( $subscriber->safe_psql('all', q{SELECT count(*) FROM pgmig_upgrade('heads')}),
	'51',
	'everything: goes on at the subscriber');
is( $subscriber->safe_psql('all', 'SELECT max(run) FROM pgmig.run'),
	$last + 1,
	'everything: the run has the next number');
is( $subscriber->safe_psql('all', q{SELECT count(*) FROM pgmig_downgrade('base')}),
	'54',
	'everything: down to base');

#
# The graph: each server runs the revisions
#

my @graph = @tables[ 0 .. 3 ];
create_databases('graph');
$publisher->safe_psql(
	'graph', q{
CREATE EXTENSION pgmig;
CREATE SCHEMA app;
CREATE PUBLICATION graph FOR TABLE pgmig.revision, pgmig.revision_parent,
    pgmig.revision_dependency, pgmig.branch_label;
CREATE PUBLICATION app FOR TABLES IN SCHEMA app;
});
load('graph', 'items', '', q{CREATE TABLE app.item (id int PRIMARY KEY, name text);
INSERT INTO app.item VALUES (1, 'first');},
	'DROP TABLE app.item;');
$publisher->safe_psql('graph', q{SELECT pgmig_upgrade()});
$subscriber->safe_psql('graph', 'CREATE EXTENSION pgmig; CREATE SCHEMA app');

# The graph comes, the schema is made of it, the rows come.
subscribe('graph', 'graph', 'graph');
same_catalogue('graph', 'graph: the initial copy', @graph);
is(applied($subscriber, 'graph'), '', 'graph: nothing is applied');
$subscriber->safe_psql('graph', q{SELECT pgmig_upgrade(); TRUNCATE app.item;});
subscribe('graph', 'app', 'app');
my $items = 'SELECT * FROM app.item ORDER BY id';
is($subscriber->safe_psql('graph', $items), '1|first', 'graph: rows');

sub synchronise
{
	$publisher->wait_for_catchup($_) foreach qw(graph app);
	return;
}

# New revisions, with all that a graph has; the order does not matter.
$publisher->safe_psql(
	'graph', q{
SELECT pgmig_import($$
-- price
-- Revision ID: price
-- Revises: items
-- Branch Labels: prices, cósts

-- pgmig: upgrade
ALTER TABLE app.item ADD COLUMN price numeric;
-- pgmig: downgrade
ALTER TABLE app.item DROP COLUMN price;

-- other
-- Revision ID: other
-- Depends On: cósts

-- pgmig: upgrade
CREATE TABLE app.other (id int PRIMARY KEY);
-- pgmig: downgrade
DROP TABLE app.other;
$$);
SELECT pgmig_merge('{price,other}', 'merge', NULL, 'merge');
SELECT pgmig_revision('mistake', 'mistake', branch_label => 'oops');
SELECT pgmig_edit('merge', downgrade => 'SELECT 1;');
});
synchronise();
same_catalogue('graph', 'graph: new revisions', @graph);
is( $subscriber->safe_psql(
		'graph', q{SELECT string_agg(revision, ' ' ORDER BY step) FROM pgmig_plan('heads')}
	),
	'price other merge mistake',
	'graph: the plan of the subscriber');
$publisher->safe_psql('graph', q{SELECT pgmig_remove('mistake')});
synchronise();
same_catalogue('graph', 'graph: a revision is removed', @graph);
is($subscriber->safe_psql('graph', 'SELECT revision FROM pgmig_heads()'),
	'merge', 'graph: the head of the subscriber');
is( $subscriber->safe_psql('graph', 'SELECT count(*) FROM pgmig_import(pgmig_export())'),
	'0',
	'graph: nothing is left to be loaded');

# The subscriber first, then the publisher.
is($subscriber->safe_psql('graph', 'SELECT pgmig_upgrade()'),
	"price\nother\nmerge", 'graph: up at the subscriber');
$publisher->safe_psql(
	'graph', q{
INSERT INTO app.item VALUES (2, 'second');
SELECT pgmig_upgrade();
UPDATE app.item SET price = 2;
INSERT INTO app.other VALUES (1);
});
synchronise();
is($subscriber->safe_psql('graph', $items),
	"1|first|2\n2|second|2", 'graph: rows with the new column');
is($subscriber->safe_psql('graph', 'SELECT count(*) FROM app.other'),
	'0', 'graph: not yet the rows of the new table');
$subscriber->safe_psql('graph', 'ALTER SUBSCRIPTION app REFRESH PUBLICATION');
$subscriber->wait_for_subscription_sync($publisher, 'app', 'graph');
is($subscriber->safe_psql('graph', 'SELECT count(*) FROM app.other'),
	'1', 'graph: the rows of the new table');

# Down: the publisher first.
$publisher->safe_psql('graph', q{SELECT pgmig_downgrade('cósts')});
$publisher->safe_psql('graph', q{SELECT pgmig_downgrade('items')});
$publisher->safe_psql('graph', q{INSERT INTO app.item VALUES (3, 'third')});
synchronise();
is($subscriber->safe_psql('graph', $items),
	"1|first|2\n2|second|2\n3|third|", 'graph: rows without it');
$subscriber->safe_psql('graph', q{SELECT pgmig_downgrade('items')});
same_catalogue('graph', 'graph: down', @graph);
is(applied($subscriber, 'graph'), applied($publisher, 'graph'),
	'graph: the same is applied');

# A revision that changes rows: they come from the publisher.
load('graph', 'rows', 'items', q{INSERT INTO app.item VALUES (4, 'fourth');},
	'DELETE FROM app.item WHERE id = 4;');
synchronise();
$publisher->safe_psql('graph', q{SELECT pgmig_upgrade('rows')});
$subscriber->safe_psql('graph', q{SELECT pgmig_stamp('rows')});
synchronise();
is($subscriber->safe_psql('graph', "$items OFFSET 3"),
	'4|fourth', 'graph: rows that a body makes');

# A stepwise run at the subscriber, while revisions and rows arrive.
load('graph', 'index', 'rows', 'SELECT 1;', '');
$publisher->safe_psql(
	'graph', q{
SELECT pgmig_import($$
-- index
-- Revision ID: concurrent
-- Revises: index

-- pgmig: upgrade no-transaction
CREATE INDEX CONCURRENTLY item_name ON app.item (name);
SELECT pg_advisory_lock(1);
SELECT pg_advisory_unlock(1);
CREATE INDEX CONCURRENTLY item_name2 ON app.item (name, id);
-- pgmig: downgrade no-transaction
DROP INDEX CONCURRENTLY app.item_name;
DROP INDEX CONCURRENTLY app.item_name2;
$$)});
synchronise();
$subscriber->safe_psql('graph',
	q{BEGIN; SELECT pg_advisory_xact_lock(1); PREPARE TRANSACTION 'blocker'});
my ($stdin, $stdout, $stderr) = ('', '', '');
my $run = IPC::Run::start(
	[
		'psql', '-XAtq', '-d', $subscriber->connstr('graph'), '-c',
		q{CALL pgmig_upgrade_stepwise('concurrent')}
	],
	'<', \$stdin, '>', \$stdout, '2>', \$stderr);
$subscriber->poll_query_until(
	'graph',
	q{SELECT count(*) = 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'pgmig upgrade%'}
) or die 'no run';
$publisher->safe_psql(
	'graph', q{
SELECT pgmig_revision('meanwhile', 'meanwhile', 'concurrent');
INSERT INTO app.item VALUES (5, 'meanwhile');
});
synchronise();
same_catalogue('graph', 'graph: revisions arrive during a run', @graph);
$subscriber->safe_psql('graph', q{ROLLBACK PREPARED 'blocker'});
ok($run->finish, 'graph: the run ends') or diag($stderr);
is($subscriber->safe_psql('graph', 'SELECT current, pending FROM pgmig_status()'),
	'{concurrent}|4', 'graph: what is current after the run');

# What the subscriber has applied, the publisher must not change or remove.
my $down = q{CALL pgmig_downgrade_stepwise('rows')};
my $document = $publisher->safe_psql('graph', 'SELECT pgmig_export()');
$publisher->safe_psql('graph', q{SELECT pgmig_edit('concurrent', 'SELECT 2;')});
synchronise();
my ($rc, $out, $err) =
  $subscriber->psql('graph', "\\set VERBOSITY verbose\n$down");
like(
	$err,
	qr/ERROR:  MG001: upgrade of revision "concurrent" was changed after it was applied/,
	'graph: a body is changed at the publisher');
$publisher->safe_psql('graph',
	q{SELECT pgmig_remove('meanwhile'); SELECT pgmig_remove('concurrent')});
synchronise();
is($subscriber->safe_psql('graph', 'SELECT current FROM pgmig_status()'),
	'{index}', 'graph: a revision is removed that the subscriber has applied');
$publisher->safe_psql('graph', "SELECT pgmig_import(\$pgmig\$$document\$pgmig\$)");
synchronise();
is($subscriber->safe_psql('graph', 'SELECT current FROM pgmig_status()'),
	'{concurrent}', 'graph: it is there again');
$subscriber->safe_psql('graph', $down);
is( $subscriber->safe_psql(
		'graph', q{SELECT current, to_regclass('app.item_name') FROM pgmig_status()}),
	'{rows}|',
	'graph: and is downgraded');

$subscriber->stop;
$publisher->stop;
done_testing();
