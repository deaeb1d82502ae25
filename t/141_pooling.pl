# Through PgBouncer: what docs/managed.md says of transaction and statement
# pooling.  Skipped where there is no pgbouncer.

use strict;
use warnings FATAL => 'all';

use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my ($pgbouncer) =
  grep { -x } map { "$_/pgbouncer" } split(/:/, $ENV{PATH}), '/usr/sbin';
plan skip_all => 'there is no pgbouncer' if !defined $pgbouncer;

my $timeout = $PostgreSQL::Test::Utils::timeout_default || 180;
my $node = PostgreSQL::Test::Cluster->new('main');
$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
$node->start;

my $dir  = PostgreSQL::Test::Utils::tempdir_short();
my $port = PostgreSQL::Test::Cluster::get_free_port();
my $user = $node->safe_psql('postgres', 'SELECT current_user');
my $server = 'host=' . $node->host . ' port=' . $node->port . " dbname=postgres user=$user";

append_to_file(
	"$dir/pgbouncer.ini", qq{
[databases]
transaction = $server
one = $server pool_size=1
statement = $server pool_mode=statement
[pgbouncer]
listen_addr =
listen_port = $port
unix_socket_dir = $dir
auth_type = any
admin_users = $user
pool_mode = transaction
logfile = $dir/log
});
my $pool = IPC::Run::start([ $pgbouncer, "$dir/pgbouncer.ini" ], '>&', "$dir/output");

# Run SQL through a pool: exit status, output, errors and notices.
sub pooled
{
	my ($database, $sql) = @_;
	my ($out, $err) = ('', '');

	IPC::Run::run(
		[
			'psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-d',
			"host=$dir port=$port dbname=$database user=$user"
		],
		'<', \$sql, '>', \$out, '2>', \$err, IPC::Run::timeout($timeout));
	chomp $out;
	return ($? >> 8, $out, $err);
}

sub pooled_ok
{
	my ($database, $sql, $expected, $name) = @_;
	my ($status, $out, $err) = pooled($database, $sql);

	is($status, 0, "$name: no error") or diag $err;
	is($out, $expected, $name) or diag $err;
	return;
}

my $document = q{
-- Create customers
-- Revision ID: customers
-- pgmig: upgrade
CREATE TABLE customer (id bigint PRIMARY KEY, email text);
-- pgmig: downgrade
DROP TABLE customer;

-- Index e-mail addresses
-- Revision ID: index_email
-- Revises: customers
-- pgmig: upgrade no-transaction
SET work_mem = '9MB';
CREATE INDEX CONCURRENTLY customer_email_idx ON customer (email);
-- pgmig: downgrade no-transaction
DROP INDEX CONCURRENTLY customer_email_idx;

-- Wait
-- Revision ID: wait
-- Revises: index_email
-- pgmig: upgrade
SELECT pg_advisory_xact_lock(7);
-- pgmig: downgrade

-- After it
-- Revision ID: after
-- Revises: wait
-- pgmig: upgrade
-- pgmig: downgrade
};

$node->safe_psql('postgres', 'CREATE EXTENSION pgmig; CREATE SCHEMA north');
pump_until_up();

sub pump_until_up
{
	my $end = time + $timeout;

	until ((pooled('transaction', 'SELECT 1'))[0] == 0 || time > $end) { }
	return;
}

#
# Transaction pooling
#

pooled_ok('transaction', "SELECT count(*) FROM pgmig_import(\$doc\$$document\$doc\$)", '4', 'import');
pooled_ok('transaction', "SELECT pgmig_upgrade('customers')", 'customers', 'SELECT');
pooled_ok('one', "CALL pgmig_upgrade_stepwise('index_email')", '', 'CALL');
pooled_ok('one', 'SELECT revision FROM pgmig_current(); SHOW work_mem', "index_email\n4MB",
	'after the CALL, its revision is applied and its settings are undone');
