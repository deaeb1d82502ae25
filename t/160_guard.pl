# The guard across a crash, a dump, a restore, a standby and pg_upgrade, and
# against statements of the extended protocol.

use strict;
use warnings FATAL => 'all';

use Cwd ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $refused = qr/ERROR:  (MG015: )?CREATE TABLE is refused outside of migrations: public\.made/;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init(allows_streaming => 1);
$node->append_conf('postgresql.conf', 'client_min_messages = warning');
$node->start;
my $dir = $node->basedir;

# Is a table refused, or made?
sub makes
{
	my ($server, $db) = @_;
	my ($rc, $out, $err) = $server->psql($db, 'CREATE TABLE made (); DROP TABLE made');

	return $rc == 0 ? 'made' : $err =~ $refused ? 'refused' : $err;
}

# What is recorded, what is in force, and what is logged.
sub state
{
	my ($server, $db) = @_;

	return $server->safe_psql($db,
		q{SELECT (SELECT mode FROM pgmig.guard), pgmig_guard(), (SELECT string_agg(identity, ' ' ORDER BY id) FROM pgmig_guard_log())});
}

# --- A crash ------------------------------------------------------------------

$node->safe_psql('postgres', 'CREATE ROLE dba LOGIN');
$node->safe_psql('postgres', 'CREATE DATABASE live OWNER dba');
my @as_dba = (extra_params => [ '-U', 'dba' ]);
$node->safe_psql('live', q{
CREATE SCHEMA app;
CREATE EXTENSION pgmig;
SELECT pgmig_guard('log');
CREATE TABLE app.one (id int);
CREATE TABLE app.two (id int);
SELECT pgmig_guard('deny');
}, @as_dba);
is(state($node, 'live'), 'deny|deny|app.one app.two', 'set by the owner of the extension');
is(makes($node, 'live'), 'refused', 'in force');
$node->stop('immediate');
$node->start;
is(state($node, 'live'), 'deny|deny|app.one app.two', 'the same after a crash');
is(makes($node, 'live'), 'refused', 'in force after a crash');

# --- Protocols ----------------------------------------------------------------

foreach my $mode ('simple', 'extended', 'prepared')
{
	my $script = "$dir/made.sql";

	append_to_file($script, "CREATE TABLE made ();\n") unless -e $script;
	my ($out, $err) = run_command(
		[ 'pgbench', '-n', '-t', '1', '-M', $mode, '-f', $script, '-d', $node->connstr('live') ]);
	like("$out$err", $refused, "refused in mode $mode of pgbench");
	$node->safe_psql('live', "SELECT pgmig_guard('log')");
	$node->command_ok(
		[ 'pgbench', '-n', '-t', '1', '-M', $mode, '-f', $script, '-d', $node->connstr('live') ],
		"recorded in mode $mode");
	is($node->safe_psql('live', q{SELECT application, identity, statement FROM pgmig_guard_log() LIMIT 1}),
		'160_guard.pl|public.made|CREATE TABLE made ();', "the statement of mode $mode");
	$node->safe_psql('live', q{DROP TABLE made; DELETE FROM pgmig.guard_log WHERE id > 2; SELECT pgmig_guard('deny')});
}

# --- Dump and restore -----------------------------------------------------------

command_ok([ 'pg_dump', '-Fc', '-f', "$dir/live.dump", $node->connstr('live') ], 'dumped');
$node->safe_psql('postgres', 'CREATE DATABASE restored OWNER dba');
command_ok([ 'pg_restore', '-e', '-j', '2', '-d', $node->connstr('restored'), "$dir/live.dump" ],
	'restored, nothing of it refused');
is(state($node, 'restored'), 'deny|off|app.one app.two', 'the mode is recorded, not in force');
is(makes($node, 'restored'), 'made', 'nothing is refused');
is($node->safe_psql('restored', "SELECT pgmig_guard('log')"), 'log', 'put in force again');
$node->safe_psql('restored', 'CREATE TABLE three ()');
is(state($node, 'restored'), 'log|log|app.one app.two public.three', 'the log goes on');

$node->safe_psql('postgres', 'CREATE DATABASE occupied');
$node->safe_psql('occupied', q{CREATE EXTENSION pgmig; SELECT pgmig_guard('deny')});
command_fails_like([ 'pg_restore', '-e', '-d', $node->connstr('occupied'), "$dir/live.dump" ],
	qr/CREATE SCHEMA is refused outside of migrations: app/, 'a restore is DDL from outside');

# --- A standby ------------------------------------------------------------------

$node->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'base', has_streaming => 1);
$standby->start;
$node->wait_for_catchup($standby, 'replay', $node->lsn('flush'));
is(state($standby, 'live'), 'deny|deny|app.one app.two', 'a standby tells');
my ($rc, $out, $err) = $standby->psql('live', "SELECT pgmig_guard('off')");
like($err, qr/cannot execute pgmig_guard\(\) in a read-only transaction/, 'and cannot be told');
$standby->promote;
is(makes($standby, 'live'), 'refused', 'in force after its promotion');
$standby->stop;

# --- pg_upgrade -------------------------------------------------------------------

$node->stop;
my $new = PostgreSQL::Test::Cluster->new('new');
$new->init;
$new->append_conf('postgresql.conf', 'client_min_messages = warning');
my $bindir = $node->config_data('--bindir');
{
	# Files are left in the current directory.
	my $here = Cwd::cwd();
	chdir PostgreSQL::Test::Utils::tempdir();
	command_ok(
		[
			'pg_upgrade', '--no-sync', '-d', $node->data_dir, '-D', $new->data_dir,
			'-b', $bindir, '-B', $bindir, '-s', $new->host,
			'-p', $node->port, '-P', $new->port
		],
		'upgraded, nothing of it refused');
	chdir $here;
}
$new->start;
is(state($new, 'live'), 'deny|deny|app.one app.two', 'as before pg_upgrade');
is(makes($new, 'live'), 'refused', 'in force after pg_upgrade');
is($new->safe_psql('live', "SELECT pgmig_guard('off')", @as_dba), 'off', 'an administrator can turn it off');
is(makes($new, 'live'), 'made', 'and it is');
$new->safe_psql('live', 'DROP EXTENSION pgmig');
is($new->safe_psql('live', 'SELECT count(*) FROM pg_event_trigger'), '0', 'the extension can be dropped');
$new->stop;

done_testing();
