# Stepwise runs and locks: how politely they wait for those of others, what
# they say of who blocks them, and how runs exclude each other, whatever
# becomes of them.

use strict;
use warnings FATAL => 'all';

use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time usleep);

$ENV{PGTZ}        = 'UTC';
$ENV{PGDATESTYLE} = 'ISO';
local $SIG{PIPE} = 'IGNORE';

my $timeout = $PostgreSQL::Test::Utils::timeout_default || 180;
my $node    = PostgreSQL::Test::Cluster->new('locks');
$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
# No autovacuum: it would take part in the waiting.
$node->append_conf(
	'postgresql.conf', qq{
fsync = off
autovacuum = off
listen_addresses = '127.0.0.1'
max_connections = 60
max_prepared_transactions = 5
restart_after_crash = on
deadlock_timeout = 100ms
log_line_prefix = '%n %p '
log_statement = none
track_activity_query_size = 1kB
});
$node->start;

# --- Sessions --------------------------------------------------------------

# A session in the background, that answers to ask().
sub session
{
	my ($db, %options) = @_;
	my $session = { in => '', out => '', err => '' };
	my $connstr = $options{tcp}
	  ? "host=127.0.0.1 port=${\ $node->port} dbname=$db"
	  : $node->connstr($db);
	local $ENV{PGAPPNAME} = $options{application} || 'test';
	local $ENV{PGUSER}    = $options{user}        || $ENV{PGUSER} || getpwuid($<);

	$session->{run} = IPC::Run::start(
		[
			'psql',                   '-XAtq', '-v', 'VERBOSITY=verbose',
			'-v', 'SHOW_CONTEXT=always', '-d',    $connstr
		],
		'<',
		\$session->{in},
		'>',
		\$session->{out},
		'2>',
		\$session->{err},
		$session->{timer} = IPC::Run::timeout($timeout));
	$session->{pid} = ask($session, 'SELECT pg_backend_pid()');
	return $session;
}

# Have it begin a statement.
sub request
{
	my ($session, $sql) = @_;

	$session->{timer}->start;
	$session->{out} = $session->{err} = '';
	$session->{in} .= "$sql;\n\\echo (done)\n\\warn (done)\n";
	eval { $session->{run}->pump_nb };
	return;
}

sub has_answered
{
	my ($session) = @_;

	return 1 unless $session->{run}->pumpable;
	eval { $session->{run}->pump_nb };
	return $session->{out} =~ /^\(done\)\n/m && $session->{err} =~ /^\(done\)\n/m;
}

# What it said on standard error so far, without places in the source.
sub said
{
	my ($session) = @_;

	eval { $session->{run}->pump_nb } if $session->{run}->pumpable;
	(my $err = $session->{err}) =~ s/^(?:LOCATION: .*|\(done\))\n//mg;
	return $err;
}

# What it answered; in a list, what it said besides.
sub answer
{
	my ($session) = @_;

	$session->{timer}->start;
	eval {
		$session->{run}->pump
		  until ($session->{out} =~ /^\(done\)\n/m && $session->{err} =~ /^\(done\)\n/m)
		  || !$session->{run}->pumpable;
	};
	die $@ if $@ =~ /timeout/;
	(my $out = $session->{out}) =~ s/\n?\(done\)\n//;
	return wantarray ? ($out, said($session)) : $out;
}

sub ask
{
	my ($session, $sql) = @_;

	request($session, $sql);
	return answer($session);
}

# What it says on a statement.
sub complaint
{
	my ($session, $sql) = @_;
	my ($out, $err) = ask($session, $sql);

	return $err;
}

sub quit
{
	foreach my $session (@_)
	{
		$session->{in} .= "\\q\n";
		eval { $session->{run}->finish };
	}
	return;
}

# Wait until something holds; false if it does not come to that.
sub wait_until
{
	my ($condition, $seconds) = @_;
	my $deadline = time + ($seconds || $timeout);

	until ($condition->())
	{
		return 0 if time > $deadline;
		usleep(5_000);
	}
	return 1;
}

# A session that looks on, from another database: its snapshots hold up nobody.
my $observer = session('postgres');

sub poll
{
	my ($sql, $seconds) = @_;

	return wait_until(sub { ask($observer, $sql) eq 't' }, $seconds);
}

# The same in a database of its own
sub poll_in
{
	my ($session, $sql) = @_;

	return wait_until(sub { ask($session, $sql) eq 't' });
}

sub waits_for_lock
{
	my ($pid) = @_;

	return poll("SELECT wait_event_type = 'Lock' FROM pg_stat_activity WHERE pid = $pid");
}

# --- Databases and documents ----------------------------------------------

my $databases = 0;

# A new database with these revisions and a session to look after it.
sub database
{
	my ($name, $setup, @documents) = @_;
	my $document = join('', @documents);

	ask($observer, "CREATE DATABASE $name TEMPLATE locks_template");
	my $session = session($name);
	is(complaint($session, "SET client_min_messages = warning; $setup; SELECT pgmig_import(\$pgmig\$$document\$pgmig\$)"),
		'', "database $name");
	return $session;
}

sub document
{
	my ($id, $parent, $upgrade, $downgrade) = @_;

	return "-- $id\n-- Revision ID: $id\n-- Revises: $parent\n\n-- pgmig: upgrade\n"
	  . "$upgrade\n-- pgmig: downgrade\n" . ($downgrade || '') . "\n\n";
}

sub stepwise
{
	my ($id, $parent, $upgrade, $downgrade) = @_;
	my $document = document($id, $parent, $upgrade, $downgrade);

	$document =~ s/^(-- pgmig: \w+)$/$1 no-transaction/mg;
	return $document;
}

# Who holds locks that make one a runner, in this database
my $runners = q{
SELECT count(*) FROM pg_locks
	WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())};

# Steps of a revision that are recorded, and how often it is applied
sub steps
{
	my ($admin, $revision) = @_;

	return ask($admin, qq{
SELECT (SELECT count(*) FROM pgmig.run_step WHERE revision = '$revision' AND outcome = 'done')
	|| ' ' || (SELECT count(*) FROM pgmig.applied WHERE revision = '$revision')});
}

# The last run
sub last_run
{
	my ($admin) = @_;

	return ask($admin, 'SELECT mode, outcome, sqlstate FROM pgmig.run ORDER BY run DESC LIMIT 1');
}

# What a description of a blocker has to name, in that order
sub blocker
{
	my ($session, $user, $application, $client, $state, $query) = @_;

	return qr/\Q$session->{pid}\E\b.*\Q$user\E.*\Q$application\E.*\Q$client\E.*\b00:00:\d\d.*\Q$state\E.*\Q$query\E/;
}

ask($observer, 'CREATE DATABASE locks_template');
my $template = session('locks_template');
is(complaint($template, 'CREATE EXTENSION pgmig'), '', 'template');
quit($template);

my $me = ask($observer, 'SELECT current_user');

