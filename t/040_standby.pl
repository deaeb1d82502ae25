# A streaming standby: what reads works, what would write says why not.  It is
# promoted in the middle of a run, and goes on; the old primary is rewound and
# follows.  Then servers are restored from the archive, to a point between two
# revisions and to one within a revision, and go on from there.

use strict;
use warnings FATAL => 'all';

use FindBin;
use lib $FindBin::RealBin;

use IPC::Run;
use PgmigSession;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $primary = PostgreSQL::Test::Cluster->new('primary');
$primary->init(
	allows_streaming => 1,
	has_archiving    => 1,
	extra            => [ '--encoding=UTF8', '--locale=C' ]);
$primary->append_conf('postgresql.conf', "fsync = off\nwal_keep_size = 1GB");
$primary->start;
$primary->backup('backup');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'backup', has_streaming => 1);
$standby->start;

$primary->safe_psql('postgres', <<'EOS');
CREATE EXTENSION pgmig;
SELECT pgmig_load('migrations');
SELECT pgmig_upgrade('heads');
SELECT pg_create_restore_point('everything is applied');
EOS
$primary->wait_for_catchup($standby);

# The functions that read show the same on both.
my @reading = (
	'SELECT * FROM pgmig_current()',
	'SELECT * FROM pgmig_current(true)',
	'SELECT * FROM pgmig_heads(true)',
	'SELECT * FROM pgmig_branches()',
	'SELECT * FROM pgmig_history()',
	q{SELECT * FROM pgmig_show('heads')},
	'SELECT * FROM pgmig_log()',
	'SELECT * FROM pgmig_status()',
	q{SELECT * FROM pgmig_plan('base', 'downgrade')},
	q{SELECT * FROM pgmig_graph('text')},
	'SELECT pgmig_export()',
	q{SELECT pgmig_upgrade_sql('base:heads')},
	q{SELECT pgmig_downgrade_sql('base')},
	q{SELECT pgmig_stamp_sql('base')},
	q{SELECT pgmig_require('heads'), pgmig_is_at_head()},
	'SELECT * FROM pgmig_check()',
	'SELECT pgmig_recorded()');
foreach my $sql (@reading)
{
	my ($rc, $out, $err) = $standby->psql('postgres', $sql);

	is($err, '', "standby: $sql");
	is($out, $primary->safe_psql('postgres', $sql), "the same: $sql");
}

# With nothing to do, what writes does nothing.
is($standby->safe_psql('postgres', $_), '', "nothing to do: $_")
  foreach (
	q{SELECT pgmig_upgrade('head')},
	q{SELECT pgmig_upgrade('968b0dff6a9b')},
	q{SELECT * FROM pgmig_load('migrations')},
	q{SELECT * FROM pgmig_import(pgmig_export())});
is($standby->safe_psql('postgres', q{SELECT pgmig_stamp('head')}),
	'add_trust_status_to_entities', 'nothing to stamp');

sub refuses
{
	my ($sql) = @_;
	my ($rc, $out, $err) =
	  $standby->psql('postgres', "\\set VERBOSITY verbose\n$sql");

	like(
		$err,
		qr/ERROR:  25006: cannot execute .* in a read-only transaction/,
		"refused: $sql");
	return;
}

# A session there that has kept an answer hears of changes.
my $asking = { in => '', out => '', err => '',
	timer => IPC::Run::timeout($PostgreSQL::Test::Utils::timeout_default) };
$asking->{run} = IPC::Run::start(
	[ 'psql', '-XqAt', '-d', $standby->connstr('postgres') ],
	'<', \$asking->{in}, '>', \$asking->{out}, '2>', \$asking->{err},
	$asking->{timer});
my $locks =
  q{SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND relation = 'pgmig.revision'::regclass};
must($asking, 'SELECT pgmig_is_at_head()');
must($asking, 'BEGIN');
is(must($asking, 'SELECT pgmig_is_at_head()'), 't', 'standby: at the heads');
is(must($asking, $locks), '0', 'standby: the answer is kept');
$primary->safe_psql('postgres', q{SELECT pgmig_downgrade('968b0dff6a9b')});
$primary->wait_for_catchup($standby);
is($standby->safe_psql('postgres', q{SELECT DISTINCT "check" FROM pgmig_check()}),
	'pending', 'standby: what is pending is found, and no drift');