is($node->safe_psql('postgres', q{SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'}),
	'0', 'after the CALL, no lock is left');

pooled_ok('one', q{SET pgmig.scope = 'north'}, '',     'SET');
pooled_ok('one', q{SHOW pgmig.scope},          'north', 'SET hits the next client');
pooled_ok('one', q{RESET pgmig.scope},         '',     'RESET');

pooled_ok(
	'transaction', q{
BEGIN;
SET LOCAL pgmig.scope = 'north';
SET LOCAL statement_timeout = 0;
SELECT pgmig_start('index_email') AS run \gset
COMMIT;
CALL pgmig_wait(:run);
SHOW pgmig.scope;
}, "done\n", 'pgmig_start() with settings');
is( $node->safe_psql('postgres', q{SELECT to_regclass('north.customer') IS NOT NULL}),
	't', 'pgmig_start() had the scope');

my ($status, $out, $err) = pooled("transaction options='-c pgmig.scope=north'", 'SELECT 1');
like($err, qr/unsupported startup parameter(?: in options)?: /, 'options are refused');

#
# Clients that are lost
#

my $blocker = $node->background_psql('postgres');

sub start_blocked
{
	my ($database) = @_;
	my $run = IPC::Run::start(
		[
			'psql', '-XAtq', '-d',
			"host=$dir port=$port dbname=$database user=$user",
			'-c', "CALL pgmig_upgrade_stepwise()"
		],
		'>&', \my $output);

	$node->poll_query_until('postgres',
		q{SELECT EXISTS (SELECT FROM pgmig_progress() WHERE revision = 'wait' AND wait_event_type = 'Lock')});
	return ($run, \$output);
}

$blocker->query_safe('SELECT pg_advisory_lock(7)');
my ($client) = start_blocked('transaction');
$client->kill_kill;
$client->finish;
$node->poll_query_until('postgres', "SELECT pg_read_file('$dir/log') ~ 'client disconnect'");
is($node->safe_psql('postgres', 'SELECT count(*) FROM pgmig_progress()'),
	'1', 'a lost client: the run is still there');
$blocker->query_safe('SELECT pg_advisory_unlock(7)');
$node->poll_query_until('postgres', 'SELECT NOT EXISTS (SELECT FROM pgmig_progress())');
is($node->safe_psql('postgres', 'SELECT revision FROM pgmig_current()'),
	'wait', 'a lost client: the run has ended with its next message');
pooled_ok('transaction', 'CALL pgmig_upgrade_stepwise()', '', 'a lost client: the next CALL');
is($node->safe_psql('postgres', 'SELECT revision FROM pgmig_current()'),
	'after', 'a lost client: the next CALL goes on');
is($node->safe_psql('postgres', 'SELECT outcome FROM pgmig.run ORDER BY run DESC OFFSET 1 LIMIT 1'),
	'interrupted', 'a lost client: the log says so');

pooled_ok('transaction', "SELECT count(*) FROM pgmig_downgrade('index_email')", '2', 'SELECT pgmig_downgrade()');
pooled_ok('pgbouncer', 'SET query_timeout = 1', '', 'query_timeout');
$blocker->query_safe('SELECT pg_advisory_lock(7)');
($client, my $output) = start_blocked('transaction');
eval { $client->finish };
like($$output, qr/query_timeout|closed the connection/, 'query_timeout ends the client');
pooled_ok('pgbouncer', 'SET query_timeout = 0', '', 'no query_timeout');
$blocker->query_safe('SELECT pg_advisory_unlock(7)');
$node->poll_query_until('postgres', 'SELECT NOT EXISTS (SELECT FROM pgmig_progress())');
pooled_ok('transaction', 'CALL pgmig_upgrade_stepwise(); SELECT revision FROM pgmig_current()',
	'after', 'query_timeout: the next CALL goes on');
$blocker->quit;

#
# Statement pooling
#

pooled_ok('statement', "SELECT count(*) FROM pgmig_downgrade('index_email')", '2', 'statement pooling: SELECT');
pooled_ok('statement', "CALL pgmig_downgrade_stepwise('base')",               '',  'statement pooling: CALL');
is($node->safe_psql('postgres', 'SELECT count(*) FROM pgmig_current()'), '0', 'statement pooling: done');
($status, $out, $err) = pooled('statement', 'BEGIN');
isnt($status, 0, 'statement pooling: no BEGIN');

$pool->signal('TERM');
eval { $pool->finish };
$node->stop;
done_testing();