# Look at a run that pauses between attempts: its locks, its snapshot, and what
# others see of it.  Undefined if it ends without having been seen in a pause.
sub pause
{
	my ($runner, $admin) = @_;
	my $state = "SELECT state_change, wait_event_type FROM pg_stat_activity WHERE pid = $runner->{pid}";
	my %seen;

	wait_until(
		sub {
			return 1 if has_answered($runner);
			my @seen = split /^--\n?/m, ask($admin, qq{
$state;
SELECT '--';
SELECT locktype, mode, granted FROM pg_locks
	WHERE pid = $runner->{pid} ORDER BY 1, 2;
SELECT '--';
SELECT backend_xmin, backend_xid FROM pg_stat_activity WHERE pid = $runner->{pid};
SELECT '--';
SELECT runner_pid FROM pgmig_status();
SELECT '--';
SELECT pid, operation, blocked_by, blockers FROM pgmig_progress();
SELECT '--';
$state});

			return 0
			  unless @seen == 6 && $seen[0] =~ /\|Extension\n/ && "$seen[5]\n" eq $seen[0];
			@seen{qw(locks snapshot status progress)} = @seen[ 1 .. 4 ];
			return 1;
		});
	return %seen ? \%seen : undef;
}

sub check_pause
{
	my ($name, $runner, $admin) = @_;
	my $seen = pause($runner, $admin);

	ok($seen, "$name: it pauses") or return;
	is( $seen->{locks},
		"advisory|ExclusiveLock|t\nadvisory|ExclusiveLock|t\n",
		"$name: in the pause, it has the locks of the runner only");
	is($seen->{snapshot}, "|\n", "$name: ... and no snapshot");
	is($seen->{status}, "$runner->{pid}\n", "$name: ... pgmig_status() shows it");
	like($seen->{progress}, qr/^$runner->{pid}\|(?:up|down)grade\|\|$/m, "$name: ... pgmig_progress() shows it");
	return;
}

sub retries
{
	my ($runner) = @_;

	return scalar(() = said($runner) =~ /trying again/g);
}

#
# Pauses grow and are random: two runs that go on in the background until the
# end of this test.
#
my %pausing;
foreach my $db ('pauses_1', 'pauses_2')
{
	my $admin = database($db, 'CREATE TABLE t (a int)', document('r', '', 'ALTER TABLE t ADD b int;'));
	my $blocker = session($db);
	my $runner  = session($db);

	ask($blocker, 'BEGIN; SELECT FROM t');
	ask($runner, q{
SET pgmig.lock_timeout = '250ms';
SET pgmig.lock_retries = 3;
SET log_min_messages = notice});
	request($runner, 'CALL pgmig_upgrade_stepwise()');
	$pausing{$db} = [ $runner, $blocker, $admin ];
}

#
# pgmig.lock_timeout for every statement
#
{
	my $see   = "INSERT INTO seen (lock_timeout) VALUES (current_setting('lock_timeout'));\n";
	my $admin = database(
		'timeouts',
		'CREATE TABLE seen (ordinal serial, lock_timeout text)',
		document('t1', '', $see x 2, $see),
		stepwise('t2', 't1', "$see DO \$\$ BEGIN $see COMMIT; $see END \$\$; $see", $see x 2),
		document('t3', 't2', "SET lock_timeout = '3s'; $see", $see),
		document('t4', 't3', $see, $see));
	my $runner = session('timeouts');
	my $seen   = q{SELECT string_agg(lock_timeout, ' ' ORDER BY ordinal) FROM seen};

	ask($runner, q{SET lock_timeout = '1h'; SET pgmig.lock_timeout = '7s'; CALL pgmig_upgrade_stepwise()});
	is(ask($runner, $seen), '7s 7s 7s 7s 7s 7s 3s 7s', 'pgmig.lock_timeout is that of every statement');
	is(ask($runner, 'SHOW lock_timeout'), '1h', '... but not of the session');
	ask($runner, q{TRUNCATE seen; SET lock_timeout = '2s'; CALL pgmig_downgrade_stepwise('t1')});
	is(ask($runner, $seen), '2s 2s 2s 2s', 'a shorter lock_timeout of the session stays');
	ask($runner, q{TRUNCATE seen; SET pgmig.lock_timeout = 0; CALL pgmig_downgrade_stepwise('base'); CALL pgmig_upgrade_stepwise('t1')});
	is(ask($runner, $seen), '2s 2s 2s', '... without pgmig.lock_timeout, too');
	quit($admin, $runner);
}

#
# A transactional revision that hits it is rolled back and retried; who blocks
# is named.
#
{
	my $admin = database(
		'polite', q{
CREATE ROLE "Bl;ock""er" LOGIN;
CREATE TABLE first (a int);
CREATE TABLE t (a int);
GRANT ALL ON t TO PUBLIC},
		document('r1', '', "INSERT INTO first VALUES (1);\n\nALTER TABLE t\n\tADD b int;", 'ALTER TABLE t DROP b;'),
		document('r2', 'r1', 'SELECT 1;'));
	my $runner = session('polite');
	my $other  = session('polite', user => 'Bl;ock"er');
	# Named by the client: user, application, address
	my $blocker = session('polite', user => 'Bl;ock"er', application => 'Night"ly ETL', tcp => 1);
	my @named = ($blocker, 'Bl;ock"er', 'Night"ly ETL', '127.0.0.1', 'idle in transaction',
		"SELECT 'ü', count(*)  FROM t");

	ask($blocker, "BEGIN; SELECT 1;\nSELECT 'ü', count(*)\n\tFROM t");
	ask($runner,  q{SET pgmig.lock_timeout = '300ms'});
	request($runner, 'CALL pgmig_upgrade_stepwise()');
	ok( poll_in($admin, qq{SELECT blocked_by = '{$blocker->{pid}}' FROM pgmig_progress()}),
		'pgmig_progress(): blocked');
	like(ask($admin, q{SELECT pid, revision, step, steps, statement, statements, wait_event_type, runner_pid = pid, blockers
		FROM pgmig_progress(), pgmig_status()}),
		qr/^$runner->{pid}\|r1\|1\|2\|2\|2\|Lock\|t\|.*${\ blocker(@named)}/,
		'... and who blocks') unless retries($runner);
	check_pause('transactional', $runner, $admin);
	# Nobody waits behind the run meanwhile: neither on the table for which it
	# waited nor on what it had changed.
	is(ask($admin, 'SELECT count(*) FROM first'), '0', '... and what it did is rolled back');
	check_pause('transactional again', $runner, $admin);
	is(complaint($other, q{SET lock_timeout = '10s'; INSERT INTO t VALUES (1)}), '', '... so that others get at the table');
	like(complaint($admin, q{SELECT pgmig_upgrade('r1')}),
		qr/^ERROR:  55P03: .*\nDETAIL:  .*\b$runner->{pid}\b/, '... but no run');
	ok(wait_until(sub { retries($runner) >= 2 }), 'it tries again');
	ask($blocker, 'COMMIT');
	my ($out, $err) = answer($runner);
	unlike($err, qr/ERROR/, '... and gets through');
	is(ask($admin, 'SELECT count(*) FROM first'), '1', '... once');
	is(steps($admin, 'r1'), '1 1', '... and is recorded once');
	is(last_run($admin), 'stepwise|done|', '... as done');
	my @retries = $err =~ /^NOTICE:  55P03: (.*trying again.*\n(?:DETAIL:  .*\n)?)/mg;
	cmp_ok(scalar(@retries), '>=', 2, 'each retry is announced');
	is( scalar(grep { /"r1".*\n.*${\ blocker(@named)}/ } @retries),
		scalar(@retries), '... and names who blocks')
	  or diag($err);

	# lock_retries = 0: it fails at once, and leaves nothing behind.
	ask($runner, q{SET pgmig.lock_retries = 0; SET pgmig.lock_timeout = '100ms'});
	ask($blocker, "BEGIN; SELECT 'ü', count(*)\n\tFROM t");
	$err = complaint($runner, q{CALL pgmig_downgrade_stepwise('base')});
	unlike($err, qr/trying again/, 'lock_retries = 0: no retry');
	like($err, qr/^ERROR:  55P03: .*^DETAIL:  .*${\ blocker(@named)}/ms, '... who blocks is named');
	like($err, qr/^CONTEXT:  (?:waiting for .*\n)?.*downgrade of revision "r1", statement 1 of 1, line 1$/m, '... and where');
	is(last_run($admin), 'stepwise|failed|55P03', '... and recorded');
	is( ask($admin, q{SELECT revision, outcome, sqlstate, statement FROM pgmig.run_step ORDER BY run DESC, step DESC LIMIT 1}),
		'r1|failed|55P03|1', '... with its step');
	like(ask($admin, 'SELECT detail FROM pgmig.run_message ORDER BY run DESC, ordinal DESC LIMIT 1'),
		blocker(@named), '... and its message');
	is(ask($admin, $runners), '0', '... and nothing is locked');
	is(ask($admin, q{SELECT revision FROM pgmig_current()}), 'r1', '... and the step before it is done');

	# Without a timeout it waits, and pgmig_progress() tells for whom.
	ask($runner, q{SET pgmig.lock_timeout = 0});
	request($runner, q{CALL pgmig_downgrade_stepwise('base')});
	ok(poll_in($admin, qq{SELECT blocked_by = '{$blocker->{pid}}' FROM pgmig_progress()}), 'without a timeout, it waits');
	like(ask($admin, 'SELECT blockers FROM pgmig_progress()'), blocker(@named), '... and is shown to');
	ask($blocker, 'COMMIT');
	is((answer($runner))[1], "NOTICE:  00000: Running downgrade r1 -> , r1\n", '... for as long as it takes');
	quit($admin, $runner, $other, $blocker);
}