$primary->safe_psql('postgres', 'CREATE TABLE by_hand ()');
$primary->wait_for_catchup($standby);
is( $standby->safe_psql(
		'postgres', q{SELECT identity, found FROM pgmig_check() WHERE "check" = 'drift'}),
	'public.by_hand|owner: ' . getpwuid($<),
	'standby: drift is found');
$primary->safe_psql('postgres', 'DROP TABLE by_hand');
is(must($asking, 'SELECT pgmig_is_at_head()'), 'f',
	'standby: not any more, in the same transaction');
must($asking, 'COMMIT');
ask($asking, q{SELECT pgmig_require('add_zones_001')});
is($asking->{state}, 'MG016', 'standby: a revision is not applied');
quit($asking);

refuses($_)
  foreach (
	q{SELECT pgmig_accept('by hand')},
	q{SELECT pgmig_upgrade('head')},
	q{SELECT pgmig_downgrade('base')},
	q{SELECT pgmig_stamp('head')},
	q{SELECT pgmig_revision('new')},
	q{SELECT pgmig_merge()},
	q{SELECT pgmig_edit('head', '')},
	q{SELECT pgmig_remove('head')},
	q{SELECT pgmig_import(E'-- a\n--\n-- Revision ID: a\n\n-- pgmig: upgrade\n')}
  );

# A run that builds an index and waits for another session.
$primary->safe_psql(
	'postgres', q{
SELECT pgmig_import($$
-- Create numbers
-- Revision ID: numbers

-- pgmig: upgrade
CREATE TABLE number (n int);
INSERT INTO number VALUES (1);
-- pgmig: downgrade
DROP TABLE number;

-- Index numbers
-- Revision ID: number_index
-- Revises: numbers

-- pgmig: upgrade no-transaction
INSERT INTO number VALUES (2);
SELECT pg_create_restore_point('in the middle');
CREATE INDEX CONCURRENTLY number_n ON number (n);
-- pgmig: downgrade no-transaction
DROP INDEX CONCURRENTLY number_n;
DELETE FROM number WHERE n = 2;
$$);
SELECT pgmig_upgrade('numbers');
SELECT pg_create_restore_point('between two revisions');
});
my ($in, $out, $err) = ("BEGIN; INSERT INTO number VALUES (3);\n\\echo ready\n", '', '');
my $timer   = IPC::Run::timeout($PostgreSQL::Test::Utils::timeout_default);
my $blocker = IPC::Run::start(
	[ 'psql', '-XqAt', '-d', $primary->connstr('postgres') ],
	'<', \$in, '>', \$out, $timer);
$blocker->pump until $out =~ /ready/;
my ($run_in, $run_out, $run_err) = ('', '', '');
my $run = IPC::Run::start(
	[
		'psql', '-XqAt', '-d', $primary->connstr('postgres'), '-c',
		q{SET lock_timeout = 0}, '-c', q{SET pgmig.lock_timeout = 0},
		'-c', q{CALL pgmig_upgrade_stepwise('number_index')}
	],
	'<', \$run_in, '>', \$run_out, '2>', \$run_err, $timer);
$primary->poll_query_until(
	'postgres',
	q{SELECT count(*) = 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'pgmig upgrade%'}
) or die 'the run does not wait';
my $interrupted =
  q{SELECT interrupted_revision, interrupted_statement, runner_pid IS NULL FROM pgmig_status()};
is($primary->safe_psql('postgres', $interrupted), '||f', 'a run is at work');
$primary->wait_for_catchup($standby);
is($standby->safe_psql('postgres', $interrupted),
	'||t', 'on the standby, too');
is($standby->safe_psql('postgres', 'SELECT count(*) FROM pgmig_progress()'),
	'0', 'of whose progress it knows nothing');
is( $standby->safe_psql(
		'postgres', q{SELECT outcome FROM pgmig_log() WHERE revision = 'number_index'}),
	'running',
	'but that it runs');
refuses(q{CALL pgmig_upgrade_stepwise('heads')});
refuses(q{SELECT pgmig_resolve('number_index', 'forget')});
refuses(q{SELECT pgmig_start('heads')});

# Promoted meanwhile, the standby goes on.
$standby->promote;
is($standby->safe_psql('postgres', $interrupted),
	'number_index|3|t', 'half-done after promotion');
