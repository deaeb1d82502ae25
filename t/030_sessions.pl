# Several sessions on one server: who waits, who runs, what others see, and
# what is left when one dies.

use strict;
use warnings FATAL => 'all';

use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $timeout = $PostgreSQL::Test::Utils::timeout_default || 180;
my $node = PostgreSQL::Test::Cluster->new('main');
$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
$node->append_conf(
	'postgresql.conf', qq{
fsync = off
restart_after_crash = on
max_connections = 40
track_activity_query_size = 1kB
});
$node->start;

# A session in the background, that answers to ask().
sub session
{
	my ($db) = @_;
	my $session = { in => '', out => '', err => '' };

	$session->{run} = IPC::Run::start(
		[
			'psql', '-XAtq', '-v', 'VERBOSITY=terse', '-d',
			$node->connstr($db)
		],
		'<',
		\$session->{in},
		'>',
		\$session->{out},
		'2>',
		\$session->{err},
		IPC::Run::timeout($timeout));
	return $session;
}

# Have it begin a statement.
sub request
{
	my ($session, $sql) = @_;

	$session->{out} = $session->{err} = '';
	$session->{in} .= "$sql;\n\\echo :SQLSTATE\n\\echo (done)\n";
	$session->{run}->pump_nb;
	return;
}

# What it answered.
sub answer
{
	my ($session) = @_;

	$session->{run}->pump until $session->{out} =~ /^\(done\)$/m;
	(my $out = $session->{out}) =~ s/\n\(done\)\n//;
	return $out;
}

sub ask
{
	my ($session, $sql) = @_;

	request($session, $sql);
	return answer($session);
}

sub quit
{
	my ($session) = @_;

	$session->{in} .= "\\q\n";
	eval { $session->{run}->finish };
	return;
}

sub poll
{
	my ($sql, $name) = @_;

	ok($node->poll_query_until('postgres', $sql), $name);
	return;
}

#
# 16 sessions load the same document and upgrade, at once.
#
my $document = '';
foreach my $i (1 .. 20)
{
	my $parent = $i > 2 ? 'step' . ($i - 2) : '';

	$document .=
	    "-- step $i\n--\n-- Revision ID: step$i\n-- Revises: $parent\n\n"
	  . "-- pgmig: upgrade\nINSERT INTO done VALUES ($i);\n"
	  . "-- pgmig: downgrade\nDELETE FROM done WHERE id = $i;\n\n";
}
$node->safe_psql(
	'postgres', qq{
CREATE EXTENSION pgmig;
CREATE TABLE done (id int, pid int DEFAULT pg_backend_pid());
CREATE TABLE document AS SELECT \$pgmig\$$document\$pgmig\$::text AS document;
});
my @sessions;
foreach my $i (0 .. 15)
{
	my %s = (out => '', err => '');

	$s{run} = IPC::Run::start(
		[
			'psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-d',
			$node->connstr('postgres'), '-c',
			'SELECT revision FROM document, pgmig_import(document.document)',
			'-c', q{SELECT pgmig_upgrade('heads')}
		],
		'<',
		\undef,
		'>',
		\$s{out},
		'2>',
		\$s{err},
		IPC::Run::timeout($timeout));
	push @sessions, \%s;
}
my ($failed, $rows) = (0, 0);
foreach my $s (@sessions)
{
	$failed++ unless $s->{run}->finish;
	$rows++ while $s->{out} =~ /^step/mg;
	diag($s->{err}) if $s->{err} =~ /ERROR/;
}
is($failed, 0,  '16 sessions: none fails');
is($rows,   40, '16 sessions: 20 revisions are added once, and run once');
is( $node->safe_psql(
		'postgres',
		'SELECT count(*), count(DISTINCT id), count(DISTINCT pid) FROM done'),
	'20|20|1',
	'16 sessions: each step once, all by one');
is( $node->safe_psql(
		'postgres',
		'SELECT (SELECT count(*) FROM pgmig.run), (SELECT count(*) FROM pgmig.run_step), applied, pending FROM pgmig_status()'
	),
	'1|20|20|0',
	'16 sessions: one run');

#
# What others see while a body works.  It waits for a lock that we hold.
#
$node->safe_psql(
	'postgres', q{
SELECT pgmig_import($pgmig$
-- waits
--
-- Revision ID: wäits";
-- Revises: step20

-- pgmig: upgrade
INSERT INTO done VALUES (21);
SELECT pg_advisory_xact_lock(1), /* ö; */ 'waits';
-- pgmig: downgrade
DELETE FROM done WHERE id = 21;

-- after
--
-- Revision ID: after
-- Revises: wäits";

-- pgmig: upgrade
INSERT INTO done VALUES (22);
-- pgmig: downgrade
DELETE FROM done WHERE id = 22;
$pgmig$);
});
my $gate   = session('postgres');
my $holder = session('postgres');
my $waiter = session('postgres');
ask($_, q{SET pgmig.lock_timeout = 0; SET client_min_messages = warning})
  foreach $holder, $waiter;