#
# Other ways of being blocked: who blocks is named in all of them.
#
{
	my $admin = database(
		'named', q{
CREATE TABLE t (a int PRIMARY KEY, b int);
INSERT INTO t VALUES (1, 0), (2, 0);
CREATE TABLE u (a int);
CREATE FUNCTION lock_t() RETURNS void SECURITY DEFINER LANGUAGE sql AS 'LOCK TABLE t';
CREATE ROLE app LOGIN;
CREATE ROLE monitor LOGIN IN ROLE app, pg_read_all_stats;
ALTER TABLE u OWNER TO app;
SELECT pgmig_grant('app', 'runner')},
		document('index',   '', 'CREATE INDEX ON t (b);'),
		document('alter',   '', 'ALTER TABLE t ADD c int;'),
		document('own',     '', "SET lock_timeout = '200ms';\nALTER TABLE t ADD c int;"),
		document('row',     '', 'UPDATE t SET b = b + 1 WHERE a = 1;'),
		document('insert',  '', 'INSERT INTO t VALUES (3);'),
		document('definer', '', 'SELECT lock_t();'),
		document('lock_u',  '', 'LOCK TABLE u;'));
	my @blockers = map { session('named', application => "blocker $_") } 1 .. 2;
	my $queue    = session('named', application => 'queue');
	my $runner   = session('named');
	my $app      = session('named', user => 'app');
	my $own      = session('named', user => 'app', application => 'own');
	my $monitor  = session('named', user => 'monitor');
	my @idle     = map { [ $blockers[ $_ - 1 ], $me, "blocker $_", 'local', 'idle in transaction' ] } 1 .. 2;
	my $short    = q{SET pgmig.lock_timeout = '200ms'; SET pgmig.lock_retries = 0};

	ask($_, $short) foreach ($runner, $app, $monitor);
	my $check = sub {
		my ($name, $session, $revision, @expected) = @_;
		my $err = complaint($session, "CALL pgmig_upgrade_stepwise('$revision')");

		like($err, qr/^ERROR:  55P03: /m, "$name: it fails");
		my ($detail) = $err =~ /^(DETAIL:  .*?)^(?:HINT|QUERY|CONTEXT):/ms;
		like($detail || '', $_, "$name: who blocks is named") foreach (@expected);
		return $err;
	};

	ask($blockers[0], 'BEGIN; SELECT FROM t');
	ask($blockers[1], 'BEGIN; SELECT a FROM t');
	$check->('two', $runner, 'alter', blocker(@{ $idle[0] }, 'SELECT FROM t'), blocker(@{ $idle[1] }, 'SELECT a FROM t'));
	ask($runner, q{SET pgmig.lock_timeout = '20s'});
	$check->("body's own lock_timeout", $runner, 'own', blocker(@{ $idle[0] }, 'SELECT FROM t'));
	ask($runner, $short);
	# One that waits itself: the lock it wants conflicts, those that are held do
	# not.
	request($queue, 'ALTER TABLE t ADD d int');
	waits_for_lock($queue->{pid});
	$check->('one that waits itself', $runner, 'index', blocker($queue, $me, 'queue', 'local', 'active', 'ALTER TABLE t ADD d int'));
	ask($_, 'ROLLBACK') foreach (@blockers);
	answer($queue);

	# Rows
	ask($blockers[0], 'BEGIN; UPDATE t SET b = 10 WHERE a = 1');
	$check->('a row', $runner, 'row', blocker(@{ $idle[0] }, 'UPDATE t SET b = 10 WHERE a = 1'));
	request($queue, 'UPDATE t SET b = 20 WHERE a = 1');
	waits_for_lock($queue->{pid});
	$check->('a row, behind another one', $runner, 'row',
		blocker($queue, $me, 'queue', 'local', 'active', 'UPDATE t SET b = 20 WHERE a = 1'));
	ask($blockers[0], 'ROLLBACK; BEGIN; INSERT INTO t VALUES (3)');
	answer($queue);
	$check->('a unique key', $runner, 'insert', blocker(@{ $idle[0] }, 'INSERT INTO t VALUES (3)'));
	ask($runner, 'RESET pgmig.lock_retries');
	request($runner, q{CALL pgmig_upgrade_stepwise('row')});
	is((answer($runner))[1], "NOTICE:  00000: Running upgrade  -> row, row\n", 'others than that do not block');
	ask($blockers[1], 'BEGIN; SELECT FROM t WHERE a = 2 FOR SHARE; UPDATE t SET b = 30 WHERE a = 1');
	ask($blockers[0], 'ROLLBACK');
	ask($admin, q{SELECT pgmig_stamp('base', true)});
	request($runner, q{CALL pgmig_upgrade_stepwise('row')});
	ok(wait_until(sub { retries($runner) }), 'a row: it tries again');
	ask($blockers[1], 'COMMIT');
	unlike((answer($runner))[1], qr/ERROR/, '... and gets through');
	is(ask($admin, 'SELECT b FROM t WHERE a = 1'), '31', '... on what the other one committed');
	ask($runner, $short);

	# A prepared transaction
	ask($blockers[0], q{BEGIN; SELECT FROM t; PREPARE TRANSACTION 'two;phase'});
	$check->('a prepared transaction', $runner, 'alter', qr/prepared transaction/);
	request($runner, q{SET pgmig.lock_timeout = 0; CALL pgmig_upgrade_stepwise('alter')});
	ok(poll_in($admin, q{SELECT blockers ~ 'prepared transaction' FROM pgmig_progress()}), '... in pgmig_progress(), too');
	ask($blockers[0], q{ROLLBACK PREPARED 'two;phase'});
	unlike((answer($runner))[1], qr/ERROR/, '... and it gets through');

	# Who may not see what others do does not.
	ask($blockers[0], q{BEGIN; LOCK TABLE t, u; SELECT 'password'});
	my $err = $check->('no privilege', $app, 'lock_u', qr/\b$blockers[0]->{pid}\b.*\b$me\b.*blocker 1/);
	unlike($err, qr/password|local|idle|00:00:/, '... and no more of it is told');
	$err = $check->('SECURITY DEFINER', $app, 'definer', qr/\b$blockers[0]->{pid}\b.*\b$me\b.*blocker 1/);
	unlike($err, qr/password|local|idle|00:00:/, '... and no more of it is told');
	$check->('pg_read_all_stats', $monitor, 'lock_u', blocker(@{ $idle[0] }, q{SELECT 'password'}));
	ask($app, 'SET pgmig.lock_timeout = 0');
	request($app, q{CALL pgmig_upgrade_stepwise('lock_u')});
	ok(poll_in($own, "SELECT blocked_by = '{$blockers[0]->{pid}}' FROM pgmig_progress()"), 'no privilege: blocked');
	$err = ask($own, 'SELECT sql, blockers FROM pgmig_progress()');
	like($err, qr/LOCK TABLE u\|.*\b$blockers[0]->{pid}\b.*\b$me\b.*blocker 1/, '... in pgmig_progress(), too');
	unlike($err, qr/password|local|idle|00:00:/, '... and no more of it is told');
	like(ask($admin, 'SELECT blockers FROM pgmig_progress()'), blocker(@{ $idle[0] }, q{SELECT 'password'}), '... but to a superuser');
	ask($blockers[0], 'ROLLBACK');
	answer($app);
	ask($admin, q{SELECT pgmig_stamp('base', true)});
	ask($app, $short);
	ask($own, q{BEGIN; LOCK TABLE u; SELECT 'mine'});
	$check->('its own session', $app, 'lock_u', blocker($own, 'app', 'own', 'local', 'idle in transaction', q{SELECT 'mine'}));
	quit($admin, @blockers, $queue, $runner, $app, $own, $monitor);
}