my $rc;
($rc, $out, $err) = $standby->psql('postgres',
	"\\set VERBOSITY verbose\nSELECT pgmig_upgrade('heads')");
like($err, qr/ERROR:  MG013: /, 'it is in the way');
($rc, $out, $err) = $standby->psql('postgres',
	q{CALL pgmig_upgrade_stepwise('number_index')});
is($rc, 0, 'the run is resumed after promotion');
like(
	$err,
	qr/Resuming upgrade numbers -> number_index, Index numbers, at statement 3 of 3/,
	'with the statement that did not finish');
like($err, qr/dropping invalid index public\.number_n/,
	'the index that it left is dropped');
is( $standby->safe_psql(
		'postgres',
		q{SELECT string_agg(outcome, ', ' ORDER BY run) FROM pgmig_log() WHERE revision = 'number_index'}
	),
	'interrupted, done',
	'the log has both runs');
is($standby->safe_psql('postgres', 'SELECT n FROM number ORDER BY n'),
	"1\n2", 'statements have run once');
is( $standby->safe_psql(
		'postgres', q{SELECT count(*) FROM pgmig_upgrade('heads')}),
	'51',
	'upgrade after promotion');
is( $standby->safe_psql('postgres',
		'SELECT applied, pending, runner_pid IS NULL FROM pgmig_status()'),
	'54|0|t',
	'everything is applied');

# The old primary, whose run comes to an end after all, is rewound.
$in .= "ROLLBACK;\n\\q\n";
$blocker->finish;
ok($run->finish, 'the run of the old primary ends') or diag($run_err);
$primary->stop;
command_ok(
	[
		'pg_rewind', '--no-sync', '--source-server',
		$standby->connstr('postgres'), '--target-pgdata', $primary->data_dir
	],
	'pg_rewind');
$primary->append_conf('postgresql.conf', 'port = ' . $primary->port);
$primary->enable_streaming($standby);
$primary->set_standby_mode;
$primary->start;
$standby->wait_for_catchup($primary, 'replay', $standby->lsn('insert'));
is( $primary->safe_psql('postgres', $_),
	$standby->safe_psql('postgres', $_),
	"the old primary follows: $_")
  foreach (@reading);
is( $standby->safe_psql(
		'postgres', q{CALL pgmig_downgrade_stepwise('base'); SELECT applied FROM pgmig_status()}),
	'0',
	'downgrade after promotion');
$primary->stop;
$standby->stop;

# Restore to a named point.
sub restored
{
	my ($name, $point) = @_;
	my $node = PostgreSQL::Test::Cluster->new($name);

	$node->init_from_backup($primary, 'backup', has_restoring => 1, standby => 0);
	$node->append_conf('postgresql.conf',
		"recovery_target_name = '$point'\nrecovery_target_action = promote\n"
		. "recovery_target_timeline = 1\narchive_mode = off");
	$node->start;
	$node->poll_query_until('postgres', 'SELECT NOT pg_is_in_recovery()')
	  or die "\"$point\" was not reached";
	return $node;
}

my $between = restored('between', 'between two revisions');
is( $between->safe_psql(
		'postgres', 'SELECT current, pending, interrupted_revision FROM pgmig_status()'
	),
	'{968b0dff6a9b,numbers}|52|',
	'between two revisions');
is( $between->safe_psql('postgres', 'SELECT max(run), count(*) FROM pgmig.run'),
	'3|3', 'the log up to there');
$between->safe_psql('postgres', q{CALL pgmig_upgrade_stepwise('heads')});
is($between->safe_psql('postgres', 'SELECT applied, pending FROM pgmig_status()'),
	'54|0', 'goes on');
$between->stop;

my $within = restored('within', 'in the middle');
is($within->safe_psql('postgres', $interrupted),
	'number_index|2|t', 'within a revision');
$within->safe_psql('postgres', q{CALL pgmig_upgrade_stepwise('number_index')});
is($within->safe_psql('postgres', 'SELECT n FROM number ORDER BY n'),
	"1\n2", 'each statement has run once');
is( $within->safe_psql(
		'postgres', q{SELECT 'number_n'::regclass, interrupted_revision FROM pgmig_status()}),
	'number_n|',
	'and the rest');
$within->stop;

done_testing();