my $pid        = ask($holder, 'SELECT pg_backend_pid()');
my $waiter_pid = ask($waiter, 'SELECT pg_backend_pid()');
s/\D.*//s foreach $pid, $waiter_pid;
is($node->safe_psql('postgres', 'SELECT runner_pid IS NULL FROM pgmig_status()'),
	't', 'nobody runs');
ask($gate, 'SELECT pg_advisory_lock(1)');
request($holder, q{SELECT pgmig_upgrade('after') /* the caller's */});
poll(
	qq{SELECT wait_event = 'advisory' AND query = 'pgmig upgrade 1/2 wäits"; 2/2: SELECT pg_advisory_xact_lock(1), /* ö; */ ''waits''' FROM pg_stat_activity WHERE pid = $pid},
	'the activity shows the step and the statement');
is($node->safe_psql('postgres', 'SELECT runner_pid FROM pgmig_status()'),
	$pid, 'the status shows who runs');
request($waiter, q{SELECT pgmig_upgrade('after')});
poll(
	qq{SELECT wait_event_type = 'Lock' AND pg_blocking_pids(pid) = ARRAY[$pid] FROM pg_stat_activity WHERE pid = $waiter_pid},
	'a second runner waits for the first');
is($node->safe_psql('postgres', 'SELECT runner_pid FROM pgmig_status()'),
	$pid, 'who waits is not who runs');
is( $node->safe_psql('postgres',
		q{SELECT count(*) FROM pgmig_upgrade('step20')}),
	'0',
	'who has nothing to do waits for nobody');
ask($gate, 'SELECT pg_advisory_unlock(1)');
is(answer($holder), "wäits\";\nafter\n00000", 'the first has run');
is(answer($waiter), '00000',                  'the second had nothing to do');

# In a transaction, the caller's text is back before the next statement.
ask($gate, 'SELECT pg_advisory_lock(2)');
ask($holder, 'BEGIN');
request($holder,
	q{SELECT count(*) AS "after the run", pg_advisory_xact_lock(2) FROM pgmig_downgrade('step20') HAVING count(*) > 0}
);
poll(
	qq{SELECT wait_event = 'advisory' AND query LIKE 'SELECT count(*) AS "after the run"%' FROM pg_stat_activity WHERE pid = $pid},
	q{the caller's text is back});
ask($gate, 'SELECT pg_advisory_unlock(2)');
like(answer($holder), qr/^2\|/, 'it has run');

#
# The holder is terminated: what it did is undone, and the next one runs.
#
ask($holder, 'ROLLBACK');
is(ask($holder, q{BEGIN; SELECT pgmig_downgrade('step20')}),
	"after\nwäits\";\n00000", 'downgrade in a transaction');
request($waiter, q{SELECT pgmig_downgrade('step20')});
poll(
	qq{SELECT wait_event_type = 'Lock' AND pg_blocking_pids(pid) = ARRAY[$pid] FROM pg_stat_activity WHERE pid = $waiter_pid},
	'a second runner waits');
$node->safe_psql('postgres', "SELECT pg_terminate_backend($pid)");
is( answer($waiter),
	"after\nwäits\";\n00000",
	'after the termination of the first, it runs');
is($node->safe_psql('postgres', 'SELECT count(*) FROM done'),
	'20', 'each step once');
quit($holder);

#
# A cancel in the middle of a body undoes the run and leaves the session.
#
ask($gate, 'SELECT pg_advisory_lock(1)');
request($waiter, q{SELECT pgmig_upgrade('after')});
poll(
	qq{SELECT wait_event = 'advisory' FROM pg_stat_activity WHERE pid = $waiter_pid},
	'a body waits');
$node->safe_psql('postgres', "SELECT pg_cancel_backend($waiter_pid)");
is(answer($waiter), '57014', 'it is canceled');
like($waiter->{err}, qr/canceling statement due to user request/,
	'the error says so');
is(ask($waiter, q{SELECT count(*) FROM done}), "20\n00000",
	'the session goes on');
is($node->safe_psql('postgres', 'SELECT runner_pid IS NULL FROM pgmig_status()'),
	't', 'the lock is free');

#
# SIGKILL: the server restarts, and nothing of the run is left.
#
request($waiter, q{SELECT pgmig_upgrade('after')});
poll(
	qq{SELECT wait_event = 'advisory' FROM pg_stat_activity WHERE pid = $waiter_pid},
	'a body waits again');
my $offset = -s $node->logfile;
kill 'KILL', $waiter_pid;
quit($_) foreach $waiter, $gate;
$node->wait_for_log(qr/reinitializing.*ready to accept connections/s, $offset);
is( $node->safe_psql('postgres', "SELECT count(*) FROM pg_stat_activity WHERE pid = $waiter_pid"),
	'0', 'the server is up again');
is( $node->safe_psql(
		'postgres',
		'SELECT (SELECT count(*) FROM done), runner_pid IS NULL, pending FROM pgmig_status()'
	),
	'20|t|2',
	'nothing is left of the run that was killed');
is( $node->safe_psql('postgres', q{SELECT pgmig_upgrade('after')}),
	"wäits\";\nafter",
	'the next one runs');

$node->stop;
done_testing();