#
# A deadlock is retried, too.
#
{
	my $admin = database(
		'deadlock', 'CREATE TABLE t (a int PRIMARY KEY, b int); INSERT INTO t VALUES (1, 0), (2, 0)',
		document('r1', '', "SET lock_timeout = 0;\nUPDATE t SET b = b + 1 WHERE a = 1;\nSELECT pg_advisory_xact_lock(1);\nUPDATE t SET b = b + 1 WHERE a = 2;"));
	my $runner = session('deadlock');
	my $other  = session('deadlock');

	ask($admin,  'SELECT pg_advisory_lock(1)');
	ask($runner, q{SET deadlock_timeout = '10ms'; SET pgmig.lock_timeout = '2s'});
	ask($other,  q{SET deadlock_timeout = '1h'; BEGIN; UPDATE t SET b = b + 10 WHERE a = 2});
	request($runner, 'CALL pgmig_upgrade_stepwise()');
	waits_for_lock($runner->{pid});
	request($other, 'UPDATE t SET b = b + 10 WHERE a = 1');
	waits_for_lock($other->{pid});
	ask($admin, 'SELECT pg_advisory_unlock(1)');
	is((answer($other))[1], '', 'deadlock: the other transaction goes on');
	check_pause('deadlock', $runner, $admin);
	ask($other, 'COMMIT');
	my ($out, $err) = answer($runner);
	like($err, qr/^NOTICE:  40P01: .*"r1".*trying again.*\nDETAIL:  .*\b$other->{pid}\b/m, '... the run is retried, with a notice');
	unlike($err, qr/ERROR/, '... and gets through');
	is(ask($admin, q{SELECT string_agg(b::text, ' ' ORDER BY a) FROM t}), '11 11', '... once');
	quit($admin, $runner, $other);
}

#
# A CONCURRENTLY statement that times out is cleaned up and retried alike.
#
{
	my $admin = database(
		'built', q{
CREATE TABLE t (a int);
CREATE INDEX other ON t (a);
CREATE TABLE p (a int) PARTITION BY LIST (a);
CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1)},
		stepwise('create',  '', "SELECT 1;\n  CREATE INDEX CONCURRENTLY i ON t (a);\nSELECT 2;"),
		stepwise('reindex', '', 'REINDEX TABLE CONCURRENTLY t;'),
		stepwise('drop',    '', 'DROP INDEX CONCURRENTLY other;'),
		stepwise('detach',  '', 'ALTER TABLE p DETACH PARTITION p1 CONCURRENTLY;'),
		stepwise('last',    '', "SELECT 1;\n  CREATE INDEX CONCURRENTLY last ON t (a);\nSELECT 2;"));
	my $blocker = session('built', application => 'blocker');
	my $runner  = session('built');
	my $indexes = q{SELECT string_agg(indexrelid::regclass || ' ' || indisvalid, ', ' ORDER BY indexrelid::regclass::text)
		FROM pg_index WHERE indrelid = 't'::regclass};
	my $parts = q{SELECT string_agg(inhrelid::regclass || ' ' || inhdetachpending, ', ') FROM pg_inherits WHERE inhparent = 'p'::regclass};

	ask($runner, q{SET pgmig.lock_timeout = '150ms'; SET pgmig.lock_retries = 20});
	foreach my $case (
		[ 'create',  'INSERT INTO t VALUES (1)', $indexes, 'i false, other true',         'i true, other true' ],
		[ 'reindex', 'INSERT INTO t VALUES (2)', $indexes, undef,                         'i true, other true' ],
		[ 'drop',    'SELECT FROM t',            $indexes, 'i true, other false',         'i true' ],
		[ 'detach',  'SELECT FROM p',            $parts,   'p1 true',                     '' ])
	{
		my ($revision, $blocking, $look, $between, $after) = @$case;

		ask($blocker, "BEGIN; $blocking");
		request($runner, "CALL pgmig_upgrade_stepwise('$revision')");
		check_pause($revision, $runner, $admin);
		is(ask($admin, $look), $between, "$revision: half-done") if defined $between;
		# Twice: the second time, what the first one left is in the way.
		ok(wait_until(sub { retries($runner) >= 2 || has_answered($runner) }), "$revision: it tries again");
		ask($blocker, 'COMMIT');
		my ($out, $err) = answer($runner);
		unlike($err, qr/ERROR/, "$revision: ... and gets through");
		is(ask($admin, $look), $after, "$revision: ... cleanly");
		is(steps($admin, $revision), '1 1', "$revision: ... and is recorded once");
		my @retries = $err =~ /^NOTICE:  55P03: (.*trying again.*\n(?:DETAIL:  .*\n)?)/mg;
		cmp_ok(scalar(@retries), '>=', 2, "$revision: each retry is announced");
		is( scalar(grep { /"$revision".*\n.*${\ blocker($blocker, $me, 'blocker', 'local', 'idle in transaction', $blocking)}/ } @retries),
			scalar(@retries), "$revision: ... and names who blocks")
		  or diag($err);
		is(scalar(() = $err =~ /Running upgrade/g), 1, "$revision: ... but the revision only once");
	}

	# The last attempt fails, in the middle of clearing up: it says the same.
	ask($blocker, 'BEGIN; INSERT INTO t VALUES (1)');
	ask($runner, 'SET pgmig.lock_retries = 1');
	my $err = complaint($runner, q{CALL pgmig_upgrade_stepwise('last')});
	like($err, qr/^ERROR:  55P03: /m, 'no retry is left');
	like($err, qr/^ERROR: .*^DETAIL:  .*${\ blocker($blocker, $me, 'blocker', 'local', 'idle in transaction', 'INSERT INTO t VALUES (1)')}/ms,
		'... who blocks is named');
	like($err, qr/^ERROR: .*^CONTEXT:  .*upgrade of revision "last", statement 2 of 3, line 2$/ms, '... and where');
	like($err, qr/^ERROR: .*^HINT:  .*CALL pgmig_upgrade_stepwise\(\)/ms, '... and what to do');
	is(ask($admin, q{SELECT interrupted_revision, interrupted_statement FROM pgmig_status()}), 'last|2', '... and what is half-done');
	is(ask($admin, $runners), '0', '... and nothing is locked');
	ask($runner, 'SET pgmig.lock_retries = 0');
	ask($blocker, 'COMMIT; BEGIN; LOCK TABLE t IN SHARE UPDATE EXCLUSIVE MODE');
	$err = complaint($runner, q{CALL pgmig_upgrade_stepwise('last')});
	like($err, qr/^ERROR:  55P03: /m, 'another maintenance command has the table');
	like($err, qr/^ERROR: .*\b$blocker->{pid}\b.*\bLOCK TABLE t\b/ms, '... which is named');
	ask($blocker, 'COMMIT');
	$err = complaint($runner, q{CALL pgmig_upgrade_stepwise('last')});
	like($err, qr/^NOTICE:  00000: Resuming upgrade  -> last, last, at statement 2 of 3$/m, 'the next run goes on');
	unlike($err, qr/ERROR/, '... and gets through');
	is(ask($admin, $indexes), 'i true, last true', '... cleanly');
	quit($admin, $blocker, $runner);
}

#
# What ends a pause
#
{
	my $admin   = database('ended', 'CREATE TABLE t (a int)', document('r1', '', 'ALTER TABLE t ADD b int;'));
	my $blocker = session('ended');
	my $runner  = session('ended');

	ask($blocker, 'BEGIN; SELECT FROM t');
	ask($runner, q{SET pgmig.lock_timeout = '500ms'; SET pgmig.lock_retries = 1000});
	request($runner, 'CALL pgmig_upgrade_stepwise()');
	ok(pause($runner, $admin), 'in a pause');
	ask($observer, "SELECT pg_cancel_backend($runner->{pid})");
	my ($out, $err) = answer($runner);
	like($err, qr/^ERROR:  57014: canceling statement due to user request$/m, '... it can be canceled');
	like($err, qr/^ERROR: .*^CONTEXT:  .*"r1"/ms, '... and says what it was about');
	is(last_run($admin), 'stepwise|failed|57014', '... which is recorded');
	is(ask($admin, $runners), '0', '... and nothing is locked');
	ask($runner, q{SET statement_timeout = '1s'});
	$err = complaint($runner, 'CALL pgmig_upgrade_stepwise()');
	like($err, qr/^ERROR:  57014: canceling statement due to statement timeout$/m, '... statement_timeout ends it');
	ask($runner, 'RESET statement_timeout');

	request($runner, 'CALL pgmig_upgrade_stepwise()');
	ok(pause($runner, $admin), 'in a pause');
	my $waiting = session('ended');
	ask($waiting, q{SET pgmig.lock_timeout = '500ms'; SET pgmig.lock_retries = 1000});
	request($waiting, 'CALL pgmig_upgrade_stepwise()');
	waits_for_lock($waiting->{pid});
	is(ask($observer, "SELECT pg_terminate_backend($runner->{pid}, 10000)"), 't', '... it can be terminated');
	ask($blocker, 'COMMIT');
	unlike((answer($waiting))[1], qr/ERROR/, '... and who waited runs at once');
	is( ask($admin, q{SELECT string_agg(outcome, ' ' ORDER BY run) FROM pgmig.run}),
		'failed failed interrupted done', '... and what happened is recorded');
	is(steps($admin, 'r1'), '1 1', '... once');
	quit($admin, $blocker, $runner, $waiting);
}

#
# Scripts, between a rollback and the next attempt
#
sub script
{
	my ($db, $sql) = @_;
	my $file   = PostgreSQL::Test::Utils::tempdir() . "/$db.sql";
	my $script = { out => '', err => '' };

	open my $handle, '>', $file or die "could not open \"$file\": $!";
	print $handle $sql;
	close $handle;
	local $ENV{PGAPPNAME} = "script $db";
	$script->{run} = IPC::Run::start(
		[ 'psql', '-XAtq', '-v', 'VERBOSITY=verbose', '-d', $node->connstr($db), '-f', $file ],
		'<', \undef, '>', \$script->{out}, '2>', \$script->{err},
		IPC::Run::timeout($timeout));
	return $script;
}

# Wait until it waits for a lock; if there is none in particular, for any.
sub script_waits
{
	my ($db, $locktype) = @_;

	return poll(qq{
SELECT count(*) = 1 FROM pg_stat_activity a JOIN pg_locks l ON l.pid = a.pid
	WHERE a.application_name = 'script $db' AND NOT l.granted AND l.locktype = '$locktype'});
}

{
	my $admin = database(
		'scripts', 'CREATE TABLE t (a int); CREATE TABLE u (a int)',
		document('r1', '', 'ALTER TABLE t ADD b int;'),
		document('s1', '', "SELECT pg_advisory_xact_lock(1);\nINSERT INTO u VALUES (1);"),
		document('s2', '', "SELECT pg_advisory_xact_lock(1);\nSELECT 1 / 0;"));
	my $blocker = session('scripts');
	my $runner  = session('scripts');
	# A script's body may wait for as long as it takes.
	ask($admin, 'SET pgmig.lock_timeout = 0');
	my %sql = map { $_ => scalar ask($admin, "SELECT pgmig_upgrade_sql('$_')") } ('s1', 's2');

	ask($admin,   'SELECT pg_advisory_lock(1)');
	ask($blocker, 'BEGIN; SELECT FROM t');
	ask($runner,  q{SET pgmig.lock_timeout = '300ms'; SET pgmig.lock_retries = 1000});
	request($runner, q{CALL pgmig_upgrade_stepwise('r1')});
	ok(pause($runner, $admin), 'in a pause');
	my $script = script('scripts', $sql{s2});
	ok(script_waits('scripts', 'advisory'), '... a script gets its turn');
	ok(poll("SELECT count(*) = 1 FROM pg_locks WHERE pid = $runner->{pid} AND locktype = 'relation' AND NOT granted"),
		'... for which the run waits');
	is(ask($admin, "SELECT backend_xmin, backend_xid FROM pg_stat_activity WHERE pid = $runner->{pid}"), '|', '... without a snapshot');
	like(ask($admin, 'SELECT pid, blockers FROM pgmig_progress()'), qr/^$runner->{pid}\|.*script scripts/, '... as pgmig_progress() shows');
	ask($admin, 'SELECT pg_advisory_unlock(1)');
	$script->{run}->finish;
	like($script->{err}, qr/22012/, '... the script fails');
	ask($blocker, 'COMMIT');
	unlike((answer($runner))[1], qr/ERROR/, '... and the run goes on');
	is(steps($admin, 'r1'), '1 1', '... once');

	# A script that is carried through changes what the run had planned on.
	ask($admin, q{SELECT pg_advisory_lock(1); SELECT pgmig_stamp('base', true)});
	ask($admin, 'ALTER TABLE t DROP b');
	ask($blocker, 'BEGIN; SELECT FROM t');
	request($runner, q{CALL pgmig_upgrade_stepwise('r1')});
	ok(pause($runner, $admin), 'in a pause');
	$script = script('scripts', $sql{s1});
	ok(script_waits('scripts', 'advisory'), '... another script gets its turn');
	ask($admin, 'SELECT pg_advisory_unlock(1)');
	$script->{run}->finish;
	is($script->{err}, '', '... and is carried through');
	ask($blocker, 'COMMIT');
	my ($out, $err) = answer($runner);
	like($err, qr/^ERROR:  40001: .*\nHINT:  /m, '... the run notices');
	is(ask($admin, q{SELECT string_agg(revision, ' ') FROM pgmig.applied}), 's1', '... and has done nothing');
	is(ask($admin, $runners), '0', '... and nothing is locked');
	unlike(complaint($runner, q{CALL pgmig_upgrade_stepwise('r1')}), qr/ERROR/, '... it can be started again');

	# A run fails while a script waits, which then has the lock on the log of
	# runs: that does not make the run hang.
	ask($admin, q{SELECT pgmig_import(E'-- e1\n-- Revision ID: e1\n-- pgmig: upgrade\nSELECT pg_advisory_xact_lock(2);SELECT 1 / 0;')});
	ask($admin, q{SELECT pgmig_stamp('base', true)});
	ask($admin, 'SELECT pg_advisory_lock(1), pg_advisory_lock(2)');
	request($runner, q{CALL pgmig_upgrade_stepwise('e1')});
	waits_for_lock($runner->{pid});
	$script = script('scripts', $sql{s1});
	ok(script_waits('scripts', 'relation'), 'a script waits');
	ask($admin, 'SELECT pg_advisory_unlock(2)');
	ok(script_waits('scripts', 'advisory'), '... and gets its turn when the run fails');
	ask($observer, "SELECT pg_cancel_backend($runner->{pid})");
	ok(wait_until(sub { has_answered($runner) }, 20), '... the run can be canceled');
	ask($admin, 'SELECT pg_advisory_unlock(1)');
	$script->{run}->finish;
	is($script->{err}, '', '... and the script is carried through');
	($out, $err) = answer($runner);
	like($err, qr/^ERROR:  22012: /m, '... and why the run failed is told');
	quit($admin, $blocker, $runner);

	# A script that waits has a snapshot, for which an index that is built
	# concurrently waits.
	$admin = database(
		'snapshot', 'CREATE TABLE t (a int); CREATE TABLE u (a int)',
		stepwise('r1', '', 'CREATE INDEX CONCURRENTLY i ON t (a);'),
		document('s1', '', 'INSERT INTO u VALUES (1);'));
	$blocker = session('snapshot');
	$runner  = session('snapshot');
	$sql{s1} = ask($admin, q{SELECT pgmig_upgrade_sql('s1')});
	ask($blocker, 'BEGIN; INSERT INTO t VALUES (1)');
	ask($runner, q{SET pgmig.lock_timeout = '1min'; SET deadlock_timeout = '1h'});
	request($runner, q{CALL pgmig_upgrade_stepwise('r1')});
	waits_for_lock($runner->{pid});
	$script = script('snapshot', "SET deadlock_timeout = '1s';\n$sql{s1}");
	ok(script_waits('snapshot', 'relation'),
		'a script waits while an index is built');
	ask($blocker, 'COMMIT');
	$script->{run}->finish;
	($out, $err) = answer($runner);
	unlike($script->{err}, qr/40P01/, '... no deadlock is reported to it');
	unlike($err, qr/40P01|ERROR/, '... nor to the run');
	is(ask($admin, q{SELECT indisvalid FROM pg_index WHERE indrelid = 't'::regclass}), 't', '... and the index is built');
	quit($admin, $blocker, $runner);
}

#
# Bodies that meddle with the lock of the run
#
{
	my $unlock = 'SELECT pg_advisory_unlock_all();';
	my $admin = database(
		'meddling', 'CREATE TABLE done (a int)',
		document('u1', '',   $unlock),
		stepwise('u2', 'u1', "$unlock\n$unlock\nINSERT INTO done VALUES (2);"),
		stepwise('b1', '', q{DO $$ BEGIN INSERT INTO done VALUES (3); ROLLBACK; INSERT INTO done VALUES (4); COMMIT; END $$;
INSERT INTO done VALUES (5);}));
	my $runner = session('meddling');

	# Each time the run ends, and the next one continues.
	foreach my $call (1 .. 3)
	{
		like(
			complaint($runner, q{CALL pgmig_upgrade_stepwise('u2')}),
			qr/^ERROR:  40001: .*\n(?:DETAIL: .*\n)?HINT: /m,
			"pg_advisory_unlock_all() in a body: call $call ends there");
	}
	is( complaint($runner, q{CALL pgmig_upgrade_stepwise('u2')}),
		"NOTICE:  00000: Resuming upgrade u1 -> u2, u2, at statement 3 of 3\n",
		'... and the last one comes to the end');
	is(ask($admin, q{SELECT string_agg(revision, ' ' ORDER BY applied_at) FROM pgmig.applied}), 'u1 u2', '... and each is applied');
	is(ask($admin, $runners), '0', '... and leaves nothing locked');
	is( complaint($runner, q{CALL pgmig_upgrade_stepwise('b1')}),
		"NOTICE:  00000: Running upgrade  -> b1, b1\n",
		'a DO block that rolls back: no warning');
	is(ask($admin, q{SELECT string_agg(a::text, ' ' ORDER BY a) FROM done}), '2 4 5', '... and done what remained');
	quit($admin, $runner);

	# Another run that takes a step of the plan of the first one waits for the
	# end of that transaction, and the first one goes no further.
	my $other;

	$admin = database(
		'unlocked', 'CREATE TABLE done (a int)',
		stepwise('n1', '', "INSERT INTO done VALUES (1);\nINSERT INTO done VALUES (2);"),
		document('u1', '', "$unlock\nSELECT pg_advisory_xact_lock(1);"));
	is( ask($admin, q{SELECT string_agg(revision, ' ' ORDER BY step) FROM pgmig_plan('heads')}),
		'u1 n1', 'another run while the lock is released: the plan');
	$runner = session('unlocked');
	$other  = session('unlocked');
	ask($_, q{SET pgmig.lock_timeout = '1min'}) foreach ($runner, $other);
	ask($admin, 'SELECT pg_advisory_lock(1)');
	request($runner, q{CALL pgmig_upgrade_stepwise('heads')});
	waits_for_lock($runner->{pid});
	request($other, q{CALL pgmig_upgrade_stepwise('n1')});
	waits_for_lock($other->{pid});
	ask($admin, 'SELECT pg_advisory_unlock(1)');
	my ($out, $err) = answer($runner);
	like($err, qr/^ERROR:  40001: .*\n(?:DETAIL: .*\n)?HINT: /m, '... the first one says what to do');
	unlike($err, qr/lock timeout/, '... and tells of no timeout that was none');
	unlike((answer($other))[1], qr/ERROR/, '... the other one runs');
	is(ask($admin, q{SELECT string_agg(a::text, ' ' ORDER BY a) FROM done}), '1 2', '... no statement runs twice');
	is(ask($admin, 'SELECT count(*) FROM pgmig.unfinished'), '0', '... and no revision is half-done');
	is(ask($admin, $runners), '0', '... and nothing is locked');
	quit($admin, $runner, $other);
}

#
# 32 sessions at once, SELECT and CALL, up and down
#
{
	my @documents;
	foreach my $i (1 .. 12)
	{
		my $parent = $i == 1 ? '' : 'm' . ($i - 1);

		push @documents, $i % 4 == 0
		  ? stepwise("m$i", $parent, "INSERT INTO done VALUES ($i);\nCREATE INDEX CONCURRENTLY i$i ON t (a);",
			"INSERT INTO done VALUES (-$i);\nDROP INDEX CONCURRENTLY i$i;")
		  : document("m$i", $parent, "INSERT INTO done VALUES ($i);\nALTER TABLE t ADD b$i int;",
			"INSERT INTO done VALUES (-$i);\nALTER TABLE t DROP b$i;");
	}
	my $admin = database('mixed', 'CREATE TABLE t (a int); CREATE TABLE done (a int, pid int DEFAULT pg_backend_pid())', @documents);

	foreach my $direction ('upgrade', 'downgrade')
	{
		my $target = $direction eq 'upgrade' ? 'heads' : 'base';
		my @sessions;
		my %pids;

		# All of them wait for one lock, those of one kind.
		ask($admin, 'TRUNCATE done; SELECT pg_advisory_lock(0), pg_advisory_lock(1)');
		foreach my $i (0 .. 31)
		{
			my $command =
			    $i % 2 ? "CALL pgmig_${direction}_stepwise('$target')"
			  : $i % 8 ? "SELECT count(*) FROM pgmig_$direction('$target')"
			  :          "SELECT count(*) FROM pgmig_$direction('$target'); SELECT count(*) FROM pgmig_$direction('$target')";
			my %s = (out => '', err => '', call => $i % 2);

			$s{run} = IPC::Run::start(
				[
					'psql', '-XAtq', '-v', 'VERBOSITY=verbose', '-d', $node->connstr('mixed'),
					'-c', $i % 2 ? 'SELECT 1' : 'SET pgmig."concurrently" = off',
					'-c', 'SELECT pg_backend_pid()',
					'-c', 'SELECT pg_advisory_lock_shared(' . $i % 2 . ')',
					'-c', 'SELECT pg_advisory_unlock_shared(' . $i % 2 . ')',
					'-c', $command
				],
				'<', \undef, '>', \$s{out}, '2>', \$s{err},
				IPC::Run::timeout($timeout));
			push @sessions, \%s;
		}
		ok(poll(q{SELECT count(*) = 32 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted}), "$direction: 32 sessions");
		ask($admin, 'SELECT pg_advisory_unlock(0), pg_advisory_unlock(1)');
		foreach my $s (@sessions)
		{
			$s->{run}->finish;
			$s->{result} = $s->{run}->result(0);
			$pids{$1} = 1 if $s->{out} =~ /^(\d{2,})$/m;
		}
		is(scalar(keys %pids), 32, '... all come back');
		my @errors = map { $_->{err} =~ /^(ERROR|FATAL|PANIC|WARNING):/m ? $_ : () } @sessions;
		is(join('', map { $_->{err} } grep { $_->{call} } @errors), '', '... no CALL fails');
		my @refused = grep { !$_->{call} } @errors;
		diag("$direction: " . scalar(@refused) . ' of 16 SELECTs were refused');
		is( join('', map { $_->{err} } grep {
					$_->{err} !~ /^ERROR:  55P03: a stepwise.*\nDETAIL: .*\b(\d+)\b/m || !$pids{$1} } @refused),
			'', '... if a SELECT fails, the error names the process');
		is( ask($admin, q{SELECT string_agg(abs(a)::text, ' ' ORDER BY abs(a)) FROM done}),
			join(' ', 1 .. 12), '... every step ran once');
		is( ask($admin, q{SELECT count(*), bool_and(outcome = 'done') FROM pgmig.run_step WHERE direction = } . "'$direction'"),
			'12|t', '... and is recorded');
		is(ask($admin, 'SELECT count(*) FROM pgmig.applied'), $direction eq 'upgrade' ? '12' : '0', '... and the state is right');
		is( ask($admin, q{SELECT count(*), bool_and(indisvalid) FROM pg_index WHERE indrelid = 't'::regclass}),
			$direction eq 'upgrade' ? '3|t' : '0|', '... indexes, too');
		is(ask($admin, $runners), '0', '... and nothing is locked');
	}
	quit($admin);
}

#
# Databases do not exclude each other; a worker waits as a CALL does.
#
{
	my $admin = database('one', 'CREATE TABLE t (a int)', document('r1', '', 'LOCK TABLE t;'), document('r2', 'r1', 'SELECT 1;'));
	my $blocker = session('one');
	my $runner  = session('one');
	my $other   = database('two', '', document('r1', '', 'SELECT 1;'), stepwise('r2', 'r1', 'SELECT 1;'));

	ask($blocker, 'BEGIN; LOCK TABLE t');
	ask($runner, q{SET pgmig.lock_timeout = '1min'});
	request($runner, q{CALL pgmig_upgrade_stepwise('r1')});
	waits_for_lock($runner->{pid});
	is(ask($other, 'SELECT runner_pid IS NULL FROM pgmig_status()'), 't', 'another database: no runner');
	unlike(complaint($other, q{SELECT pgmig_upgrade('r1'); CALL pgmig_upgrade_stepwise()}), qr/ERROR/, '... it is free');
	is(ask($other, q{SELECT string_agg(mode, ' ' ORDER BY run) FROM pgmig.run}), 'transaction stepwise', '... for both kinds of run');

	my $run = ask($admin, q{SELECT pgmig_start('r2')});
	my $worker = ask($admin, "SELECT pid FROM pgmig.run WHERE run = $run");
	ok(waits_for_lock($worker), 'a run in the background waits');
	is(ask($admin, "SELECT backend_xmin, backend_xid FROM pg_stat_activity WHERE pid = $worker"), '|', '... without a snapshot');
	is(ask($admin, 'SELECT runner_pid FROM pgmig_status()'), $runner->{pid}, '... pgmig_status() shows the one that runs');
	is(ask($admin, "SELECT pgmig_cancel($run)"), 't', '... it can be canceled');
	ok(poll_in($admin, "SELECT outcome = 'failed' AND sqlstate = '57014' FROM pgmig.run WHERE run = $run"), '... and is');
	$run = ask($admin, q{SELECT pgmig_start('r2')});
	ask($blocker, 'COMMIT');
	unlike((answer($runner))[1], qr/ERROR/, '... the one that runs goes on');
	my ($out, $err) = ask($admin, "CALL pgmig_wait($run)");
	is($out, 'done', '... and another one in the background after it');
	is(steps($admin, $_), '1 1', "... $_ once") foreach ('r1', 'r2');

	# While it retries, its messages can be read.
	ask($admin, q{SELECT pgmig_downgrade('base')});
	ask($blocker, 'BEGIN; LOCK TABLE t');
	$run = ask($admin, q{SET pgmig.lock_timeout = '100ms'; SELECT pgmig_start('r1')});
	ok( wait_until(sub {
				ask($admin, "SELECT count(*) > 0 FROM pgmig.run_message WHERE run = $run AND message ~ 'trying again' AND detail ~ '\\m$blocker->{pid}\\M'") eq 't';
			}, 20),
		'a run in the background retries: its messages tell');
	ask($blocker, 'COMMIT');
	($out, $err) = ask($admin, "CALL pgmig_wait($run)");
	is($out, 'done', '... and it gets through');
	quit($admin, $blocker, $runner, $other);
}

#
# A SELECT in a transaction that is prepared is a run at work.
#
{
	my $admin = database('prepared', '', document('r1', '', 'SELECT 1;'), document('r2', 'r1', 'SELECT 1;'));
	my $runner = session('prepared');

	ask($admin, q{SET pgmig.notify = off; BEGIN; SELECT pgmig_upgrade('r1'); PREPARE TRANSACTION 'run'});
	request($runner, 'CALL pgmig_upgrade_stepwise()');
	ok(waits_for_lock($runner->{pid}), 'a CALL waits for a prepared run');
	like(ask($admin, 'SELECT blockers FROM pgmig_progress()'), qr/prepared transaction/, '... pgmig_progress() shows it');
	ask($admin, q{COMMIT PREPARED 'run'});
	is((answer($runner))[1], "NOTICE:  00000: Running upgrade r1 -> r2, r2\n", '... and then does the rest');
	quit($admin, $runner);
}

#
# The pauses that went on meanwhile
#
{
	my @fractions;

	foreach my $db (sort keys %pausing)
	{
		my ($runner, $blocker, $admin) = @{ $pausing{$db} };
		my ($out, $err) = answer($runner);
		my (@starts, @ends);

		like($err, qr/^ERROR:  55P03: .*^DETAIL:  .*\b$blocker->{pid}\b/ms, "$db: when no retry is left, it fails");
		is(scalar(() = $err =~ /trying again/g), 3, '... after as many as it may make');
		foreach my $line (split /\n/, slurp_file($node->logfile))
		{
			next unless $line =~ /^([\d.]+) $runner->{pid} NOTICE: .*?(Running upgrade|trying again)/;
			if   ($2 eq 'trying again') { push @starts, $1; }
			elsif (@starts)             { push @ends,   $1; }
		}
		is("@{[ scalar(@starts), scalar(@ends) ]}", '3 3', '... which the log shows');
		foreach my $i (0 .. 2)
		{
			my $longest = 0.25 * 2**$i;
			my $pause   = $ends[$i] - $starts[$i];

			push @fractions, $pause / $longest;
			# The run may have to wait for a processor after it.
			ok($pause >= $longest / 2 - 0.001 && $pause <= $longest + 0.9,
				sprintf('... pause %d: half to all of %.3f s', $i + 1, $longest))
			  or diag("it took $pause s");
		}
		quit($runner, $blocker, $admin);
	}
	@fractions = sort { $a <=> $b } @fractions;
	cmp_ok($fractions[-1] - $fractions[0], '>', 0.01, 'pauses are random');
}

#
# The locks are free at once when a holder dies.
#
{
	my $admin = database('killed', 'CREATE TABLE t (a int)', document('r1', '', 'LOCK TABLE t;'),
		stepwise('r2', 'r1', 'CREATE INDEX CONCURRENTLY i ON t (a);'));
	my $blocker = session('killed');
	my $runner  = session('killed');
	my $waiting = session('killed');
	my $refused = session('killed');

	# Terminated: while it runs, and while it waits.
	ask($_, q{SET pgmig.lock_timeout = '1min'}) foreach ($runner, $waiting, $refused);
	ask($blocker, 'BEGIN; LOCK TABLE t');
	request($runner, 'CALL pgmig_upgrade_stepwise()');
	waits_for_lock($runner->{pid});
	request($waiting, 'CALL pgmig_upgrade_stepwise()');
	waits_for_lock($waiting->{pid});
	like(complaint($refused, q{SELECT pgmig_upgrade('r1')}), qr/^ERROR:  55P03: .*\nDETAIL: .*\b$runner->{pid}\b/, 'a SELECT is refused');
	is(ask($observer, "SELECT pg_terminate_backend($runner->{pid}, 10000)"), 't', 'the holder is terminated');
	ok(poll_in($admin, "SELECT runner_pid = $waiting->{pid} FROM pgmig_status()"), '... who waits has its turn');
	ok(poll_in($admin, "SELECT revision = 'r1' FROM pgmig_progress()"), '... and runs');
	is(ask($observer, "SELECT pg_terminate_backend($waiting->{pid}, 10000)"), 't', '... is terminated, too');
	is(ask($admin, $runners), '0', '... and nothing is locked');
	request($refused, q{SELECT pgmig_upgrade('r1')});
	ok(waits_for_lock($refused->{pid}), '... a SELECT runs');
	ask($blocker, 'COMMIT');
	is((answer($refused))[0], 'r1', '... to its end');
	quit($runner, $waiting);

	# Killed: the server restarts, and all are gone.
	$runner = session('killed');
	$waiting = session('killed');
	ask($runner, q{SET pgmig.lock_timeout = '1min'});
	ask($blocker, 'BEGIN; INSERT INTO t VALUES (1)');
	request($runner, 'CALL pgmig_upgrade_stepwise()');
	waits_for_lock($runner->{pid});
	request($waiting, 'CALL pgmig_upgrade_stepwise()');
	waits_for_lock($waiting->{pid});
	my $offset = -s $node->logfile;
	kill 'KILL', $runner->{pid};
	wait_until(sub { has_answered($waiting) });
	quit($admin, $blocker, $runner, $waiting, $refused, $observer);
	$node->wait_for_log(qr/reinitializing.*ready to accept connections/s, $offset);
	is($node->safe_psql('postgres', 'SELECT 1'), '1', 'the holder is killed, the server restarts');
	$observer = session('postgres');
	$admin    = session('killed');
	is(ask($admin, $runners), '0', '... nothing is locked');
	is(ask($admin, 'SELECT interrupted_revision, runner_pid FROM pgmig_status()'), 'r2|', '... and nobody runs');
	like(
		complaint($admin, 'CALL pgmig_upgrade_stepwise()'),
		qr/^NOTICE:  00000: Resuming upgrade r1 -> r2, r2, at statement 1 of 1\nNOTICE:  00000: dropping invalid index public.i, [^\n]+\n(?:CONTEXT: [^\n]+\n)?$/,
		'... the next run goes on');
	is(ask($admin, q{SELECT indisvalid FROM pg_index WHERE indrelid = 't'::regclass}), 't', '... to its end');
	is( ask($admin, q{SELECT string_agg(mode || ' ' || outcome, ', ' ORDER BY run) FROM pgmig.run}),
		'stepwise interrupted, stepwise interrupted, transaction done, stepwise interrupted, stepwise done',
		'... and what happened is recorded');
	quit($admin);
}

#
# A failure that cannot be recorded: the session stays in order.
#
{
	my $admin = database('unrecorded', q{ALTER TABLE pgmig.run ADD CHECK (outcome <> 'failed')},
		document('r1', '', 'SELECT 1 / 0;'));
	my $runner = session('unrecorded');
	my $err = complaint($runner, 'CALL pgmig_upgrade_stepwise()');

	like($err, qr/^WARNING:  23514: .*could not record/m, 'the run cannot be recorded as failed');
	like($err, qr/^ERROR:  22012: /m, '... why it failed is told');
	request($runner, 'SELECT pg_sleep(100)');
	poll("SELECT wait_event = 'PgSleep' FROM pg_stat_activity WHERE pid = $runner->{pid}", 10);
	ask($observer, "SELECT pg_cancel_backend($runner->{pid})");
	ok(wait_until(sub { has_answered($runner) }, 20), '... and the session can be canceled');
	is(ask($admin, $runners), '0', '... and nothing is locked');
	quit($admin, $runner);
}

quit($observer);
$node->stop('immediate');
ok(slurp_file($node->logfile) !~ /^(?:\S+ \d+ PANIC|TRAP)/m, 'no crash but the one that was made');
done_testing();
